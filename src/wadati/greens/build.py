"""A store of Green's functions is made: depth by depth, several at once, going on where an earlier run was ended."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import msgspec
import numpy as np

from wadati.errors import InputError
from wadati.greens.checks import LIMITS, measured
from wadati.greens.conditioning import conditioned
from wadati.greens.layout import MEASURES, STOP, Contents
from wadati.greens.quantisation import quantised
from wadati.greens.storage import create, write_contents
from wadati.protocols import GreensGenerator, Problem
from wadati.traveltime.layered import first_arrival

_MARGIN = 1.1
"""Times where the low-pass ends, up to which the generator computes: its own end is a sharp edge."""


def build(
    url: str,
    contents: Contents,
    generator: GreensGenerator,
    *,
    workers: int = 1,
    start: Callable[[int], None],
    step: Callable[[], None],
) -> tuple[Contents, list[Problem]]:
    """Make the store of a URL hold this, with what its checks found; depths that are there are left as they are.

    `start` is told how many depths are to be made, `step` that one more is. Each is written as a whole: one that was
    being made when a process ended is made again. The problems are checks that found more than `LIMITS` allows. Raises
    `InputError` where the store holds something else or the generator cannot use the model.
    """
    group = create(url, contents)
    missing = [i for i, there in enumerate(np.isfinite(group["scale"][:]).all(axis=(1, 2))) if not there]
    start(len(missing))
    with ThreadPoolExecutor(workers) as pool:
        todo = iter(missing)
        running: set[Future[None]] = set()
        try:
            for depth in todo:
                running.add(pool.submit(_make, group, contents, generator, depth))
                if len(running) >= workers:
                    running = _settle(running, step)
            while running:
                running = _settle(running, step)
        finally:
            for future in running:
                future.cancel()
    checked = {name: float(worst) for name, worst in zip(MEASURES, _worst(group), strict=True)}
    whole = msgspec.structs.replace(contents, checked=checked)
    write_contents(group, whole)
    return whole, blamed(url, checked)


def _settle(running: set[Future[None]], step: Callable[[], None]) -> set[Future[None]]:
    done, rest = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
        step()
    return rest


def _make(group: Any, contents: Contents, generator: GreensGenerator, index: int) -> None:
    depth = float(contents.depths.values[index])
    highest = min(STOP * _MARGIN * contents.band[1], contents.reduced.sampling_rate_hz / 2)
    distances = contents.distances.values.tolist()
    raw = generator.elementary(contents.model, depth, distances, contents.reduced, highest)
    if not np.isfinite(raw).all():
        wrong = f"{generator.name} gives numbers that are none at a depth of {depth / 1000:g} km"
        raise InputError(f"model {contents.model.name}", wrong, "move the depth off a boundary, or mend the layers")
    traces = conditioned(raw, contents)
    counts, scale = quantised(traces)
    still = ~(scale > 0).any(axis=1)
    if still.any():
        wrong = f"{generator.name} gives no motion at {distances[int(np.argmax(still))] / 1000:g} km from a source"
        raise InputError(f"depth {depth / 1000:g} km", wrong, "begin the distances farther away")
    group["traces"][index] = counts
    reduced, far = contents.reduced, contents.distances.values
    starts = reduced.start_s + np.hypot(far, depth) / reduced.velocity
    arrivals = first_arrival(contents.model, "P", far, depth)
    group["quality"][index] = measured(traces, contents, starts, arrivals).astype(np.float32)
    group["scale"][index] = scale


def _worst(group: Any) -> Any:
    return group["quality"][:].max(axis=(0, 1))


def blamed(url: str, checked: dict[str, float]) -> list[Problem]:
    """What checks found that is above `LIMITS`."""
    return [_problem(url, name, share) for name, share in checked.items() if not share <= LIMITS[name]]


def _problem(url: str, name: str, share: float) -> Problem:
    words = {
        "causality": "moves before the first arrival",
        "band": "holds motion beyond its band",
        "end": "still moves at its end",
        "quantisation": "loses motion in its counts",
    }
    wrong = f"{words[name]}: {100 * share:.2g} % of the strongest, above {100 * LIMITS[name]:g} %"
    return Problem(url, wrong, "compare it with another store before it is used")
