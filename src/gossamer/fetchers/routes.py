"""How to reach an origin: through which proxy, or at which addresses, all of them vetted by the guard."""

from __future__ import annotations

import time
from concurrent.futures import Future

import pycurl
from msgspec import Struct

from gossamer.fetchers.address_guard import AddressGuard, real_address
from gossamer.fetchers.dns import DnsResolver, Resolution
from gossamer.fetchers.options import FetchOptions
from gossamer.values.model import Failure
from gossamer.values.reasons import Reason

# How long a route stays valid, in seconds: the resolver's memory is the same, so a name is asked for once in that time.
ROUTE_TTL = 60.0
_CAPACITY = 10_000
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Route(Struct, frozen=True):
    """Where connections of one origin may go until `expires` (monotonic seconds).

    `resolve` is what libcurl's RESOLVE option is given ("" for an address or behind a proxy); `addresses` are the only
    ones a new connection may be opened to. Behind a `proxy` neither says anything: only the proxy is connected to.
    `credentials` tells whether the origin may see the user's Authorization and Cookie headers.
    """

    origin: str
    host: str
    proxy: str = ""
    resolve: str = ""
    addresses: frozenset[str] = frozenset()
    credentials: bool = True
    expires: float = 0.0


class _Origin(Struct, frozen=True):
    key: str
    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if _DEFAULT_PORTS[self.scheme] == self.port else f":{self.port}")


class Router:
    """Finds routes: `known` when it is fresh, else `ask` for the name's addresses and `found` to judge them.

    Safe to use from several threads: the table of routes is only ever read and replaced entry by entry.
    """

    def __init__(self, options: FetchOptions, resolver: DnsResolver | None = None) -> None:
        self.guard = AddressGuard(options.allow_private)
        self._resolver = resolver or DnsResolver(ttl=ROUTE_TTL)
        self._owns_resolver = resolver is None
        self._proxy = options.proxy
        self._environment = options.proxy_from_environment and not options.proxy
        self._origins = frozenset(options.origins) if options.origins is not None else None
        self._routes: dict[str, Route] = {}

    def known(self, url: str) -> Route | None:
        """Give the route for a URL's origin if it is known and fresh."""
        # Whatever stands before the first slash of the path has the same authority, so it can be a key as it is.
        end = url.find("/", 8)
        route = self._routes.get(url[:end] if end > 0 else url)
        return route if route is not None and route.expires > time.monotonic() else None

    def ask(self, url: str) -> Route | Failure | Future[Resolution]:
        """Find the route at once where no name need be looked up; else promise the answer for `found`."""
        origin = _parsed(url)
        if isinstance(origin, Failure):
            return origin
        literal = real_address(origin.host) is not None
        if literal and not self.guard.permits(origin.host, origin.host):
            return _refused(origin.host, origin.host)
        proxy = self._proxy_for(origin)
        if proxy:
            return self._remember(origin, proxy=proxy)
        if literal:
            return self._remember(origin, addresses=(origin.host,))
        return self._resolver.ask(origin.host)

    def found(self, url: str, answer: Resolution) -> Route | Failure:
        """Judge the addresses of the URL's host; only those the guard permits become part of the route."""
        origin = _parsed(url)
        if isinstance(origin, Failure):
            return origin
        if not answer.addresses:
            return Failure(Reason.FAIL_DNS, answer.problem)
        permitted = tuple(address for address in answer.addresses if self.guard.permits(origin.host, address))
        if not permitted:
            return _refused(origin.host, answer.addresses[0])
        return self._remember(origin, addresses=permitted)

    def close(self) -> None:
        """Let the resolver's threads end, unless it was given to us."""
        if self._owns_resolver:
            self._resolver.close()

    def _remember(self, origin: _Origin, *, proxy: str = "", addresses: tuple[str, ...] = ()) -> Route:
        if len(self._routes) >= _CAPACITY:
            self._routes = {}
        named = bool(addresses) and addresses != (origin.host,)
        route = Route(
            origin=origin.name,
            host=origin.host,
            proxy=_resolving(proxy),
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
        import urllib.request  # here, not above: heavy, and seldom needed

        proxies = urllib.request.getproxies_environment()
        # The stubs forget this one, which has been there since Python 2.
        bypassed = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
        if bypassed(f"{origin.host}:{origin.port}", proxies):
            return ""
        return proxies.get(origin.scheme) or proxies.get("all") or ""


def _parsed(url: str) -> _Origin | Failure:
    """Read the origin with libcurl's own parser, so that what is checked is what is connected to."""
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


def _resolving(proxy: str) -> str:
    """Let a SOCKS proxy resolve the names: libcurl would otherwise do so here, slowly and past our guard."""
    return proxy.replace("socks5://", "socks5h://", 1).replace("socks4://", "socks4a://", 1)


def _resolve_entry(origin: _Origin, addresses: tuple[str, ...]) -> str:
    # "+": the entry ages like any other in libcurl's cache, which therefore stays small.
    listed = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
    return f"+{origin.host}:{origin.port}:{listed}"


def _refused(host: str, address: str) -> Failure:
    where = address if host == address else f"{host} is at {address}, which"
    return Failure(
        Reason.FAIL_ADDRESS_REFUSED, f"{where} is not on the public internet; allow it with --allow-private {host}"
    )
