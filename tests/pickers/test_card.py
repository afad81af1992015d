"""Cards of networks: what they say, and plain words for what cannot be."""

import json

import msgspec
import pytest

from wadati.errors import InputError
from wadati.pickers.card import Card, TrainingSet, read_card

CARD = {
    "name": "net",
    "components": "ENZ",
    "classes": ["N", "P", "S"],
    "samples": 3000,
    "sampling_rate_hz": 100,
    "normalisation": "demean-std",
    "thresholds": {"P": 0.3, "S": 0.2},
}
KNOWN = {
    "missing": "zero",
    "first_motion": 0.9,
    "summary": "Local earthquakes.",
    "training": [{"name": "ncedc", "n": 77, "what": "windows of analysts"}, {"name": "simulated", "n": 20000}],
    "measured": [{"test": "held back", "n": 77, "phase": "P", "tolerance_s": 0.1, "recall": 0.97, "false_per_hour": 1}],
    "reliability": {"P": [[0.35, 0.33, 120], [0.95, 0.96, 2100]]},
    "limits": ["no teleseisms"],
    "inputs": {"ncedc": "sha256:00"},
    "made_with": {"torch": "2.13.0"},
    "seed": 1,
}


def write(folder, **changes):
    card = {key: value for key, value in {**CARD, **changes}.items() if value is not None}
    (folder / "net.json").write_text(json.dumps(card))
    return folder / "net.json"


def test_a_card_is_read(tmp_path):
    card = read_card(write(tmp_path, hop=1000, time_uncertainty={"P": 0.02}))
    assert (card.hop, card.divisor, card.thresholds["S"]) == (1000, "std", 0.2)
    assert msgspec.json.decode(msgspec.json.encode(card), type=Card) == card
    assert (card.missing, card.first_motion, card.training) == ("lend", None, ())


def test_what_is_known_of_a_network_is_read(tmp_path):
    card = read_card(write(tmp_path, **KNOWN))
    assert (card.missing, card.first_motion, card.seed) == ("zero", 0.9, 1)
    assert card.training[1] == TrainingSet("simulated", 20000)
    assert card.measured[0]["false_per_hour"] == 1
    assert card.reliability["P"][1] == (0.95, 0.96, 2100)
    assert msgspec.json.decode(msgspec.json.encode(card), type=Card) == card


@pytest.mark.parametrize(
    ("text", "divisor"),
    [
        ("demean-peak", "peak"),
        ("each component: subtract the mean, divide by the standard deviation", "std"),
        ("each component: subtract the mean, divide by the peak", "peak"),
    ],
)
def test_normalisation_in_words(tmp_path, text, divisor):
    assert read_card(write(tmp_path, normalisation=text)).divisor == divisor


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"samples": None}, "samples"),
        ({"normalisation": "std"}, "normalisation"),
        ({"thresholds": {"P": 0.3}}, "S"),
        ({"components": "ENX"}, "components"),
        ({"smaples": 3000}, "smaples"),
        ({"hop": 2900}, "hop"),
        ({"classes": "NPS"}, "classes"),
        ({"classes": ["N"]}, "classes"),
        ({"classes": ["N", "P", "P"]}, "classes"),
        ({"thresholds": {"P": 0.3, "S": 0}}, "thresholds"),
        ({"thresholds": {"P": 30, "S": 0.3}}, "thresholds"),
        ({"time_uncertainty": {"P": -1}}, "time_uncertainty"),
        ({"components": ""}, "components"),
        ({"components": "ENN"}, "components"),
        ({"sampling_rate_hz": 0}, "sampling_rate_hz"),
        ({"sampling_rate_hz": -100}, "sampling_rate_hz"),
        ({"sampling_rate_hz": 1e9}, "sampling_rate_hz"),
        ({"sampling_rate_hz": 30}, "sampling_rate_hz"),
        ({"samples": 0}, "samples"),
        ({"samples": 10**12}, "samples"),
        ({"hop": 0}, "hop"),
        ({"missing": "copy"}, "missing"),
        ({"first_motion": 0.5}, "first_motion"),
        ({"first_motion": 1.5}, "first_motion"),
        ({"first_motion": 0.9, "classes": ["N", "S"]}, "first_motion"),
        ({"training": [{"name": "ncedc"}]}, "training"),
        ({"training": [{"name": "ncedc", "n": 7, "wat": ""}]}, "wat"),
        ({"measured": [{"recall": [0.9]}]}, "measured"),
        ({"reliability": {"P": [[0.3, 0.4]]}}, "reliability"),
        ({"limits": "none"}, "limits"),
    ],
)
def test_a_wrong_key_is_named_with_its_file(tmp_path, changes, named):
    path = write(tmp_path, **changes)
    with pytest.raises(InputError, match=named) as caught:
        read_card(path)
    assert str(path) in str(caught.value)


def test_a_card_that_is_no_text_is_named(tmp_path):
    (tmp_path / "net.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"net\.json"):
        read_card(tmp_path / "net.json")
