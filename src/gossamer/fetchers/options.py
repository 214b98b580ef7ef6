"""The one option set of both fetchers: what the user may decide about a fetch, and how libcurl is told."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pycurl
from msgspec import Struct

from gossamer.fetchers.decoding import ACCEPT_ENCODING
from gossamer.rules import urls
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MAX_HEADER_BYTES = 256 * 1024
MAX_HEADER_LINES = 300
MAX_STATUS_LINES = 10

# Sent only to the origins of the seeds: a link may lead anywhere.
_CREDENTIAL = re.compile(
    r"auth|cookie|token|secret|passw|credential|session|signature|(?:^|-)key(?:-|$)", re.IGNORECASE
)

# Options of libcurl that pycurl has no name for, by their numbers in curl.h.
_SUPPRESS_CONNECT_HEADERS = 265
_DISALLOW_USERNAME_IN_URL = 278

_PROXIES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _is_proxy(url: str) -> bool:
    """Tell whether libcurl could go through this; without a scheme it means http, and needs a port."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if not parts.hostname or parts.scheme not in _PROXIES:
            return False
        return parts.port != 0 and ("://" in url or parts.port is not None)  # raises where the port is no number
    except ValueError:
        return False


def is_credential(header: str) -> bool:
    """Tell by its name whether a header carries a secret: Authorization, Cookie, X-Api-Key, X-Auth-Token."""
    return _CREDENTIAL.search(header) is not None


class FetchOptions(Struct, frozen=True, kw_only=True):
    """How to fetch: limits, identity, proxy and which private addresses are allowed.

    Times are seconds, sizes bytes. `timeout` is for the whole fetch, name look-up included; `max_body` holds for the
    bytes on the wire and again for the decoded body. A body that has begun and then brings fewer than
    `low_speed_limit` bytes a second for `low_speed_time` seconds is given up; a server that thinks for long before its
    first byte is only bound by `timeout`. `connections` is how many idle connections are kept for reuse (per handle in
    the blocking fetcher, in all in the awaiting one).

    `allow_private` names exceptions to "global addresses only": CIDRs, addresses, or host names (a name exempts
    whatever it resolves to). `origins` are where Authorization and Cookie headers may go, None: anywhere.

    Behind a proxy only the proxy's own address is seen: the names of hosts are resolved over there, unchecked.
    Raises `UserError` for a header, proxy or CA file that cannot be used.
    """

    timeout: float = 30.0
    connect_timeout: float = 10.0
    max_body: int = 10 * 1024 * 1024
    user_agent: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    origins: tuple[str, ...] | None = None
    proxy: str = ""
    proxy_from_environment: bool = False
    allow_private: tuple[str, ...] = ()
    verify_tls: bool = True
    ca_file: str = ""
    low_speed_limit: int = 100
    low_speed_time: float = 15.0
    connections: int = 200

    def __post_init__(self) -> None:
        for name, value in (*self.headers, ("User-Agent", self.user_agent)):
            if found := _NOT_ASCII.search(name + value):
                origin = ", made of user_agent or contact," if name == "User-Agent" else ""
                raise UserError(f"The header {name!r}{origin} has {found[0]!r} in it; write it in ASCII only.")
            if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
                raise UserError(f"The header {name!r} has a character that HTTP does not allow in it.")
        if self.proxy and not _is_proxy(self.proxy):
            raise UserError(
                f"The proxy {self.proxy!r} cannot be used; write it as proxy.example:3128, http://proxy.example:3128 "
                "or socks5://proxy.example:1080."
            )
        if self.ca_file and not Path(self.ca_file).is_file():
            raise UserError(f"There is no CA file at {self.ca_file}.")

    @classmethod
    def of(cls, policy: Policy) -> FetchOptions:
        """Take from the policy what concerns a fetch; credentials in its headers go to the seeds' origins only."""
        return cls(
            timeout=policy.timeout,
            connect_timeout=min(policy.connect_timeout, policy.timeout),
            max_body=policy.max_body,
            user_agent=user_agent(policy),
            headers=policy.headers,
            origins=tuple({origin_of(seed) for seed in policy.seeds}) if policy.seeds else None,
            proxy=policy.proxy,
            proxy_from_environment=policy.proxy_from_environment,
            allow_private=policy.allow_private,
            verify_tls=policy.verify_tls,
            ca_file=policy.ca_file,
        )

    @property
    def has_credentials(self) -> bool:
        """Tell whether some header may go to a few origins only."""
        return self.origins is not None and any(is_credential(name) for name, _ in self.headers)


def user_agent(policy: Policy) -> str:
    """Name this crawler and whom to write to about it: the policy's own text, or `gossamer/<version> (+<contact>)`."""
    if policy.user_agent:
        return policy.user_agent
    try:
        name = f"gossamer/{installed_version('gossamer')}"
    except PackageNotFoundError:  # run from a source tree that was never installed
        name = "gossamer/0"
    return f"{name} (+{_in_ascii(policy.contact)})" if policy.contact else name


def _in_ascii(contact: str) -> str:
    """Write a contact that is a URL as it goes over the wire, international names and all; others are left alone."""
    return contact if contact.isascii() else urls.canonical(contact) or contact


def origin_of(url: str) -> str:
    """Cut an absolute URL down to scheme and authority, as it is spelled: `https://example.org:8443`."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{re.split(r'[/?#]', rest, maxsplit=1)[0]}".lower()


def header_lines(options: FetchOptions, *, credentials: bool) -> list[str]:
    """List the request's header lines; the user's headers replace ours of the same name."""
    chosen = {"accept": ("Accept", ACCEPT), "accept-encoding": ("Accept-Encoding", ACCEPT_ENCODING)}
    if options.user_agent:
        chosen["user-agent"] = ("User-Agent", options.user_agent)
    for name, value in options.headers:
        if credentials or not is_credential(name):
            chosen[name.lower()] = (name, value)
    # libcurl reads "Name:" as "send no such header"; "Name;" is its way to send an empty one.
    return [f"{name}: {value}" if value else f"{name};" for name, value in chosen.values()]


def configure(curl: pycurl.Curl, options: FetchOptions) -> None:
    """Set what stays the same for every fetch of this handle.

    Redirects are never followed: each is a link of its own, with its own scope, robots.txt and address check.
    """
    for option, value in _constants(options):
        curl.setopt(option, value)


def _constants(options: FetchOptions) -> list[tuple[int, Any]]:
    web = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
    return [
        (pycurl.NOSIGNAL, 1),
        (pycurl.PROTOCOLS, web),
        (pycurl.REDIR_PROTOCOLS, web),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.HTTP09_ALLOWED, 0),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
        (_DISALLOW_USERNAME_IN_URL, 1),
        (_SUPPRESS_CONNECT_HEADERS, 1),
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        # Both empty: each route says whether there is a proxy; libcurl never reads the environment for it.
        (pycurl.PROXY, ""),
        (pycurl.NOPROXY, ""),
        (pycurl.TIMEOUT_MS, milliseconds(options.timeout)),
        (pycurl.CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout)),
        (pycurl.MAXFILESIZE_LARGE, options.max_body),
        (pycurl.MAXCONNECTS, options.connections),
        (pycurl.TCP_KEEPALIVE, 1),
        (pycurl.BUFFERSIZE, 64 * 1024),  # a page in one piece more often: each piece is a call back into Python
        *_trust(options),
    ]


def _trust(options: FetchOptions) -> list[tuple[int, Any]]:
    verify = int(options.verify_tls)
    ca_file = options.ca_file or bundled_ca_file()
    return [
        (pycurl.SSL_VERIFYPEER, verify),
        (pycurl.SSL_VERIFYHOST, 2 * verify),
        (pycurl.PROXY_SSL_VERIFYPEER, verify),
        (pycurl.PROXY_SSL_VERIFYHOST, 2 * verify),
        (pycurl.CAINFO, ca_file),
        (pycurl.PROXY_CAINFO, ca_file),
    ]


def bundled_ca_file() -> str:
    """Find the certificates that come with gossamer."""
    import certifi  # here, not above: `gossamer --help` never needs it

    return certifi.where()


def milliseconds(seconds: float) -> int:
    """Round up to at least one millisecond: libcurl reads 0 as "for ever"."""
    return max(1, int(seconds * 1000))
