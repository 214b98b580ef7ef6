"""The report for people: findings below their problems, the most severe first, and a verdict at the end."""

from __future__ import annotations

from msgspec.structs import replace

from gossamer.check.checked import Checked
from gossamer.check.findings import VERSION, CheckReport, Finding, FindingKind, Referrer, Severity, Verdict
from gossamer.check.formats.text import text_report
from tests.support.check_reports import AT, BROKEN, COMPARED, EMPTY, FULL, INCOMPLETE, MANY, MOVED, SITE


def text(checked: Checked) -> str:
    return "".join(text_report(checked))


def of(*findings: Finding, **counts: int) -> Checked:
    return Checked(CheckReport(VERSION, True, counts, findings), SITE, AT)


def test_a_finding_has_what_is_wrong_what_was_meant_and_the_first_places() -> None:
    said = text(of(BROKEN))
    assert said.startswith(
        "ERROR: Broken links (1)\n"
        "  Correct the address or remove the link. If the page has moved, redirect its\n"
        "  old address to the new one.\n\n"
        "  https://example.org/gone\n"
        "    The server answers 404 (Not Found).\n"
        "    Did you mean https://example.org/going?\n"
        '    linked from https://example.org/0, "text 0"\n'
        '    linked from https://example.org/1, line 1, "text 1"\n'
    )
    assert said.count("linked from") == 20
    assert "\n    and 5 more places, on 25 pages in all\n" in said


def test_the_last_line_is_the_verdict_with_the_numbers() -> None:
    assert text(of(BROKEN, MOVED, pages=1200, resources=1, external=2)).splitlines()[-2:] == [
        "1 broken link in 1,200 pages, 1 resource and 2 links to other sites; 0 warnings,",
        "1 notice.",
    ]
    loop = replace(BROKEN, kind=FindingKind.REDIRECT_LOOP)
    other = replace(BROKEN, kind=FindingKind.CANONICAL)
    assert "1 broken link, 1 redirect loop and 2 other errors in 0 pages" in text(of(BROKEN, loop, other, other))
    assert text(EMPTY) == (
        "Nothing is broken in 3 pages, 0 resources and 1 link to other sites; 0 warnings,\n0 notices.\n"
    )
    assert text(INCOMPLETE).endswith("The check ended before everything was checked.\n")


def test_what_a_baseline_had_is_only_counted_and_what_is_gone_is_told() -> None:
    said = text(COMPARED)
    assert BROKEN.url not in said
    assert "MENDED SINCE THE BASELINE (1)\n\n  https://example.org/untitled  no title\n" in said
    assert "2 findings of the baseline are still there.\n" in said
    assert "1 new broken fragment and 1 new broken link in" in said
    same = replace(COMPARED, report=replace(COMPARED.report, findings=(BROKEN,)))
    assert "1 finding of the baseline is still there.\n\nNothing new is broken" in text(same)


def test_of_many_notices_the_first_are_shown_with_few_places() -> None:
    said = text(of(*(replace(MOVED, url=f"http://{number}.example/", referrers=MANY) for number in range(12))))
    assert said.count("linked from") == 30
    assert said.count("Write https://other.example/\n") == 10
    assert "  and 2 more; --format json has all\n" in said


def test_places_on_the_page_itself_are_told_by_their_lines() -> None:
    page = "https://example.org/a"
    missing = Finding(
        FindingKind.MISSING_ALT, Verdict.OK, page, "alt", 200, "The page has 2 images without alt.", "",
        Severity.WARNING, 1, (Referrer(page, "img", "loom.png", 4), Referrer(page, "img", "", 0)),
    )  # fmt: skip
    assert '    line 4, "loom.png"\n    on the page itself, img\n' in text(of(missing))


def test_a_group_of_pages_is_told_by_the_others() -> None:
    twins = Finding(
        FindingKind.DUPLICATE_TITLE, Verdict.OK, f"{SITE}a", "title", 200, "2 pages have this title.", "",
        Severity.NOTICE, 2, (Referrer(f"{SITE}a"), Referrer(f"{SITE}b")),
    )  # fmt: skip
    said = text(of(twins))
    assert f"    the same: {SITE}b\n" in said
    assert "on the page itself" not in said


def test_nothing_of_a_page_commands_the_terminal() -> None:
    assert all(line.isprintable() for line in text(FULL).splitlines())
    assert max(len(line) for line in text(FULL).splitlines() if "://" not in line) <= 80
