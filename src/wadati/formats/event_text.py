"""Events in the text of fdsnws-event: a line each, fields between `|`.

Standard: FDSN Web Services 1.2, fdsnws-event, "text" (https://www.fdsn.org/webservices).
"""

from __future__ import annotations

from wadati.model import EventSummary, format_time
from wadati.units import KILOMETRE

HEAD = (
    "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor"
    "|EventLocationName|EventType\n"
)


def event_text(event: EventSummary | None, authority: str = "", place: str = "") -> bytes:
    """The line of an event, or with None that of the names of fields.

    >>> event_text(EventSummary(event_id="wd1", time=0, latitude=35.7, longitude=-117.5, depth=8000.0), "xx", "here")
    b'wd1|1970-01-01T00:00:00.000000|35.700000|-117.500000|8.000|xx|xx|xx|wd1||||here|earthquake\\n'
    """
    if event is None:
        return HEAD.encode()
    size = ("", "", "")
    if event.magnitude is not None:
        size = (event.magnitude_type or "", f"{event.magnitude:.2f}", authority)
    fields = (
        event.event_id,
        format_time(event.time, 6).removesuffix("Z"),
        f"{event.latitude:.6f}",
        f"{event.longitude:.6f}",
        f"{event.depth / KILOMETRE:.3f}",
        authority,
        authority,
        authority,
        event.event_id,
        *size,
        place,
        event.event_type,
    )
    return ("|".join(field.replace("|", " ") for field in fields) + "\n").encode()
