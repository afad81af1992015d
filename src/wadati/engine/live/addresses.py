"""Sources by their addresses, and the simulator, which needs synthetics and sources alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs

from wadati.errors import UsageError
from wadati.protocols import PacketSource
from wadati.sources.addresses import open_source
from wadati.sources.replay import Replay
from wadati.synthetics.scenario import simulate

SIMULATOR = "simulator:"


def open_all(addresses: Sequence[str], stations: Path | None, output: Path) -> tuple[list[PacketSource], Path | None]:
    """The sources of addresses, and the station file: that of the simulator where none is given and there is one.

    `simulator:?seed=1&speed=1&stations=30&minutes=20` writes a simulated network into `output/simulated` and replays
    it. Raises `UsageError` for an address that is none.
    """
    sources: list[PacketSource] = []
    for address in addresses:
        if not address.startswith(SIMULATOR):
            sources.append(open_source(address))
            continue
        folder = output / "simulated"
        given = {name: values[-1] for name, values in parse_qs(address.partition("?")[2]).items()}
        try:
            seed, count = int(given.pop("seed", 1)), int(given.pop("stations", 30))
            minutes, speed = float(given.pop("minutes", 20)), float(given.pop("speed", 1))
        except ValueError as error:
            raise UsageError(f"{address}: {error}") from None
        if given:
            raise UsageError(f"{address}: unknown {', '.join(given)}; there are seed, stations, minutes, speed")
        if not (folder / "stations.xml").exists():
            folder.mkdir(parents=True, exist_ok=True)
            simulate(seed, stations=count, minutes=minutes).write(folder)
        sources.append(Replay(folder / "waveforms", speed))
        stations = stations or folder / "stations.xml"
    return sources, stations
