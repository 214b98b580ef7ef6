"""Policy: everything a user may decide about a crawl, as one frozen value.

One field per key of `gossamer.toml` and per flag of the command line; the defaults are polite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Final, Literal, TypedDict, get_type_hints

import msgspec
from msgspec import Meta, Struct

from gossamer.rules.validation import refusal
from gossamer.values.errors import UserError

Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Patience = Annotated[float, Meta(gt=0, le=1e9)]
Size = Annotated[int, Meta(ge=0, le=2**50)]
Hops = Annotated[int, Meta(ge=0, le=15)]
Limit = Annotated[int, Meta(ge=1)]

LEAST_MEMORY: Final = 256 * 1024 * 1024
"""The fewest bytes a worker process can do with: half of them are Python and what reads pages."""


class HostManners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different for one host, or for some: None where it is as for all others."""

    delay: Seconds | Literal["auto"] | None = None
    host_concurrency: Limit | None = None
    max_crawl_delay: Seconds | None = None
    robots: bool | None = None

    def __post_init__(self) -> None:
        _refuse_unfit(self)


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to crawl, how politely, and within which limits.

    Durations are seconds, sizes bytes; None means no limit. Build it with keywords, or give the keywords to `Crawler`.
    """

    # what belongs to the crawl
    seeds: tuple[str, ...] = ()
    scope: Literal["host", "domain", "prefix", "any"] = "host"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_depth: Size | None = None
    max_pages: Limit | None = None
    max_time: Seconds | None = None
    max_bytes: Size | None = None
    nofollow: bool = True
    strip_tracking: bool = False
    sort_query: bool = False
    merge_sessions: bool = True

    # what is made of its pages
    handlers: str = ""
    max_handler_errors: Limit | None = None

    # manners
    robots: bool = True
    user_agent: str = ""
    contact: str = ""
    delay: Seconds | Literal["auto"] = "auto"
    max_crawl_delay: Seconds = 30.0
    host_concurrency: Limit = 1
    ip_concurrency: Limit | None = None
    concurrency: Limit | None = None
    workers: Limit | None = None
    cpu_workers: Size = 0
    retries: Size = 2
    max_retry_after: Seconds = 3600.0
    host_failures: Size = 8
    sitemaps: bool = True
    hosts: Mapping[str, HostManners] = {}

    # one fetch
    timeout: Patience = 30.0
    connect_timeout: Patience = 10.0
    max_body: Size = 10 * 1024 * 1024
    max_redirects: Hops = 10
    headers: tuple[tuple[str, str], ...] = ()
    proxy: str = ""
    proxy_from_environment: bool = False
    allow_private: tuple[str, ...] = ()
    verify_tls: bool = True
    ca_file: str = ""

    # what pages are for
    text: Literal["main", "article", "fast", "all"] = "main"
    near_duplicates: bool = False
    soft_404: bool = False

    # reading a page, in worker processes
    handler_timeout: Seconds = 60.0
    worker_memory: Size = 2 * 1024 * 1024 * 1024

    # guards against absurd webs
    max_url_length: Size = 2083
    max_links_per_page: Size = 5000
    trap_depth: Size = 30
    traps: bool = True
    trap_budget: Limit = 600
    trap_hosts: Limit = 100

    def __post_init__(self) -> None:
        """Refuse what cannot be. Raises UserError."""
        _refuse_unfit(self)
        if self.contact and not _leads_to_somebody(self.contact):
            raise UserError(
                f"The contact {self.contact!r} leads to nobody: write an e-mail address such as you@example.org, "
                "or the URL of a page such as https://example.org/crawler.html."
            )
        if 0 < self.worker_memory < LEAST_MEMORY:
            raise UserError(
                f"worker_memory is in bytes, and {self.worker_memory:,} are too few for Python itself; "
                f"give at least {LEAST_MEMORY:,} (256 MB), or 0 for no limit."
            )

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Policy:
        """Build a policy from loose values, as a call or a configuration file gives them.

        A single string stands for a tuple of one, a mapping of headers for its pairs, a string for the number in it.
        Raises UserError with a sentence for a key that is none (and what was probably meant) and for a value that
        cannot be.
        """
        for name in fields:
            _refuse_unknown(cls, name, "There is no setting")
        loose = {name: _loosened(name, value) for name, value in fields.items()}
        _refuse_unfit_values(cls, loose, fields)
        return msgspec.convert(loose, cls, strict=False)


Texts = str | Sequence[str]


class DownloadFields(TypedDict, total=False):
    """The fields of `Policy` that mean something to a download, as keyword arguments."""

    strip_tracking: bool
    sort_query: bool
    user_agent: str
    contact: str
    host_concurrency: int
    concurrency: int | None
    retries: int
    max_retry_after: float
    hosts: Mapping[str, HostManners | Mapping[str, object]]
    timeout: float
    connect_timeout: float
    max_body: int
    max_redirects: int
    headers: Mapping[str, str] | Sequence[tuple[str, str]]
    proxy: str
    proxy_from_environment: bool
    allow_private: Texts
    verify_tls: bool
    ca_file: str
    near_duplicates: bool
    max_url_length: int


class PolicyFields(DownloadFields, total=False):
    """The fields of `Policy` but `seeds`, as a call may give them by name: for type checkers, and for completion."""

    scope: Literal["host", "domain", "prefix", "any"]
    include: Texts
    exclude: Texts
    max_depth: int | None
    max_pages: int | None
    max_time: float | None
    max_bytes: int | None
    nofollow: bool
    merge_sessions: bool
    handlers: str
    max_handler_errors: int | None
    robots: bool
    delay: float | Literal["auto"]
    max_crawl_delay: float
    ip_concurrency: int | None
    workers: int | None
    cpu_workers: int
    host_failures: int
    sitemaps: bool
    text: Literal["main", "article", "fast", "all"]
    soft_404: bool
    handler_timeout: float
    worker_memory: int
    max_links_per_page: int
    trap_depth: int
    traps: bool
    trap_budget: int
    trap_hosts: int


def _leads_to_somebody(contact: str) -> bool:
    """Tell whether a contact is an e-mail address or a URL, as far as can be told without asking."""
    return "@" in contact or contact.lower().startswith(("http://", "https://", "mailto:"))


def _refuse_unknown(kind: type[Struct], name: str, complaint: str) -> None:
    if name not in kind.__struct_fields__:
        close = get_close_matches(name, kind.__struct_fields__, 1)
        raise UserError(f"{complaint} {name!r}." + (f" Did you mean {close[0]!r}?" if close else ""))


def _refuse_unfit(made: Struct) -> None:
    """Raise UserError for a field of a struct, built directly, that is not what it must be."""
    for name, kind in _kinds(type(made)).items():
        value = getattr(made, name)
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            raise UserError(f"{refusal(type(made), name, value)}.") from None


def _refuse_unfit_values(
    kind: type[Struct], loose: Mapping[str, Any], given: Mapping[str, Any], where: str = ""
) -> None:
    """Raise UserError for a loose value that cannot become the field of a struct; `given` is how it was written."""
    for name, value in loose.items():
        try:
            msgspec.convert(value, _kinds(kind)[name], strict=False)
        except msgspec.ValidationError:
            raise UserError(f"{where}{refusal(kind, name, given[name])}.") from None


@cache
def _kinds(kind: type[Struct]) -> dict[str, Any]:
    """Tell what each field of a struct must be."""
    return get_type_hints(kind, include_extras=True)


def _loosened(name: str, value: Any) -> Any:
    if name == "headers" and isinstance(value, Mapping):
        return tuple(value.items())
    if name == "hosts" and isinstance(value, Mapping):
        return {host: _host_table(host, table) for host, table in value.items()}
    if name in ("seeds", "include", "exclude", "allow_private") and isinstance(value, str):
        return (value,)
    return value


def _host_table(host: Any, table: Any) -> Any:
    if isinstance(table, HostManners):
        return msgspec.structs.asdict(table)
    for name in table if isinstance(table, Mapping) else ():
        _refuse_unknown(HostManners, name, f"hosts, {host}: no host has a setting")
    if isinstance(table, Mapping):
        _refuse_unfit_values(HostManners, table, table, f"hosts, {host}: ")
    return table
