"""Boxes and rings on the Earth as event and station are asked for them."""

from __future__ import annotations

from typing import Any

from wadati.api.errors import Refused
from wadati.api.parameters import Parameter, in_order

_DATE_LINE = "degrees; a minlongitude above the maxlongitude means a box across the date line"
AREA = (
    Parameter(name="minlatitude", short="minlat", kind="number", low=-90, high=90, words="degrees", example="34"),
    Parameter(name="maxlatitude", short="maxlat", kind="number", low=-90, high=90, words="degrees", example="37"),
    Parameter(name="minlongitude", short="minlon", kind="number", low=-180, high=180, words=_DATE_LINE, example="-119"),
    Parameter(name="maxlongitude", short="maxlon", kind="number", low=-180, high=180, words="degrees", example="-116"),
    Parameter(name="latitude", short="lat", kind="number", low=-90, high=90, words="of the middle of a ring, degrees"),
    Parameter(name="longitude", short="lon", kind="number", low=-180, high=180, words="of its middle, degrees"),
    Parameter(name="minradius", kind="number", low=0, high=180, words="of the ring, degrees of arc"),
    Parameter(name="maxradius", kind="number", low=0, high=180, words="of the ring, degrees of arc"),
)


def check_area(values: dict[str, Any]) -> None:
    """Raise `Refused` for a box or a ring that contradicts itself."""
    in_order(values, "minlatitude", "maxlatitude")
    in_order(values, "minradius", "maxradius")
    if (values["latitude"] is None) != (values["longitude"] is None):
        raise Refused(400, "latitude and longitude go together")
    if values["latitude"] is None and (values["minradius"] is not None or values["maxradius"] is not None):
        raise Refused(400, "minradius and maxradius need latitude and longitude")
