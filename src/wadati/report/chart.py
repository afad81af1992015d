"""The few things every drawing needs: scales, round ticks, axes, and colours along a ramp."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wadati.model import format_time
from wadati.report.markup import Markup, element, join, number
from wadati.units import DAY, HOUR, MINUTE, SECOND

WIDTH = 560.0
"""Width of every drawing in its own units; the page scales it to the column."""
LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 14.0, 46.0
RAMP = ("#e0a030", "#d9653b", "#b83a63", "#7a3f98", "#3a5aa8")
"""From low to high; each of middling lightness so that it shows on light and dark grounds."""

Ticks = Sequence[tuple[float, str]]

_TIME_STEPS = (
    *(n * SECOND for n in (1, 2, 5, 10, 20, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 20, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 5, 10, 20, 50, 100, 200, 365, 730, 1825, 3650)),
)


@dataclass(frozen=True)
class Scale:
    """A straight line from values [low, high] to drawing units [start, end].

    >>> Scale(0.0, 10.0, 100.0, 0.0)(2.5)
    75.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def figure(drawing: Markup, title: str, caption: str) -> Markup:
    """A drawing with its title and what to see in it."""
    return element("figure", element("h3", title), drawing, element("figcaption", caption))


def svg(height: float, alternative: str, *children: str | None) -> Markup:
    """A drawing `WIDTH` wide; `alternative` says in words what it shows."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {number(WIDTH)} {number(height)}",
        role="img",
        aria_label=alternative,
    )


def text(x: float, y: float, words: str, anchor: str = "middle", class_: str | None = None) -> Markup:
    """Words at a place; `anchor` is `start`, `middle` or `end`."""
    return element("text", words, x=x, y=y, text_anchor=None if anchor == "start" else anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("path", d=f"M{number(x1, 1)} {number(y1, 1)}L{number(x2, 1)} {number(y2, 1)}", class_=class_)


def path(points: Iterable[Iterable[float]], class_: str | None, *, close: bool = False) -> Markup:
    """A line through points."""
    steps = "L".join(f"{number(x, 1)} {number(y, 1)}" for x, y in points)
    return element("path", d=f"M{steps}{'Z' if close else ''}", class_=class_)


def triangle(x: float, y: float, size: float, class_: str, title: str | None = None) -> Markup:
    """A station: a triangle standing on its base, its middle at a place."""
    half = size / 2
    d = f"M{number(x, 1)} {number(y - half, 1)}l{number(half, 1)} {number(size, 1)}h{number(-size, 1)}z"
    return element("path", element("title", title) if title else None, d=d, class_=class_)


def axes(x: Scale, y: Scale, x_ticks: Ticks, y_ticks: Ticks, x_label: str, y_label: str) -> Markup:
    """Grid lines, tick labels and axis labels of a plot."""
    low, high = max(y.start, y.end), min(y.start, y.end)
    middle = (low + high) / 2
    return join(
        *(line(x(value), low, x(value), high, "grid") for value, _ in x_ticks),
        *(line(x.start, y(value), x.end, y(value), "grid") for value, _ in y_ticks),
        *(text(x(value), low + 17, label) for value, label in x_ticks if label),
        *(text(x.start - 7, y(value) + 4, label, "end") for value, label in y_ticks if label),
        line(x.start, low, x.end, low, "axis"),
        text((x.start + x.end) / 2, low + 38, x_label) if x_label else None,
        element("text", y_label, transform=f"translate(14 {number(middle)}) rotate(-90)", text_anchor="middle")
        if y_label
        else None,
    )


def padded(values: Iterable[float], share: float = 0.05, least: float = 1.0) -> tuple[float, float]:
    """The range of values, at least `least` wide, and a share of it more on either side.

    >>> padded([0.0, 10.0], 0.1)
    (-1.0, 11.0)
    """
    sample = list(values)
    low, high = min(sample), max(sample)
    missing = max(least - (high - low), 0.0) / 2
    low, high = low - missing, high + missing
    return low - share * (high - low), high + share * (high - low)


def ticks(low: float, high: float, count: int = 6) -> list[tuple[float, str]]:
    """About `count` round values within a range, with labels.

    >>> [label for _, label in ticks(-0.3, 1.1, 4)]
    ['0', '0.5', '1']
    """
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.8)
    digits = max(-math.floor(math.log10(step * 1.001)), 0)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(k * step, number(k * step, digits).replace("-", "−")) for k in range(first, last + 1)]


def time_ticks(low: float, high: float, count: int = 6) -> tuple[list[tuple[float, str]], str]:
    """About `count` round times (ns) within a range with labels, and the axis label.

    >>> [label for _, label in time_ticks(0, 3600 * SECOND, 2)[0]]
    ['00:00', '00:30', '01:00']
    """
    step = next((step for step in _TIME_STEPS if (high - low) / step <= count), _TIME_STEPS[-1])
    part = slice(11, 19) if step < MINUTE else slice(11, 16) if step < DAY else slice(0, 10)
    first, last = math.ceil(low / step), math.floor(high / step)
    days = (format_time(round(low), 0)[:10], format_time(round(high), 0)[:10])
    dates = days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"
    label = f"UTC, {dates}" if step < DAY else "UTC"
    return [(k * step, format_time(k * step, 0)[part]) for k in range(first, last + 1)], label


def colour(share: float) -> str:
    """The colour at a place between 0 and 1 along the ramp.

    >>> colour(0.0), colour(1.0)
    ('#e0a030', '#3a5aa8')
    """
    place = min(max(share, 0.0), 1.0) * (len(RAMP) - 1)
    index = min(int(place), len(RAMP) - 2)
    ends = ([int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in RAMP[index : index + 2])
    mixed = (round(a + (b - a) * (place - index)) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def ramp(x: float, y: float, low: str, high: str, name: str) -> Markup:
    """A legend of the ramp: a strip between the words for its ends; `name` must be unique in the page."""
    stops = (element("stop", offset=f"{100 * k / (len(RAMP) - 1):g}%", stop_color=code) for k, code in enumerate(RAMP))
    return join(
        element("linearGradient", *stops, id=name),
        text(x - 6, y + 4, low, "end"),
        element("rect", x=x, y=y - 5, width=90, height=10, rx=2, fill=f"url(#{name})"),
        text(x + 96, y + 4, high, "start"),
    )
