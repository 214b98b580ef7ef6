"""The settings as a call may give them by name: for type checkers, and for completion.

Written by docs/generate.py from `policy.py`; change them there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from gossamer.rules.policy import HostManners


class DownloadFields(TypedDict, total=False):
    """The fields of `Policy` that mean something to a download."""

    strip_tracking: bool
    sort_query: bool
    max_url_length: int
    near_duplicates: bool
    contact: str
    host_concurrency: int
    hosts: Mapping[str, HostManners | Mapping[str, object]]
    max_wait: float
    timeout: float
    connect_timeout: float
    max_body: int
    max_redirects: int
    retries: int
    user_agent: str
    headers: Mapping[str, str] | Sequence[tuple[str, str]]
    logins: str | Sequence[str]
    proxy: str
    proxy_from_environment: bool
    allow_private: str | Sequence[str]
    verify_tls: bool
    ca_file: str
    concurrency: int | None


class PolicyFields(DownloadFields, total=False):
    """The fields of `Policy` but `seeds`, which have a place of their own in a call."""

    scope: Literal["host", "domain", "prefix", "any"]
    include: str | Sequence[str]
    exclude: str | Sequence[str]
    merge_sessions: bool
    traps: bool
    trap_budget: int
    trap_depth: int
    trap_hosts: int
    resources: bool
    max_links_per_page: int
    max_depth: int | None
    max_pages: int | None
    max_requests: int | None
    max_time: float | None
    max_bytes: int | None
    handlers: str
    max_handler_errors: int | None
    soft_404: bool
    delay: float | Literal["auto"]
    max_crawl_delay: float
    ip_concurrency: int | None
    robots: bool
    strict_robots: bool
    sitemaps: bool
    nofollow: bool
    host_failures: int
    workers: int | None
    shards: int | None
    place: str | None
    cpu_workers: int
    handler_timeout: float
    worker_memory: int
    keep_skipped: bool
    text: Literal["main", "article", "fast", "all"]
    events: str
    journal: str
    store: str
