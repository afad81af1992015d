"""How services do: each says it on the bus every few seconds, and any machine can ask."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from wadati.bus.nats import NatsBus
from wadati.engine.live.events import LiveEvents
from wadati.engine.live.picking import Picking
from wadati.engine.live.status import quantiles
from wadati.engine.live.usage import cpu_seconds, largest_memory_mb
from wadati.model import format_time

TELL_S = 5.0
"""Seconds between two words of a service."""


class Telling:
    """What a service says of itself, every `TELL_S` seconds. What the bus does not take is not said."""

    def __init__(self, bus: NatsBus, service: str, member: str) -> None:
        self._bus, self._service, self._member = bus, service, member
        self._told = 0.0

    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() - self._told > TELL_S

    def tell(self, **what: Any) -> None:
        """Say it."""
        self._told = time.monotonic()
        common = {"written": time.time(), "cpu_s": round(cpu_seconds(), 1), "memory_mb": round(largest_memory_mb(), 1)}
        try:
            self._bus.tell(f"{self._service}.{self._member}", msgspec.json.encode(common | what))
        except ConnectionError:
            return


def of_picking(picking: Picking) -> dict[str, Any]:
    """How a picker does."""
    early = picking.early
    decided = early.confirmed + early.withdrawn
    return {
        "data_time": format_time(picking.clock) if picking.clock else None,
        "stations": len(picking.streaming.states),
        "unwell": [f"{one.network}.{one.station}: {one.words}" for one in picking.health() if one.state != "ok"][:20],
        "picks": {"early": early.made, "final": early.final},
        "early_false_rate": round(early.withdrawn / decided, 4) if decided else None,
        "early_missed_rate": round(early.missed / early.final, 4) if early.final else None,
        "latency_s": quantiles(picking.latencies),
        "problems": msgspec.to_builtins(list(picking.problems.values())[-20:]),
    }


def of_events(events: LiveEvents) -> dict[str, Any]:
    """How the associator does."""
    states = [one.state for one in events.open.values()]
    return {
        "events": {
            "open": sum(state in ("created", "updated") for state in states),
            "final": states.count("final"),
            "retracted": states.count("retracted"),
        },
        "first_origin_delay_s": quantiles(events.delays),
    }


def read_statuses(bus: NatsBus) -> list[dict[str, Any]]:
    """What all services said last, each with its `service` and `member`."""
    found = []
    for name, content in bus.told().items():
        service, _, member = name.partition(".")
        found.append({"service": service, "member": member} | msgspec.json.decode(content))
    return found


def metrics(bus: NatsBus) -> str:
    """How all services do in the text format of Prometheus 0.0.4, under the names of the one process."""
    rows: dict[str, list[str]] = {}

    def put(name: str, labels: str, value: Any) -> None:
        if isinstance(value, (int, float)):
            rows.setdefault(f"wadati_{name}", []).append(f"wadati_{name}{{{labels}}} {value}")

    for record in read_statuses(bus):
        who = f'service="{record["service"]}",member="{record["member"]}"'
        put("service_up", who, 1)
        for field, name in _NUMBERS.items():
            put(name, who, record.get(field))
        for field, (name, label) in _GROUPS.items():
            for one, value in (record.get(field) or {}).items():
                put(name, f'{who},{label}="{one}"', value)
    lines = []
    for name, own in rows.items():
        lines += [f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}", *own]
    return "\n".join(lines) + "\n"


_NUMBERS = {
    "cpu_s": "cpu_seconds_total",
    "memory_mb": "memory_megabytes",
    "stations": "stations",
    "packets": "packets_total",
    "waiting": "packets_waiting",
}
_GROUPS = {
    "picks": ("picks_total", "class"),
    "events": ("events", "state"),
    "latency_s": ("pick_latency_seconds", "quantile"),
    "first_origin_delay_s": ("first_origin_delay_seconds", "quantile"),
}
