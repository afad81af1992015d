"""`python -m benchmarks.synthetics.basin`: receiver Green tensors of a solver of one's own, flat layers and a basin.

In flat layers they are compared with those by PyGRT; in a basin, whose answers no flat layers give, with direct runs of
a moment tensor in the same solver. Two receivers, 0.1 to 0.25 Hz; shares of the norm of three components in the band.
"""

from __future__ import annotations

import tempfile
import time

import msgspec
import numpy as np
from scipy.signal import butter, sosfiltfilt

from benchmarks.synthetics.finite_differences import FiniteDifferences, Medium
from benchmarks.synthetics.layered_strains import LayeredStrains
from wadati.greens.axis import Axis
from wadati.greens.receiver_build import build_receivers
from wadati.greens.receiver_layout import ReceiverContents, Region, planned_receivers
from wadati.greens.receivers import ReceiverGreens
from wadati.greens.source_time import SourceTime
from wadati.model import Layer, MomentTensor, PointSource, Station, VelocityModel
from wadati.traveltime.geodesy import LocalFrame

STEP, SHAPE, CORNER = 600.0, (104, 84, 56), (-20.4e3, -25.2e3)
BAND, HIGHEST = (0.1, 0.25), 0.4
LAYERS = VelocityModel(
    "two layers", (Layer(0.0, 5500.0, 3180.0, 2600.0, 1e6, 1e6), Layer(12300.0, 6600.0, 3810.0, 2850.0, 1e6, 1e6))
)
FRAME = LocalFrame(35.0, -117.0)
# A cell in the middle of each is 1.2 km wide; sources lie 6 to 9.6 km deep.
REGION = Region(35.0, -117.0, Axis(-2400.0, 1200.0, 5), Axis(-2400.0, 1200.0, 5), Axis(6000.0, 1200.0, 4))
TENSOR = MomentTensor(0.4e15, -1.1e15, 0.7e15, 0.9e15, -0.3e15, 0.6e15)
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def station(code: str, north: float, east: float) -> Station:
    latitude, longitude = FRAME.to_lat_lon(east, north)
    return Station("XX", code, float(latitude), float(longitude), -STEP / 2)


# The first stands in the middle of the basin, the second beyond it.
STATIONS = (station("A", 18.0e3, 1.2e3), station("B", 28.8e3, -6.0e3))


def medium(*, basin: bool) -> Medium:
    """Two layers; a bowl of sediments 4 km deep and 20 km wide in the north of them, or none."""
    north, east, depth = (start + STEP * np.arange(n) for start, n in zip((*CORNER, 0.0), SHAPE, strict=True))
    which = np.broadcast_to((depth > LAYERS.layers[1].top).astype(int), SHAPE)
    values = [
        np.array([getattr(layer, name) for layer in LAYERS.layers])[which]
        for name in ("p_velocity", "s_velocity", "density")
    ]
    if basin:
        bowl = ((north - 18e3) / 10e3)[:, None, None] ** 2 + (east / 10e3)[None, :, None] ** 2 + (depth / 4e3) ** 2 < 1
        values = [np.where(bowl, slow, one) for one, slow in zip(values, (3400.0, 1800.0, 2250.0), strict=True)]
    name = "two layers and a basin" if basin else LAYERS.name
    return Medium(name, *CORNER, STEP, *values)


def made(generator: FiniteDifferences | LayeredStrains, folder: str, like: ReceiverContents | None) -> ReceiverGreens:
    contents = planned_receivers(generator, STATIONS, REGION, BAND)
    if like is not None:
        contents = msgspec.structs.replace(contents, reduced=like.reduced)
    began = time.process_time()
    whole, problems = build_receivers(folder, contents, generator)
    shares = ", ".join(f"{name} {100 * share:.2g} %" for name, share in (whole.checked or {}).items())
    print(f"{generator.name}, {whole.model}: {time.process_time() - began:.0f} s of CPU; {shares}")
    for problem in problems:
        print(f"  {problem.wrong}")
    return ReceiverGreens(folder)


def in_band(traces: Floats, rate: float) -> Floats:
    return np.asarray(sosfiltfilt(butter(4, BAND, "band", fs=rate, output="sos"), traces, axis=-1))


def beside_pygrt(one: ReceiverGreens, other: ReceiverGreens) -> None:
    """Six tensors at random places between the points, in both stores."""
    rng, shares = np.random.default_rng(3), []
    for _ in range(60):
        place = [rng.uniform(axis.start, axis.stop) for axis in REGION.axes]
        latitude, longitude = FRAME.to_lat_lon(place[1], place[0])
        given = {"sampling_rate_hz": 2.0, "start_s": -20.0, "samples": 160}
        a, b = (
            in_band(store.tensor_responses(float(latitude), float(longitude), place[2], STATIONS, **given), 2.0)
            for store in (one, other)
        )
        shares.append(np.linalg.norm(a - b, axis=(1, 3)) / np.linalg.norm(b, axis=(1, 3)))
    told = np.concatenate(shares).ravel()
    print(f"flat layers beside PyGRT: median {100 * np.median(told):.2f} %, 99 % {100 * np.percentile(told, 99):.2f} %")


def beside_direct_runs(store: ReceiverGreens, generator: FiniteDifferences) -> None:
    """A tensor at a point of the store and half-way between points, its motion by reciprocity and by a direct run."""
    for place in ((1200.0, -1200.0, 7200.0), (600.0, -600.0, 7800.0)):
        latitude, longitude = FRAME.to_lat_lon(place[1], place[0])
        source = PointSource(0, float(latitude), float(longitude), place[2], TENSOR)
        until = 60.0
        for receiver in STATIONS:
            east, north = FRAME.to_xy(receiver.latitude, receiver.longitude)
            direct = generator.velocities_of(TENSOR.components, place, receiver, (float(north), float(east)), until)
            times = generator.times(direct.shape[1])
            fine = np.arange(0, 10 * generator.width, 0.05)
            rate = tuple(generator.pulse(fine - 5 * generator.width).tolist())
            grown = SourceTime("samples", samples=rate, sampling_rate_hz=20.0)
            found = store.seismograms([source], [receiver], kind="velocity", source_time=grown)
            own = found.start_s[0] + np.arange(found.samples.shape[2]) / found.sampling_rate_hz - 5 * generator.width
            at = slice(*np.searchsorted(own, [times[0], min(times[-1], until)]))
            # The frame's north and the meridian differ by 0.1 degrees here; the runs know only the frame.
            turn = np.radians(store.paths(latitude, longitude, place[2], [receiver]).station_turn[0])
            theirs = turned(np.array([interpolated(row, times, own[at]) for row in direct]), -turn)
            a, b = (
                in_band(np.asarray(one, np.float64), found.sampling_rate_hz)
                for one in (found.samples[0][:, at], theirs)
            )
            share = np.linalg.norm(a - b) / np.linalg.norm(b)
            print(f"{receiver.code}, source {place} m: {100 * share:.2f} % of the direct run")


def a_second(store: ReceiverGreens) -> None:
    """How many seismograms a second of CPU, for sources of other places and tensors."""
    rng = np.random.default_rng(4)
    sources = []
    for _ in range(2000):
        north, east, depth = (rng.uniform(axis.start, axis.stop) for axis in REGION.axes)
        latitude, longitude = FRAME.to_lat_lon(east, north)
        tensor = MomentTensor(*(rng.normal(size=6) * 1e15))
        sources.append(PointSource(0, float(latitude), float(longitude), depth, tensor))
    store.seismograms(sources[:2], STATIONS)
    began = time.process_time()
    found = store.seismograms(sources, STATIONS)
    each = found.samples.shape[0] * 3 / (time.process_time() - began)
    print(f"{each:,.0f} seismograms of {found.samples.shape[2]} samples a second of CPU")


def turned(motion: Floats, angle: float) -> Floats:
    z, n, e = motion
    return np.stack([z, n * np.cos(angle) + e * np.sin(angle), e * np.cos(angle) - n * np.sin(angle)])


def interpolated(row: Floats, times: Floats, wanted: Floats) -> Floats:
    from scipy.interpolate import make_interp_spline

    return np.asarray(make_interp_spline(times, row, k=5)(wanted))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        flat = FiniteDifferences(medium(basin=False), HIGHEST, 2700.0)
        one = made(flat, f"{folder}/flat", None)
        beside_pygrt(one, made(LayeredStrains(LAYERS), f"{folder}/pygrt", one.contents))
        a_second(one)
        bowl = FiniteDifferences(medium(basin=True), HIGHEST, 1500.0)
        store = made(bowl, f"{folder}/basin", None)
        beside_direct_runs(store, bowl)


if __name__ == "__main__":
    main()
