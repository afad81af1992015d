"""Travel times in flat layers for a locator: the tables of `table`, read by a compiled loop, with their slopes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from wadati.model import Inventory, VelocityModel
from wadati.traveltime.geodesy import LocalFrame
from wadati.traveltime.layered import NO_HEAD_WAVE, head_wave_terms
from wadati.traveltime.table import TravelTimeTable, travel_time_table
from wadati.traveltime.times import Floats, Frame, Receivers

_BOTTOM = 60_000.0
_MARGIN = 150_000.0
_REACH = 250_000.0
_ELEVATION_STEP = 500.0
_PHASES = ("P", "S")


class LayeredTimes:
    """First arrivals of a model of flat layers at the stations of an inventory; within 5 ms of exact.

    There are times from the highest station, or from the elevation `summit` (m), down to 60 km, and 150 km (or half
    the network) beyond the stations. Stations may stand above or below sea level, sources above or below stations.

    >>> from wadati.model import Channel, SourceId
    >>> from wadati.traveltime.models import SOUTHERN_CALIFORNIA
    >>> seafloor = Inventory.of([Channel(SourceId("XX", "OBS", "", "H", "H", "Z"), 35.0, -117.0, -2500.0)])
    >>> earth = LayeredTimes(SOUTHERN_CALIFORNIA, seafloor)
    >>> receivers = Receivers((("XX", "OBS"),), np.zeros(1), np.zeros(1), np.array([-2500.0]), ("P",))
    >>> time, along_x, _ = earth.rays(receivers).at(np.array([0.0]), np.array([0.0]), np.array([8000.0]))
    >>> round(float(time[0, 0]), 3) == round(3000 / 5500 + 2500 / 6300, 3), float(along_x[0, 0]) == 0.0
    (True, True)
    """

    def __init__(self, model: VelocityModel, inventory: Inventory, summit: float = -math.inf) -> None:
        self.name = model.name
        self._model = model
        elevations = [channel.elevation for channel in inventory.channels] or [0.0]
        self._ground = math.ceil(max(elevations) / _ELEVATION_STEP) * _ELEVATION_STEP
        self._top = math.ceil(max(*elevations, summit) / _ELEVATION_STEP) * _ELEVATION_STEP
        self._floor = math.floor(min(elevations) / _ELEVATION_STEP) * _ELEVATION_STEP

    def knows(self, station: tuple[str, str], phase: str) -> bool:  # noqa: ARG002
        """Whether there are times for a phase: P and S, at any station."""
        return phase in _PHASES

    def frame(self, latitude: Floats, longitude: Floats) -> Frame:
        """A flat frame in the middle of the stations."""
        places = np.unique(np.stack((latitude, longitude), axis=1), axis=0)
        north, east = np.radians(places).T
        x, y, z = (np.cos(north) * np.cos(east)).mean(), (np.cos(north) * np.sin(east)).mean(), np.sin(north).mean()
        return LocalFrame(math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x)))

    def box(self, receivers: Receivers) -> tuple[Floats, Floats]:
        """From the highest ground down to 60 km, and well beyond the stations of the arrivals."""
        x, y = receivers.x, receivers.y
        margin = max(_MARGIN, 0.5 * float(np.ptp(x)), 0.5 * float(np.ptp(y)))
        low = np.array([x.min() - margin, y.min() - margin, -self._top])
        return low, np.array([x.max() + margin, y.max() + margin, _BOTTOM])

    def rays(self, receivers: Receivers) -> LayeredRays:
        """Rays from sources within the box."""
        low, high = self.box(receivers)
        reach = float(np.hypot(*(high - low)[:2]))
        # Ranges of few sizes, so that one table serves all events of a network.
        table = travel_time_table(
            self._model,
            max_distance=_REACH * 2 ** max(math.ceil(math.log2(reach / _REACH)), 0),
            depth_range=(-self._top, _BOTTOM),
            elevation_range=(self._floor, self._ground),
        )
        stacked = _stacked(table)
        phase = np.array([_PHASES.index(name) for name in receivers.phases])
        slab = np.clip(
            np.searchsorted(table.elevations, receivers.elevation, side="right") - 1, 0, len(table.elevations) - 2
        )
        up = (receivers.elevation - table.elevations[slab]) / (table.elevations[slab + 1] - table.elevations[slab])
        offset = np.full((len(phase), stacked.head_velocity.shape[1]), NO_HEAD_WAVE)
        delay = np.zeros_like(offset)
        for n, name in enumerate(_PHASES):
            _, offsets, delays = head_wave_terms(self._model, name, -receivers.elevation)
            same = phase == n
            offset[same, : len(offsets)], delay[same, : len(delays)] = offsets[:, same].T, delays[:, same].T
        place = np.stack((receivers.x, receivers.y, receivers.elevation), axis=1)
        return LayeredRays(stacked, place, phase, slab, up, offset, delay)


@dataclass(frozen=True)
class _Stacked:
    """A table with both phases on one axis.

    `slowness` (phase, distance, depth, elevation) in s/m; the k-th distance is steps[0] · k + steps[1] · k² metres.
    `head_velocity` (phase, wave) in m/s; `offset` and `delay` (phase, wave, depth) are a source's part (m, s).
    """

    depths: Floats
    slowness: npt.NDArray[np.float32]
    steps: tuple[float, float]
    head_velocity: Floats
    offset: Floats
    delay: Floats


@lru_cache(maxsize=8)
def _stacked(table: TravelTimeTable) -> _Stacked:
    waves = max(len(table.head_waves[phase][0]) for phase in _PHASES)
    velocity = np.ones((2, waves))
    offset = np.full((2, waves, len(table.depths)), NO_HEAD_WAVE)
    delay = np.zeros_like(offset)
    for n, phase in enumerate(_PHASES):
        velocities, offsets, delays = table.head_waves[phase]
        velocity[n, : len(velocities)] = velocities
        offset[n, : len(offsets)], delay[n, : len(delays)] = offsets, delays
    # What one arrival needs lies close together.
    slowness = np.stack([table.slowness[phase].transpose(2, 1, 0) for phase in _PHASES])
    return _Stacked(table.depths, np.ascontiguousarray(slowness), table.steps, velocity, offset, delay)


@dataclass(frozen=True)
class LayeredRays:
    """Rays of one event: `place` (arrival, 3) of the receivers, where each lies in the table, its head waves' part."""

    table: _Stacked
    place: Floats
    phase: npt.NDArray[np.int64]
    slab: npt.NDArray[np.int64]
    up: Floats
    offset: Floats
    delay: Floats

    def subset(self, keep: npt.NDArray[np.bool_]) -> LayeredRays:
        """The rays of some of the arrivals, in the same order."""
        names = ("place", "phase", "slab", "up", "offset", "delay")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def at(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Times (s) and their slopes along x and y (s/m), each of shape (source, arrival)."""
        from wadati.traveltime.layered_kernel import first_arrivals

        table = self.table
        found: tuple[Floats, Floats, Floats] = first_arrivals(
            x,
            y,
            z,
            table.depths,
            self.place,
            self.phase,
            self.slab,
            self.up,
            table.slowness,
            table.steps,
            table.head_velocity,
            table.offset,
            table.delay,
            self.offset,
            self.delay,
        )
        return found
