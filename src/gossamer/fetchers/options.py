"""The options of both HTTP fetchers, and the libcurl options that follow from them."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pycurl
from msgspec import Struct

from gossamer.fetchers.certificates import trusted_file
from gossamer.fetchers.decoding import ACCEPT_ENCODING
from gossamer.rules import urls
from gossamer.rules.logins import authorizations
from gossamer.rules.own_headers import identified, is_private
from gossamer.rules.policy import Policy
from gossamer.values.errors import UserError

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""The Accept header of every request, unless the user's headers replace it."""

MAX_HEADER_BYTES = 256 * 1024
"""Maximum size (bytes) of the header blocks and trailers of one fetch together."""

MAX_HEADER_LINES = 300
"""Maximum number of lines of the header blocks and trailers of one fetch together."""

MAX_STATUS_LINES = 10
"""Maximum number of header blocks of one fetch: 1xx responses, the final response and its trailers."""

# libcurl options that pycurl does not name; the numbers are from curl.h.
_SUPPRESS_CONNECT_HEADERS = 265
_DISALLOW_USERNAME_IN_URL = 278

_PROXIES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _is_proxy(url: str) -> bool:
    """Whether libcurl could use this proxy URL; one without a scheme means http and must have a port."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if not parts.hostname or parts.scheme not in _PROXIES:
            return False
        return parts.port != 0 and ("://" in url or parts.port is not None)  # raises if the port is not a number
    except ValueError:
        return False


class FetchOptions(Struct, frozen=True, kw_only=True):
    """How to fetch: limits, identity, proxy, TLS and the private addresses that are allowed.

    Raises `UserError` for a header, proxy or CA file that cannot be used.
    """

    timeout: float = 30.0
    """Maximum duration (seconds) of a whole fetch, name look-up included."""

    connect_timeout: float = 10.0
    """Maximum duration (seconds) of a connection attempt, and of a name look-up."""

    max_body: int = 10 * 1024 * 1024
    """Maximum size (bytes) of a body as received, and again of the decoded body."""

    user_agent: str = ""
    """The User-Agent header; "": pycurl's default."""

    headers: tuple[tuple[str, str], ...] = ()
    """More request headers, as names and values; each replaces the default header of the same name."""

    origins: tuple[str, ...] | None = None
    """The origins to which private headers are sent (`rules/own_headers.py`); None: to every origin."""

    logins: dict[str, str] = {}
    """The Authorization headers of some origins, in place of the user's own. Downloads add to them."""

    proxy: str = ""
    """The proxy of every request; "": none. The proxy resolves the host names, and their addresses are not checked."""

    proxy_from_environment: bool = False
    """Whether to use `HTTP_PROXY`, `NO_PROXY` and so on if `proxy` is empty."""

    allow_private: tuple[str, ...] = ()
    """Exceptions to "public addresses only": CIDRs, addresses, or host names with whatever they resolve to."""

    verify_tls: bool = True
    """Whether to check the certificates of servers and proxies."""

    ca_file: str = ""
    """A file of CA certificates that are trusted beside the usual ones."""

    low_speed_limit: int = 100
    """Minimum rate (bytes a second) at which a body must arrive once it has begun."""

    low_speed_time: float = 15.0
    """Period (seconds) over which that rate is measured; before the first byte only `timeout` holds."""

    connections: int = 200
    """Maximum number of idle connections: of each handle in the blocking fetcher (at most 8), of all in the other."""

    def __post_init__(self) -> None:
        for name, value in (*self.headers, ("User-Agent", self.user_agent)):
            if found := _NOT_ASCII.search(name + value):
                origin = ", made of user_agent or contact," if name == "User-Agent" else ""
                raise UserError(f"The header {name!r}{origin} has {found[0]!r} in it; write it in ASCII only.")
            if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
                raise UserError(f"The header {name!r} has a character that HTTP does not allow in it.")
        if self.proxy and not _is_proxy(self.proxy):
            raise UserError(
                f"The proxy {urls.shown(self.proxy)!r} cannot be used; write it as proxy.example:3128, "
                "http://proxy.example:3128 or socks5://proxy.example:1080."
            )
        if self.ca_file and not Path(self.ca_file).is_file():
            raise UserError(f"There is no CA file at {self.ca_file}.")

    @classmethod
    def of(cls, policy: Policy) -> FetchOptions:
        """Return the options of a crawl; if there are seeds, credentials are sent to their origins only."""
        return cls(
            timeout=policy.timeout,
            connect_timeout=min(policy.connect_timeout, policy.timeout),
            max_body=policy.max_body,
            user_agent=user_agent(policy),
            headers=identified(policy).headers,
            logins=authorizations(policy.logins),
            origins=tuple({origin_of(seed) for seed in policy.seeds}) if policy.seeds else None,
            proxy=policy.proxy,
            proxy_from_environment=policy.proxy_from_environment,
            allow_private=policy.allow_private,
            verify_tls=policy.verify_tls,
            ca_file=policy.ca_file,
        )

    @property
    def has_credentials(self) -> bool:
        """Whether some header is sent to `origins` only."""
        return self.origins is not None and any(is_private(name) for name, _ in self.headers)


def user_agent(policy: Policy) -> str:
    """Return the User-Agent header: the policy's own text or header, or `gossamer/<version> (+<contact>)`."""
    if named := identified(policy).user_agent:
        return named
    name = f"gossamer/{own_version()}"
    return f"{name} (+{_in_ascii(policy.contact)})" if policy.contact else name


def own_version() -> str:
    """Return the installed version of gossamer; "0" in a source tree that was never installed."""
    try:
        return installed_version("gossamer")
    except PackageNotFoundError:
        return "0"


def _in_ascii(contact: str) -> str:
    """Return a contact URL in ASCII (IDNA host, percent-encoded path); any other contact is returned unchanged."""
    return contact if contact.isascii() else urls.canonical(contact) or contact


def origin_of(url: str) -> str:
    """Return the scheme and authority of an absolute URL in lower case, any port included."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{re.split(r'[/?#]', rest, maxsplit=1)[0]}".lower()


def header_lines(options: FetchOptions, *, credentials: bool) -> list[str]:
    """Return the request header lines in libcurl's notation; the user's headers replace defaults of the same name.

    Without `credentials` the private headers are left out.
    """
    chosen = {"accept": ("Accept", ACCEPT), "accept-encoding": ("Accept-Encoding", ACCEPT_ENCODING)}
    if options.user_agent:
        chosen["user-agent"] = ("User-Agent", options.user_agent)
    for name, value in options.headers:
        if credentials or not is_private(name):
            chosen[name.lower()] = (name, value)
    # For libcurl "Name:" removes a header, and "Name;" sends one with an empty value.
    return [f"{name}: {value}" if value else f"{name};" for name, value in chosen.values()]


def configure(curl: pycurl.Curl, options: FetchOptions) -> None:
    """Set the libcurl options that are the same for every fetch of this handle.

    Redirects are never followed: each is a link of its own, with its own scope, robots.txt and address check.
    """
    for option, value in _fixed_options(options):
        curl.setopt(option, value)


def _fixed_options(options: FetchOptions) -> list[tuple[int, Any]]:
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
        # Both are empty so that libcurl never reads the environment: the route of each fetch sets the proxy.
        (pycurl.PROXY, ""),
        (pycurl.NOPROXY, ""),
        (pycurl.TIMEOUT_MS, milliseconds(options.timeout)),
        (pycurl.CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout)),
        (pycurl.MAXFILESIZE_LARGE, options.max_body),
        (pycurl.MAXCONNECTS, options.connections),
        (pycurl.TCP_KEEPALIVE, 1),
        (pycurl.BUFFERSIZE, 64 * 1024),  # bytes; larger pieces mean fewer callbacks into Python
        *_tls_options(options),
    ]


def _tls_options(options: FetchOptions) -> list[tuple[int, Any]]:
    verify = int(options.verify_tls)
    ca_file = trusted_file(options.ca_file)
    return [
        (pycurl.SSL_VERIFYPEER, verify),
        (pycurl.SSL_VERIFYHOST, 2 * verify),
        (pycurl.PROXY_SSL_VERIFYPEER, verify),
        (pycurl.PROXY_SSL_VERIFYHOST, 2 * verify),
        (pycurl.CAINFO, ca_file),
        (pycurl.PROXY_CAINFO, ca_file),
    ]


def milliseconds(seconds: float) -> int:
    """Convert seconds to whole milliseconds, at least 1: libcurl takes 0 to mean no limit."""
    return max(1, int(seconds * 1000))
