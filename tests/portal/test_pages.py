"""Every page of the portal in a real browser: it opens, shows what there is, and can be used by everybody."""

from __future__ import annotations

import re
import time

import pytest

from tests.portal.conftest import visiting
from wadati.bus.messages import EventMessage
from wadati.model import Event, Magnitude, Origin
from wadati.model.codec import encode_json
from wadati.store.live_log import EventVersion, LiveLog

PAGES = ("", "events", "waveforms", "explorer", "synthetics", "wall")


def settled(visit, where: str) -> None:
    """Open a page and wait until what it asks for is there."""
    visit.go(where)
    if where in ("", "wall"):
        visit.page.locator(".map[data-ready=true]").wait_for()
    if where.startswith(("event/", "waveforms", "wall")):
        visit.page.wait_for_function("() => document.querySelector('canvas')?.width > 100")


def test_the_map_shows_events_and_stations_and_goes_to_an_event(visit, portal) -> None:
    settled(visit, "")
    count = len(portal.small.result.catalog)
    visit.page.get_by_text(re.compile(rf"^{count} events · 11 of 12 stations well$")).wait_for()
    assert visit.page.locator("ol.events li").count() == count
    visit.page.locator("ol.events a").first.click()
    visit.page.get_by_role("heading", name="Record section").wait_for()


def test_the_filter_is_that_of_all_pages(visit, portal) -> None:
    visit.go("")
    sizes = [one.magnitude.value for one in portal.small.result.catalog if one.magnitude is not None]
    visit.page.get_by_label("Magnitude").select_option("1")
    kept = sum(round(size, 2) >= 1 for size in sizes)
    visit.page.locator(f"p.count:has-text('{kept} events')").wait_for()
    visit.page.get_by_role("link", name="Explorer").click()
    visit.page.locator(f"p.count:has-text('{kept} events')").wait_for()
    visit.page.get_by_role("button", name="Show all").click()
    visit.page.locator(f"p.count:has-text('{len(portal.small.result.catalog)} events')").wait_for()


def test_a_range_that_is_drawn_on_a_figure_is_the_filter(visit, portal) -> None:
    visit.go("explorer")
    visit.page.locator(f"p.count:has-text('{len(portal.small.result.catalog)} events')").wait_for()
    box = visit.page.get_by_role("img", name="Magnitude and time").bounding_box()
    assert box is not None
    visit.page.mouse.move(box["x"] + 60, box["y"] + 12)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 45, steps=4)
    visit.page.mouse.up()
    visit.page.wait_for_function(
        "whole => document.querySelector('p.count[role=status]').textContent !== whole",
        arg=f"{len(portal.small.result.catalog)} events",
    )
    middle = int(visit.page.locator("p.count[role=status]").inner_text().split()[0])
    assert 0 < middle < len(portal.small.result.catalog)


def test_the_list_is_sorted_by_what_is_pressed(visit, portal) -> None:
    visit.go("events")
    button = visit.page.get_by_role("button", name="Magnitude")
    button.press("Enter")
    largest = max(one.magnitude.value for one in portal.small.result.catalog if one.magnitude is not None)
    assert visit.page.locator("tbody tr").first.locator("td").first.inner_text() == f"{largest:.1f}"
    assert visit.page.locator("th[aria-sort=descending]").inner_text().startswith("Magnitude")


def test_an_event_has_its_arrivals_waveforms_and_downloads(visit, portal) -> None:
    event = max(portal.small.result.catalog, key=lambda one: len(one.origin.arrivals))
    settled(visit, f"event/{event.event_id}")
    visit.page.get_by_text("Vertical component, 1–15 Hz").wait_for()
    arrivals = visit.page.get_by_role("table", name="Arrivals").locator("tbody tr")
    assert arrivals.count() == len(event.origin.arrivals)
    for link in visit.page.get_by_role("list", name="Downloads").get_by_role("link").all():
        answer = visit.page.request.get(portal.url + str(link.get_attribute("href")))
        assert answer.ok, link.get_attribute("href")


def test_an_event_that_is_none_is_told(visit) -> None:
    visit.go("event/nosuch")
    visit.page.get_by_text("there is no such event").wait_for()
    # The browser itself says in its console that the answer was 404.
    assert len(visit.errors) == 1
    visit.errors.clear()


def test_live_waveforms_are_drawn_with_their_stations(visit) -> None:
    settled(visit, "waveforms")
    visit.page.get_by_text(re.compile("^Live · ")).wait_for()
    assert visit.page.locator(".lanes a").count() == 12
    drawn = """() => {
        const canvas = document.querySelector('.waves canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let inked = 0;
        for (let k = 3; k < data.length; k += 4) inked += data[k] > 0;
        return inked > canvas.width * 12;
    }"""
    visit.page.wait_for_function(drawn)


def test_a_time_that_is_chosen_is_played_from_the_archive(visit, portal) -> None:
    origin = portal.small.result.catalog.events[0].origin
    visit.go(f"waveforms/{origin.time / 1e9:.0f}")
    visit.page.get_by_text(re.compile("^Replay · ")).wait_for()
    visit.page.get_by_label("Speed").select_option("5")
    before = visit.page.get_by_text(re.compile("^Replay · ")).inner_text()
    visit.page.wait_for_function("before => document.querySelector('p.count').textContent !== before", arg=before)


def test_a_station_has_its_health_spectrum_gaps_and_picks(visit, portal) -> None:
    visit.go("station/XX.W01" if _has(portal, "W01") else f"station/{_first(portal)}")
    visit.page.get_by_text("late").first.wait_for()
    visit.page.get_by_role("img", name=re.compile("^Power")).wait_for()
    visit.page.get_by_role("img", name="What there is").wait_for()


def _first(portal) -> str:
    one = portal.small.scenario.inventory.stations()[0]
    return f"{one.network}.{one.code}"


def _has(portal, code: str) -> bool:
    return portal.small.scenario.inventory.stations()[0].code == code


def test_the_keyboard_goes_everywhere(visit) -> None:
    visit.go("")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "main"
    visit.page.get_by_role("link", name="Events", exact=True).focus()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate(outline) != "none"
    visit.page.keyboard.press("Shift+Tab")
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("heading", name="Events").wait_for()
    assert visit.page.evaluate("document.activeElement.id") == "main"
    visit.page.get_by_text("Settings").press("Enter")
    visit.page.get_by_label("Language").wait_for()
    visit.page.keyboard.press("Escape")
    visit.page.get_by_label("Language").wait_for(state="hidden")


def test_it_speaks_spanish_and_remembers(visit) -> None:
    visit.go("events")
    visit.page.get_by_text("Settings").click()
    visit.page.get_by_label("Language").select_option("es")
    visit.page.get_by_role("heading", name="Eventos").wait_for()
    visit.page.reload()
    visit.page.get_by_role("heading", name="Eventos").wait_for()
    assert visit.page.evaluate("document.documentElement.lang") == "es"


def test_dark_and_light_are_those_of_the_system_or_the_chosen_one(visit) -> None:
    theme = "document.documentElement.dataset.theme"
    visit.page.emulate_media(color_scheme="dark")
    visit.go("events")
    assert visit.page.evaluate(theme) == "dark"
    visit.page.emulate_media(color_scheme="light")
    visit.page.wait_for_function(f"() => {theme} === 'light'")
    visit.page.get_by_text("Settings").click()
    visit.page.get_by_label("Appearance").select_option("dark")
    visit.page.wait_for_function(f"() => {theme} === 'dark'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(browser, portal, scheme: str) -> None:
    event = portal.small.result.catalog.events[0]
    for where in (*PAGES, f"event/{event.event_id}", f"station/{_first(portal)}"):
        visit = visiting(browser, portal.url, color_scheme=scheme)
        settled(visit, where)
        if where.startswith(("event/", "station/")):
            visit.page.locator("table").first.wait_for()
        assert (where, visit.axe()) == (where, [])
        assert (where, visit.errors, visit.foreign) == (where, [], [])
        visit.page.context.close()


def test_nothing_is_wider_than_a_phone(browser, portal) -> None:
    event = portal.small.result.catalog.events[0]
    for where in (*PAGES, f"event/{event.event_id}", f"station/{_first(portal)}"):
        visit = visiting(browser, portal.url, viewport={"width": 390, "height": 844}, has_touch=True)
        settled(visit, where)
        width = visit.page.evaluate("document.documentElement.scrollWidth")
        assert (where, width) == (where, 390)
        visit.page.context.close()


def test_a_new_event_comes_by_the_stream_and_is_said(visit, portal) -> None:
    visit.go("")
    visit.page.locator(".state.open").wait_for()
    visit.page.evaluate("window.kept = true")
    origin = Origin.of(time.time_ns(), 35.7, -117.5, 8000.0)
    magnitude = Magnitude("magnitude-new", origin.origin_id, "ML", 4.4)
    event = Event("new-event", (origin,), (magnitude,), origin.origin_id, magnitude.magnitude_id)

    def say(version: int, state: str) -> None:
        message = EventMessage(event_id=event.event_id, version=version, state=state, event=event, released=True)  # type: ignore[arg-type]
        told = EventVersion(event.event_id, version, state, time.time_ns(), encode_json(message).decode())
        with LiveLog(portal.folder / "catalog.sqlite") as log:
            log.write(versions=[told])

    say(1, "created")
    visit.page.locator("ol.events li[data-id=new-event]").wait_for()
    assert "4.4" in visit.page.locator("ol.events li").first.inner_text()
    visit.page.wait_for_function("() => document.querySelector('[aria-live]').textContent.includes('magnitude 4.4')")
    say(2, "retracted")
    visit.page.locator("ol.events li[data-id=new-event]").wait_for(state="detached")
    assert visit.page.evaluate("window.kept") is True


def test_it_stays_useful_when_the_stream_is_down(visit, portal) -> None:
    visit.page.route("**/stream*", lambda route: route.abort())
    visit.go("")
    visit.page.get_by_text("The live stream is down").wait_for()
    assert visit.page.locator("ol.events li").count() == len(portal.small.result.catalog)
    with visit.page.expect_response(lambda answer: "/portal/data/events" in answer.url):
        pass
    visit.errors.clear()  # The browser says in its console that the stream was broken off.
