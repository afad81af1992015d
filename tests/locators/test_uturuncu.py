"""Golden: 50 earthquakes of Uturuncu, Bolivia, 2011, located with NonLinLoc 7 (Hudson; SeisSrcMoment, MIT)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from wadati.locators.edt import EdtLocator
from wadati.model import Channel, Inventory, Layer, Pick, SourceId, VelocityModel, parse_time, seconds
from wadati.traveltime.geodesy import LocalFrame, distance_azimuth
from wadati.traveltime.layered_times import LayeredTimes
from wadati.traveltime.times import Receivers

# Layers fitted to the 509 travel times which the solution files state (they do not name their model): rms 10 ms.
MODEL = VelocityModel(
    "uturuncu",
    tuple(
        Layer(*numbers)
        for numbers in (
            (-6000.0, 5426.0, 3062.0),
            (-3000.0, 5384.0, 3149.0),
            (0.0, 5495.0, 3211.0),
            (4000.0, 5452.0, 3245.0),
            (8000.0, 4899.0, 2769.0),
            (12000.0, 4922.0, 2885.0),
            (16000.0, 5349.0, 3073.0),
            (20000.0, 6114.0, 3446.0),
            (30000.0, 6291.0, 3449.0),
            (40000.0, 6257.0, 3451.0),
        )
    ),
)
FRAME = LocalFrame(-22.27, -67.16)


def read(path: Path) -> tuple[list[Pick], Inventory, tuple[int, float, float, float]]:
    """Picks that were used, stations, and (time, latitude, longitude, depth in m)."""
    text = path.read_text()
    geographic = re.search(r"GEOGRAPHIC\s+OT (.*?)\s+Lat (\S+) Long (\S+) Depth (\S+)", text)
    assert geographic is not None
    year, month, day, hour, minute, second = geographic[1].split()
    time = parse_time(f"{year}-{month}-{day}T{hour}:{minute}:00") + seconds(float(second))
    picks, channels = [], []
    for line in text.split("PHASE ID")[1].splitlines()[1:]:
        words = line.split()
        if len(words) < 20 or float(words[15]) == 0.0:
            continue
        source_id = SourceId("XP", words[0], "", "H", "H", "Z")
        date, clock = words[6], words[7].zfill(4)
        onset = parse_time(f"{date}T{clock[:2]}:{clock[2:]}:00") + seconds(float(words[8]))
        picks.append(Pick.of(source_id, words[4], onset, time_uncertainty=float(words[10]), probability=1.0))
        latitude, longitude = FRAME.to_lat_lon(float(words[18]) * 1e3, float(words[19]) * 1e3)
        channels.append(Channel(source_id, float(latitude), float(longitude), -float(words[20]) * 1e3))
    place = time, float(geographic[2]), float(geographic[3]), float(geographic[4]) * 1e3
    return picks, Inventory.of(channels), place


def solutions(folder: Path) -> list[tuple[list[Pick], Inventory, tuple[int, float, float, float]]]:
    """What NonLinLoc located well: standard deviations of its own posterior below 3 km sideways and 4 km in depth."""
    found = []
    for path in sorted(folder.glob("*.hyp")):
        cov = re.search(r"CovXX (\S+) XY \S+ XZ \S+ YY (\S+) YZ \S+ ZZ (\S+)", path.read_text())
        assert cov is not None
        x, y, z = (float(value) ** 0.5 for value in cov.groups())
        if max(x, y) < 3.0 and z < 4.0:
            found.append(read(path))
    assert len(found) == 5
    return found


def test_against_nonlinloc(shared: Path) -> None:
    """Another likelihood than NonLinLoc's: near it, and well within what both state (1.4 to 3.5 km in depth)."""
    rows = []
    for picks, inventory, (time, latitude, longitude, depth) in solutions(shared / "data/uturuncu-2011/nlloc"):
        origin = EdtLocator().locate(picks, inventory, MODEL)
        assert origin.uncertainty is not None
        apart, _ = distance_azimuth(latitude, longitude, origin.latitude, origin.longitude)
        assert float(apart) <= origin.uncertainty.semi_major
        assert abs(origin.depth - depth) <= origin.uncertainty.depth_95
        rows.append((float(apart), abs(origin.depth - depth), abs(origin.time - time) / 1e9))
    apart, deeper, later = np.median(rows, axis=0)
    assert apart < 500.0
    assert deeper < 700.0
    assert later < 0.1


def test_with_nonlinlocs_likelihood_the_maximum_is_where_nonlinloc_has_it(shared: Path) -> None:
    """Equal differential times with an error of 5 % of the travel time: what is left is travel times and search."""
    rows = []
    for picks, inventory, (_, latitude, longitude, depth) in solutions(shared / "data/uturuncu-2011/nlloc"):
        x, y, z = most_likely(picks, inventory)
        east, north = FRAME.to_xy(latitude, longitude)
        rows.append((float(np.hypot(x - east, y - north)), abs(z - depth)))
    apart, deeper = np.median(rows, axis=0)
    assert apart < 500.0
    assert deeper < 500.0


def most_likely(picks: list[Pick], inventory: Inventory) -> tuple[float, float, float]:
    """The place (x, y, depth; m) of greatest likelihood by equal differential times (Lomax 2005), by random search."""
    stations = {station.key: station for station in inventory.stations()}
    seen = [stations[pick.source_id.station_key] for pick in picks]
    x, y = FRAME.to_xy([s.latitude for s in seen], [s.longitude for s in seen])
    receivers = Receivers(
        tuple(s.key for s in seen), x, y, np.array([s.elevation for s in seen]), tuple(p.phase_hint for p in picks)
    )
    rays = LayeredTimes(MODEL, inventory).rays(receivers)
    time = np.array([(pick.time - picks[0].time) / 1e9 for pick in picks])
    sigma = np.array([pick.time_uncertainty for pick in picks])
    first, second = np.triu_indices(len(picks), 1)
    rng = np.random.default_rng(1)
    nodes = rng.uniform((-60e3, -60e3, -5e3), (60e3, 60e3, 54e3), (60000, 3))
    width = np.array([30e3, 30e3, 15e3])
    while True:
        times, _, _ = rays.at(*nodes.T)
        origin = time - times
        variance = sigma**2 + 0.05**2 + np.clip(0.05 * times, 0.05, 2.0) ** 2
        both = variance[:, first] + variance[:, second]
        score = (np.exp(-((origin[:, first] - origin[:, second]) ** 2) / both) / np.sqrt(both)).sum(axis=1)
        best = nodes[np.argsort(-score)[:60]]
        if width[0] < 30.0:
            return float(best[0, 0]), float(best[0, 1]), float(best[0, 2])
        width = width / 2.2
        nodes = np.concatenate((best, (best[:, None] + rng.uniform(-1, 1, (60, 100, 3)) * width).reshape(-1, 3)))
        nodes[:, 2] = nodes[:, 2].clip(-6500.0, 54e3)
