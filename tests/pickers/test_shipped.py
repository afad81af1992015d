"""The networks that come with Wadati."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from wadati import registry
from wadati.errors import UsageError
from wadati.pickers import shipped
from wadati.pickers.card import read_card
from wadati.pickers.continuous import pick_station
from wadati.testing.pickers import check_picker


@pytest.fixture
def others(shared, tmp_path, monkeypatch):
    """A folder of models with another network in three copies."""
    source = shared / "weights" / "phasenet_original_3000"
    for name in ("zeta", "alpha", "wadati"):
        shutil.copy(source.with_suffix(".onnx"), tmp_path / f"{name}.onnx")
        card = json.loads(source.with_suffix(".json").read_text()) | {"name": f"{name}-7"}
        (tmp_path / f"{name}.json").write_text(json.dumps(card))
    monkeypatch.setattr(shipped, "MODELS", tmp_path)
    return tmp_path


def test_the_default_comes_first_and_picks_bear_the_name_of_the_weights(others):
    assert shipped.names() == ("wadati", "alpha", "zeta")
    assert registry.make("pickers", "wadati").name == "wadati-7"
    assert registry.make("pickers", "wadati:zeta").name == "zeta-7"


def test_a_name_that_is_none_is_told(others):
    with pytest.raises(UsageError, match="'beta' comes with Wadati; there are: wadati, alpha, zeta"):
        registry.make("pickers", "wadati:beta")
    with pytest.raises(UsageError, match="there are: wadati, alpha, zeta"):
        registry.make("pickers", "wadati:../models/wadati")


def test_every_shipped_network_has_a_card_that_says_what_it_is():
    for name in shipped.names():
        card = read_card(shipped.network(name).with_suffix(".json"))
        assert card.summary
        assert card.licence
        assert card.training
        assert card.limits
        assert card.reliability
        for phase in card.phases:
            assert any(row.get("phase") == phase and "recall" in row for row in card.measured), phase


def test_the_laws_of_pickers():
    check_picker(registry.make("pickers", "wadati"))


def test_the_weights_are_small():
    assert shipped.network(shipped.DEFAULT).stat().st_size <= 2_000_000


def test_it_picks_earthquakes_of_three_components_and_of_one(earthquakes, traces):
    picker = registry.make("pickers", "wadati")
    for records in (traces(earthquakes()), traces(earthquakes())[:1], traces(earthquakes() * 1e-20)):
        start = records[0].start
        found = [(pick.time - start) / 1e9 for pick in pick_station(records, picker) if pick.phase_hint == "P"]
        for onset in (60.0, 130.0, 170.0):
            assert min(abs(np.array(found) - onset)) < 0.2
