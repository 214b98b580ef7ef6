"""The reasons: why a URL was refused, postponed or failed, and why a crawl waits or ended.

Each reason has a stable code (its value), one plain sentence, and an anchor in `docs/reference/reasons.md`.
The terminal, the JSON files, the report and the benchmark all use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a URL was refused or failed, by its stable code."""

    SKIP_SCOPE = "skip.scope"
    SKIP_SCHEME = "skip.scheme"
    SKIP_ROBOTS = "skip.robots"
    SKIP_NOFOLLOW = "skip.nofollow"
    SKIP_DEPTH = "skip.depth"
    SKIP_EXCLUDED = "skip.excluded"
    SKIP_NOT_INCLUDED = "skip.not_included"
    SKIP_TRAP = "skip.trap"
    SKIP_TOO_LONG = "skip.too_long"
    SKIP_INVALID = "skip.invalid"
    SKIP_LIMIT = "skip.limit"
    SKIP_CRAWL_DELAY = "skip.crawl_delay"
    FAIL_DNS = "fail.dns"
    FAIL_CONNECT = "fail.connect"
    FAIL_TLS = "fail.tls"
    FAIL_TIMEOUT = "fail.timeout"
    FAIL_RESET = "fail.reset"
    FAIL_PROTOCOL = "fail.protocol"
    FAIL_PROXY = "fail.proxy"
    FAIL_REFUSED = "fail.refused"
    FAIL_HTTP_4XX = "fail.http_4xx"
    FAIL_HTTP_5XX = "fail.http_5xx"
    FAIL_TRUNCATED = "fail.truncated"
    FAIL_TOO_LARGE = "fail.too_large"
    FAIL_BAD_ENCODING = "fail.bad_encoding"
    FAIL_ADDRESS_REFUSED = "fail.address_refused"
    FAIL_HOST_UNREACHABLE = "fail.host_unreachable"
    FAIL_ROBOTS_UNREACHABLE = "fail.robots_unreachable"
    FAIL_ROBOTS_HTML = "fail.robots_html"
    FAIL_REDIRECT_LOOP = "fail.redirect_loop"
    FAIL_TOO_MANY_REDIRECTS = "fail.too_many_redirects"
    FAIL_BAD_REDIRECT = "fail.bad_redirect"
    FAIL_LOCAL = "fail.local"
    FAIL_HANDLER = "fail.handler"
    FAIL_HANDLER_TIMEOUT = "fail.handler_timeout"
    FAIL_HANDLER_MEMORY = "fail.handler_memory"
    FAIL_WORKER_DIED = "fail.worker_died"
    FAIL_BUG = "fail.bug"
    FAIL_BLOCKED = "fail.blocked"
    FAIL_PAUSED = "fail.paused"

    @property
    def sentence(self) -> str:
        """Return the reason as one plain sentence."""
        return _SENTENCES[self]

    @property
    def anchor(self) -> str:
        """Return the anchor of the reason in `docs/reference/reasons.md`."""
        return self.value.replace(".", "-").replace("_", "-")


class StartProblem(StrEnum):
    """Why a start page leads to no other page, or (login, shell) to few of those that were meant."""

    LOGIN = "login"
    ELSEWHERE = "elsewhere"
    NOT_HTML = "not_html"
    NEEDS_JS = "needs_js"
    SHELL = "shell"
    EMPTY = "empty"
    LINKS_ELSEWHERE = "links_elsewhere"
    NOT_FOLLOWED = "not_followed"
    NO_LINKS = "no_links"

    @property
    def sentence(self) -> str:
        """Return it in one plain sentence."""
        return _START[self]


class Waiting(StrEnum):
    """What a slot of the crawl spends its time on. The category with the most time is the limiting factor."""

    POLITENESS = "wait.politeness"
    CRAWL_DELAY = "wait.crawl_delay"
    RETRY_AFTER = "wait.retry_after"
    RETRY = "wait.retry"
    ROBOTS = "wait.robots"
    SERVER = "wait.server"
    CONCURRENCY = "wait.concurrency"
    CPU = "wait.cpu"
    DISK = "wait.disk"
    START = "wait.start"
    NO_WORK = "wait.no_work"

    @property
    def sentence(self) -> str:
        """Return the category in plain words."""
        return _WAITING[self]


class FinishReason(StrEnum):
    """Why a crawl ended."""

    COMPLETE = "complete"
    PAGE_LIMIT = "page_limit"
    REQUEST_LIMIT = "request_limit"
    TIME_LIMIT = "time_limit"
    BYTE_LIMIT = "byte_limit"
    HANDLER_ERRORS = "handler_errors"
    STOPPED = "stopped"
    WAITING = "waiting"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    NOTHING_FETCHED = "nothing_fetched"
    ERROR = "error"

    @property
    def sentence(self) -> str:
        """Return the reason in plain words."""
        return _FINISH[self]


_SENTENCES: dict[Reason, str] = {
    Reason.SKIP_SCOPE: "The link leads outside the scope of this crawl.",
    Reason.SKIP_SCHEME: "The link is not http or https.",
    Reason.SKIP_ROBOTS: "The site's robots.txt asks crawlers not to fetch it.",
    Reason.SKIP_NOFOLLOW: "The page marks the link (or all its links) as nofollow.",
    Reason.SKIP_DEPTH: "It is more links away from the seeds than the depth limit allows.",
    Reason.SKIP_EXCLUDED: "An --exclude pattern matches it.",
    Reason.SKIP_NOT_INCLUDED: "No --include pattern matches it.",
    Reason.SKIP_TRAP: "It looks like part of an endless set of pages.",
    Reason.SKIP_TOO_LONG: "The URL is longer than the limit.",
    Reason.SKIP_INVALID: "The link is not a valid URL.",
    Reason.SKIP_LIMIT: "A limit on links per page was reached before it.",
    Reason.SKIP_CRAWL_DELAY: "The site's Crawl-delay is longer than the crawl is willing to wait.",
    Reason.FAIL_DNS: "The host name could not be resolved.",
    Reason.FAIL_CONNECT: "No connection to the server could be made.",
    Reason.FAIL_TLS: "The secure connection failed (certificate or handshake).",
    Reason.FAIL_TIMEOUT: "The server took longer than the time limit.",
    Reason.FAIL_RESET: "The server closed the connection without a complete answer.",
    Reason.FAIL_PROTOCOL: "The server's answer was not valid HTTP, or not one to the request that was made.",
    Reason.FAIL_PROXY: "The proxy refused to pass the request on, or wants a login.",
    Reason.FAIL_REFUSED: "The server refuses it, or wants a login (401, 403, 407, 429).",
    Reason.FAIL_HTTP_4XX: "The server says there is no such page (status 4xx).",
    Reason.FAIL_HTTP_5XX: "The server reports an error of its own (status 5xx).",
    Reason.FAIL_TRUNCATED: "The body ended before its announced length.",
    Reason.FAIL_TOO_LARGE: "The body is larger than the limit.",
    Reason.FAIL_BAD_ENCODING: "The body could not be decompressed.",
    Reason.FAIL_ADDRESS_REFUSED: "The host's address is private or special; --allow-private names exceptions.",
    Reason.FAIL_HOST_UNREACHABLE: "The host stopped answering, and was given up for this crawl.",
    Reason.FAIL_ROBOTS_UNREACHABLE: "robots.txt could not be fetched, so no page of the host may be.",
    Reason.FAIL_ROBOTS_HTML: "robots.txt is an HTML page, and --strict-robots takes that for unknown rules.",
    Reason.FAIL_REDIRECT_LOOP: "The page redirects to itself.",
    Reason.FAIL_TOO_MANY_REDIRECTS: "The chain of redirects is longer than the limit.",
    Reason.FAIL_BAD_REDIRECT: "The redirect has no usable target.",
    Reason.FAIL_LOCAL: "This machine ran out of something (sockets, descriptors, memory) while fetching.",
    Reason.FAIL_HANDLER: "The handler of the page raised an exception, or yielded what is no item.",
    Reason.FAIL_HANDLER_TIMEOUT: "Reading the page in a worker process took longer than the time limit.",
    Reason.FAIL_HANDLER_MEMORY: "Reading the page took more memory than a worker process may have.",
    Reason.FAIL_WORKER_DIED: "The worker process that read the page died of it, twice.",
    Reason.FAIL_BUG: "gossamer itself failed on this page; please report it.",
    Reason.FAIL_BLOCKED: "Instead of the page came a check for bots or a block page.",
    Reason.FAIL_PAUSED: "The host asked to be left alone for longer than --max-wait.",
}

_WAITING: dict[Waiting, str] = {
    Waiting.POLITENESS: "sparing the servers: a rest between requests, few at once (--delay, --host-concurrency)",
    Waiting.CRAWL_DELAY: "resting as long as a robots.txt asks (Crawl-delay)",
    Waiting.RETRY_AFTER: "waiting because a server said to come back later",
    Waiting.RETRY: "waiting a little before asking again for what failed",
    Waiting.ROBOTS: "waiting for a robots.txt",
    Waiting.SERVER: "waiting for the servers to answer",
    Waiting.CONCURRENCY: "too few requests at once: servers answer quickly (--host-concurrency, -c)",
    Waiting.CPU: "reading pages and deciding (this machine's processor)",
    Waiting.DISK: "writing results to disk",
    Waiting.START: "starting worker processes",
    Waiting.NO_WORK: "nothing to do: fewer links known than could be fetched at once",
}

_START: dict[StartProblem, str] = {
    StartProblem.LOGIN: "The start page is a login form.",
    StartProblem.ELSEWHERE: "The seed redirects to another site, of which only this page was fetched.",
    StartProblem.NOT_HTML: "The start page is no HTML: links are read from HTML only.",
    StartProblem.NEEDS_JS: "The links of the start page appear only with JavaScript, which gossamer does not run.",
    StartProblem.SHELL: "The start page has little but its frame without JavaScript, which gossamer does not run.",
    StartProblem.EMPTY: "The start page is empty.",
    StartProblem.LINKS_ELSEWHERE: "All links of the start page lead out of the scope.",
    StartProblem.NOT_FOLLOWED: "None of the links of the start page may be followed (nofollow, --exclude, a limit).",
    StartProblem.NO_LINKS: "The start page has no links.",
}

_FINISH: dict[FinishReason, str] = {
    FinishReason.COMPLETE: "every link in scope was visited",
    FinishReason.PAGE_LIMIT: "the page limit was reached",
    FinishReason.REQUEST_LIMIT: "the request limit was reached",
    FinishReason.TIME_LIMIT: "the time limit was reached",
    FinishReason.BYTE_LIMIT: "the byte limit was reached",
    FinishReason.HANDLER_ERRORS: "too many pages failed in their handlers",
    FinishReason.STOPPED: "it was stopped",
    FinishReason.WAITING: "every host left asks to be left alone for longer than --max-wait",
    FinishReason.BLOCKED: "robots.txt or a check for bots keeps this crawler out, or no rules could be read",
    FinishReason.UNREACHABLE: "no server could be reached",
    FinishReason.NOTHING_FETCHED: "nothing useful could be fetched",
    FinishReason.ERROR: "an error ended it",
}


IN_HANDLERS: Final = frozenset(
    (Reason.FAIL_HANDLER, Reason.FAIL_HANDLER_TIMEOUT, Reason.FAIL_HANDLER_MEMORY, Reason.FAIL_WORKER_DIED)
)
"""The reasons that count for `max_handler_errors`: an exception, or a worker process that ended in a handler."""

KEPT_OUT: Final = frozenset((Reason.FAIL_REFUSED, Reason.FAIL_BLOCKED))
"""The reasons of pages that a server keeps from crawlers, or behind a login: people may well see them."""


def kept_out(by_reason: Mapping[str, int]) -> int:
    """Return the number of pages that servers refused, hid behind a check for bots, or that need a login."""
    return sum([by_reason.get(reason.value, 0) for reason in KEPT_OUT])
