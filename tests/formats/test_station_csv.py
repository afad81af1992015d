from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.station_csv import COLUMNS, read_station_csv, write_station_csv
from wadati.model import Channel, Inventory, Response, SourceId

HEADER = ",".join(COLUMNS)
channels = st.builds(
    Channel,
    st.builds(
        SourceId.from_nslc,
        st.sampled_from(["", "XX"]),
        st.sampled_from(["A", "BCD"]),
        st.sampled_from(["", "00"]),
        st.sampled_from(["HHZ", "HNE", "BH1", "Z"]),
    ),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(-9000, 9000),
    st.one_of(st.none(), st.builds(Response, st.floats(1, 1e12), st.sampled_from(["m", "m/s", "m/s**2"]))),
    sampling_rate_hz=st.one_of(st.none(), st.floats(0.01, 1000)),
).filter(lambda channel: bool(channel.source_id.network))


@given(channels=st.lists(channels, max_size=5, unique_by=lambda channel: channel.source_id))
def test_reading_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, channels: list[Channel]) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    write_station_csv(Inventory.of(channels), path)
    assert read_station_csv(path) == (Inventory.of(channels), [])


def written(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "stations.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_optional_columns_may_be_absent_and_dashes_mean_no_location(tmp_path: Path) -> None:
    header = "station,network,channel,location,longitude,latitude,elevation_m"
    inventory, problems = read_station_csv(written(tmp_path, "ABC,XX,HHZ,--,-117.5,35.5,700", header=header))
    assert (problems, inventory) == (
        [],
        Inventory.of([Channel(SourceId.from_nslc("XX", "ABC", "", "HHZ"), 35.5, -117.5, 700.0)]),
    )


def test_a_missing_column_is_named_with_the_mend(tmp_path: Path) -> None:
    path = written(tmp_path, "XX,ABC,,HHZ,35,-117", header="network,station,location,channel,latitude,longitude")
    with pytest.raises(InputError, match=r"stations\.csv.*elevation_m is missing; the header needs network,"):
        read_station_csv(path)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("XX,BAD,,HHZ,-117.5,35.5,700,,,", "look swapped"),
        ("XX,BAD,,HHZ,north,-117.5,700,,,", "'north' is not a number"),
        ("XX,BAD,,HHZ,35.5,-117.5,,,,", "is empty"),
        ("XX,BAD,,HHZ,135.5,-117.5,0,,,", "not between -90 and 90"),
        ("XX,BAD,,HHZ,35.5,1e9,0,,,", "not between -180 and 360"),
        ("XX,BAD,,HHZ,nan,-117.5,0,,,", "not between"),
        ("XX,BAD,,HHZ,35.5,-117.5,0,1e9,volt,", "'volt' is no unit"),
        ("XX,,,HHZ,35.5,-117.5,0,,,", "is empty"),
        ("XX,ABC,,HHZ,35.6,-117.5,700,,,", "stands there twice"),
    ],
)
def test_a_bad_row_costs_only_itself(tmp_path: Path, row: str, wrong: str) -> None:
    path = written(tmp_path, "XX,ABC,,HHZ,35.5,-117.5,700,1e9,nm/s,100", row, "XX,DEF,,HHZ,35.5,-117.5,700,,,")
    inventory, (problem,) = read_station_csv(path)
    assert [station.code for station in inventory.stations()] == ["ABC", "DEF"]
    assert (wrong in problem.wrong, "line 3" in problem.subject, bool(problem.mend)) == (True, True, True)
    assert inventory.channels[0].response == Response(1e18, "m/s")


def test_ridgecrest(shared: Path) -> None:
    inventory, problems = read_station_csv(shared / "data" / "ridgecrest-2019" / "stations.csv")
    unknown = {channel.source_id.station for channel in inventory if channel.response is None}
    assert (len(inventory), problems, unknown) == (66, [], {"WBS", "WOR"})
