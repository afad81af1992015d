"""Green's functions of a homogeneous full space, exact near and far: for tests of what is asked of any others.

Aki & Richards (2002), Quantitative Seismology, equation 4.29.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wadati.model import Station
from wadati.traveltime.geodesy import distance_azimuth

Floats = npt.NDArray[np.float64]

_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


@dataclass(frozen=True)
class FullSpace:
    """A `GreensFunctions` without layers and surface: velocities in m/s, density in kg/m³.

    The moment rises as half a cosine within `rise_s` around time 0, so that any sampling rate above 4 / `rise_s` shows
    the same.

    >>> space = FullSpace()
    >>> answer = space.tensor_responses(
    ...     0.0, 0.0, 9e3, [Station("XX", "A", 0.1, 0.0, 0.0)], sampling_rate_hz=1.0, start_s=-5.0, samples=40
    ... )
    >>> answer.shape, bool(np.abs(answer[..., :5]).max() < 1e-30)
    ((1, 3, 6, 40), True)
    """

    p_velocity: float = 6200.0
    s_velocity: float = 3580.0
    density: float = 2700.0
    rise_s: float = 4.0
    band: tuple[float, float] = (0.001, 0.2)

    def tensor_responses(
        self,
        latitude: float,
        longitude: float,
        depth: float,
        stations: Sequence[Station],
        *,
        sampling_rate_hz: float,
        start_s: float,
        samples: int,
    ) -> Floats:
        """As `GreensFunctions.tensor_responses`."""
        times = start_s + np.arange(samples) / sampling_rate_hz
        return np.array([self._answer(latitude, longitude, depth, station, times) for station in stations])

    def _answer(self, latitude: float, longitude: float, depth: float, station: Station, times: Floats) -> Floats:
        """Shape (component Z N E, tensor component, sample)."""
        distance, azimuth = distance_azimuth(latitude, longitude, station.latitude, station.longitude)
        turn = np.radians(azimuth)
        way = np.array([distance * np.cos(turn), distance * np.sin(turn), -station.elevation - depth])
        r = float(np.sqrt(way @ way))
        g = way / r
        alpha, beta = self.p_velocity, self.s_velocity
        scale = 4 * np.pi * self.density
        near = self._between(times, r / alpha, r / beta) / (scale * r**4)
        p, s = times - r / alpha, times - r / beta
        p_static, s_static = self._moment(p) / (scale * alpha**2 * r**2), self._moment(s) / (scale * beta**2 * r**2)
        p_far, s_far = self._rate(p) / (scale * alpha**3 * r), self._rate(s) / (scale * beta**3 * r)
        eye = np.eye(3)
        answer = np.zeros((3, 6, len(times)))
        for k, pair in enumerate(_PAIRS):
            for i, j in {pair, pair[::-1]}:
                for n in range(3):
                    cube = g[n] * g[i] * g[j]
                    plain, first, second = g[n] * eye[i, j], g[i] * eye[n, j], g[j] * eye[n, i]
                    answer[n, k] += (
                        (15 * cube - 3 * plain - 3 * first - 3 * second) * near
                        + (6 * cube - plain - first - second) * p_static
                        - (6 * cube - plain - first - 2 * second) * s_static
                        + cube * p_far
                        - (cube - second) * s_far
                    )
        return np.stack([-answer[2], answer[0], answer[1]])

    def _moment(self, t: Floats) -> Floats:
        share = np.clip(t / self.rise_s + 0.5, 0.0, 1.0)
        return np.asarray(0.5 - 0.5 * np.cos(np.pi * share))

    def _rate(self, t: Floats) -> Floats:
        share = np.clip(t / self.rise_s + 0.5, 0.0, 1.0)
        return np.asarray(0.5 * np.pi / self.rise_s * np.sin(np.pi * share))

    def _between(self, t: Floats, first: float, last: float) -> Floats:
        """∫ τ M(t − τ) dτ over τ from `first` to `last`."""
        since_first, since_last = self._integrals(t - first), self._integrals(t - last)
        return np.asarray(t * (since_first[0] - since_last[0]) - (since_first[1] - since_last[1]))

    def _integrals(self, t: Floats) -> tuple[Floats, Floats]:
        """∫ M du and ∫ u M du up to a time, both from before the rise on."""
        rise = self.rise_s
        x = np.clip(t + rise / 2, 0.0, rise)
        angle = np.pi * x / rise
        zeroth = x / 2 - rise / (2 * np.pi) * np.sin(angle)
        first = x**2 / 4 - 0.5 * (rise * x / np.pi * np.sin(angle) + (rise / np.pi) ** 2 * (np.cos(angle) - 1))
        after = np.maximum(t - rise / 2, 0.0)
        first = first - rise / 2 * zeroth + 0.5 * after**2 + after * rise / 2
        return zeroth + after, first
