"""Golden: 50 earthquakes of Uturuncu, Bolivia, 2011, located with NonLinLoc 7 (Hudson; SeisSrcMoment, MIT)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from wadati.locators.edt import EdtLocator
from wadati.model import Channel, Inventory, Layer, Pick, SourceId, VelocityModel, parse_time, seconds
from wadati.traveltime.geodesy import LocalFrame, distance_azimuth

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


def test_against_nonlinloc(shared: Path) -> None:
    """Events with three S and more; the others, nearly all P alone, leave tens of kilometres of freedom."""
    rows = []
    events = [read(path) for path in sorted((shared / "data/uturuncu-2011/nlloc").glob("*.hyp"))]
    inventory = Inventory.of(channel for _, channels, _ in events for channel in channels)
    for picks, _, (time, latitude, longitude, depth) in events:
        if sum(pick.phase_hint == "S" for pick in picks) < 3:
            continue
        origin = EdtLocator().locate(picks, inventory, MODEL)
        assert origin.uncertainty is not None
        apart, _ = distance_azimuth(latitude, longitude, origin.latitude, origin.longitude)
        within = float(apart) <= origin.uncertainty.semi_major, abs(origin.depth - depth) <= origin.uncertainty.depth_95
        rows.append((float(apart), abs(origin.depth - depth), abs(origin.time - time) / 1e9, *within))
    apart, deeper, later, in_ellipse, in_depth = np.array(rows).T
    assert len(rows) == 13
    assert np.median(apart) < 1500.0
    assert np.median(deeper) < 2000.0
    assert np.median(later) < 0.6
    assert in_ellipse.mean() > 0.8
    assert in_depth.mean() > 0.8
