"""Policy: everything a user may decide about a crawl, as one frozen value.

One field per key of `gossamer.toml` and per flag of the command line; the defaults are polite.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to crawl, how politely, and within which limits.

    Durations are seconds, sizes bytes; None means no limit. Build it with keywords, or give the keywords to `Crawler`.
    """

    # what belongs to the crawl
    seeds: tuple[str, ...] = ()
    scope: Literal["host", "domain", "prefix", "any"] = "host"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_depth: int | None = None
    max_pages: int | None = None
    max_time: float | None = None
    max_bytes: int | None = None
    nofollow: bool = True

    # manners
    robots: bool = True
    user_agent: str = ""
    contact: str = ""
    delay: float | Literal["auto"] = "auto"
    max_crawl_delay: float = 30.0
    host_concurrency: int = 1
    concurrency: int | None = None
    retries: int = 2
    max_retry_after: float = 3600.0

    # one fetch
    timeout: float = 30.0
    connect_timeout: float = 10.0
    max_body: int = 10 * 1024 * 1024
    max_redirects: int = 10
    headers: tuple[tuple[str, str], ...] = ()
    proxy: str = ""
    proxy_from_environment: bool = False
    allow_private: tuple[str, ...] = ()
    verify_tls: bool = True
    ca_file: str = ""

    # guards against absurd webs
    max_url_length: int = 2083
    max_links_per_page: int = 5000
    trap_depth: int = 30
