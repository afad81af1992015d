"""From data to weights and model card in one command; a stopped run goes on where it was.

    python -m training --shared ../shared --work training-run

needs the packages of `training/requirements.txt` beside Wadati's own.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from training import distil, real, simulated
from training.augment import Augmenter
from training.pool import Record, load, save
from training.teachers import align, read_teachers, teach

SEED = 20191104
STEPS = 15_000
SIMULATED, SIMULATED_NOISES = 12000, 1200


def main() -> None:
    """Make pool, weights and card."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the folder with data/ and weights/")
    parser.add_argument("--work", type=Path, required=True, help="where pool and checkpoints are kept")
    parser.add_argument("--start", type=Path, help="an exported network to go on from (default: nothing)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"batches of 256 windows (default: {STEPS})")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    records, noises = pool_of(options.shared, options.work)
    from training.card import history, write_card
    from training.export import export
    from training.fit import BATCH, fit, fitted_by

    examples, before = history(options.start) if options.start else (0, [])
    augmenter, teachers = Augmenter(records, noises, options.seed), options.work / "teachers.pt"
    network = fit(augmenter, teachers, options.steps, options.work, options.seed, options.start)
    path = options.work / "wadati.onnx"
    print(f"largest difference between ONNX Runtime and torch: {export(network, path):.1e}", flush=True)
    counts = Counter(one.name.split("/")[0] for one in records) | {"noise": len(noises)}
    counts["examples"] = examples + options.steps * BATCH
    inputs = json.loads((options.work / "inputs.json").read_text())
    rival = options.shared / "weights/phasenet_original_3000.onnx"
    fitted = "; before it: ".join([fitted_by(options.work), *before])
    write_card(path, rival, counts, inputs, options.seed, fitted)


def pool_of(shared: Path, work: Path) -> tuple[list[Record], list[np.ndarray]]:
    """Records and noises for training, made once for one state of the data."""
    digests = json.dumps(real.digest_inputs(shared), indent=1)
    held = work / "inputs.json"
    if held.exists() and held.read_text() != digests:
        raise SystemExit(f"{work} was begun with other data: name another folder, or remove it")
    held.write_text(digests)
    data = shared / "data"
    labelled = list(real.labelled(data))
    path = work / "taught.npy"
    if not path.exists():
        teachers = read_teachers(shared / "weights")
        align(teachers, [one for one in labelled if one.name.startswith("ncedc/")])
        print("delays of the teachers in samples:", {one.name: one.delay for one in teachers}, flush=True)
        distil.save(teachers[:1], work / "teachers.pt")
        save(list(teach([*labelled, *real.continuous(data)], teachers)), path)
    taught = load(path)
    path = work / "signals.npy"
    if not path.exists():
        save(list(simulated.signals(SIMULATED)), path)
    signals = load(path)
    path = work / "noises.npy"
    if not path.exists():
        save(list(simulated.noises(SIMULATED_NOISES)), path)
    noises = [one.data for one in load(path)]
    noises += list(quiet(taught))
    kinds = {kind: sum(one.kind == kind for one in taught) for kind in ("labelled", "continuous")}
    print(f"{kinds}, {len(signals)} simulated, {len(noises)} noises", flush=True)
    return [*taught, *signals], noises


def quiet(records: Iterable[Record]) -> Iterable[np.ndarray]:
    """What comes before labelled P, and continuous records in which no teacher sees anything."""
    for record in records:
        if record.kind == "labelled" and record.name.startswith("ncedc/"):
            if not record.target[:, :2700].any():
                yield record.data[:, :2800]
        elif record.kind == "continuous" and record.target.max() < 0.1:
            yield record.data


if __name__ == "__main__":
    main()
