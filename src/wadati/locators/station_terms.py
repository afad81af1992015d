"""How much later than a model says waves arrive at each station: estimated from residuals, stored, applied.

Terms and hypocentres of a catalog trade off: the same delay at all stations is a later origin time, a delay that grows
to one side is another epicentre. Least squares leaves all of what hypocentres can explain to them, so that a few
stations on slow ground move every event. Here the trade is settled by the majority of the stations: a common shift of
all hypocentres in time, place and depth is fitted to the mean residuals so that most terms become small and few stay
large (a Cauchy likelihood), held back by the uncertainty that the origins state. Joint hypocentre determination after
Douglas (1967), doi:10.1038/215047a0, but for that convention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.locators.observations import Floats
from wadati.model.ids import content_id

Key = tuple[str, str, str]

_VERSION = 1
_FEWEST = 5
_LEAST_SPREAD = 0.03
_BIWEIGHT = 4.7
_TYPICAL = 0.2
_S_TO_P = 1.7
_SCALES = (("P", 1.0), ("S", _S_TO_P))
_CAUCHY = 1.5
_OUTSTANDING = 3.0
_FEWEST_OUTSTANDING = 2
_STEPS = 50


class StationTerm(msgspec.Struct, frozen=True):
    """By how much (s) a `phase` arrives later at a station than the model says, and the standard error of that.

    `count` is of how many arrivals.
    """

    network: str
    station: str
    phase: str
    delay: float
    uncertainty: float
    count: int


class StationTerms(msgspec.Struct, frozen=True):
    """The terms of a network for one earth model, in order of station and phase; `source` says what they are from.

    Frozen: what was located with them can be located again. Phases of stations that are not here have none.

    >>> terms = StationTerms((StationTerm("XX", "A", "P", 0.2, 0.01, 40),), "southern-california", "40 events")
    >>> terms.delay(("XX", "A"), "P"), terms.delay(("XX", "B"), "P"), terms.digest
    (0.2, 0.0, 'terms-5ezbcdirwnau3oyf')
    """

    terms: tuple[StationTerm, ...] = ()
    earth_model: str = ""
    source: str = ""
    version: int = _VERSION

    @property
    def digest(self) -> str:
        """An identifier of the content."""
        rows = [(t.network, t.station, t.phase, round(t.delay, 4)) for t in self.terms]
        return content_id("terms", rows, self.earth_model, self.version)

    def term(self, station: tuple[str, str], phase: str) -> StationTerm | None:
        """The term of a phase at a station (network, code), if there is one."""
        for term in self.terms:
            if (term.network, term.station) == station and term.phase == phase:
                return term
        return None

    def delay(self, station: tuple[str, str], phase: str) -> float:
        """Seconds to take off an arrival of a phase at a station (network, code)."""
        term = self.term(station, phase)
        return term.delay if term else 0.0


@dataclass(frozen=True)
class Residuals:
    """Arrivals of a catalog, arrays of shape (arrival,).

    `key` indexes `keys` (network, station, phase), `residual` is observed − expected in seconds without any terms,
    `event` numbers the events. `slopes` (arrival, 4) is how the expected time grows with origin time (1), and with a
    source east, north and down (s/m). `covariance` (4, 4) is what one origin's (east, north, down, time) in (m, s) is
    uncertain by.
    """

    keys: tuple[Key, ...]
    key: npt.NDArray[np.int64]
    event: npt.NDArray[np.int64]
    residual: Floats
    slopes: Floats
    covariance: Floats

    def subset(self, keep: npt.NDArray[np.bool_]) -> Residuals:
        """Some of the arrivals."""
        return Residuals(
            self.keys, self.key[keep], self.event[keep], self.residual[keep], self.slopes[keep], self.covariance
        )


def station_terms(residuals: Residuals) -> tuple[StationTerm, ...]:
    """The terms that residuals show, in order of station and phase.

    A term is the biweight mean of at least 5 residuals, drawn to zero the more the fewer and the more scattered they
    are, after a shift common to all hypocentres, which is no station's. They have no middle of their own: to take that
    of P out would put the error of the model's P velocities into the origin times.
    """
    found = _means(residuals)
    if not found:
        return ()
    keys, means, errors, counts, slopes = zip(*found, strict=True)
    is_s = np.array([key[2] == "S" for key in keys])
    delay, error, count = np.array(means), np.array(errors), np.array(counts)
    delay = delay - np.array(slopes) @ _common_shift(delay, np.array(slopes), is_s, count, residuals.covariance)
    delay *= _TYPICAL**2 / (_TYPICAL**2 + error**2)
    return tuple(
        StationTerm(network, station, phase, round(float(value), 4), round(float(spread), 4), number)
        for (network, station, phase), value, spread, number in sorted(zip(keys, delay, error, counts, strict=True))
    )


def gain(residuals: Residuals) -> float:
    """By what part the mean residuals of each half of the events lower the median absolute residual of the other.

    The halves are the events of odd and of even number; the smaller of the two counts. Negative where the means of
    one half make the other worse.
    """
    odd = residuals.event % 2 == 1
    gains = []
    for half in (odd, ~odd):
        others, delays = residuals.subset(~half), np.zeros(len(residuals.keys))
        for key, mean, *_ in _means(residuals.subset(half)):
            delays[residuals.keys.index(key)] = mean
        before, after = (_misfit(others, others.residual - part) for part in (0.0, delays[others.key]))
        gains.append(1 - after / before)
    return min(gains)


def size(terms: Sequence[StationTerm]) -> float:
    """The root mean square (s) of terms about the median of each phase, those of S taken as what P would have.

    What all stations have in common is the model's error, not theirs.
    """
    parts = [np.array([term.delay for term in terms if term.phase == phase]) / scale for phase, scale in _SCALES]
    apart = np.concatenate([part - np.median(part) for part in parts if len(part)] or [np.zeros(1)])
    return float(np.sqrt(np.mean(np.square(apart))))


def read_station_terms(path: Path) -> StationTerms:
    """Terms from a file of `write_station_terms`. Raises `InputError` for a file that holds none."""
    try:
        terms = msgspec.json.decode(path.read_bytes(), type=StationTerms)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name a file of station terms") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InputError(path, f"holds no station terms: {error}", "name a file that `wadati` wrote") from None
    if terms.version != _VERSION:
        raise InputError(path, f"has version {terms.version}, known is {_VERSION}", "learn the terms anew")
    return terms


def write_station_terms(terms: StationTerms, path: Path) -> None:
    """Write terms as JSON, at once or not at all."""
    with atomic_write(path) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(terms), indent=1) + b"\n")


def _means(residuals: Residuals) -> list[tuple[Key, float, float, int, Floats]]:
    """Key, robust mean residual (s), its standard error, how many, and mean slopes, of keys with enough arrivals."""
    found = []
    for n, key in enumerate(residuals.keys):
        here = residuals.key == n
        if here.sum() >= _FEWEST:
            mean, error = _biweight(residuals.residual[here])
            found.append((key, mean, error, int(here.sum()), residuals.slopes[here].mean(axis=0)))
    return found


def _misfit(residuals: Residuals, left: Floats) -> float:
    """The median absolute residual (s), of each event about its median: that is its origin time's."""
    middle = {event: np.median(left[residuals.event == event]) for event in np.unique(residuals.event)}
    return float(np.median(np.abs(left - np.array([middle[event] for event in residuals.event]))))


def _biweight(values: Floats) -> tuple[float, float]:
    """Tukey's robust mean and its standard error."""
    middle = float(np.median(values))
    for _ in range(10):
        spread = max(1.4826 * float(np.median(np.abs(values - middle))), _LEAST_SPREAD)
        weights = np.clip(1 - ((values - middle) / (_BIWEIGHT * spread)) ** 2, 0, None) ** 2
        middle = float(weights @ values / weights.sum())
    return middle, 1.25 * spread / float(np.sqrt(len(values)))


def _common_shift(
    delay: Floats, slopes: Floats, is_s: npt.NDArray[np.bool_], count: npt.NDArray[np.int64], covariance: Floats
) -> Floats:
    """The shift in time (s), east, north and down (m) of all hypocentres that leaves most delays (s) small.

    None where no delays stand out: what is spread evenly over the stations, least squares has already shared out well.
    """
    order = [3, 0, 1, 2]
    prior = np.linalg.inv(covariance[np.ix_(order, order)])
    scale = np.where(is_s, _S_TO_P, 1.0)
    share = np.minimum(count, 10) / 10
    shift: Floats = np.zeros(4)
    for step in range(_STEPS):
        left = (delay - slopes @ shift) / scale
        spread = max(1.4826 * float(np.median(np.abs(left))), _LEAST_SPREAD)
        if step == 0 and (np.abs(left) > _OUTSTANDING * spread).sum() < _FEWEST_OUTSTANDING:
            break
        weights = share / (1 + (left / (_CAUCHY * spread)) ** 2) / (scale * spread) ** 2
        normal = slopes.T @ (weights[:, None] * slopes) + prior
        shift = np.asarray(np.linalg.solve(normal, slopes.T @ (weights * delay)), np.float64)
    return shift
