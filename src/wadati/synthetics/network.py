"""The stations of a simulation: where they stand, what they record with and what ails them."""

from __future__ import annotations

import math

import msgspec

from wadati.model import Channel, Inventory, SourceId
from wadati.synthetics.instruments import (
    BROADBAND,
    BROADBAND_50,
    BROADBAND_200,
    BROADBAND_ROTATED,
    SHORT_PERIOD,
    STRONG_MOTION,
    VERTICAL,
    Instrument,
)
from wadati.synthetics.site import Site, draw_site
from wadati.synthetics.streams import stream
from wadati.traveltime.geodesy import LocalFrame

NETWORK = "XX"
CENTRE = LocalFrame(35.7, -117.5)

DEFECTS = ("gap", "dead component", "low full scale", "clock error", "missing component", "spikes")
"""What one station each suffers from."""

_SPECIAL = (
    (BROADBAND, STRONG_MOTION),
    (VERTICAL,),
    (SHORT_PERIOD,),
    (BROADBAND_50,),
    (BROADBAND_200,),
    (SHORT_PERIOD,),
    (BROADBAND_ROTATED,),
    (BROADBAND_200,),
)


class SimulatedStation(msgspec.Struct, frozen=True):
    """A station: `x` east and `y` north of the centre (m), elevation (m), instruments (the first is the main one).

    `first_azimuth` is where the north, or first horizontal, component points (degrees clockwise from north).
    `sample_offset` (ns) is by how much its samples come after the whole multiples of the sampling interval.
    """

    index: int
    code: str
    x: float
    y: float
    latitude: float
    longitude: float
    elevation: float
    instruments: tuple[Instrument, ...]
    site: Site
    sample_offset: int
    first_azimuth: float = 0.0
    defect: str = ""

    def source_id(self, instrument: Instrument, component: str) -> SourceId:
        """The identifier of one channel."""
        return SourceId.from_nslc(NETWORK, self.code, "", instrument.codes + component)


def draw_network(seed: int, count: int, spacing: float) -> tuple[SimulatedStation, ...]:
    """`count` stations about `spacing` metres apart on a shaken grid around the centre, in order of their codes.

    Most are three-component broadbands at 100 Hz; others and the defects go to stations drawn at random.
    """
    rng = stream(seed, "network")
    columns = math.ceil(math.sqrt(count))
    cells = [(i % columns, i // columns) for i in range(count)]
    rows = cells[-1][1] + 1
    order = rng.permutation(count)
    special = {int(order[i]): _SPECIAL[i] for i in range(min(len(_SPECIAL), count // 3))}
    plain = [int(i) for i in order if int(i) not in special]
    defects = dict(zip(plain, DEFECTS, strict=False))
    found = []
    for i, (column, row) in enumerate(cells):
        x, y = spacing * (column - (columns - 1) / 2), spacing * (row - (rows - 1) / 2)
        found.append(_station(seed, i, x, y, spacing, special.get(i, (BROADBAND,)), defects.get(i, "")))
    return tuple(found)


def _station(
    seed: int, index: int, x: float, y: float, spacing: float, instruments: tuple[Instrument, ...], defect: str
) -> SimulatedStation:
    rng = stream(seed, "station", index)
    x, y = x + rng.uniform(-0.25, 0.25) * spacing, y + rng.uniform(-0.25, 0.25) * spacing
    latitude, longitude = (float(v) for v in CENTRE.to_lat_lon(x, y))
    hills = 350.0 * math.sin(x / 9000.0 + seed) * math.cos(y / 7000.0)
    if defect == "low full scale":
        instruments = (msgspec.structs.replace(instruments[0], full_scale=2**19),)
    interval = 1_000_000_000 // instruments[0].rate
    rotated = instruments[0].components == "Z12"
    return SimulatedStation(
        index=index,
        code=f"W{index + 1:02d}",
        x=float(x),
        y=float(y),
        latitude=round(latitude, 5),
        longitude=round(longitude, 5),
        elevation=float(round(900.0 + hills + rng.normal(0.0, 120.0))),
        instruments=instruments,
        site=draw_site(rng),
        sample_offset=int(rng.integers(0, interval)) // 1000 * 1000,
        first_azimuth=float(rng.integers(10, 80)) if rotated else 0.0,
        defect=defect,
    )


def inventory_of(stations: tuple[SimulatedStation, ...]) -> Inventory:
    """The channels as an operator would describe them; defects are not among what is described."""
    return Inventory.of(
        Channel(
            station.source_id(instrument, component),
            station.latitude,
            station.longitude,
            station.elevation,
            instrument.response,
            azimuth=(0.0, station.first_azimuth, station.first_azimuth + 90.0)[position],
            dip=(-90.0, 0.0, 0.0)[position],
            sampling_rate_hz=float(instrument.rate),
        )
        for station in stations
        for instrument in station.instruments
        for position, component in enumerate(instrument.components)
    )
