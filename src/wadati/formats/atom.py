"""Events as an Atom feed with GeoRSS positions, for feed readers.

Standards: RFC 4287 (https://www.rfc-editor.org/rfc/rfc4287), GeoRSS Simple (https://www.ogc.org/standards/georss).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from wadati.formats.geojson import Feature
from wadati.model import format_time
from wadati.units import MILLISECOND


def atom_chunks(
    features: Iterable[Feature], *, authority: str, title: str, address: str, updated: int, rights: str = ""
) -> Iterator[bytes]:
    """GeoJSON features (see `formats.geojson.feature`) as a feed, an entry at a time; `address` is that of the feed.

    >>> from wadati.formats.geojson import feature
    >>> from wadati.model import EventSummary
    >>> one = feature(EventSummary(event_id="wd1", time=0, latitude=35.7, longitude=-117.5, depth=8000.0))
    >>> text = b"".join(atom_chunks([one], authority="xx", title="All", address="http://h/f.atom", updated=0))
    >>> b"<georss:point>35.7 -117.5</georss:point>" in text
    True
    """
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:georss="http://www.georss.org/georss">\n'
        f" <title>{escape(title)}</title>\n <updated>{format_time(updated, 0)}</updated>\n"
        f" <author><name>{escape(authority)}</name></author>\n <id>{escape(address)}</id>\n"
        f' <link rel="self" href={quoteattr(address)}/>\n' + (f" <rights>{escape(rights)}</rights>\n" if rights else "")
    ).encode()
    for one in features:
        told = one["properties"]
        longitude, latitude, depth = one["geometry"]["coordinates"]
        when = told["time"] * MILLISECOND
        changed = (told["updated"] if told["updated"] is not None else told["time"]) * MILLISECOND
        summary = f"{format_time(when, 0)}, {latitude:.3f}, {longitude:.3f}, depth {depth:.1f} km, {told['status']}"
        link = told["url"] or told["detail"]
        yield (
            f" <entry>\n  <id>urn:earthquake:{escape(authority)}:{escape(one['id'])}</id>\n"
            f"  <title>{escape(told['title'])}</title>\n  <updated>{format_time(changed, 0)}</updated>\n"
            + (f'  <link rel="alternate" href={quoteattr(link)}/>\n' if link else "")
            + f"  <summary>{escape(summary)}</summary>\n  <georss:point>{latitude} {longitude}</georss:point>\n"
            f"  <georss:elev>{round(-1000 * depth)}</georss:elev>\n"
            f'  <category label="Magnitude" term="Magnitude {_size(told["mag"])}"/>\n </entry>\n'
        ).encode()
    yield b"</feed>\n"


def _size(magnitude: float | None) -> str:
    return "unknown" if magnitude is None else f"{int(max(magnitude, 0))}"
