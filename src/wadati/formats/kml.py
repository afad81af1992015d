"""Events as KML for Google Earth and other globes, and a link that keeps them fresh there.

Standard: OGC KML 2.3 (https://www.ogc.org/standards/kml).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from wadati.formats.geojson import Feature
from wadati.model import format_time
from wadati.units import DAY, HOUR, MILLISECOND

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n'
_AGES = (("hour", HOUR, "ff2020e0"), ("day", DAY, "ff20a0f0"), ("older", None, "ff60d0d0"))
"""Names of styles, up to which age (ns), and their colours as KML writes them (alpha, blue, green, red)."""


def kml_chunks(features: Iterable[Feature], *, title: str, now: int, rights: str = "") -> Iterator[bytes]:
    """GeoJSON features (see `formats.geojson.feature`) as placemarks, coloured by age and as large as the magnitude.

    >>> from wadati.formats.geojson import feature
    >>> from wadati.model import EventSummary
    >>> one = feature(EventSummary(event_id="wd1", time=0, latitude=35.7, longitude=-117.5, depth=8000.0))
    >>> b"<coordinates>-117.5,35.7,0</coordinates>" in b"".join(kml_chunks([one], title="All", now=0))
    True
    """
    described = f" <description>{escape(rights)}</description>\n" if rights else ""
    yield f"{_HEAD}<Document>\n <name>{escape(title)}</name>\n{described}".encode()
    for name, _, colour in _AGES:
        yield (
            f' <Style id="{name}"><IconStyle><color>{colour}</color></IconStyle>'
            "<LabelStyle><scale>0.7</scale></LabelStyle></Style>\n"
        ).encode()
    for one in features:
        told = one["properties"]
        longitude, latitude, depth = one["geometry"]["coordinates"]
        when = told["time"] * MILLISECOND
        style = next(name for name, limit, _ in _AGES if limit is None or now - when <= limit)
        scale = 0.4 + 0.2 * max(told["mag"] or 0.0, 0.0)
        words = f"{format_time(when, 1)}\nMagnitude {told['mag']} {told['magType'] or ''}\nDepth {depth:.1f} km\n"
        words += f"Status {told['status']}"
        yield (
            f" <Placemark><name>{escape(told['title'])}</name><description>{escape(words)}</description>"
            f"<styleUrl>#{style}</styleUrl><Style><IconStyle><scale>{scale:.2f}</scale></IconStyle></Style>"
            f"<TimeStamp><when>{format_time(when, 0)}</when></TimeStamp>"
            f"<Point><coordinates>{longitude},{latitude},0</coordinates></Point></Placemark>\n"
        ).encode()
    yield b"</Document>\n</kml>\n"


def network_link(title: str, address: str, every_s: int = 60) -> bytes:
    """A document that loads another one again and again.

    >>> b"<refreshInterval>60</refreshInterval>" in network_link("All", "http://h/all.kml")
    True
    """
    return (
        f"{_HEAD}<NetworkLink>\n <name>{escape(title)}</name>\n <Link><href>{escape(address)}</href>"
        f"<refreshMode>onInterval</refreshMode><refreshInterval>{every_s}</refreshInterval></Link>\n"
        "</NetworkLink>\n</kml>\n"
    ).encode()
