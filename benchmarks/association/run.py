"""One association in a process of its own, so that its CPU seconds and memory are its own and a cap can end it.

`python -m benchmarks.association.run ORDER RESULT` is what `associate` starts, in any interpreter that can import
wadati: the rival may need another than the house. Both read the same file of picks.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from wadati import registry
from wadati.model import Inventory, Pick, VelocityModel
from wadati.protocols import Candidate

CAP = 600
"""CPU seconds that an association may take."""

_ROOT = Path(__file__).resolve().parents[2]
_WARM_UP_PICKS = 300


class Order(msgspec.Struct, frozen=True):
    """What to run (a registered name, or `module:Class`), with what settings, on what."""

    associator: str
    settings: dict[str, Any]
    picks: tuple[Pick, ...]
    inventory: Inventory
    model: VelocityModel


class Result(msgspec.Struct, frozen=True):
    """Candidates and cost: CPU seconds of the association and, before it, of a first one on a few picks (imports,
    compilation); the greatest memory of the process (MB), picks and tables included. `failure` says why there is none.
    """

    candidates: tuple[Candidate, ...] = ()
    cpu: float = float("nan")
    first_cpu: float = float("nan")
    memory: float = float("nan")
    failure: str = ""


def associate(
    associator: str,
    picks: Iterable[Pick],
    inventory: Inventory,
    model: VelocityModel,
    *,
    settings: dict[str, Any] | None = None,
    python: str = sys.executable,
    cap: int = CAP,
) -> Result:
    """Run an associator in a process of its own, on one thread; ended after `cap` CPU seconds."""
    order = Order(associator, settings or {}, tuple(picks), inventory, model)
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "order", Path(folder) / "result"
        paths[0].write_bytes(msgspec.msgpack.encode(order))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        done = subprocess.run(
            [python, "-m", "benchmarks.association.run", *map(str, paths), str(cap)],
            cwd=_ROOT,
            env=os.environ | threads,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return msgspec.msgpack.decode(paths[1].read_bytes(), type=Result)
    if done.returncode == -signal.SIGXCPU:
        return Result(failure=f"ended after {cap} CPU s")
    if done.returncode < 0:
        return Result(failure=f"ended by signal {-done.returncode}")
    return Result(failure=done.stderr.strip().splitlines()[-1])


def make(name: str, settings: dict[str, Any]) -> Any:
    """An associator by registered name, or a class by `module:Class`, with settings."""
    if ":" not in name:
        return registry.load("associators", name)(**settings)
    module, _, part = name.partition(":")
    return getattr(import_module(module), part)(**settings)


def main(order_path: str, result_path: str, cap: str) -> None:
    order = msgspec.msgpack.decode(Path(order_path).read_bytes(), type=Order)
    associator = make(order.associator, order.settings)
    began = time.process_time()
    associator.associate(order.picks[:_WARM_UP_PICKS], order.inventory, order.model)
    middle = time.process_time()
    limit = int(middle) + int(cap) + 1
    # A hard limit beyond the soft one, so that the signal tells the cap from other ends.
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 10))
    candidates = associator.associate(order.picks, order.inventory, order.model)
    cpu = time.process_time() - middle
    Path(result_path).write_bytes(msgspec.msgpack.encode(Result(tuple(candidates), cpu, middle - began, _memory())))


def _memory() -> float:
    """The greatest memory of this process (MB). What getrusage says includes the parent's at the fork."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
