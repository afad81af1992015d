"""One station's part of an inversion: its records as displacement up, north and east in the band, or why not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.model import Channel, Inventory, Origin, Response, SourceId, Station, TimeSpan, Trace, seconds
from wadati.signal.axis import assemble
from wadati.signal.bands import InstrumentKey, choose_band, orient
from wadati.signal.clipping import clipped_samples
from wadati.signal.response import is_complete
from wadati.tensors.ground_motion import TAPER, displacement
from wadati.tensors.passband import OVERSAMPLED
from wadati.traveltime.geodesy import distance_azimuth

Floats = npt.NDArray[np.float64]

COMPONENTS = "ZNE"
"""Up, north, east: the order of every component axis."""

_SLOWEST = 2000.0
_RINGING = 1.5
_BESIDE = 1.0
_WELCOME = 4.0
_BRIDGED = 0.1
_LEAST_SNR = 2.0
_NOISE = (-4.0, -0.5)
_LEAST_NOISE = 0.2
_STILL = 2.0
_ACCELEROMETER = "N"


@dataclass(frozen=True)
class Window:
    """What of the records counts: the band (Hz), and times counted from the origin on.

    `sampling_rate_hz` gives twenty samples in the shortest period. `samples` is how many there are from the origin
    on, for the farthest station; `margin` how many more on either side, by which data may be shifted.
    """

    band: tuple[float, float]
    farthest: float

    @property
    def sampling_rate_hz(self) -> float:
        """Of data and synthetics."""
        return OVERSAMPLED * self.band[1]

    @property
    def samples(self) -> int:
        """From the origin to the end of the farthest station's window."""
        return math.ceil(self.until(self.farthest) * self.sampling_rate_hz)

    @property
    def shift(self) -> int:
        """By how many samples a station may be moved: a quarter of the shortest period."""
        return OVERSAMPLED // 4

    @property
    def margin(self) -> int:
        """As far as half a shortest period for the centroid, and a station's own shift."""
        return OVERSAMPLED // 2 + self.shift

    def until(self, distance: float) -> float:
        """When (s after the origin) the window of a station at a distance (m) ends: after waves of 2 km/s, and one and
        a half periods of the band's lower end."""
        return distance / _SLOWEST + _RINGING / self.band[0]

    def needed(self, distance: float) -> tuple[float, float]:
        """From when to when (s after the origin) records must be whole: a period of the lower end on either side."""
        beside = _BESIDE / self.band[0]
        return -beside, self.until(distance) + beside

    def welcome(self, distance: float) -> tuple[float, float]:
        """From when to when (s after the origin) records are used where there are some: edges lie farther away."""
        beside = _WELCOME / self.band[0]
        return -beside, self.until(distance) + beside


@dataclass(frozen=True, eq=False)
class Seen:
    """What a station saw: `data` (m) has shape (component, margin + sample + margin), `snr` (component,).

    `distance` (m) and `azimuth` (degrees) are from the epicentre.
    """

    station: Station
    instrument: str
    distance: float
    azimuth: float
    data: Floats
    snr: Floats


def look(station: Station, traces: Sequence[Trace], inventory: Inventory, origin: Origin, window: Window) -> Seen:
    """The displacement of a station by the first of its instruments that can be used.

    Raises `InputError` saying what is wrong with the best of them: a component that is missing, has a gap longer than a
    tenth of the shortest period, does not move or has clipped; a response that is unknown in the band; or nothing that
    stands above the noise (twice its root mean square).
    """
    name = f"{station.network}.{station.code}"
    first: InputError | None = None
    for instrument in choose_band(trace.source_id for trace in traces):
        own = [trace for trace in traces if trace.source_id.instrument_key == instrument]
        try:
            return _look(name, station, instrument, own, inventory, origin, window)
        except InputError as error:
            first = first or error
    raise first or InputError(name, "has no records of this time", "give its waveforms")


def _look(
    name: str,
    station: Station,
    instrument: InstrumentKey,
    traces: Sequence[Trace],
    inventory: Inventory,
    origin: Origin,
    window: Window,
) -> Seen:
    distance, azimuth = (
        float(value)
        for value in distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
    )
    letters = orient(trace.source_id for trace in traces)
    for letter in COMPONENTS:
        if letter not in letters.values():
            raise InputError(name, f"{instrument[3]} has no component {letter}", "give all three")
    margin, rate = window.margin, window.sampling_rate_hz
    times = np.arange(-margin, window.samples + margin) / rate
    vectors, records = [], []
    for source_id, letter in sorted(letters.items(), key=lambda item: COMPONENTS.index(item[1])):
        channel = inventory.channel(source_id, origin.time)
        if channel is None:
            raise InputError(name, f"{source_id.nslc} is not in the station file at this time", "complete it")
        if channel.response is None or not _is_known(source_id, channel.response):
            raise InputError(name, f"the response of {source_id.nslc} is unknown in the band", "give poles and zeros")
        vectors.append(_direction(channel, letter))
        counts, start, hertz = _whole(name, source_id, letter, traces, origin.time, window, distance)
        records.append((counts, start, hertz, channel.response))
    axes = np.array(vectors)
    if abs(np.linalg.det(axes)) < 0.1:
        raise InputError(name, f"the components of {instrument[3]} point the same way", "correct azimuths and dips")
    quiet = _quiet(max(start for _, start, _, _ in records), window)
    motion = [
        displacement(counts, hertz, response, window.band, np.concatenate([quiet, times]) - start)
        for counts, start, hertz, response in records
    ]
    ground = np.linalg.solve(axes, np.array(motion))
    noise = np.sqrt(np.mean(ground[:, : len(quiet)] ** 2, axis=1))
    data = ground[:, len(quiet) :]
    signal = np.sqrt(np.mean(data[:, margin : margin + round(window.until(distance) * rate)] ** 2, axis=1))
    snr = signal / np.maximum(noise, 1e-300)
    if snr.max() < _LEAST_SNR:
        raise InputError(
            name, f"nothing stands above the noise in the band (ratio {snr.max():.1f})", "it is too far or too loud"
        )
    return Seen(station, f"{instrument[2]}.{instrument[3]}".lstrip("."), distance, azimuth, data, snr)


def _is_known(source_id: SourceId, response: Response) -> bool:
    """Whether the response holds below 0.1 Hz too: by its poles and zeros, or by an accelerometer's nature."""
    return is_complete(source_id, response) and (not response.is_flat or source_id.source == _ACCELEROMETER)


def _quiet(start: float, window: Window) -> Floats:
    """Times (s after the origin) of noise: after the taper, and before the filter spreads waves that far ahead."""
    first = max(start + TAPER / window.band[0], _NOISE[0] / window.band[0])
    last = _NOISE[1] / window.band[0]
    return np.arange(min(first, last - _LEAST_NOISE / window.band[0]), last, 1 / window.sampling_rate_hz)


def _direction(channel: Channel, letter: str) -> tuple[float, float, float]:
    """Where a sensor points: up, north, east; by its letter where the station file does not say."""
    azimuth = channel.azimuth if channel.azimuth is not None else 90.0 if letter == "E" else 0.0
    dip = channel.dip if channel.dip is not None else -90.0 if letter == "Z" else 0.0
    down, turn = math.radians(dip), math.radians(azimuth)
    return -math.sin(down), math.cos(down) * math.cos(turn), math.cos(down) * math.sin(turn)


def _whole(
    name: str,
    source_id: SourceId,
    letter: str,
    traces: Sequence[Trace],
    origin: int,
    window: Window,
    distance: float,
) -> tuple[Floats, float, float]:
    """Counts without a gap over what is needed, the time of the first (s after the origin), and their rate (Hz)."""
    needed = window.needed(distance)
    bridged = _BRIDGED / window.band[1]
    span, wide = (
        TimeSpan(origin + seconds(low), origin + seconds(high)) for low, high in (needed, window.welcome(distance))
    )
    own = [trace for trace in traces if trace.source_id == source_id and trace.span.overlaps(wide)]
    if len({trace.sampling_rate for trace in own}) > 1:
        raise InputError(name, f"{source_id.nslc} changes its sampling rate", "leave one of them out")
    if not own:
        raise InputError(name, f"{source_id.nslc} has no samples of this time", "give its waveforms")
    hertz = float(own[0].sampling_rate)
    sections = assemble(own, {source_id: letter}, letter, longest_gap=int(bridged * hertz))
    for section in sections:
        low, high = section.axis.first_at_or_after([span.start, span.end])
        if max(section.axis.first - low, high - section.axis.end) > bridged * hertz:
            continue
        first, end = section.axis.first_at_or_after([wide.start, wide.end])
        first, end = max(first, section.axis.first), min(end, section.axis.end)
        data, missing = section.read(first, end)
        counts, gone = data[0], missing[0]
        if clipped_samples(counts, hertz)[max(low - first, 0) : high - first].any():
            raise InputError(name, f"{source_id.nslc} is clipped", "a strong-motion sensor beside it would serve")
        if np.ptp(counts[~gone]) <= _STILL:
            raise InputError(name, f"{source_id.nslc} does not move", "see to the sensor")
        counts = np.interp(np.arange(len(counts)), np.flatnonzero(~gone), counts[~gone])
        return counts, (section.axis.time_of(first) - origin) / 1e9, hertz
    wrong = f"{source_id.nslc} has a gap between {needed[0]:.0f} s and {needed[1]:.0f} s after the origin"
    raise InputError(name, wrong, "fill it from the archive, or wait for it")
