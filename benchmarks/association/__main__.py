"""Associators on hard pick tables: `python -m benchmarks.association [--case NAME ...] [--seeds N ...]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.association import agreement, rivals
from benchmarks.association.cases import CASES, CLAIM_SEEDS
from benchmarks.association.heldout import held_out
from benchmarks.association.picksets import load
from benchmarks.association.real import TABLES, RealTable
from benchmarks.association.real import load as load_real
from benchmarks.association.run import Result, associate
from benchmarks.association.score import Score, score
from benchmarks.association.shuffled import station_shuffled
from wadati.engine.flow import Flow
from wadati.model import Inventory, Pick, VelocityModel
from wadati.units import MINUTE

RIVAL_SEEDS = 2
"""How many of the seeds the rival is run on."""

_AFTER = 5 * MINUTE


@dataclass(frozen=True)
class Contestant:
    """An associator, its settings for a case, and the interpreter that can run it."""

    label: str
    associator: str
    settings: Callable[[str], dict[str, Any]]
    python: str = sys.executable

    def run(self, case: str, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> Result:
        return associate(self.associator, picks, inventory, model, settings=self.settings(case), python=self.python)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.association", description=__doc__)
    parser.add_argument("--case", nargs="+", choices=(*CASES, *TABLES), default=[*CASES, *TABLES], metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(CLAIM_SEEDS), metavar="N")
    parser.add_argument("--associator", default=Flow().associator, help="a registered name, or none")
    parser.add_argument("--rival", choices=("pyocto", "none"), default="pyocto")
    parser.add_argument("--rival-seeds", type=int, default=RIVAL_SEEDS, metavar="N", help="the first N of the seeds")
    parser.add_argument("--rival-python", help="an interpreter with wadati[pyocto] (default: $WADATI_RIVAL_PYTHON)")
    parser.add_argument("--shuffled", action="store_true", help="also tables without events, made from the first seed")
    options = parser.parse_args()
    house = [] if options.associator == "none" else [Contestant(options.associator, options.associator, lambda _: {})]
    others = contestants(options.rival_python) if options.rival == "pyocto" else []
    for case in options.case:
        print(f"\n{case}", flush=True)
        try:
            lines = (
                simulated(case, options.seeds, house, others, options.rival_seeds, shuffled=options.shuffled)
                if case in CASES
                else real(case, [*house, *others])
            )
            for key, value in lines:
                print(f"  {key}: {value}", flush=True)
        except FileNotFoundError as missing:
            print(f"  skipped: {missing}")
    return 0


def contestants(python: str | None = None) -> list[Contestant]:
    """PyOcto as recommended and as tuned, where an interpreter has it."""
    python = python or os.environ.get("WADATI_RIVAL_PYTHON") or (sys.executable if find_spec("pyocto") else None)
    if python is None:
        print("PyOcto is not installed here: name an interpreter with wadati[pyocto] by --rival-python")
        return []
    return [
        Contestant("PyOcto, homogeneous", rivals.PYOCTO, rivals.homogeneous, python),
        Contestant("PyOcto, layered", rivals.PYOCTO, rivals.layered, python),
        Contestant("PyOcto, tuned", rivals.PYOCTO, rivals.tuned, python),
    ]


def measure() -> dict[str, object]:
    """The house on all claim seeds, the rival, where there is one, on two, and the real tables."""
    house = [Contestant(Flow().associator, Flow().associator, lambda _: {})]
    others = contestants()
    found: dict[str, object] = {}
    for case in CASES:
        lines = simulated(case, CLAIM_SEEDS, house, others, RIVAL_SEEDS, shuffled=True)
        found |= {f"{case}, {key}": value for key, value in lines}
    for case in TABLES:
        try:
            found |= {f"{case}, {key}": value for key, value in real(case, [*house, *others])}
        except FileNotFoundError as missing:
            print(f"  {case} skipped: {missing}")
    return found


def simulated(
    case: str,
    seeds: Sequence[int],
    house: Sequence[Contestant],
    others: Sequence[Contestant],
    rival_seeds: int,
    *,
    shuffled: bool,
) -> Iterable[tuple[str, str]]:
    """One line for each contestant: means over seeds, with the least and the greatest."""
    for one, own in [*((h, seeds) for h in house), *((o, seeds[:rival_seeds]) for o in others)]:
        scores, costs, failures = [], [], []
        for seed in own:
            table = load(case, seed)
            result = one.run(case, table.picks, table.inventory, table.model)
            if result.failure:
                failures.append(f"seed {seed}: {result.failure}")
            else:
                scores.append(score(table, result.candidates))
                costs.append(result)
        yield one.label, "; ".join([*([_line(scores, costs)] if scores else []), *failures])
        if shuffled:
            table = load(case, seeds[0])
            picks = station_shuffled(table.picks, seeds[0])
            result = one.run(case, picks, table.inventory, table.model)
            told = result.failure or f"{len(result.candidates)} events, all false, {result.cpu:.1f} CPU s"
            yield f"{one.label}, shuffled stations", told


def _line(scores: Sequence[Score], costs: Sequence[Result]) -> str:
    def over(values: Iterable[float], form: str) -> str:
        array = np.array(list(values))
        return f"{array.mean():{form}} ({array.min():{form}} to {array.max():{form}})"

    def share(part: str, whole: str) -> str:
        top, bottom = (sum(getattr(one, name) for one in scores) for name in (part, whole))
        return f"{top / bottom:.3f}" if bottom else "none"

    epicentres = np.concatenate([one.epicentre for one in scores])
    return ", ".join(
        [
            f"{len(scores)} seeds",
            f"recall {over((one.recall for one in scores), '.3f')}",
            f"false {over((one.false_share for one in scores), '.3f')}",
            f"of these splits {sum(one.splits for one in scores)} in {sum(one.candidates for one in scores)}",
            f"recall with 10 picks {share('able_found', 'able')}",
            f"in the burst {share('burst_found', 'burst')}",
            f"by 2.5 s and 15 km: recall {share('near', 'required')}, right {share('near_right', 'candidates')}",
            f"picks right {share('own_picks', 'picks')}, of sound picks {share('own_picks', 'sound_picks')}",
            f"epicentre {np.median(epicentres) / 1000:.2f} km",
            f"CPU {over((one.cpu for one in costs), '.1f')} s",
            f"memory {max(one.memory for one in costs):.0f} MB",
        ]
    )


def real(case: str, everyone: Sequence[Contestant]) -> Iterable[tuple[str, str]]:
    """Agreement with the reference, held-out stations, and differences of the first from the others."""
    table = load_real(case)
    in_span = [pick for pick in table.picks if pick.time in table.span.widen(0, _AFTER)]
    sides = []
    for one in everyone:
        result = _on_table(one, table, in_span)
        if result.failure:
            yield one.label, result.failure
            continue
        for located in (False, True):
            events = agreement.catalog(table, result.candidates, located=located)
            found = agreement.compare(table, events)
            chance = "none" if found.chance_recall is None else f"{found.chance_recall:.2f}"
            told = (
                f"recall {found.recall.value:.3f} of {found.recall.total} (chance {chance}), precision at least "
                f"{found.precision.value:.3f} of {found.precision.total}, epicentre {_km(found.distance.median)}, "
                f"depth {_km(found.depth.median)}, CPU {result.cpu:.1f} s"
            )
            yield f"{one.label}{', located' if located else ''}", told
        sides.append((one.label, (events, found)))
        left = held_out(table, partial(_on_table, one, table))
        told = (
            f"{left.events} events, {left.hits} of {left.predicted} predicted arrivals are there, "
            f"{left.by_chance:.0f} by chance: {left.explained:.0f} explained"
        )
        yield f"{one.label}, held-out stations", told
    for label, side in sides[1:]:
        apart = agreement.difference(table, sides[0][1], side)
        yield (
            f"{sides[0][0]} less {label}, located",
            f"recall {_interval(apart.recall)}, precision {_interval(apart.precision)}",
        )


def _on_table(one: Contestant, table: RealTable, picks: Sequence[Pick]) -> Result:
    return one.run(table.name, picks, table.inventory, table.model)


def _km(value: float | None) -> str:
    return "unknown" if value is None else f"{value / 1000:+.2f} km"


def _interval(value: tuple[float, float, float]) -> str:
    return f"{value[0]:+.3f} ({value[1]:+.3f} to {value[2]:+.3f})"


if __name__ == "__main__":
    sys.exit(main())
