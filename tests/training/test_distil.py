"""Who has the say where: labels, teachers, nobody. Needs torch, as training does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.pool import SAMPLES

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit")


@pytest.fixture
def distiller(tmp_path: Path):
    from training.distil import Distiller, save
    from training.teachers import Teacher

    class Loud(torch.nn.Module):
        """Says P wherever the first component is above its mean by 2 standard deviations; N, P, S."""

        def forward(self, x):
            p = (x[:, :1] > 2).float()
            return torch.cat([1 - p, p, torch.zeros_like(p)], dim=1)

    teacher = Teacher("loud", Loud(), 3000, order="ZNE", peak=False, p=1, s=2)
    teacher.delay = 5
    long = Teacher("too long", Loud(), 6000, order="ZNE", peak=False, p=1, s=2)
    save([teacher, long], tmp_path / "teachers.pt")
    return Distiller(tmp_path / "teachers.pt")


def asked(distiller, *, trust: float, weight: float, data: np.ndarray):
    target = torch.full((1, 2, SAMPLES), 0.3)
    weights = torch.full((1, SAMPLES), weight)
    windows = torch.from_numpy(data[None].astype(np.float32))
    return distiller.targets(windows, target, weights, torch.tensor([trust]))


def bump() -> np.ndarray:
    data = np.zeros((3, SAMPLES))
    data[:, 1000] = 50.0
    return data


def test_without_trust_labels_are_all(distiller) -> None:
    target, weight = asked(distiller, trust=0.0, weight=1.0, data=bump())
    assert torch.allclose(target, torch.tensor(0.3))
    assert torch.all(weight == 1)


def test_where_labels_are_in_doubt_teachers_speak_alone_their_delay_removed(distiller) -> None:
    target, weight = asked(distiller, trust=0.5, weight=0.0, data=bump())
    inside = slice(300, -300)
    assert np.flatnonzero(target[0, 0].numpy()[inside] > 0.9).tolist() == [1000 - 5 - 300]
    assert torch.all(target[0, 1, inside] == 0)
    assert torch.all(weight[0, 0, inside] == 0.5)
    assert weight[0, 0, 0] == 0, "where no teacher looks nothing is asked"


def test_else_both_count_in_proportion(distiller) -> None:
    target, weight = asked(distiller, trust=0.5, weight=1.0, data=bump())
    assert target[0, 0, 995] == pytest.approx(0.65)
    assert target[0, 0, 900] == pytest.approx(0.15)
    assert target[0, 0, 10] == pytest.approx(0.3)
    assert torch.allclose(weight, torch.tensor(1.0))


def test_a_dead_component_is_lent_a_living_one(distiller) -> None:
    data = bump()
    data[0] = 0
    target, _ = asked(distiller, trust=1.0, weight=1.0, data=data)
    assert target[0, 0, 995] == 1


def test_phasenet_with_its_own_padding_is_the_network_that_was_trained(shared) -> None:
    pytest.importorskip("seisbench")
    import onnxruntime
    import seisbench.models as sbm

    from training.teachers import AsTrained

    layers = sbm.PhaseNet(phases="NPS")
    layers.load_state_dict(torch.load(shared / "weights/phasenet_original.pt.v1", weights_only=True))
    windows = torch.randn(2, 3, 3000, generator=torch.Generator().manual_seed(1))
    windows[..., 1500:] *= 30 * torch.exp(-torch.arange(1500) / 200)
    windows = (windows - windows.mean(-1, keepdim=True)) / windows.std(-1, keepdim=True)
    path = shared / "weights/phasenet_original_3000.onnx"
    wanted = onnxruntime.InferenceSession(path).run(None, {"x": windows.numpy()})[0]
    with torch.no_grad():
        found = AsTrained(layers.eval())(windows).numpy()
    assert np.abs(found - wanted).max() < 1e-5
    assert wanted[:, 1:].max() > 0.5


def test_targets_of_p_are_set_ahead_by_less_than_a_sample_and_nothing_else_is_moved() -> None:
    from training.fit import P_AHEAD, earlier

    target = torch.zeros(1, 2, SAMPLES)
    target[0, :, 100] = 1.0
    moved = earlier(target)
    assert moved[0, 0, 99:101].tolist() == pytest.approx([P_AHEAD, 1 - P_AHEAD])
    assert torch.equal(moved[:, 1], target[:, 1])
    assert moved.sum() == pytest.approx(2.0)
