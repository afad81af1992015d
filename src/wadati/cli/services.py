"""`wadati live ingest|pick|associate|publish`: one service of a live run on a bus."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from wadati.cli.options import NO_STATIONS, given
from wadati.cli.terminal import LogLines, table
from wadati.errors import InputError, UsageError

if TYPE_CHECKING:
    from wadati.bus.nats import NatsBus
    from wadati.engine.flow import Flow
    from wadati.model import Inventory


def serve(options: argparse.Namespace, flow: Flow, stop: threading.Event) -> int:
    """Run one service until it is told to stop, or, for ingest, until the sources end."""
    from wadati.engine.live.status import serve_metrics
    from wadati.engine.services.session import open_bus
    from wadati.engine.services.status import metrics

    say = LogLines()
    address = given(options, "bus")
    store = "" if options.service == "ingest" else str(given(options, "store"))
    moves = options.service == "publish" and (options.stations is not None or flow.tensor.greens is not None)
    inventory = _inventory(options) if moves or options.service in ("pick", "associate") else None
    folder = Path(given(options, "output")) if options.service == "publish" else options.output
    bus = open_bus(address, stop, say)
    if bus is None:
        return 0
    with bus:
        server = serve_metrics(lambda: metrics(bus), flow.live.metrics_port)
        try:
            _run(options, flow, inventory, store, folder, bus, stop, say)
        finally:
            if server is not None:
                server.shutdown()
                server.server_close()
    return 0


def _run(
    options: argparse.Namespace,
    flow: Flow,
    inventory: Inventory | None,
    store: str,
    folder: Path | None,
    bus: NatsBus,
    stop: threading.Event,
    say: LogLines,
) -> None:
    if options.service == "ingest":
        from wadati.engine.live.addresses import open_all
        from wadati.engine.services.ingest import ingest

        sources, _ = open_all(given(options, "source"), options.stations, folder or Path())
        ingest(sources, bus, stop, say)
    elif inventory is not None and options.service == "pick":
        from wadati.engine.services.pick import pick

        pick(flow, inventory, store, bus, stop, say)
    elif inventory is not None and options.service == "associate":
        from wadati.engine.services.associate import associate

        associate(flow, inventory, store, bus, stop, say)
    elif folder is not None:
        from wadati.engine.services.publish import publish

        folder.mkdir(parents=True, exist_ok=True)
        sites = {"peer": options.peer, "standby": options.standby}
        publish(flow, store, folder, bus, stop, say, inventory=inventory, **sites)


def _inventory(options: argparse.Namespace) -> Inventory:
    from wadati.formats.inventory import read_inventory

    if options.stations is None:
        raise UsageError(NO_STATIONS)
    return read_inventory(options.stations)[0]


def print_statuses(address: str, *, as_json: bool) -> int:
    """How all services on a bus do."""
    import msgspec

    from wadati.bus.nats import NatsBus
    from wadati.engine.services.status import read_statuses

    with NatsBus(address) as bus:
        records = read_statuses(bus)
    if as_json:
        print(msgspec.json.encode(records).decode())
        return 0
    if not records:
        raise InputError(address, "has no services that said anything within a minute", "start wadati live SERVICE")
    for record in records:
        told = {name: value for name, value in record.items() if name not in ("service", "member", "written")}
        rows = [(name.replace("_", " "), _words(value)) for name, value in told.items()]
        table(f"{record['service']} {record['member']}", rows)
    return 0


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(_words, value))
    return "unknown" if value is None else str(value)
