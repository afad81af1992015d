"""How well a phase stands out: the largest amplitude of the signal over that of all else, between 2 and 20 Hz."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
import scipy.signal

from wadati.model import Nanoseconds
from wadati.synthetics.instruments import Instrument
from wadati.synthetics.network import SimulatedStation
from wadati.synthetics.sequence import SimulatedEvent
from wadati.synthetics.wavefield import Geometry
from wadati.units import SECOND

Floats = npt.NDArray[np.float64]

RECORDED_SNR = 3.0
"""A phase counts as recorded from this signal-to-noise ratio on."""

BAND = (2.0, 20.0)
SIGNAL_SECONDS, NOISE_SECONDS = 1.0, 1.0
FOOT_SECONDS = 0.1
"""So long before its arrival time a phase may begin, through the digitiser's linear-phase filter."""


class SimulatedPhase(msgspec.Struct, frozen=True):
    """One phase of one event at one station.

    `time` is when it truly arrives, whatever the station's clock says. `snr` compares the event's own motion in the
    second after the onset with all else from one second before the onset to one after it. It is the ratio of the
    largest amplitudes, both between 2 and 20 Hz and as recorded by the main instrument: of P on the vertical, of S on
    the horizontals, or on what the station has. All else is noise, other events (so that an aftershock under a
    mainshock's coda is not recorded), and the event's own motion before the onset. It is 0 where nothing was recorded.
    """

    event_id: str
    network: str
    station: str
    phase: str
    time: Nanoseconds
    snr: float

    @property
    def is_recorded(self) -> bool:
        """Whether the signal-to-noise ratio is at least 3."""
        return self.snr >= RECORDED_SNR


class Listener:
    """Keeps each event's own motion at one station until the whole record is known, then compares."""

    def __init__(
        self,
        station: SimulatedStation,
        instrument: Instrument,
        start: int,
        lost: tuple[int, ...],
        silence: tuple[float, float] | None,
    ) -> None:
        self._station, self._instrument, self._start, self._silence = station, instrument, start, silence
        alive = [row for row in range(len(instrument.components)) if row not in lost]
        vertical, horizontal = [row for row in alive if row == 0], [row for row in alive if row > 0]
        self._rows = {"P": vertical or horizontal, "S": horizontal or vertical}
        self._band = scipy.signal.butter(2, BAND, "bandpass", fs=instrument.rate, output="sos")
        self._heard: list[tuple[SimulatedEvent, dict[str, float], int, Floats]] = []

    def hear(self, event: SimulatedEvent, rays: Geometry, first: int, own: Floats) -> None:
        """Remember the start of an event's own motion, shape (component, sample), from sample `first` of the record."""
        origin = (event.time - self._start) / SECOND
        onsets = {"P": origin + float(rays.p.time[event.index]), "S": origin + float(rays.s.time[event.index])}
        last = int((onsets["S"] + SIGNAL_SECONDS) * self._instrument.rate) + 2 - first
        self._heard.append((event, onsets, first, self._filtered(own[:, : max(last, 0)])))

    def phases(self, total: Floats) -> tuple[SimulatedPhase, ...]:
        """The phases of all events heard, given the whole record, shape (component, sample)."""
        total = self._filtered(total)
        return tuple(
            SimulatedPhase(
                event.event_id,
                *self._station.source_id(self._instrument, "Z").station_key,
                phase,
                self._start + round(onset * SECOND),
                round(self._snr(total, own, first, onset, self._rows[phase]), 3),
            )
            for event, onsets, first, own in self._heard
            for phase, onset in onsets.items()
        )

    def _snr(self, total: Floats, own: Floats, first: int, onset: float, rows: list[int]) -> float:
        rate = self._instrument.rate
        here = int(np.ceil(onset * rate))
        before, end = here - int(NOISE_SECONDS * rate), here + int(SIGNAL_SECONDS * rate)
        if before < 0 or end > total.shape[1] or self._is_silent(onset):
            return 0.0
        signal = own[rows, here - first : end - first]
        other = total[rows, before:end].copy()
        foot = here - round(FOOT_SECONDS * rate)
        other[:, foot - before :] -= own[rows, foot - first : end - first]
        return float(np.max(np.abs(signal)) / max(np.max(np.abs(other)), 1e-6))

    def _is_silent(self, onset: float) -> bool:
        return self._silence is not None and self._silence[0] - SIGNAL_SECONDS < onset < self._silence[1]

    def _filtered(self, samples: Floats) -> Floats:
        return np.asarray(scipy.signal.sosfilt(self._band, samples, axis=-1))
