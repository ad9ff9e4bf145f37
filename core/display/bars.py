"""Bars as a table of HTML: shown without a charting library, read out row by row, printed as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDE, STRIPE = 6, 2  # pixels from stripe to stripe, and of one
LEAST_ROOM = 40  # per cent of the axis for what either side of its line means, wherever that stands
_TURNED = {"/": (-45,), "\\": (45,), "x": (-45, 45), "-": (0,), "|": (90,), "+": (0, 90)}  # degrees


@dataclass(frozen=True)
class Bar:
    """One of them.

    Attributes:
        name: What it is of.
        value: Where it ends, in the units of the axis.
        text: The value, written.
        colour: As CSS has it.
        pattern: Of its surface, by Plotly's name; empty is plain.
        threshold: Where a mark stands across it, if anywhere.
        hint: What else is known, in words, for who points at it or has it read out.
        before: Where it ended before a change, if one was made: a dashed outline.
    """

    name: str
    value: float
    text: str
    colour: str
    pattern: str = ""
    threshold: float | None = None
    hint: str = ""
    before: float | None = None


@dataclass(frozen=True)
class Axis:
    """What bars stand on.

    Attributes:
        low: Its left end.
        high: Its right end.
        line: Where a line stands through all bars, if anywhere.
        beside: What the side left of the line means, and the side right of it.
        ticks: Values that are written below.
    """

    low: float
    high: float
    line: float | None = None
    beside: tuple[str, str] = ("", "")
    ticks: tuple[float, ...] = ()

    def percent(self, value: float) -> float:
        """How far from the left end a value lies, in per cent of the axis; no bar leaves it."""
        return 100 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def bars_html(bars: Sequence[Bar], axis: Axis) -> str:
    """Bars from zero, the first on top, each with its name and its value beside it.

    Args:
        bars: At least one; all names and hints are text, whatever they hold.
        axis: What they stand on; it holds zero.
    """
    rows = "".join(_row(bar, axis) for bar in bars)
    return f'<table class="bars">{axis_head(axis)}<tbody>{rows}</tbody>{axis_foot(axis)}</table>'


def surface(colour: str, pattern: str) -> str:
    """A bar's surface as a CSS background, which a printer keeps: plain, striped or dotted.

    Args:
        colour: As CSS has it.
        pattern: Plotly's name of it.
    """
    if pattern == ".":
        return f"radial-gradient({colour} 40%,transparent 45%) 0 0/{WIDE}px {WIDE}px"
    stripes = [
        f"repeating-linear-gradient({turned}deg,{colour} 0 {STRIPE}px,transparent {STRIPE}px {WIDE}px)"
        for turned in _TURNED.get(pattern, ())
    ]
    return ",".join(stripes or [f"linear-gradient({colour},{colour})"])


def _row(bar: Bar, axis: Axis) -> str:
    zero, end = axis.percent(0), axis.percent(bar.value)
    fill = (
        f'<i style="left:{min(zero, end):.2f}%;width:{abs(end - zero):.2f}%;'
        f'border-color:{bar.colour};background:{surface(bar.colour, bar.pattern)}"></i>'
    )
    across = "" if bar.threshold is None else f'<b style="left:{axis.percent(bar.threshold):.2f}%"></b>'
    if bar.before is not None:
        ends = sorted((zero, axis.percent(bar.before)))
        fill += f'<s style="left:{ends[0]:.2f}%;width:{ends[1] - ends[0]:.2f}%"></s>'
    hint = escape(bar.hint, quote=True)
    said = f'<span class="said"> ({hint})</span>' if hint else ""
    return (
        f'<tr title="{hint}"><th scope="row"><span>{escape(bar.name)}</span></th>'
        f'<td class="number">{escape(bar.text)}{said}</td>'
        f'<td class="track" aria-hidden="true">{axis_line(axis)}{fill}{across}</td></tr>'
    )


def axis_line(axis: Axis) -> str:
    """The line through one of the bars."""
    return "" if axis.line is None else f'<u style="left:{axis.percent(axis.line):.2f}%"></u>'


def axis_head(axis: Axis) -> str:
    """What either side of the line means, as the head of a table; empty where nothing is said."""
    if axis.line is None or not any(axis.beside):
        return ""
    at, (left, right) = axis.percent(axis.line), axis.beside
    at = min(max(at, LEAST_ROOM), 100 - LEAST_ROOM)
    return (
        '<thead><tr><td></td><td></td><td class="beside"><div>'
        f'<span style="width:{at:.2f}%">{escape(left)}</span><span>{escape(right)}</span>'
        "</div></td></tr></thead>"
    )


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def axis_foot(axis: Axis) -> str:
    """The ticks, as the foot of a table; empty without any."""
    if not axis.ticks:
        return ""
    ticks = "".join(
        f'<span style="left:{axis.percent(each):.2f}%">{_tick(each)}</span>' for each in axis.ticks
    )
    return f'<tfoot aria-hidden="true"><tr><td></td><td></td><td class="ticks">{ticks}</td></tr></tfoot>'
