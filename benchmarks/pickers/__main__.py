"""Judge a picker beside a rival on records that training never sees: `python -m benchmarks.pickers`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.common import shared
from benchmarks.pickers.judge import judge
from benchmarks.pickers.table import show
from wadati import registry


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pickers", description=__doc__)
    parser.add_argument("--picker", default="wadati", help="NAME, or neural:PATH.onnx (default: wadati)")
    parser.add_argument("--rival", help="the same (default: PhaseNet original at 3000 samples)")
    parser.add_argument("--quick", action="store_true", help="fewer random instants, held-back quiet records alone")
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    options = parser.parse_args()
    rival = options.rival or f"neural:{shared('weights', 'phasenet_original_3000.onnx')}"
    result = judge(registry.make("pickers", options.picker), registry.make("pickers", rival), quick=options.quick)
    print("\n".join(show(result)))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
