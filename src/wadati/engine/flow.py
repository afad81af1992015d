"""A Flow names the parts of a run and their settings: one typed TOML file, the same for every runner."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from wadati import registry
from wadati.engine.campaign.settings import Campaign
from wadati.engine.compute import Compute, Local
from wadati.engine.live.settings import Live
from wadati.engine.mechanism_settings import Tensor
from wadati.engine.review_rules import Review
from wadati.engine.serving import Serving
from wadati.errors import InputError, UsageError
from wadati.formats.ascii_grid import read_ascii_grid
from wadati.formats.velocity_csv import read_velocity_model
from wadati.locators.station_terms import StationTerms as StationDelays
from wadati.locators.station_terms import read_station_terms
from wadati.magnitudes.station_terms import StationTerms, read_terms
from wadati.model import TimeSpan, Topography, VelocityModel, parse_time
from wadati.model.time import BEGINNING, END
from wadati.traveltime import models

LEARN, NO_TERMS = "learn", "none"
"""What `Flow.station_terms` and `Flow.magnitude_terms` may be besides a file."""


class Flow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is made of. Every field has the default that suits a network nobody has tuned for.

    `start` and `end` are ISO times that cut the input; `velocity_model` is a name (see `traveltime.models`) or a CSV
    file; `picker` is `NAME` or `NAME:ARGUMENT`. `workers` is the number of processes; None is one, this one, for Python
    and one a core for the command line. `authority` owns the identifiers in QuakeML. `topography` is an ESRI ASCII grid
    of elevations (see `formats.ascii_grid`), the ground that nothing is located above.
    `station_terms`, the delays of stations, and `magnitude_terms`, their terms in magnitude, are learned from the run
    (`learn`), not used (`none`) or read from a JSON file that an earlier run wrote. `review` are the rules by which
    events are published, `tensor` which events get a moment tensor, `live` what concerns the live runner alone, `serve`
    what concerns the services, `campaign` which part of which archive `wadati run` goes through, `compute` who does
    that work.

    >>> Flow().picker, Flow(start="2019-07-04").span().start > 0
    ('wadati', True)
    """

    picker: str = "wadati"
    associator: str = "joint"
    locator: str = "edt"
    attenuation: str = "hutton-boore-1987"
    velocity_model: str = models.DEFAULT.name
    topography: str | None = None
    start: str | None = None
    end: str | None = None
    workers: int | None = None
    authority: str = "local"
    station_terms: str = LEARN
    magnitude_terms: str = LEARN
    review: Review = Review()
    tensor: Tensor = Tensor()
    live: Live = Live()
    serve: Serving = Serving()
    campaign: Campaign | None = None
    compute: Compute = Local()

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"workers = {self.workers}: give at least 1")

    def check(self, *kinds: str) -> None:
        """Make the parts a command needs before work begins. Raises `UsageError` or `InputError` for what cannot be."""
        self.span()
        self.earth()
        for kind in kinds:
            part = self.part(kind)
            if kind == "attenuation":
                self.terms(part.name)
            if kind == "locators":
                self.delays()
                if self.ground() and not hasattr(part, "with_topography"):
                    raise UsageError(f"the locator {part.name} knows no topography: leave it away, or locate with edt")

    def span(self) -> TimeSpan | None:
        """The span that the input is cut to; None for all of it. Raises `UsageError` where it ends before it starts."""
        if self.start is None and self.end is None:
            return None
        start = parse_time(self.start) if self.start else BEGINNING
        end = parse_time(self.end) if self.end else END
        if end <= start:
            raise UsageError(f"the end {self.end} is not after the start {self.start}")
        return TimeSpan(start, end)

    def earth(self) -> VelocityModel:
        """The velocity model. Raises `UsageError` for an unknown name, `InputError` for an unusable file."""
        if self.velocity_model.endswith(".csv") or "/" in self.velocity_model:
            return read_velocity_model(Path(self.velocity_model))
        return models.named(self.velocity_model)

    def ground(self) -> Topography | None:
        """The topography; None where none is named. Raises `InputError` for an unusable file."""
        return read_ascii_grid(Path(self.topography)) if self.topography else None

    def delays(self) -> StationDelays | None:
        """The terms of the file named by `station_terms`. Raises `InputError` for one unusable or of another earth."""
        if self.station_terms in (LEARN, NO_TERMS):
            return None
        found = read_station_terms(Path(self.station_terms))
        if found.earth_model != self.earth().name:
            wrong = f"holds station terms for the earth {found.earth_model}, not {self.earth().name}"
            raise InputError(self.station_terms, wrong, "use the velocity model that they were learned with")
        return found

    def terms(self, relation: str) -> StationTerms | None:
        """The terms of the file named by `magnitude_terms`. Raises `InputError` for an unusable one."""
        if self.magnitude_terms in (LEARN, NO_TERMS):
            return None
        return read_terms(Path(self.magnitude_terms), relation)

    def part(self, kind: str) -> Any:
        """A part ready for use: `pickers`, `associators`, `locators` or `attenuation`."""
        name = {"pickers": self.picker, "associators": self.associator, "locators": self.locator}
        return registry.make(kind, name.get(kind, self.attenuation))


def read_flow(path: Path) -> Flow:
    """A Flow from TOML: of a file, or as text in an environment variable, `env:NAME`.

    Raises `InputError` naming the file and the field that cannot be.
    """
    try:
        return msgspec.toml.decode(flow_text(path), type=Flow)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        fields = ", ".join(Flow.__struct_fields__)
        raise InputError(path, f"is no flow: {error}", f"fields are {fields}") from None


def flow_text(path: Path) -> str:
    """The text of a Flow, as `read_flow` finds it. Raises `InputError` where there is none."""
    scheme, _, name = str(path).partition(":")
    if scheme == "env":
        if name not in os.environ:
            raise InputError(path, "is not set", "give the text of the flow in this environment variable")
        return os.environ[name]
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "name an existing TOML file") from None
    except UnicodeDecodeError as error:
        raise InputError(path, f"is no flow: {error}", "write TOML in UTF-8") from None


def override(flow: Flow, **changes: object) -> Flow:
    """The flow with the changes that are not None.

    >>> override(Flow(), picker=None, workers=2).workers
    2
    """
    return msgspec.structs.replace(flow, **{name: value for name, value in changes.items() if value is not None})
