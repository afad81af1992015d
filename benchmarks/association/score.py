"""What an associator got right, judged by the picks it put together; the same rule for everyone.

A candidate *finds* a true event where at least half of its picks, and at least four, are the event's own, and these are
either five or more or half of what the event has. Each event is found once, by the candidate with most of its
picks; each candidate finds one event. What finds nothing is *false*; where it would have found an event that another
candidate has, it is also counted as a *split*. Recall is of the required events; finding a smaller one is not wrong.

Beside it stands the rule of `wadati evaluate`: one to one within 2.5 s and 15 km, of candidates and true events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.association.picksets import PickSet, TrueEvent
from wadati.evaluation.matching import match_origins
from wadati.model import Origin
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

FEWEST_SHARED, ENOUGH_SHARED = 4, 5
ABLE_PICKS, ABLE_BOTH = 10, 3
TIME_TOLERANCE, DISTANCE_TOLERANCE = 2.5, 15_000.0


@dataclass(frozen=True)
class Score:
    """Counts of one run. `required` and `found` are of required events, `able` and `able_found` of those among them
    with 10 sound picks and both P and S at 3 stations, `burst` and `burst_found` of those of the burst.

    `near` and `near_right` are required events and candidates within 2.5 s and 15 km of one another. `picks` is how
    many the finding candidates have, `own_picks` how many of these are the event's, `sound_picks` how many sound picks
    the found events have. `epicentre` (m), `depth` (m) and `time` (s) are errors of finding candidates.
    """

    required: int
    found: int
    able: int
    able_found: int
    burst: int
    burst_found: int
    candidates: int
    false: int
    splits: int
    near: int
    near_right: int
    picks: int
    own_picks: int
    sound_picks: int
    epicentre: list[float] = field(repr=False)
    depth: list[float] = field(repr=False)
    time: list[float] = field(repr=False)

    @property
    def recall(self) -> float:
        return self.found / self.required if self.required else float("nan")

    @property
    def false_share(self) -> float:
        return self.false / self.candidates if self.candidates else 0.0


def find(truth: Sequence[TrueEvent], candidates: Sequence[Candidate]) -> tuple[dict[int, int], set[int]]:
    """Which candidate finds which event (candidate to event, indices), and the candidates that are splits."""
    owner = {pick: i for i, event in enumerate(truth) for pick in event.pick_ids}
    claims = []
    for j, candidate in enumerate(candidates):
        counts = Counter(owner[pick] for pick in candidate.pick_ids if pick in owner)
        for i, shared in counts.items():
            half = 2 * shared >= len(candidate.pick_ids) and shared >= FEWEST_SHARED
            if half and (shared >= ENOUGH_SHARED or 2 * shared >= len(truth[i].pick_ids)):
                claims.append((-shared, j, i))
    finds: dict[int, int] = {}
    for _, j, i in sorted(claims):
        if j not in finds and i not in finds.values():
            finds[j] = i
    return finds, {j for _, j, _ in claims} - finds.keys()


def score(picks: PickSet, candidates: Sequence[Candidate]) -> Score:
    """The score of candidates against the truth of a simulated pick table."""
    truth = picks.truth
    finds, splits = find(truth, candidates)
    found = {i for i in finds.values() if truth[i].required}
    able = {i for i, e in enumerate(truth) if e.required and e.sound >= ABLE_PICKS and e.both >= ABLE_BOTH}
    burst = {i for i, e in enumerate(truth) if e.required and e.in_burst}
    near = match_origins(
        [origin_of(candidate) for candidate in candidates],
        [Origin.of(event.time, event.latitude, event.longitude, event.depth) for event in truth],
        time_tolerance=TIME_TOLERANCE,
        distance_tolerance=DISTANCE_TOLERANCE,
    )
    pairs = [(candidates[j], truth[i]) for j, i in finds.items()]
    return Score(
        required=len(picks.required),
        found=len(found),
        able=len(able),
        able_found=len(able & found),
        burst=len(burst),
        burst_found=len(burst & found),
        candidates=len(candidates),
        false=len(candidates) - len(finds),
        splits=len(splits),
        near=sum(truth[i].required for _, i in near),
        near_right=len(near),
        picks=sum(len(candidate.pick_ids) for candidate, _ in pairs),
        own_picks=sum(len(set(candidate.pick_ids) & set(event.pick_ids)) for candidate, event in pairs),
        sound_picks=sum(event.sound for _, event in pairs),
        epicentre=[
            float(distance_azimuth(event.latitude, event.longitude, candidate.latitude, candidate.longitude)[0])
            for candidate, event in pairs
        ],
        depth=[candidate.depth - event.depth for candidate, event in pairs],
        time=[(candidate.time - event.time) / SECOND for candidate, event in pairs],
    )


def origin_of(candidate: Candidate) -> Origin:
    """What the matching of catalogs wants."""
    return Origin.of(candidate.time, candidate.latitude, candidate.longitude, candidate.depth)


def spread(values: Iterable[float]) -> tuple[float, float, float]:
    """Mean, least and greatest."""
    array = np.array(list(values))
    return float(array.mean()), float(array.min()), float(array.max())
