"""What a report is about, gathered once for all its drawings and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from wadati.model import Catalog, Event, Inventory, Magnitude, Pick, Station, VelocityModel, format_time
from wadati.report.chart import colour
from wadati.report.markup import number
from wadati.units import KILOMETRE

DETAILED = 1000
"""With more events than this, drawings leave out links, titles and error bars to stay small."""


class Pair(Protocol):
    """A candidate matched with a reference event."""

    @property
    def candidate_id(self) -> str: ...  # noqa: D102
    @property
    def reference_id(self) -> str: ...  # noqa: D102


class Comparison(Protocol):
    """What a report needs of an evaluation against the truth."""

    @property
    def matches(self) -> Sequence[Pair]: ...  # noqa: D102
    @property
    def missed(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def unmatched(self) -> Sequence[str]: ...  # noqa: D102


@dataclass(frozen=True)
class Scene:
    """The catalog, its network, how it was made (`run`, laid out as `run.json`), and the truth where it is known.

    `links` are the addresses of events' own pages, where they have some.
    """

    catalog: Catalog
    inventory: Inventory
    run: Mapping[str, Any]
    earth: VelocityModel | None = None
    truth: Catalog | None = None
    evaluation: Comparison | None = None
    scorecard: Sequence[tuple[str, str]] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """In order of time."""
        return tuple(sorted(self.catalog.events, key=lambda event: (event.origin.time, event.event_id)))

    @cached_property
    def drawing_order(self) -> tuple[tuple[int, Event], ...]:
        """Places in `events` and the events, large ones first, so that small ones are drawn over them."""
        return tuple(sorted(enumerate(self.events), key=lambda item: (-size(item[1]), item[0])))

    @cached_property
    def detailed(self) -> bool:
        """Whether there are few enough events to say something on each in the drawings."""
        return len(self.events) <= DETAILED

    @cached_property
    def stations(self) -> tuple[Station, ...]:
        """In order of network and code."""
        return self.inventory.stations()

    @cached_property
    def picks(self) -> dict[str, Pick]:
        """By identifier."""
        return {pick.pick_id: pick for pick in self.catalog.picks}

    @cached_property
    def coverage(self) -> dict[str, Mapping[str, Any]]:
        """How each station's work ended, by `NETWORK.CODE`."""
        return {str(unit.get("unit", "")): unit for unit in self.run.get("coverage", ())}

    @cached_property
    def depth_range(self) -> tuple[float, float]:
        """The shallowest and the deepest preferred origin (m), at least 2 km apart."""
        depths = [event.origin.depth for event in self.events] or [0.0]
        return min(depths), max(*depths, min(depths) + 2 * KILOMETRE)

    @cached_property
    def missed(self) -> frozenset[str]:
        """Identifiers of the true events that were not found."""
        return frozenset(self.evaluation.missed) if self.evaluation else frozenset()

    def truth_class(self, event: Event) -> str:
        """How a true event is drawn."""
        return "truth missed" if event.event_id in self.missed else "truth"

    def silent(self, station: Station) -> str | None:
        """Why a station gave nothing; None where it did or nobody says."""
        unit = self.coverage.get(f"{station.network}.{station.code}")
        if unit is None or unit.get("status") == "done":
            return None
        return f"{unit.get('status', '')}: {unit.get('reason', '')}".strip(": ")

    def depth_colour(self, event: Event) -> str:
        """Where an event's depth lies along the ramp."""
        low, high = self.depth_range
        return colour((event.origin.depth - low) / (high - low))

    def time_colour(self, event: Event) -> str:
        """Where an event's time lies along the ramp."""
        first, last = self.events[0].origin.time, self.events[-1].origin.time
        return colour((event.origin.time - first) / max(last - first, 1))


def size(event: Event) -> float:
    """The radius that stands for an event's magnitude in drawings."""
    magnitude = shown_magnitude(event)
    return radius(magnitude.value if magnitude else None)


def shown_magnitude(event: Event) -> Magnitude | None:
    """The preferred magnitude; where there is none, a saturated one, so that the largest earthquake is not small."""
    saturated = [magnitude for magnitude in event.magnitudes if magnitude.saturated]
    return event.magnitude or max(saturated, key=lambda magnitude: magnitude.value, default=None)


def radius(magnitude: float | None) -> float:
    """Drawing units that stand for a magnitude; events without one are small.

    >>> radius(1.0) < radius(4.0) < radius(9.0)
    True
    """
    return 2.0 if magnitude is None else min(max(1.9 * 1.36**magnitude, 1.5), 22.0)


def size_words(event: Event) -> str:
    """The magnitude with its type; of a saturated one only that the event is larger."""
    magnitude = shown_magnitude(event)
    if magnitude is None:
        return "no magnitude"
    if magnitude.saturated:
        return f"{magnitude.magnitude_type} > {math.floor(magnitude.value)}"
    return f"{magnitude.magnitude_type} {magnitude.value:.2f}"


def kilometres(metres: float, digits: int = 1) -> str:
    """Metres as kilometres, in words.

    >>> kilometres(8250.0)
    '8.2 km'
    """
    return f"{metres / KILOMETRE:.{digits}f} km"


def instant(time: int, digits: int = 2) -> str:
    """A UTC time for people.

    >>> instant(0)
    '1970-01-01 00:00:00.00'
    """
    return format_time(time, digits).replace("T", " ").removesuffix("Z")


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number and its noun.

    >>> counted(1, "event"), counted(2, "event")
    ('1 event', '2 events')
    """
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def event_words(event: Event) -> str:
    """An event on one line."""
    origin = event.origin
    depth = f"{number(origin.depth / KILOMETRE, 1)} km deep"
    return f"{instant(origin.time)} UTC, {size_words(event)}, {depth}, {event.event_id}"
