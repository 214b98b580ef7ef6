"""Policy: everything a user may decide about a crawl, as one frozen value.

Each setting is described here, beside its field, and nowhere else: its type says how it is written, its notes when it
may change, what its flag is and what other tools call it (`setting.py`), its docstring what the documentation says.
Parsers, help, the reference pages and `policy_fields.py` are derived. The defaults are polite.
"""

# No `from __future__ import annotations`: evaluated once, as compiled code, the notes cost the command line no time.

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

import msgspec
from msgspec import Struct

from gossamer.rules.loose_values import loosened, refuse_unknown
from gossamer.rules.setting import (
    DOWNLOADS,
    FIXED,
    Count,
    Headers,
    Hints,
    Hops,
    Limit,
    Notation,
    Pause,
    Seconds,
    Setting,
    Size,
    Texts,
    Timeout,
    crawl_flag,
    describe,
    manners_flag,
    page_flag,
    request_flag,
    result_flag,
    speed_flag,
)
from gossamer.rules.validation import refuse_unfit, refuse_unfit_values
from gossamer.values.errors import UserError

LEAST_MEMORY: Final = 256 * 1024 * 1024
"""Least memory of a worker process (bytes): half of it is Python and what reads pages."""


class HostManners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of some hosts that differ from those of all others; None where they do not."""

    delay: Pause | None = None
    host_concurrency: Limit | None = None
    max_crawl_delay: Seconds | None = None
    robots: bool | None = None

    def __post_init__(self) -> None:
        refuse_unfit(self)


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to crawl, how politely, and within which limits.

    Durations are seconds, sizes bytes; None means no limit. Build it with keywords, or give the keywords to `Crawler`.
    """

    # what belongs to the crawl
    seeds: Annotated[Texts, FIXED, Hints("start_urls start_url start_requests urls url input_file")] = ()
    """The URLs to start from; on the command line just write them."""
    scope: Annotated[
        Literal["host", "domain", "prefix", "any"],
        FIXED,
        crawl_flag(
            "--scope S",
            "which links to follow: host (of a URL given), its whole domain, only under its path (prefix), or any",
        ),
        Hints(
            "allowed_domains allowed_hosts domains span_hosts no_parent follow_external stay_on_same_domain "
            "enqueue_strategy -D -np"
        ),
    ] = "host"
    """Which links to follow: `host` (of a seed; with or without `www.`, http or https), its whole `domain`, only what
    is under its path (`prefix`), or `any`."""
    include: Annotated[
        Texts,
        FIXED,
        crawl_flag("--include GLOB", "follow only links that match, such as '/docs/*'; again for more"),
        Hints("allowed_domains allow accept accept_regex include_directories include_patterns globs restrict_paths"),
    ] = ()
    """Follow only links that match one of these globs (`*` any run of characters, `?` one). A pattern that starts with
    `/` is compared with path and query, any other with the whole URL; after `re:` it is a regular expression
    searched for in the URL. Seeds are wanted anyway."""
    exclude: Annotated[
        Texts,
        FIXED,
        crawl_flag("--exclude GLOB", "never follow links that match; again for more"),
        Hints("deny deny_domains reject reject_regex exclude_directories exclude_domains exclude_patterns -R"),
    ] = ()
    """Never follow links that match one of these; wins over `include`."""
    strip_tracking: Annotated[
        bool,
        FIXED | DOWNLOADS,
        crawl_flag(
            "--strip-tracking",
            "leave tracking parameters (utm_source, gclid, fbclid and their kin) out of links",
        ),
        Hints("remove_utm strip_params ignore_query_params cut_dirs"),
    ] = False
    """Leave parameters that only tell who sent a visitor out of every link: `utm_*`, `gclid`, `fbclid`, `msclkid`,
    `mc_eid` and some fifty more (`gossamer.rules.url_identity`). Names that have other uses too, such as `ref`,
    stay."""
    sort_query: Annotated[
        bool,
        FIXED | DOWNLOADS,
        crawl_flag("--sort-query", "put the query of links in order, where it means the same in any"),
        Hints("canonicalize canonicalize_urls"),
    ] = False
    """Put the parameters of every link in order, by name; those of one name stay as they stand."""
    merge_sessions: Annotated[
        bool,
        FIXED,
        crawl_flag("--no-merge-sessions", "take a page under another session id for another page"),
        Hints("ignore_session_ids"),
    ] = True
    """Take a page for the same under all session ids (`;jsessionid=`, `PHPSESSID=`, a `sid=` that looks it); it is
    fetched under the first one found. `traps = false` turns this off too."""
    traps: Annotated[
        bool,
        FIXED,
        crawl_flag(
            "--no-traps",
            "follow endless sets of pages too: calendars, combined filters, ever longer addresses",
        ),
        Hints("trap_detection"),
    ] = True
    """Recognise endless sets of pages (calendars, combined filters, session ids, ever longer addresses) and leave them.
    """
    trap_budget: Annotated[
        Limit,
        crawl_flag("--trap-budget N", "how long a row of numbered pages, each linked from the one before, may get"),
    ] = 600
    """How long a row of numbered pages may get, each found on the one before, and how many combinations of parameters
    are followed; or a tenth of the crawl, where that is more."""
    trap_depth: Annotated[Count, FIXED] = 30
    """URLs with more path segments are taken for a trap; 0: any number."""
    trap_hosts: Limit = 100
    """How many subdomains of a domain may lead from one to the next."""
    max_url_length: Annotated[Count, FIXED | DOWNLOADS, Hints("urllength_limit")] = 2083
    """Links longer than this, in characters, are refused."""
    max_links_per_page: Annotated[Count, FIXED, Hints("max_links")] = 5000
    """Links of one page that are followed; the rest is `skip.limit`."""
    max_depth: Annotated[
        Count | None,
        FIXED,
        crawl_flag(
            "-d --max-depth N",
            "stay within N links of the start; what only sitemaps name counts as linked from there",
        ),
        Hints("depth_limit level depth max_crawl_depth recursion_level -l"),
    ] = None
    """Stay within so many links of the seeds; what only a sitemap names counts as linked from the first page of its
    host. The crawl is then strictly breadth first."""
    max_pages: Annotated[
        Limit | None,
        crawl_flag("--max-pages N", "stop after N pages"),
        Hints(
            "closespider_pagecount closespider_itemcount max_requests_per_crawl max_requests max_urls page_limit limit"
        ),
    ] = None
    """Stop after so many pages that came well; one whose handler failed counts."""
    max_time: Annotated[
        Seconds | None,
        crawl_flag("--max-time T", "stop after a time, such as 90, 5m or 2h"),
        Hints("closespider_timeout time_limit max_duration -m"),
    ] = None
    """Stop after so much wall time."""
    max_bytes: Annotated[
        Size | None,
        crawl_flag("--max-bytes SIZE", "stop after so much was read, such as 500MB"),
        Hints("quota max_size"),
    ] = None
    """Stop after so many decoded bytes of bodies."""

    # what is made of its pages
    handlers: Annotated[
        str,
        page_flag(
            "--handlers FILE",
            "a Python file (or module) with functions marked @gossamer.on(PATTERN); what they yield goes to "
            "items.jsonl",
        ),
    ] = ""
    """A Python file, or a module by its dotted name, with functions marked `@gossamer.on(PATTERN)`; what they yield
    goes to `items.jsonl` ([how to](../how-to/extract-data.md))."""
    max_handler_errors: Annotated[
        Limit | None,
        page_flag("--max-handler-errors N", "stop after N pages failed in their handlers"),
        Hints("closespider_errorcount max_errors error_limit"),
    ] = None
    """Stop after so many pages failed in their handlers, in one run."""
    near_duplicates: Annotated[
        bool,
        DOWNLOADS,
        page_flag("--near-duplicates", "tell at the end which pages have nearly the same text"),
        Hints("simhash minhash"),
    ] = False
    """Compare the visible text of pages by simhash and tell at the end which are nearly the same ([how
    to](../how-to/find-near-duplicates.md)). Reading a page costs about three times as much then."""
    soft_404: Annotated[
        bool,
        page_flag(
            "--soft-404",
            "name pages that answer 200 but look like missing ones; asks each host for a page that cannot exist",
        ),
        Hints("detect_soft_404"),
    ] = False
    """Ask each host for a page that cannot exist, and tell which pages look like the answer ([how
    to](../how-to/find-soft-404s.md))."""

    # manners
    contact: Annotated[
        str,
        DOWNLOADS,
        manners_flag("--contact C", "your e-mail address or page, told to the sites"),
        Hints("email contact_email from mail"),
    ] = ""
    """Your e-mail address or the URL of your page, told to the sites in the User-Agent."""
    delay: Annotated[
        Pause,
        manners_flag(
            "--delay T",
            "rest between requests to a host: seconds, or auto: twice the time it took to answer, at least 0.2 s",
        ),
        Hints(
            "download_delay randomize_download_delay wait random_wait rate_limit rate requests_per_second "
            "max_requests_per_second max_tasks_per_minute throttle autothrottle autothrottle_enabled "
            "autothrottle_start_delay crawl_delay request_delay politeness_delay urls_per_minute sleep interval -w"
        ),
    ] = "auto"
    """The rest of a host after each answer. `auto`: twice the time it took to answer, at least 0.2 s and at most 60 s.
    A Crawl-delay in robots.txt counts where it is longer."""
    max_crawl_delay: Annotated[Seconds, Hints("autothrottle_max_delay max_delay")] = 30.0
    """Skip a host whose Crawl-delay is longer than this."""
    host_concurrency: Annotated[
        Limit,
        DOWNLOADS,
        manners_flag("--host-concurrency N", "requests to one host at once"),
        Hints("concurrent_requests_per_domain limit_per_host connections_per_host max_connections_per_host"),
    ] = 1
    """Requests to one host at once."""
    ip_concurrency: Annotated[
        Limit | None,
        manners_flag(
            "--ip-concurrency N",
            "requests to one IP address at once, for hosts that share one (default: each host by itself)",
        ),
        Hints("concurrent_requests_per_ip"),
    ] = None
    """Requests at once to one IP address, whose hosts then share its rests too. Unset, every host is spared by itself.
    Only the first request to a host may come on top, before its address is known; such hosts count as one address.
    Not behind a proxy."""
    robots: Annotated[
        bool,
        FIXED,
        manners_flag("--no-robots", "ignore robots.txt (your own site only)"),
        Hints(
            "robots_txt robotstxt_obey obey_robots obey_robots_txt respect_robots respect_robots_txt "
            "respect_robots_txt_file ignore_robots"
        ),
    ] = True
    """Obey robots.txt (RFC 9309)."""
    sitemaps: Annotated[
        bool,
        manners_flag("--no-sitemaps", "read no sitemaps"),
        Hints("sitemap sitemap_urls sitemap_follow use_sitemap"),
    ] = True
    """Read the sitemaps that robots.txt names, or else /sitemap.xml: links that no page has are found there."""
    nofollow: Annotated[
        bool,
        FIXED,
        manners_flag("--follow-nofollow", "follow links marked nofollow too"),
        Hints("respect_nofollow rel_nofollow"),
    ] = True
    """Obey `rel=nofollow`, meta robots and X-Robots-Tag."""
    hosts: Annotated[
        Mapping[str, HostManners],
        Notation.TABLES,
        FIXED | DOWNLOADS,
        Hints("download_slots domain_settings per_domain"),
    ] = {}
    """What is different for some hosts: a table for each, with `delay`, `host_concurrency`, `max_crawl_delay` or
    `robots` ([below](#some-hosts-otherwise))."""
    host_failures: Annotated[Count, Hints("max_host_errors")] = 8
    """After so many failures in a row (no connection, time-out, reset) robots.txt is asked for as a sign of life; if it
    does not come either, the host's other links fail as `fail.host_unreachable`. 0: never."""
    max_retry_after: Annotated[Seconds, DOWNLOADS, Hints("retry_after")] = 3600.0
    """The longest Retry-After that is obeyed; a longer one counts as this."""

    # each request
    timeout: Annotated[
        Timeout,
        DOWNLOADS,
        request_flag("--timeout T", "give up on an answer after this time"),
        Hints("download_timeout request_timeout read_timeout navigation_timeout page_timeout total_timeout sock_read"),
    ] = 30.0
    """Give up on a fetch after this time in all."""
    connect_timeout: Annotated[Timeout, DOWNLOADS, Hints("dns_timeout sock_connect")] = 10.0
    """Give up on a connection after this time."""
    max_body: Annotated[
        Size,
        DOWNLOADS,
        request_flag("--max-body SIZE", "give up on bodies larger than this"),
        Hints("download_maxsize max_file_size max_content_length max_response_size"),
    ] = 10 * 1024 * 1024
    """Give up on a body larger than this, on the wire or decoded."""
    max_redirects: Annotated[
        Hops,
        DOWNLOADS,
        Hints(
            "redirect_max_times redirect_enabled max_redirect max_redirs follow_redirects allow_redirects location -L"
        ),
    ] = 10
    """Redirects in a row that are followed. Each is a fetch of its own, under scope, robots.txt and manners."""
    retries: Annotated[
        Count,
        DOWNLOADS,
        request_flag("--retries N", "try again so often after failures that may pass"),
        Hints(
            "max_retries retry retry_times retry_enabled retry_count tries attempts max_attempts "
            "max_request_retries waitretry"
        ),
    ] = 2
    """Try again so often after failures that may pass (408, 425, 429, 500, 502-504, 507, 520-524, time-outs, resets,
    cut bodies, name look-ups), after 1, 2, 4 … seconds and up to half as much again."""
    user_agent: Annotated[
        str,
        DOWNLOADS,
        request_flag("-U --user-agent UA", "the whole User-Agent (default: gossamer/VERSION)"),
        Hints("ua agent user_agent_string"),
    ] = ""
    """The whole User-Agent header. Default: `gossamer/VERSION (+CONTACT)`. robots.txt is asked under its name."""
    headers: Annotated[
        Headers,
        DOWNLOADS,
        request_flag("-H --header 'N: V'", "send a header; again for more. Credentials go to the sites you name only"),
        Hints("default_request_headers extra_headers request_headers referer accept_language"),
    ] = ()
    """Headers to send, as pairs of name and value. Authorization and Cookie go to the seeds' origins only."""
    proxy: Annotated[
        str,
        DOWNLOADS,
        request_flag("--proxy URL", "fetch through a proxy"),
        Hints("proxies http_proxy https_proxy proxy_url proxy_configuration -x"),
    ] = ""
    """Fetch through this proxy. Only the proxy's own address is then checked."""
    proxy_from_environment: Annotated[bool, DOWNLOADS, Hints("trust_env httpproxy_enabled")] = False
    """Obey `http_proxy` and its kin."""
    allow_private: Annotated[
        Texts,
        DOWNLOADS,
        request_flag(
            "--allow-private HOST",
            "allow a host, address or network (CIDR) that is not public; again for more",
        ),
        Hints("allow_localhost allow_local private localhost"),
    ] = ()
    """Hosts, addresses or networks (CIDR) that may be fetched from although they are not public."""
    verify_tls: Annotated[
        bool,
        DOWNLOADS,
        Hints(
            "verify verify_ssl ssl ssl_verify ssl_context insecure no_check_certificate check_certificate "
            "ignore_https_errors -k"
        ),
    ] = True
    """Verify certificates. There is no flag to turn it off."""
    ca_file: Annotated[str, DOWNLOADS, Hints("cacert ca_certificate ca_bundle")] = ""
    """A file of CA certificates to trust instead of the usual ones."""

    # speed
    concurrency: Annotated[
        Limit | None,
        DOWNLOADS,
        speed_flag(
            "-c --concurrency N",
            "requests at once, to all hosts together (default: asyncio 64, threads 8, processes 64 each)",
        ),
        Hints(
            "concurrent_requests max_workers max_concurrency max_connections max_threads threads num_threads "
            "connections sockets pool_size pool_maxsize parallel parallel_max semaphore limit limits"
        ),
    ] = None
    """Requests at once, to all hosts together. Default: asyncio 64, threads 8, inline 1, processes 64 for each worker.
    """
    workers: Annotated[
        Limit | None,
        speed_flag("--workers N", "processes that fetch and read, with -e processes (default: one a processor)"),
        Hints("max_workers processes num_processes jobs"),
    ] = None
    """Processes that fetch and read pages, on the engine `processes`. Default: one a processor."""
    cpu_workers: Annotated[
        Count,
        speed_flag(
            "--cpu-workers N",
            "processes that read large pages for any engine, within limits of time and memory",
        ),
        Hints("parser_workers process_pool"),
    ] = 0
    """Processes that read large pages for any engine ([choose an engine](../how-to/choose-an-engine.md)); 0: none."""
    handler_timeout: Annotated[
        Seconds,
        speed_flag("--handler-timeout S", "longest time that a worker process may read a page"),
        Hints("callback_timeout request_handler_timeout"),
    ] = 60.0
    """How long a worker process may read one page before it is killed, and how long an `async def` handler may take on
    any engine; the page has failed then. 0: no limit."""
    worker_memory: Annotated[
        Size,
        speed_flag("--worker-memory SIZE", "memory of each process that reads pages; a page that needs more fails"),
        Hints("memusage_limit_mb memusage_enabled memory memory_limit memory_mbytes"),
    ] = 2 * 1024 * 1024 * 1024
    """How much memory a worker process may take; a page that makes it need more has failed. At least 256 MB; 0: no
    limit."""

    # results
    text: Annotated[
        Literal["main", "article", "fast", "all"],
        result_flag(
            "--text T",
            "text of pages: main, article (trafilatura), fast (resiliparse) or all that can be seen",
        ),
        Hints("extractor readability main_content only_main_content"),
    ] = "main"
    """What the text of a page is: `main` (without menus, headers, footers and offers), `article` (by trafilatura) or
    `fast` (plain, by resiliparse), which need `gossamer[text]`, or `all` that can be seen."""

    def __post_init__(self) -> None:
        """Raise UserError for a value that is not allowed."""
        refuse_unfit(self)
        if self.contact and not _is_contact(self.contact):
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
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """Return the policy of loose values, as a call or a configuration file gives them.

        A single string stands for a tuple of one, a mapping of headers for its pairs, a string for the number in it.
        Raises UserError for an unknown name, with the setting that was probably meant, and for a value that is not
        allowed.
        """
        for name in fields:
            refuse_unknown(name, SETTINGS, "There is no setting")
        loose = {name: loosened(name, value, SETTINGS) for name, value in fields.items()}
        refuse_unfit_values(cls, loose, fields)
        return msgspec.convert(loose, cls, strict=False)


SETTINGS: Final[Mapping[str, Setting]] = describe(Policy)
"""The description of every setting, by its name."""


def _is_contact(text: str) -> bool:
    """Whether a text looks like an e-mail address or a URL; neither is asked."""
    return "@" in text or text.lower().startswith(("http://", "https://", "mailto:"))
