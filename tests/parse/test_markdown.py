"""HTML becomes Markdown that says the same, whatever the page contains, in linear time."""

from __future__ import annotations

import re
from html import unescape
from time import process_time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gossamer.parse.links.visible import visible_text
from gossamer.parse.text.containers import MAX_INDENT
from gossamer.parse.text.markdown import markdown

HERE = "https://site.test/dir/page"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # paragraphs, headings, breaks
        ("<title>No</title><p>One  two\n three<p>Four", "One two three\n\nFour"),
        ("<h1>A</h1>b<h3>C <em>d</em></h3>", "# A\n\nb\n\n### C *d*"),
        ("<h2>Cut<div>short</div>", "## Cut\n\n## short"),
        ("<p>one<br>two<br><br>three", "one\\\ntwo\\\nthree"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<p></p><div> </div>", ""),
        ("a<script>no</script><style>no</style><template>no</template>b", "ab"),
        ("a<noscript>seen <b>too</b></noscript>", "aseen **too**"),
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
        ("<kbd>a<samp>b</samp></kbd>", "`ab`"),
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
        ("<ol><li><b>a</b><div><h3>Note</h3><p>b</div><p>c<li>d</ol>", "1. **a**\n\n   ### Note\n\n   b\n\n   c\n2. d"),
        ("<ol><li>a<ul><li>b<h4>c</h4>d</ul>e</ol>", "1. a\n   - b\n\n     #### c\n\n     d\n\n   e"),
        ("<ul><li><h3>Card</h3>a<li>b<h3>Card</h3></ul>", "### Card\n\na\n\nb\n\n### Card"),
        ("<ul><li>Home<h1>Page</h1>a</ul>", "- Home\n\n# Page\n\na"),
        ("<ul><li>a<ul><li><h4>b</h4>c</ul></ul>", "- a\n\n#### b\n\nc"),
        ("<blockquote>a<h3>b</h3></blockquote>", "> a\n>\n> ### b"),
        # spans that style sheets show one below the other
        ('<a href=x><span class="t-lines"><span>a</span><span>b</span></span></a>', "[a b](https://site.test/dir/x)"),
        ('a<span class="t-lines"><span>b</span><span>c<i>d</i></span></span>e', "a\\\nb\\\nc*d*e"),
        ('<span class="t-lines"><span>a<p>b<span>c</span><span>d</span>', "a\n\nbcd"),
        ("<span>H</span><span>ello</span>", "Hello"),
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


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        # emphasis, where CommonMark would read it as such
        ("<p>an <em>old</em> <strong>iron </strong>gate <del>rusts</del>", "an *old* **iron** gate ~~rusts~~"),
        ("<p><b><i>both</i></b> <b>one</b><b>word</b> <i>two</i><b>kinds</b>", "***both*** **oneword** *two*kinds"),
        ("<p><b>\u201cquoted\u201d</b>word <b></b> <i> </i>", "\u201cquoted\u201dword"),
        ("<p><b>never ended<p>next", "**never ended**\n\nnext"),
        ("<h2>The <b>whole</b> <i>title</i></h2>", "## The whole *title*"),
        ("<p><b><a href=/x>go</a></b> <a href=/x><b>go</b></a>",
         "**[go](https://site.test/x)** [**go**](https://site.test/x)"),
        # superscripts and subscripts
        ("<p>10<sup>6</sup> m<sup>2</sup> e<sup>i+1</sup> CO<sub>2</sub> a<sub>n</sub> 7<sub>16</sub>",
         "10^6 m^2 e^(i+1) CO2 a_n 7_16"),
        ("<p>4<sup>th</sup> XIV<sup>e</sup> Acme<sup>TM</sup> <sup>14</sup>C", "4th XIVe AcmeTM 14C"),
        ("<p>said<sup><a href=#n3>3</a></sup> twice.<sup>4</sup> Here<sup>[5]</sup>",
         "said\\[3\\] twice.\\[4\\] Here\\[5\\]"),
        ("<p>there<sup><a href=/notes#3>3</a></sup>", "there\\[[3](https://site.test/notes#3)\\]"),
        ("<p><code>2<sup>8</sup></code> <code>9</code><sup><code>1</code></sup>", "`2^8` `9`^`1`"),
        # code spans that touch, lie in each other or have several lines
        ("<code>lib<i><code>name</code></i>.so</code>", "`libname.so`"),
        ("<code>a</code><kbd>b</kbd> <code>c</code><a href=/x>d</a><code>e</code>", "`ab` `c`[d](https://site.test/x)`e`"),
        ("x<code> a<br>b </code>y", "x `a`\\\n`b` y"),
        # numbers of lists
        ("<ol><li>a<li value=40>b<li>c<li value=x>d</ol>", "1. a\n40. b\n41. c\n42. d"),
        ("<ol reversed><li>a<ul><li>x<li>y</ul><li>b</ol>", "2. a\n   - x\n   - y\n1. b"),
        ("<ol reversed start=1><li>a<li>b<li>c</ol>", "1. a\n0. b\n0. c"),
        ("<ol start='+3 '><li>a</ol><ol><li>b</ol>", "3. a\n1) b"),
        ("<ul><li>text<ol start=4><li>a<li>b</ol></ul>", "- text\n\n  4. a\n  5. b"),
        ("<ul><li><hr><li>a</ul>", "- ***\n- a"),
        # formulas
        ("<p>So <math><mi>a</mi><annotation encoding='application/x-tex'>a_1</annotation></math>",
         "So $a_1$"),
        ("<math display=block><mfrac><mn>1</mn><mrow><mi>n</mi> <mo>+</mo> <mn>1</mn></mrow></mfrac></math>",
         "1/(n+1)"),
        ("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup><mo>=</mo><msqrt><mi>y</mi></msqrt></math>",
         "x_i^2=\u221ay"),
        ("<math><mi>a</mi><annotation-xml encoding=text/html>twice</annotation-xml></math> b", "a b"),
        ("<math><mi>z</mi><annotation encoding=TeX>z</annotation></math><span class=katex-html><span>z</span></span>!",
         "$z$!"),
        ("<math><msup><mi>cut<p>short", "cut\n\nshort"),
        # links
        ("<a href='/x#part one'>a</a> <a href=#here>b</a>", "[a](https://site.test/x#part%20one) b"),
        ("<a href=x>a</a><base href=https://other.test/>", "[a](https://other.test/x)"),
        ("<b>look!</b><a href=/x>there</a>", "**look\\!**[there](https://site.test/x)"),
        ("look!<a href=/x>there</a>", "look\\![there](https://site.test/x)"),
        ("<a href='/x?a=1&amp;amp;lt;'>a</a>", "[a](https://site.test/x?a=1\\&amp;lt;)"),
        ("<img src='data:,' data-src=/late.png alt=late>", "![late](https://site.test/late.png)"),
        # white space
        ("<p>\u6c34\n\u706b <b>\u6728</b>\n\u91d1 end\n\u571f \ud55c\n\uad6d",
         "\u6c34\u706b **\u6728**\u91d1 end \u571f \ud55c \uad6d"),
        ("<p>soft\u00adhyphen, w<wbr>br", "softhyphen, wbr"),
        # more of what Markdown would take for its own marks
        ("<p>__init__ ~~no~~ ~one<br>- a<br>1) b<h1>C # #</h1><h1>C#</h1>",
         "\\_\\_init\\_\\_ \\~~no\\~~ ~one\\\n\\- a\\\n1\\) b\n\n# C # \\#\n\n# C#"),
        ("<p>half \ud83d\0", "half \ufffd"),
        # elements that are shown although they are templates
        ("<x-y><template shadowrootmode=Closed><p>in <a href=/s>it</a></template></x-y><template>not</template>",
         "in [it](https://site.test/s)"),
        ("<p>He said <q>no</q>.", 'He said "no".'),
        # row groups
        ("<table><thead><tr><th rowspan=3>a<th>b<tbody><tr><td rowspan=0>c<td>d<tr><td>e<tfoot><tr><td>f<td>g</table>",
         "| a | b |\n| --- | --- |\n| c | d |\n|  | e |\n| f | g |"),
    ],
)  # fmt: skip
def test_what_a_reader_sees_is_kept(html: str, expected: str) -> None:
    assert markdown(html, HERE) == expected


@pytest.mark.parametrize(
    "html",
    [
        "<pre>one\n  two</pre>",
        "<pre><div>one</div><div>  two</div></pre>",
        "<pre><div>one\n</div><div>  two\n</div></pre>",
        "<pre><ol><li>one</li><li>  two</li></ol></pre>",
        "<pre><p>one<p>  two</pre>",
        "<pre><code>one</code><code>  two</code></pre>",
        "<pre><span>one</span><br><span>  two</span></pre>",
        "<pre><table><tr><td>one<tr><td>  two</table></pre>",
        "<pre><span class=lineno>1 </span>one\n<span class=lineno>2 </span>  two</pre>",
        "<table><tr><td class=linenos><div><pre>1\n<i>2</i></pre></div><td><pre>one\n  two</pre></table>",
        "<pre><table><tr><td class=ln><pre>1\n2</pre><td><pre>one\n  two</pre></table></pre>",
        "<table><tr><td><pre>8\n9</pre></td><td><pre>one\n  two</pre></td></tr></table>",
        "<table><tr><td class=blob-num>1<td class=blob-code>one<tr><td class=ln><td class=blob-code>  two</table>",
        "<table><tr><td class=gutter><p>1</p><p>2</p></td><td class=code><p>one<p>&nbsp; <code>two</code></table>",
        "<div class=fragment><div class=line>one</div><div class=line>&#160; two</div></div>",
    ],
)
@pytest.mark.parametrize("around", ["{}", "<ul><li>{}</ul>", "<div>{}</div><p>after"])
def test_the_lines_of_code_stay_lines_without_their_numbers(html: str, around: str) -> None:
    code = "```\none\n  two\n```"
    expected = {"<": code, "{": code}[around[0]]
    if around.startswith("<ul>"):
        expected = "- " + code.replace("\n", "\n  ")
    assert markdown(around.format(html), HERE) == expected + ("\n\nafter" if "after" in around else "")


def test_a_column_of_numbers_in_a_data_table_is_kept() -> None:
    html = "<table><tr><th class=ln>No<th>Name<tr><td class=ln>1<td>Iron<tr><td class=ln>2<td>Tin</table>"
    assert markdown(html, HERE) == "| No | Name |\n| --- | --- |\n| 1 | Iron |\n| 2 | Tin |"


WORDS: Final = re.compile(r"[^\W_]+")
PIECES: Final = (
    "<p> <b> </b> <i> </i> <s> </s> <code> </code> <sup> </sup> <sub> </sub> <ul><li> <ol/start=3><li> </ul> </ol> "
    "<blockquote> </blockquote> <h2> </h2> <pre> </pre> <a/href=/x> </a> <q> </q> <div> </div> <hr> <br> # - + > ` "
    "``` * ** _ __ ~~ ! [ ] ( ) &lt; &amp;amp; \\ 1. 2) | wait go! 42 (x) = \u6f22"
).split()


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_rendered_it_has_the_words_of_the_page_in_order(pieces: list[str]) -> None:
    html = "".join(piece.replace("/", " ", 1) if piece[:2] in ("<a", "<o") else piece for piece in pieces)
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    shown = re.sub(r"</?(?:p|h\d|li|pre|br|hr|blockquote|ul|ol|div)\b[^>]*>", " ", reader.render(markdown(html, HERE)))
    words = WORDS.findall(unescape(re.sub(r"<[^>]*>", "", shown)))
    assert "".join(words) == "".join(WORDS.findall(visible_text(html)))
