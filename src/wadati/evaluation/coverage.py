"""Whether stated uncertainties are honest: how often the truth lies within them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from wadati.evaluation.evaluate import Match
from wadati.evaluation.statistics import Share
from wadati.model import Catalog


class UncertaintyCoverage(msgspec.Struct, frozen=True):
    """Shares of truths within the stated 95 % bounds (0.95 where these are honest), and the bounds' medians (m, s).

    `horizontal`: epicentral distance ≤ semi-major axis of the 95 % ellipse, a circle around it; honest ellipses hold
    slightly more than 0.95. `depth` and `time`: |difference| ≤ half-width of the 95 % interval.
    """

    horizontal: Share
    depth: Share
    time: Share
    median_semi_major: float | None
    median_depth_95: float | None
    median_time_95: float | None


def coverage(candidate: Catalog, reference: Catalog, matches: Iterable[Match]) -> UncertaintyCoverage:
    """How often reference hypocentres lie within the candidates' 95 % bounds; candidates that state none are left out.

    `matches` are those of `evaluate(candidate, reference)`; matches of events in neither catalog are left out.

    >>> coverage(Catalog(), Catalog(), ()).depth.total
    0
    """
    bounds = {event.event_id: event.origin.uncertainty for event in candidate}
    known = {event.event_id for event in reference}
    rows = [
        (match, bound)
        for match in matches
        if match.reference_id in known and (bound := bounds.get(match.candidate_id)) is not None
    ]
    deep = [(match.depth, bound) for match, bound in rows if match.depth is not None]
    return UncertaintyCoverage(
        Share.of(sum(match.distance <= bound.semi_major for match, bound in rows), len(rows)),
        Share.of(sum(abs(depth) <= bound.depth_95 for depth, bound in deep), len(deep)),
        Share.of(sum(abs(match.time) <= bound.time_95 for match, bound in rows), len(rows)),
        _median(bound.semi_major for _, bound in rows),
        _median(bound.depth_95 for _, bound in deep),
        _median(bound.time_95 for _, bound in rows),
    )


def _median(values: Iterable[float]) -> float | None:
    sample = list(values)
    return float(np.median(sample)) if sample else None
