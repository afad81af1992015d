"""A network that was exported and read again goes on as if it had been kept. Needs torch and onnx, as training does."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.pool import SAMPLES

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture
def trained():
    """A network with random weights and statistics of batch norm, as after training."""
    from training.network import Network

    torch.manual_seed(1)
    network = Network()
    with torch.no_grad():
        network(torch.randn(4, 3, SAMPLES))
        for name, values in network.named_parameters():
            if name.endswith("bias"):
                values.normal_(0, 0.1)
    return network.eval()


def test_what_was_exported_is_the_same_again_in_both_modes(trained, tmp_path: Path) -> None:
    from training.export import export
    from training.start import read

    path = tmp_path / "network.onnx"
    export(trained, path)
    windows = torch.randn(8, 3, SAMPLES, generator=torch.Generator().manual_seed(2))
    again = read(path, windows)
    with torch.no_grad():
        for mine, kept in zip(again(windows), trained(windows), strict=True):
            assert torch.allclose(mine, kept, atol=1e-5)
        curves = again(windows)[0]
        again.train()
        assert torch.allclose(again(windows)[0], curves, atol=1e-4), "the windows' own statistics were taken"


def test_another_network_is_told(trained, tmp_path: Path) -> None:
    from training.export import export
    from training.network import Network
    from training.start import read

    path = tmp_path / "network.onnx"
    export(Network((40, 64, 96, 64)).eval(), path)
    with pytest.raises(ValueError, match="in the file"):
        read(path, torch.randn(2, 3, SAMPLES))


def test_a_file_with_fewer_or_more_layers_is_told(trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training import start
    from training.export import export

    path = tmp_path / "network.onnx"
    export(trained, path)
    real = start._Filling
    for change, words in ((lambda some: some[:-1], "fewer layers"), (lambda some: some + some[-1:], "more layers")):
        monkeypatch.setattr(start, "_Filling", lambda some, change=change: real(change(some)))
        with pytest.raises(ValueError, match=words):
            start.read(path, torch.randn(2, 3, SAMPLES))


@pytest.mark.parametrize("samples", [512, 2048, SAMPLES])
def test_the_exported_form_gives_the_same_at_any_length(trained, samples: int) -> None:
    from training.packed import Packed

    windows = torch.randn(3, 3, samples, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        for packed, loose in zip(Packed(trained).eval()(windows), trained(windows), strict=True):
            assert torch.allclose(packed, loose, atol=1e-6)


def test_what_was_packed_is_the_same_again_bit_for_bit(trained) -> None:
    from training.network import Network
    from training.packed import Packed

    packed = Packed(trained)
    packed.network = Network()
    again = packed.loosened()
    for layer in ("near", "far", "fine", "last"):
        for name, values in getattr(trained, layer).state_dict().items():
            assert torch.equal(getattr(again, layer).state_dict()[name], values), (layer, name)


def test_what_is_trained_is_the_network_as_it_is_written_down(trained) -> None:
    """Curves, and what the weights learn from them, are those of the layers that take one sample at a time."""
    from training import packed

    windows = torch.randn(4, 3, SAMPLES, generator=torch.Generator().manual_seed(4))
    wanted, found = [], []
    for logits, kept in (trained.logits, wanted), (lambda some: packed.logits(trained, some), found):
        trained.zero_grad()
        classes, up = logits(windows)
        (torch.square(classes).mean() + torch.square(up).mean()).backward()
        kept += [classes, up, *(one.grad.clone() for one in trained.parameters())]
    for one, other in zip(wanted, found, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4 * float(one.detach().abs().max()))
