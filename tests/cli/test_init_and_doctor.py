"""`gossamer init` writes a configuration that works; `gossamer doctor` says what a machine lacks."""

from __future__ import annotations

import io
import re
import resource
import shutil
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pycurl
import pytest

from gossamer import fetch_all
from gossamer.cli import doctor, main
from gossamer.cli.contact_page import contact_page
from gossamer.demo.server import DemoServer, LoggedRequest
from gossamer.demo.site import SiteResponse
from gossamer.fetchers.options import user_agent
from gossamer.parse.html import scan
from gossamer.rules.policy import Policy

PAGE = "https://lab.example/crawler.html"
Told = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_init_writes_what_a_crawl_reads(capsys: Told) -> None:
    assert main(["init", "--contact", "me@example.org"]) == 0
    assert "sites will see you as gossamer/" in capsys.readouterr().out
    assert tomllib.loads(Path("gossamer.toml").read_text()) == {"contact": "me@example.org"}
    assert main(["doctor", "--host", "localhost"]) == 0
    assert "contact me@example.org" in capsys.readouterr().out


def test_what_init_suggests_is_valid_when_the_marks_are_taken_away(capsys: Told) -> None:
    assert main(["init", "--contact", ""]) == 0
    lines = Path("gossamer.toml").read_text().splitlines()
    Path("gossamer.toml").write_text(
        "\n".join(line.removeprefix("# ") for line in lines if "=" in line or line.startswith("# ["))
    )
    assert main(["doctor", "--host", "localhost"]) == 0
    assert "contact you@example.org" in capsys.readouterr().out


def test_init_asks_once_at_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: Told) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(" https://example.org/bot \n"))
    assert main(["init", "-o", "other.toml"]) == 0
    assert "Your e-mail address or page" in capsys.readouterr().err
    assert tomllib.loads(Path("other.toml").read_text()) == {"contact": "https://example.org/bot"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "There is nobody to ask here; give --contact"),
        (["--contact", "a@b\nc"], "has a character that HTTP does not allow"),
        (["--contact", "nonsense"], "The contact 'nonsense' leads to nobody: write an e-mail address such as"),
        (["--contact", "a@b.example", "-o", "nowhere/gossamer.toml"], "cannot be written: No such file"),
        (["--contact", "a@b.example", "-o", "crawl/gossamer.toml", "--force"], "crawl holds a crawl"),
        (
            ["--contact", "a@b.example", "--page", "p.html", "--mail", "a@b.example"],
            "--page is the page that --contact",
        ),
        (["--contact", PAGE, "--page", "p.html"], "--page needs --mail"),
        (["--contact", PAGE, "--page", "p.html", "--mail", "<b>@c"], "--mail <b>@c: that is no e-mail address."),
        (["--contact", PAGE, "--page", "nowhere/p.html", "--mail", "a@b.example"], "nowhere/p.html cannot be written"),
        (["--contact", PAGE, "--page", "crawl", "--mail", "a@b.example"], "crawl is there already"),
        (["--contact", PAGE, "--mail", "a@b.example"], "name its file with --page"),
        (["--contact", PAGE, "--purpose", "study"], "name its file with --page"),
        (["--contact", PAGE, "--page", "gossamer.toml", "--mail", "a@b.example"], "both name gossamer.toml"),
        (["--contact", "https://", "--page", "p.html", "--mail", "a@b.example"], "--page is the page that --contact"),
        (["--contact", PAGE + " or so", "--page", "p.html", "--mail", "a@b.example"], "--page is the page that"),
        (["--page", "p.html", "--mail", "a@b.example", "--purpose", "caf\udce9", "--contact", PAGE], "no text (UTF-8)"),
    ],
)
def test_init_refuses_in_a_sentence(
    words: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("not asked\n"))
    Path("crawl").mkdir()
    Path("crawl/journal.db").touch()
    assert main(["init", *words]) == 2
    assert complaint in capsys.readouterr().err
    assert sorted(Path().iterdir()) == [Path("crawl")], "all or nothing"


def test_init_never_replaces_a_file_unasked(capsys: Told) -> None:
    Path("gossamer.toml").write_text("max_pages = 3\n")
    assert main(["init", "--contact", "a@b.example"]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert Path("gossamer.toml").read_text() == "max_pages = 3\n"
    assert main(["init", "--contact", "a@b.example", "--force"]) == 0
    assert tomllib.loads(Path("gossamer.toml").read_text()) == {"contact": "a@b.example"}


def test_init_writes_the_page_that_the_user_agent_leads_to(capsys: Told) -> None:
    words = [
        "--contact",
        PAGE,
        "--page",
        "crawler.html",
        "--mail",
        "a+b@lab.example",
        "--owner",
        "A & B",
        "--purpose",
        "We <count> & \\1",
    ]
    assert main(["init", *words]) == 0
    assert f"crawler.html is written; publish it as {PAGE}" in capsys.readouterr().out
    page = Path("crawler.html").read_text(encoding="utf-8")
    assert page.count(f"gossamer/… (+{PAGE})") == 5, "in the first sentence, and in each line of the log"
    assert '<a href="mailto:a+b@lab.example">a+b@lab.example</a>' in page
    assert '<a href="mailto:a%3Fbcc%3Dz@b.example">' in contact_page(name="n", mail="a?bcc=z@b.example")
    assert "made by a crawler of A &amp; B, with" in page
    assert "We &lt;count&gt; &amp; \\1. If" in page
    assert "How gossamer behaves on your server" in page
    assert "Disallow: /search" in page
    assert not scan(page).hrefs, "no link that leads nowhere"
    assert main(["init", "-o", "other.toml", *words]) == 2
    assert "crawler.html is there already; --force replaces it" in capsys.readouterr().err
    assert not Path("other.toml").exists()


class Noting(DemoServer):
    """A site that notes who comes, and on which the page of the crawler lies, too."""

    def __init__(self) -> None:
        super().__init__()
        self.visitors: set[str] = set()
        self.page = b""

    def answer(self, asked: LoggedRequest) -> SiteResponse:
        self.visitors.add(asked.headers["user-agent"])
        body = {"/": b"<p>Welcome", "/crawler.html": self.page}.get(asked.path)
        return (
            SiteResponse(404, {}, b"none") if body is None else SiteResponse(200, {"Content-Type": "text/html"}, body)
        )


def test_who_follows_the_user_agent_learns_how_gossamer_behaves(capsys: Told) -> None:
    local = ["--allow-private", "127.0.0.1"]
    with Noting() as site:
        address = f"{site.url}crawler.html"
        words = ["--contact", address, "--page", "crawler.html", "--mail", "me@lab.example"]
        assert main(["init", *words]) == 0
        site.page = Path("crawler.html").read_bytes()
        assert main(["crawl", site.url, "--delay", "0", *local]) == 0
        assert site.visitors == {user_agent(Policy(contact=address))}
        (leads_to,) = re.findall(r"\(\+(.+)\)", site.visitors.pop())
        (page,) = fetch_all([leads_to], allow_private=("127.0.0.1",))
    assert "<h2>How gossamer behaves on your server</h2>" in page.body.decode()


# ---------------------------------------------------------------- doctor


def findings(host: str = "localhost") -> dict[str, doctor.Examined]:
    return {finding.subject: finding for finding in doctor.examined(host, Path.cwd())}


def test_a_machine_in_order_is_fine(capsys: Told) -> None:
    assert main(["doctor", "--host", "localhost"]) == 0
    said = capsys.readouterr().out
    for subject in ("Python", "libcurl", "Settings", "Certificates", "Names", "Disk", "Open files", "[parquet]"):
        assert f" {subject} " in said
    assert "bad" not in said
    assert "no contact: `gossamer init` asks for one" in said


def test_wrong_settings_are_found(capsys: Told) -> None:
    Path("gossamer.toml").write_text("max_pagse = 3\n")
    assert main(["doctor", "--host", "localhost"]) == 1
    assert "Did you mean 'max_pages'?" in " ".join(capsys.readouterr().out.split())


def test_what_is_no_file_of_certificates_is_found() -> None:
    Path("ca.pem").write_text("none")
    Path("gossamer.toml").write_text("ca_file = 'ca.pem'\n")
    assert findings()["Certificates"].well is False


def test_a_name_that_is_none_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> list[object]:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", lost)
    said = "example.net cannot be looked up: Name or service not known; is this machine online?"
    assert findings("example.net")["Names"] == doctor.Examined("Names", False, said)


def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 * 1024**2))
    assert findings()["Disk"].well is False
    assert "only 5 MB free in" in findings()["Disk"].seen


@pytest.mark.parametrize(
    ("limit", "well", "seen"),
    [(64, False, "up to 64: too few"), (4096, True, "up to 4,096"), (resource.RLIM_INFINITY, True, "any number")],
)
def test_few_open_files_are_found(limit: int, well: bool, seen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert findings()["Open files"].well is well
    assert findings()["Open files"].seen.startswith(seen)


def test_a_libcurl_without_tls_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pycurl, "version_info", lambda: (0, "8", 0, "x", 0, "", 0, "", ("http",)))
    assert findings()["libcurl"].well is False
    assert "without" not in findings()["libcurl"].seen
    assert "lacks https and TLS" in findings()["libcurl"].seen


def test_an_extra_that_is_not_installed_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "EXTRAS", {"parquet": "no_such_module"})
    said = "not there; it comes with gossamer's extra [parquet]; in a checkout of gossamer: pip install '.[parquet]'"
    assert findings()["[parquet]"] == doctor.Examined("[parquet]", None, said)
