"""The adapter to PyOcto: what it is given, what it gives back. Skipped where the extra is not installed."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest

from wadati import errors
from wadati.associators import pyocto as adapter
from wadati.associators.pyocto import PyOcto, write_table
from wadati.model import Inventory
from wadati.protocols import Associator
from wadati.synthetics.picks import simulate_picks
from wadati.traveltime.layered import first_arrival
from wadati.traveltime.models import DEFAULT

SIMULATED = simulate_picks(5, 6, stations=20)


@pytest.fixture(scope="module")
def octo() -> PyOcto:
    pytest.importorskip("pyocto", reason="the extra wadati[pyocto] is not installed")
    return PyOcto(n_picks=8)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(adapter, "find_spec", lambda name: None)
    with pytest.raises(errors.MissingExtraError, match=r"wadati\[pyocto\]"):
        PyOcto()


def test_table_has_the_layout_and_the_times(tmp_path: Path):
    write_table(tmp_path / "table", DEFAULT, 30_000.0, 10_000.0, 1000.0)
    data = (tmp_path / "table").read_bytes()
    across, down, spacing = struct.unpack("iid", data[:16])
    times = np.frombuffer(data[16:]).reshape(2, across, down)
    assert spacing == 1.0
    assert across >= 31
    assert down >= 11
    for row, phase in enumerate("PS"):
        assert times[row, 20, 8] == first_arrival(DEFAULT, phase, 20_000.0, 8_000.0)
        assert times[row, 0, 0] == 0


def picks_of(events):
    return [pick for event in events for pick in event]


def test_it_is_an_associator(octo):
    assert isinstance(octo, Associator)


@pytest.mark.parametrize("homogeneous", [None, (6000.0, 3500.0)])
def test_events_are_found_with_their_picks(octo, homogeneous):
    part = PyOcto(n_picks=8, homogeneous=homogeneous)
    large = [event for event in SIMULATED.picks if len(event) >= 14]
    assert large
    found = part.associate(picks_of(SIMULATED.picks), SIMULATED.inventory, DEFAULT)
    own = [set(candidate.pick_ids) for candidate in found]
    for event in large:
        ids = {pick.pick_id for pick in event}
        assert max(len(ids & others) for others in own) >= 0.7 * len(ids)
    assert all(a.time <= b.time for a, b in itertools.pairwise(found))
    used = [pick_id for candidate in found for pick_id in candidate.pick_ids]
    assert len(used) == len(set(used))


def test_order_and_repetition_of_picks_do_not_matter(octo):
    picks = picks_of(SIMULATED.picks)
    once = octo.associate(picks, SIMULATED.inventory, DEFAULT)
    assert octo.associate([*reversed(picks), *picks], SIMULATED.inventory, DEFAULT) == once


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_picks_are_no_event(octo, count):
    assert octo.associate(SIMULATED.picks[0][:count], SIMULATED.inventory, DEFAULT) == ()


def test_stations_nobody_knows_are_left_out(octo):
    assert octo.associate(picks_of(SIMULATED.picks), Inventory(), DEFAULT) == ()
