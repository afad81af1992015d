"""fdsnws-station: word for word, at every level, as XML and text."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import obspy
import pytest
from lxml import etree
from obspy import read_inventory
from obspy.clients.fdsn import Client
from obspy.io.stationxml.core import validate_stationxml

from tests.api.conftest import Served, serving
from wadati.formats.inventory import read_inventory as read_own
from wadati.formats.miniseed import write_miniseed
from wadati.formats.stationxml_selection import StationDocuments
from wadati.model import SourceId, TimeSpan, Trace, format_time, parse_time, sampling_rate
from wadati.units import DAY, SECOND

QUERY = "/fdsnws/station/1/query"
LEVELS = ("network", "station", "channel", "response")


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_valid_and_counts(served, tmp_path: Path, level) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(served.get(QUERY, level=level).content)
    valid, errors = validate_stationxml(str(path))
    assert valid, errors
    network = etree.parse(str(path)).find("{*}Network")
    stations = network.findall("{*}Station")
    assert network.findtext("{*}SelectedNumberStations") == "12"
    assert len(stations) == (0 if level == "network" else 12)
    channels = [channel for station in stations for channel in station.findall("{*}Channel")]
    assert bool(channels) == (level in ("channel", "response"))
    stages = [stage for channel in channels for stage in channel.findall("{*}Response/{*}Stage")]
    assert bool(stages) == (level == "response")
    if level == "channel":
        assert all(c.find("{*}Response/{*}InstrumentSensitivity") is not None for c in channels)


def test_responses_are_those_of_the_file(served, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(served.get(QUERY, level="response").content)
    given, _ = read_own(tmp_path / "a.xml")
    assert given == read_own(served.small.stations)[0]


def test_texts_have_a_line_for_each(served) -> None:
    channels, _ = read_own(served.small.stations)
    for level, count in (("network", 1), ("station", 12), ("channel", len(channels))):
        lines = served.get(QUERY, level=level, format="text").text.splitlines()
        assert lines[0].startswith("#Network|")
        assert len(lines) == 1 + count
        assert {len(line.split("|")) for line in lines} == {len(lines[0].split("|"))}
    assert served.get(QUERY, level="response", format="text").status_code == 400


def test_codes_places_and_times_select(served) -> None:
    channels, _ = read_own(served.small.stations)
    stations = channels.stations()
    first = stations[0]

    def found(**parameters: object) -> list[str]:
        answer = served.get(QUERY, format="text", **parameters)
        return [line.split("|")[1] for line in answer.text.splitlines()[1:]]

    assert found(station=f"{first.code},{stations[1].code}") == [first.code, stations[1].code]
    assert found(sta=f"{first.code[:-1]}?") == [s.code for s in stations if s.code[:-1] == first.code[:-1]]
    assert found(minlatitude=first.latitude, maxlatitude=first.latitude) == [first.code]
    assert found(latitude=first.latitude, longitude=first.longitude, maxradius=0.001) == [first.code]
    assert found(network="YY") == []
    assert found(matchtimeseries="true") == [s.code for s in stations]
    assert found(starttime="2090-01-01", endtime="2599-12-31") == [s.code for s in stations]
    assert found(endbefore="2500-01-01") == []
    post = "level=station\nformat=text\nXX " + first.code + " * HHZ * *\n"
    answer = httpx.post(served.url + QUERY, content=post)
    assert answer.text.splitlines()[1].split("|")[1] == first.code
    assert httpx.post(served.url + QUERY, content="level=station\n").status_code == 400
    assert httpx.post(served.url + QUERY, content="XX A *\n").status_code == 400


@pytest.fixture
def of_days(small, tmp_path: Path) -> Iterator[Served]:
    """A service with an SDS tree of one station only, which has a gap of days."""
    first = small.scenario.inventory.stations()[0]
    for day in (0, 1, 5):
        sid = SourceId.from_nslc(first.network, first.code, "", "HHZ")
        trace = Trace(sid, day * DAY + 7 * SECOND, sampling_rate(100), np.arange(90_000, dtype=np.int32))
        name = f"{sid.nslc}.D.1970.{day + 1:03d}"
        write_miniseed([trace], tmp_path / "sds" / "1970" / sid.network / sid.station / "HHZ.D" / name, version=2)
    with serving(small, tmp_path / "served", waveforms=str(tmp_path / "sds")) as served:
        yield served


def test_availability_is_told_to_the_sample(of_days: Served, served, tmp_path: Path) -> None:
    spans_of: dict[SourceId, list[TimeSpan]] = {}
    for trace in served.small.scenario.traces:
        if trace.source_id.channel == "HHZ":
            spans_of.setdefault(trace.source_id, []).append(trace.span)
    of_files = sorted((min(s.start for s in own), max(s.end for s in own)) for own in spans_of.values())
    for service, spans in ((of_days, [(7 * SECOND, 5 * DAY + 907 * SECOND)]), (served, of_files)):
        answer = service.get(QUERY, level="channel", channel="HHZ", includeavailability="true")
        (tmp_path / "a.xml").write_bytes(answer.content)
        valid, errors = validate_stationxml(str(tmp_path / "a.xml"))
        assert valid, errors
        channels = [c for n in read_inventory(str(tmp_path / "a.xml")) for s in n for c in s]
        told = [c.data_availability for c in channels if c.data_availability is not None]
        found = sorted((one.start.ns, one.end.ns) for one in told)
        assert [time for span in found for time in span] == pytest.approx([t for s in spans for t in s], abs=1000)
    assert b"DataAvailability" not in of_days.get(QUERY, level="channel", channel="HHZ").content
    text = {"level": "channel", "format": "text", "channel": "HHZ"}
    assert of_days.get(QUERY, includeavailability="true", **text).text == of_days.get(QUERY, **text).text
    inventory = Client(of_days.url).get_stations(level="response", includeavailability=True, matchtimeseries=True)
    (only,) = [channel for network in inventory for station in network for channel in station]
    assert only.data_availability.start.ns == 7 * SECOND


def test_only_channels_with_waveforms_of_the_time_match(of_days: Served) -> None:
    def count(**asked: str) -> int:
        answer = of_days.get(QUERY, level="channel", format="text", matchtimeseries="true", **asked)
        return len(answer.text.splitlines()[1:])

    assert count() == 1
    assert count(channel="HHN") == 0
    assert count(starttime="1970-01-06", endtime="1970-01-07") == 1
    assert count(starttime="1970-01-03", endtime="1970-01-05T23:59:59") == 0


def test_what_was_updated_after_a_time(served) -> None:
    written = served.small.stations.stat().st_mtime_ns
    created = parse_time(etree.parse(str(served.small.stations)).findtext("{*}Created"))
    changed = max(written, created)
    assert served.get(QUERY, updatedafter=format_time(changed - SECOND)).status_code == 200
    assert served.get(QUERY, updatedafter=format_time(changed + SECOND)).status_code == 204
    inventory = Client(served.url).get_stations(updatedafter=obspy.UTCDateTime(ns=changed - SECOND))
    assert len(inventory[0]) == 12


def test_the_client_of_obspy_works(served) -> None:
    inventory = Client(served.url).get_stations(network="XX", channel="*Z", level="response")
    own, _ = read_own(served.small.stations)
    vertical = [channel for channel in own if channel.source_id.subsource == "Z"]
    assert sum(len(station) for network in inventory for station in network) == len(vertical)


def test_what_others_wrote_stays_word_for_word(shared: Path) -> None:
    folder = shared / "data" / "moment-tensor-2019" / "40191336" / "stations"
    documents = StationDocuments([folder])
    assert not documents.problems
    wanted = documents.select("response", lambda place: place.station == "CMB")
    given = b"".join(wanted.xml("here", "here", 0))
    before = etree.parse(str(folder / "BK.CMB.xml")).getroot()
    after = etree.fromstring(given)

    def channels(root: object) -> list[bytes]:
        parser = etree.XMLParser(remove_blank_text=True)
        found = root.findall(".//{*}Channel")  # type: ignore[attr-defined]
        return [
            etree.tostring(etree.fromstring(etree.tostring(c), parser), method="c14n", exclusive=True) for c in found
        ]

    assert channels(after) == channels(before) != []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = read_inventory(str(folder / "BK.CMB.xml"))
    line = next(line for line in documents.select("channel", lambda p: p.station == "CMB").text() if "|BHZ|" in line)
    channel = next(c for c in read[0][0] if c.code == "BHZ")
    assert float(line.split("|")[4]) == channel.latitude
    assert float(line.split("|")[11]) == channel.response.instrument_sensitivity.value
