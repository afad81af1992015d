"""GeoJSON with the fields of the USGS feeds."""

from __future__ import annotations

import json

from hypothesis import given

from wadati.formats.geojson import feature_collection, write_geojson
from wadati.model import Arrival, Catalog, Event, Magnitude, Origin, parse_time
from wadati.testing import strategies

FEED_PROPERTIES = {
    "mag",
    "place",
    "time",
    "updated",
    "tz",
    "url",
    "detail",
    "felt",
    "cdi",
    "mmi",
    "alert",
    "status",
    "tsunami",
    "sig",
    "net",
    "code",
    "ids",
    "sources",
    "types",
    "nst",
    "dmin",
    "rms",
    "gap",
    "magType",
    "type",
    "title",
}
"""The properties of a feature in a summary feed of the USGS."""


def event(value: float | None) -> Event:
    arrivals = (
        Arrival("p1", "CI", "CCC", "P", 11_119.493, 10.0, 0.1, 1.0),
        Arrival("p2", "CI", "CCC", "S", 11_119.493, 10.0, 0.1, 1.0),
        Arrival("p3", "CI", "TOW2", "P", 5_000.0, 10.0, 9.9, 0.0),
    )
    time = parse_time("2019-07-04T17:33:49.0409Z")
    origin = Origin.of(time, 35.7, -117.504, 8123.4, arrivals=arrivals, azimuthal_gap=45.0, standard_error=0.12345)
    sizes = () if value is None else (Magnitude("m", origin.origin_id, "ML", value),)
    return Event("wd1", (origin,), sizes, None, "m" if sizes else None, aliases=("wd0",))


def test_a_feature_has_the_fields_of_the_feeds():
    (feature,) = feature_collection(Catalog((event(6.4),)), authority="xx")["features"]
    properties = feature["properties"]
    assert set(properties) == FEED_PROPERTIES
    assert feature["geometry"] == {"type": "Point", "coordinates": [-117.504, 35.7, 8.123]}
    assert feature["id"] == "wd1"
    assert properties["time"] == 1562261629040
    assert (properties["mag"], properties["magType"]) == (6.4, "ml")
    assert (properties["nst"], properties["dmin"], properties["gap"]) == (1, 0.1, 45.0)
    assert (properties["net"], properties["code"], properties["ids"]) == ("xx", "wd1", ",wd1,wd0,")
    assert properties["title"] == "M 6.4 - 35.700°N 117.504°W"
    assert properties["status"] == "automatic"


def test_the_significance_is_that_of_the_feeds_where_nothing_was_felt():
    # Values of the feed's `sig` for small earthquakes without reports: M 2.5 is 96, M 4.5 is 312, M 1 is 15.
    found = [
        feature_collection(Catalog((event(value),)))["features"][0]["properties"]["sig"]
        for value in (2.5, 4.5, 1.0, None)
    ]
    assert found == [96, 312, 15, None]


@given(strategies.catalogs())
def test_every_catalog_is_valid_json_and_the_same_bytes(tmp_path_factory, catalog):
    path = tmp_path_factory.mktemp("t") / "events.geojson"
    write_geojson(catalog, path)
    content = path.read_bytes()
    read = json.loads(content, parse_constant=lambda name: (_ for _ in ()).throw(ValueError(name)))
    assert read == feature_collection(catalog)
    assert read["metadata"]["count"] == len(read["features"]) == len(catalog)
    assert ("bbox" in read) == bool(catalog.events)
    write_geojson(catalog, path)
    assert path.read_bytes() == content


def test_a_time_of_generation_is_stated_only_when_given():
    read = feature_collection(Catalog((event(1.0),)), generated=1_500_000_000)
    assert read["metadata"]["generated"] == read["features"][0]["properties"]["updated"] == 1500
