"""How long after its last sample the tensor of a live event is there, on a simulated network that is replayed.

python -m benchmarks.tensors.live [--speed 2]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from wadati.engine.flow import Flow
from wadati.engine.greens_building import build_store
from wadati.engine.live.runner import live
from wadati.engine.mechanism_settings import Tensor
from wadati.engine.mechanisms import has_tensor
from wadati.greens.axis import parse_axis
from wadati.greens.stored import StoredGreens
from wadati.sources.replay import Replay
from wadati.synthetics.scenario import simulate
from wadati.traveltime.models import GIL7

STATIONS, MINUTES, SEED = 30, 10, 4


def measure(speed: float = 2.0) -> dict[str, str]:
    """A network of 30 stations with one earthquake of magnitude 4 to 5, as if it were happening."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"{folder}/greens"
        build_store(url, GIL7, parse_axis("1:40:1"), parse_axis("2:16:2"), (0.02, 0.2), workers=os.cpu_count() or 1)
        simulate(SEED, stations=STATIONS, minutes=MINUTES, greens=StoredGreens(url)).write(Path(folder))
        began, before = time.perf_counter(), os.times()
        flow = Flow(tensor=Tensor(greens=url))
        source = Replay(Path(folder) / "waveforms", speed)
        result = live([source], Path(folder) / "stations.xml", Path(folder) / "net", flow=flow)
        spent, after = time.perf_counter() - began, os.times()
        assert result.catalog is not None
        told = result.status["mechanisms"]
        cpu = sum(after[:4]) - sum(before[:4])
        return {
            "from last sample needed to tensor (s)": f"{(told['delay_s'] or {}).get('0.99')}",
            "tensors made while it went on": f"{told['tensors']}, {told['failed']} failed",
            "tensors of the closed catalog": f"{sum(has_tensor(event) for event in result.catalog)}",
            "record in to pick stored, 99 % (s)": f"{(result.status['picks']['latency_s'] or {}).get('0.99')}",
            "CPU of the run, closing included (s)": f"{cpu:.0f} in {spent:.0f} s at {speed:g} times real time",
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=2.0, help="times real time (default: 2)")
    for name, value in measure(parser.parse_args().speed).items():
        print(f"{name}: {value}")
