"""What stations would see of each tensor component of a source, through the same filter as the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from wadati.model import Station, scalar_moment
from wadati.protocols import GreensFunctions
from wadati.tensors.passband import filtered
from wadati.tensors.stations import Window

Floats = npt.NDArray[np.float64]

Responses = Callable[[float, float, float, Sequence[Station]], Floats]
"""Latitude and longitude (degrees), depth (m) and stations to filtered displacement (m per N m), shape (station,
component, tensor component, sample), from the origin time on. Raises `InputError` for what is not known."""

_BESIDE = 1.0


def half_duration(magnitude: float) -> float:
    """Half the duration (s) of a source, as the Global CMT takes it: grows as the cube root of the moment.

    Ekström, Nettles & Dziewoński (2012), doi:10.1016/j.pepi.2012.04.002.

    >>> round(half_duration(4.3), 2), round(half_duration(7.0), 1)
    (0.35, 7.7)
    """
    return float(1.05e-8 * (1e7 * scalar_moment(magnitude)) ** (1 / 3))


def from_greens(greens: GreensFunctions, window: Window, magnitude: float) -> Responses:
    """The filtered answers of Green's functions to a triangular source of the duration of a magnitude.

    They are asked for a period of the band's lower end more at either side than is used, so that the filter has no
    edges to see.
    """
    rate = window.sampling_rate_hz
    beside = round(_BESIDE / window.band[0] * rate)
    duration = 2 * half_duration(magnitude)

    def responses(latitude: float, longitude: float, depth: float, stations: Sequence[Station]) -> Floats:
        raw = greens.tensor_responses(
            latitude,
            longitude,
            depth,
            stations,
            sampling_rate_hz=rate,
            start_s=-beside / rate,
            samples=window.samples + 2 * beside,
        )
        whole = filtered(raw, rate, window.band, duration)
        return np.ascontiguousarray(whole[..., beside : beside + window.samples])

    return responses
