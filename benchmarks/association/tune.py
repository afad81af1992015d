"""The rival's grid on tuning seeds: `python -m benchmarks.association.tune CASE ...`, in an interpreter that has it.

Slices of a day stand for it: an hour of quiet, the first minutes of a burst, some hours of the smaller networks. The
best is that of the greatest harmonic mean of recall and of the share that is not false; of equals, the fastest.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from benchmarks.association import rivals
from benchmarks.association.picksets import START, PickSet, load
from benchmarks.association.run import make
from benchmarks.association.score import Score, score
from wadati.units import HOUR, MINUTE

SEEDS = (1, 2)
"""Of the tuning seeds."""

_SLICES = {
    "quiet": HOUR,
    "burst-200": 8 * MINUTE,
    "burst-1000": 3 * MINUTE,
    "local": 4 * HOUR,
    "regional": 6 * HOUR,
    "volcano": 4 * HOUR,
}
_END = 2 * MINUTE


def main(cases: list[str]) -> None:
    for case in cases:
        tables = [load(case, seed) for seed in SEEDS]
        rows = []
        for settings in (rivals.layered(case), *rivals.grid(case)):
            began = time.process_time()
            parts = [_on_slice(table, settings, _SLICES[case]) for table in tables]
            took = time.process_time() - began
            recall = sum(one.found for one in parts) / sum(one.required for one in parts)
            right = 1 - sum(one.false for one in parts) / max(sum(one.candidates for one in parts), 1)
            rows.append((2 * recall * right / max(recall + right, 1e-9), recall, 1 - right, took, settings))
            print(f"{case} recall {recall:.3f} false {1 - right:.3f} CPU {took:.1f} s {settings}", flush=True)
        best = max(rows, key=lambda row: (round(row[0], 3), -row[3]))
        print(f"{case} best: recall {best[1]:.3f} false {best[2]:.3f} CPU {best[3]:.1f} s {best[4]}", flush=True)


def _on_slice(table: PickSet, settings: rivals.Settings, length: int) -> Score:
    """The score of what lies in a slice, events of its last minutes left out as their picks are not all there."""
    start = START + 8 * HOUR if table.burst is None else table.burst.start
    end = start + length
    picks = [pick for pick in table.picks if start <= pick.time < end + _END]
    found = make(rivals.PYOCTO, settings).associate(picks, table.inventory, table.model)

    truth = tuple(
        event if start <= event.time < end else replace(event, required=False)
        for event in table.truth
        if start - _END <= event.time < end + _END
    )
    return score(replace(table, truth=truth), [one for one in found if start <= one.time < end])


if __name__ == "__main__":
    main(sys.argv[1:])
