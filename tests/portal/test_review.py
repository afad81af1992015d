"""The review panel: what it sends, against a stand-in for the service that takes it, and the service itself."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import serving
from tests.portal.conftest import visiting
from wadati.api.tokens import new_token
from wadati.store.catalog import CatalogStore

TOKEN = "analyst-word"


@pytest.fixture
def review(visit, portal):
    """The page of an event with a token entered, and what was sent."""
    sent: list[tuple[str, dict[str, object]]] = []
    event = max(portal.small.result.catalog, key=lambda one: len(one.origin.arrivals))

    def answer(route) -> None:
        body = route.request.post_data_json
        sent.append((route.request.headers.get("authorization", ""), body))
        if body["action"] == "reject":
            problem = {"title": "Forbidden", "status": 403, "detail": "this token has no scope review"}
            route.fulfill(status=403, content_type="application/problem+json", body=json.dumps(problem))
        else:
            detail = visit.page.request.get(f"{portal.url}/feeds/detail/{event.event_id}.geojson")
            route.fulfill(status=200, content_type="application/geo+json", body=detail.text())

    visit.page.route(f"**/events/{event.event_id}/review", answer)
    visit.go(f"event/{event.event_id}")
    assert visit.page.get_by_role("heading", name="Review").count() == 0
    visit.page.get_by_text("Settings").click()
    visit.page.get_by_label("Token").fill(TOKEN)
    visit.page.get_by_role("button", name="Use", exact=True).click()
    visit.page.keyboard.press("Escape")
    visit.page.get_by_role("heading", name="Review").wait_for()
    visit.page.get_by_text("Vertical component, 1–15 Hz").wait_for()
    return event, sent


def saved(visit) -> None:
    visit.page.locator(".said:has-text('Saved.')").wait_for()


def test_an_event_is_confirmed_typed_and_an_origin_preferred(visit, review) -> None:
    event, sent = review
    visit.page.get_by_label("Comment").fill("clear onset")
    visit.page.get_by_role("button", name="Confirm").click()
    saved(visit)
    visit.page.locator(".review select").first.select_option("quarry blast")
    visit.page.get_by_role("button", name="Set").click()
    saved(visit)
    visit.page.get_by_role("button", name="Prefer").click()
    saved(visit)
    visit.page.wait_for_function("() => document.querySelectorAll('.review button:disabled').length === 0")
    assert {word for word, _ in sent} == {f"Bearer {TOKEN}"}
    assert [body for _, body in sent] == [
        {"action": "confirm", "comment": "clear onset"},
        {"action": "type", "event_type": "quarry blast", "comment": "clear onset"},
        {"action": "prefer", "origin_id": event.origin.origin_id, "comment": "clear onset"},
    ]


def test_what_the_service_refuses_is_said_in_its_words(visit, review) -> None:
    visit.page.get_by_role("button", name="Reject").click()
    visit.page.get_by_text("this token has no scope review").wait_for()
    visit.errors.clear()  # The browser says in its console that the answer was 403.


def test_picks_are_dragged_typed_dropped_and_sent(visit, review) -> None:
    _, sent = review
    visit.page.get_by_label("Change picks").check()
    shifts = visit.page.locator(".review .picks input[type=number]")
    uses = visit.page.locator(".review .picks input[type=checkbox]")
    shifts.first.fill("0.25")
    shifts.first.press("Tab")
    uses.nth(1).uncheck()
    visit.page.get_by_text("2 picks changed").wait_for()
    visit.page.get_by_role("button", name="Relocate").click()
    saved(visit)
    (_, body) = sent[-1]
    assert body["action"] == "relocate"
    moved, dropped = body["picks"]
    assert set(moved) == {"pick_id", "time"}
    assert set(dropped) == {"pick_id", "used"}
    assert dropped["used"] is False
    visit.page.get_by_role("button", name="Put back").click()
    visit.page.get_by_text("0 picks changed").wait_for()


def test_a_pick_is_dragged_on_the_record_section(visit, review) -> None:
    visit.page.get_by_label("Change picks").check()
    canvas = visit.page.get_by_role("img", name="Records of")
    canvas.scroll_into_view_if_needed()
    ink = """canvas => {
        const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        for (let k = 0; k < data.length; k += 4)
            if (data[k] === 0x24 && data[k + 1] === 0x68 && data[k + 2] === 0xb2 && data[k + 3] === 255)
                return [(k / 4) % width, Math.floor(k / 4 / width)];
        return null;
    }"""
    place = canvas.evaluate(ink)
    box = canvas.bounding_box()
    assert place is not None
    assert box is not None
    x, y = box["x"] + place[0], box["y"] + place[1] + 6
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + 25, y, steps=5)
    visit.page.mouse.up()
    visit.page.get_by_text("1 picks changed").wait_for()


def test_the_token_is_gone_with_the_tab(visit, review) -> None:
    assert visit.page.evaluate("sessionStorage.getItem('wadati.token')") == TOKEN
    assert TOKEN not in visit.page.evaluate("JSON.stringify(localStorage)")
    visit.page.get_by_role("button", name="Forget the token").click()
    visit.page.get_by_role("heading", name="Review").wait_for(state="detached")
    assert visit.page.evaluate("sessionStorage.getItem('wadati.token')") is None


def test_the_service_itself_takes_what_the_panel_sends(browser, small, tmp_path) -> None:
    word = new_token(tmp_path / "tokens.json", "ada", ("analyst",), 1)
    event = max(small.result.catalog, key=lambda one: len(one.origin.arrivals))
    with serving(small, tmp_path, f'tokens = "{tmp_path / "tokens.json"}"\n') as served:
        visit = visiting(browser, served.url)
        page = visit.page

        def now():
            with CatalogStore(served.folder / "catalog.sqlite") as store:
                return store.event(event.event_id)

        visit.go(f"event/{event.event_id}")
        page.get_by_text("Settings").click()
        page.get_by_label("Token").fill(word)
        page.get_by_role("button", name="Use", exact=True).click()
        page.keyboard.press("Escape")
        page.get_by_label("Change picks").check()
        shift = page.locator(".review .picks input[type=number]").first
        shift.fill("0.05")
        shift.press("Tab")
        page.locator(".review .picks input[type=checkbox]").nth(1).uncheck()
        page.get_by_role("button", name="Relocate").click()
        page.locator("main").get_by_text("reviewed").first.wait_for(timeout=90_000)
        located = now()
        assert located is not None
        assert (located.origin.evaluation_mode, located.origin.evaluation_status) == ("manual", "reviewed")
        assert len(located.origin.arrivals) == len(event.origin.arrivals) - 1
        page.get_by_role("button", name="Reject").click()
        page.get_by_text("This event was cancelled").wait_for()
        assert now() is None
        page.get_by_role("button", name="Confirm").click()
        page.get_by_text("This event was cancelled").wait_for(state="detached")
        assert now() is not None
        page.context.close()
        assert visit.foreign == []
