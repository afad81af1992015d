"""First-motion mechanisms of events: enough polarities, verticals that point down, and what QuakeML keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wadati.engine.first_motion import first_motion
from wadati.formats.quakeml import read_quakeml, write_quakeml
from wadati.model import Arrival, Catalog, Channel, Event, Inventory, MomentTensor, Origin, Pick, SourceId
from wadati.model.mechanism import kagan_angle, matrix
from wadati.tensors.first_motion import takeoff_angles
from wadati.traveltime.geodesy import destination
from wadati.traveltime.models import GIL7

TRUTH = MomentTensor.of_fault(140.0, 75.0, 165.0, 1.0)


def event_of(count: int, *, downwards: bool = False) -> tuple[Event, list[Pick], Inventory]:
    """An event seen by stations whose verticals may all point down."""
    random = np.random.default_rng(11)
    azimuths, distances = random.uniform(0, 360, count), random.uniform(2e3, 120e3, count)
    takeoffs = np.radians(takeoff_angles(GIL7, distances, 9e3))
    turn = np.radians(azimuths)
    rays = np.stack([np.sin(takeoffs) * np.cos(turn), np.sin(takeoffs) * np.sin(turn), np.cos(takeoffs)])
    up = np.einsum("ik,ij,jk->k", rays, matrix(TRUTH), rays) > 0
    picks, arrivals, channels = [], [], []
    for k in range(count):
        sid = SourceId("XX", f"S{k}", "", "H", "H", "Z")
        word = "positive" if up[k] != downwards else "negative"
        picks.append(Pick.of(sid, "P", 10**9 * (k + 1), time_uncertainty=0.1, probability=1.0, polarity=word))
        arrivals.append(
            Arrival(picks[-1].pick_id, "XX", f"S{k}", "P", float(distances[k]), float(azimuths[k]), 0.0, 1.0)
        )
        latitude, longitude = (float(x) for x in destination(38.0, 20.0, distances[k], azimuths[k]))
        channels.append(Channel(sid, latitude, longitude, 0.0, None, 0.0, 90.0 if downwards else -90.0))
    origin = Origin.of(0, 38.0, 20.0, 9e3, arrivals=tuple(arrivals))
    return Event("wd1", (origin,)), picks, Inventory.of(channels)


@pytest.mark.parametrize("downwards", [False, True])
def test_polarities_give_the_mechanism_whichever_way_sensors_point(downwards: bool) -> None:
    found = first_motion(*event_of(40, downwards=downwards), [GIL7])
    assert found is not None
    plane = found.planes[0]
    assert kagan_angle(MomentTensor.of_fault(plane.strike, plane.dip, plane.rake, 1.0), TRUTH) < 20
    assert found.polarities == 40
    assert found.quality in "ABC"


def test_seven_polarities_give_none() -> None:
    assert first_motion(*event_of(7)) is None


def test_quakeml_keeps_it(tmp_path: Path) -> None:
    event, picks, inventory = event_of(12)
    found = first_motion(event, picks, inventory)
    assert found is not None
    whole = Event("wd1", event.origins, mechanisms=(found,), preferred_mechanism_id=found.mechanism_id)
    write_quakeml(Catalog((whole,), tuple(picks)), tmp_path / "a.xml")
    (read,) = read_quakeml(tmp_path / "a.xml")
    assert read.mechanisms == (found,)
    assert read.mechanism == found
