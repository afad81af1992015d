"""The card of the trained network, with measurements on records that it never saw."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.pickers.judge import judge
from training.pool import COMPONENTS, EARLY, EDGE, HOP, PHASES, RATE, SAMPLES
from wadati.errors import InputError
from wadati.pickers.card import card_beside
from wadati.pickers.neural import Neural

NAME = "wadati-4"
THRESHOLDS = {"P": 0.25, "S": 0.25}
"""For a chain that associates: on demo seeds 11 to 14 the same events are found from .2 to .3.
`benchmarks.pickers.thresholds` would set higher ones, which are right for records that training has seen: there the
network is surer than elsewhere."""

SURE = 0.9
"""What a first motion must be probable to be stated."""

LIMITS = (
    "Trained on local earthquakes up to about 150 km; onsets of teleseisms are noise to it.",
    "The real records are of California, one Andean volcano and a few more places; elsewhere it rests on simulations.",
    "Window and receptive field are 30 s: where S comes more than 25 s after P, they are found apart.",
    "First motions were learnt from simulations and from the strongest real records; none of an analyst was at hand.",
    "Probabilities are those of the height of a peak, see reliability; they are not calibrated beyond the thresholds.",
)


def history(network: Path) -> tuple[int, list[str]]:
    """From how many examples a network that is gone on from has learnt, and what fitted it, as its card says.

    Raises `InputError` where the card does not say it, or is not there.
    """
    card = card_beside(network)
    examples = sum(one.n for one in card.training if one.name == "examples")
    if not examples:
        raise InputError(network.with_suffix(".json"), "does not say how many examples it has seen", "add `training`")
    return examples, [f"{card.made_with.get('fit', 'not known')} ({card.name})"]


def write_card(
    network: Path, rival: Path, counts: Mapping[str, int], inputs: Mapping[str, str], seed: int, by: str
) -> None:
    """Write the card beside the network, first without what is measured, then with it."""
    path = network.with_suffix(".json")
    card: dict[str, Any] = {
        "name": NAME,
        "components": COMPONENTS,
        "classes": PHASES,
        "samples": SAMPLES,
        "early": EARLY,
        "hop": HOP,
        "edge": EDGE,
        "sampling_rate_hz": RATE,
        "normalisation": "demean-std",
        "missing": "zero",
        "thresholds": THRESHOLDS,
        "first_motion": SURE,
        "source": "trained by training/ of this project",
        "licence": "MIT",
        "summary": "P, S and first motions of local earthquakes on one to three components, any unit and gain.",
        "training": _training(counts),
        "limits": LIMITS,
        "inputs": dict(inputs),
        "made_with": {name: version(name) for name in ("torch", "numpy", "obspy", "seisbench")} | {"fit": by},
        "seed": seed,
    }
    path.write_text(json.dumps(card, indent=1) + "\n")
    result = judge(Neural(network), Neural(rival))
    network.with_suffix(".judged.json").write_text(json.dumps(result, indent=1) + "\n")
    card["time_uncertainty"] = _spread(result)
    card["measured"] = list(_measured(result))
    card["limits"] = [*LIMITS, *_measured_limits(result)]
    card["reliability"] = result["reliability"]["ours"]
    path.write_text(json.dumps(card, indent=1) + "\n")


def _training(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    what = {
        "ncedc": "windows of 90 s with an analyst's P and S, Northern California, stations not held back",
        "stead": "records of one station with an analyst's P and S",
        "ridgecrest": "windows of 90 s before 2019-07-04 17:30, onsets by three published pickers",
        "salton-sea": "windows of 90 s of a swarm, onsets by three published pickers",
        "uturuncu": "records of events under a volcano, stations not held back, onsets by three published pickers",
        "moment-tensor": "broadband records of one event, onsets by three published pickers",
        "strong-motion": "strong-motion and broadband records, onsets by three published pickers",
        "geofon": "broadband records far from an event, onsets by three published pickers",
        "obspy": "records packaged with ObsPy, onsets by three published pickers",
        "raspberry-shake": "records of a low-cost vertical sensor, onsets by three published pickers",
        "simulated": "records of simulated earthquakes without noise, onsets from theory",
        "noise": "records of noise, real and simulated, laid under the others or alone",
        "examples": "windows drawn from all of these, each spoilt in its own way",
    }
    return [{"name": name, "n": n, "what": what[name]} for name, n in counts.items()]


def _spread(result: Mapping[str, Any]) -> dict[str, float]:
    """One standard deviation of a pick (s): between that of the bulk, by the median, and that of all within 0.5 s."""
    residuals = result["labelled"]["Northern California"]["residuals (ms)"]["ours"]
    bulk = {phase: 1.4826 * residuals[phase]["median absolute"] for phase in PHASES}
    return {phase: round(math.sqrt(bulk[phase] * residuals[phase]["std"]) / 1000, 2) for phase in PHASES}


def _measured_limits(result: Mapping[str, Any]) -> Iterator[str]:
    residuals = result["labelled"]["Northern California"]["residuals (ms)"]
    mine = [
        f"{phase} {residuals['ours'][phase]['mean']:+.0f} ms in the mean ({residuals['ours'][phase]['median']:+.0f} ms "
        f"in the median), half of them within {residuals['ours'][phase]['median absolute']:.0f} ms"
        for phase in PHASES
    ]
    theirs = " and ".join(f"{residuals['rival'][phase]['median absolute']:.0f} ms" for phase in PHASES)
    yield (
        f"Residuals on held-back Californian records: {'; '.join(mine)} (PhaseNet original, which was trained on these "
        f"records, within {theirs})."
    )
    town = result["quiet"]["at own thresholds, false picks an hour"]["two sensors in a town"]
    false = " and ".join(f"{town[phase]['ours']:.1f} {phase} ({town[phase]['rival']:.1f})" for phase in PHASES)
    yield f"False picks an hour in a town, in brackets those of PhaseNet original: {false}."


def _measured(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, part in result["labelled"].items():
        found = part["differences"]
        for phase, tolerance in product(PHASES, (0.1, 0.5)):
            yield {
                "test": f"{name}, held back",
                "n": part["windows"],
                "phase": phase,
                "tolerance_s": tolerance,
                "recall": round(found[f"{phase} recall {tolerance} s"]["ours"], 3),
                "precision": round(found[f"{phase} precision near"]["ours"], 3),
                "phasenet_recall": round(found[f"{phase} recall {tolerance} s"]["rival"], 3),
            }
    for name, row in result["quiet"]["at own thresholds, false picks an hour"].items():
        for phase in PHASES:
            yield {
                "test": f"quiet: {name}",
                "n": row["hours"],
                "phase": phase,
                "false_an_hour": round(row[phase]["ours"], 2),
                "phasenet_false_an_hour": round(row[phase]["rival"], 2),
            }
