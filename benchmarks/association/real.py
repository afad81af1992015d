"""Real pick tables: a day of the 2016 sequence in central Italy, windows of 2017 in the United States, Ridgecrest.

- `italy-phasenet` and `italy-stalta`: 2016-10-14, some 50 and 60 stations, from the examples of LOC-FLOW and REAL
  (Zhang, Ellsworth & Beroza 2019, doi:10.1785/0220190052), in LOC-FLOW's velocity model. Its HypoInverse catalog of
  the first 50 minutes descends from REAL: agreement with it is no truth.
- `ceus-2017`: picks of neic-glass3 in 101 windows of about 40 minutes, all called P whatever they are, at the 575
  stations (of 915) whose place is known; 106 reference events of the central and eastern United States.
- `ridgecrest-0.1` and `ridgecrest-0.3`: 2019-07-04 16:50 to 17:50, PhaseNet's original weights in their training
  geometry at two thresholds, through `wadati pick`; ComCat's 62 reviewed events.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.common import shared, wadati
from wadati.formats.catalogs import read_catalog
from wadati.formats.inventory import read_inventory
from wadati.formats.tables import in_order, read_picks_csv
from wadati.model import (
    Catalog,
    Channel,
    Event,
    Inventory,
    Layer,
    Origin,
    Pick,
    SourceId,
    TimeSpan,
    VelocityModel,
    parse_time,
    seconds,
)
from wadati.traveltime.models import IASP91, SOUTHERN_CALIFORNIA
from wadati.units import HOUR, KILOMETRE, MINUTE, SECOND

ITALY = VelocityModel(
    "central-italy",
    (
        Layer(0.0, 5300.0, 2750.0),
        Layer(1000.0, 5650.0, 2800.0),
        Layer(3000.0, 5930.0, 3100.0),
        Layer(7000.0, 6200.0, 3400.0),
        Layer(31000.0, 7500.0, 4000.0),
    ),
    "LOC-FLOW's example, its gradients as layers",
)


@dataclass(frozen=True)
class RealTable:
    """Picks, what an associator is given with them, and a reference within `span`.

    `tolerances` (s, m) are those of agreement. Stations are held out in `held_out_span`, where P and S are predicted
    within `held_out_tolerances` (s).
    """

    name: str
    picks: tuple[Pick, ...]
    inventory: Inventory
    model: VelocityModel
    reference: Catalog
    span: TimeSpan
    held_out_span: TimeSpan
    tolerances: tuple[float, float] = (2.5, 15_000.0)
    held_out_tolerances: tuple[float, float] = (0.5, 0.75)


def load(name: str) -> RealTable:
    """A table by name. Raises `FileNotFoundError` where the data are not beside the checkout."""
    return TABLES[name]()


def italy_phasenet() -> RealTable:
    folder = shared("data", "association", "italy-2016")
    channels = _italian_stations(folder / "demo_real" / "Data" / "station.dat")
    picks = []
    csv.field_size_limit(10_000_000)
    with (folder / "demo_real" / "Pick_PhaseNet" / "results" / "picks.csv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            network, station = row["fname"].split("_")[4:6]
            start = parse_time(row["t0"])
            for phase, error in (("P", 0.05), ("S", 0.1)):
                samples, sure = (json.loads(row[f"{phase.lower()}_{name}"]) for name in ("idx", "prob"))
                for sample, probability in zip(samples, sure, strict=True):
                    if (network, station) in channels:
                        picks.append(
                            Pick.of(
                                channels[network, station].source_id,
                                phase,
                                start + round(sample * SECOND / 100),
                                time_uncertainty=error,
                                probability=probability,
                                method="phasenet",
                            )
                        )
    return _italy("italy-phasenet", picks, channels)


def italy_stalta() -> RealTable:
    folder = shared("data", "association", "italy-2016") / "demo_real"
    channels = _italian_stations(folder / "Data" / "station.dat")
    day = parse_time("2016-10-14")
    picks = []
    with zipfile.ZipFile(folder / "Pick" / "20161014.zip") as archive:
        for name in archive.namelist():
            if name.startswith("2016") and name.endswith(".txt"):
                network, station, phase = name.split("/")[-1].split(".")[:3]
                for line in archive.read(name).decode().splitlines():
                    time = float(line.split()[0])
                    if (network, station) in channels:
                        picks.append(
                            Pick.of(
                                channels[network, station].source_id,
                                phase,
                                day + seconds(time),
                                time_uncertainty=0.1 if phase == "P" else 0.2,
                                probability=1.0,
                                method="stalta",
                            )
                        )
    return _italy("italy-stalta", picks, channels)


def ceus() -> RealTable:
    folder = shared("data", "association", "ceus-2017")
    channels = {}
    for site in json.loads((folder / "regional_example_stationlist.json").read_text())["StationList"]:
        codes = site["Site"]
        source_id = SourceId.from_nslc(codes["Network"], codes["Station"], "", codes["Channel"])
        channels[source_id.station_key] = Channel(source_id, site["Latitude"], site["Longitude"], site["Elevation"])
    picks = {}
    with zipfile.ZipFile(folder / "input" / "input.zip") as archive:
        for line in io.TextIOWrapper(archive.open(archive.namelist()[0])):
            row = json.loads(line)
            channel = channels.get((row["Site"]["Network"], row["Site"]["Station"]))
            if channel is not None:
                pick = Pick.of(
                    channel.source_id,
                    row["Phase"],
                    parse_time(row["Time"]),
                    time_uncertainty=0.2,
                    probability=1.0,
                    method=row["Picker"],
                )
                picks[pick.pick_id] = pick
    with (folder / "CEUS.csv").open() as file:
        events = [
            Event(
                row["ID"],
                (Origin.of(seconds(float(row["OT"])), *(float(row[k]) for k in ("Lat", "Lon")), _depth(row["Dep"])),),
            )
            for row in csv.DictReader(file)
        ]
    times = [pick.time for pick in picks.values()]
    span = TimeSpan(min(times), max(times) + 1)
    return RealTable(
        "ceus-2017",
        tuple(sorted(picks.values(), key=lambda pick: (pick.time, pick.pick_id))),
        Inventory.of(channels.values()),
        IASP91,
        in_order(events),
        span,
        span,
        (5.0, 50_000.0),
        (1.5, 2.5),
    )


def ridgecrest(threshold: float) -> RealTable:
    data = shared("data", "ridgecrest-2019")
    picks = ridgecrest_picks(threshold)
    span = TimeSpan(parse_time("2019-07-04T16:50"), parse_time("2019-07-04T17:50"))
    return RealTable(
        f"ridgecrest-{threshold}",
        picks,
        read_inventory(data / "stations.csv")[0],
        SOUTHERN_CALIFORNIA,
        read_catalog(data / "comcat_reviewed.csv"),
        span,
        span,
    )


@cache
def ridgecrest_picks(threshold: float) -> tuple[Pick, ...]:
    """Picks of the hour by `wadati pick`, in order of time."""
    data, weights = shared("data", "ridgecrest-2019"), shared("weights", "phasenet_original_3000.onnx")
    with tempfile.TemporaryDirectory() as folder:
        network = Path(folder) / weights.name
        network.symlink_to(weights)
        card = json.loads(weights.with_suffix(".json").read_text())
        card["thresholds"] = dict.fromkeys(card["thresholds"], threshold)
        network.with_suffix(".json").write_text(json.dumps(card))
        wadati(
            "pick",
            data / "waveforms",
            "--stations",
            data / "stations.csv",
            "--output",
            Path(folder) / "picks",
            "--picker",
            f"neural:{network}",
            "--workers",
            1,
        )
        return read_picks_csv(Path(folder) / "picks" / "picks.csv")


TABLES: dict[str, Callable[[], RealTable]] = {
    "italy-phasenet": italy_phasenet,
    "italy-stalta": italy_stalta,
    "ceus-2017": ceus,
    "ridgecrest-0.1": lambda: ridgecrest(0.1),
    "ridgecrest-0.3": lambda: ridgecrest(0.3),
}


def _italy(name: str, picks: list[Pick], channels: dict[tuple[str, str], Channel]) -> RealTable:
    start = parse_time("2016-10-14")
    catalog = shared("data", "association", "italy-2016") / "locflow" / "location" / "hypoinverse_corr" / "catOut.sum"
    return RealTable(
        name,
        tuple(sorted(dict.fromkeys(picks), key=lambda pick: (pick.time, pick.pick_id))),
        Inventory.of(channels.values()),
        ITALY,
        in_order(_hypoinverse(catalog)),
        TimeSpan(start, start + 50 * MINUTE),
        TimeSpan(start, start + 2 * HOUR),
    )


def _italian_stations(path: Path) -> dict[tuple[str, str], Channel]:
    """REAL's table: longitude, latitude, network, station, channel, elevation in km."""
    found = {}
    for line in path.read_text().splitlines():
        longitude, latitude, network, station, channel, elevation = line.split()
        source_id = SourceId.from_nslc(network, station, "", channel)
        found[network, station] = Channel(
            source_id, float(latitude), float(longitude), round(float(elevation) * KILOMETRE, 1)
        )
    return found


def _hypoinverse(path: Path) -> Iterator[Event]:
    """HypoInverse's readable summary: date, hour and minute, seconds, latitude, longitude, depth in km."""
    for number, line in enumerate(path.read_text().splitlines()[1:]):
        if line.strip():
            date, clock, second, latitude, longitude, depth = line.split()[:6]
            time = parse_time(f"{date.replace('/', '-')}T{clock}") + seconds(float(second))
            yield Event(f"hypoinverse-{number}", (Origin.of(time, float(latitude), float(longitude), _depth(depth)),))


def _depth(text: str) -> float:
    return round(float(text) * KILOMETRE, 1)
