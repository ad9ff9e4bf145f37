"""Strips of dots as a table of HTML: a dot a patient, the mean, and its interval; no charting library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from core.display.bars import Axis, axis_foot, axis_head, axis_line

_ROWS = 7  # of dots, one below the other, so that equal values do not hide each other


@dataclass(frozen=True)
class Strip:
    """One of them.

    Attributes:
        name: What it is of.
        values: A dot each.
        middle: Where the mark stands, as a mean.
        low: Left end of the interval.
        high: Right end of it.
        text: The middle with its interval, written.
        colour: As CSS has it.
    """

    name: str
    values: tuple[float, ...]
    middle: float
    low: float
    high: float
    text: str
    colour: str


def strips_html(strips: Sequence[Strip], axis: Axis) -> str:
    """Strips, the first on top, each with its name and its numbers beside it.

    Args:
        strips: At least one; all names are text, whatever they hold.
        axis: What they stand on, with a line.
    """
    rows = "".join(_row(each, axis) for each in strips)
    return f'<table class="bars strips">{axis_head(axis)}<tbody>{rows}</tbody>{axis_foot(axis)}</table>'


def _row(strip: Strip, axis: Axis) -> str:
    dots = "".join(
        f'<em style="left:{axis.percent(value):.2f}%;top:{100 * (0.5 + at % _ROWS) / _ROWS:.0f}%;'
        f'background:{strip.colour}"></em>'
        for at, value in enumerate(strip.values)
    )
    low, high = axis.percent(strip.low), axis.percent(strip.high)
    interval = f'<i style="left:{low:.2f}%;width:{high - low:.2f}%;border-color:{strip.colour}"></i>'
    return (
        f'<tr><th scope="row">{escape(strip.name)}</th><td class="number">{escape(strip.text)}</td>'
        f'<td class="track" aria-hidden="true">{axis_line(axis)}{dots}{interval}'
        f'<b style="left:{axis.percent(strip.middle):.2f}%"></b></td></tr>'
    )
