"""What can be done about a URL that has no page, for each reason: in `gossamer explain`, and in the reference."""

from __future__ import annotations

import re
from typing import Final

from gossamer.values.reasons import Reason

ADVICE: Final[dict[str, str]] = {
    "skip.scope": "Widen it with `--scope domain` or `any`, or name the other site as a second seed.",
    "skip.scheme": (
        "Nothing to do: gossamer reads the web, not FTP or files. What leads to no page by its nature (`mailto:`, "
        "`tel:`, `javascript:`, `data:`, `about:`, `blob:`) is not counted as a link."
    ),
    "skip.robots": "Respect it, or ask the site's owner. On a site of your own, `--no-robots` ignores the file.",
    "skip.nofollow": "`--follow-nofollow` follows such links too.",
    "skip.depth": "Raise `--max-depth` (`-d`).",
    "skip.excluded": "Narrow the pattern. Exclude wins over include.",
    "skip.not_included": (
        "Add a pattern. A pattern that starts with `/` is compared with path and query, any other with the whole URL."
    ),
    "skip.trap": (
        "Endless calendars, random URLs on pages that say nothing new, and the like, named in the summary. If they "
        "have an end, raise `--trap-budget`; `--no-traps` follows them all, then bound the crawl with "
        "`--max-pages` or `--max-depth`."
    ),
    "skip.too_long": "Usually a page that links to itself with an ever longer query. `max_url_length` sets the limit.",
    "skip.invalid": "Mend the link if the page is yours.",
    "skip.limit": "Raise `max_links_per_page`.",
    "skip.crawl_delay": "Raise `max_crawl_delay` if you have the time the site asks for.",
    "fail.dns": "Check the spelling and whether this machine is online.",
    "fail.connect": "Check that the server runs and that the port is right; a firewall may be in between.",
    "fail.tls": "An expired or self-signed certificate, mostly. Name your own CA with `ca_file`.",
    "fail.timeout": "Raise `--timeout`, or ask the server less at once: a longer `--delay`.",
    "fail.reset": "The server or something before it hung up. It was tried again already (`--retries`).",
    "fail.protocol": (
        "Look at the server: is it speaking HTTP on that port at all? With a status (206, 304, 412, 416) it "
        "answered a request for a part or for changes, though the whole page was asked for; mostly a cache in "
        "between."
    ),
    "fail.proxy": (
        "Name the proxy with its login, `--proxy http://USER:PASSWORD@HOST:PORT`, or one that lets you through. "
        "The site was not asked."
    ),
    "fail.refused": (
        "No broken link: people with an account, or a browser, may well see it. The exit code stays 0 unless "
        "`--strict` is given. A 429 was tried again; a longer `--delay` avoids it."
    ),
    "fail.http_4xx": "A broken link if the page is yours; `via` in its record names a page that links to it.",
    "fail.http_5xx": "Look at the server's own log. Statuses that may pass were tried again (`--retries`).",
    "fail.truncated": "An incomplete page is never recorded as done. It was tried again already.",
    "fail.too_large": (
        "Raise `--max-body`. A body that expands to more than 10 MiB and 200 times its size is refused all the same."
    ),
    "fail.bad_encoding": "The server says gzip, brotli or zstd and sends something else; look at its configuration.",
    "fail.address_refused": (
        "On purpose: a link must not lead a crawler into your own network. `--allow-private` names a host, an "
        "address or a network that is meant ([safety](../explanation/safety.md))."
    ),
    "fail.host_unreachable": (
        "Nobody asked for this link: so many before it failed in a row (`host_failures`), and then robots.txt, "
        "that the server must be down or keep this crawler out. Crawl again later."
    ),
    "fail.robots_unreachable": "RFC 9309 forbids guessing while robots.txt answers with an error. Try again later.",
    "fail.robots_html": (
        "A site that answers every path with its app, mostly. Leave out `--strict-robots` to obey what of it are "
        "rules, which mostly is nothing."
    ),
    "fail.redirect_loop": "Mend the redirect if the site is yours; often a cookie is expected.",
    "fail.too_many_redirects": "Raise `max_redirects`, or mend the chain if the site is yours.",
    "fail.bad_redirect": (
        "The Location header is missing, is no http(s) URL, or is there several times with different values (see "
        "`detail`); mend it if the site is yours."
    ),
    "fail.local": "Lower `--concurrency`, or raise the machine's limit of open files (`ulimit -n`).",
    "fail.handler": (
        "`detail` in the record has the end of the traceback, or says what was no item. None of the page's items "
        "is recorded; its links are followed. Mend the handler; a page that has failed is not visited again by "
        "`resume`."
    ),
    "fail.handler_timeout": (
        "An endless loop, mostly, or a service that does not answer. Raise `handler_timeout` if the work is meant "
        "to take long."
    ),
    "fail.handler_memory": "Raise `--worker-memory` if the page is meant to need so much.",
    "fail.worker_died": (
        "Native code crashed, or the system ended the process for its memory; `detail` in the record says how it ended."
    ),
    "fail.bug": "`detail` in the record has the traceback.",
    "fail.blocked": (
        "Told by several signs at once: the words of the page, its scripts, and the headers of well-known services "
        "against bots. gossamer does not break such checks; ask the site's owner to let your User-Agent in. No "
        "broken link: the exit code stays 0 unless `--strict` is given, or no page came at all."
    ),
    "fail.paused": (
        "A download (`fetch_all`, `gossamer fetch`) that was never begun, because of a Retry-After; `detail` in "
        "the record says how long it still is. Ask again later, or raise `--max-wait`."
    ),
}
"""The advice by the code of the reason, in Markdown."""

_LINK: Final = re.compile(r" \(\[[^\]]*\]\([^)]*\)\)")


def advice_on(reason: Reason) -> str:
    """Return what can be done about a URL without a page, in plain text."""
    return _LINK.sub("", ADVICE[reason.value]).replace("`", "")
