"""Every contract a plug-in can fill, on one page. Only model values and arrays cross these doors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.model import (
    Event,
    Inventory,
    Nanoseconds,
    Origin,
    Pick,
    SourceId,
    Station,
    TimeSpan,
    Trace,
    VelocityModel,
)


class Problem(msgspec.Struct, frozen=True):
    """Something of the input that was left out: what, why, and the mend. Never costs other data."""

    subject: str
    wrong: str
    mend: str = ""


class Grid(msgspec.Struct, frozen=True):
    """How a picker cuts time: windows of `samples` at `sampling_rate_hz` every `hop` samples on the absolute grid.

    The first sample of a window is the first at or after a multiple of the hop since the epoch. A picker gives curves
    for each whole window; only samples [`edge`, `samples` − `edge`) of them count, and where several windows cover
    a sample, the mean of theirs is taken. `halo` (samples) is how far a pick may look on either side.
    """

    samples: int
    hop: int
    edge: int = 0
    sampling_rate_hz: float = 100.0

    @property
    def halo(self) -> int:
        """A pick depends on nothing farther away than this many samples."""
        return self.samples


@runtime_checkable
class Source(Protocol):
    """Waveforms from anywhere."""

    def source_ids(self) -> Sequence[SourceId]:
        """What there is, in order."""
        ...

    def span(self) -> TimeSpan | None:
        """The time from the first sample to the last; None where there is nothing."""
        ...

    def read(self, network: str, station: str, span: TimeSpan | None = None) -> Iterator[Trace]:
        """The traces of one station (samples within the span), one a record, in order of source id and time.

        What cannot be read is left out and told by `problems`.
        """
        ...

    def problems(self) -> Sequence[Problem]:
        """What was left out so far."""
        ...


@runtime_checkable
class DayArchive(Protocol):
    """Waveforms that lie in whole UTC days, at places that follow by rule from the channels and the day.

    `name` says which archive it is, the same for every program that reads it. `sizes_are_cheap` says whether `size`
    asks little of it, `lists` whether places are searched for after all, because no rule names them.
    """

    name: str
    sizes_are_cheap: bool
    lists: bool

    def places(self, channels: Sequence[SourceId], day: int) -> tuple[str, ...]:
        """Where channels of one station would lie on a day (days since 1970), each place once, in order.

        Whether anything lies there is not asked, unless the archive `lists`.
        """
        ...

    def read(self, place: str) -> bytes | None:
        """miniSEED; None where there is nothing. Raises `ReadError` where that cannot be known or had now."""
        ...

    def size(self, place: str) -> int | None:
        """Bytes at a place; None where there is nothing. Raises `ReadError` as `read` does."""
        ...

    def stationxml(self, network: str, station: str) -> bytes | None:
        """What the archive says of a station; None where it holds nothing of it. Raises `ReadError` as `read` does."""
        ...

    def station_codes(self, region: tuple[float, float, float, float]) -> tuple[tuple[str, str], ...]:
        """Network and station codes of all stations within south, north, west and east (degrees), in order.

        An archive that knows names alone gives those elsewhere too. Raises `UsageError` where it has no list of
        stations, `ReadError` as `read` does.
        """
        ...


class Packet(msgspec.Struct, frozen=True):
    """One miniSEED record as it came in.

    `stream` and `sequence` say where its source goes on after it; `received` is when it came in (ns, by the clock of
    this machine), `clock` what time it then was to the data: the same for instruments, the time of replay for archives.
    """

    record: bytes
    stream: str
    sequence: int
    received: Nanoseconds
    clock: Nanoseconds


@runtime_checkable
class PacketSource(Protocol):
    """Records as they come, for ever or until there are no more."""

    name: str
    ends: bool

    def packets(self, resume: Mapping[str, int]) -> AsyncIterator[Packet]:
        """Records after those that `resume` has the last sequence number of, by stream.

        What cannot be had is told by `problems`, and never ends it where more may come (`ends` is False).
        """
        ...

    def problems(self) -> Sequence[Problem]:
        """What went wrong since the last call."""
        ...


@runtime_checkable
class Decorator(Protocol):
    """Adds to an event what others want to know of it."""

    name: str

    def decorate(self, event: Event) -> dict[str, Any]:
        """What is added under the decorator's name, plain values as in JSON; empty for nothing."""
        ...


@runtime_checkable
class Outlet(Protocol):
    """A way out of the house. `kinds` are the messages that it takes."""

    name: str
    kinds: tuple[str, ...]

    def send(self, message: Any) -> None:
        """Send one message. Raises `OSError` where it should be tried again, `WadatiError` where that is no use."""
        ...


@runtime_checkable
class Picker(Protocol):
    """A function from windows of samples to phase curves; time, overlap and peaks are the engine's.

    `name` goes into every pick; `components` is the order of the component axis, such as `ZNE`; `phases` that of the
    phase axis; `thresholds` are the smallest peaks that count, one a phase; `time_uncertainty` is one standard
    deviation of a pick in seconds, one a phase.

    A picker may also have `first_motion`, a probability. Its curves then have two more rows after those of the phases:
    how likely a P that arrives there first moves up, and down. A P states its polarity where the larger of the two is
    at least `first_motion`. And it may have `early_samples`, the length of shorter windows that it takes too: live runs
    then ask about what has just come in windows of that length, which cost less.
    """

    name: str
    grid: Grid
    components: str
    phases: tuple[str, ...]
    thresholds: tuple[float, ...]
    time_uncertainty: tuple[float, ...]

    def curves(self, windows: npt.NDArray[np.float32], missing: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Curves between 0 and 1, shape (window, phase, sample), for windows of shape (window, component, sample).

        `missing` has the shape of `windows` and is True where there was no sample (the window holds 0 there); a
        component with no samples at all is wholly missing. The result for a window must not depend on the others.
        """
        ...


class Candidate(msgspec.Struct, frozen=True):
    """An event as the associator sees it: a rough hypocentre (depth in m below sea level) and its picks."""

    time: Nanoseconds
    latitude: float
    longitude: float
    depth: float
    pick_ids: tuple[str, ...]


@runtime_checkable
class Associator(Protocol):
    """Which picks belong together. A pick belongs to at most one candidate."""

    name: str

    def associate(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> tuple[Candidate, ...]:
        """Candidates in order of time; the order of the picks and repeated picks do not matter."""
        ...


@runtime_checkable
class Explaining(Protocol):
    """An associator that can say why it found nothing."""

    def why_none(self, picks: Iterable[Pick], inventory: Inventory, model: VelocityModel) -> str:
        """In words, the limit that kept picks from being an event."""
        ...


@runtime_checkable
class Locator(Protocol):
    """Where and when, with what uncertainty."""

    name: str

    def locate(
        self, picks: Sequence[Pick], inventory: Inventory, model: VelocityModel, near: Candidate | None = None
    ) -> Origin:
        """The origin of picks of one event. Raises `InputError` where they cannot give one."""
        ...


@runtime_checkable
class AttenuationRelation(Protocol):
    """Local magnitude from Wood–Anderson amplitude and distance: ML = log10(A in mm) + correction.

    A is the half peak-to-peak amplitude on a Wood–Anderson seismograph of `magnification`; `doi` cites the source;
    `distance_range` is in metres of hypocentral distance.
    """

    name: str
    doi: str
    distance_range: tuple[float, float]
    magnification: float

    def correction(self, hypocentral_distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """−log10 A0 at distances in metres."""
        ...


@runtime_checkable
class GreensFunctions(Protocol):
    """How an earth answers a point source, whatever it is computed from."""

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest frequency (Hz) in which the answers are right."""
        ...

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
    ) -> npt.NDArray[np.float64]:
        """Displacement (m per N m) at stations of a source of each tensor component whose moment steps at time 0.

        Shape (station, component, tensor component, sample): components Z (up), N, E; tensor components in the order of
        `MomentTensor.components`. The first sample is `start_s` after the origin. Latitude and longitude of the source
        in degrees, depth in metres below sea level. Raises `InputError` in words for what lies outside of what is
        known: distance, depth, frequency.
        """
        ...


class ReducedTime(msgspec.Struct, frozen=True):
    """How a trace of a Green's function is cut: `samples` at `sampling_rate_hz`, the first `start_s` + R / `velocity`
    seconds after the origin, R being the straight distance (m) between source and station.
    """

    sampling_rate_hz: float
    samples: int
    start_s: float
    velocity: float


@runtime_checkable
class GreensGenerator(Protocol):
    """A program that computes Green's functions of flat layers."""

    name: str

    @property
    def version(self) -> str:
        """Of the program. Raises `MissingExtraError` where it is not installed."""
        ...

    def elementary(
        self,
        model: VelocityModel,
        depth: float,
        distances: Sequence[float],
        timing: ReducedTime,
        highest_hz: float,
    ) -> npt.NDArray[np.float64]:
        """Velocity (m/s per N m) at the free surface of the ten elementary sources whose moment steps at time 0.

        Shape (distance, function, sample), with as many samples more as the program has; functions in the order of
        `wadati.greens.elementary.FUNCTIONS`, Z up, R away from the source, T clockwise from R. Depth and distances in
        metres; every layer of the model states its density and quality factors. What lies above `highest_hz` need not
        be computed. Raises `InputError` for a model that the program cannot use.
        """
        ...


class Strains(msgspec.Struct, frozen=True):
    """How fast strain changes at points: `rates` (1/s per N, shape (point, strain, sample)) at `sampling_rate_hz`.

    `pulse` is how fast the force grows to 1 N (N/s) at the same times: its sum over the sampling rate is 1, and where
    it lies is when the force acts. It comes to the same if the force is the pulse itself and `rates` are strains.
    """

    rates: npt.NDArray[np.floating[Any]]
    sampling_rate_hz: float
    pulse: npt.NDArray[np.float64]


@runtime_checkable
class StrainGenerator(Protocol):
    """A program that computes strain in an earth that may vary sideways: for stores of receiver Green tensors.

    `model` is what the earth is called, `model_digest` changes with anything in it. `velocities` (m/s) are those of
    its fastest P wave, its fastest S wave, and of the slowest wave that is to be held.
    """

    name: str
    model: str
    model_digest: str
    velocities: tuple[float, float, float]

    @property
    def version(self) -> str:
        """Of the program. Raises `MissingExtraError` where it is not installed."""
        ...

    def strains(
        self,
        receiver: Station,
        place: tuple[float, float],
        component: str,
        points: npt.NDArray[np.float64],
        until_s: float,
        highest_hz: float,
    ) -> Strains:
        """Strain at points from a force at a receiver, `place` metres north and east in the frame of the points.

        The force is up, to the north or to the east of the frame for `component` Z, N or E. `points` are metres north,
        east and below sea level, shape (point, axis), each once; strains are those of the axes north, east, down in the
        order of `MomentTensor.components`, shear strains half of what engineers mean. Wanted until `until_s` after the
        force, up to `highest_hz`. Raises `InputError` for what the program cannot do.
        """
        ...
