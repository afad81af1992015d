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
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.servers import NatsServer, PostgresServer
from benchmarks.soak.cluster import FAKETIME, Cluster, outcome
from wadati.synthetics.scenario import simulate

SERVICES = ("pick-1", "pick-2", "associate-1", "associate-2", "publish-1", "ingest-1")
STATIONS = 12
Outcome = tuple[list[str], list[tuple[object, ...]]]
Say = Callable[[str], None]


@contextmanager
def running(folder: Path, simulated: Path, speed: float):
    """A whole cluster with servers of its own: (cluster, NATS, PostgreSQL)."""
    with tempfile.TemporaryDirectory(prefix="wadati-pg-", ignore_cleanup_errors=True) as short:
        nats, postgres = NatsServer(folder / "nats"), PostgresServer(Path(short))
        cluster = Cluster(
            folder / "services",
            f"{nats.url}/soak",
            postgres.url,
            simulated / "stations.xml",
            f"replay:{simulated / 'waveforms'}?speed={speed:g}",
        )
        nats.start()
        postgres.start()
        try:
            for name in SERVICES:
                cluster.start(name)
            yield cluster, nats, postgres
        finally:
            cluster.stop()
            postgres.stop()
            nats.stop()


def calm(folder: Path, simulated: Path, speed: float = 20.0) -> Outcome:
    """What comes out where nothing dies."""
    with running(folder, simulated, speed) as (cluster, _, postgres):
        cluster.wait_until_over(600)
        return outcome(postgres.url)


def disturbed(
    folder: Path, simulated: Path, seconds: float, speed: float, seed: int, say: Say
) -> tuple[Outcome, dict[str, int]]:
    """What comes out where for so many seconds something dies every few of them, and how often each did."""
    draw = random.Random(seed)
    done: dict[str, int] = {}
    with running(folder, simulated, speed) as (cluster, nats, postgres):
        clocks = ["pick-2 has another clock", "associate-1 has another clock"] if FAKETIME else []
        victims = [*SERVICES, *SERVICES, "nats", "postgresql", "nats hangs", "pick-1 hangs", *clocks]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(draw.uniform(1.0, 6.0))
            victim, away = draw.choice(victims), draw.uniform(0.0, 6.0)
            if victim == "ingest-1" and cluster.said("ingest-1", "ended"):
                continue
            say(f"{victim}, for {away:.1f} s")
            done[victim] = done.get(victim, 0) + 1
            if victim == "nats":
                nats.kill()
                time.sleep(away)
                nats.start()
            elif victim == "postgresql":
                postgres.kill()
                time.sleep(away)
                postgres.start()
            elif victim == "nats hangs":
                nats.pause(away)
            elif victim.endswith("hangs"):
                cluster.pause(victim.split()[0], away)
            else:
                name, _, other = victim.partition(" ")
                cluster.kill(name)
                time.sleep(away)
                cluster.start(name, draw.choice(["+3600s", "-3600s"]) if other else "")
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
