"""The settings of the live runner, as they stand in a Flow under `[live]`."""

from __future__ import annotations

import msgspec

from wadati.errors import UsageError
from wadati.model import Event
from wadati.units import KILOMETRE


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an automatic version of an event needs to leave the house.

    At least so many `phases` with weight at so many `stations`; at most so large an azimuthal `gap` (degrees), 95 %
    semi-major axis (`ellipse_km`) and weighted RMS of the `residuals_s`; and where `least_magnitude` is given, at least
    that. A `final` or a `retracted` version always follows a version that was released.
    """

    phases: int = 6
    stations: int = 4
    gap: float = 270.0
    ellipse_km: float = 10.0
    residuals_s: float = 0.8
    least_magnitude: float | None = None

    def fault(self, event: Event) -> str:
        """Why an event may not leave; empty where it may."""
        origin, size = event.origin, event.magnitude
        used = [arrival for arrival in origin.arrivals if arrival.weight > 0.1]
        heard = len({(arrival.network, arrival.station) for arrival in used})
        if len(used) < self.phases:
            return f"{len(used)} phases, {self.phases} are needed"
        if heard < self.stations:
            return f"{heard} stations, {self.stations} are needed"
        if origin.azimuthal_gap is not None and origin.azimuthal_gap > self.gap:
            return f"a gap of {origin.azimuthal_gap:.0f}°, at most {self.gap:g}° are allowed"
        if origin.uncertainty is not None and origin.uncertainty.semi_major > self.ellipse_km * KILOMETRE:
            known = origin.uncertainty.semi_major / KILOMETRE
            return f"an epicentre known to {known:.0f} km, {self.ellipse_km:g} km are needed"
        if origin.standard_error is not None and origin.standard_error > self.residuals_s:
            return f"residuals of {origin.standard_error:.2f} s, at most {self.residuals_s:g} s are allowed"
        if self.least_magnitude is not None and (size is None or size.value < self.least_magnitude):
            found = "unknown" if size is None else f"{size.value:.1f}"
            return f"its magnitude is {found}, {self.least_magnitude:g} is needed"
        return ""


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail server (`host`, `port`, STARTTLS where it offers it), who sends and who gets mail of released events.

    `password_file` names a file that holds the password of `user`.
    """

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 25
    user: str | None = None
    password_file: str | None = None


class Join(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An external stream of CloudEvents, one a line in a file that grows, to be joined with our events.

    `speed_km_s` is given where the other thing travels from the epicentre (infrasound: 0.3).
    """

    file: str
    seconds: float
    km: float
    speed_km_s: float | None = None


class Live(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the live runner works.

    `patience_s` is how long a gap or a silent station is waited for; `early_every_s` how often a station is picked on
    early at most; `clock_s` how far in the future a record may end before its station's clock is not believed;
    `places` is a CSV for the nearest place. `webhooks` get each released version as a CloudEvent; `picks_text` and
    `picks_scml` are folders that get picks as Earthworm text and SCML; `metrics_port` serves Prometheus on loopback
    (0 takes a free port).
    """

    patience_s: float = 30.0
    early_every_s: float = 0.5
    clock_s: float = 60.0
    release: Release = Release()
    places: str | None = None
    webhooks: tuple[str, ...] = ()
    mail: Mail | None = None
    joins: tuple[Join, ...] = ()
    picks_text: str | None = None
    picks_scml: str | None = None
    metrics_port: int | None = None

    def __post_init__(self) -> None:
        for name in ("patience_s", "early_every_s", "clock_s"):
            if not getattr(self, name) > 0:
                raise UsageError(f"live.{name} = {getattr(self, name)}: give more than 0")
