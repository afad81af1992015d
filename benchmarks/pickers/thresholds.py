"""The threshold of each phase for a card, from records that training may see and simulations alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.pickers import quiet
from benchmarks.pickers.chain import FLOOR, Picks, run
from benchmarks.pickers.records import Record, moved, northern_california
from benchmarks.pickers.scoring import sums
from benchmarks.pickers.split import is_held_back
from wadati import registry
from wadati.protocols import Picker
from wadati.units import SECOND

FALSE_PICKS_AN_HOUR = 2.0
"""The most of one phase that a threshold may let pass in quiet."""

GRID = np.round(np.arange(FLOOR, 0.91, 0.01), 2)
_SHIFTS = 3
_SEEDS = (7_800_001, 7_800_002)


class Choice(NamedTuple):
    """A threshold, its F1 on labelled windows and on simulations, and its false picks an hour in quiet."""

    threshold: float
    f1_labelled: float
    f1_simulated: float
    false_picks_an_hour: float


def choose(picker: Picker, *, false_picks_an_hour: float = FALSE_PICKS_AN_HOUR) -> dict[str, Choice]:
    """For each phase the threshold of the greatest F1 among those that are quiet enough.

    F1 is the mean of two: of the labelled windows of stations that training may see, near their labels, and of
    simulated sequences, where every arrival is known. A picker has learnt from the former, so it is surer of them than
    of others, and its best threshold for others may be a little lower.
    """
    plain = northern_california(lambda network, station: not is_held_back(network, station))
    labelled = [moved(record, shift) for record in plain for shift in range(_SHIFTS)]
    simulated = sequences()
    silent = [record for make in quiet.SEEN.values() for record in make()]
    silent += quiet.before_events(lambda network, station: not is_held_back(network, station))
    hours = sum(record.seconds for record in silent) / 3600
    found = run(labelled, picker), run(simulated, picker), run(silent, picker)
    result = {}
    for phase in "PS":
        false = np.concatenate([picks[phase].heights for picks in found[2]])
        choices = [
            Choice(
                float(threshold),
                _f1(labelled, found[0], phase, float(threshold), whole=False),
                _f1(simulated, found[1], phase, float(threshold), whole=True),
                float((false >= threshold).sum() / hours),
            )
            for threshold in GRID
        ]
        enough = [one for one in choices if one.false_picks_an_hour <= false_picks_an_hour] or choices[-1:]
        result[phase] = max(enough, key=lambda one: one.f1_labelled + one.f1_simulated)
    return result


def sequences() -> list[Record]:
    """Simulated sequences, one record a station, all arrivals that stand out labelled; sound clocks alone."""
    from wadati.synthetics.recording import record
    from wadati.synthetics.scenario import calibrate, prepare

    found = []
    for seed in _SEEDS:
        simulation = prepare(seed, stations=12, minutes=5, spacing_km=6)
        scales = calibrate(simulation)
        for station in simulation.stations:
            if station.defect == "clock error":
                continue
            traces, phases = record(simulation, station, scales, {}, noise=True, defects=True)
            one = quiet.on_one_axis(f"sequence/{seed}/{station.code}", traces)
            arrivals = ((item.phase, (item.time - one.start) / SECOND) for item in phases if item.is_recorded)
            found.append(replace(one, labels=tuple(pair for pair in arrivals if 0 <= pair[1] < one.seconds)))
    return [one for one in found if one.labels]


def _f1(
    records: Sequence[Record], found: Sequence[Mapping[str, Picks]], phase: str, threshold: float, *, whole: bool
) -> float:
    """F1 within 0.5 s of all records together, of picks near the labels or of all."""
    both = {"P": threshold, "S": threshold}
    total = np.sum([sums(record, picks, both) for record, picks in zip(records, found, strict=True)], axis=0)
    first = 5 * "PS".index(phase)
    right, labels = total[first + 1]
    picks = total[first + 3 if whole else first + 2, 1]
    return float(2 * right / max(labels + picks, 1))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pickers.thresholds", description=__doc__)
    parser.add_argument("picker", help="NAME, or neural:PATH.onnx")
    parser.add_argument("--false-picks-an-hour", type=float, default=FALSE_PICKS_AN_HOUR)
    options = parser.parse_args()
    picker = registry.make("pickers", options.picker)
    for phase, one in choose(picker, false_picks_an_hour=options.false_picks_an_hour).items():
        print(
            f"{phase} {one.threshold:.2f}: F1 {one.f1_labelled:.3f} labelled, {one.f1_simulated:.3f} simulated, "
            f"{one.false_picks_an_hour:.2f} false picks an hour"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
