"""What an instrument makes of ground motion, as a function of frequency: the exact reference for every filter.

Sign convention: the Laplace variable on the frequency axis is s = +2πi f, a derivative in time is a product with s.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wadati.model import Response, SourceId

DERIVATIVES = {"m": 0, "m/s": 1, "m/s**2": 2}
"""The units of ground motion a response can start from, as derivatives of displacement."""

WOOD_ANDERSON_PERIOD = 0.8
WOOD_ANDERSON_DAMPING = 0.7
WOOD_ANDERSON_MAGNIFICATION = 2080.0
"""The standard Wood–Anderson torsion seismograph (s, fraction of critical, static); magnification after Uhrhammer and
Collins (1990, doi 10.1785/BSSA0800030702)."""

_SHORT_PERIOD_BANDS = frozenset("DEGS")
_ACCELEROMETERS = "N"
_SEISMOMETERS = frozenset("HL")


def is_complete(source_id: SourceId, response: Response | None) -> bool:
    """Whether ground motion down to 0.1 Hz can be had from a channel's counts.

    Poles and zeros always do. A flat sensitivity does where the instrument is flat down to 0.1 Hz: for accelerometers
    (instrument code N, flat from 0 Hz) and for seismometers (H, L) in a band whose code promises a corner period
    of 10 s or more (F, C, H, B, M, L, ...). It does not for the short-period bands of the SEED convention (G, D, E, S:
    corner period below 10 s), for geophones (P) and for channels without band and instrument codes. An unknown
    response, a unit that is no ground motion or a sensitivity of 0 never do.

    >>> flat = Response(6.27e8, "m/s")
    >>> [is_complete(SourceId.from_nslc("XX", "ABC", "", code), flat) for code in ("HHE", "EH1", "HNE")]
    [True, False, True]
    """
    if response is None or response.unit not in DERIVATIVES:
        return False
    if not (np.isfinite(response.sensitivity) and response.sensitivity):
        return False
    if response.poles or response.zeros:
        return True
    if source_id.source == _ACCELEROMETERS:
        return True
    return source_id.source in _SEISMOMETERS and bool(source_id.band) and source_id.band not in _SHORT_PERIOD_BANDS


def evaluate(response: Response, frequencies: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    """Counts per `response.unit` at frequencies (Hz), shape as given.

    Scaled so that its modulus at the sensitivity's frequency is the sensitivity. Where that frequency is not stated,
    the sensitivity is that of the highest point between 0.1 and 20 Hz.

    >>> geophone = Response(100.0, "m/s", 10.0, ((-19.8, 20.2), (-19.8, -20.2)), ((0.0, 0.0), (0.0, 0.0)))
    >>> abs(evaluate(geophone, [0.1, 10.0])).round(3).tolist()
    [0.05, 100.0]
    """
    at = np.asarray(frequencies, np.float64)
    if response.is_flat:
        return np.full(at.shape, response.sensitivity, np.complex128)
    return response.sensitivity * _shape(response, at) / normalisation(response)


def normalisation(response: Response) -> float:
    """The modulus of the product of (s − zero) / (s − pole) where it stands for the sensitivity."""
    if response.sensitivity_frequency_hz:
        return float(np.abs(_shape(response, np.array(response.sensitivity_frequency_hz))))
    return float(np.abs(_shape(response, np.geomspace(0.1, 20, 200))).max())


def wood_anderson(frequencies: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    """Metres on the Wood–Anderson record per metre of ground displacement at frequencies (Hz)."""
    s = 2j * np.pi * np.asarray(frequencies, np.float64)
    corner = 2 * np.pi / WOOD_ANDERSON_PERIOD
    return np.asarray(WOOD_ANDERSON_MAGNIFICATION * s**2 / (s**2 + 2 * WOOD_ANDERSON_DAMPING * corner * s + corner**2))


def counts_to_wood_anderson(response: Response, frequencies: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    """Metres on the Wood–Anderson record per count at frequencies (Hz) above 0."""
    at = np.asarray(frequencies, np.float64)
    s = 2j * np.pi * at
    return np.asarray(wood_anderson(at) / (evaluate(response, at) * s ** DERIVATIVES[response.unit]))


def _shape(response: Response, frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    s = 2j * np.pi * frequencies
    value = np.ones_like(s)
    for real, imaginary in response.zeros or ():
        value = value * (s - complex(real, imaginary))
    for real, imaginary in response.poles or ():
        value = value / (s - complex(real, imaginary))
    return np.asarray(value)
