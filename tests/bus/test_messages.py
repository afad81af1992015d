"""Messages are CloudEvents whose data fit the published schemas."""

from __future__ import annotations

import json

import jsonschema
import pytest

from wadati.bus import messages
from wadati.bus.messages import KINDS, SCHEMAS, EventMessage, PickMessage, WaveformMessage, cloud_event, schema
from wadati.model import Event, Magnitude, Origin, Pick, SourceId
from wadati.model.codec import decode_json, encode_json

Z = SourceId.parse("FDSN:XX_ABC__H_H_Z")
PICK = Pick.of(Z, "P", 1_562_261_629_230_000_000, time_uncertainty=0.05, probability=0.9)
ORIGIN = Origin.of(1_562_261_629_230_000_000, 35.7, -117.5, 8000.0)
EVENT = Event(
    "wd1",
    (ORIGIN,),
    (Magnitude("m", ORIGIN.origin_id, "ML", 6.4),),
    preferred_origin_id=ORIGIN.origin_id,
    preferred_magnitude_id="m",
)
EXAMPLES = [
    WaveformMessage(source_id=str(Z), start=0, end=1, sampling_rate_hz=100.0, received=2, record=b"abc"),
    PickMessage(pick=PICK, state="final", received=1_562_261_630_000_000_000, confirms="pick-x"),
    messages.OriginMessage(
        event_id="wd1", origin_id="o", time=0, latitude=1.0, longitude=2.0, depth=3.0, arrivals=4, early_picks=1
    ),
    EventMessage(event_id="wd1", version=2, state="updated", event=EVENT, released=True, additions={"a": {"b": 1}}),
    messages.StationHealthMessage(network="XX", station="A", state="late", data_latency_s=40.0, feed_latency_s=1.0),
    messages.CoincidenceMessage(
        event_id="wd1",
        other_id="x",
        other_source="/s",
        other_type="t",
        seconds_apart=1.0,
        metres_apart=2.0,
        chance_rate_per_year=0.1,
    ),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.kind)
def test_each_kind_is_a_cloud_event_that_fits_its_schema(message) -> None:
    event = cloud_event(message, source="/wadati/test", time=0)
    assert {"specversion", "id", "source", "type"} <= event.keys()
    assert event["time"].endswith("Z")
    assert json.loads(json.dumps(event)) == event
    published = json.loads((SCHEMAS / f"{message.kind}.json").read_text())
    jsonschema.validate(event["data"], published)
    assert cloud_event(message, source="/wadati/test", time=1)["id"] == event["id"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_published_schemas_are_current(kind) -> None:
    assert json.loads((SCHEMAS / f"{kind.kind}.json").read_text()) == schema(kind)


@pytest.mark.parametrize("message", EXAMPLES[1:], ids=lambda message: message.kind)
def test_messages_come_back_from_json(message) -> None:
    assert decode_json(encode_json(message), type(message)) == message


def test_every_kind_has_an_example() -> None:
    assert {type(message) for message in EXAMPLES} == set(KINDS)
