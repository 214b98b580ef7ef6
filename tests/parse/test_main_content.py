"""The main text of a page is kept whole, and what stands around it is left out, whatever the page is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.parse.text.markdown import main_text, markdown

HERE = "https://site.test/dir/page"
STORY = "<p>" + "The silk road was never one road, and silk was not all it carried. " * 3 + "</p>"


def main(html: str) -> str:
    return markdown(html, HERE, main=True)


NEWS = f"""<!doctype html><title>Silk - The Paper</title>
<header class="site-header"><a href=/>The Paper</a>
<nav><ul><li><a href=/w>World</a><li><a href=/s>Sport</a></ul></nav></header>
<div class="cookie-banner"><p>We value your privacy and set cookies.</p><button>Fine</button></div>
<div class="layout"><div class="sidebar"><h3>Most read</h3><ul><li><a href=/1>One</a><li><a href=/2>Two</a></ul></div>
<article><header><h1>Silk again</h1><p class="byline">By Ada, 3 May</p></header>
<div class="share"><a href=/fb>Share</a></div>{STORY}<h2>What changed</h2>{STORY}
<blockquote><p>It is a thread.<footer>Ada</footer></blockquote>
<pre><code class="language-py">x = 1</code></pre>
<table><tr><th>Year<th>Bales<tr><td>1300<td>12</table>
<aside class="related"><h3>Read next</h3><a href=/3>Three</a></aside>
<aside><p>Note: a bale is a hundred pounds of silk, more or less.</p></aside>
<section id="comments"><h2>Comments</h2><p>First!</p></section>
<footer class="entry-footer">Filed under <a href=/t>threads</a></footer></article></div>
<footer><p>Copyright The Paper. All rights reserved.</p></footer>"""


def test_of_a_news_page_the_article_is_left() -> None:
    text = main(NEWS)
    story = "The silk road was never one road, and silk was not all it carried."
    expected = [
        "# Silk again", " ".join([story] * 3), "## What changed", " ".join([story] * 3),
        "> It is a thread.\n>\n> Ada", "```py\nx = 1\n```", "| Year | Bales |\n| --- | --- |\n| 1300 | 12 |",
        "Note: a bale is a hundred pounds of silk, more or less.",
    ]  # fmt: skip
    assert text == "\n\n".join(expected)


@pytest.mark.parametrize(
    ("html", "kept", "gone"),
    [
        # elements and roles
        ("<nav>menu here</nav><main><h1>T</h1>text</main><footer>foot</footer>", "text", "menu foot"),
        (f"<div role=navigation>menu</div><div role=main>{STORY}</div>", "silk", "menu"),
        (f"<dialog>sign up</dialog><form>search</form>{STORY}", "silk", "sign search"),
        (f"<p>{STORY}<aside>aside here</aside>", "silk", "aside"),
        (f"<div role=banner>brand</div>{STORY}<div role=contentinfo>legal</div>", "silk", "brand legal"),
        (f"<div hidden>ghost</div><div style='display: none'>ghost2</div><div aria-hidden=true>ghost3</div>{STORY}",
         "silk", "ghost ghost2 ghost3"),
        (f"<div hidden=until-found>later</div><div hidden role=tabpanel>panel</div>{STORY}", "later panel", ""),
        (f"<noscript>enable it</noscript>{STORY}", "silk", "enable"),
        # the id of a section is made of its heading
        (f"<section id=cookies><h1>T</h1>{STORY}<section id=cookie-objects><h2>Objects</h2>crumbs</section></section>",
         "crumbs", ""),
        (f"<main>{STORY}<section id=related-articles>More</section><section id=newsletter-signup>Join</section></main>",
         "silk", "More Join"),
        (f"<section id=lexis>{STORY}<section id=comments><h2>Comments</h2>ignored</section></section>", "ignored", ""),
        (f"<div class=sect1 id=SQL-SYNTAX-COMMENTS><h2>Comments</h2>ignored</div>{STORY}", "ignored", ""),
        (f"<section id=content>{STORY}</section><section id=comments>First!</section>", "silk", "first"),
        (f"<section class=comments id=x>First!</section>{STORY}", "silk", "first"),
        # names
        (f"<div class=navheader><a href=/p>Prev</a></div>{STORY}<div id=catlinks>cats</div>", "silk", "Prev cats"),
        (f"<div class=printfooter>from</div><div class=siteFooter>legal</div>{STORY}", "silk", "from legal"),
        (f"<table id=toc><tr><td>contents</table><article><h1>T</h1>{STORY}</article>", "silk", "contents"),
        (f"<article>{STORY}<p>a1</article><article>{STORY}<p>a2</article><article>{STORY}</article>", "a1 a2", ""),
        (f"<article class=related><p>other</article><article>{STORY}</article>", "silk", "other"),
        # the largest of several articles, and a title above the main part
        (f"<h1>Title</h1><div class=x><p>intro</div><div id=content>{STORY * 9}</div>", "Title silk", "intro"),
        (f"<article><p>{STORY}{STORY}</article><article><p>teaser</article>", "silk", "teaser"),
        # what looks like an edge and is not
        ("<header><h1>The title</h1></header><p>short text", "title text", ""),
        (f"<div class=sidebar-layout>{STORY}</div>", "silk", ""),
        (f"<form>{STORY}</form>", "silk", ""),
        ("<main><p>loading</main>" + STORY * 30, "silk", ""),
        ("<nav><a href=/a>only links</a></nav>", "only", ""),
        (f"<nav>menu{STORY}", "menu silk", ""),  # never ended
        # inside lines
        (f"<h2>Head<a class=headerlink href=#h>¶</a><span class=mw-editsection>[edit]</span></h2>{STORY}", "Head",
         "¶ edit"),
        (f"<p>a <button>press<p>b {STORY}", "b silk", "press"),
        (f"<pre><span class=lineno>17</span>x = 1<button>Copy</button></pre>{STORY}", "x", "17 Copy"),
        (f"<p>one <sup class=skip-link>skip</sup> two{STORY}", "one two", "skip"),
        # loose links around the text
        (f"<p><a href=/a>Prev</a> <a href=/b>Next</a></p><h1>T</h1>{STORY}<p><a href=/c>Up</a></p>", "T silk",
         "Prev Next Up"),
        (f"<h1>T</h1>{STORY}<h2>See also</h2><ul><li><a href=/c>other</a></ul>", "other", ""),
        ("<h1>Index</h1><ul><li><a href=/c>first</a><li><a href=/d>second</a></ul>", "first second", ""),
        ("<p><a href=/c>first</a><p>x", "first", ""),
    ],
)  # fmt: skip
def test_what_is_main_is_kept_and_what_is_not_goes(html: str, kept: str, gone: str) -> None:
    text = main(html)
    words = text.replace("[", " ").replace("]", " ").split()
    assert all(any(word in one for one in words) for word in kept.split()), text
    assert not any(word in text for word in gone.split()), text


PLAIN = "Silk is spun by worms that eat the leaves of the mulberry, and by nothing else that is known. "


def test_what_holds_the_main_element_stays_whatever_it_says_to_be() -> None:
    for name in ("modal-wrapper", "comments", "sidebar"):
        text = main(f"<div class={name}><main><p>{PLAIN}</main></div><div>{STORY * 3}</div>")
        assert text == PLAIN.strip(), name
    nearly_empty = "<div class=modal-wrapper><main><p>Wait</main></div>"
    assert main(f"{nearly_empty}<div>{STORY}</div>").startswith("The silk road"), "others are filled by scripts"


def test_a_table_of_contents_stays_where_it_is_most_of_the_page() -> None:
    chapters = "".join(f"<li><a href=/{number}>Chapter {number} of the book</a>" for number in range(99))
    contents = f"<div class=toc><ul>{chapters}</ul></div>"
    foreword = f"<h1>The book of silk</h1><p>{PLAIN * 3}</p>"
    assert "Chapter 98 of the book" in main(foreword + contents)
    assert "Chapter" not in main(f"{foreword}{STORY * 20}{contents}")


def post(rest: str) -> str:
    """Return the main text of a published article that ends in `rest`."""
    share = "<div class=share><a href=/fb>Share</a></div>"
    return main(f"<article><h1>Silk</h1><p class=byline>By Ada</p>{share}{STORY}{rest}</article>")


def test_the_heading_of_another_page_goes_unless_something_is_said_under_it() -> None:
    offered = "<h3><a href=/wool>Wool again</a></h3>"
    assert "Wool" not in post(f"{offered}<p>3 May</p>{STORY}")
    assert "Wool again" in post(f"{offered}<p>{PLAIN}</p>{STORY}")
    assert "Wool again" in post(f"<h3>Wool again</h3><p>3 May</p>{STORY}"), "without a link it is the article's own"


def test_a_line_of_an_article_that_is_a_link_goes_and_a_link_in_its_text_stays() -> None:
    assert post(f"<p><a href=/wool>Wool again</a></p>{STORY}") == post(STORY)
    assert "[worms](https://site.test/w)" in post(f"<p>{PLAIN.replace('worms', '<a href=/w>worms</a>')}</p>{STORY}")


def test_a_button_that_is_never_ended_ends_at_the_next_heading() -> None:
    assert main(f"<p>Silk <button>press<h2>The road</h2>{STORY}").startswith("Silk\n\n## The road\n\nThe silk")


def test_pages_that_are_offered_with_a_sentence_each_go_and_two_sentences_are_the_article() -> None:
    label = "<h2>Related articles</h2>"
    each = f"<h3>{{}}</h3><p>{PLAIN}</p>"
    offers = each.format("Wool") + each.format("Flax") + each.format("Hemp")
    assert post(label + offers) == post("")
    assert post(f"{label}{offers}<h2>Silk today</h2>{STORY}") == post(f"<h2>Silk today</h2>{STORY}")
    assert post(f"{label}<p>{PLAIN}</p><p>{PLAIN}</p>").count("mulberry") == 2


def test_lists_that_lay_out_a_page_are_not_indented() -> None:
    assert main("<main><ul><li><h2>A</h2><p>b</p><li><h2>C</h2><ol><li>d</ol></ul></main>") == (
        "## A\n\nb\n\n## C\n\n1. d"
    )


def test_tables_of_javadoc_and_of_roles_are_tables() -> None:
    javadoc = (
        "<div class='summary-table two-column-summary'><div class='table-header col-first'>Method</div>"
        "<div class='table-header col-last'>Says</div><div class=col-first><code>f()</code></div>"
        "<div class=col-last><div class=block>Does.</div></div></div>"
    )
    assert main(javadoc) == "| Method | Says |\n| --- | --- |\n| `f()` | Does. |"
    roles = (
        "<div role=table class=t><div role=row><div role=cell>a</div><div role=cell>b</div></div>"
        "<div role=row><div role=cell>c</div><div class=col-md-2 role=cell>d</div></div></div></div>"
    )
    assert main(roles) == "| a | b |\n| --- | --- |\n| c | d |"


def test_signatures_of_javadoc_are_code() -> None:
    html = "<div class=member-signature>public&nbsp;<a href=/L>List</a>&lt;T&gt; f()</div><p>Does."
    assert main(html) == "```java\npublic List<T> f()\n```\n\nDoes."


def test_the_language_of_code_may_be_said_around_it() -> None:
    assert main("<div class='highlight-python3 notranslate'><pre>x</pre></div>") == "```python3\nx\n```"
    assert main("<div class=highlight-default><pre>x</pre></div>") == "```\nx\n```"
    assert main("<div class=highlight-py></div>a<pre>x</pre>") == "a\n\n```\nx\n```"


def test_cells_reach_over_rows_and_columns() -> None:
    html = (
        "<table><tr><th colspan=2>Head<th>X<tr><td rowspan=2>a<td>b<td>c<tr><td>d<td>e"
        "<tr><td colspan=999999999>all<tr><td rowspan=x>f<td rowspan=3>g</table>"
    )
    lines = main(html).split("\n")
    assert lines[0] == "| Head |  | X |"
    assert lines[2:] == ["| a | b | c |", "|  | d | e |", "| all |  |  |", "| f | g |  |"]


def test_a_cell_reaches_over_many_rows() -> None:
    html = "<table><tr><td rowspan=3>a<td>b<tr><td>c<tr><td>d<tr><td>e<td>f</table>"
    assert main(html).split("\n")[2:] == ["|  | c |", "|  | d |", "| e | f |"]


def test_lines_of_links_around_the_text_are_no_plain_text_either() -> None:
    html = f"<p><a href=/a>Prev</a> <a href=/b>Next</a></p><h1>T</h1>{STORY}<p><a href=/c>Up</a></p>"
    assert main_text(html, HERE).split("\n")[0] == "T"
    assert "Up" not in main_text(html, HERE)
    assert main_text(html).startswith("Prev Next")


def test_a_table_in_one_column_with_a_head_is_a_table() -> None:
    assert (
        main("<table><tr><th>F<tr><td><h5>abs</h5><p>gives |x|</table>") == "| F |\n| --- |\n| abs<br>gives \\|x\\| |"
    )


def test_what_is_too_much_for_a_cell_is_no_table() -> None:
    html = f"<table><tr><td>{'word ' * 1000}<td>b<tr><td>c<td>d</table>"
    assert "|" not in main(html)
    assert "|" not in main("<table><tr><td><h2>a</h2><td>b<tr><td>c<td>d</table>")


def test_under_heads_of_columns_cells_may_be_long_and_hold_a_few_lines_of_code() -> None:
    html = f"<table><tr><th>A<th>B<tr><td>{'word ' * 1000}<td><pre>if x:\n    y | z\n\n`q`</pre></table>"
    assert main(html).endswith(" word | `if x:`<br>`    y \\| z`<br>`` `q` `` |")
    assert "|" not in main(html.replace("if x:", "if x:" + "\nline" * 20).replace("y | z", "y"))
    assert "|" not in main(f"<table><tr><th>A<th>B<tr><td>{'word ' * 9000}<td>b</table>")


def test_a_single_row_is_a_table_where_it_is_short() -> None:
    row = "<table><tr><td>T<td>-<td>the type</table>"
    assert main(row) == "| T | - | the type |\n| --- | --- | --- |"
    assert "|" not in main(row.replace("type", "type " * 200))


def test_plain_text_is_the_main_text_without_marks() -> None:
    html = (
        "<nav>menu</nav><main><h1>A *b*</h1><p>c<br>d <a href=/x>link</a> <code>e</code><img src=/i alt=no>"
        "<hr><ul><li>f<li>g</ul><pre>h\n i</pre><table><tr><td>1|2<td>3<tr><td>4<td>5</table>"
        "<code>un <a href=/y>closed</a></code></main>"
    )
    assert main_text(html) == "A *b*\nc\nd link e\nf\ng\nh\n i\n1|2\t3\n4\t5\nun closed"


def test_a_page_that_is_all_side_matter_is_taken_as_it_is() -> None:
    assert main("<span class=lineno>x") == main_text("<span class=lineno>x") == "x"
    assert main("") == main_text("") == ""


@given(
    st.lists(
        st.sampled_from(
            "<div/class=nav> <div/class=content> <div> </div> <main> </main> <article> </article> <aside> </aside> "
            "<h1> </h1> <footer> </footer> <header> <table> <tr> <td> </table> <p> x <a/href=y> </a> </pre> <nav> "
            "<span/class=lineno> </span> <pre> <div/class=summary-table> <div/class=col-last> <div/role=row> </nav> "
            "<div/class=type-signature>"
            .split()
        )
    )
)  # fmt: skip
def test_no_order_of_tags_breaks_the_choice(tags: list[str]) -> None:
    html = "".join(tag.replace("/", " ", 1) if "=" in tag else tag for tag in tags)
    main(html)
    main_text(html)
    assert bool(main(html).strip()) >= bool(markdown(html, HERE).strip("-#\n >|").strip())
