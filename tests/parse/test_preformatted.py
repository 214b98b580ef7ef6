"""Code that is laid out by elements keeps its lines and columns."""

from __future__ import annotations

import pytest

from gossamer.parse.text.markdown import markdown


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a\tb\nc\td"),
        ("<table><tr><td>a <td>b</table>", "a b"),  # it has a space already
        ("<ol><li>a<li><li>b</ol>", "a\n\nb"),
        ("a<div></div><div>b</div>", "a\nb"),
        ("a<sup></sup><div>b</div>", "a\nb"),
    ],
)
def test_lines_and_cells_that_are_elements_stay_apart(inside: str, code: str) -> None:
    assert markdown(f"<pre>{inside}</pre>") == f"```\n{code}\n```"


def test_the_cell_beside_line_numbers_is_code_or_has_it_in_an_element_of_its_own() -> None:
    row = "<table><tr><td class=gutter>1\n2</td><td class=code>{}</td></tr></table>"
    assert markdown(row.format("\n<pre class=language-py>one\n  two</pre>")) == "```py\none\n  two\n```"
    assert markdown(row.format("one\n  two")) == "```\none\n  two\n```"
