"""NO_PROXY: which hosts are reached without the proxy that the environment names.

No standard defines it. The rules are curl's, with what other programs add: a port, `*.` before a domain.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Final

_SEPARATOR: Final = re.compile(r"[,\s]+")
_ENTRY: Final = re.compile(r"(?P<host>\[[^]]*\](?:/\d+)?|[^:]*|.*:.*:.*?)(?::(?P<port>\d+))?")
"""A host, address or network and perhaps a port; an IPv6 address with a port stands in brackets."""


def bypasses(entries: str, host: str, port: int) -> bool:
    """Whether a host is reached without a proxy, by a list that is separated by commas or blanks.

    `*` stands for every host, a name for itself and its subdomains (with or without a leading dot or `*.`), a network
    (`10.0.0.0/8`) for its addresses. An entry with a port holds for that port only. `host` is without brackets.
    """
    return any(_matches(entry, host.rstrip("."), port) for entry in _SEPARATOR.split(entries.lower()) if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    parts = _ENTRY.fullmatch(entry)
    if parts is None or (parts["port"] and int(parts["port"]) != port):
        return False
    named = parts["host"].replace("[", "").replace("]", "")
    try:
        address = ip_address(host)
    except ValueError:
        domain = named.removeprefix("*").strip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ip_network(named, strict=False)
    except ValueError:  # a name, which no address has
        return False
