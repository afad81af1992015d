"""The portal in headless Chromium (SwiftShader): how soon the map is there, script of a frame, and its size.

python -m benchmarks.portal [SECONDS]
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

import wadati
from benchmarks.api.crowd import serving
from wadati.engine.live.journal import Journal
from wadati.model import Catalog, format_time
from wadati.sources.replay import Replay
from wadati.store.catalog import CatalogStore
from wadati.synthetics.scenario import simulate
from wadati.units import MINUTE, SECOND

CHROMIUM = os.environ.get("WADATI_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
STATIONS, MINUTES, VISITS = 60, 6, 9
SCRIPT = {"FireAnimationFrame", "FunctionCall", "EvaluateScript", "TimerFire", "RunMicrotasks"}


def live(folder: Path, truth: Catalog) -> threading.Thread:
    """What a live run of simulated waveforms leaves in a folder: two minutes at once, then as time goes on."""
    first = min(event.origin.time for event in truth) // SECOND * SECOND
    middle = format_time(first + 2 * MINUTE)
    journal = Journal(folder / "live" / "journal")

    async def follow(source: Replay) -> None:
        async for packet in source.packets({}):
            journal.append([packet])

    asyncio.run(follow(Replay(folder / "waveforms", 0.0, end=middle)))
    status: dict[str, Any] = {
        "running": True,
        "written": time.time() + 3600,
        "data_time": middle,
        "station_file": str(folder / "stations.xml"),
        "stations": [],
    }
    (folder / "live" / "status.json").write_text(json.dumps(status))
    later = Replay(folder / "waveforms", 1.0, start=middle)
    thread = threading.Thread(target=lambda: asyncio.run(follow(later)), daemon=True)
    thread.start()
    return thread


def cpu_seconds() -> float:
    """CPU time of all processes of the browser, which are those of this one."""
    parents, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rsplit(")", 1)[1].split()
            browser = b"chrom" in (path / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(path.name)] = int(fields[1])
        spent[int(path.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if browser else 0.0

    def ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and ours(parents[pid]))

    return sum(seconds for pid, seconds in spent.items() if ours(pid))


def first_maps(browser: Browser, url: str) -> list[tuple[float, float]]:
    """Seconds from asking for the page until the map is drawn, in a browser that has nothing of it yet; and of CPU."""
    found = []
    for _ in range(VISITS):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto("about:blank")
        page.wait_for_timeout(500)
        before = cpu_seconds()
        page.goto(f"{url}/portal/")
        page.locator(".map[data-ready=true]").wait_for()
        wall = page.evaluate("performance.getEntriesByName('map')[0].startTime") / 1000
        found.append((wall, cpu_seconds() - before))
        context.close()
    return found


def frames(browser: Browser, url: str, seconds: float, where: Path) -> tuple[list[float], int]:
    """Milliseconds of script of each frame of the page of waveforms, and how many stations it shows."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.goto(f"{url}/portal/#/waveforms")
    page.locator(".lanes a").first.wait_for()
    page.wait_for_timeout(6000)
    lanes = page.locator(".lanes a").count()
    browser.start_tracing(page=page, path=where, categories=["devtools.timeline", "toplevel"])
    page.wait_for_timeout(seconds * 1000)
    browser.stop_tracing()
    page.close()
    return script_of_frames(json.loads(where.read_text())["traceEvents"]), lanes


def script_of_frames(events: list[dict[str, Any]]) -> list[float]:
    """All script between the beginnings of two frames (ms), of the thread that draws them.

    It is the CPU time of the thread where the browser tells that, so that what else the machine does counts nothing.
    """
    begun = [one for one in events if one["name"] == "FireAnimationFrame"]
    threads = [(one["pid"], one["tid"]) for one in begun]
    thread = max(set(threads), key=threads.count)
    spans = sorted(
        (one["ts"], one["ts"] + one.get("dur", 0), one.get("tdur", one.get("dur", 0)))
        for one in events
        if one["name"] in SCRIPT and one.get("ph") == "X" and (one["pid"], one["tid"]) == thread
    )
    outer: list[tuple[int, int, int]] = []
    for one in spans:
        if not outer or one[0] >= outer[-1][1]:
            outer.append(one)
    beginnings = sorted(one["ts"] for one, of in zip(begun, threads, strict=True) if of == thread)
    spent = np.zeros(len(beginnings))
    for start, _, cost in outer:
        spent[max(0, int(np.searchsorted(beginnings, start, "right")) - 1)] += cost / 1000
    return list(spent[:-1])


def size() -> int:
    """Bytes of all built files, each gzipped."""
    built = Path(wadati.__file__).parent / "api" / "portal" / "built"
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in built.rglob("*") if path.is_file())


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    print(f"size: {size() / 1000:.0f} kB gzipped; load of the machine before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scenario = simulate(1, stations=STATIONS, minutes=MINUTES)
        scenario.write(folder)
        with CatalogStore(folder / "catalog.sqlite") as store:
            store.upsert_events(scenario.truth)
        live(folder, scenario.truth)
        with sync_playwright() as playwright, serving(folder) as (url, _):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            visits = first_maps(browser, url)
            maps, cpu = [wall for wall, _ in visits], statistics.median(spent for _, spent in visits)
            told = f"median {statistics.median(maps):.2f}, least {min(maps):.2f}, most {max(maps):.2f} s of {VISITS}"
            print(f"first map: {told} (the first of all: {maps[0]:.2f} s); CPU of all of the browser {cpu:.2f} s")
            spent, lanes = frames(browser, url, seconds, folder / "trace.json")
            at = np.percentile(spent, [50, 95, 99])
            print(
                f"{lanes} stations, {len(spent)} frames in {seconds:g} s: script p50 {at[0]:.2f}, p95 {at[1]:.2f}, "
                f"p99 {at[2]:.2f}, most {max(spent):.2f} ms; above 8 ms: {sum(one > 8 for one in spent)}"
            )
            browser.close()


if __name__ == "__main__":
    main()
