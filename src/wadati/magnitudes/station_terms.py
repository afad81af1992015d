"""What is added to the magnitudes of each station, learned from the events of a run.

log10 A = M − correction for distance − term of the station + noise. Magnitudes and terms are solved for together (see
`joint_inversion`); here is the half that gives the terms from the residuals: for each station the mean by Huber's
weights (P. J. Huber 1964, Robust estimation of a location parameter, Ann. Math. Stat. 35, 73–101, doi
10.1214/aoms/1177703732), damped by the number of its events as the scatter within and between stations wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write
from wadati.model import content_id

Floats = npt.NDArray[np.float64]
StationKey = tuple[str, str]

SCATTER, SPREAD = 0.18, 0.2
"""Standard deviation of a station's magnitudes about its own mean, and of the means, where data say nothing else."""

LEAST_EVENTS, LEAST_STATIONS = 3, 4
"""A term needs so many events of a station, and terms so many stations."""

_WORTH = 8
_BEND = 1.5
_MAD_TO_SIGMA = 1.4826
_ROUNDS = 20


class StationTerm(msgspec.Struct, frozen=True):
    """`correction` is added to the station's magnitudes; `error` is its standard error, `events` what it rests on."""

    network: str
    station: str
    correction: float
    error: float
    events: int


class StationTerms(msgspec.Struct, frozen=True):
    """Terms for one attenuation relation, in order of network and station. Their mean by Huber's weights is 0.

    `scatter` is the standard deviation of a magnitude about its station's mean, `spread` that of the means; a station
    without a term has 0 ± `spread`. `version` counts the format. Equal terms have equal `digest`.

    >>> StationTerms("iaspei", (StationTerm("XX", "ABC", 0.1, 0.03, 12),)).corrections([("XX", "ABC")]).tolist()
    [[0.1, 0.03]]
    """

    relation: str
    terms: tuple[StationTerm, ...] = ()
    scatter: float = SCATTER
    spread: float = SPREAD
    version: int = 1

    @property
    def digest(self) -> str:
        """An identifier of the content."""
        return content_id("terms", self.relation, msgspec.to_builtins(self.terms), self.scatter, self.spread)

    @property
    def anchor_error(self) -> float:
        """How well the stations with terms stand for the ground the relation is for (one standard error)."""
        return self.spread / max(len(self.terms), 1) ** 0.5 if self.terms else 0.0

    def corrections(self, keys: Sequence[StationKey]) -> Floats:
        """The correction of each station and its standard error, shape (station, 2)."""
        known = {(term.network, term.station): (term.correction, term.error) for term in self.terms}
        return np.array([known.get(key, (0.0, self.spread)) for key in keys]).reshape(-1, 2)


def learn(relation: str, keys: Sequence[StationKey], residuals: Floats) -> StationTerms | None:
    """Terms from residuals (event, station): a station's uncorrected magnitude less that of the event, NaN where none.

    None where fewer than `LEAST_STATIONS` stations have `LEAST_EVENTS` events. The mean of the terms, by Huber's
    weights, is 0: by themselves, amplitudes cannot tell a network on soft ground from larger events. The order of
    events and stations does not matter.

    >>> rows = np.tile([0.3, 0.1, 0.0, -0.1, -0.3], (20, 1))
    >>> found = learn("iaspei", [("XX", name) for name in "ABCDE"], rows)
    >>> [round(term.correction, 2) for term in found.terms]
    [-0.3, -0.1, -0.0, 0.1, 0.3]
    """
    known = np.isfinite(residuals)
    counts = known.sum(axis=0)
    enough = np.flatnonzero(counts >= LEAST_EVENTS)
    if len(enough) < LEAST_STATIONS:
        return None
    columns = [residuals[known[:, at], at] for at in enough]
    scatter = _scatter(columns)
    means = np.array([_huber(column, scatter) for column in columns])
    spread = _prior(SPREAD, means - np.median(means))
    means -= _huber(means, spread)
    count = counts[enough]
    damped = means * count / (count + (scatter / spread) ** 2)
    damped -= _huber(damped, spread)
    errors = 1 / np.sqrt(1 / spread**2 + count / scatter**2)
    found = []
    for at, term, error in zip(enough.tolist(), damped.tolist(), errors.tolist(), strict=True):
        network, station = keys[at]
        found.append(StationTerm(network, station, round(-term, 4), round(error, 4), int(counts[at])))
    ordered = sorted(found, key=lambda term: (term.network, term.station))
    return StationTerms(relation, tuple(ordered), round(scatter, 4), round(spread, 4))


def write_terms(terms: StationTerms, path: Path) -> None:
    """Terms as JSON, by atomic rename."""
    with atomic_write(path) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(terms), indent=1) + b"\n")


def read_terms(path: Path, relation: str) -> StationTerms:
    """Terms for a relation as `write_terms` left them. Raises `InputError` naming the file and what is wrong."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=StationTerms)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing file of terms") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InputError(path, f"holds no station terms: {error}", "let a run write it anew") from None
    if found.version != 1:
        raise InputError(path, f"has format {found.version}, this Wadati reads 1", "let a run write it anew")
    if found.relation != relation:
        wrong = f"holds terms for {found.relation}, not for {relation}"
        raise InputError(path, wrong, f"choose the relation {found.relation} or let a run write terms for {relation}")
    return found


def _scatter(columns: Sequence[Floats]) -> float:
    """The standard deviation within stations, by the median absolute deviation, with the usual one as a prior."""
    away = [(column - np.median(column)) * np.sqrt(len(column) / (len(column) - 1)) for column in columns]
    return _prior(SCATTER, np.concatenate(away))


def _prior(usual: float, values: Floats) -> float:
    spread = _MAD_TO_SIGMA * float(np.median(np.abs(values)))
    return float(np.sqrt((_WORTH * usual**2 + len(values) * spread**2) / (_WORTH + len(values))))


def _huber(values: Floats, scale: float) -> float:
    middle = float(np.median(values))
    for _ in range(_ROUNDS):
        weights = 1 / np.maximum(1.0, np.abs(values - middle) / (_BEND * scale))
        middle = float(np.sum(weights * values) / np.sum(weights))
    return middle
