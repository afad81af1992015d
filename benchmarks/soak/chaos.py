"""Everything dies at random while a network is live, and the catalog has to be that of a run that nobody disturbed.

python -m benchmarks.soak.chaos --minutes 60 --seed 1 --output soak
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from benchmarks.disk import SmallDisk
from benchmarks.line import Line
from benchmarks.servers import NatsServer, PostgresServer
from benchmarks.soak.cluster import FAKETIME, Cluster, outcome
from wadati.synthetics.scenario import simulate

SERVICES = ("pick-1", "pick-2", "associate-1", "associate-2", "publish-1", "ingest-1")
STATIONS = 12
Outcome = tuple[list[str], list[tuple[object, ...]]]
Say = Callable[[str], None]


DISK_MB = 1500


class Running:
    """A whole cluster with servers of its own, each service on lines of its own, while used in `with`.

    Where `disks`, both servers have small disks, if the machine allows it.
    """

    def __init__(self, folder: Path, simulated: Path, speed: float, *, disks: bool = False) -> None:
        self.folder, self.simulated, self.speed = folder, simulated, speed
        self.disks: dict[str, SmallDisk] = {}
        self.lines: dict[str, tuple[Line, Line]] = {}
        self._disks = disks and SmallDisk.missing() is None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # PostgreSQL names a socket in its folder, and such names are short.
            short = stack.enter_context(tempfile.TemporaryDirectory(prefix="wadati-pg-", ignore_cleanup_errors=True))
            at = {"nats": self.folder / "nats", "postgresql": Path(short)}
            if self._disks:
                self.disks = {name: stack.enter_context(SmallDisk(path, DISK_MB)) for name, path in at.items()}
            self.nats, self.postgres = NatsServer(at["nats"]), PostgresServer(at["postgresql"])
            for server in (self.nats, self.postgres):
                server.start()
                stack.callback(server.stop)
            stations, source = self.simulated / "stations.xml", f"replay:{self.simulated / 'waveforms'}"
            bus, store = f"{self.nats.url}/soak", self.postgres.url
            self.cluster = Cluster(self.folder / "services", bus, store, stations, f"{source}?speed={self.speed:g}")
            for name in SERVICES:
                self.lines[name] = Line(self.nats.port), Line(self.postgres.port)
                for line in self.lines[name]:
                    stack.callback(line.close)
                to_bus, to_store = (str(line.port) for line in self.lines[name])
                own_bus = bus.replace(str(self.nats.port), to_bus)
                self.cluster.addresses[name] = own_bus, store.replace(str(self.postgres.port), to_store)
            stack.callback(self.cluster.stop)
            for name in SERVICES:
                self.cluster.start(name)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def fill(self, name: str, seconds: float) -> None:
        """Fill a server's disk for a while; then somebody makes room and starts the server again."""
        server = self.nats if name == "nats" else self.postgres
        self.disks[name].fill()
        time.sleep(seconds)
        self.disks[name].free()
        server.kill()
        server.start()

    def cut(self, name: str, seconds: float) -> None:
        """Nothing passes between a service and the bus and the store for a while."""
        for line in self.lines[name]:
            line.cut()
        time.sleep(seconds)
        for line in self.lines[name]:
            line.mend()


def calm(folder: Path, simulated: Path, speed: float = 20.0) -> Outcome:
    """What comes out where nothing dies."""
    with Running(folder, simulated, speed) as running:
        running.cluster.wait_until_over(600)
        return outcome(running.postgres.url)


def disturbed(
    folder: Path, simulated: Path, seconds: float, speed: float, seed: int, say: Say
) -> tuple[Outcome, dict[str, int]]:
    """What comes out where for so many seconds something dies every few of them, and how often each did."""
    draw = random.Random(seed)
    done: dict[str, int] = {}
    with Running(folder, simulated, speed, disks=True) as running:
        cluster, nats, postgres = running.cluster, running.nats, running.postgres
        victims = [*SERVICES, *SERVICES, "nats", "postgresql", "nats hangs", "pick-1 hangs"]
        victims += [f"{name} is cut off" for name in ("pick-2", "associate-1", "ingest-1")]
        victims += [f"{name} has a full disk" for name in running.disks]
        victims += ["pick-2 has another clock", "associate-1 has another clock"] if FAKETIME else []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(draw.uniform(1.0, 6.0))
            victim, away = draw.choice(victims), draw.uniform(0.0, 6.0)
            if victim == "ingest-1" and cluster.said("ingest-1", "ended"):
                continue
            say(f"{victim}, for {away:.1f} s")
            done[victim] = done.get(victim, 0) + 1
            name, _, what = victim.partition(" ")
            if what == "is cut off":
                running.cut(name, 3 * away)
            elif what == "has a full disk":
                running.fill(name, away)
            elif victim == "nats":
                nats.kill()
                time.sleep(away)
                nats.start()
            elif victim == "postgresql":
                postgres.kill()
                time.sleep(away)
                postgres.start()
            elif victim == "nats hangs":
                nats.pause(away)
            elif what == "hangs":
                cluster.pause(name, away)
            else:
                cluster.kill(name)
                time.sleep(away)
                cluster.start(name, draw.choice(["+3600s", "-3600s"]) if what else "")
        cluster.wait_until_over(300 + seconds)
        return outcome(postgres.url), done


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--output", type=Path, default=Path("soak"))
    given = options.parse_args(arguments)
    given.output.mkdir(parents=True, exist_ok=True)
    simulated = given.output / "simulated"
    if not simulated.exists():
        simulate(3, stations=STATIONS, minutes=given.minutes).write(simulated)
    expected = calm(given.output / "calm", simulated)
    with (given.output / "chaos.log").open("a") as log:

        def say(words: str) -> None:
            line = f"{time.strftime('%H:%M:%S')} {words}"
            print(line, flush=True)
            log.write(line + "\n")

        found, done = disturbed(given.output / "disturbed", simulated, 60 * given.minutes, 1.0, given.seed, say)
        say(f"{sum(done.values())} deaths: {msgspec.json.encode(done).decode()}")
        say(f"picks {len(found[0])} of {len(expected[0])}, events {len(found[1])} of {len(expected[1])}")
        for words, ours, theirs in (("missing", expected, found), ("more", found, expected)):
            for event in ours[1]:
                if event not in theirs[1]:
                    say(f"{words}: {event}")
        say("the catalog is that of the undisturbed run" if found == expected else "THE CATALOGS DIFFER")
    return 0 if found == expected else 1


if __name__ == "__main__":
    sys.exit(main())
