"""fdsnws-dataselect: any cut is the cut of the whole."""

from __future__ import annotations

import io
import random
from pathlib import Path

import httpx
import numpy as np
import obspy
import pytest
from obspy.clients.fdsn import Client

from tests.api.conftest import serving
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.formats.miniseed_headers import records_of
from wadati.formats.waveforms import read_waveforms
from wadati.model import SourceId, TimeSpan, Trace, format_time, sampling_rate
from wadati.sources.archive import Archive
from wadati.sources.selection import Selection
from wadati.units import DAY, SECOND

QUERY = "/fdsnws/dataselect/1/query"


@pytest.fixture(scope="module")
def whole(served) -> list[Trace]:
    traces: list[Trace] = []
    for path in sorted(served.small.waveforms.iterdir()):
        traces += read_waveforms(path)[0]
    return traces


def expected(whole: list[Trace], selection: Selection) -> list[Trace]:
    cut = [trace.cut(selection.span) for trace in whole if selection.holds(trace.source_id)]
    return sorted((t for t in cut if len(t)), key=lambda t: (t.source_id, t.start))


def test_any_cut_is_the_cut_of_the_whole(served, whole) -> None:
    draw = random.Random(1)
    first, last = min(t.start for t in whole), max(t.end for t in whole)
    for channel in ("*", "?HZ", "HHE,HHN"):
        start = draw.randrange(first, last - 20 * SECOND) // 1000 * 1000
        end = start + draw.randrange(0, 20 * SECOND) // 1000 * 1000
        given = served.get(QUERY, start=format_time(start), end=format_time(end), channel=channel)
        wanted = Selection("*", "*", "*", channel, TimeSpan(start, end + 1))
        assert read_miniseed(given.content)[0] == expected(whole, wanted)


def test_records_within_come_as_they_lie_there(served) -> None:
    path = sorted(served.small.waveforms.iterdir())[0]
    inside = list(records_of(path.read_bytes()))[5:9]
    span = TimeSpan(min(r.span.start for r in inside), max(r.span.end for r in inside))
    given = served.get(
        QUERY, start=format_time(span.start), end=format_time(span.end), station=inside[0].source_id.station
    ).content
    assert all(record.content in given for record in inside)


def test_lists_and_clients(served, whole) -> None:
    a, b = whole[0], whole[-1]
    lines = [
        f"{t.source_id.network} {t.source_id.station} -- {'HH?'} {format_time(t.start)} {format_time(t.start + SECOND)}"
        for t in (a, b)
    ]
    answer = httpx.post(served.url + QUERY, content="quality=B\n" + "\n".join(lines))
    wanted = [
        Selection(t.source_id.network, t.source_id.station, "--", "HH?", TimeSpan(t.start, t.start + SECOND + 1))
        for t in (a, b)
    ]
    assert read_miniseed(answer.content)[0] == [t for one in wanted for t in expected(whole, one)]
    start = obspy.UTCDateTime(ns=a.start // 1000 * 1000)
    stream = Client(served.url).get_waveforms(a.source_id.network, a.source_id.station, "", "HHZ", start, start + 5)
    assert len(stream) == 1
    assert stream[0].stats.npts in (500, 501)
    assert served.get(QUERY, start="2001-01-01", end="2001-01-02").status_code == 204
    assert served.get(QUERY, station="W01").status_code == 400


def test_version_3_holds_the_same(served, whole) -> None:
    start = max(t.start for t in whole)
    span = {"start": format_time(start), "end": format_time(start + 9 * SECOND), "channel": "HHZ"}
    third = served.get(QUERY, format="miniseed3", **span).content
    assert third[:2] == b"MS"
    second = served.get(QUERY, **span).content
    assert read_miniseed(third) == read_miniseed(second)


def test_runs_without_a_gap(tmp_path: Path) -> None:
    sid = SourceId.from_nslc("XX", "GAP", "", "HHZ")
    data = np.arange(1000, dtype=np.int32)
    traces = [
        Trace(sid, start * SECOND, sampling_rate(100), data[: 100 * n]) for start, n in ((0, 3), (10, 10), (30, 5))
    ]
    write_miniseed(traces, tmp_path / "a.mseed", version=2)
    archive = Archive([tmp_path])
    wanted = [Selection("*", "*", "*", "*", TimeSpan(0, DAY))]
    assert read_miniseed(b"".join(archive.records(wanted)))[0] == traces
    assert read_miniseed(b"".join(archive.records(wanted, shortest=4.0)))[0] == traces[1:]
    assert read_miniseed(b"".join(archive.records(wanted, longest_only=True)))[0] == [traces[1]]
    assert read_miniseed(b"".join(archive.records(wanted, quality="Q")))[0] == []


def test_an_sds_tree_is_looked_into_by_name_and_grows(tmp_path: Path) -> None:
    def put(day: int, station: str) -> Trace:
        sid = SourceId.from_nslc("XX", station, "00", "HHZ")
        trace = Trace(sid, day * DAY + 7, sampling_rate(100), np.arange(5000, dtype=np.int32))
        folder = tmp_path / "1970" / "XX" / station / "HHZ.D"
        folder.mkdir(parents=True, exist_ok=True)
        write_miniseed([trace], folder / f"XX.{station}.00.HHZ.D.1970.{day + 1:03d}", version=2)
        return read_miniseed(write_miniseed([trace], version=2))[0][0]

    first = [put(0, "AAA"), put(1, "AAA"), put(0, "BBB")]
    archive = Archive([tmp_path])
    everything = Selection("*", "*", "*", "*", TimeSpan(0, 9 * DAY))
    assert read_miniseed(b"".join(archive.records([everything])))[0] == first
    one = Selection("XX", "A*", "00", "H?Z", TimeSpan(DAY, 2 * DAY))
    assert read_miniseed(b"".join(archive.records([one])))[0] == [first[1]]
    assert [extent.source_id.station for extent in archive.extents()] == ["AAA", "BBB"]
    more = put(3, "CCC")
    assert read_miniseed(b"".join(archive.records([everything])))[0] == [*first, more]


def test_too_much_is_refused_before_an_answer_begins(small, whole, tmp_path: Path) -> None:
    with serving(small, tmp_path, "most_megabytes = 0.3\n") as served:
        everything = {"start": "1970-01-01", "end": "2090-01-01"}
        answer = served.get(QUERY, **everything)
        assert answer.status_code == 413
        assert answer.text.startswith("Error 413: Request Entity Too Large\n\nthere is more than one answer may hold")
        posted = httpx.post(served.url + QUERY, content="* * * * 1970-01-01 2090-01-01\n")
        assert posted.status_code == 413
        start = whole[0].start // 1000 * 1000
        some = served.get(QUERY, start=format_time(start), end=format_time(start + SECOND), channel="HHZ")
        assert some.status_code == 200
        # What long runs there are is known only while they are read: the answer breaks off.
        with pytest.raises(httpx.RemoteProtocolError):
            served.get(QUERY, **everything, minimumlength=1)


def test_other_formats_and_damage(tmp_path: Path, served) -> None:
    stream = obspy.Stream(
        [
            obspy.Trace(
                np.arange(500, dtype=np.float32),
                {"sampling_rate": 50.0, "network": "XX", "station": "SAC", "channel": "HHZ"},
            )
        ]
    )
    stream.write(str(tmp_path / "a.sac"), format="SAC")
    good = sorted(served.small.waveforms.iterdir())[0].read_bytes()[: 512 * 20]
    (tmp_path / "b.mseed").write_bytes(good[:5120] + b"\xff" * 512 + good[5632:])
    archive = Archive([tmp_path])
    given = b"".join(archive.records([Selection("*", "*", "*", "*", TimeSpan(-DAY, 2**62))]))
    read = obspy.read(io.BytesIO(given))
    assert {trace.stats.station for trace in read} >= {"SAC"}
    assert sum(len(t) for t in read_miniseed(given)[0]) > 500
