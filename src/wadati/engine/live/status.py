"""How a live run does: `live/status.json` for people and `wadati status`, `/metrics` for Prometheus."""

from __future__ import annotations

import http.server
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from wadati.bus.memory import MemoryBus
from wadati.engine.live.delivery import Listeners
from wadati.engine.live.events_process import EventsProcess
from wadati.engine.live.intake import Intake
from wadati.engine.live.mechanisms import Mechanisms
from wadati.engine.live.picking import Picking
from wadati.engine.live.usage import cpu_seconds, largest_memory_mb
from wadati.formats.atomic import atomic_write
from wadati.model import format_time
from wadati.protocols import PacketSource

STALE_S = 20.0
"""A status this old (s) is that of a run that ended without a word."""

_WINDOW_S = 60.0


class Status:
    """What there is to know of a run, gathered when asked."""

    def __init__(
        self,
        folder: Path,
        picking: Picking,
        events: EventsProcess,
        intake: Intake,
        bus: MemoryBus,
        listeners: Listeners,
        mechanisms: Mechanisms,
        stations: Path,
    ) -> None:
        self._station_file = str(stations.resolve())
        self._path = folder / "live" / "status.json"
        self._picking, self._events, self._intake, self._bus = picking, events, intake, bus
        self._listeners, self._mechanisms = listeners, mechanisms
        self._began = time.time()
        self._picks: deque[tuple[float, int]] = deque(maxlen=100)

    def gather(self, *, running: bool) -> dict[str, Any]:
        """The status as plain values."""
        picking, events = self._picking, self._events
        now = time.time()
        self._picks.append((now, picking.early.made + picking.early.final))
        while len(self._picks) > 1 and now - self._picks[0][0] > _WINDOW_S:
            self._picks.popleft()
        spent = max(now - self._picks[0][0], 1.0)
        known = events.summary
        health = picking.health()
        early = picking.early
        decided = early.confirmed + early.withdrawn
        return {
            "running": running,
            "written": now,
            "since": self._began,
            "data_time": format_time(picking.clock) if picking.clock else None,
            "sources": [{"name": s.name, "connected": _connected(s)} for s in self._intake.sources],
            "station_file": self._station_file,
            "stations": msgspec.to_builtins(health),
            "picks": {
                "early": early.made,
                "final": early.final,
                "per_minute": round(60 * (self._picks[-1][1] - self._picks[0][1]) / spent, 1),
                "early_withdrawn": early.withdrawn,
                "early_false_rate": round(early.withdrawn / decided, 4) if decided else None,
                "early_missed_rate": round(early.missed / early.final, 4) if early.final else None,
                "latency_s": quantiles(picking.latencies),
            },
            "events": {
                "open": known.open,
                "final": known.final,
                "retracted": known.retracted,
                "first_origin_delay_s": quantiles(known.delays),
                "step_s": quantiles(known.steps),
            },
            "queues": {"intake": self._intake.depth} | {one.name: one.depth for one in self._bus.listeners},
            "shed": {one.name: one.shed for one in self._bus.listeners if one.shed},
            "mechanisms": {
                "waiting": self._mechanisms.waiting,
                "tensors": self._mechanisms.made,
                "failed": self._mechanisms.failed,
                "delay_s": quantiles(self._mechanisms.delays),
            },
            "sent": dict(self._listeners.sent),
            "given_up": dict(self._listeners.given_up),
            "problems": msgspec.to_builtins(list(picking.problems.values())[-20:]),
            "cpu_s": round(cpu_seconds() + known.cpu_s, 1),
            "memory_mb": round(largest_memory_mb() + known.memory_mb, 1),
        }

    def write(self, *, running: bool) -> dict[str, Any]:
        """Write `live/status.json`."""
        record = self.gather(running=running)
        with atomic_write(self._path) as path:
            path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
        return record

    def metrics(self) -> str:
        """The status in the text format of Prometheus 0.0.4."""
        record = self.gather(running=True)
        lines: list[str] = []

        def put(name: str, words: str, rows: list[tuple[str, Any]], kind: str = "gauge") -> None:
            lines.append(f"# HELP wadati_{name} {words}")
            lines.append(f"# TYPE wadati_{name} {kind}")
            lines.extend(f"wadati_{name}{labels} {value}" for labels, value in rows if value is not None)

        stations = record["stations"]
        names = [f'{{network="{s["network"]}",station="{s["station"]}"}}' for s in stations]
        put("data_latency_seconds", "Age of the latest sample.", _rows(names, stations, "data_latency_s"))
        put("feed_latency_seconds", "Time since a record came in.", _rows(names, stations, "feed_latency_s"))
        bad = [(name, int(s["state"] != "ok")) for name, s in zip(names, stations, strict=True)]
        put("station_unwell", "1 where a station is silent, late or its clock is not believed.", bad)
        picks = record["picks"]
        put("picks_total", "Picks made.", [(f'{{class="{c}"}}', picks[c]) for c in ("early", "final")], "counter")
        put("early_withdrawn_total", "Early picks withdrawn.", [("", picks["early_withdrawn"])], "counter")
        for name, words, values in (
            ("pick_latency_seconds", "From record in to early pick stored.", picks["latency_s"]),
            (
                "first_origin_delay_seconds",
                "From the fourth P to the first origin.",
                record["events"]["first_origin_delay_s"],
            ),
        ):
            put(name, words, [(f'{{quantile="{q}"}}', value) for q, value in (values or {}).items()])
        events = [(f'{{state="{s}"}}', record["events"][s]) for s in ("open", "final", "retracted")]
        put("events", "Events that are followed, by state.", events)
        put(
            "queue_depth", "Messages that wait.", [(f'{{queue="{_clean(q)}"}}', n) for q, n in record["queues"].items()]
        )
        put(
            "shed_total",
            "Messages shed.",
            [(f'{{queue="{_clean(q)}"}}', n) for q, n in record["shed"].items()],
            "counter",
        )
        put(
            "given_up_total",
            "Messages that could not be sent.",
            [(f'{{outlet="{_clean(q)}"}}', n) for q, n in record["given_up"].items()],
            "counter",
        )
        connected = [(f'{{source="{_clean(s["name"])}"}}', int(bool(s["connected"]))) for s in record["sources"]]
        put("source_connected", "1 where a source is connected.", connected)
        put("problems", "Problems that were told.", [("", len(record["problems"]))])
        put("cpu_seconds_total", "CPU time.", [("", record["cpu_s"])], "counter")
        put("memory_megabytes", "Largest memory.", [("", record["memory_mb"])])
        return "\n".join(lines) + "\n"


def _rows(names: list[str], stations: list[dict[str, Any]], field: str) -> list[tuple[str, Any]]:
    return [(name, one[field]) for name, one in zip(names, stations, strict=True) if one[field] >= 0]


def _clean(text: str) -> str:
    return text.replace("\\", "/").replace('"', "'").replace("\n", " ")


def _connected(source: PacketSource) -> bool:
    return bool(getattr(source, "connected", True))


def quantiles(values: Any) -> dict[str, float] | None:
    """Median, 90 % and 99 %; None of nothing."""
    held = list(values)
    if not held:
        return None
    return {name: round(float(np.quantile(held, q)), 3) for name, q in (("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99))}


def serve_metrics(metrics: Callable[[], str], port: int | None) -> http.server.ThreadingHTTPServer | None:
    """Serve `/metrics` on loopback from a thread; None without a port. The port taken is the server's."""
    if port is None:
        return None

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            body = metrics().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def read_status(folder: Path) -> dict[str, Any] | None:
    """The status that a run left in its output folder, `stale` where it ended without a word; None for none."""
    try:
        record: dict[str, Any] = msgspec.json.decode((folder / "live" / "status.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    record["stale"] = bool(record["running"]) and time.time() - record["written"] > STALE_S
    return record
