"""How to reach an origin: through a proxy, or at addresses that the address guard permits."""

from __future__ import annotations

import time
from concurrent.futures import Future

import pycurl
from msgspec import Struct

from gossamer.fetchers.address_guard import AddressGuard, real_address
from gossamer.fetchers.connections import descriptor_budget
from gossamer.fetchers.dns import DnsResolver, Resolution
from gossamer.fetchers.no_proxy import bypasses
from gossamer.fetchers.options import FetchOptions
from gossamer.values.model import Failure
from gossamer.values.reasons import Reason

ROUTE_TTL = 60.0
"""Seconds for which a route is valid. The resolver caches addresses as long: a name is looked up once in that time."""

_LOOKUPS = 128
"""Maximum number of names that are looked up at once; each takes a descriptor."""

_CAPACITY = 10_000
"""Maximum number of cached routes."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Route(Struct, frozen=True):
    """Where connections for one origin may go."""

    origin: str
    """Scheme and authority, without the scheme's default port."""

    host: str
    """The host name or address; an IPv6 address is without brackets."""

    proxy: str = ""
    """The proxy to connect to; "" connects to the host itself."""

    resolve: str = ""
    """The entry for libcurl's RESOLVE option; "" if the host is an address or if there is a proxy."""

    addresses: frozenset[str] = frozenset()
    """The only addresses to which a new connection may be opened; empty if there is a proxy."""

    credentials: bool = True
    """Whether the origin may receive headers that carry credentials, such as Authorization and Cookie."""

    expires: float = 0.0
    """When the route is out of date, in monotonic seconds."""


class _Origin(Struct, frozen=True):
    """The origin of a URL, as libcurl reads it."""

    key: str
    """The URL up to its path, as written: the key of the route cache."""

    scheme: str
    """`http` or `https`."""

    host: str
    """The host in lower case; an IPv6 address is without brackets."""

    port: int
    """The port, explicit or the scheme's default."""

    @property
    def name(self) -> str:
        """Scheme and authority, without the scheme's default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if _DEFAULT_PORTS[self.scheme] == self.port else f":{self.port}")


class Router:
    """A finder of routes by URL, with a cache by origin.

    Call `known` first. If it returns None, call `ask`; if that returns a future, call `found` with its result.
    Safe to use from several threads: each change of the cache replaces one entry or the whole dict.
    """

    def __init__(self, options: FetchOptions, resolver: DnsResolver | None = None) -> None:
        self.guard = AddressGuard(options.allow_private)
        self._resolver = resolver or DnsResolver(ttl=ROUTE_TTL, threads=min(_LOOKUPS, descriptor_budget() // 4))
        self._owns_resolver = resolver is None
        self._proxy = options.proxy
        self._environment = options.proxy_from_environment and not options.proxy
        self._origins = frozenset(options.origins) if options.origins is not None else None
        self._routes: dict[str, Route] = {}

    def known(self, url: str) -> Route | None:
        """Return the cached route for a URL's origin; None if there is none or if it has expired."""
        # URLs that are equal up to their path have the same origin, so that part is a key without being parsed.
        end = url.find("/", 8)
        route = self._routes.get(url[:end] if end > 0 else url)
        return route if route is not None and route.expires > time.monotonic() else None

    def ask(self, url: str) -> Route | Failure | Future[Resolution]:
        """Return the route or failure if no name look-up is needed; else a future whose result goes to `found`."""
        origin = _parse_origin(url)
        if isinstance(origin, Failure):
            return origin
        literal = real_address(origin.host) is not None
        if literal and not self.guard.permits(origin.host, origin.host):
            return _refusal(origin.host, origin.host)
        proxy = self._proxy_for(origin)
        if proxy:
            return self._remember(origin, proxy=proxy)
        if literal:
            return self._remember(origin, addresses=(origin.host,))
        return self._resolver.ask(origin.host)

    def found(self, url: str, answer: Resolution) -> Route | Failure:
        """Return the route with the looked-up addresses that the guard permits; a failure if it permits none."""
        origin = _parse_origin(url)
        if isinstance(origin, Failure):
            return origin
        if not answer.addresses:
            return Failure(Reason.FAIL_LOCAL if answer.local else Reason.FAIL_DNS, answer.problem)
        permitted = tuple(address for address in answer.addresses if self.guard.permits(origin.host, address))
        if not permitted:
            return _refusal(origin.host, answer.addresses[0])
        return self._remember(origin, addresses=permitted)

    def close(self) -> None:
        """Close the resolver, unless the caller passed it in."""
        if self._owns_resolver:
            self._resolver.close()

    def _remember(self, origin: _Origin, *, proxy: str = "", addresses: tuple[str, ...] = ()) -> Route:
        if len(self._routes) >= _CAPACITY:
            self._routes = {}
        named = bool(addresses) and addresses != (origin.host,)
        route = Route(
            origin=origin.name,
            host=origin.host,
            proxy=_resolving_remotely(proxy),
            resolve=_resolve_entry(origin, addresses) if named else "",
            addresses=frozenset(addresses),
            credentials=self._origins is None or origin.name in self._origins,
            expires=time.monotonic() + ROUTE_TTL,
        )
        self._routes[origin.key] = route
        return route

    def _proxy_for(self, origin: _Origin) -> str:
        if not self._environment:
            return self._proxy
        import urllib.request  # here, not above: slow to import, and seldom needed

        proxies = urllib.request.getproxies_environment()
        if bypasses(proxies.get("no", ""), origin.host, origin.port):
            return ""
        return proxies.get(origin.scheme) or proxies.get("all") or ""


def _parse_origin(url: str) -> _Origin | Failure:
    """Parse the origin with libcurl's own parser, so that the host that is checked is the host that is connected to."""
    end = url.find("/", 8)
    try:
        parts = pycurl.CurlUrl(url, pycurl.U_NON_SUPPORT_SCHEME)
    except pycurl.error as error:
        return Failure(Reason.SKIP_INVALID, f"not a URL to fetch: {error.args[-1]}")
    if parts.scheme not in _DEFAULT_PORTS:
        return Failure(Reason.SKIP_SCHEME, f"the scheme {parts.scheme} is neither http nor https")
    if parts.user is not None or parts.password is not None:
        return Failure(Reason.SKIP_INVALID, "the URL carries a user name or password")
    host = str(parts.host).strip("[]").lower()
    port = int(parts.port) if parts.port else _DEFAULT_PORTS[parts.scheme]
    return _Origin(key=url[:end] if end > 0 else url, scheme=str(parts.scheme), host=host, port=port)


def _resolving_remotely(proxy: str) -> str:
    """Return the proxy URL with a SOCKS scheme that makes the proxy resolve host names.

    With the other schemes libcurl resolves them here, slowly and without the address guard.
    """
    return proxy.replace("socks5://", "socks5h://", 1).replace("socks4://", "socks4a://", 1)


def _resolve_entry(origin: _Origin, addresses: tuple[str, ...]) -> str:
    # "+": the entry expires like any other in libcurl's DNS cache, which therefore stays small.
    listed = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
    return f"+{origin.host}:{origin.port}:{listed}"


def _refusal(host: str, address: str) -> Failure:
    where = address if host == address else f"{host} is at {address}, which"
    return Failure(
        Reason.FAIL_ADDRESS_REFUSED, f"{where} is not on the public internet; allow it with --allow-private {host}"
    )
