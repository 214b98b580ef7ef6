"""The cells of a table as HTML, by the kind of their column."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Any, Final

from gossamer.check.findings import Referrer
from gossamer.report.html.markup import bar, link, text
from gossamer.report.rows import Folder
from gossamer.report.tables import Kind
from gossamer.report.wording import shown_gap
from gossamer.values.formatting import shown_size

NUMBERS: Final = (Kind.COUNT, Kind.SIZE, Kind.SECONDS, Kind.SHARE)
"""The kinds whose values are numbers."""
_AT_ONCE: Final = 3
"""Number of referrers that are shown at once; others open with a click."""
_NOTHING: Final = "–"  # noqa: RUF001  # typeset


def cell(value: Any, kind: Kind, *, heads: bool) -> str:
    """Return a value as a cell; `heads`: it is the head of its row."""
    tag, scope = ("th", ' scope="row"') if heads else ("td", "")
    content, attributes = _content(value, kind)
    return f"<{tag}{scope}{attributes}>{content}</{tag}>"


def _content(value: Any, kind: Kind) -> tuple[str, str]:
    """Return the content of a cell and its attributes; `data-v` is the value that the script sorts by."""
    if value is None or value == "":
        return _NOTHING, ' class="n"' if kind in NUMBERS else ""
    match kind:
        case Kind.COUNT:
            return f"{value:,}", ' class="n"'
        case Kind.SIZE:
            return shown_size(value), f' class="n" data-v="{value}"'
        case Kind.SECONDS:
            return shown_gap(value), f' class="n" data-v="{value:.6g}"'
        case Kind.SHARE:
            return f"{bar(value)}<span>{shown_share(value)}</span>", f' class="n share" data-v="{value:.6g}"'
        case Kind.URL:
            return link(value), ' class="u"'
        case Kind.FOLDER:
            return _folder(value)
        case Kind.REFERRERS:
            return _referrers(value), ' class="r"'
        case _:
            return text(value), ' dir="auto"'


def shown_share(share: float) -> str:
    """Return a share (0 to 1) as a percentage of two digits: "47%", "3.1%", "0.02%"; 0% and 100% are exactly that."""
    percent = 100 * share
    if 99 <= percent < 100:
        return f"{floor(10 * percent) / 10:.1f}%"
    return f"{percent:.0f}%" if percent >= 9.95 or not percent else f"{percent:.2g}%"


def _folder(folder: Folder) -> tuple[str, str]:
    name = folder.url if not folder.level else f"{folder.url.rstrip('/').rpartition('/')[2]}/"
    return text(name), f' class="u l{folder.level}" data-v="{text(folder.url)}"'


def _referrers(referrers: Sequence[Referrer]) -> str:
    shown, others = referrers[:_AT_ONCE], referrers[_AT_ONCE:]
    more = f"<details><summary>{len(others)} more</summary>{_listed(others)}</details>" if others else ""
    return _listed(shown) + more


def _listed(referrers: Sequence[Referrer]) -> str:
    return f"<ul>{''.join([f'<li>{_referrer(one)}</li>' for one in referrers])}</ul>"


def _referrer(referrer: Referrer) -> str:
    said = [f"line {referrer.line}"] if referrer.line else []
    said += [referrer.element] if referrer.element else []
    said += [f"“{referrer.text}”"] if referrer.text else []
    where = f' <span class="soft" dir="auto">{text(", ".join(said))}</span>' if said else ""
    return link(referrer.page) + where
