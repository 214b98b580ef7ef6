"""gossamer check: what it prints where, how it ends, and what of gossamer.toml it heeds."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gossamer import cli
from gossamer.check.run import SiteCheck
from gossamer.cli import arguments
from gossamer.cli.check import ALL_FORMATS, _Progress
from tests.support.scripted_server import Server, answer

HTML = "Content-Type: text/html; charset=utf-8"
HEAD = b"<title>%s</title><meta name=description content='%s'>"
GOOD = {
    "/": answer(HEAD % (b"Home", b"Home") + b"<a href=/a>A</a>", HTML),
    "/a": answer(HEAD % (b"A", b"A") + b"<a href=/>up</a>", HTML),
}
BROKEN = GOOD | {
    "/": answer(HEAD % (b"Home", b"Home") + b"<a href=/a#x>A</a>\n<a href=/gone>Gone</a><a href=/untitled>U</a>", HTML),
    "/untitled": answer(b"<meta name=description content=x><a href=/>up</a>", HTML),
}


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site() -> Iterator[Server]:
    with Server(BROKEN) as server:
        yield server


def check(server: Server | None, *words: str) -> int:
    urls = [server.origin] if server is not None else []
    return cli.main(["check", *urls, "--allow-private", "127.0.0.1", "--delay", "0", "--retries", "0", *words])


def name(server: Server) -> str:
    return f"127.0.0.1-{server.port}.check"


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def kinds(found: dict[str, Any]) -> list[str]:
    return [finding["kind"] for finding in found["findings"]]


def test_the_report_goes_to_stdout_and_the_talk_to_stderr(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(site) == 1
    out, err = capsys.readouterr()
    assert out.startswith("ERROR: Broken links (1)\n")
    assert f'    linked from {site.origin}/, line 2, "Gone"\n' in out
    assert "1 broken link and 1 broken fragment in 3 pages" in " ".join(out.split())
    assert err.startswith("Crawling")
    assert f"`gossamer check {name(site)}` judges it again" in " ".join(err.split())
    assert (Path(name(site)) / "references.jsonl.gz").exists()


def test_quiet_leaves_only_the_report(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(site, "-q") == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert out


def test_a_site_that_is_all_right_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(GOOD) as server:
        assert check(server, "--strict") == 0
    assert capsys.readouterr().out.startswith("Nothing is broken in 2 pages")


def test_warnings_fail_a_strict_check_only(capsys: pytest.CaptureFixture[str]) -> None:
    site = GOOD | {"/": answer(HEAD % (b"", b"x") + b"<a href=/a>A</a>", HTML)}
    with Server(site) as server:
        assert check(server) == 0
        assert "WARNING: No title (1)" in capsys.readouterr().out
        assert cli.main(["check", name(server), "--strict", "-q"]) == 1


def test_several_formats_go_to_files_and_one_to_stdout(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(site, "--format", "json", "-f", "csv:out/report.csv", "--no-external") == 1
    assert kinds(report(capsys)) == ["broken_link", "broken_fragment", "missing_title"]
    assert Path("out/report.csv").read_text(encoding="utf-8").startswith("kind,")
    assert cli.main(["check", name(site), "-f", "markdown:report.md"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("ERROR: Broken links (1)\n"), "people see what is in the file"
    assert "report.md" in err


def test_what_an_earlier_report_has_does_not_fail(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(site, "-q", "-f", "json:old.json") == 1
    capsys.readouterr()
    assert cli.main(["check", name(site), "-q", "--baseline", "old.json"]) == 0
    assert "3 findings of the baseline are still there." in capsys.readouterr().out


def test_the_table_of_the_configuration_is_heeded(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gossamer.toml").write_text(
        '[check]\nignore = "/gone"\nseverity = { missing_title = "off" }\nlarge_page = "1KB"\n', encoding="utf-8"
    )
    assert check(site, "-f", "json") == 1
    assert kinds(report(capsys)) == ["broken_fragment"]
    assert cli.main(["crawl", "--help"]) == 0, "a crawl has no use for the table, and does not mind it"


def test_the_table_may_stand_in_pyproject(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text('[tool.gossamer.check]\nignore = ["/gone", "/a"]\n', encoding="utf-8")
    assert check(site, "-q", "-f", "json") == 0
    assert kinds(report(capsys)) == ["missing_title"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[check]\nacept = []", "gossamer.toml: check: there is no setting 'acept'. Did you mean 'accept'?"),
        ("[check]\nseverity = { deeep = 'off' }", "gossamer.toml: severity: there is no finding 'deeep'. Did you mean"),
        ("[check]\nlarge_page = 'much'", "gossamer.toml, check, large_page: 'much' is not a size"),
        ("check = 3", "gossamer.toml: check must be a table, written as [check]."),
    ],
)
def test_mistakes_in_the_table_name_the_file(text: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gossamer.toml").write_text(text, encoding="utf-8")
    assert cli.main(["check", "example.org"]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "check needs a URL to start from"),
        (["example.org", "-f", "yaml"], "There is no format 'yaml'"),
        (["example.org", "--baseline", "nothing.json"], "The baseline nothing.json cannot be read"),
        (["example.org", "--colour"], "There is no option --colour"),
        (["example.org", "--max-page", "3"], "Did you mean --max-pages?"),
    ],
)
def test_mistakes_get_a_sentence(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", *words]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("empty", "empty is a directory, and holds no crawl."),
        ("example.org.check", "There is no directory example.org.check."),
        ("example.org.crawl/", "There is no directory example.org.crawl/."),
        ("nothing/", "There is no directory nothing/."),
    ],
)
def test_a_directory_without_a_crawl_is_not_taken_for_a_host(
    word: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    assert cli.main(["check", word]) == 2
    assert complaint in " ".join(capsys.readouterr().err.split())


def test_a_crawl_directory_is_checked_where_it_is(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    crawl = ["crawl", site.origin, "--allow-private", "127.0.0.1", "--delay", "0", "-q", "-o", "c"]
    cli.main([*crawl, "-f", "warc"])
    assert cli.main(["check", "c", "-f", "json", "-q"]) == 1
    assert kinds(report(capsys)) == ["broken_link", "broken_fragment", "missing_title"]
    assert cli.main(["check", "c", "-o", "d"]) == 2
    assert "leave out -o" in capsys.readouterr().err


def test_a_crawl_with_updates_is_told_from_them(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--allow-private", "127.0.0.1", "--delay", "0", "-q"]
    cli.main(["crawl", site.origin, *words, "-f", "references", "-o", "c"])
    cli.main(["crawl", "--update", "c", *words])
    assert cli.main(["check", "c"]) == 1
    said = "This checks the first crawl in c; the last of its updates is c/update-0001."
    assert said in " ".join(capsys.readouterr().err.split())
    assert cli.main(["check", "c/update-0001", "-q"]) == 1


def test_a_crawl_that_kept_too_little_is_made_again_and_that_is_said(
    site: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["crawl", site.origin, "--allow-private", "127.0.0.1", "--delay", "0", "-q", "-o", "c"])
    assert cli.main(["check", "c", "--no-progress"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "The crawl in c kept neither references nor bodies: its site is crawled again." in said
    assert "c/check; `gossamer check c/check` judges it again" in said


def test_nothing_fetched_ends_with_3_and_leaves_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    with Server({}) as server:
        assert check(server, "-q") == 3
        assert not Path(name(server)).exists()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Nothing fetched")


def test_a_report_is_written_where_nothing_was_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    with Server({"/robots.txt": answer(b"User-agent: *\nDisallow: /")}) as server:
        assert check(server, "-q", "-f", "json:out/report.json", "-f", "markdown:report.md", "-f", "junit:j.xml") == 3
        assert not Path(name(server)).exists()
    assert json.loads(Path("out/report.json").read_text(encoding="utf-8"))["complete"] is False
    assert "Nothing is broken" not in Path("report.md").read_text(encoding="utf-8")
    assert Path("j.xml").exists()
    assert capsys.readouterr().out == ""


def test_what_keeps_a_check_out_is_said_as_a_crawl_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    with Server({}) as server:
        origin = server.origin
    words = ["--allow-private", "127.0.0.1", "--delay", "0", "--retries", "0"]
    assert cli.main(["check", origin, *words]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "Is the server running, and is the port right?" in said
    full = answer(b"later", "Retry-After: 4000", status="429 Too Many Requests")
    with Server({"/": full}) as server:
        assert check(server, "--retries", "1") == 4
        said = " ".join(capsys.readouterr().err.split())
        assert "Asked to be left alone" in said
        assert f"by its answer to {server.origin}/ Go on" in said
        assert f"Go on gossamer check {name(server)} (after " in said
        assert Path(name(server)).exists()


def test_links_that_were_not_asked_are_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    page = answer(HEAD % (b"Home", b"Home") + b"<a href=http://b.example/>B</a>", HTML)
    with Server({"/": page}) as server:
        assert check(server, "--no-external", "-f", "markdown:report.md", "-f", "json:report.json") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "in 1 page and 0 resources; 0 warnings, 0 notices. Other sites were not asked." in out
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["counts"]["external"] == 0
    assert "1 page, 0 resources checked. Other sites were not asked." in Path("report.md").read_text(encoding="utf-8")


def test_the_directory_of_a_check_is_gone_on_with_by_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(GOOD) as server:
        assert check(server, "-o", "c", "-q") == 0
        assert check(server, "-o", "c", "-q") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "c already holds a crawl: `gossamer check c` judges it again; or name another directory." in said
    later = answer(b"later", "Retry-After: 4000", status="429 Too Many Requests")
    with Server({"/": later}) as server:
        assert check(server, "-o", "d", "-q", "--retries", "1") == 4
    assert cli.main(["status", "d"]) == 0
    assert "Go on: gossamer check d" in capsys.readouterr().out


def test_a_limit_ends_with_4(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(site, "-q", "--max-pages", "1") == 4
    out, err = capsys.readouterr()
    assert "The check ended before everything was checked." in " ".join(out.split())
    assert err.startswith("Ended early: the page limit was reached")


def test_a_crawl_that_fetched_nothing_ends_with_3_too(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("http://127.0.0.1:9/", "--allow-private", "127.0.0.1", "-q", "--retries", "0")
    cli.main(["crawl", *words, "-o", "kept", "--resources"])
    cli.main(["crawl", *words, "-o", "none"])
    capsys.readouterr()
    assert cli.main(["check", "kept", "-f", "json:report.json"]) == 3
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["complete"] is False
    assert capsys.readouterr() == ("", "The crawl in kept has fetched nothing that could be checked.\n")
    assert cli.main(["check", "none", "--no-progress"]) == 3


def test_nothing_is_printed_with_quiet_where_the_report_goes_to_files(
    site: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(site, "-q", "-f", "json:report.json") == 1
    assert capsys.readouterr() == ("", "")
    assert Path("report.json").exists()


def test_a_baseline_of_another_site_is_refused(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(GOOD) as other:
        assert check(other, "-q", "-f", "json:other.json") == 0
        assert check(site, "--baseline", "other.json") == 2
        complaint = f"The baseline other.json is of another site: of {other.origin}/."
    assert complaint in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("flags", [["--max-pages", "3"], ["--delay", "1", "--no-robots"]])
def test_flags_that_change_nothing_about_a_crawl_are_refused(
    flags: list[str], site: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    check(site, "-q", "-o", "d")
    capsys.readouterr()
    assert cli.main(["check", "d", *flags]) == 2
    named = " and ".join(flag for flag in flags if flag.startswith("-"))
    said = f"The crawl in d is over, and is judged as it is: {named} would change nothing."
    assert said in " ".join(capsys.readouterr().err.split())
    assert cli.main(["check", "d", "--no-resources", "-q"]) == 1


def test_what_was_asked_a_short_while_ago_is_not_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    page = answer(HEAD % (b"Home", b"Home") + b"<a href=http://127.0.0.2:9/>B</a>", HTML)
    with Server({"/": page}) as server:
        assert check(server, "--allow-private", "127.0.0.2") == 1
        assert "Asking for 1 URL outside the crawl" in capsys.readouterr().err
        assert cli.main(["check", name(server)]) == 1
        assert "Asking for" not in capsys.readouterr().err


def test_a_check_writes_what_happens_to_an_event_log(site: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(site, "-q", "--events", "events.jsonl") == 1
    events = [json.loads(text)["event"] for text in Path("events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert events[0] != events[-1]
    capsys.readouterr()
    assert check(site, "--events", "-", "-o", "other") == 2
    assert "--events - and the report both print on stdout" in " ".join(capsys.readouterr().err.split())


def test_the_progress_says_what_it_waits_for() -> None:
    progress = _Progress(3)
    assert str(progress) == "0 of 3 URLs asked for"
    progress.wait("http://a.example rests between two requests")
    assert str(progress) == "0 of 3 URLs asked for; http://a.example rests between two requests"


def test_asking_for_the_rest_may_be_interrupted(
    site: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: SiteCheck, watch: object) -> Iterator[object]:
        yield "the first answer"
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(SiteCheck, "probe", interrupted)
    monkeypatch.setattr(SiteCheck, "to_probe", ["https://b.example/"])
    assert check(site) == 130
    out, err = capsys.readouterr()
    assert "Asking for 1 URL outside the crawl\nStopped; what was asked is kept" in err
    assert "broken link" in out


def test_the_formats_of_the_help_are_those_there_are() -> None:
    assert tuple(ALL_FORMATS) == arguments.REPORTS


def test_every_line_of_the_help_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "--help"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


SHELL = b"<title>App</title><div id=root></div><script src=/app.js></script>"
LOGIN = b"<title>Log in</title><form method=post><input name=user><input type=password name=password></form>"


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (
            {"/": answer(b"", "Location: /login", status="302 Found"), "/login": answer(LOGIN, HTML)},
            "Login needed: {0}/ redirects to a login, {0}/login. gossamer fills in no forms.",
        ),
        (
            {"/": answer(SHELL, HTML), "/app.js": answer(b"run()", "Content-Type: text/javascript")},
            "gossamer runs no JavaScript.",
        ),
        (
            {
                "/": answer(b"", "Location: {1}/sale", status="302 Found"),
                "/sale": answer(b"<title>For sale</title>", HTML),
            },
            "redirects to another site, {1}/sale, of which only this page was fetched. To check that site: gossamer",
        ),
    ],
)
def test_a_site_that_cannot_be_seen_is_not_called_fine(
    pages: dict[str, bytes], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts = dict(pages)
    with Server(scripts) as server:
        other = server.origin.replace("127.0.0.1", "localhost")
        scripts["/"] = pages["/"].replace(b"{1}", other.encode())
        assert check(server, "--allow-private", "localhost", "-f", "markdown:report.md") == 1
        out = " ".join(capsys.readouterr().out.split())
        assert said.format(server.origin, other) in out
        assert "The site was not seen: nothing is broken in the little that was, in 1 page" in out
        assert "The site was not seen" in Path("report.md").read_text(encoding="utf-8")
        assert cli.main(["check", name(server), "-q"]) == 1, "from what is recorded too"
