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
    """The URLs to start from. On the command line they need no flag."""
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
    """Which links to follow: those of the `host` of a seed (with or without `www.`, http or https), of its whole
    `domain`, only those below its path (`prefix`), or `any`."""
    include: Annotated[
        Texts,
        FIXED,
        crawl_flag("--include GLOB", "follow only links that match, such as '/docs/*'; again for more"),
        Hints("allowed_domains allow accept accept_regex include_directories include_patterns globs restrict_paths"),
    ] = ()
    """Follow only links that match one of these globs (`*` is any run of characters, `?` is one). A pattern that starts
    with `/` is compared with path and query, any other with the whole URL. After `re:` it is a regular expression
    that is searched for in the URL. Seeds are fetched in any case."""
    exclude: Annotated[
        Texts,
        FIXED,
        crawl_flag("--exclude GLOB", "never follow links that match; again for more"),
        Hints("deny deny_domains reject reject_regex exclude_directories exclude_domains exclude_patterns -R"),
    ] = ()
    """Never follow links that match one of these patterns, written as for `include`, over which they win."""
    strip_tracking: Annotated[
        bool,
        FIXED | DOWNLOADS,
        crawl_flag(
            "--strip-tracking", "leave tracking parameters (utm_source, gclid, fbclid and their kin) out of links"
        ),
        Hints("remove_utm strip_params ignore_query_params cut_dirs"),
    ] = False
    """Remove tracking parameters from every link: `utm_*`, `gclid`, `fbclid`, `msclkid`, `mc_eid` and some fifty more
    (`gossamer.rules.url_identity`). Names that have other uses too, such as `ref`, stay."""
    sort_query: Annotated[
        bool,
        FIXED | DOWNLOADS,
        crawl_flag("--sort-query", "put the query of links in order, where it means the same in any"),
        Hints("canonicalize canonicalize_urls"),
    ] = False
    """Sort the parameters of every link by name. Parameters of one name keep their order."""
    merge_sessions: Annotated[
        bool,
        FIXED,
        crawl_flag("--no-merge-sessions", "take a page under another session id for another page"),
        Hints("ignore_session_ids"),
    ] = True
    """Count URLs that differ only in a session id (`;jsessionid=`, `PHPSESSID=`, a `sid=` that looks like one) as one
    page, and fetch it under the first id found. `traps = false` turns this off too."""
    traps: Annotated[
        bool,
        FIXED,
        crawl_flag(
            "--no-traps", "follow endless sets of pages too: calendars, combined filters, ever longer addresses"
        ),
        Hints("trap_detection"),
    ] = True
    """Recognise endless sets of pages (calendars, combined filters, session ids, ever longer addresses, pages that say
    nothing new) and do not follow them."""
    trap_budget: Annotated[
        Limit,
        crawl_flag("--trap-budget N", "how long a row of numbered pages, each linked from the one before, may get"),
    ] = 600
    """Maximum length of a row of numbered pages that link to each other in turn, maximum number of parameter
    combinations followed (links), and maximum number of links in a directory from pages that say nothing new; or a
    tenth of the crawl, where that is more."""
    trap_depth: Annotated[Count, FIXED] = 30
    """Maximum number of path segments of a URL; more count as a trap. 0: no limit."""
    trap_hosts: Limit = 100
    """Maximum number of subdomains of one domain that link to each other in turn."""
    max_url_length: Annotated[Count, FIXED | DOWNLOADS, Hints("urllength_limit")] = 2083
    """Maximum length of a link (characters). Longer ones are refused."""
    resources: Annotated[
        bool,
        FIXED,
        crawl_flag("--resources", "fetch what pages load too: images, scripts, stylesheets, fonts, media"),
        Hints("page_requisites assets check_resources download_images images_store -p"),
    ] = False
    """Fetch what a browser loads by itself for the pages, too: images, scripts, stylesheets and what these load, fonts,
    media, icons, manifests. The same scope, robots.txt, manners and limits hold for them, but `max_depth` and
    `nofollow` do not keep a page from being whole. What points where is written in the format `references`."""
    max_links_per_page: Annotated[Count, FIXED, Hints("max_links")] = 5000
    """Maximum number of links of one page that are followed. The rest is `skip.limit`."""
    max_depth: Annotated[
        Count | None,
        FIXED,
        crawl_flag(
            "-d --max-depth N", "stay within N links of the start; what only sitemaps name counts as linked from there"
        ),
        Hints("depth_limit level depth max_crawl_depth recursion_level -l"),
    ] = None
    """Maximum distance from the seeds (links). What only a sitemap names counts as linked from the first page of its
    host. The crawl is then strictly breadth first."""
    max_pages: Annotated[
        Limit | None,
        crawl_flag("--max-pages N", "stop after N pages"),
        Hints("closespider_pagecount closespider_itemcount max_urls page_limit limit"),
    ] = None
    """Stop after this number of pages that were fetched without a failure. A page whose handler failed counts."""
    max_requests: Annotated[
        Limit | None,
        crawl_flag("--max-requests N", "stop after N requests of any kind: pages, robots.txt, redirects, retries"),
        Hints("closespider_requests_count max_requests_per_crawl request_limit"),
    ] = None
    """Stop after this number of requests, in all runs: pages, robots.txt, sitemaps, probes, redirects and retries.
    There is never one more; after each kill, up to 16 that may have been made count too, so there may be fewer."""
    max_time: Annotated[
        Seconds | None,
        crawl_flag("--max-time T", "stop after a time, such as 90, 5m or 2h"),
        Hints("closespider_timeout time_limit max_duration -m"),
    ] = None
    """Stop after this wall time (seconds). What is in flight then has 3 s to land; the rest stays pending."""
    max_bytes: Annotated[
        Size | None,
        crawl_flag("--max-bytes SIZE", "stop after so much was read, such as 500MB"),
        Hints("quota max_size"),
    ] = None
    """Stop after this many bytes of decoded bodies."""

    # what is made of its pages
    handlers: Annotated[
        str,
        page_flag(
            "--handlers FILE",
            "a Python file (or module) with functions marked @gossamer.on(PATTERN); what they yield goes to "
            "items.jsonl",
        ),
    ] = ""
    """A Python file, or a module by its dotted name, with functions marked `@gossamer.on(PATTERN)`. What they yield
    goes to `items.jsonl` ([how to](../how-to/extract-data.md))."""
    max_handler_errors: Annotated[
        Limit | None,
        page_flag("--max-handler-errors N", "stop after N pages failed in their handlers"),
        Hints("closespider_errorcount max_errors error_limit"),
    ] = None
    """Stop after this number of pages failed in their handlers, in one run."""
    near_duplicates: Annotated[
        bool,
        DOWNLOADS,
        page_flag("--near-duplicates", "tell at the end which pages have nearly the same text"),
        Hints("simhash minhash"),
    ] = False
    """Compare the visible text of pages by simhash and report at the end which are nearly the same ([how
    to](../how-to/find-near-duplicates.md)). Reading a page then takes about three times as long."""
    soft_404: Annotated[
        bool,
        page_flag(
            "--soft-404",
            "name pages that answer 200 but look like missing ones; asks each host for a page that cannot exist",
        ),
        Hints("detect_soft_404"),
    ] = False
    """Ask each host for a page that cannot exist, and report which pages look like the answer, or say that they do not
    exist ([how to](../how-to/find-soft-404s.md))."""

    # manners
    contact: Annotated[
        str,
        DOWNLOADS,
        manners_flag("--contact C", "your e-mail address or page, told to the sites"),
        Hints("email contact_email from mail"),
    ] = ""
    """Your e-mail address or the URL of your page, sent to the sites in the User-Agent."""
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
    """Pause between an answer of a host and the next request to it (seconds). `auto`: twice the time of the answer, at
    least 0.2 s and at most 60 s. A Crawl-delay in robots.txt counts where it is longer."""
    max_crawl_delay: Annotated[Seconds, Hints("autothrottle_max_delay max_delay")] = 30.0
    """Maximum Crawl-delay that is obeyed (seconds). Hosts that ask for more are skipped."""
    host_concurrency: Annotated[
        Limit,
        DOWNLOADS,
        manners_flag("--host-concurrency N", "requests to one host at once"),
        Hints("concurrent_requests_per_domain limit_per_host connections_per_host max_connections_per_host"),
    ] = 1
    """Maximum number of requests to one host at once."""
    ip_concurrency: Annotated[
        Limit | None,
        manners_flag(
            "--ip-concurrency N",
            "requests to one IP address at once, for hosts that share one (default: each host by itself)",
        ),
        Hints("concurrent_requests_per_ip"),
    ] = None
    """Maximum number of requests to one IP address at once; its hosts then share their pauses too. Unset, every host
    counts by itself. Only the first request to a host may come on top, before its address is known; such hosts count
    as one address. Not possible behind a proxy."""
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
    strict_robots: Annotated[
        bool,
        FIXED,
        manners_flag("--strict-robots", "fetch nothing from a host whose robots.txt is an HTML page"),
        Hints("robots_html"),
    ] = False
    """Fetch no page of a host whose robots.txt is an HTML page (`fail.robots_html`). Otherwise what of it are rules
    counts, as RFC 9309 (2.2) has it, which mostly is nothing; the summary names such hosts."""
    sitemaps: Annotated[
        bool,
        manners_flag("--no-sitemaps", "read no sitemaps"),
        Hints("sitemap sitemap_urls sitemap_follow use_sitemap"),
    ] = True
    """Read the sitemaps that robots.txt names, or else /sitemap.xml. They have links that no page has."""
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
    """Settings of some hosts that differ from those of all others: a table for each, with `delay`, `host_concurrency`,
    `max_crawl_delay` or `robots` ([more](configuration.md#some-hosts-otherwise))."""
    host_failures: Annotated[Count, Hints("max_host_errors")] = 8
    """Number of failures in a row (no connection, time-out, reset) after which robots.txt is requested as a sign of
    life. If that fails too, the host's other links fail as `fail.host_unreachable`. 0: never."""
    max_wait: Annotated[
        Seconds,
        DOWNLOADS,
        manners_flag(
            "--max-wait T", "when every host left asks to be left alone for longer than this, end; resume goes on later"
        ),
        Hints("max_retry_after retry_after retry_after_max max_backoff backoff_max"),
    ] = 300.0
    """Maximum time to wait, when nothing else is left to do, for a host that asks to be left alone (seconds). A
    Retry-After is obeyed however long it is: where every host left asks for a longer one, the crawl ends as `waiting`,
    and their links stay pending until it is resumed."""

    # each request
    timeout: Annotated[
        Timeout,
        DOWNLOADS,
        request_flag("--timeout T", "give up on an answer after this time"),
        Hints("download_timeout request_timeout read_timeout navigation_timeout page_timeout total_timeout sock_read"),
    ] = 30.0
    """Maximum time of a whole fetch (seconds)."""
    connect_timeout: Annotated[Timeout, DOWNLOADS, Hints("dns_timeout sock_connect")] = 10.0
    """Maximum time until a connection is there (seconds)."""
    max_body: Annotated[
        Size,
        DOWNLOADS,
        request_flag("--max-body SIZE", "give up on bodies larger than this"),
        Hints("download_maxsize max_file_size max_content_length max_response_size"),
    ] = 10 * 1024 * 1024
    """Maximum size of a body, as sent and as decoded (bytes). Larger ones fail. A sitemap may have 50 MiB."""
    max_redirects: Annotated[
        Hops,
        DOWNLOADS,
        Hints(
            "redirect_max_times redirect_enabled max_redirect max_redirs follow_redirects allow_redirects location -L"
        ),
    ] = 10
    """Maximum number of redirects in a row that are followed. Each is a fetch of its own, under scope, robots.txt and
    manners."""
    retries: Annotated[
        Count,
        DOWNLOADS,
        request_flag("--retries N", "try again so often after failures that may pass"),
        Hints(
            "max_retries retry retry_times retry_enabled retry_count tries attempts max_attempts "
            "max_request_retries waitretry"
        ),
    ] = 2
    """Number of further attempts after failures that may pass (408, 425, 429, 500, 502-504, 507, 520-524, time-outs,
    resets, cut bodies, name look-ups), after 1, 2, 4 … seconds and up to half as much again."""
    user_agent: Annotated[
        str,
        DOWNLOADS,
        request_flag("-U --user-agent UA", "the whole User-Agent (default: gossamer/VERSION)"),
        Hints("ua agent user_agent_string"),
    ] = ""
    """The whole User-Agent header. Default: `gossamer/VERSION (+CONTACT)`. The rules of robots.txt for
    this name apply."""
    headers: Annotated[
        Headers,
        DOWNLOADS,
        request_flag("-H --header 'N: V'", "send a header; again for more. Credentials go to the sites you name only"),
        Hints("default_request_headers extra_headers request_headers referer accept_language"),
    ] = ()
    """Headers to send, as pairs of name and value. Accept, Accept-Charset, Accept-Datetime, Accept-Encoding,
    Accept-Language, DNT, Referer and User-Agent go to every host, any other header to the seeds' origins only, and into
    no record. A User-Agent here is the `user_agent`."""
    logins: Annotated[Texts, DOWNLOADS] = ()
    """URLs with a user name and password (`https://user:password@example.org`), which are sent to the origin of each
    URL only (RFC 7617). What is special in a URL is written in percent-encoding. Those of seeds count too."""
    proxy: Annotated[
        str,
        DOWNLOADS,
        request_flag("--proxy URL", "fetch through a proxy"),
        Hints("proxies http_proxy https_proxy proxy_url proxy_configuration -x"),
    ] = ""
    """URL of a proxy to fetch through. Only the proxy's own address is then checked."""
    proxy_from_environment: Annotated[bool, DOWNLOADS, Hints("trust_env httpproxy_enabled")] = False
    """Use the proxies that `http_proxy`, `https_proxy` and similar variables name, except for the hosts in `no_proxy`:
    names with their subdomains, addresses, networks (CIDR), each perhaps with a port, or `*` for all."""
    allow_private: Annotated[
        Texts,
        DOWNLOADS,
        request_flag(
            "--allow-private HOST", "allow a host, address or network (CIDR) that is not public; again for more"
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
    """Verify the certificates of servers. No flag turns this off."""
    ca_file: Annotated[
        str,
        DOWNLOADS,
        request_flag("--ca-file FILE", "trust the CA certificates in a file too"),
        Hints("cacert ca_certificate ca_bundle"),
    ] = ""
    """A file of CA certificates (PEM) that are trusted beside the usual ones: those that come with gossamer (certifi),
    the system's, and those in the files that SSL_CERT_FILE, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE name."""

    # speed
    concurrency: Annotated[
        Limit | None,
        DOWNLOADS,
        speed_flag(
            "-c --concurrency N",
            "requests at once, to all hosts together (default: asyncio 64, threads 8, processes and shards 64 each)",
        ),
        Hints(
            "concurrent_requests max_workers max_concurrency max_connections max_threads threads num_threads "
            "connections sockets pool_size pool_maxsize parallel parallel_max semaphore limit limits"
        ),
    ] = None
    """Maximum number of requests to all hosts at once. Default: asyncio 64, threads 8, inline 1, processes 64 for each
    worker, cluster 64 for each shard."""
    workers: Annotated[
        Limit | None,
        speed_flag(
            "--workers N", "processes that fetch and read, with -e processes (default: one a processor) or cluster"
        ),
        Hints("max_workers processes num_processes jobs"),
    ] = None
    """Number of processes that fetch and read pages, on the engine `processes`. Default: one for each processor. On the
    engine `cluster` so many for each shard that a worker has; by default the worker itself does it."""
    shards: Annotated[
        Limit | None,
        FIXED,
        speed_flag("--shards N", "parts of a crawl that workers share out, with -e cluster (default: 8)"),
        Hints("partitions slices buckets"),
    ] = None
    """Number of parts into which a crawl on the engine `cluster` is divided by its hosts; each is crawled by one worker
    at a time. Two to four for each worker that may ever help are good; more cost processor time. Default: 8."""
    place: Annotated[
        str | None,
        speed_flag("--place P", "where workers start, with -e cluster: local:N, ray[:ADDRESS]:N or none"),
        Hints("cluster nodes machines ray_address"),
    ] = None
    """Where the command starts workers on the engine `cluster`: `local:N` are N processes of this machine, `ray:N` or
    `ray:ADDRESS:N` are N actors of a Ray cluster (`gossamer[ray]`), and with `none` you start all of them
    (`gossamer worker`). Default: `local`, one worker for each processor."""
    cpu_workers: Annotated[
        Count,
        speed_flag(
            "--cpu-workers N", "processes that read large pages for any engine, within limits of time and memory"
        ),
        Hints("parser_workers process_pool"),
    ] = 0
    """Number of processes that read large pages for any engine ([choose an engine](../how-to/choose-an-engine.md)). 0:
    none."""
    handler_timeout: Annotated[
        Seconds,
        speed_flag("--handler-timeout S", "longest time that a worker process may read a page"),
        Hints("callback_timeout request_handler_timeout"),
    ] = 60.0
    """Maximum time for which a worker process may read one page before it is killed, and an `async def` handler may run
    on any engine (seconds). The page has then failed. 0: no limit."""
    worker_memory: Annotated[
        Size,
        speed_flag("--worker-memory SIZE", "memory of each process that reads pages; a page that needs more fails"),
        Hints("memusage_limit_mb memusage_enabled memory memory_limit memory_mbytes"),
    ] = 2 * 1024 * 1024 * 1024
    """Maximum memory of a worker process (bytes), at least 256 MB. A page that needs more fails. 0: no limit."""

    # results
    keep_skipped: Annotated[
        bool,
        result_flag("--no-skipped", "do not write skipped.jsonl, the links that were refused"),
    ] = True
    """Record every refused link in `skipped.jsonl`, with its reason and a page that has it, up to 128 MiB
    ([more](outputs.md#refused-links)). `gossamer explain` names that page."""
    text: Annotated[
        Literal["main", "article", "fast", "all"],
        result_flag(
            "--text T", "text of pages: main, article (trafilatura), fast (resiliparse) or all that can be seen"
        ),
        Hints("extractor readability main_content only_main_content"),
    ] = "main"
    """What the text of a page is: `main` (without menus, headers, footers and offers), `article` (by trafilatura) or
    `fast` (plain, by resiliparse), which need `gossamer[text]`, or `all` that is visible."""
    events: Annotated[
        str,
        result_flag(
            "--events FILE", "append what happens to a file, as lines of JSON, one a second and more; - for stdout"
        ),
        Hints("event_log ndjson"),
    ] = ""
    """A file to which what happens is appended, as lines of JSON: the state of the crawl once a second, hosts that
    pause or are closed, problems, start and end ([events](events.md)). `-` stands for stdout."""
    journal: Annotated[
        str,
        FIXED,
        result_flag("--journal URL", "keep the journal in PostgreSQL, not in DIR: postgresql://user@host/database"),
        Hints("database database_url db storage queue redis_url"),
    ] = ""
    """The PostgreSQL database that keeps the journal, in place of a file in the crawl's directory:
    `postgresql://user@host:5432/database`. The crawl gets a schema of its own there, named after its directory; a
    `?schema=name` at the end names another. The password comes from `PGPASSWORD` or `~/.pgpass`. It needs
    `gossamer[cluster]`."""
    store: Annotated[
        str,
        FIXED,
        result_flag("--store URL", "write results there, in parts: s3://bucket/prefix; the journal stays in DIR"),
        Hints("s3 bucket remote upload object_storage output_url"),
    ] = ""
    """The place where results are written, as files that are finished every half a minute and never changed
    ([parts](../how-to/keep-outputs-in-s3.md)): `s3://bucket/prefix`, `file:///somewhere` or any other URL that fsspec
    reaches. The journal stays in the crawl's directory. `-o URL` says the same with a directory named after the site.
    It needs `gossamer[remote]`."""

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
