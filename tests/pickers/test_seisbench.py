"""SeisBench's models through our contract: its own probabilities, and plain words where there are none."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys

import numpy as np
import pytest

from wadati import registry
from wadati.errors import InputError, MissingExtraError, UsageError
from wadati.pickers.continuous import pick_station
from wadati.pickers.seisbench import SeisBench
from wadati.testing.pickers import check_picker

needs_seisbench = pytest.mark.skipif(
    importlib.util.find_spec("seisbench") is None, reason="the extra wadati[seisbench] is not installed"
)
OKLA = {"model_args": {"phases": "NPS", "component_order": "ENZ", "norm": "peak"}}
SETS = ("PhaseNet:phasenet_original.pt.v1", "PhaseNet:phasenet_okla.pt", "EQTransformer:eqtransformer_pnw.pt.v1")


@pytest.fixture(scope="session")
def checkpoints(shared, tmp_path_factory):
    """The weights, each with its description beside it; those of Oklahoma come without one."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for path in (shared / "weights").iterdir():
        shutil.copy(path, folder)
    (folder / "phasenet_okla.json").write_text(json.dumps(OKLA))
    return folder


@pytest.fixture(scope="session", params=SETS, ids=lambda spec: spec.partition(":")[2].partition(".")[0])
def door(request, checkpoints):
    kind, _, name = request.param.partition(":")
    return SeisBench(f"{kind}:{checkpoints / name}")


def theirs(kind, folder, name):
    """The model as a user of SeisBench opens it."""
    import seisbench.models
    import torch

    path, _, suffix = str(folder / name).rpartition(".pt")
    family = getattr(seisbench.models, kind)
    model = family(**json.loads((folder / f"{name}".replace(".pt", ".json")).read_text())["model_args"])
    model.load_state_dict(torch.load(f"{path}.pt{suffix}", weights_only=True, map_location="cpu"))
    return model.eval()


def windows(picker, seed=0):
    """Noise with onsets, in counts; dead components, gaps, and one window of another scale."""
    rng = np.random.default_rng(seed)
    count, samples = 5, picker.grid.samples
    data = rng.normal(size=(count, 3, samples))
    for window in range(count):
        p, s = samples // 3 + 50 * window, samples // 2 + 30 * window
        data[window, :, p:] += 10 * np.exp(-np.arange(samples - p) / 200) * rng.normal(size=(3, samples - p))
        data[window, :, s:] += 20 * np.exp(-np.arange(samples - s) / 300) * rng.normal(size=(3, samples - s))
    data *= np.array([1e3, 1, 1e6, 300, 50])[:, None, None]
    data[3, 1] = 0
    missing = np.zeros(data.shape, bool)
    missing[4, :, : samples // 5] = True
    data[missing] = 0
    return data.astype(np.float32), missing


@needs_seisbench
@pytest.mark.parametrize("spec", SETS)
def test_the_curves_are_those_of_seisbench(spec, checkpoints):
    import torch

    kind, _, name = spec.partition(":")
    model = theirs(kind, checkpoints, name)
    picker = SeisBench(f"{kind}:{checkpoints / name}")
    model.filter_args = model.filter_kwargs = picker._model.filter_args = picker._model.filter_kwargs = None
    data, missing = windows(picker)
    with torch.no_grad():
        batch = model.annotate_batch_pre(torch.from_numpy(data), argdict={})
        out = model.annotate_batch_post(model(batch), piggyback=None, argdict={"blinding": (0, 0)}).numpy()
    expected = np.stack([out[..., list(model.labels).index(phase)] for phase in "PS"], axis=1)
    assert expected.max() > 0.2
    np.testing.assert_allclose(picker.curves(data, missing), expected, atol=1e-6, rtol=0)


@needs_seisbench
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("PhaseNet", {"phases": "PSN", "component_order": "NEZ", "norm": "peak", "sampling_rate": 50}),
        ("PhaseNet", {"norm_amp_per_comp": True, "norm_detrend": True}),
        ("VariableLengthPhaseNet", {"in_samples": 700, "norm_axis": (-1, -2), "output_activation": "sigmoid"}),
        ("EQTransformer", {"in_samples": 3000, "lstm_blocks": 1, "norm": "peak"}),
    ],
)
def test_a_model_is_opened_in_its_own_geometry(tmp_path, kind, arguments):
    """Models that nobody has trained, written as SeisBench writes them."""
    import seisbench.models
    import torch

    torch.manual_seed(5)
    model = getattr(seisbench.models, kind)(**arguments).eval()
    described = {"model_args": arguments, "default_args": {"P_threshold": 0.4, "*_threshold": 0.2, "overlap": 0.75}}
    (tmp_path / "own.json.v3").write_text(json.dumps(described))
    torch.save(model.state_dict(), tmp_path / "own.pt.v3")
    picker = SeisBench(f"{kind}:{tmp_path / 'own.pt.v3'}")
    assert picker.name == f"seisbench:{kind}/own.v3"
    assert (picker.components, picker.grid.samples) == (model.component_order, model.in_samples)
    assert picker.grid.sampling_rate_hz == model.sampling_rate
    assert picker.grid.hop == model.in_samples - round(0.75 * model.in_samples)
    assert picker.thresholds == (0.4, 0.2)
    data, missing = windows(picker)
    with torch.no_grad():
        batch = model.annotate_batch_pre(torch.from_numpy(data), argdict={})
        out = model.annotate_batch_post(model(batch), piggyback=None, argdict={"blinding": (0, 0)}).numpy()
    expected = np.stack([out[..., list(model.labels).index(phase)] for phase in "PS"], axis=1)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(picker.curves(data, missing), expected, atol=1e-6, rtol=0)


@needs_seisbench
@pytest.mark.parametrize("spec", SETS)
def test_one_window_gives_what_annotate_gives_of_it(spec, checkpoints):
    """The filter of the weights, the order of components and all else that happens before a window is cut.

    Two stations, because torch computes a window that is alone in another way (by several 1e-6).
    """
    from obspy import Stream, Trace

    kind, _, name = spec.partition(":")
    model, picker = theirs(kind, checkpoints, name), SeisBench(f"{kind}:{checkpoints / name}")
    data, _ = windows(picker)
    stream = Stream(
        [
            Trace(one, {"network": "XX", "station": name, "sampling_rate": 100, "channel": f"HH{code}"})
            for name, window in zip("AB", data[:4:3], strict=True)
            for code, one in zip(model.component_order, window, strict=True)
        ]
    )
    annotations = model.annotate(stream)
    curves = picker.curves(data[:4:3], np.zeros((2, *data.shape[1:]), bool))
    for name, ours in zip("AB", curves, strict=True):
        for phase, curve in zip(picker.phases, ours, strict=True):
            (trace,) = annotations.select(station=name, channel=f"*_{phase}")
            first = round((trace.stats.starttime - stream[0].stats.starttime) * 100)
            assert len(trace) == picker.grid.samples - 2 * picker.grid.edge
            np.testing.assert_allclose(curve[first : first + len(trace)], trace.data, atol=1e-6, rtol=0)


@needs_seisbench
def test_the_laws_of_pickers(door):
    check_picker(door)


@needs_seisbench
def test_geometry_and_thresholds_are_the_models_own(checkpoints):
    phasenet = SeisBench(f"PhaseNet:{checkpoints / 'phasenet_original.pt.v1'}")
    assert (phasenet.grid.samples, phasenet.grid.hop, phasenet.grid.edge) == (3001, 1501, 0)
    assert (phasenet.components, phasenet.phases, phasenet.thresholds) == ("ENZ", ("P", "S"), (0.3, 0.3))
    assert phasenet.name == "seisbench:PhaseNet/phasenet_original.v1"
    transformer = SeisBench(f"EQTransformer:{checkpoints / 'eqtransformer_pnw.pt.v1'}")
    assert (transformer.grid.samples, transformer.grid.hop, transformer.grid.edge) == (6000, 3000, 500)
    assert (transformer.components, transformer.phases, transformer.thresholds) == ("ZNE", ("P", "S"), (0.1, 0.1))


@needs_seisbench
@pytest.mark.parametrize("scale", [1e-15, 1e9])
def test_the_unit_of_a_record_does_not_matter(checkpoints, earthquakes, traces, scale):
    picker = SeisBench(f"PhaseNet:{checkpoints / 'phasenet_original.pt.v1'}")
    data = earthquakes()
    expected = [(pick.phase_hint, pick.time / 1e9) for pick in pick_station(traces(data), picker)]
    found = [(pick.phase_hint, pick.time / 1e9) for pick in pick_station(traces(data * scale), picker)]
    assert len(expected) >= 5
    assert [phase for phase, _ in found] == [phase for phase, _ in expected]
    np.testing.assert_allclose([t for _, t in found], [t for _, t in expected], atol=2e-4, rtol=0)


@needs_seisbench
def test_a_checkpoint_that_cannot_be_used_is_told(checkpoints, tmp_path):
    with pytest.raises(InputError, match=r"nothing\.pt: is not there"):
        SeisBench(f"PhaseNet:{tmp_path / 'nothing.pt'}")
    with pytest.raises(InputError, match=r"NAME\.pt"):
        SeisBench(f"PhaseNet:{tmp_path / 'weights.onnx'}")
    shutil.copy(checkpoints / "phasenet_okla.pt", tmp_path)
    with pytest.raises(InputError, match=r"phasenet_okla\.json: is not there; write it, such as \{.*norm"):
        SeisBench(f"PhaseNet:{tmp_path / 'phasenet_okla.pt'}")
    for text in ("{", '{"model_args": {"colour": 1}}', json.dumps({"model_args": {"classes": 5}})):
        (tmp_path / "phasenet_okla.json").write_text(text)
        with pytest.raises(InputError, match=r"phasenet_okla\.pt: is not what phasenet_okla\.json says of PhaseNet"):
            SeisBench(f"PhaseNet:{tmp_path / 'phasenet_okla.pt'}")
    (tmp_path / "phasenet_okla.json").write_text(json.dumps(OKLA))
    with pytest.raises(InputError, match="says of EQTransformer"):
        SeisBench(f"EQTransformer:{tmp_path / 'phasenet_okla.pt'}")
    whole = (checkpoints / "phasenet_okla.pt").read_bytes()
    for content in (b"", b"no weights", whole[: len(whole) // 2]):
        (tmp_path / "phasenet_okla.pt").write_bytes(content)
        with pytest.raises(InputError, match=r"phasenet_okla\.pt"):
            SeisBench(f"PhaseNet:{tmp_path / 'phasenet_okla.pt'}")


@needs_seisbench
@pytest.mark.parametrize("error", [ConnectionError("no route"), ValueError("No version for weight")])
def test_weights_that_cannot_be_fetched_are_told_with_the_way_round(monkeypatch, error):
    import seisbench.models

    def fails(name):
        raise error

    monkeypatch.setattr(seisbench.models.PhaseNet, "from_pretrained", fails)
    with pytest.raises(InputError, match=r"local file: seisbench:PhaseNet:PATH\.pt") as caught:
        SeisBench("PhaseNet/instance")
    assert str(error) in str(caught.value)


@needs_seisbench
@pytest.mark.parametrize(
    ("kind", "arguments", "wrong"),
    [
        ("GPD", {"phases": "PSN"}, "one point value a window"),
        ("PhaseNet", {"phases": "abc"}, "neither P nor S"),
        ("PhaseNet", {"component_order": "Z12"}, "components Z12"),
        ("PhaseNet", {"sampling_rate": 1e5}, "sampling rate"),
        ("DeepDenoiser", {}, "DeepDenoiser"),
        ("EQCCTP", {}, "no thresholds"),
        ("BasicPhaseAE", {}, "does not give each of the 600 samples"),
    ],
)
def test_a_model_without_curves_of_phases_is_told(monkeypatch, kind, arguments, wrong):
    import seisbench.models

    family = getattr(seisbench.models, kind)
    monkeypatch.setattr(family, "from_pretrained", lambda name: family(**arguments))
    with pytest.raises(InputError, match=wrong):
        SeisBench(f"{kind}/some")


@pytest.mark.parametrize("argument", ["PhaseNet", "PhaseNet/", "/instance", "Phase Net/instance"])
def test_an_argument_of_another_form_says_what_to_write(argument):
    with pytest.raises(UsageError, match=r"seisbench:PhaseNet/instance.*seisbench:MODEL:PATH\.pt"):
        SeisBench(argument)


@needs_seisbench
def test_a_model_that_is_not_there_says_what_to_write():
    for kind in ("Nobody", "WaveformPipeline", "config"):
        with pytest.raises(UsageError, match=f"no picker called '{kind}'"):
            registry.make("pickers", f"seisbench:{kind}/some")


def test_without_seisbench_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "seisbench", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'wadati\[seisbench\]'"):
        registry.make("pickers", "seisbench:PhaseNet/instance")
