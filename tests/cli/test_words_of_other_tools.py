"""Who names a setting as another tool does is told its name here, wherever settings are named."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import gossamer
from gossamer.cli import arguments
from gossamer.cli.settings import gather
from gossamer.rules import hints
from gossamer.rules.policy import SETTINGS, Policy
from gossamer.rules.setting import DOWNLOADS
from gossamer.testing import RecordedFetcher
from gossamer.values.errors import UserError

HOME = Path(__file__).parents[2]
SCRAPY = {
    "ALLOWED_DOMAINS": "scope include",
    "AUTOTHROTTLE_ENABLED": "delay",
    "CLOSESPIDER_ERRORCOUNT": "max_handler_errors",
    "CLOSESPIDER_PAGECOUNT": "max_pages",
    "CLOSESPIDER_TIMEOUT": "max_time",
    "CONCURRENT_REQUESTS": "concurrency",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "host_concurrency",
    "CONCURRENT_REQUESTS_PER_IP": "ip_concurrency",
    "DEFAULT_REQUEST_HEADERS": "headers",
    "DEPTH_LIMIT": "max_depth",
    "DNS_TIMEOUT": "connect_timeout",
    "DOWNLOAD_DELAY": "delay",
    "DOWNLOAD_MAXSIZE": "max_body",
    "DOWNLOAD_TIMEOUT": "timeout",
    "MEMUSAGE_LIMIT_MB": "worker_memory",
    "REDIRECT_MAX_TIMES": "max_redirects",
    "RETRY_TIMES": "retries",
    "ROBOTSTXT_OBEY": "robots",
    "URLLENGTH_LIMIT": "max_url_length",
    "start_urls": "seeds",
}
LIBRARIES = {
    "allow_redirects": "max_redirects",
    "follow_redirects": "max_redirects",
    "limit_per_host": "host_concurrency",
    "max_connections": "concurrency",
    "max_retries": "retries",
    "max_workers": "concurrency workers",
    "pool_maxsize": "concurrency",
    "proxies": "proxy",
    "sock_connect": "connect_timeout",
    "sock_read": "timeout",
    "trust_env": "proxy_from_environment",
    "verify": "verify_tls",
    "verify_ssl": "verify_tls",
}
CRAWLEE = {
    "maxConcurrency": "concurrency",
    "maxCrawlDepth": "max_depth",
    "maxRequestRetries": "retries",
    "maxRequestsPerCrawl": "max_requests",
    "max_tasks_per_minute": "delay",
    "navigation_timeout": "timeout",
    "respect_robots_txt_file": "robots",
    "userAgent": "user_agent",
}
COMMANDS = {
    "cacert": "ca_file",
    "exclude-directories": "exclude",
    "insecure": "verify_tls",
    "level": "max_depth",
    "max-filesize": "max_body",
    "max-redirs": "max_redirects",
    "no-check-certificate": "verify_tls",
    "no-parent": "scope",
    "quota": "max_bytes",
    "reject": "exclude",
    "retry": "retries",
    "sockets": "concurrency",
    "span-hosts": "scope",
    "tries": "retries",
    "ua": "user_agent",
    "wait": "delay",
}
WORDS = SCRAPY | LIBRARIES | CRAWLEE | COMMANDS
OTHERWISE = {
    "callback": "are handlers: mark them with @crawler.on(PATTERN)",
    "cookies": "keeps no cookies yet: write a Cookie header into",
    "auth": "Credentials are a header: write Authorization into",
    "httpcache-enabled": "has no cache: to ask again only for what has changed, update a crawl",
    "jobdir": "goes on wherever it ended, with `gossamer resume DIR`",
    "recursive": "A crawl follows links anyway",
    "feeds": "Results go where a directory is named",
    "convert-links": "makes no copy to browse offline",
    "limit-rate": "does not limit bytes a second",
    "post-data": "only asks by GET",
    "headless": "runs no JavaScript",
    "log-level": "a choice of the command line",
}


def sentence(call: Callable[[], Any]) -> str:
    with pytest.raises(UserError) as refused:
        call()
    return str(refused.value).partition("\nTry: ")[0]


def in_a_file(word: str, directory: Path) -> str:
    (directory / "gossamer.toml").write_text(f"{word} = 1\n")
    return sentence(lambda: gather(Namespace(), {}, directory))


def in_the_environment(word: str, directory: Path) -> str:
    name = f"GOSSAMER_{word.upper().replace('-', '_')}"
    return sentence(lambda: gather(Namespace(), {name: "1"}, directory / "empty"))


def as_a_flag(word: str, *command: str) -> str:
    return sentence(lambda: arguments.read([*command, f"--{word.replace('_', '-').lower()}", "1"]))


@pytest.mark.parametrize(("word", "meant"), WORDS.items())
def test_the_word_of_another_tool_leads_to_the_setting_everywhere(word: str, meant: str, tmp_path: Path) -> None:
    names = meant.split()
    for answer in (sentence(lambda: Policy.of({word: 1})), in_a_file(word, tmp_path)):
        assert re.findall(r"'(\w+)'", answer.partition("Did you mean ")[2]) == names
    answer = in_the_environment(word, tmp_path)
    assert re.findall(r"GOSSAMER_(\w+)", answer.partition("Did you mean ")[2]) == [name.upper() for name in names]
    answer = as_a_flag(word, "crawl", "example.org").partition("Did you mean ")[2]
    for name in names:
        flag = SETTINGS[name].flag
        assert (flag.spellings[-1] if flag else "the URLs" if name == "seeds" else f"{name} in gossamer.toml") in answer


@pytest.mark.parametrize(("word", "answer"), OTHERWISE.items())
def test_a_word_for_what_is_no_setting_is_answered_everywhere(word: str, answer: str, tmp_path: Path) -> None:
    assert answer in sentence(lambda: Policy.of({word.replace("-", "_"): 1}))
    assert answer in in_a_file(word, tmp_path)
    assert answer in in_the_environment(word, tmp_path)
    assert answer in as_a_flag(word, "crawl", "example.org")


def test_the_answer_is_a_sentence_in_the_words_of_the_caller(tmp_path: Path) -> None:
    assert sentence(lambda: Policy.of({"max_workers": 4})) == (
        "There is no setting 'max_workers'. "
        "Did you mean 'concurrency' (requests at once) or 'workers' (processes that fetch and read)?"
    )
    assert as_a_flag("max-workers", "crawl", "example.org") == (
        "There is no option --max-workers. "
        "Did you mean --concurrency (requests at once) or --workers (processes that fetch and read)?"
    )
    assert as_a_flag("cookies", "fetch", "example.org") == (
        "There is no option --cookies. "
        "gossamer keeps no cookies yet: write a Cookie header into --header; it goes to the sites of the seeds only."
    )
    assert in_the_environment("depth_limit", tmp_path) == (
        "GOSSAMER_DEPTH_LIMIT is not a setting. Did you mean GOSSAMER_MAX_DEPTH?"
    )
    assert sentence(lambda: Policy.of({"hosts": {"a.example": {"download_delay": 1}}})) == (
        "hosts, a.example: no host has a setting 'download_delay'. Did you mean 'delay'?"
    )


def test_every_call_that_takes_settings_understands_them(tmp_path: Path) -> None:
    seed, path = "https://a.example/", tmp_path / "a.crawl"
    web = RecordedFetcher({seed: "<p>Nothing else"})
    gossamer.Crawler(seed, directory=path, delay=0, fetcher=web).run()
    calls: list[Callable[..., Any]] = [
        lambda **fields: gossamer.crawl(seed, **fields),
        lambda **fields: gossamer.Crawler(seed, **fields),
        lambda **fields: gossamer.Crawler.resume(path, **fields),
        lambda **fields: gossamer.Crawler.update(path, **fields),
        lambda **fields: gossamer.fetch_all([seed], **fields),
    ]
    for call in calls:
        assert sentence(partial(call, max_retries=1)) == ("There is no setting 'max_retries'. Did you mean 'retries'?")


def test_a_word_for_what_means_nothing_to_a_download_gets_that_answer() -> None:
    for name, setting in SETTINGS.items():
        for word in filter(str.isidentifier, setting.hints):
            asked: dict[str, Any] = {word: 1}
            answer = sentence(partial(gossamer.fetch_all, [], **asked))
            if DOWNLOADS in setting.traits:
                assert f"'{name}'" in answer
            elif "Did you mean" in answer:
                assert any(word in SETTINGS[other].hints for other in re.findall(r"'(\w+)'", answer)[1:])
            else:
                assert f"There is no setting '{word}'. A crawl calls it " in answer
                assert name in answer


@pytest.mark.parametrize(
    ("short", "flag"),
    [("-l", "--max-depth"), ("-w", "--delay"), ("-np", "--scope"), ("-x", "--proxy"), ("-k", "verify_tls")],
)
def test_short_flags_of_other_tools_are_understood_as_they_are(short: str, flag: str) -> None:
    assert f"Did you mean {flag}" in sentence(lambda: arguments.read(["crawl", "example.org", short, "1"]))
    assert sentence(lambda: Policy.of({short[1:]: 1})).endswith(f"There is no setting {short[1:]!r}.")


def test_a_setting_without_a_flag_is_led_to_where_it_is_written() -> None:
    assert as_a_flag("connect-timeout", "crawl", "example.org").endswith(
        "Did you mean connect_timeout in gossamer.toml?"
    )


def test_each_command_answers_with_what_it_has() -> None:
    assert as_a_flag("wait", "fetch", "example.org").endswith(
        "--wait. A crawl calls it --delay; it means nothing here."
    )
    assert as_a_flag("start-urls", "robots", "a.example").endswith("A crawl calls it seeds; it means nothing here.")
    assert as_a_flag("delay", "fetch", "example.org") == "There is no option --delay."
    assert as_a_flag("cookies", "status", "here") == "There is no option --cookies."
    assert as_a_flag("wait", "status", "here") == "There is no option --wait."
    assert sentence(lambda: arguments.read(["crawl", "a.example", "--Out_Put", "x"])).endswith("Did you mean --output?")
    assert "Did you mean --max-depth?" in as_a_flag("level", "resume", "here")
    assert "Did you mean verify_tls of Crawler.resume in Python?" in as_a_flag("insecure", "resume", "here")


# ---------------------------------------------------------------- the words themselves


def claimed() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, setting in SETTINGS.items():
        for word in setting.hints:
            found.setdefault(hints._key(word), []).append(name)
    return found


def test_no_hint_is_a_setting_and_no_word_has_two_answers() -> None:
    topics = [hints._key(word) for words in hints._TOPICS for word in words.split()]
    assert len(topics) == len(set(topics))
    assert set(topics) & claimed().keys() == set()
    assert {hints._key(name) for name in SETTINGS} & (claimed().keys() | set(topics)) == set()
    assert all(len(names) == len(set(names)) for names in claimed().values())


def test_settings_that_share_a_word_say_in_which_they_differ() -> None:
    for names in claimed().values():
        flags = [SETTINGS[name].flag for name in names]
        assert len(names) == 1 or all(flag is not None and flag.meaning for flag in flags), names


def test_what_the_answers_name_is_there() -> None:
    for answer in hints._TOPICS.values():
        assert set(re.findall(r"{(\w+)}", answer)) <= SETTINGS.keys()
        for page in re.findall(r"docs/[\w/.-]+\.md", answer):
            assert (HOME / page).exists(), page
