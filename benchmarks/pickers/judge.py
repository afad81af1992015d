"""The judgement: two pickers on the same records, each with its own grid and thresholds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from benchmarks.common import shared
from benchmarks.pickers import quiet
from benchmarks.pickers.chain import Picks, run
from benchmarks.pickers.conditions import CONDITIONS
from benchmarks.pickers.matched import Labelled, Quiet
from benchmarks.pickers.records import Record, generator, moved, northern_california, uturuncu
from benchmarks.pickers.scoring import (
    MEASURES,
    SHARES,
    TOLERANCES,
    Array,
    Difference,
    by_window,
    difference,
    draws,
    ratios,
    residuals,
    sums,
)
from wadati.protocols import Picker

Found = list[dict[str, Picks]]

SHIFTS = 5
"""How often each labelled window is put at another random instant."""

SHIFTS_SPOILT = 3
"""The same for each condition."""

BINS = (0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0001)


@dataclass(frozen=True)
class Side:
    """A picker and its thresholds by phase."""

    picker: Picker
    thresholds: dict[str, float]

    @classmethod
    def of(cls, picker: Picker) -> Side:
        return cls(picker, dict(zip(picker.phases, picker.thresholds, strict=True)))


def judge(ours: Picker, rival: Picker, *, quick: bool = False) -> dict[str, Any]:
    """Everything that is measured, as values for JSON."""
    began = time.process_time()
    sides = Side.of(ours), Side.of(rival)
    shifts = 1 if quick else SHIFTS
    plain = northern_california()
    labelled = {
        "Northern California": [moved(record, shift) for record in plain for shift in range(shifts)],
        "Uturuncu": [moved(record, 0) for record in uturuncu()],
    }
    found = {name: (run(records, ours), run(records, rival)) for name, records in labelled.items()}
    result: dict[str, Any] = {
        "ours": {"name": ours.name, "thresholds": sides[0].thresholds},
        "rival": {"name": rival.name, "thresholds": sides[1].thresholds},
        "labelled": {name: _labelled(records, found[name], sides) for name, records in labelled.items()},
    }
    name = "Northern California"
    result["quiet"] = _quiet(labelled[name], found[name], sides, quick=quick)
    result["robustness"] = _robustness(plain[::2] if quick else plain, sides, 1 if quick else SHIFTS_SPOILT)
    result["reliability"] = {
        side: {phase: _reliability(labelled[name], found[name][k], phase) for phase in "PS"}
        for k, side in enumerate(("ours", "rival"))
    }
    result["missed"] = _missed(labelled[name], found[name], sides)
    result["cpu_seconds"] = round(time.process_time() - began, 1)
    return result


def measure() -> dict[str, object]:
    """The shipped picker beside PhaseNet in its original geometry, as lines."""
    from wadati import registry

    rival = f"neural:{shared('weights', 'phasenet_original_3000.onnx')}"
    result = judge(registry.make("pickers", "wadati"), registry.make("pickers", rival))
    found: dict[str, object] = {}
    for kind in ("labelled", "robustness"):
        for name, part in result[kind].items():
            for key, one in part["differences"].items():
                if kind == "labelled" or key == "mean of shares":
                    found[f"{name}: {key}"] = _words(one, part["windows"])
    for phase in "PS":
        one = result["quiet"]["held back"][phase]["at rival's recall"]["false picks an hour"]
        found[f"quiet: false {phase} an hour at the rival's recall"] = _words(one, one["n"])
    return found


def _words(one: dict[str, float], windows: float) -> str:
    interval = f"{one['low']:+.3f} to {one['high']:+.3f}"
    return f"{one['ours']:.3f}, rival {one['rival']:.3f}, difference {interval}, {windows} windows"


def _scores(records: Sequence[Record], found: Found, side: Side) -> list[Array]:
    return [sums(record, picks, side.thresholds) for record, picks in zip(records, found, strict=True)]


def _labelled(records: Sequence[Record], found: tuple[Found, Found], sides: tuple[Side, Side]) -> dict[str, Any]:
    compared = compare(records, [_scores(records, own, side) for own, side in zip(found, sides, strict=True)])
    result: dict[str, Any] = {"windows": len({record.window for record in records}), "records": len(records)}
    result["differences"] = {name: asdict(one) for name, one in compared.items()}
    result["residuals (ms)"] = {
        side: {phase: _spread(records, own, phase, sides[k].thresholds[phase]) for phase in "PS"}
        for k, (side, own) in enumerate(zip(("ours", "rival"), found, strict=True))
    }
    return result


def compare(records: Sequence[Record], scores: Sequence[Sequence[Array]]) -> dict[str, Difference]:
    """Every measure of two pickers, and the mean of the shares, paired over windows.

    `n` counts labels, or for precision the rival's picks, of all that was made of the windows.
    """
    windows = [by_window(records, one) for one in scores]
    weights = draws(len(windows[0]))
    ours, rival = (ratios(weights, one) for one in windows)
    counts = windows[1].sum(axis=0)[:, 1]
    result = {name: difference(ours[:, k], rival[:, k], int(counts[k])) for k, name in enumerate(MEASURES)}
    shares = [MEASURES.index(name) for name in SHARES if "whole" not in name]
    result["mean of shares"] = difference(ours[:, shares].mean(axis=1), rival[:, shares].mean(axis=1), len(windows[0]))
    return result


def _spread(records: Sequence[Record], found: Found, phase: str, threshold: float) -> dict[str, float]:
    away = np.concatenate(
        [residuals(record, phase, picks[phase], threshold) for record, picks in zip(records, found, strict=True)]
    )
    away = 1000 * away[np.abs(away) <= TOLERANCES[1]]
    if not len(away):
        return {}
    return {
        "n": len(away),
        "mean": round(float(away.mean()), 1),
        "median": round(float(np.median(away)), 1),
        "std": round(float(away.std()), 1),
        "median absolute": round(float(np.median(np.abs(away))), 1),
    }


def _quiet(
    records: Sequence[Record], found: tuple[Found, Found], sides: tuple[Side, Side], *, quick: bool
) -> dict[str, Any]:
    makers = quiet.HELD_BACK | {
        name: make for name, make in quiet.SEEN.items() if name == quiet.LONGEST_SEEN or not quick
    }
    sets = {name: make() for name, make in makers.items()}
    picked = {name: [run(some, side.picker) for side in sides] for name, some in sets.items()}
    result: dict[str, Any] = {"at own thresholds, false picks an hour": {}}
    for name, some in sets.items():
        row: dict[str, Any] = {"hours": round(sum(record.seconds for record in some) / 3600, 2)}
        for phase in "PS":
            both = [Quiet.of(some, own, phase) for own in picked[name]]
            rates = [
                one.rate(np.full(len(draws(len(one.hours))), side.thresholds[phase]))
                for one, side in zip(both, sides, strict=True)
            ]
            row[phase] = asdict(difference(rates[0], rates[1], len(both[0].hours)))
        result["at own thresholds, false picks an hour"][name] = row
    for pool, names in (("held back", tuple(quiet.HELD_BACK)), (quiet.LONGEST_SEEN, (quiet.LONGEST_SEEN,))):
        pooled = [record for name in names for record in sets[name]]
        result[pool] = {"hours": round(sum(record.seconds for record in pooled) / 3600, 2)}
        for phase in "PS":
            silent = [Quiet.of(pooled, [picks for name in names for picks in picked[name][k]], phase) for k in range(2)]
            result[pool][phase] = _matched(records, found, sides, silent, phase)
    return result


def _matched(
    records: Sequence[Record], found: tuple[Found, Found], sides: tuple[Side, Side], silent: list[Quiet], phase: str
) -> dict[str, Any]:
    """At equal recall the false picks, at equal false picks the recall; first at those of the rival's own threshold."""
    near = {tolerance: [Labelled.of(records, own, phase, tolerance) for own in found] for tolerance in TOLERANCES}
    wide = near[TOLERANCES[1]]
    own = np.full(len(draws(wide[0].windows)), sides[1].thresholds[phase])
    # A picker that cannot find as much is compared at what it finds: its want of recall is counted with the recalls.
    reach = np.minimum(wide[0].reach(), wide[1].reach())
    result: dict[str, Any] = {}
    for name, recall in (
        ("rival's recall", wide[1].recall(own)),
        ("recall 0.95", np.full(len(own), 0.95)),
        ("recall 0.90", np.full(len(own), 0.90)),
    ):
        thresholds = [one.threshold(np.minimum(recall, reach)) for one in wide]
        rates = [one.rate(limit) for one, limit in zip(silent, thresholds, strict=True)]
        clean = [one.clean(limit) for one, limit in zip(silent, thresholds, strict=True)]
        result[f"at {name}"] = {
            "recall": [float(one.recall(limit)[0]) for one, limit in zip(wide, thresholds, strict=True)],
            "thresholds": [float(limit[0]) for limit in thresholds],
            "false picks an hour": asdict(difference(rates[0], rates[1], wide[0].windows)),
            "clean half minutes": asdict(difference(clean[0], clean[1], len(silent[0].half_minutes.heights))),
        }
    for name, rate in (("rival's false picks", silent[1].rate(own)), ("2 false picks an hour", np.full(len(own), 2.0))):
        result[f"at {name}"] = {}
        for tolerance, both in near.items():
            recalls = [one.recall(still.threshold(rate), above=True) for one, still in zip(both, silent, strict=True)]
            between = difference(recalls[0], recalls[1], wide[0].windows)
            result[f"at {name}"][f"recall {tolerance} s"] = asdict(between)
    return result


def _robustness(plain: Sequence[Record], sides: tuple[Side, Side], shifts: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, condition in CONDITIONS.items():
        spoilt = []
        for record in plain:
            for shift in range(shifts):
                rng = generator(name, record.window, shift)
                fresh = condition(record, rng, plain)
                if fresh is not None:
                    spoilt.append(moved(replace(fresh, window=record.window), name, shift))
        scores = [_scores(spoilt, run(spoilt, side.picker), side) for side in sides]
        compared = compare(spoilt, scores)
        result[name] = {
            "windows": len({record.window for record in spoilt}),
            "differences": {key: asdict(one) for key, one in compared.items()},
        }
    return result


def _reliability(records: Sequence[Record], found: Found, phase: str) -> list[tuple[float, float, int]]:
    """(mean height, share within 0.5 s of a label, number) of the picks near the labels, by height."""
    tall: list[float] = []
    right: list[bool] = []
    for record, picks in zip(records, found, strict=True):
        low, high = record.near
        labels = np.array([time for name, time in record.labels if name == phase])
        for time_, height in zip(picks[phase].times, picks[phase].heights, strict=True):
            if low <= time_ <= high:
                tall.append(float(height))
                right.append(bool((np.abs(labels - time_) <= TOLERANCES[1]).any()))
    result = []
    which = np.digitize(tall, BINS)
    for k in range(1, len(BINS)):
        inside = which == k
        if inside.any():
            mean = float(np.mean(np.array(tall)[inside]))
            result.append((round(mean, 3), round(float(np.mean(np.array(right)[inside])), 3), int(inside.sum())))
    return result


def _missed(records: Sequence[Record], found: tuple[Found, Found], sides: tuple[Side, Side]) -> dict[str, Any]:
    """By window in how many of its records a phase was not found within 0.5 s, and within 0.1 s: ours, the rival's."""
    result: dict[str, Any] = {}
    for phase in "PS":
        for tolerance in TOLERANCES:
            counts: dict[str, list[int]] = {}
            for k, (own, side) in enumerate(zip(found, sides, strict=True)):
                for record, picks in zip(records, own, strict=True):
                    away = residuals(record, phase, picks[phase], side.thresholds[phase])
                    counts.setdefault(record.window, [0, 0])[k] += int((np.abs(away) > tolerance).sum())
            result[f"{phase} {tolerance} s"] = {name: pair for name, pair in sorted(counts.items()) if any(pair)}
    return result
