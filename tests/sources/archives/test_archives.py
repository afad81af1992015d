"""The archives' contract on replicas of their layouts: on servers of S3 (Ceph and moto), and in folders."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.api.conftest import Served, serving
from tests.conftest import Small
from tests.sources.archives.replica import address, client, fill, objects
from wadati.errors import ReadError, UsageError
from wadati.formats import miniseed
from wadati.formats.stationxml import write_stationxml
from wadati.model import Channel, Inventory, SourceId, TimeSpan, Trace
from wadati.protocols import DayArchive
from wadati.sources.archives import days
from wadati.sources.archives.addresses import open_archive
from wadati.sources.archives.dataselect import Dataselect
from wadati.sources.archives.days import DaySource, Reading
from wadati.sources.archives.layouts import LAYOUTS
from wadati.units import DAY, SECOND

DAYS = 18081  # 2019-07-04
START = DAYS * DAY
CODES = {"scedc": "CI.ADO.", "ncedc": "BK.MERC.00", "geonet": "NZ.WEL.10", "earthscope": "UW.RATT.", "sds": "GE.APE."}


def channels(layout: str) -> list[SourceId]:
    network, station, location = CODES[layout].split(".")
    return [SourceId.from_nslc(network, station, location, f"HH{letter}") for letter in "ENZ"]


def waveforms(layout: str, *, start: int = START + DAY - 300 * SECOND, seconds: int = 600) -> list[Trace]:
    """Ten minutes around a midnight."""
    random = np.random.default_rng(5)
    data = [random.integers(-2000, 2000, seconds * 20).astype(np.int32) for _ in range(3)]
    return [Trace(sid, start, Fraction(20), one) for sid, one in zip(channels(layout), data, strict=True)]


def inventory(layout: str) -> Inventory:
    return Inventory.of(Channel(sid, 35.0, -117.0, 100.0) for sid in channels(layout))


def read(archive: DayArchive, layout: str, span: TimeSpan) -> list[Trace]:
    source = DaySource(Reading(archive), inventory(layout), span)
    network, station, _ = CODES[layout].split(".")
    return list(source.read(network, station))


@pytest.mark.parametrize("layout", ["scedc", "ncedc", "geonet", "earthscope", "sds"])
def test_what_lies_in_a_layout_is_read_across_midnight(layout: str, s3: str) -> None:
    traces = waveforms(layout)
    fill(s3, "archive", objects(traces, layout))
    archive = open_archive(address(s3, "archive"), layout)
    assert isinstance(archive, DayArchive)
    assert not archive.lists
    whole = TimeSpan(START, START + 2 * DAY)
    assert read(archive, layout, whole) == traces
    hour = TimeSpan(START + DAY - 10 * SECOND, START + DAY + 10 * SECOND)
    assert read(archive, layout, hour) == [trace.cut(hour) for trace in traces]


def test_a_folder_gives_what_the_bucket_gives(tmp_path: Path) -> None:
    traces = waveforms("sds")
    for name, data in objects(traces, "sds").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert read(open_archive(str(tmp_path)), "sds", TimeSpan(START, START + 2 * DAY)) == traces


def test_days_in_fragments_are_listed_and_read_together(s3: str) -> None:
    layout = LAYOUTS["earthscope"]
    traces = waveforms("earthscope")
    content = objects(traces, "earthscope")
    pieces = {}
    for name, data in content.items():
        half = len(data) // 512 // 2 * 512
        pieces |= {f"{name}#1": data[:half], f"{name}#2": data[half:]}
    assert len(pieces) == 2 * len(content)
    fill(s3, "archive", pieces)
    archive = open_archive(address(s3, "archive"), "earthscope-versions")
    assert archive.lists
    assert archive.places(channels("earthscope"), DAYS) == tuple(
        f"{layout.paths(channels('earthscope'), DAYS)[0]}#{k}" for k in (1, 2)
    )
    assert read(archive, "earthscope", TimeSpan(START, START + 2 * DAY)) == traces


def test_a_station_day_is_listed_once_however_often_it_is_read(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(s3, "archive", objects(waveforms("earthscope"), "earthscope"))
    archive = open_archive(address(s3, "archive"), "earthscope-versions")
    listed: list[int] = []
    places = archive.places
    monkeypatch.setattr(archive, "places", lambda channels, day: listed.append(day) or places(channels, day))
    reading, whole = Reading(archive), TimeSpan(START, START + 2 * DAY)
    source = DaySource(reading, inventory("earthscope"), whole)
    for part in range(4):
        list(source.read("UW", "RATT", TimeSpan(START + part * DAY // 2, START + (part + 1) * DAY // 2)))
    assert listed == [DAYS, DAYS + 1]
    assert len(source.source_ids()) == 3


def test_headers_are_read_once_and_parts_of_a_day_together_are_the_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several blocks, as a day of a hundred samples a second has."""
    monkeypatch.setattr(miniseed, "_BLOCK_BYTES", 4096)
    scanned: list[bytes] = []
    scan = days.scan_miniseed
    monkeypatch.setattr(days, "scan_miniseed", lambda content: scanned.append(content) or scan(content))
    traces = waveforms("sds", start=START + 3600 * SECOND)
    for name, data in objects(traces, "sds").items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    reading, whole = Reading(open_archive(str(tmp_path))), TimeSpan(START, START + DAY)
    source = DaySource(reading, inventory("sds"), whole)
    spans = [TimeSpan(START + (3600 + 150 * part) * SECOND, START + (3750 + 150 * part) * SECOND) for part in range(4)]
    found = [list(source.read("GE", "APE", span)) for span in spans]
    assert found == [[trace.cut(span) for trace in traces] for span in spans]
    assert len(source.source_ids()) == 3
    assert len(scanned) == 3
    assert len(reading.blocks(next(iter(reading.places(tuple(channels("sds")), DAYS))), DAYS)[0]) > 1


def test_sizes_and_stationxml_come_from_the_bucket(s3: str, tmp_path: Path) -> None:
    write_stationxml(inventory("scedc"), tmp_path / "ado.xml")
    content = objects(waveforms("scedc"), "scedc")
    xml = (tmp_path / "ado.xml").read_bytes()
    fill(s3, "archive", content | {"FDSNstationXML/CI/CI_ADO.xml": xml})
    archive = open_archive(address(s3, "archive"), "scedc")
    for place in archive.places(channels("scedc"), DAYS):
        assert archive.size(place) == len(content[place])
    assert archive.size("nothing") is None
    assert archive.stationxml("CI", "ADO") == xml
    assert archive.stationxml("CI", "NIL") is None
    assert archive.station_codes((0.0, 1.0, 0.0, 1.0)) == (("CI", "ADO"),)


@pytest.mark.parametrize("layout", ["ncedc"])
def test_damage_is_told_by_cause_and_costs_nothing_else(layout: str, s3: str) -> None:
    traces = waveforms(layout)
    content = objects(traces, layout)
    east, north, vertical = sorted(name for name in content if name.endswith(".185"))
    content[east] = content[east][:-100]
    content[north] = b"<html>not here</html>"
    content[vertical] = content[vertical][:512] + b"\xff" * 512 + content[vertical][1024:]
    fill(s3, "archive", content)
    source = DaySource(
        Reading(open_archive(address(s3, "archive"), layout)), inventory(layout), TimeSpan(START, START + DAY)
    )
    found = list(source.read("BK", "MERC"))
    assert source.causes == {"truncated": 1, "corrupt": 2}
    assert {problem.subject for problem in source.problems()} == {east, north, vertical}
    assert {trace.source_id.subsource for trace in found} == {"E", "Z"}


def test_what_was_known_to_be_there_has_vanished_and_what_never_was_is_no_data(s3: str) -> None:
    content = objects(waveforms("ncedc"), "ncedc")
    fill(s3, "archive", content)
    archive = open_archive(address(s3, "archive"), "ncedc")
    gone = archive.places(channels("ncedc"), DAYS)[0]
    client(s3).delete_object(Bucket="archive", Key=gone)
    assert archive.read(gone) is None
    assert Reading(archive).content(gone, DAYS) is None
    with pytest.raises(ReadError, match="is gone") as told:
        Reading(archive, {gone: len(content[gone])}).content(gone, DAYS)
    assert told.value.cause == "vanished"


class _Refusing(http.server.BaseHTTPRequestHandler):
    """Says 403 as Amazon does, which moto never says; or sends less than it announces, or nothing for long."""

    over = threading.Event()

    def do_GET(self) -> None:
        if "slow" in self.path:
            self.over.wait(30)
            return
        if "short" in self.path:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.send_header("Last-Modified", "Thu, 04 Jul 2019 00:00:00 GMT")
            self.send_header("ETag", '"1"')
            self.end_headers()
            self.wfile.write(b"x" * 100)
            return
        if "broken" in self.path:
            self.send_error(500)
            return
        words = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        _Refusing.over.clear()
        yield f"http://127.0.0.1:{server.server_port}"
        _Refusing.over.set()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("place", "cause"),
    [("closed", "refused"), ("short", "unreachable"), ("broken", "unreachable"), ("slow", "timed out")],
)
def test_refusals_time_outs_and_broken_lines_are_failures_with_names(
    place: str, cause: str, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "placeholder")
    archive = open_archive(address(refusing, "archive", retries=1, timeout=0.5))
    with pytest.raises(ReadError) as told:
        archive.read(place)
    assert told.value.cause == cause


def test_what_failed_is_not_waited_for_again_in_the_other_parts_of_its_day(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path), "{station}.mseed")
    (tmp_path / "WEL.mseed").mkdir()
    reading = Reading(archive)
    for _ in range(3):
        with pytest.raises(ReadError, match="Is a directory"):
            reading.content("WEL.mseed", DAYS)
    assert reading.requests == 1
    with pytest.raises(ReadError, match="Is a directory"):
        Reading(archive).content("WEL.mseed", DAYS)


def test_what_is_in_no_bucket_is_not_taken_for_no_data(s3: str) -> None:
    fill(s3, "archive", {})
    assert open_archive(address(s3, "archive")).read("a/b") is None
    with pytest.raises(ReadError, match="is no bucket") as told:
        open_archive(address(s3, "archives")).read("a/b")
    assert told.value.cause == "unreachable"


def test_a_folder_that_goes_away_holds_not_no_data(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    archive = open_archive(str(tmp_path / "disk"))
    assert archive.read("a/b") is None
    (tmp_path / "disk").rmdir()
    for ask in (archive.read, archive.size):
        with pytest.raises(ReadError, match="is not there any more"):
            ask("a/b")


def test_an_address_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write scedc, ncedc, geonet, earthscope, a folder"):
        open_archive(str(tmp_path / "none"))
    with pytest.raises(UsageError, match="is no web service"):
        open_archive("fdsn:ftp://host")


@pytest.fixture
def served(small: Small, tmp_path: Path) -> Iterator[Served]:
    with serving(small, tmp_path) as found:
        yield found


def test_a_service_gives_the_records_and_stations_of_our_own_server(served: Served) -> None:
    archive = open_archive(f"fdsn:{served.url}")
    station = served.small.scenario.inventory.stations()[0]
    xml = archive.stationxml(station.network, station.code)
    assert xml is not None
    assert b"FDSNStationXML" in xml
    assert archive.stationxml("XX", "NONE") is None
    everywhere = (-90.0, 90.0, -180.0, 180.0)
    assert archive.station_codes(everywhere) == tuple(one.key for one in served.small.scenario.inventory.stations())
    around = (station.latitude - 1e-3, station.latitude + 1e-3, station.longitude - 1e-3, station.longitude + 1e-3)
    assert archive.station_codes(around) == (station.key,)
    assert archive.station_codes((-90.0, 90.0, 179.0, station.longitude + 1e-3)) == tuple(
        one.key for one in served.small.scenario.inventory.stations() if one.longitude <= station.longitude + 1e-3
    )
    span = served.small.scenario.span()
    assert span is not None
    source = DaySource(Reading(archive), served.small.scenario.inventory, span)
    assert list(source.read(*station.key)) == list(served.small.scenario.read(*station.key))


class _Busy(http.server.BaseHTTPRequestHandler):
    """Puts off the first requests for what is `late`, and all for what is `never`."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        if "sta=SHUT" in self.path:
            self._say(403)
        elif "sta=NONE" in self.path:
            self._say(204)
        elif "sta=WRONG" in self.path:
            self._say(404)
        elif "sta=NEVER" in self.path or type(self).asked < 3:
            self._say(503 if "sta=NEVER" in self.path else 429, {"Retry-After": "7"})
        else:
            self._say(200, body=b"records")

    def _say(self, code: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(code)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def busy() -> Iterator[str]:
    _Busy.asked = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_service_that_puts_off_is_asked_again_as_it_wishes_and_never_for_ever(busy: str) -> None:
    waits: list[float] = []
    archive = Dataselect(busy, pause_s=0.0, wait=waits.append)
    assert archive.read("XX.ABC..HHZ.2019-07-04") == b"records"
    assert waits == [7.0, 14.0]
    assert archive.read("XX.NONE..HHZ.2019-07-04") is None
    with pytest.raises(ReadError) as told:
        archive.read("XX.SHUT..HHZ.2019-07-04")
    assert told.value.cause == "refused"
    with pytest.raises(ReadError, match="says 404"):
        archive.read("XX.WRONG..HHZ.2019-07-04")
    _Busy.asked = 0
    with pytest.raises(ReadError, match="asked 6 times") as told:
        archive.read("XX.NEVER..HHZ.2019-07-04")
    assert (told.value.cause, _Busy.asked) == ("put off", 6)
