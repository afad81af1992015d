"""An hour of real records around the 2019 Ridgecrest Mw 6.4, one command, no tuning flags, beside ComCat."""

from __future__ import annotations

from pathlib import Path

import pytest

from wadati.engine import local
from wadati.engine.flow import Flow
from wadati.engine.scoring import evaluate
from wadati.model import Catalog, parse_time
from wadati.units import SECOND


@pytest.fixture(scope="module")
def catalog(shared: Path) -> Catalog:
    data = shared / "data" / "ridgecrest-2019"
    picker = f"neural:{shared / 'weights' / 'phasenet_original_3000.onnx'}"
    return local.catalog(data / "waveforms", data / "stations.csv", flow=Flow(picker=picker)).catalog


def test_the_catalog_beside_comcat(catalog: Catalog, shared: Path) -> None:
    """Of 62 reviewed events. Most that are not among these are small ones at the same place, with 10 picks and more."""
    score = evaluate(catalog, shared / "data" / "ridgecrest-2019" / "comcat_reviewed.csv")
    assert score.recall.total == 62
    assert (score.recall.value or 0) >= 0.82
    assert score.precision.value >= 0.57
    assert score.distance.median <= 1300.0
    assert abs(score.depth.median) <= 3000.0
    assert score.local_magnitude.count >= 15
    assert abs(score.local_magnitude.median) <= 0.1
    assert score.local_magnitude.mad <= 0.15


def test_the_mainshock_is_one_event_and_its_saturated_magnitude_is_not_preferred(catalog: Catalog) -> None:
    mainshock = parse_time("2019-07-04T17:33:49")
    near = [event for event in catalog if -10 * SECOND < event.origin.time - mainshock < 60 * SECOND]
    assert len(near) == 1
    assert near[0].magnitude is None
    assert [size.saturated for size in near[0].magnitudes] == [True]
