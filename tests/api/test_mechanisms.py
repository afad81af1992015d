"""How an event moved, as everybody gets it: feeds, detail, the event's page, and the event service."""

from __future__ import annotations

import io
import time
import warnings

from lxml import html
from obspy import read_events

from tests.api.test_feeds import names, soon
from wadati.engine.tensor import METHOD
from wadati.model import Event, FocalMechanism, Magnitude, MomentTensor, Origin
from wadati.model.mechanism import nodal_planes
from wadati.store.catalog import CatalogStore

TENSOR = MomentTensor.of_fault(30.0, 60.0, 20.0, 2e15)


def quake(name: str) -> Event:
    now = time.time_ns() // 10**9 * 10**9 - 300 * 10**9
    origin = Origin.of(now, 35.7, -117.5, 8000.0, method="edt")
    centroid = Origin.of(now + 10**9, 35.75, -117.45, 9000.0, method=f"{METHOD}-centroid")
    sizes = (
        Magnitude("ml", origin.origin_id, "ML", 4.4),
        Magnitude("mw", centroid.origin_id, "Mw", 4.13, method=METHOD),
    )
    mechanism = FocalMechanism(
        "t", origin.origin_id, nodal_planes(TENSOR), TENSOR, centroid.origin_id, "mw", 0.8, 9, quality="A"
    )
    return Event(
        name, (origin, centroid), sizes, origin.origin_id, "mw", mechanisms=(mechanism,), preferred_mechanism_id="t"
    )


def publish(changing, event: Event) -> None:
    with CatalogStore(changing.folder / "catalog.sqlite") as store:
        store.upsert_events([event])


def test_a_tensor_is_in_everything_that_is_served(changing) -> None:
    publish(changing, quake("ta"))
    assert soon(lambda: "ta" in names(changing, "all_hour", "t"), True)
    (feature,) = [one for one in changing.get("/feeds/all_hour.geojson").json()["features"] if one["id"] == "ta"]
    assert (feature["properties"]["mag"], feature["properties"]["magType"]) == (4.13, "mw")
    detail = changing.get("/feeds/detail/ta.geojson").json()["properties"]
    assert ",moment-tensor," in detail["types"]
    told = detail["products"]["moment-tensor"][0]["properties"]
    assert float(told["tensor-mrr"]) == TENSOR.dd
    assert told["derived-magnitude"] == "4.13"
    page = html.fromstring(changing.get("/events/ta/").text)
    (moved,) = page.xpath("//section[h2='How it moved']")
    assert "Beach ball" in moved.xpath(".//svg")[0].get("aria-label")


def test_a_mechanism_is_whole_although_only_what_is_preferred_is_asked_for(changing) -> None:
    publish(changing, quake("tb"))
    assert soon(lambda: "tb" in names(changing, "all_hour", "t"), True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (read,) = read_events(io.BytesIO(changing.get("/fdsnws/event/1/query", eventid="tb").content))
    found = read.preferred_focal_mechanism().moment_tensor
    assert found.derived_origin_id.get_referred_object().depth == 9000.0
    assert found.moment_magnitude_id.get_referred_object().mag == 4.13
    assert read.preferred_origin().depth == 8000.0
    assert [size.magnitude_type for size in read.magnitudes] == ["Mw"]
