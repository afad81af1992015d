from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati import model
from wadati.errors import UsageError
from wadati.model import (
    Catalog,
    Channel,
    Inventory,
    Layer,
    Magnitude,
    Origin,
    Pick,
    Response,
    SourceId,
    TimeSpan,
    VelocityModel,
    content_id,
    decode_json,
    decode_msgpack,
    encode_json,
    encode_msgpack,
)

codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8)
source_ids = st.builds(SourceId, codes, codes, st.just("") | codes, codes, codes, codes)
STRUCTS = sorted(
    (kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)),
    key=lambda kind: kind.__name__,
)


def example(kind: Any, data: st.DataObject) -> Any:
    """Any value of a struct, drawn from its types; recursive ones stay small."""
    return data.draw(st.from_type(kind))


def _strategies() -> None:
    finite = st.floats(allow_nan=False, allow_infinity=False)
    st.register_type_strategy(float, finite)
    st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
    st.register_type_strategy(SourceId, source_ids)
    layers = st.lists(st.integers(-5, 400), min_size=1, max_size=5, unique=True).map(
        lambda tops: tuple(Layer(top * 1000.0, 6000.0, 3500.0) for top in sorted(tops))
    )
    st.register_type_strategy(VelocityModel, st.builds(VelocityModel, st.text(), layers, st.text()))


_strategies()


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_json_and_messagepack_are_the_identity(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    value = example(kind, data)
    assert decode_msgpack(encode_msgpack(value), kind) == value
    assert decode_json(encode_json(value), kind) == value


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_values_are_frozen_and_have_a_schema(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen
    assert msgspec.json.schema(kind)


def test_instants_are_text_in_json_and_integers_in_messagepack() -> None:
    pick = Pick.of(SourceId.from_nslc("XX", "A", "", "HHZ"), "P", 2**60 + 1, time_uncertainty=0.1, probability=0.9)
    assert json.loads(encode_json(pick))["time"].endswith(f"{(2**60 + 1) % 10**9:09d}Z")
    assert msgspec.msgpack.decode(encode_msgpack(pick))["time"] == 2**60 + 1


@given(source_ids)
def test_source_ids_are_their_text(source_id: SourceId) -> None:
    assert SourceId.parse(str(source_id)) == source_id


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=3, max_size=3))
def test_seed_channels_come_back(channel: str) -> None:
    assert SourceId.from_nslc("IU", "ANMO", "--", channel).channel == channel


def test_identifiers_follow_from_content_in_every_process() -> None:
    code = "from wadati.model import content_id; print(content_id('pick', 'CI', 'CCC', 1))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == content_id("pick", "CI", "CCC", 1)
    assert len({content_id("pick", "CI", "CCC", time) for time in range(1000)}) == 1000


def test_a_pick_is_named_by_what_was_observed_not_by_what_was_measured_on_it() -> None:
    sid = SourceId.from_nslc("XX", "A", "", "HHZ")
    plain = Pick.of(sid, "P", 10, time_uncertainty=0.1, probability=0.9)
    assert plain.pick_id == Pick.of(sid, "P", 10, time_uncertainty=0.1, probability=0.9, amplitude=1e-3).pick_id
    assert plain.pick_id != Pick.of(sid, "S", 10, time_uncertainty=0.1, probability=0.9).pick_id


def test_inventory_finds_the_epoch_and_forgets_order() -> None:
    sid = SourceId.from_nslc("XX", "A", "", "HHZ")
    old = Channel(sid, 1.0, 2.0, 3.0, Response(1.0, "m/s"), epoch=TimeSpan(0, 10))
    new = Channel(sid, 1.0, 2.0, 3.0, Response(2.0, "m/s"), epoch=TimeSpan(10, 20))
    inventory = Inventory.of([new, old, new])
    assert inventory == Inventory.of([old, new])
    assert inventory.channel(sid, 9) == old
    assert inventory.channel(sid, 10) == new
    assert inventory.channel(sid, 20) is None


@pytest.mark.parametrize(
    "layers",
    [(), (Layer(0, 5.0, 3.0), Layer(0, 6.0, 3.0)), (Layer(0, 3.0, 5.0),), (Layer(0, 3.0, 0.0),)],
    ids=["none", "not deeper", "S faster", "fluid"],
)
def test_velocity_models_that_cannot_be_are_refused(layers: tuple[Layer, ...]) -> None:
    with pytest.raises(UsageError, match="velocity model bad"):
        VelocityModel("bad", layers)


def test_preferred_origin_and_magnitude() -> None:
    first, second = Origin.of(0, 1.0, 2.0, 3.0), Origin.of(1, 1.0, 2.0, 3.0)
    size = Magnitude("m1", second.origin_id, "ML", 2.0)
    event = model.Event("e", (first, second), (size,), second.origin_id, "m1")
    assert event.origin == second
    assert event.magnitude == size
    assert model.Event("e", (first,), (size,)).magnitude is None


def test_an_empty_catalog_has_the_columns() -> None:
    frame = Catalog().to_dataframe()
    assert len(frame) == 0
    assert tuple(frame.columns) == model.event.EVENT_COLUMNS
