"""HTML becomes Markdown that says the same, whatever the page contains, in linear time."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.parse.text.containers import MAX_INDENT
from gossamer.parse.text.markdown import markdown

HERE = "https://site.test/dir/page"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # paragraphs, headings, breaks
        ("<title>No</title><p>One  two\n three<p>Four", "One two three\n\nFour"),
        ("<h1>A</h1>b<h3>C <em>d</em></h3>", "# A\n\nb\n\n### C d"),
        ("<h2>Cut<div>short</div>", "## Cut\n\n## short"),
        ("<p>one<br>two<br><br>three", "one\\\ntwo\\\nthree"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<p></p><div> </div>", ""),
        ("a<script>no</script><style>no</style><template>no</template>b", "ab"),
        ("a<noscript>seen <b>too</b></noscript>", "aseen too"),
        # links and pictures
        ("<a href=x>there</a>", "[there](https://site.test/dir/x)"),
        ("go <a href=/x> there </a>now", "go [there](https://site.test/x) now"),
        ("<a href=/a>b<a href=/c>d", "[b](https://site.test/a)[d](https://site.test/c)"),
        ("<a href=/a(b)>c</a>", "[c](<https://site.test/a(b)>)"),
        ("<a href=/card><div><h3>Card</h3><p>text</div></a>", "### [Card](https://site.test/card)\n\ntext"),
        ("<a href=/x></a><a href=#y>frag</a> <a href=mailto:a@b>mail</a> <a>none</a>", "frag mail none"),
        ("<a href=/x>a<br>b</a>", "[a b](https://site.test/x)"),
        ("<base href=/other/><a href=x>y</a>", "[y](https://site.test/other/x)"),
        ("<a href=/x>y", "[y](https://site.test/x)"),
        ("<img src=/i.png alt='A  [b]'> <img src=/j.png>", "![A \\[b\\]](https://site.test/i.png)"),
        ("<img src=/i(1).png alt=x>", "![x](<https://site.test/i(1).png>)"),
        # code
        ("<p>call <code>f( x )</code> now", "call `f( x )` now"),
        ("<code>a`b</code> <code>``</code> <code></code>", "`` a`b `` ``` `` ```"),
        ("<code>un<p>closed", "`un`\n\nclosed"),
        ("<code>a*b <a href=/x>c*</a> d</code>", "a\\*b [c\\*](https://site.test/x) d"),
        ("<a href=/x><code>c*</code></a>", "[`c*`](https://site.test/x)"),
        ("<kbd>a<samp>b</samp></kbd>", "`a``b`"),
        ("<code>a <img src=/i alt=x> b</code>", "`a b`"),
        ("<pre>\n a *b*\n  c\n</pre>d", "```\n a *b*\n  c\n```\n\nd"),
        ("<pre><code class='x language-py'>a<br>b</code></pre>", "```py\na\nb\n```"),
        ("<pre class=highlight-c++>a</pre>", "```c++\na\n```"),
        ("<pre>```\n</pre><pre> </pre>", "````\n```\n````"),
        ("<a href=/x>y<pre>cut", "[y](https://site.test/x)\n\n```\ncut\n```"),
        # lists and quotations
        ("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e", "- a\n- b\n  - c\n- d\n\ne"),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
        ("<ol start=9><li>a<li>b<p>c</ol>", "9. a\n10. b\n\n    c"),
        ("<ol start=-3><li>a</ol>", "1. a"),
        ("<ol start=9999999999><li>a</ol>", "1. a"),
        ("<li>alone", "alone"),
        ("</ul></ol></blockquote>a", "a"),
        ("<blockquote><p>a<br>b<ul><li>c</ul></blockquote>d", "> a\\\n> b\n> - c\n\nd"),
        ("<blockquote><ul><li>a</blockquote>b", "> - a\n\nb"),
        ("<ul><li><pre>x\n\ny</pre></ul>", "- ```\n  x\n\n  y\n  ```"),
        ("<ul><li><ul><li>deep</ul></ul>", "- - deep"),
        # tables
        (
            "<table><caption>Cap</caption><tr><th>A<th>B<tr><td>1|<td><a href=/2>2</a></table>z",
            "Cap\n\n| A | B |\n| --- | --- |\n| 1\\| | [2](https://site.test/2) |\n\nz",
        ),
        ("<table><tr><td>a<br>b<td><p>c<p>d<tr><td>e</table>", "| a<br>b | c<br>d |\n| --- | --- |\n| e |  |"),
        ("<table><tr><td>only<tr><td>one column</table>", "only\n\none column"),
        ("<table><tr><td>a<tr><td>b<td>longer</table>", "| a |  |\n| --- | --- |\n| b | longer |"),
        ("<table><tr><td>a<td><table><tr><td>b<td>c</table><tr><td>d</table>", "a\n\n| b | c |\n| --- | --- |\n\nd"),
        ("<table><tr><td>a<td><pre>b</pre><tr><td>c<td>d</table>", "a\n\n```\nb\n```\n\nc\n\nd"),
        ("<table><tr><td>a<td><ul><li>b<li>c</ul><tr><td>d</table>", "| a | - b<br>- c |\n| --- | --- |\n| d |  |"),
        ("<td>a<tr><td>b</table>", "a\n\nb"),
        ("<table><td>a</table>", "a"),
        ("<ul><li><table><tr><td>a<td>b<tr><td>c<td>d</table></ul>", "- | a | b |\n  | --- | --- |\n  | c | d |"),
        # what Markdown would take for its own marks
        ("<p>*a* _b_ snake_case [c] `d` &lt;e> \\f", "\\*a\\* \\_b\\_ snake_case \\[c\\] \\`d\\` \\<e> \\\\f"),
        ("<p>&amp;lt; &amp; x", "\\&lt; & x"),
        ("<p># a<p>- b<p>> c<p>1. d<p>2) e<p>3 f", "\\# a\n\n\\- b\n\n\\> c\n\n1\\. d\n\n2\\) e\n\n3 f"),
        ("<p>+ g<p>=<p>~", "\\+ g\n\n\\=\n\n\\~"),
        ("a\x1eb", "a\\\nb"),
    ],
)  # fmt: skip
def test_what_a_page_says_is_said_in_markdown(html: str, expected: str) -> None:
    assert markdown(html, HERE) == expected


def test_without_an_address_only_absolute_links_are_kept() -> None:
    assert markdown("<a href=x>a</a> <a href=https://b.test>b</a>") == "a [b](https://b.test/)"


def test_indentation_has_a_limit() -> None:
    text = markdown("<ul><li>" * 50 + "deep")
    assert text == "- " * MAX_INDENT + "deep"


@given(
    st.lists(
        st.sampled_from(
            "<p> <a> <a/href=x> </a> <ul> <ol> <li> </ul> </ol> <pre> </pre> <code> </code> <table> </table> <tr> <td> "
            "</td> <th> <blockquote> </blockquote> <h1> </h1> <br> <hr> <svg> </svg> <template> </template> <title> "
            "<noscript> x ` * | \\".split()
        )
    )
)
def test_no_order_of_tags_breaks_it(tags: list[str]) -> None:
    markdown("".join(tags), HERE)


@given(st.text())
def test_text_alone_is_never_lost(text: str) -> None:
    kept = markdown("<p>" + text.replace("<", "").replace("&", ""), HERE)
    assert "".join(filter(str.isalnum, kept)) == "".join(filter(str.isalnum, text.replace("\0", "")))


@pytest.mark.parametrize(
    "piece",
    [
        "<ul>", "<ul><li>", "<blockquote>", "<table>", "<table><tr><td>", "<a href=x>", "<a href=x>y", "<code>",
        "<pre>`", "<h1>", "<li>x", "<td>x", "`", "<tr>", "</ul>", "<ul></blockquote>", "<br>", "<p>x",
        "<code><a href=x>", "\x1e", "<ol start=9>", "</table>", "<a href=x><p>",
    ],
)  # fmt: skip
def test_time_stays_linear(piece: str) -> None:
    def seconds(count: int) -> float:
        start = process_time()
        markdown(piece * count, HERE)
        return process_time() - start

    seconds(100)
    assert seconds(16_000) < 20 * max(seconds(2_000), 0.02)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<blockquote><p>a<p>b</blockquote><blockquote><p>c</blockquote><p>d", "> a\n>\n> b\n\n> c\n\nd"),
        ("<blockquote>a<blockquote>b</blockquote><blockquote>c</blockquote>d</blockquote>",
         "> a\n>\n> > b\n>\n> > c\n>\n> d"),
        ("<ul><li>1<blockquote><p>a<p>b</blockquote></ul>", "- 1\n\n  > a\n  >\n  > b"),
    ],
)  # fmt: skip
def test_a_quotation_of_several_paragraphs_stays_one(html: str, expected: str) -> None:
    assert markdown(html, HERE, main=False) == expected
