"""Events beside a reference catalog, and two associators beside one another with paired intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.association.real import RealTable
from wadati import registry
from wadati.errors import InputError
from wadati.evaluation.evaluate import Evaluation, evaluate
from wadati.formats.tables import in_order
from wadati.model import Catalog, Event, Origin
from wadati.protocols import Candidate
from wadati.units import MINUTE

_BLOCK = 2 * MINUTE
_DRAWS = 2000


def catalog(table: RealTable, candidates: Sequence[Candidate], *, located: bool) -> Catalog:
    """Candidates as events, with their own hypocentres or, `located`, with those of the house's locator."""
    picks = {pick.pick_id: pick for pick in table.picks}
    events = []
    for number, candidate in enumerate(candidates):
        origin = Origin.of(candidate.time, candidate.latitude, candidate.longitude, candidate.depth)
        if located:
            try:
                own = [picks[i] for i in candidate.pick_ids]
                origin = registry.make("locators", "edt").locate(own, table.inventory, table.model, near=candidate)
            except InputError:
                continue
        events.append(Event(f"event-{number}", (origin,)))
    return in_order(events)


def compare(table: RealTable, events: Catalog) -> Evaluation:
    """The evaluation of events within the table's span and tolerances."""
    time, distance = table.tolerances
    return evaluate(events, table.reference, time_tolerance=time, distance_tolerance=distance, span=table.span)


@dataclass(frozen=True)
class Difference:
    """Recall and precision of the first less those of the second, each with its 95 % interval."""

    recall: tuple[float, float, float]
    precision: tuple[float, float, float]


def difference(
    table: RealTable, first: tuple[Catalog, Evaluation], second: tuple[Catalog, Evaluation], seed: int = 0
) -> Difference:
    """Paired bootstrap over blocks of two minutes, the same for both: events of one minute are not independent.

    An event counts in the block of its own origin time.
    """
    counts = [_blocks(table, *side) for side in (first, second)]
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(counts[0]), size=(_DRAWS, len(counts[0])))
    shares = []
    for rows in counts:
        whole, drawn = rows.sum(axis=0), rows[draws].sum(axis=1)
        shares.append((_shares(whole), _shares(drawn.T)))
    values = [a - b for a, b in zip(shares[0][0], shares[1][0], strict=True)]
    spreads = [np.nanpercentile(a - b, [2.5, 97.5]).tolist() for a, b in zip(shares[0][1], shares[1][1], strict=True)]
    return Difference(
        (float(values[0]), spreads[0][0], spreads[0][1]), (float(values[1]), spreads[1][0], spreads[1][1])
    )


def _shares(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision from rows: references, found, candidates, right."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return counts[1] / counts[0], counts[3] / counts[2]


def _blocks(table: RealTable, events: Catalog, evaluation: Evaluation) -> np.ndarray:
    """Shape (block, 4): reference events, those found, candidates, those right."""
    found = {match.reference_id for match in evaluation.matches}
    right = {match.candidate_id for match in evaluation.matches}
    rows = np.zeros((-(-(table.span.end - table.span.start) // _BLOCK), 4))
    for column, side, hits in ((0, table.reference, found), (2, events, right)):
        for event in side:
            if event.origin.time in table.span:
                rows[(event.origin.time - table.span.start) // _BLOCK, column : column + 2] += 1, event.event_id in hits
    return rows
