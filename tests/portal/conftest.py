"""A real browser before a service of the small network; without Chromium these tests are passed over."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.api.conftest import Served, serving
from tests.conftest import Small
from wadati.engine.live.journal import Journal
from wadati.model import TimeSpan, format_time
from wadati.protocols import Packet
from wadati.sources.archive import Archive
from wadati.sources.selection import Selection

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("WADATI_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(__file__).resolve().parents[2] / "portal" / "node_modules" / "axe-core" / "axe.min.js"
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a screen."""
    api = pytest.importorskip("playwright.sync_api", reason="browser: playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip("browser: there is no chromium (or name one in WADATI_CHROMIUM)")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page in the browser, and what went wrong on it: errors, and requests that left the host."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def go(self, where: str) -> None:
        """Open a page of the portal (`events`) and wait until its heading is there."""
        self.page.goto(f"{self.url}/portal/#/{where}")
        self.page.locator("main h1").first.wait_for()

    def axe(self) -> list[str]:
        """What axe finds wrong, in words."""
        if not AXE.is_file():
            pytest.skip("axe-core: run make portal")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


def visiting(browser: Browser, url: str, **options: object) -> Visit:
    """A browser's window of its own, without what others stored."""
    context = browser.new_context(**({"viewport": {"width": 1360, "height": 860}, "locale": "en-GB"} | options))  # type: ignore[arg-type]
    visit = Visit(context.new_page(), url)
    visit.page.on("pageerror", lambda error: visit.errors.append(error.message))
    visit.page.on("console", lambda said: visit.errors.append(said.text) if said.type == "error" else None)
    host = urlsplit(url).netloc

    def asked(address: str) -> None:
        if not address.startswith(("blob:", "data:")) and urlsplit(address).netloc != host:
            visit.foreign.append(address)

    visit.page.on("request", lambda request: asked(request.url))
    return visit


@pytest.fixture
def visit(browser: Browser, portal: Served) -> Iterator[Visit]:
    """A window before the service; whatever a test does, nothing may go wrong or leave the host."""
    found = visiting(browser, portal.url)
    yield found
    found.page.context.close()
    assert found.errors == []
    assert found.foreign == []


@pytest.fixture(scope="session")
def portal(small: Small, near_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service of the small network, whose live run seems to go on."""
    with serving(small, tmp_path_factory.mktemp("portal"), greens=near_store) as found:
        run_on(found.folder, small)
        yield found


def run_on(folder: Path, small: Small) -> None:
    """What a live run leaves while it goes on: the last two minutes in its journal, and its status."""
    archive = Archive(sorted(small.waveforms.iterdir()))
    end = max(one.span.end for one in archive.extents())
    span = TimeSpan(end - 120 * 10**9, end)
    records = list(archive.records([Selection("*", "*", "*", "*", span)]))
    journal = Journal(folder / "live" / "journal")
    journal.append([Packet(record, "test", number, time.time_ns(), end) for number, record in enumerate(records)])
    journal.close()
    stations = [
        {
            "network": one.network,
            "station": one.code,
            "state": "ok" if number else "late",
            "data_latency_s": 2.5,
            "feed_latency_s": 1.5,
            "words": "" if number else "its last sample is 40 s old",
        }
        for number, one in enumerate(small.scenario.inventory.stations())
    ]
    status = {
        "running": True,
        "written": time.time() + 3600,
        "data_time": format_time(end),
        "stations": stations,
        "sources": [],
        "picks": {"per_minute": 12.0},
    }
    (folder / "live" / "status.json").write_bytes(msgspec.json.encode(status))
