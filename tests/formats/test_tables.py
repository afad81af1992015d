"""The CSV contract."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.tables import (
    ARRIVAL_COLUMNS,
    PICK_COLUMNS,
    read_arrivals_csv,
    read_events_csv,
    read_picks_csv,
    write_arrivals_csv,
    write_events_csv,
    write_picks_csv,
)
from wadati.model import Arrival, Catalog, Event, Magnitude, Origin, Pick, SourceId, parse_time
from wadati.testing import strategies

EVENTS_HEADER = (
    "event_id,time,latitude,longitude,depth_km,magnitude,magnitude_type,arrivals,azimuthal_gap,standard_error_s,"
    "horizontal_uncertainty_km,depth_uncertainty_km"
)
PICKS_HEADER = "pick_id,network,station,location,channel,phase,time,time_uncertainty_s,probability,polarity,amplitude_m"
ARRIVALS_HEADER = "event_id,pick_id,network,station,phase,time,distance_km,azimuth,time_residual_s,weight"


def pick_as_stated(pick: Pick) -> Pick:
    """What a table keeps of a pick."""
    return msgspec.structs.replace(
        pick,
        time_uncertainty=round(pick.time_uncertainty, 4) if math.isfinite(pick.time_uncertainty) else math.inf,
        probability=round(pick.probability, 4),
        amplitude=None if pick.amplitude is None else float(f"{pick.amplitude:.7g}"),
        method="",
        evaluation_mode="automatic",
    )


@given(strategies.pick_tuples(step=100_000))
def test_picks_on_the_grid_come_back(tmp_path_factory, picks):
    path = tmp_path_factory.mktemp("t") / "picks.csv"
    write_picks_csv(picks, path)
    assert set(read_picks_csv(path)) == set(map(pick_as_stated, picks))


@given(strategies.catalogs(), st.randoms())
def test_events_and_arrivals_come_back_whatever_the_order_of_lines(tmp_path_factory, catalog, random):
    folder = tmp_path_factory.mktemp("t")
    write_events_csv(catalog, folder / "events.csv")
    write_arrivals_csv(catalog, folder / "arrivals.csv")
    header, *lines = (folder / "events.csv").read_text().splitlines()
    random.shuffle(lines)
    (folder / "events.csv").write_text("\n".join((header, *lines)))
    back = read_events_csv(folder / "events.csv", read_arrivals_csv(folder / "arrivals.csv"), catalog.picks)
    assert back.picks == catalog.picks
    found = {event.event_id: event for event in back.events}
    assert found.keys() == {event.event_id for event in catalog.events}
    for event in catalog.events:
        one, other = event.origin, found[event.event_id].origin
        assert abs(one.time - other.time) <= 500
        assert other.latitude == pytest.approx(one.latitude, abs=6e-7)
        assert other.longitude == pytest.approx(one.longitude, abs=6e-7)
        assert other.depth == pytest.approx(one.depth, abs=0.51)
        assert [a.pick_id for a in other.arrivals] == [a.pick_id for a in one.arrivals]
        for mine, theirs in zip(one.arrivals, other.arrivals, strict=True):
            assert theirs.distance == pytest.approx(mine.distance, abs=0.51)
            assert theirs.time_residual == pytest.approx(mine.time_residual, abs=6e-5)
        size = found[event.event_id].magnitude
        assert (size is None) == (event.magnitude is None)
        if size and event.magnitude:
            assert size.value == pytest.approx(event.magnitude.value, abs=0.0051)
    write_events_csv(back, folder / "again.csv")
    again = read_events_csv(folder / "again.csv", read_arrivals_csv(folder / "arrivals.csv"), catalog.picks)
    write_events_csv(again, folder / "thrice.csv")
    assert (folder / "thrice.csv").read_bytes() == (folder / "again.csv").read_bytes()


def test_the_files_are_as_the_contract_says(tmp_path):
    sid = SourceId.parse("FDSN:CI_CCC__H_H_Z")
    pick = Pick.of(sid, "P", parse_time("2019-07-04T17:33:49.1234Z"), time_uncertainty=0.05, probability=0.91)
    arrival = Arrival(pick.pick_id, "CI", "CCC", "P", 12_345.6, 271.5, -0.0321, 1.0)
    origin = Origin.of(
        parse_time("2019-07-04T17:33:49Z"), 35.7, -117.5, 8000.0, arrivals=(arrival,), azimuthal_gap=45.0
    )
    size = Magnitude("m", origin.origin_id, "ML", 2.494)
    event = Event("wd1", (origin,), (size,), origin.origin_id, "m")
    catalog = Catalog((event,), (pick,))
    write_events_csv(catalog, tmp_path / "events.csv")
    write_picks_csv(catalog.picks, tmp_path / "picks.csv")
    write_arrivals_csv(catalog, tmp_path / "arrivals.csv")
    assert (tmp_path / "events.csv").read_text() == (
        f"{EVENTS_HEADER}\nwd1,2019-07-04T17:33:49.000000Z,35.700000,-117.500000,8.000,2.49,ML,1,45.00,,,\n"
    )
    assert (tmp_path / "picks.csv").read_text() == (
        f"{PICKS_HEADER}\n{pick.pick_id},CI,CCC,,HHZ,P,2019-07-04T17:33:49.123400Z,0.0500,0.9100,,\n"
    )
    assert (tmp_path / "arrivals.csv").read_text() == (
        f"{ARRIVALS_HEADER}\nwd1,{pick.pick_id},CI,CCC,P,2019-07-04T17:33:49.123400Z,12.346,271.50,-0.0321,1.0000\n"
    )
    assert ",".join(PICK_COLUMNS) == PICKS_HEADER
    assert ",".join(ARRIVAL_COLUMNS) == ARRIVALS_HEADER


def test_a_table_by_hand_needs_only_what_cannot_be_guessed(tmp_path):
    path = tmp_path / "picks.csv"
    path.write_text("\ufeffstation,network,channel,phase,time\nCCC,CI,HHZ,P,2019-07-04 17:33:49\n\n")
    (pick,) = read_picks_csv(path)
    assert pick.source_id.nslc == "CI.CCC..HHZ"
    assert (pick.probability, pick.time_uncertainty) == (1.0, math.inf)
    assert pick.pick_id.startswith("pick-")


ROW = "wd1,2019-07-04T17:33:49Z,35.7,-117.5,8,2.5,ML,10,45,0.1,0.5,0.7"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the file is empty; the header needs event_id"),
        (f"{EVENTS_HEADER.replace('latitude,', '')}\n", "line 1: column latitude is missing"),
        (
            f"{EVENTS_HEADER}\n{ROW.replace('35.7', '95.7')}\n",
            "line 2, column latitude: 95.7 is not between -90 and 90",
        ),
        (f"{EVENTS_HEADER}\n{ROW}\n{ROW}\n", "line 3, column event_id: wd1 stands twice"),
        (f"{EVENTS_HEADER}\n{ROW.replace('17:33', 'noon')}\n", "line 2, column time"),
        (f"{EVENTS_HEADER}\n{ROW.replace(',8,', ',8000,')}\n", "line 2, column depth_km: 8000 is not between"),
        (f"{EVENTS_HEADER}\n{ROW.replace(',8,', ',,')}\n", "line 2, column depth_km: is empty"),
        (f"{EVENTS_HEADER}\n{ROW.replace('2.5', 'nan')}\n", "line 2, column magnitude: nan is not between"),
        (f"{EVENTS_HEADER}\n{ROW},more\n", "line 2: has 13 fields where the header names 12"),
    ],
)
def test_errors_name_line_column_and_mend(tmp_path, text, says):
    path = tmp_path / "events.csv"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_events_csv(path)
    assert str(raised.value).startswith(str(path))
    assert says in str(raised.value)
    assert raised.value.mend


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'a,"b\n'])
def test_what_is_no_table_is_told(tmp_path, content):
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_events_csv(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_events_csv(tmp_path / "absent.csv")
