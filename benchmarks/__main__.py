"""Run benchmarks by name, print what they measure beside the stored baseline, and store it with `--store`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import cost, demo_seeds, picking_cost, ridgecrest, startup
from benchmarks.campaign import measure as campaign
from benchmarks.live import load
from benchmarks.pickers import judge
from benchmarks.tensors import live as live_tensors
from benchmarks.tensors import measure as tensors
from benchmarks.tensors import san_ramon

BASELINE = Path(__file__).with_name("baseline.json")
ALL = {
    "startup": startup.measure,
    "cost": cost.measure,
    "ridgecrest": ridgecrest.measure,
    "demo": demo_seeds.measure,
    "picking": picking_cost.measure,
    "pickers": judge.measure,
    "live": load.measure,
    "tensors": tensors.measure,
    "san-ramon": san_ramon.measure,
    "live tensors": live_tensors.measure,
    "campaign": campaign.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)} (default: all)")
    parser.add_argument("--store", action="store_true", help="make the result the new baseline")
    options = parser.parse_args()
    unknown = set(options.names) - set(ALL)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    for name in options.names or ALL:
        print(f"\n{name}")
        try:
            measured = ALL[name]()
        except FileNotFoundError as missing:
            print(f"  skipped: {missing}")
            continue
        before = baseline.get(name, {})
        width = max(map(len, measured))
        for key, value in measured.items():
            beside = f"   (baseline {before[key]})" if key in before else ""
            print(f"  {key:<{width}}  {value}{beside}")
        baseline[name] = measured
    if options.store:
        BASELINE.write_text(json.dumps(baseline, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
