"""Plots as SVG in which every run is a dot. Colours are CSS variables, so that a page can set them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from msgspec import Struct

ROW: Final = 30
_TOP: Final = 30
_BOTTOM: Final = 26
_LABELS: Final = 262
_GAP: Final = 34
WIDTH: Final = 920
STANDALONE: Final = """\
<style>
svg { --ink: #1c2330; --soft: #5b6472; --rule: #d9dee6; --asyncio: #0067a8; --threads: #c4540a; --inline: #6b7280;
--processes: #00805c; font: 13px system-ui, sans-serif; background: #fff }
.label, .tick, .head { fill: var(--ink) } .tick { fill: var(--soft); font-size: 11px } .head { font-weight: 600 }
.rule { stroke: var(--rule) } .span { stroke-width: 6; stroke-linecap: round; opacity: .28 }
.median { stroke-width: 3 } .dot { stroke-width: 1.5; fill-opacity: .75 } .hollow { fill: none } .grey { opacity: .45 }
.asyncio { stroke: var(--asyncio); fill: var(--asyncio) } .threads { stroke: var(--threads); fill: var(--threads) }
.inline { stroke: var(--inline); fill: var(--inline) } .processes { stroke: var(--processes); fill: var(--processes) }
.hollow { fill: none }
</style>
"""
"""The style of a plot that is a file of its own, such as an image in the documentation."""


class Dots(Struct, frozen=True):
    """The measurements of one row in one panel."""

    values: tuple[float, ...]
    """The measured values."""

    broken: tuple[bool, ...] = ()
    """For each value, whether its run does not count; such a dot is drawn hollow. May be shorter than `values`."""

    low: float | None = None
    """The lower end of the interval; None if there is no interval."""

    median: float | None = None
    """The median; None if there is no interval."""

    high: float | None = None
    """The upper end of the interval; None if there is no interval."""


class Row(Struct, frozen=True):
    """One row of a plot."""

    label: str
    """The text at the left."""

    kind: str
    """A CSS class, which sets the colour."""

    panels: tuple[Dots, ...]
    """The measurements for each panel."""

    grey: bool = False
    """Whether to draw the row faintly."""


class Panel(Struct, frozen=True):
    """One column of a plot."""

    title: str
    """The heading."""

    share: float = 1.0
    """The width, relative to the other panels."""


def strip_plot(title: str, panels: Sequence[Panel], rows: Sequence[Row], *, standalone: bool = False) -> str:
    """Return a strip plot as SVG: each panel has one row of dots for each row, and an axis from zero."""
    height = _TOP + ROW * len(rows) + _BOTTOM
    room = WIDTH - _LABELS - _GAP * len(panels)
    total = sum(panel.share for panel in panels)
    parts, left = [_labels(rows)], float(_LABELS)
    for index, panel in enumerate(panels):
        width = room * panel.share / total
        parts.append(_panel(panel, [(row, row.panels[index]) for row in rows], left, width, height))
        left += width + _GAP
    names = ' xmlns="http://www.w3.org/2000/svg"' if standalone else ""
    style = STANDALONE if standalone else ""
    return (
        f'<svg{names} viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">\n'
        f"<title>{escape(title)}</title>\n{style}{''.join(parts)}</svg>\n"
    )


def _labels(rows: Sequence[Row]) -> str:
    return "".join(
        f'<text class="label{" grey" * row.grey}" x="{_LABELS - 18}" y="{_middle(at) + 4:.1f}" '
        f'text-anchor="end">{escape(row.label)}</text>\n'
        for at, row in enumerate(rows)
    )


def _panel(panel: Panel, rows: Sequence[tuple[Row, Dots]], left: float, width: float, height: int) -> str:
    ticks = nice_ticks(max((value for _, dots in rows for value in (*dots.values, dots.high or 0.0)), default=1.0))
    scale = width / ticks[-1]
    bottom = height - _BOTTOM + 2
    parts = [f'<text class="head" x="{left:.1f}" y="14">{escape(panel.title)}</text>\n']
    for tick in ticks:
        x = left + tick * scale
        parts.append(f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{bottom}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">{tick:,g}</text>\n')
    for at, (row, dots) in enumerate(rows):
        parts.append(_dots(row, dots, left, scale, _middle(at)))
    return "".join(parts)


def _dots(row: Row, dots: Dots, left: float, scale: float, y: float) -> str:
    parts = []
    if dots.low is not None and dots.high is not None and dots.median is not None:
        low, high, median = (left + value * scale for value in (dots.low, dots.high, dots.median))
        parts.append(f'<line class="span" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<line class="median" x1="{median:.1f}" x2="{median:.1f}" y1="{y - 9:.1f}" y2="{y + 9:.1f}"/>')
    for at, value in enumerate(dots.values):
        hollow = " hollow" if at < len(dots.broken) and dots.broken[at] else ""
        # Dots of equal values would hide each other, so they are shifted up and down in turn.
        shift = (0, -4, 4, -7, 7)[at % 5]
        parts.append(f'<circle class="dot{hollow}" cx="{left + value * scale:.1f}" cy="{y + shift:.1f}" r="3.2"/>')
    return f'<g class="{escape(row.kind)}{" grey" * row.grey}">{"".join(parts)}</g>\n'


def _middle(at: int) -> float:
    return _TOP + ROW * (at + 0.5)


def nice_ticks(largest: float) -> list[float]:
    """Return three to six round ticks, from zero to the first that is not below the largest value."""
    if largest <= 0:
        return [0.0, 1.0]
    rough = largest / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return [round(step * count, 10) for count in range(math.ceil(largest / step) + 1)]
