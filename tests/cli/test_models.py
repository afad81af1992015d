"""`wadati models`: what it lists, what it shows of a card, and what machines get."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from wadati.cli.main import main
from wadati.pickers import shipped
from wadati.pickers.runtime import installed

# y = Sigmoid(x), float32, both (window, component, sample).
SIGMOID = base64.b64decode(
    "CAhCAhANOnQKDwoBeBIBeSIHU2lnbW9pZBIFZ3JhcGhaLAoBeBInCiUIARIhCggSBndpbmRvdwoLEgljb21w"
    "b25lbnQKCBIGc2FtcGxlYiwKAXkSJwolCAESIQoIEgZ3aW5kb3cKCxIJY29tcG9uZW50CggSBnNhbXBsZQ=="
)
CARD = {
    "name": "fast-3",
    "components": "ZNE",
    "classes": ["P", "S", "N"],
    "samples": 1000,
    "sampling_rate_hz": 100,
    "normalisation": "demean-std",
    "missing": "zero",
    "thresholds": {"P": 0.25, "S": 0.3},
    "time_uncertainty": {"P": 0.04},
    "licence": "MIT",
    "summary": "Local earthquakes [of any size].",
    "training": [{"name": "analysts", "n": 77, "what": "windows"}, {"name": "simulated", "n": 20000}],
    "measured": [
        {"test": "quiet hours", "phase": "P", "false_per_hour": 0.4},
        {"test": "held back", "n": 77, "phase": "P", "tolerance_s": 0.1, "recall": 0.97, "precision": 0.9},
        {"test": "held back", "n": 77, "phase": "S", "tolerance_s": 0.1, "recall": 0.8712, "precision": 0.95},
    ],
    "reliability": {"P": [[0.35, 0.33, 1200], [0.95, 0.96, 21]]},
    "limits": ["Teleseisms were not among the examples, and whoever needs them should take another network."],
    "inputs": {"analysts": "sha256:00ff"},
    "made_with": {"torch": "2.13.0"},
    "seed": 4,
}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, known in (("wadati", CARD), ("bare", {key: CARD[key] for key in list(CARD)[:8]})):
        (tmp_path / f"{name}.onnx").write_bytes(SIGMOID)
        (tmp_path / f"{name}.json").write_text(json.dumps(known))
    monkeypatch.setattr(shipped, "MODELS", tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [line.rstrip() for line in _out(capsys, *arguments).splitlines()]


def _out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["models", *arguments]) == 0
    return capsys.readouterr().out


def test_the_list(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys)
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["name", "size", "trained", "on", "threshold", "recall", "precision"]
    assert lines[1].split() == ["wadati", "0.00", "MB", "analysts", "(77),", "simulated", "P", "0.25", "0.9700", "0.90"]
    assert "S       0.30  0.8712       0.95" in "\n".join(lines)
    assert "wadati: recall and precision on held back, n = 77, within 0.1 s" in lines
    assert "bare: not measured" in lines
    assert any("networks run on" in line and installed()[0] in line for line in lines)
    assert any("seisbench:MODEL/WEIGHTS" in line for line in lines)
    assert any("other pickers" in line and "stalta" in line for line in lines)


def test_the_card(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "show", "wadati")
    text = "\n".join(lines)
    assert lines[:2] == ["fast-3 · 0.00 MB · MIT", "Local earthquakes [of any size]."]
    assert f"picker runs on    {installed()[0]}" in text
    assert "window            1000 samples at 100 Hz, one every 5 s" in text
    assert "thresholds        P 0.25, S 0.3" in text
    assert "held back  77  P              0.1  0.9700       0.90" in text
    assert "quiet hours  P                 0.4" in text
    assert "P         0.35   0.33  1,200" in text
    assert "seed   4" in text
    assert "analysts  sha256:00ff" in text
    assert max(map(len, lines[:-1])) <= 80
    assert lines[-1].strip() == str(models / "wadati.onnx")


def test_a_card_of_your_own_that_says_little(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "show", f"neural:{models / 'bare.onnx'}")
    assert lines[0] == "fast-3 · 0.00 MB"
    assert "Measured" not in lines


def test_machines_get_the_whole_card(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(_out(capsys, "--json"))
    assert [model["name"] for model in listed["models"]] == ["wadati", "bare"]
    assert listed["models"][0]["card"]["measured"] == CARD["measured"]
    assert listed["models"][0]["bytes"] == len(SIGMOID)
    assert listed["runtimes"] == list(installed())
    assert {"neural", "seisbench", "stalta", "wadati"} <= set(listed["pickers"])
    shown = json.loads(_out(capsys, "show", "wadati", "--json"))
    assert shown == {**listed["models"][0], "runtime": installed()[0]}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show"], 2, "wadati models show NAME"),
        (["list"], 2, "wadati models show NAME"),
        (["show", "a", "b"], 2, "wadati models show NAME"),
        (["show", "nobody"], 2, "there are: wadati, bare"),
        (["show", "neural:"], 2, "there are: wadati, bare"),
        (["show", "neural:nothing.onnx"], 3, "nothing.json"),
        (["show", "neural:."], 2, "names no network"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(
    models: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert main(["models", *arguments]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_an_installation_without_networks_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shipped, "MODELS", tmp_path)
    assert said(capsys)[0] == "No networks come with this installation."
