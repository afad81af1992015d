"""Ridgecrest through the whole chain with two pickers: `python -m benchmarks.pickers.ridgecrest_paired`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import shared, wadati
from benchmarks.pickers.scoring import Array, difference, draws
from wadati.engine.scoring import evaluate
from wadati.formats.catalogs import read_catalog
from wadati.model import Catalog

SPANS = {
    "17:30-17:50": ("2019-07-04T17:30", "2019-07-04T17:50"),
    "the hour": ("2019-07-04T16:50", "2019-07-04T17:50"),
}


def measure(ours: str, rival: str) -> dict[str, Any]:
    """Recall, precision, arrivals of matched events and epicentres, by span, paired over the reference events."""
    data = shared("data", "ridgecrest-2019")
    reference = data / "comcat_reviewed.csv"
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for number, picker in enumerate((ours, rival)):
            output = Path(folder) / str(number)
            stations = data / "stations.csv"
            wadati("catalog", data / "waveforms", "--stations", stations, "--output", output, "--picker", picker)
            found.append(read_catalog(output))
    return {name: compare(found[0], found[1], reference, *span) for name, span in SPANS.items()}


def compare(ours: Catalog, rival: Catalog, reference: Path, start: str, end: str) -> dict[str, Any]:
    """Two catalogs beside the reference; differences are ours minus the rival's with 95 % intervals."""
    results = [evaluate(catalog, reference, start=start, end=end) for catalog in (ours, rival)]
    rows = [_matched(catalog, result) for catalog, result in zip((ours, rival), results, strict=True)]
    considered = [set(row) | set(result.missed) for row, result in zip(rows, results, strict=True)]
    names = sorted(considered[0] & considered[1])
    hits = [np.array([name in row for name in names], float) for row in rows]
    weights = draws(len(names))
    total = weights.sum(axis=1)
    recall = difference(weights @ hits[0] / total, weights @ hits[1] / total, len(names))
    both = sorted(set(rows[0]) & set(rows[1]))
    table: dict[str, Any] = {
        "reference events": len(names),
        "found by both, ours alone, the rival alone, neither": [
            int(((hits[0] == a) & (hits[1] == b)).sum()) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))
        ],
        "recall": _row(recall),
        "precision, a lower bound, with interval; events": [
            [one.value, round(one.low, 3), round(one.high, 3), one.total] for one in (r.precision for r in results)
        ],
    }
    for key in ("P", "S", "epicentre (km)"):
        values = [np.array([row[name][key] for name in both]) for row in rows]
        table[f"{key} of an event found by both, mean"] = _paired(values[0], values[1])
    for k, side in enumerate(("ours", "rival")):
        away = np.array([row["epicentre (km)"] for row in rows[k].values()])
        table[f"epicentre (km) {side}, median and p90"] = np.round(np.percentile(away, (50, 90)), 2).tolist()
        table[f"P and S of a matched event, {side}"] = [
            round(float(np.mean([row[phase] for row in rows[k].values()])), 2) for phase in "PS"
        ]
    return table


def _matched(catalog: Catalog, result: Any) -> dict[str, dict[str, float]]:
    """By reference event the arrivals of its candidate, and how far (km) it is from it."""
    events = {event.event_id: event for event in catalog}
    rows: dict[str, dict[str, float]] = {}
    for match in result.matches:
        phases = Counter(arrival.phase for arrival in events[match.candidate_id].origin.arrivals)
        rows[match.reference_id] = {"P": phases["P"], "S": phases["S"], "epicentre (km)": match.distance / 1000}
    return rows


def _paired(ours: Array, rival: Array) -> dict[str, float]:
    weights = draws(len(ours))
    total = weights.sum(axis=1)
    return _row(difference(weights @ ours / total, weights @ rival / total, len(ours)))


def _row(one: Any) -> dict[str, float]:
    numbers = {"ours": one.ours, "rival": one.rival, "difference": one.value, "low": one.low, "high": one.high}
    return {name: round(value, 3) for name, value in numbers.items()} | {"n": one.n}


def show(result: Mapping[str, Any]) -> None:
    for span, table in result.items():
        print(f"\n{span}")
        for key, value in table.items():
            print(f"  {key:<52}{value}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pickers.ridgecrest_paired", description=__doc__)
    parser.add_argument("--picker", default="wadati", help="NAME, or neural:PATH.onnx (default: wadati)")
    parser.add_argument("--rival", help="the same (default: PhaseNet original at 3000 samples)")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args()
    result = measure(options.picker, options.rival or f"neural:{shared('weights', 'phasenet_original_3000.onnx')}")
    show(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
