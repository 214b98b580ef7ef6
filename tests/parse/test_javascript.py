"""Pages that need JavaScript are told by several signs, and pages that only use it are not."""

from __future__ import annotations

from time import process_time

import pytest

from gossamer.parse.html import scan
from gossamer.parse.javascript import MOST_MARKUP, needs_javascript

SCRIPT = "<script src=/app.js></script>"
PROSE = "<p>" + "Text that the server has written itself. " * 40


def judged(html: str) -> bool:
    found = scan(html)
    return needs_javascript(html, len(found.hrefs), leads_on=found.refresh is not None)


@pytest.mark.parametrize(
    "html",
    [
        f"<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div>{SCRIPT}",
        f"<div id='app'></div>{SCRIPT}",
        "<div id='__next'></div><script type='application/json'>{}</script>",
        f"<app-root></app-root>{SCRIPT}",
        f"<app-root>Loading …</app-root>{SCRIPT}",
        f"<div id=root><div class=spinner><svg></svg></div></div>{SCRIPT}",
        f"<a href=/>Shop</a><main id=app><!-- later --></main><footer>© Shop <a href=/legal>Legal</a></footer>{SCRIPT}",
        f"<p>Bitte aktivieren Sie JavaScript, um fortzufahren.</p>{SCRIPT}",
        f"<p>请启用JavaScript</p>{SCRIPT}",
        "<script>document.write('<a href=/next>next</a>')</script>",
        "<SCRIPT>location = '/home'</SCRIPT>",
        f"{'<link rel=alternate hreflang=de href=/de>' * 20}<div id=root></div>{SCRIPT}",
        f"<style>{'a{}' * 40_000}</style><div id=root></div><script>{'x;' * 40_000}</script>",
    ],
)
def test_a_page_that_only_scripts_fill_needs_javascript(html: str) -> None:
    assert judged(html)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<div id=root></div>",
        f"<h1>It works!</h1>{SCRIPT}",
        f"<img src=x.png>{SCRIPT}",
        f"<form><input name=q></form>{SCRIPT}",
        f"<div id=root>{PROSE}</div><noscript>Enable JavaScript for comments.</noscript>{SCRIPT}",
        f"<h1>How to enable JavaScript</h1>{PROSE}{SCRIPT}",
        f"<noscript><iframe src=//tags.example></iframe></noscript><h1>Coming soon</h1>{SCRIPT}",
        f"<div id=root></div>{''.join(f'<a href=/{n}>x</a>' for n in range(20))}{SCRIPT}",
        "<script>location = '/x'</script><noscript>JavaScript is disabled.</noscript><a href=/x>on</a>",
        "<meta http-equiv=refresh content='0;url=/x'><script>location = '/x'</script>",
        f"<div id=root></div>{'<p>x</p>' * 10_000}{SCRIPT}",
    ],
)
def test_a_page_that_shows_something_or_leads_on_does_not(html: str) -> None:
    assert not judged(html)


@pytest.mark.parametrize(
    "piece",
    ["<script>", "<noscript>", "<style><", "<div id=", "<div id=root>", "<a-b-", "<!--", "id = ", "<noscript><x"],
)
def test_a_hostile_page_takes_linear_time(piece: str) -> None:
    began = process_time()
    needs_javascript(SCRIPT + piece * (500_000 // len(piece)), 0)
    assert process_time() - began < 3


def test_a_page_with_much_markup_besides_its_scripts_is_no_shell() -> None:
    shell = f"<div id=root></div>{SCRIPT}"
    assert judged(shell)
    assert not judged(shell + "<i></i>" * (MOST_MARKUP // 7 + 1))


@pytest.mark.parametrize("more", ["", "<div id=root>text</div>", "<noscript><img src=pixel></noscript>"])
def test_a_page_with_scripts_and_links_but_no_empty_place_needs_none(more: str) -> None:
    assert not judged(f"<p><a href=/about>About</a> the silk</p>{more}{SCRIPT}")
