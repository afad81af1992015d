from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.ground_unit import ground_unit
from wadati.formats.stationxml import read_stationxml, write_stationxml
from wadati.model import ALWAYS, Channel, Inventory, Response, SourceId, TimeSpan

finite = st.floats(-1e6, 1e6)
roots = st.lists(st.tuples(finite, finite), max_size=4).map(tuple)
frequencies = st.floats(1e-3, 100)
responses = st.one_of(
    st.none(),
    st.builds(Response, st.floats(1, 1e12), st.sampled_from(["m", "m/s", "m/s**2"]), frequencies),
    st.builds(Response, st.floats(1, 1e12), st.just("m/s"), frequencies, roots, roots),
)
moments = st.integers(0, 4 * 10**15).map(lambda microseconds: microseconds * 1000)
epochs = st.one_of(
    st.just(ALWAYS),
    moments.map(lambda start: TimeSpan(start, ALWAYS.end)),
    st.tuples(moments, st.integers(1, 10**15)).map(lambda pair: TimeSpan(pair[0], pair[0] + pair[1] * 1000)),
)
source_ids = st.builds(
    SourceId.from_nslc,
    st.sampled_from(["XX", "YY"]),
    st.sampled_from(["A", "BCD"]),
    st.sampled_from(["", "00"]),
    st.sampled_from(["HHZ", "HNE", "BH1"]),
)
channels = st.builds(
    Channel,
    source_ids,
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(-5000, 9000),
    responses,
    st.one_of(st.none(), st.floats(0, 359.9)),
    st.one_of(st.none(), st.floats(-90, 90)),
    st.one_of(st.none(), st.floats(0.01, 1000)),
    epochs,
)


@given(channels=st.lists(channels, max_size=4, unique_by=lambda channel: (channel.source_id, channel.epoch)))
def test_reading_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, channels: list[Channel]) -> None:
    path = tmp_path_factory.mktemp("xml") / "a.xml"
    inventory = Inventory.of(channels)
    write_stationxml(inventory, path)
    found, problems = read_stationxml(path)
    assert (found, problems) == (inventory, [])
    before = path.read_bytes()
    write_stationxml(inventory, path)
    assert path.read_bytes() == before


def packaged() -> Path:
    import obspy

    return (
        Path(obspy.__file__).parent / "io" / "stationxml" / "tests" / "data" / "IRIS_single_channel_with_response.xml"
    )


def test_the_response_is_that_of_obspy() -> None:
    import obspy

    (channel,), problems = read_stationxml(packaged())
    theirs = obspy.read_inventory(str(packaged()))[0][0][0].response
    stage = theirs.get_paz()
    ours = channel.response
    assert ours is not None
    assert (problems, channel.source_id.nslc, ours.unit) == ([], "IU.ANMO.10.BHZ", "m/s")
    assert (ours.sensitivity, ours.sensitivity_frequency_hz) == (
        theirs.instrument_sensitivity.value,
        theirs.instrument_sensitivity.frequency,
    )
    assert ours.poles is not None
    assert ours.zeros is not None
    assert [complex(*pole) for pole in ours.poles] == stage.poles
    assert [complex(*zero) for zero in ours.zeros] == stage.zeros
    s = 2j * math.pi * stage.normalization_frequency
    gain = np.prod([s - complex(*zero) for zero in ours.zeros]) / np.prod([s - complex(*pole) for pole in ours.poles])
    # The file's own factor is 2 % off.
    assert abs(gain) * stage.normalization_factor == pytest.approx(1.0, rel=0.02)


def test_elevation_is_that_of_the_sensor_and_hertz_become_radians(tmp_path: Path) -> None:
    text = packaged().read_text()
    (before,), _ = read_stationxml(packaged())
    changed = text.replace("LAPLACE (RADIANS/SECOND)", "LAPLACE (HERTZ)")
    start, end = changed.index("<Depth>"), changed.index("</Depth>")
    path = tmp_path / "a.xml"
    path.write_text(changed[:start] + "<Depth>100.5" + changed[end:])
    (after,), _ = read_stationxml(path)
    old_depth = float(text[text.index("<Depth>") + 7 : text.index("</Depth>")])
    assert after.elevation == pytest.approx(before.elevation + old_depth - 100.5)
    assert before.response is not None
    assert after.response is not None
    assert after.response.poles == tuple(
        (pytest.approx(2 * math.pi * real), pytest.approx(2 * math.pi * imaginary))
        for real, imaginary in before.response.poles or ()
    )


def test_nanometres_become_metres(tmp_path: Path) -> None:
    (before,), _ = read_stationxml(packaged())
    path = tmp_path / "a.xml"
    path.write_text(packaged().read_text().replace("<Name>M/S</Name>", "<Name>NM/S</Name>"))
    (after,), _ = read_stationxml(path)
    assert before.response is not None
    assert after.response is not None
    assert (after.response.unit, after.response.sensitivity) == ("m/s", before.response.sensitivity * 1e9)


@pytest.mark.parametrize("content", ["<a>", "<a/>", "text", ""])
def test_other_files_are_refused_with_the_mend(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(content)
    with pytest.raises(InputError, match="give FDSN StationXML"):
        read_stationxml(path)


def test_swapped_coordinates_are_told(tmp_path: Path) -> None:
    text = packaged().read_text()
    start = text.index("<Latitude>", text.index("<Channel"))
    path = tmp_path / "a.xml"
    path.write_text(text[:start] + "<Latitude>-106.4" + text[text.index("</Latitude>", start) :])
    with pytest.raises(InputError, match=r"beyond 90 degrees .* swapped"):
        read_stationxml(path)


def test_a_channel_without_a_position_costs_only_itself(tmp_path: Path) -> None:
    text = packaged().read_text()
    first, last = text.index("<Channel"), text.index("</Channel>") + len("</Channel>")
    whole = text[first:last]
    broken = whole.replace("<Depth>", "<NoDepth>").replace("</Depth>", "</NoDepth>")
    path = tmp_path / "a.xml"
    path.write_text(text[:first] + broken.replace("BHZ", "BHN") + whole + text[last:])
    inventory, (problem,) = read_stationxml(path)
    assert [channel.source_id.channel for channel in inventory] == ["BHZ"]
    assert "BHN" in problem.wrong


def test_units_in_usual_spellings() -> None:
    assert [ground_unit(text) for text in ("M", "m/s", "M/S**2", "M/(S**2)", "cm/s^2", "count", "", "/s")] == [
        ("m", 1.0),
        ("m/s", 1.0),
        ("m/s**2", 1.0),
        ("m/s**2", 1.0),
        ("m/s**2", 100.0),
        None,
        None,
        None,
    ]


def test_real_files_survive_a_round_trip(shared: Path, tmp_path: Path) -> None:
    inventory, problems = read_stationxml(shared / "data" / "salton-sea-2020" / "stations.xml")
    assert (len(inventory), problems) == (48, [])
    assert all(channel.response and channel.response.poles for channel in inventory)
    write_stationxml(inventory, tmp_path / "a.xml")
    assert read_stationxml(tmp_path / "a.xml") == (inventory, [])
