"""Mechanisms as products of the detail feed: what a reader of the USGS's makes of them is what was meant."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wadati.formats.geojson import feature
from wadati.formats.geojson_detail import with_products
from wadati.model import Event, EventSummary, FocalMechanism, Magnitude, MomentTensor, Origin, parse_time
from wadati.model.mechanism import kagan_angle, nodal_planes

ORIGIN = Origin.of(parse_time("2026-03-01T12:00:00Z"), 35.7, -117.5, 8000.0)
CENTROID = Origin.of(parse_time("2026-03-01T12:00:01Z"), 35.75, -117.4, 9000.0)


def event_of(tensor: MomentTensor) -> Event:
    planes = nodal_planes(tensor)
    size = Magnitude("mw", CENTROID.origin_id, "Mw", 4.21)
    mechanisms = (
        FocalMechanism("p", ORIGIN.origin_id, planes, polarities=12, misfit=0.1, gap=90.0, quality="B"),
        FocalMechanism("d", ORIGIN.origin_id, planes, tensor, quality="D"),
        FocalMechanism(
            "t", ORIGIN.origin_id, planes, tensor, CENTROID.origin_id, "mw", 0.8, stations=9, gap=80.0, quality="A"
        ),
    )
    return Event(
        "wd1", (ORIGIN, CENTROID), (size,), ORIGIN.origin_id, "mw", mechanisms=mechanisms, preferred_mechanism_id="t"
    )


def products(event: Event) -> dict[str, list[dict[str, Any]]]:
    made = feature(EventSummary.of(event, 0), authority="xx")
    whole = with_products(made, event, authority="xx", updated=0, quakeml="http://example.org/event.xml")
    assert whole["properties"]["types"] == ",focal-mechanism,moment-tensor,origin,"
    found: dict[str, list[dict[str, Any]]] = whole["properties"]["products"]
    return found


@given(
    st.floats(0, 359.9),
    st.floats(5, 89),
    st.floats(-179, 179),
    st.floats(1e12, 1e20),
)
def test_the_tensor_is_read_back(strike: float, dip: float, rake: float, moment: float) -> None:
    tensor = MomentTensor.of_fault(strike, dip, rake, moment)
    (preferred, other) = products(event_of(tensor))["moment-tensor"]
    told = preferred["properties"]
    assert (preferred["preferredWeight"], other["preferredWeight"]) == (1, 0)
    assert preferred["id"] != other["id"]
    # As readers do: r is up, t south, p east.
    rr, tt, pp, rt, rp, tp = (float(told[f"tensor-m{name}"]) for name in ("rr", "tt", "pp", "rt", "rp", "tp"))
    read = MomentTensor(tt, pp, rr, -tp, rt, -rp)
    assert all(
        math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-9 * moment)
        for mine, theirs in zip(read.components, tensor.components, strict=True)
    )
    plane = [float(told[f"nodal-plane-1-{name}"]) for name in ("strike", "dip", "rake")]
    assert kagan_angle(MomentTensor.of_fault(*plane, 1.0), tensor) < 0.1
    assert math.isclose(float(told["scalar-moment"]), moment, rel_tol=1e-6)
    assert told["percent-double-couple"] == "1.0"


def test_what_it_rests_on_is_told_as_text() -> None:
    found = products(event_of(MomentTensor.of_fault(30.0, 60.0, 20.0, 1e15)))
    told = found["moment-tensor"][0]["properties"]
    assert (told["derived-magnitude"], told["derived-magnitude-type"]) == ("4.21", "Mw")
    assert (told["derived-depth"], told["depth"]) == ("9.0", "8.0")
    assert told["derived-eventtime"] == "2026-03-01T12:00:01.000Z"
    assert (told["num-stations-used"], told["azimuthal-gap"], told["quality"]) == ("9", "80.0", "A")
    polar = found["focal-mechanism"][0]["properties"]
    assert (polar["num-stations-used"], polar["misfit"]) == ("12", "0.1")
    assert "tensor-mrr" not in polar
    assert all(isinstance(value, str) for one in found["moment-tensor"] for value in one["properties"].values())


def test_an_event_without_mechanisms_has_no_such_products() -> None:
    event = Event("wd1", (ORIGIN,), (), ORIGIN.origin_id)
    made = feature(EventSummary.of(event, 0), authority="xx")
    whole = with_products(made, event, authority="xx", updated=0, quakeml="http://example.org/event.xml")
    assert set(whole["properties"]["products"]) == {"origin"}
