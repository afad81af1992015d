"""What picking a station-day costs by stage, from miniSEED bytes to stored picks, and SeisBench's classify beside it.

The day is an hour of one Ridgecrest station repeated (with all its aftershocks, far busier than most days), or a
simulated record where the real ones are not there. One thread, CPU seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.common import SHARED

HOURS = 24
_SAMPLES = 3000

COMMAND = """
import resource, sys, time
from wadati.cli.main import main
code = main(sys.argv[1:])
print(code, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(picker: str = "wadati", hours: int = HOURS) -> dict[str, object]:
    """Figures of one picker (as after `--picker`), or of the nearest one where it is not there."""
    os.environ["OMP_NUM_THREADS"] = "1"
    found: dict[str, object] = {}
    name, why = _available(picker)
    if why:
        found[f"{picker} cannot be used"] = f"{why}; measured with {name}"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        record, stations = _station_day(folder, hours)
        days = hours / 24
        short = folder / "short.mseed"
        short.write_bytes(record.read_bytes()[: 512 * 500])
        _stages(short, stations, name, folder / "short")  # what is imported and set up once
        stages, picks, inference = _stages(record, stations, name, folder / "out")
        total = sum(stages.values())
        found |= {f"{stage} (CPU s per station-day)": round(cpu / days, 3) for stage, cpu in stages.items()}
        found["from miniSEED bytes to stored picks (CPU s per station-day)"] = round(total / days, 2)
        found["all but inference (CPU s per station-day)"] = round((total - stages["inference"]) / days, 2)
        found["picks"] = picks
        cpu, memory = _command(record, stations, name, folder / "command")
        found["`wadati pick` with start and imports (CPU s)"] = round(cpu, 2)
        found["`wadati pick`, peak memory (MB)"] = round(memory)
        ours = stages["cut and normalise"] + stages["inference"] + stages["peaks"]
        found["windows of 30 s per CPU second, samples to picks"] = round(inference / ours)
        found["data seconds per CPU second, samples to picks"] = round(hours * 3600 / ours)
        found |= _seisbench(record, hours, ours, inference)
    return found


def _available(picker: str) -> tuple[str, str]:
    """The picker, or what stands in for it and why."""
    from wadati import registry
    from wadati.errors import WadatiError

    try:
        registry.make("pickers", picker)
    except WadatiError as error:
        weights = SHARED / "weights" / "phasenet_original_3000.onnx"
        return (f"neural:{weights}" if weights.exists() else "stalta"), str(error)
    return picker, ""


def _station_day(folder: Path, hours: int) -> tuple[Path, Path]:
    """A file of 512-byte Steim-2 records of three components, and its stations."""
    from wadati.formats.miniseed import read_miniseed, write_miniseed
    from wadati.model import Trace
    from wadati.synthetics.scenario import simulate

    data = SHARED / "data" / "ridgecrest-2019"
    if data.exists():
        stations, minutes = data / "stations.csv", 60
        traces, _ = read_miniseed(data / "waveforms" / "CI.CLC.mseed")
    else:
        scenario, minutes = simulate(1, stations=6, minutes=10), 10
        scenario.write(folder)
        stations = folder / "stations.xml"
        network, station = scenario.inventory.stations()[0].key
        traces = list(scenario.read(network, station))
    longest = {trace.source_id: trace for trace in sorted(traces, key=len)}
    repeated = []
    for source_id, trace in sorted(longest.items()):
        count = int(minutes * 60 * trace.sampling_rate)
        hour = np.resize(trace.data, count)
        repeated.append(Trace(source_id, trace.start, trace.sampling_rate, np.tile(hour, hours * 60 // minutes)))
    path = folder / "day.mseed"
    write_miniseed(repeated, path, version=2)
    return path, stations


def _stages(record: Path, stations: Path, name: str, output: Path) -> tuple[dict[str, float], int, float]:
    """CPU seconds by stage, the number of picks, and the length of all windows in windows of 30 s at 100 Hz."""
    from wadati import registry
    from wadati.engine import picking
    from wadati.engine.flow import Flow
    from wadati.engine.ledger import Ledger
    from wadati.engine.outputs import Outputs
    from wadati.formats.inventory import read_inventory
    from wadati.magnitudes.pick_amplitude import with_amplitudes
    from wadati.pickers import continuous, neural
    from wadati.sources.files import open_waveforms

    clock = _Clock()
    part = registry.make("pickers", name)
    inventory, _ = read_inventory(stations)
    outputs = Outputs(output, "pick", Flow(), Ledger(), inventory, stations)
    length = 0.0
    curves = part.curves

    def counted(windows: np.ndarray[Any, Any], missing: np.ndarray[Any, Any]) -> Any:
        nonlocal length
        length += windows.shape[0] * windows.shape[-1] * 100 / part.grid.sampling_rate_hz / _SAMPLES
        return curves(windows, missing)

    part.curves = clock.timed("inference", counted)
    cut = continuous.cut_windows
    normalise = getattr(neural, "normalise", None)
    with clock("read"):
        source = open_waveforms([record])
        network, station = source.source_ids()[0].station_key
        traces = tuple(source.read(network, station))
    with (
        mock.patch.object(continuous, "cut_windows", lambda *given: clock.iterated("cut and normalise", cut(*given))),
        mock.patch.object(neural, "normalise", clock.timed("cut and normalise", normalise))
        if normalise
        else nullcontext(),
        clock("peaks"),
    ):
        picks = continuous.pick_station(traces, part, source_ids=source.source_ids())
    with clock("amplitudes"):
        tracks, _ = picking.station_amplitudes(traces, inventory)
        picks = with_amplitudes(picks, tracks)
    with clock("store"):
        outputs.write_picks(picks, tracks)
        outputs.write_run({"picks": len(picks)}, source)
    order = ("read", "cut and normalise", "inference", "peaks", "amplitudes", "store")
    return {stage: clock.spent[stage] for stage in order}, len(picks), length


class _Clock:
    """CPU seconds by name; what runs within another is not counted there."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = 0.0

    def _switch(self) -> None:
        now = time.process_time()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self._switch()
        self._open.append(name)
        yield
        self._switch()
        self._open.pop()

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            with self(name):
                return function(*given, **named)

        return call

    def iterated(self, name: str, items: Iterator[Any]) -> Iterator[Any]:
        end = object()
        while True:
            with self(name):
                item = next(items, end)
            if item is end:
                return
            yield item


def _command(record: Path, stations: Path, picker: str, output: Path) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of `wadati pick` in a process of its own."""
    options = ["--stations", str(stations), "--output", str(output), "--picker", picker, "--workers", "1"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "pick", str(record), *options], capture_output=True, text=True, check=True
    )
    code, cpu, memory = done.stdout.splitlines()[-1].split()
    if code not in ("0", "4"):
        raise RuntimeError(f"wadati pick ended with {code}: {done.stderr[-2000:]}")
    return float(cpu), float(memory)


def _seisbench(record: Path, hours: int, ours: float, length: float) -> dict[str, object]:
    """PhaseNet through SeisBench's classify, from samples in memory to picks."""
    weights = SHARED / "weights" / "phasenet_original.pt.v1"
    missing = [name for name in ("seisbench", "torch") if importlib.util.find_spec(name) is None]
    if missing or not weights.exists():
        return {"SeisBench": f"not measured: {' and '.join(missing) or weights.name} not there"}
    import obspy
    import seisbench.models
    import torch

    torch.set_num_threads(1)
    model = seisbench.models.PhaseNet(component_order="ENZ", phases="NPS", norm="std")
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    stream = obspy.read(str(record))
    model.classify(stream.slice(endtime=stream[0].stats.starttime + 120))
    began = time.process_time()
    picks = model.classify(stream, P_threshold=0.3, S_threshold=0.3).picks
    spent = time.process_time() - began
    overlap = model.default_args.get("overlap", model.in_samples // 2)
    windows = (hours * 360_000 - model.in_samples) // (model.in_samples - overlap) + 1
    return {
        "SeisBench classify (CPU s per station-day)": round(spent * 24 / hours, 2),
        "SeisBench classify, picks": len(picks),
        "SeisBench classify, windows of 30 s per CPU second": round(windows / spent),
        "SeisBench classify, data seconds per CPU second": round(hours * 3600 / spent),
        "data seconds per CPU second, ours by SeisBench's": round(spent / ours, 2),
        "windows of 30 s per CPU second, ours by SeisBench's": round((length / ours) / (windows / spent), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.picking_cost", description=__doc__)
    parser.add_argument("--picker", default="wadati", metavar="NAME")
    parser.add_argument("--hours", type=int, default=HOURS)
    options = parser.parse_args()
    for key, value in measure(options.picker, options.hours).items():
        print(f"  {key:<70}  {value}")


if __name__ == "__main__":
    main()
