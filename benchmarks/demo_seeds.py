"""The demonstration on ten seeds that nothing was tuned on: recall, false events, errors, stated and true."""

from __future__ import annotations

import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

SEEDS = range(201, 211)


@dataclass
class Seed:
    """Counts and residuals of one simulated network."""

    seed: int
    required: int
    found: int
    events: int
    false: int
    epicentres: list[float]
    depths: list[float]
    times: list[float]
    magnitudes: list[float]
    within: dict[str, tuple[int, int]]
    sizes: dict[str, float]


def run(seed: int, picker: str = "wadati") -> Seed:
    from wadati.engine.demo import demo
    from wadati.engine.flow import Flow

    with tempfile.TemporaryDirectory() as folder:
        result = demo(folder, seed=seed, flow=Flow(workers=1, picker=picker))
    score, stated = result.evaluation, result.uncertainty
    return Seed(
        seed,
        score.recall.total,
        score.recall.count,
        score.precision.total,
        score.precision.total - score.precision.count,
        [match.distance for match in score.matches],
        [match.depth for match in score.matches if match.depth is not None],
        [match.time for match in score.matches],
        [match.magnitude for match in score.matches if match.magnitude is not None],
        {name: (getattr(stated, name).count, getattr(stated, name).total) for name in ("horizontal", "depth", "time")},
        {name: getattr(stated, name) for name in ("median_semi_major", "median_depth_95", "median_time_95")},
    )


def measure(picker: str = "wadati") -> dict[str, object]:
    with ProcessPoolExecutor(2) as pool:
        seeds = list(pool.map(run, SEEDS, [picker] * len(SEEDS)))
    found: dict[str, object] = {}
    for one in seeds:
        found[f"seed {one.seed}"] = (
            f"{one.found}/{one.required} found, {one.false}/{one.events} false, "
            f"epicentre {statistics.median(one.epicentres) / 1000:.2f} km, "
            f"depth {statistics.median(one.depths) / 1000:+.2f} km, ML {statistics.median(one.magnitudes):+.3f}"
        )
    events = sum(one.events for one in seeds)
    found["recall of events with 6 or more recorded P"] = _share(
        sum(one.found for one in seeds), sum(one.required for one in seeds)
    )
    found["false"] = _share(sum(one.false for one in seeds), events)
    found["epicentre, median (km)"] = round(
        statistics.median([value for one in seeds for value in one.epicentres]) / 1000, 3
    )
    found["depth, median (km)"] = round(statistics.median([value for one in seeds for value in one.depths]) / 1000, 3)
    found["origin time, median (s)"] = round(statistics.median([value for one in seeds for value in one.times]), 3)
    magnitudes = [value for one in seeds for value in one.magnitudes]
    found["magnitude, median"] = round(statistics.median(magnitudes), 3)
    found["magnitude, mean"] = round(statistics.fmean(magnitudes), 3)
    found["events with a magnitude"] = _share(len(magnitudes), events)
    for name, size, unit in (
        ("horizontal", "median_semi_major", "m"),
        ("depth", "median_depth_95", "m"),
        ("time", "median_time_95", "s"),
    ):
        counts = [one.within[name] for one in seeds]
        found[f"truth within the stated 95 %, {name}"] = _share(sum(c[0] for c in counts), sum(c[1] for c in counts))
        found[f"median stated 95 %, {name} ({unit})"] = round(statistics.median(one.sizes[size] for one in seeds), 3)
    return found


def _share(count: int, total: int) -> str:
    return f"{count / total:.3f} ({count} of {total})"
