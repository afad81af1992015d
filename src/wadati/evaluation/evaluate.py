"""How good a catalog is beside a reference: what it finds, what it makes up, and how far it is off."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import msgspec
import numpy as np

from wadati.errors import UsageError
from wadati.evaluation.matching import match_origins
from wadati.evaluation.statistics import Residuals, Share
from wadati.model import Catalog, Event, TimeSpan
from wadati.model.time import BEGINNING, END
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

SHORTEST_SHIFT = 30 * SECOND
"""Catalogs are shifted in time by at least this (ns) to learn how many events match by chance."""
SHIFTS = 20
LOCAL_TYPES = ("ml", "mlr", "mlv")
"""Reference magnitude types, in lower case, that a local magnitude may be held against."""
EARTHQUAKES = frozenset(
    (
        *("earthquake", "not reported", "induced or triggered event", "rock burst"),
        *("reservoir loading", "fluid injection", "fluid extraction"),
    )
)
"""Event types of QuakeML 1.2 that are compared: earthquakes of any cause, and events of which no type is reported."""
LARGEST_TOLERANCE = 1e9


class Match(msgspec.Struct, frozen=True):
    """A candidate and the reference event it stands for; differences are candidate − reference (s, m).

    `depth` is None where the reference states no depth, `magnitude` where either has none; `magnitude_type` is the
    reference's.
    """

    candidate_id: str
    reference_id: str
    time: float
    distance: float
    depth: float | None
    magnitude: float | None
    magnitude_type: str | None


class MagnitudeBin(msgspec.Struct, frozen=True):
    """Recall of the reference events with `low` ≤ magnitude < `high`; both None for those without magnitude."""

    low: float | None
    high: float | None
    recall: Share


class Evaluation(msgspec.Struct, frozen=True):
    """A catalog beside a reference.

    A side of `span` that is `BEGINNING` or `END` is open; `left_out` is how many events in it, of both catalogs, are
    no earthquakes and were not compared. `recall` is of the reference events in `span` (of the required ones, where
    some are), `precision` of the candidates. `chance_recall` is the mean recall of the same candidates shifted in
    time, None where the span is too short. `magnitude` holds all differences, `local_magnitude` those against
    reference types ml, mlr and mlv, `magnitude_by_type` each reference type's. `missed` are identifiers of reference
    events, `unmatched` of candidates.
    """

    time_tolerance: float
    distance_tolerance: float
    span: TimeSpan | None
    left_out: int
    recall: Share
    precision: Share
    chance_recall: float | None
    recall_by_magnitude: tuple[MagnitudeBin, ...]
    time: Residuals
    distance: Residuals
    depth: Residuals
    magnitude: Residuals
    local_magnitude: Residuals
    magnitude_by_type: dict[str, Residuals]
    matches: tuple[Match, ...]
    missed: tuple[str, ...]
    unmatched: tuple[str, ...]


def evaluate(
    candidate: Catalog,
    reference: Catalog,
    *,
    time_tolerance: float = 2.5,
    distance_tolerance: float = 15_000.0,
    span: TimeSpan | None = None,
    required: Collection[str] | None = None,
    magnitude_bin: float = 1.0,
    seed: int = 0,
) -> Evaluation:
    """Match two catalogs one to one and measure recall, precision and residuals.

    Tolerances are inclusive, of origin time (s) and epicentre (m along the ellipsoid). Only events in `span` are
    counted, but an event in it may match one just outside, so that its ends cost nothing. With `required` only those
    reference events count for recall; a candidate that matches another is still right. Bins are `magnitude_bin` wide
    and start at its multiples. Bootstrap intervals follow from `seed`. The order of events does not matter.
    Events whose type is none of `EARTHQUAKES` (quarry blasts, explosions, ...) are left out of both catalogs. Raises
    `UsageError` for a tolerance that is no number of at least 0.

    >>> from wadati.model import Origin
    >>> true = Catalog((Event("a", (Origin.of(0, 35.7, -117.5, 8000.0),)),))
    >>> found = Catalog((Event("b", (Origin.of(SECOND, 35.7, -117.5, 9000.0),)),))
    >>> result = evaluate(found, true)
    >>> result.recall.value, result.time.median, result.depth.median
    (1.0, 1.0, 1000.0)
    """
    for name, tolerance in (("time", time_tolerance), ("distance", distance_tolerance)):
        if not 0 <= tolerance <= LARGEST_TOLERANCE:
            raise UsageError(f"{name} tolerance {tolerance:g}: give a number from 0 to {LARGEST_TOLERANCE:g}")
    reach = round(time_tolerance * SECOND)
    candidates, references = (_near(side, span, reach) for side in (candidate, reference))
    pairs = _pairs(candidates, references, time_tolerance, distance_tolerance, span)
    counted = [event for event in _within(references, span) if required is None or event.event_id in required]
    own = _within(candidates, span)
    matched = {event.event_id for _, event in pairs}
    used = {event.event_id for event, _ in pairs}
    matches = tuple(_match(*pair) for pair in pairs)
    by_type: dict[str, list[float]] = {}
    for match in matches:
        if match.magnitude is not None:
            by_type.setdefault(match.magnitude_type or "", []).append(match.magnitude)
    local = [value for kind, values in by_type.items() if kind.lower() in LOCAL_TYPES for value in values]

    def residuals(values: Iterable[float | None]) -> Residuals:
        return Residuals.of([value for value in values if value is not None], seed=seed)

    return Evaluation(
        time_tolerance=time_tolerance,
        distance_tolerance=distance_tolerance,
        span=span,
        left_out=sum(
            event.event_type not in EARTHQUAKES for side in (candidate, reference) for event in _within(side, span)
        ),
        recall=Share.of(sum(event.event_id in matched for event in counted), len(counted)),
        precision=Share.of(sum(event.event_id in used for event in own), len(own)),
        chance_recall=_chance(own, counted, time_tolerance, distance_tolerance, span),
        recall_by_magnitude=_bins(counted, matched, magnitude_bin),
        time=residuals(match.time for match in matches),
        distance=residuals(match.distance for match in matches),
        depth=residuals(match.depth for match in matches),
        magnitude=residuals(match.magnitude for match in matches),
        local_magnitude=residuals(local),
        magnitude_by_type={kind: residuals(by_type[kind]) for kind in sorted(by_type)},
        matches=matches,
        missed=tuple(event.event_id for event in counted if event.event_id not in matched),
        unmatched=tuple(event.event_id for event in own if event.event_id not in used),
    )


def _near(catalog: Catalog, span: TimeSpan | None, reach: int) -> list[Event]:
    wider = span.widen(reach, reach) if span else None
    earthquakes = [event for event in _within(catalog, wider) if event.event_type in EARTHQUAKES]
    return sorted(earthquakes, key=lambda event: (event.origin.time, event.event_id))


def _within(events: Iterable[Event], span: TimeSpan | None) -> list[Event]:
    return [event for event in events if span is None or event.origin.time in span]


def _pairs(
    candidates: Sequence[Event],
    references: Sequence[Event],
    time_tolerance: float,
    distance_tolerance: float,
    span: TimeSpan | None,
) -> list[tuple[Event, Event]]:
    """The matched events of which at least one lies in the span."""
    indices = match_origins(
        [event.origin for event in candidates],
        [event.origin for event in references],
        time_tolerance=time_tolerance,
        distance_tolerance=distance_tolerance,
    )
    pairs = [(candidates[i], references[j]) for i, j in indices]
    return [pair for pair in pairs if _within(pair, span)]


def _match(candidate: Event, reference: Event) -> Match:
    own, true = candidate.origin, reference.origin
    distance, _ = distance_azimuth(true.latitude, true.longitude, own.latitude, own.longitude)
    has_depth = true.uncertainty is None or true.uncertainty.depth_resolved
    size, true_size = candidate.magnitude, reference.magnitude
    return Match(
        candidate.event_id,
        reference.event_id,
        (own.time - true.time) / SECOND,
        float(distance),
        own.depth - true.depth if has_depth else None,
        size.value - true_size.value if size and true_size else None,
        true_size.magnitude_type if true_size else None,
    )


def _bins(events: Sequence[Event], matched: Collection[str], width: float) -> tuple[MagnitudeBin, ...]:
    groups: dict[int | None, list[bool]] = {}
    for event in events:
        step = None if event.magnitude is None else math.floor(round(event.magnitude.value / width, 6))
        groups.setdefault(step, []).append(event.event_id in matched)
    ordered = sorted(groups, key=lambda step: (step is None, step or 0))
    return tuple(
        MagnitudeBin(
            None if step is None else step * width,
            None if step is None else (step + 1) * width,
            Share.of(sum(groups[step]), len(groups[step])),
        )
        for step in ordered
    )


def _chance(
    candidates: Sequence[Event],
    references: Sequence[Event],
    time_tolerance: float,
    distance_tolerance: float,
    span: TimeSpan | None,
) -> float | None:
    """Mean recall of candidates shifted cyclically within the span by several shares of it."""
    origins, true = [event.origin for event in candidates], [event.origin for event in references]
    times = [origin.time for origin in (*origins, *true)]
    if not origins or not true:
        return None
    start = span.start if span and span.start > BEGINNING else min(times)
    length = (span.end if span and span.end < END else max(times) + 1) - start
    shifts = min(SHIFTS, length // SHORTEST_SHIFT - 1)
    if shifts < 1:
        return None
    recalls = []
    for index in range(1, shifts + 1):
        shift = length * index // (shifts + 1)
        moved = [msgspec.structs.replace(o, time=start + (o.time - start + shift) % length) for o in origins]
        pairs = match_origins(moved, true, time_tolerance=time_tolerance, distance_tolerance=distance_tolerance)
        recalls.append(len(pairs) / len(true))
    return float(np.mean(recalls))
