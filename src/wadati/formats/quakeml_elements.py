"""Elements of QuakeML as lines of text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from xml.sax.saxutils import escape

NAMESPACE = "urn:wadati:quakeml:1"
"""The namespace of the elements that hold what QuakeML has no place for."""

STEP = "  "
"""By how much lines go in."""

Lines = list[str]


def indented(lines: Lines) -> Lines:
    """Lines one step further in."""
    return [f"{STEP}{line}" for line in lines]


def nest(name: str, lines: Lines) -> Lines:
    """An element around others."""
    return [f"<{name}>", *indented(lines), f"</{name}>"] if lines else [f"<{name}></{name}>"]


def text_element(name: str, content: str) -> str:
    """An element of text."""
    return f"<{name}>{escape(content)}</{name}>"


def own_element(name: str, content: str | None) -> Lines:
    """An element of our own namespace, or none."""
    return [] if content is None else [text_element(f"wadati:{name}", content)]


def number_element(name: str, value: float | None) -> Lines:
    """An element of a number; none for one that is unknown."""
    return [] if value is None or not math.isfinite(value) else [f"<{name}>{real(value)}</{name}>"]


def quantity(name: str, value: str, uncertainty: float | None = None) -> Lines:
    """A value with its standard error where it is known."""
    return nest(name, [f"<value>{value}</value>", *number_element("uncertainty", uncertainty)])


def real(value: float) -> str:
    """A number that reads back exactly."""
    return repr(float(value))


def numbers(values: Iterable[float]) -> str:
    """Numbers with blanks between."""
    return " ".join(map(real, values))
