"""Pages that list events: the front page with its map, the page of a month, and the one of an address that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wadati.model import Catalog, Event, EventSummary, Inventory
from wadati.report.event_page import footer
from wadati.report.map import epicentre_map
from wadati.report.markup import Markup, element, join
from wadati.report.page import facts, figures, link, section, whole_page
from wadati.report.scene import Scene, instant
from wadati.report.tables import table
from wadati.report.timeline import frequency_magnitude, timeline
from wadati.units import KILOMETRE

Address = Callable[[str], str]
"""The address of an event's page, from its name."""


@dataclass(frozen=True)
class Network:
    """Whose pages they are: a title, the terms of use in a line, and what names the region of a place."""

    title: str
    terms: str
    region: Callable[[float, float], str]


def front_page(
    network: Network,
    events: Sequence[Event],
    listed: Sequence[EventSummary],
    inventory: Inventory,
    months: Mapping[str, int],
    feeds: Iterable[tuple[str, str]],
) -> str:
    """The latest events on a map and in a list; `months` (`2019-07`) with how many events each has.

    >>> page = front_page(Network("Example", "", lambda a, b: "here"), [], [], Inventory(), {"2019-07": 3}, [])
    >>> 'href="months/2019-07.html"' in page
    True
    """
    links = {event.event_id: _address(event.event_id) for event in events}
    scene = Scene(Catalog(tuple(events)), inventory, {}, links=links)
    drawn: list[Markup | None] = [epicentre_map(scene)] if events or scene.stations else []
    if events:
        drawn += [timeline(scene), frequency_magnitude(scene)]
    sized = [one for one in listed if one.magnitude is not None]
    told = [("events", f"{sum(months.values()):,}"), ("stations", str(len(scene.stations)))]
    if listed:
        told.append(("latest", f"{instant(listed[0].time, 0)} UTC"))
    if sized:
        largest = max(sized, key=lambda one: one.magnitude or 0.0)
        told.append((f"largest of the last {len(listed)}", f"{largest.magnitude_type} {largest.magnitude:.1f}"))
    by_month = [element("li", link(f"months/{month}.html", month), f" ({count:,})") for month, count in months.items()]
    body = join(
        element("header", element("h1", network.title), element("p", "Earthquakes located by this network")),
        element(
            "main",
            section("Latest", facts(told), figures(*drawn)),
            section("Events", summary_table(listed, network.region, "")) if listed else element("p", "No events yet."),
            section("By month", element("ul", *by_month, class_="columns")) if by_month else None,
            section("Feeds", element("ul", *(element("li", link(*feed)) for feed in feeds))),
        ),
        footer(network.terms),
    )
    return whole_page(network.title, body, description=f"Earthquakes of {network.title}")


def month_page(network: Network, month: str, listed: Sequence[EventSummary]) -> str:
    """All events of a month (`2019-07`)."""
    title = f"Earthquakes of {month}"
    body = join(
        element("header", element("nav", link("../index.html", network.title)), element("h1", title)),
        element("main", section(f"{len(listed):,} events", summary_table(listed, network.region, "../"))),
        footer(network.terms),
    )
    return whole_page(f"{title} – {network.title}", body)


def missing_page(network: Network) -> str:
    """What is shown for an address that does not exist; `404.html` of web servers and buckets."""
    # Shown under any address, so that only a link from the root of the host finds the way back.
    body = join(
        element("header", element("h1", "There is no such page")),
        element("main", element("p", "The address may be misspelt. ", link("/", "To the latest earthquakes"), ".")),
        footer(network.terms),
    )
    return whole_page(f"Not found – {network.title}", body, robots="noindex")


def summary_table(listed: Sequence[EventSummary], region: Callable[[float, float], str], root: str) -> Markup:
    """Events, each with a link to its page; `root` leads from this page to the first one."""
    header = ("time (UTC)", "magnitude", "type", "region", "latitude", "longitude", "depth (km)", "stations", "status")
    rows = [
        [
            link(f"{root}{_address(one.event_id)}", instant(one.time, 1)),
            "" if one.magnitude is None else f"{one.magnitude:.2f}",
            one.magnitude_type or "",
            region(one.latitude, one.longitude),
            f"{one.latitude:.3f}",
            f"{one.longitude:.3f}",
            f"{one.depth / KILOMETRE:.1f}",
            str(one.used_stations) if one.used_stations else "",
            "reviewed" if one.evaluation_mode == "manual" else "automatic",
        ]
        for one in listed
    ]
    return table(header, rows, longest=len(rows))


def _address(event_id: str) -> str:
    return f"events/{event_id}/index.html"
