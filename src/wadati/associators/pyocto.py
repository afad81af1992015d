"""PyOcto behind the house's contract: association by splitting space and origin time into ever smaller boxes.

Münchmeyer (2024), PyOcto: A high-throughput seismic phase associator, Seismica 3(1),
doi:10.26443/seismica.v3i1.1130. Needs the extra `wadati[pyocto]`; on Python 3.11 PyOcto holds numpy below 2.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from wadati.errors import MissingExtraError
from wadati.model import Inventory, Pick, Station, VelocityModel, seconds
from wadati.protocols import Candidate
from wadati.traveltime.geodesy import LocalFrame
from wadati.traveltime.layered import first_arrival
from wadati.units import KILOMETRE, SECOND

_PHASES = ("P", "S")


@dataclass(frozen=True)
class PyOcto:
    """PyOcto with its own defaults, in a volume around the stations with picks.

    The volume reaches `margin` (m) beyond these stations and over `depth_range` (m below sea level; with layers not
    above it). `homogeneous` is a P and an S velocity in m/s in place of the layers. `tolerance` (s) is that of boxes,
    `pick_match_tolerance` (s) that of picks of a located event; boxes are divided down to `min_node_size` (m), in
    locating to `min_node_size_location` (m), by stations within `association_cutoff_distance` (m). `n_picks`,
    `n_p_picks`, `n_s_picks` and `n_p_and_s_picks` (stations with both) are the least of an event; a station counts
    where `min_pick_fraction` of the stations closer by have a pick; events are `min_interevent_time` (s) apart.
    Slices of time are `time_slicing` (s) long and overlap by the longest S time through the volume. Lengths are
    given in metres, as everywhere here. Raises `MissingExtraError` where PyOcto is not installed.
    """

    name: str = "pyocto"
    margin: float = 20_000.0
    depth_range: tuple[float, float] = (0.0, 30_000.0)
    homogeneous: tuple[float, float] | None = None
    tolerance: float = 1.5
    association_cutoff_distance: float = 100_000.0
    pick_match_tolerance: float = 1.5
    min_node_size: float = 10_000.0
    min_node_size_location: float = 1_500.0
    n_picks: int = 10
    n_p_picks: int = 3
    n_s_picks: int = 3
    n_p_and_s_picks: int = 3
    min_pick_fraction: float = 0.25
    min_interevent_time: float = 3.0
    time_slicing: float = 1200.0
    table_spacing: float = 1_000.0
    threads: int = 1

    def __post_init__(self) -> None:
        if find_spec("pyocto") is None:
            raise MissingExtraError("pyocto", "pyocto")

    def associate(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> tuple[Candidate, ...]:
        """Candidates in order of time.

        Picks of stations that are not in the inventory and of phases other than P and S are ignored. A pick that
        PyOcto gives to two events, which it may at the ends of its slices, stays with that of the smaller residual.
        """
        stations = {station.key: station for station in inventory.stations()}
        unique = {
            pick.pick_id: pick
            for pick in picks
            if pick.source_id.station_key in stations and pick.phase_hint in _PHASES
        }
        used = sorted(unique.values(), key=lambda pick: (pick.time, pick.pick_id))
        if not used:
            return ()
        keys = sorted({pick.source_id.station_key for pick in used})
        return self._run(used, [stations[key] for key in keys], model)

    def _run(self, picks: list[Pick], stations: Sequence[Station], model: VelocityModel) -> tuple[Candidate, ...]:
        import pandas as pd
        import pyocto

        place = np.array([(station.latitude, station.longitude) for station in stations])
        frame = LocalFrame(*place.mean(axis=0))
        x, y = np.stack(frame.to_xy(*place.T)) / KILOMETRE
        margin = self.margin / KILOMETRE
        limits = [(float(axis.min() - margin), float(axis.max() + margin)) for axis in (x, y)]
        across = float(np.hypot(*np.diff(limits)[:, 0])) * KILOMETRE
        begin = picks[0].time
        with tempfile.TemporaryDirectory() as folder:
            engine = pyocto.OctoAssociator(
                xlim=limits[0],
                ylim=limits[1],
                zlim=tuple(depth / KILOMETRE for depth in self.depth_range),
                velocity_model=self._velocities(pyocto, model, across, Path(folder) / "table"),
                time_before=across / self._slowest(model),
                min_node_size=self.min_node_size / KILOMETRE,
                min_node_size_location=self.min_node_size_location / KILOMETRE,
                pick_match_tolerance=self.pick_match_tolerance,
                min_interevent_time=self.min_interevent_time,
                n_picks=self.n_picks,
                n_p_picks=self.n_p_picks,
                n_s_picks=self.n_s_picks,
                n_p_and_s_picks=self.n_p_and_s_picks,
                min_pick_fraction=self.min_pick_fraction,
                time_slicing=self.time_slicing,
                n_threads=self.threads,
            )
            events, assignments = engine.associate(
                pd.DataFrame(
                    {
                        "station": [".".join(pick.source_id.station_key) for pick in picks],
                        "phase": [pick.phase_hint for pick in picks],
                        "time": [(pick.time - begin) / SECOND for pick in picks],
                    }
                ),
                pd.DataFrame(
                    {
                        "id": [".".join(station.key) for station in stations],
                        "x": x,
                        "y": y,
                        "z": [-station.elevation / KILOMETRE for station in stations],
                    }
                ),
            )
        owners: dict[int, tuple[float, int]] = {}
        for event, pick, residual in zip(
            assignments["event_idx"], assignments["pick_idx"], assignments["residual"].abs(), strict=True
        ):
            owners[int(pick)] = min(owners.get(int(pick), (np.inf, 0)), (float(residual), int(event)))
        members: dict[int, list[str]] = {}
        for pick in sorted(owners):
            members.setdefault(owners[pick][1], []).append(picks[pick].pick_id)
        return _candidates(events, members, frame, begin)

    def _velocities(self, pyocto: Any, model: VelocityModel, across: float, table: Path) -> Any:
        cutoff = self.association_cutoff_distance / KILOMETRE
        if self.homogeneous is not None:
            p, s = (velocity / KILOMETRE for velocity in self.homogeneous)
            return pyocto.VelocityModel0D(p, s, self.tolerance, cutoff)
        write_table(table, model, across, self.depth_range[1], self.table_spacing)
        p, s = (model.velocity(phase, 0.0) / KILOMETRE for phase in _PHASES)
        return pyocto.VelocityModel1D(table, self.tolerance, cutoff, p, s)

    def _slowest(self, model: VelocityModel) -> float:
        """The S velocity (m/s) of the top, or that of everywhere."""
        return self.homogeneous[1] if self.homogeneous is not None else model.layers[0].s_velocity


def write_table(path: Path, model: VelocityModel, distance: float, depth: float, spacing: float) -> None:
    """Write PyOcto's file of travel times from the surface: node counts, spacing (km), then P and S, distance by depth.

    `distance` and `depth` (m) are the least that the table holds, `spacing` (m) is that of its nodes.
    """
    across, down = (np.arange(0.0, reach + 2 * spacing, spacing) for reach in (distance, depth))
    with path.open("wb") as file:
        file.write(struct.pack("iid", len(across), len(down), spacing / KILOMETRE))
        for phase in _PHASES:
            file.write(first_arrival(model, phase, across[:, None], down).tobytes())


def _candidates(events: Any, members: dict[int, list[str]], frame: LocalFrame, begin: int) -> tuple[Candidate, ...]:
    found = []
    for event in events.itertuples() if len(events) else ():
        if event.idx in members:
            latitude, longitude = frame.to_lat_lon(event.x * KILOMETRE, event.y * KILOMETRE)
            found.append(
                Candidate(
                    begin + seconds(event.time),
                    float(latitude),
                    float(longitude),
                    event.z * KILOMETRE,
                    tuple(members[event.idx]),
                )
            )
    return tuple(sorted(found, key=lambda candidate: (candidate.time, candidate.pick_ids)))
