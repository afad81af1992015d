"""What is said on the bus: CloudEvents 1.0 with typed data, each kind with its schema version.

Standard: CloudEvents 1.0.2 (https://github.com/cloudevents/spec). A kind of message is named by its type, such as
`wadati.event.v1`; fields may be added within a version, and a field that goes or changes its meaning makes the next.
`schemas/` holds the JSON Schema of each.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from wadati.model import Event, Nanoseconds, Pick, content_id, format_time
from wadati.model.codec import encode_json

SCHEMAS = Path(__file__).with_name("schemas")
"""One file for each kind of message."""

EventState = Literal["created", "updated", "final", "retracted"]
PickState = Literal["early", "final", "withdrawn"]


class WaveformMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A record came: which channel, samples [`start`, `end`), and when it came in (ns). `record` is its miniSEED."""

    kind: ClassVar[str] = "wadati.waveform.v1"
    source_id: str
    start: Nanoseconds
    end: Nanoseconds
    sampling_rate_hz: float
    received: Nanoseconds
    record: bytes = b""

    @property
    def subject(self) -> str:
        """The channel."""
        return self.source_id


class PickMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A pick was made or withdrawn.

    `early` picks are told within a second and may be withdrawn; `final` ones are those of a batch run. `confirms` is
    the early pick that a final one confirms. `received` is when the latest record that it needed came in (ns).
    """

    kind: ClassVar[str] = "wadati.pick.v1"
    pick: Pick
    state: PickState
    received: Nanoseconds
    confirms: str | None = None

    @property
    def subject(self) -> str:
        """The channel."""
        return str(self.pick.source_id)


class OriginMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Another origin was found for an event: hypocentre in degrees and metres below sea level."""

    kind: ClassVar[str] = "wadati.origin.v1"
    event_id: str
    origin_id: str
    time: Nanoseconds
    latitude: float
    longitude: float
    depth: float
    arrivals: int
    early_picks: int

    @property
    def subject(self) -> str:
        """The event."""
        return self.event_id


class EventMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an event, counted from 1.

    `created` is the first, `updated` any later one, `final` rests on final picks alone, `retracted` takes it back. What
    passes the release gates is `released`; else `held_back` says why not. `additions` are those of decorators, by name.
    """

    kind: ClassVar[str] = "wadati.event.v1"
    event_id: str
    version: int
    state: EventState
    event: Event
    released: bool
    held_back: str = ""
    additions: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The event."""
        return self.event_id


class StationHealthMessage(msgspec.Struct, frozen=True, kw_only=True):
    """How a station does: `state` is `ok`, `silent`, `late` or `clock` (its times cannot be true), with words.

    Latencies in seconds: `data_latency_s` is now less the time of the latest sample, `feed_latency_s` since a record
    last came in.
    """

    kind: ClassVar[str] = "wadati.station-health.v1"
    network: str
    station: str
    state: Literal["ok", "silent", "late", "clock"]
    data_latency_s: float
    feed_latency_s: float
    words: str = ""

    @property
    def subject(self) -> str:
        """The station."""
        return f"{self.network}.{self.station}"


class CoincidenceMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Something that others told of agrees in time and place with an event.

    `chance_rate` is how many such coincidences a year would come about were the two independent.
    """

    kind: ClassVar[str] = "wadati.coincidence.v1"
    event_id: str
    other_id: str
    other_source: str
    other_type: str
    seconds_apart: float
    metres_apart: float
    chance_rate_per_year: float

    @property
    def subject(self) -> str:
        """The event."""
        return self.event_id


Message = WaveformMessage | PickMessage | OriginMessage | EventMessage | StationHealthMessage | CoincidenceMessage
KINDS: tuple[type[Any], ...] = (
    WaveformMessage,
    PickMessage,
    OriginMessage,
    EventMessage,
    StationHealthMessage,
    CoincidenceMessage,
)


def cloud_event(message: Message, *, source: str, time: Nanoseconds) -> dict[str, Any]:
    """A message with the attributes of CloudEvents, ready for JSON; the same message has the same `id`.

    >>> message = StationHealthMessage(
    ...     network="XX", station="ABC", state="ok", data_latency_s=2.0, feed_latency_s=0.5
    ... )
    >>> event = cloud_event(message, source="/wadati/here", time=0)
    >>> event["type"], event["subject"], event["data"]["state"]
    ('wadati.station-health.v1', 'XX.ABC', 'ok')
    """
    body = encode_json(message)
    whole = {
        "specversion": "1.0",
        "id": content_id("message", message.kind, body.decode()),
        "source": source,
        "type": message.kind,
        "subject": message.subject,
        "time": format_time(time),
        "datacontenttype": "application/json",
        "dataschema": f"urn:wadati:schema:{message.kind}",
        "data": msgspec.json.decode(body),
    }
    if isinstance(message, WaveformMessage):
        whole["data"]["record"] = base64.b64encode(message.record).decode()
    return whole


def schema(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a kind's data, as plain values."""

    def text_for(of: type) -> dict[str, Any]:
        return {"type": "string", "title": of.__name__}

    (top,), parts = msgspec.json.schema_components([kind], schema_hook=text_for, ref_template="#/$defs/{name}")
    own = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:wadati:schema:{kind.kind}"}
    if "$ref" in top:
        top = parts.pop(kind.__name__)
    whole: dict[str, Any] = _with_instants(own | top | ({"$defs": parts} if parts else {}))
    return whole


_INSTANT = "nanoseconds UTC"


def _with_instants(value: Any) -> Any:
    """Instants are text in JSON, whatever they are inside."""
    if isinstance(value, dict):
        if value.get("type") == "integer" and str(value.get("description", "")).startswith(_INSTANT):
            return {
                "type": "string",
                "format": "date-time",
                "title": "time",
                "description": "ISO 8601, UTC, nanoseconds",
            }
        return {name: _with_instants(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_instants(item) for item in value]
    return value
