"""Seismograms of a source in a real browser: put on the map, turned by hand or by keyboard, and kept as files."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.api.conftest import serving
from tests.portal.conftest import visiting
from wadati.formats.miniseed import read_miniseed

INKED = """() => {
    const canvas = document.querySelector('.seismograms canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let inked = 0;
    for (let k = 3; k < data.length; k += 4) inked += data[k] > 0;
    return inked > canvas.width * 12;
}"""


def opened(visit, where: str = "synthetics/35.8/-117.5/8/4/320/85/170") -> None:
    visit.go(where)
    visit.page.get_by_text(re.compile("^12 stations$")).wait_for()


def last_asked(visit, act) -> dict:
    """The source of the last request that an action leads to."""
    with visit.page.expect_response(lambda answer: answer.url.endswith("/synthetics")) as caught:
        act()
    return json.loads(caught.value.request.post_data)["sources"][0]


def test_seismograms_are_drawn_and_told_in_a_table(visit, portal) -> None:
    opened(visit)
    visit.page.wait_for_function(INKED)
    visit.page.locator("summary:has-text('Distances')").click()
    rows = visit.page.get_by_role("table", name=re.compile("^Distances")).locator("tbody tr")
    assert rows.count() == 12
    distances = [float(row.locator("td").nth(1).inner_text()) for row in rows.all()]
    assert distances == sorted(distances)
    assert re.fullmatch(r"[\d.]+ [µm]m/s", rows.first.locator("td").nth(3).inner_text())


def test_pressing_the_map_puts_the_source_there(visit, portal) -> None:
    opened(visit)
    visit.page.locator(".map[data-ready=true]").wait_for()
    box = visit.page.locator(".map canvas.maplibregl-canvas").bounding_box()
    source = last_asked(visit, lambda: visit.page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 60))
    assert (source["latitude"], source["longitude"]) != (35.8, -117.5)
    assert visit.page.get_by_label("Latitude").input_value() == f"{source['latitude']:.3f}"
    assert f"/synthetics/{source['latitude']}/{source['longitude']}/8/4/320/85/170" in visit.page.url


def test_the_ball_turns_under_the_hand(visit, portal) -> None:
    opened(visit)
    box = visit.page.get_by_role("img", name=re.compile("^Beach ball")).bounding_box()
    middle, radius = (box["x"] + box["width"] / 2, box["y"] + 16 + (box["height"] - 16) / 2), (box["height"] - 16) / 2

    def drag() -> None:
        visit.page.mouse.move(middle[0], middle[1] - radius - 5)
        visit.page.mouse.down()
        visit.page.mouse.move(middle[0] + radius + 5, middle[1], steps=8)
        visit.page.mouse.up()

    source = last_asked(visit, drag)
    # Taken at its north and let go in the east, it turned by a quarter, like a compass.
    visit.page.wait_for_function("() => location.hash.endsWith('/50/85/170')")
    assert source["magnitude"] == 4


def test_all_of_it_goes_by_keyboard(visit, portal) -> None:
    opened(visit)
    for label, value in (("Strike", "30"), ("Dip", "45"), ("Rake", "-90"), ("Depth", "6"), ("Magnitude", "5")):
        field = visit.page.get_by_label(re.compile(f"^{label}"))
        field.focus()
        field.press("Control+a")
        visit.page.keyboard.type(value)
        source = last_asked(visit, lambda: visit.page.keyboard.press("Enter"))
    assert (source["strike"], source["dip"], source["rake"]) == (30, 45, -90)
    assert (source["depth"], source["magnitude"]) == (6000, 5)
    visit.page.get_by_role("button", name="Thrust").focus()
    assert last_asked(visit, lambda: visit.page.keyboard.press("Enter"))["rake"] == 90


def test_an_event_leads_to_seismograms_of_a_source_like_it(visit, portal) -> None:
    event = next(one for one in portal.small.result.catalog if one.magnitude is not None)
    visit.go(f"event/{event.event_id}")
    visit.page.get_by_role("link", name="Seismograms of a source like this").click()
    visit.page.get_by_role("heading", name="Seismograms", exact=True).wait_for()
    assert visit.page.get_by_label("Latitude").input_value() == f"{event.origin.latitude:.3f}"
    assert visit.page.get_by_label(re.compile("^Magnitude")).input_value() == f"{event.magnitude.value:.1f}"
    visit.page.locator(".said:has-text('stations'), .said:has-text('depths')").wait_for()
    visit.errors.clear()  # Where the event lies too shallow for the store, the browser tells of the 400.


def test_files_are_those_of_what_is_shown(visit, portal, tmp_path: Path) -> None:
    opened(visit)
    visit.page.get_by_label("Axes").select_option("ZNE")
    with visit.page.expect_download() as caught:
        visit.page.get_by_role("button", name="Download miniSEED").click()
    caught.value.save_as(tmp_path / "a.mseed")
    traces, problems = read_miniseed(tmp_path / "a.mseed")
    assert problems == []
    assert {trace.source_id.subsource for trace in traces} == set("ZNE")
    assert len({trace.source_id.station for trace in traces}) == 12
    with visit.page.expect_download() as caught:
        visit.page.get_by_role("button", name="Download SAC").click()
    caught.value.save_as(tmp_path / "a.zip")
    names = zipfile.ZipFile(io.BytesIO((tmp_path / "a.zip").read_bytes())).namelist()
    assert sum(name.endswith(".sac") for name in names) == 36


def test_a_source_that_cannot_be_is_told_and_the_page_stays(visit, portal) -> None:
    visit.go("synthetics/10/10/8/4/320/85/170")
    visit.page.get_by_text("km from a source, outside the store's 4 to 60 km").wait_for()
    visit.page.get_by_label("Latitude").fill("35.8")
    visit.page.get_by_label("Latitude").press("Enter")
    visit.page.get_by_label("Longitude").fill("-117.5")
    visit.page.get_by_label("Longitude").press("Enter")
    visit.page.get_by_text(re.compile("^12 stations$")).wait_for()
    visit.errors.clear()  # The browser says in its console that answers were 400.


@pytest.mark.parametrize(("language", "words"), [("en-GB", "Download SAC"), ("es-ES", "Descargar SAC")])
def test_both_languages_on_a_phone(browser, portal, language: str, words: str) -> None:
    visit = visiting(browser, portal.url, locale=language, viewport={"width": 390, "height": 844}, has_touch=True)
    visit.go("synthetics")
    visit.page.get_by_role("button", name=words).wait_for()
    visit.page.wait_for_function(INKED)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
    assert (visit.errors, visit.foreign) == ([], [])
    visit.page.context.close()


def test_without_greens_functions_there_is_no_such_page_to_go_to(browser, small, tmp_path: Path) -> None:
    with serving(small, tmp_path) as served:
        visit = visiting(browser, served.url)
        visit.go("synthetics")
        visit.page.get_by_text("This service has no Green’s functions").wait_for()
        assert not visit.page.get_by_role("link", name="Seismograms").is_visible()
        assert visit.errors == []
        visit.page.context.close()
