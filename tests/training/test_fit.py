"""Training that was stopped ends where training that was not stopped does. Needs torch, as training does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from training.augment import Augmenter
from training.pool import Record, gaussian
from wadati.errors import InputError

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")

STEPS = 4


@pytest.fixture
def teachers(tmp_path: Path) -> Path:
    from training.distil import save
    from training.teachers import Teacher

    class Silent(torch.nn.Module):
        def forward(self, x):
            return torch.zeros_like(x)

    save([Teacher("silent", Silent(), 3000, order="ZNE", peak=False, p=1, s=2)], tmp_path / "teachers.pt")
    return tmp_path / "teachers.pt"


@pytest.fixture
def augmenter(monkeypatch: pytest.MonkeyPatch) -> Augmenter:
    from training import fit

    monkeypatch.setattr(fit, "BATCH", 4)
    monkeypatch.setattr(fit, "SAVE_EVERY", 2)
    rng = np.random.default_rng(1)
    data = rng.normal(size=(3, 9000)).astype(np.float32)
    data[:, 3000:] *= 20
    labels = [(0, 3000.0), (1, 3600.0)]
    records = [
        Record(f"set/{kind}", kind, data, gaussian(labels, 9000), np.zeros(9000, bool), labels)
        for kind in ("labelled", "continuous", "simulated")
    ]
    return Augmenter(records, [rng.normal(size=(3, 2500)).astype(np.float32)], seed=3)


def trained(
    augmenter: Augmenter, teachers: Path, folder: Path, seed: int = 1, start: Path | None = None, steps: int = STEPS
):
    from training.fit import fit

    folder.mkdir(exist_ok=True)
    return fit(augmenter, teachers, steps, folder, seed, start).state_dict()


def test_a_stopped_training_ends_as_one_that_was_not_stopped(
    augmenter: Augmenter, teachers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(augmenter, teachers, tmp_path / "whole")
    real = torch.save

    def killed(state, path) -> None:
        real(state, path)
        Path(path).replace(Path(path).with_name("checkpoint.pt"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            trained(augmenter, teachers, tmp_path / "parts")
    again = trained(augmenter, teachers, tmp_path / "parts")
    assert all(torch.equal(again[name], values) for name, values in whole.items())


def test_a_checkpoint_that_was_begun_otherwise_is_refused(augmenter: Augmenter, teachers: Path, tmp_path: Path) -> None:
    from training.export import export
    from training.network import Network

    trained(augmenter, teachers, tmp_path / "work")
    export(Network().eval(), tmp_path / "other.onnx")
    for more in ({"seed": 2}, {"steps": STEPS + 2}, {"start": tmp_path / "other.onnx"}):
        with pytest.raises(SystemExit, match="was begun from other weights, or with other --seed or --steps"):
            trained(augmenter, teachers, tmp_path / "work", **more)


def test_a_network_that_is_gone_on_from_brings_its_examples(tmp_path: Path) -> None:
    from training.card import history

    card = {
        "name": "old",
        "components": "ZNE",
        "classes": ["P", "S"],
        "samples": 3072,
        "sampling_rate_hz": 100,
        "normalisation": "demean-std",
        "thresholds": {"P": 0.3, "S": 0.3},
        "training": [{"name": "noise", "n": 3}, {"name": "examples", "n": 1000}],
        "made_with": {"fit": "torch 2, CPU"},
    }
    path = tmp_path / "old.json"
    path.write_text(json.dumps(card))
    assert history(tmp_path / "old.onnx") == (1000, ["torch 2, CPU (old)"])
    path.write_text(json.dumps(card | {"training": []}))
    with pytest.raises(InputError, match=re.escape(str(path))):
        history(tmp_path / "old.onnx")
