"""`wadati live ingest|pick|associate|publish`: one service of a live run on a bus."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from wadati.cli.commands import NO_STATIONS, given
from wadati.cli.terminal import LogLines
from wadati.errors import UsageError

if TYPE_CHECKING:
    from wadati.engine.flow import Flow
    from wadati.model import Inventory


def serve(options: argparse.Namespace, flow: Flow, stop: threading.Event) -> int:
    """Run one service until it is told to stop, or, for ingest, until the sources end."""
    from wadati.engine.services.session import open_bus

    say = LogLines()
    address = given(options, "bus")
    store = "" if options.service == "ingest" else str(given(options, "store"))
    inventory = _inventory(options) if options.service in ("pick", "associate") else None
    folder = Path(given(options, "output")) if options.service == "publish" else options.output
    bus = open_bus(address, stop, say)
    if bus is None:
        return 0
    with bus:
        if options.service == "ingest":
            from wadati.engine.live.addresses import open_all
            from wadati.engine.services.ingest import ingest

            sources, _ = open_all(given(options, "source"), options.stations, folder or Path())
            ingest(sources, bus, stop, say)
        elif inventory is not None and options.service == "pick":
            from wadati.engine.services.pick import pick

            pick(flow, inventory, store, bus, stop, say)
        elif inventory is not None:
            from wadati.engine.services.associate import associate

            associate(flow, inventory, store, bus, stop, say)
        else:
            from wadati.engine.services.publish import publish

            folder.mkdir(parents=True, exist_ok=True)
            publish(flow, store, folder, bus, stop, say)
    return 0


def _inventory(options: argparse.Namespace) -> Inventory:
    from wadati.formats.inventory import read_inventory

    if options.stations is None:
        raise UsageError(NO_STATIONS)
    return read_inventory(options.stations)[0]
