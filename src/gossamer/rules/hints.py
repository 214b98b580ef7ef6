"""Suggestions for unknown names of settings, which often are the words of another crawler or HTTP client.

The words for a setting stand beside its field (`Hints` in `policy.py`); here is the answer to those that no setting
stands for. Words count as equal whatever their case, dashes and underscores: DOWNLOAD_DELAY is --download-delay. Short
flags, such as -r of wget, count as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from gossamer.rules.setting import Setting

_TOPICS: Final[Mapping[str, str]] = {
    "callback callbacks cb_kwargs errback parse parse_item parse_page on_page rules request_handler default_handler "
    "router item_pipelines pipelines pipeline":
        "Functions for pages are handlers: mark them with @crawler.on(PATTERN), or with @gossamer.on(PATTERN) in a "
        "file that {handlers} names (docs/how-to/extract-data.md).",
    "middleware middlewares downloader_middlewares spider_middlewares extensions hooks event_hooks":
        "gossamer has no middlewares: handlers read pages and follow further links (docs/how-to/extract-data.md), "
        "settings do the rest.",
    "cookie cookies cookies_enabled cookies_debug cookie_jar load_cookies save_cookies session session_pool "
    "use_session_pool":
        "gossamer keeps no cookies yet: write a Cookie header into {headers}; it goes to the sites of the seeds only.",
    "auth basic_auth authorization bearer credentials http_user http_password http_pass user password netrc":
        "Credentials are a header: write Authorization into {headers}; it goes to the sites of the seeds only. "
        "A user name and password may stand in the URL too: https://user:password@example.org/.",
    "cache httpcache httpcache_enabled httpcache_dir httpcache_expiration_secs no_cache use_cache "
    "timestamping newer if_modified_since etag_compare incremental -N":
        "gossamer has no cache: to ask again only for what has changed, update a crawl with `gossamer crawl --update "
        "DIR` or Crawler.update (docs/how-to/update-a-crawl.md).",
    "jobdir continue continue_at resume purge_on_start persist_storage":
        "A crawl with a directory goes on wherever it ended, with `gossamer resume DIR` or Crawler.resume "
        "(docs/how-to/stop-and-resume.md).",
    "recursive recursion follow_links -r":
        "A crawl follows links anyway; {max_depth} says how far.",
    "format feeds feed_uri feed_format feed_export_fields output output_file output_dir output_format output_document "
    "directory_prefix storage_dir dataset export_path files_store":
        "Results go where a directory is named (directory= in Python, -o DIR on the command line), in the formats "
        "asked for (formats=, -f).",
    "mirror convert_links adjust_extension html_extension backup_converted":
        "gossamer makes no copy to browse offline: it leaves pages as they are "
        "(docs/how-to/write-warc-and-parquet.md says how to keep them).",
    "transport connector adapter adapters mounts http_client client app":
        "gossamer fetches with libcurl; in tests a web of yours takes its place (docs/how-to/test-your-code.md).",
    "cert client_cert client_certificate private_key":
        "gossamer presents no client certificates yet; let a proxy do so, and name it in {proxy}.",
    "retry_http_codes status_forcelist backoff_factor retry_delay retry_max_time retry_all_errors":
        "Which failures are tried again, and when, is fixed: {retries} says how often (docs/reference/reasons.md).",
    "limit_rate max_rate bandwidth max_bandwidth":
        "gossamer does not limit bytes a second: {delay} is the rest between requests, {host_concurrency} how many run "
        "at once.",
    "method data json params form form_data post_data post":
        "gossamer only asks by GET: write parameters into the URL.",
    "javascript render render_js headless browser browser_type playwright selenium splash wait_until":
        "gossamer runs no JavaScript: it reads pages as servers send them.",
    "priority depth_priority scheduler scheduler_order dfs bfs breadth_first depth_first":
        "A crawl has no priorities: it takes links as they were found, and with {max_depth} strictly breadth first.",
    "loop event_loop reactor twisted_reactor executor backend":
        "How a crawl runs is its engine: asyncio, threads, processes or inline (engine= in Python, -e on the command "
        "line; docs/how-to/choose-an-engine.md).",
    "log_level log_file log_enabled debug":
        "What is shown is a choice of the command line: -v a line for every page, -q nothing but errors.",
    "http2 http1 http_version":
        "HTTP/2 is spoken wherever a server offers it; there is nothing to set.",
    "dont_filter dupefilter dupefilter_class unique_key":
        "A crawl fetches every URL once; an update asks again (docs/how-to/update-a-crawl.md).",
}  # fmt: skip
"""What is to be said of words that stand for no setting; {…} is a setting as the caller writes it."""


class _Spelled(dict[str, str]):
    """Settings as a caller writes them; one that cannot be written there goes by its own name."""

    def __missing__(self, name: str) -> str:
        return name


def hint(
    word: str,
    settings: Mapping[str, Setting],
    spelled: Mapping[str, str],
    *,
    near: Mapping[str, str] | None = None,
    cutoff: float = 0.6,
) -> str:
    """Return a sentence about what an unknown word probably means; empty for no idea.

    `spelled` has those of the settings that may be named in its place, as the caller writes them. Where no tool is
    known to use the word, the most similar one of these counts, or of `near` instead, from a likeness of `cutoff` on
    (0 to 1).
    """
    key, names = _key(word), spelled if near is None else near
    if same := next((name for name in names if _key(name) == key), None):
        return f"Did you mean {names[same]}?"
    if meant := [name for name in spelled if key in map(_key, (name, *settings[name].hints))]:
        return f"Did you mean {' or '.join(_choice(settings[name], spelled[name], meant) for name in meant)}?"
    for words, sentence in _TOPICS.items():
        if spelled and key in map(_key, words.split()):
            return sentence.format_map(_Spelled(spelled))
    if spelled and (elsewhere := [setting for setting in settings.values() if key in map(_key, setting.hints)]):
        flags = [setting.flag.spellings[-1] for setting in elsewhere if setting.flag and word.startswith("-")]
        return (
            f"A crawl calls it {' or '.join(flags or [setting.name for setting in elsewhere])}; it means nothing here."
        )
    close = get_close_matches(word.lstrip("-"), names, 1, cutoff)
    return f"Did you mean {names[close[0]]}?" if close else ""


def _choice(setting: Setting, spelled: str, meant: list[str]) -> str:
    """Return a setting as the caller writes it; with its meaning, where there are several to choose from."""
    return f"{spelled} ({setting.flag.meaning})" if setting.flag and len(meant) > 1 else spelled


def _key(word: str) -> str:
    """Return what two spellings of a word have in common; a short flag stays as it is."""
    if word.startswith("-") and not word.startswith("--") and len(word) <= 3:
        return word
    return word.replace("-", "").replace("_", "").lower()
