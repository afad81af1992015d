"""Event lists of GrowClust (`evlist.txt`): a date and time in words, hypocentre, magnitude, errors, identifier.

Format: D. T. Trugman and P. M. Shearer (2017), https://doi.org/10.1785/0220160188. Depths and errors are in km. As in
hypoDD's lists, from which these are made, a magnitude or an error of 0 means that there is none. REAL's `hypolocSA.dat`
has as many columns, but a count of picks and a gap where the errors stand here.
"""

from __future__ import annotations

from pathlib import Path

from wadati.formats.tables import event_of, in_order, stated_uncertainty, table_magnitude
from wadati.formats.text_lines import Line, each, first_words, read_lines
from wadati.model import Catalog, Event, Origin
from wadati.protocols import Problem
from wadati.units import KILOMETRE

_WORDS = 14


def looks_like_growclust(lines: list[Line]) -> bool:
    """Whether one of the first lines is fourteen numbers, a year first."""
    return any(map(_is_event, first_words(lines)))


def _is_event(words: list[str]) -> bool:
    try:
        return len(words) == _WORDS and 1900 <= int(words[0]) <= 2100 and all(float(word) > -1e9 for word in words)
    except ValueError:
        return False


def read_growclust(path: Path, problems: list[Problem] | None = None) -> Catalog:
    """The events of a list. What cannot be read is told in `problems`, or raised."""
    return in_order(each((line for line in read_lines(path) if line.text.strip()), _event, problems))


def _event(line: Line) -> Event:
    words = line.text.split()
    if len(words) < _WORDS:
        raise line.error(f"an event has {_WORDS} numbers, not {len(words)}")
    horizontal, vertical, rms = (line.word(word, 0) or None for word in words[10:13])
    origin = Origin.of(
        line.instant(words[:5], line.nanoseconds(words[5])),
        line.word(words[6], -90, 90),
        line.word(words[7], -180, 360),
        round(line.word(words[8], -10, 1000) * KILOMETRE, 3),
        uncertainty=stated_uncertainty(horizontal, vertical),
        standard_error=rms,
        method="",
    )
    size = line.within(line.decimal(words[9]), -10, 11)
    return event_of(origin, (table_magnitude(origin, "M", size),) if size else (), words[13])
