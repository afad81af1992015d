from __future__ import annotations

import hashlib
import pickle
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError, NothingUsableError
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.model import SourceId, TimeSpan, Trace, parse_time
from wadati.protocols import Source
from wadati.sources.files import FileSource, open_waveforms
from wadati.units import DAY, HOUR, SECOND

MIDNIGHT = parse_time("2019-07-04")


def trace(station: str = "ABC", channel: str = "HHZ", start: int = MIDNIGHT, samples: int = 2000) -> Trace:
    sid = SourceId.from_nslc("XX", station, "", channel)
    steps = np.random.default_rng(samples).integers(-99, 99, samples).astype(np.int32)
    return Trace(sid, start, Fraction(100), np.cumsum(steps, dtype=np.int32))


def read(source: Source, station: str = "ABC", span: TimeSpan | None = None) -> list[Trace]:
    return list(source.read("XX", station, span))


def sds(root: Path, part: Trace) -> Path:
    year, day = "2019", 185 + (part.start - MIDNIGHT) // DAY
    sid = part.source_id
    name = f"{sid.network}.{sid.station}.{sid.location}.{sid.channel}.D.{year}.{day:03d}"
    path = root / year / sid.network / sid.station / f"{sid.channel}.D" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_miniseed([part], path, version=2)
    return path


@given(
    cuts=st.lists(st.integers(1, 1999), max_size=4, unique=True),
    names=st.permutations("abcdefgh"),
    again=st.booleans(),
)
def test_how_data_are_cut_into_files_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], names: list[str], again: bool
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    whole, other = trace(), trace("DEF")
    edges = [0, *sorted(cuts), 2000]
    for name, (first, last) in zip(names, pairwise(edges), strict=False):
        part = Trace(whole.source_id, whole.time_of(first), whole.sampling_rate, whole.data[first:last])
        write_miniseed([part, other], folder / name, record_length=256)
    if again:
        write_miniseed([whole.cut(TimeSpan(whole.start, whole.time_of(edges[1])))], folder / "z", record_length=256)
    source = FileSource([folder])
    assert (read(source), read(source, "DEF"), source.problems()) == ([whole], [other], ())
    paths = sorted(folder.iterdir(), reverse=True)
    assert read(FileSource([*paths, folder])) == [whole]


@given(first=st.integers(-1, 21), length=st.integers(0, 22))
def test_a_span_gives_the_samples_within(tmp_path_factory: pytest.TempPathFactory, first: int, length: int) -> None:
    folder = tmp_path_factory.mktemp("span")
    write_miniseed([trace(), trace(channel="HHN")], folder / "a", record_length=256)
    span = TimeSpan(MIDNIGHT + first * SECOND, MIDNIGHT + (first + length) * SECOND)
    expected = [part.cut(span) for part in (trace(channel="HHN"), trace()) if len(part.cut(span))]
    assert read(FileSource([folder]), span=span) == expected
    if expected:
        assert read(FileSource([folder], span)) == expected


def test_what_there_is(tmp_path: Path) -> None:
    write_miniseed([trace("B"), trace("A", "HHN")], tmp_path / "a")
    write_miniseed([trace("A", start=MIDNIGHT + HOUR)], tmp_path / "b")
    source = open_waveforms([tmp_path])
    assert isinstance(source, Source)
    assert [sid.nslc for sid in source.source_ids()] == ["XX.A..HHN", "XX.A..HHZ", "XX.B..HHZ"]
    assert source.span() == TimeSpan(MIDNIGHT, MIDNIGHT + HOUR + 20 * SECOND)
    assert read(source, "absent") == []
    narrow = open_waveforms([tmp_path], TimeSpan(MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR))
    assert [sid.nslc for sid in narrow.source_ids()] == ["XX.A..HHZ"]


def test_overlaps_pass_in_order_and_repeats_do_not(tmp_path: Path) -> None:
    first, second = trace(), trace(start=MIDNIGHT + 5 * SECOND, samples=1000)
    write_miniseed([second, first], tmp_path / "a")
    write_miniseed([first], tmp_path / "b")
    assert read(FileSource([tmp_path])) == [first, second]


def test_a_source_goes_to_another_process(tmp_path: Path) -> None:
    write_miniseed([trace()], tmp_path / "a")
    assert read(pickle.loads(pickle.dumps(FileSource([tmp_path])))) == [trace()]


def test_metadata_is_passed_over_and_other_files_are_told(tmp_path: Path) -> None:
    write_miniseed([trace()], tmp_path / "deep" / "a.mseed")
    for name in ("stations.csv", "stations.xml", "README", "notes.TXT", ".hidden", "readme.md"):
        (tmp_path / name).write_text("hello")
    (tmp_path / "other.bin").write_bytes(b"\x01" * 999)
    (tmp_path / "empty.mseed").touch()
    source = FileSource([tmp_path])
    assert read(source) == [trace()]
    assert [Path(problem.subject).name for problem in source.problems()] == ["empty.mseed", "other.bin"]


def test_a_folder_with_our_own_outputs_gives_no_problems(tmp_path: Path) -> None:
    write_miniseed([trace()], tmp_path / "a.mseed")
    (tmp_path / "picks").mkdir()
    for name in (
        *("picks.csv", "events.csv", "arrivals.csv", "catalog.xml", "events.geojson", "report.html", "run.json"),
        *("catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "catalog.sqlite-journal"),
        *("amplitudes.parquet", "picks/XX.ABC.parquet", ".events.csv.host.1.0123abcd.partial"),
        *("weights.onnx", "stations.stationxml", "map.kml", "notes.xls", "notes.xlsx"),
    ):
        (tmp_path / name).write_bytes(b"\x01" * 99)
    source = FileSource([tmp_path])
    assert (read(source), source.problems()) == ([trace()], ())


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write_miniseed([trace()], tmp_path / "deep" / "a.mseed")
    (tmp_path / "deep" / "again").symlink_to(tmp_path)
    assert read(FileSource([tmp_path])) == [trace()]


def test_corrupt_records_cost_only_themselves(tmp_path: Path) -> None:
    data = bytearray(write_miniseed([trace()], version=2))
    data[512 + 64 : 1024] = b"\xff" * 448
    data[2048:2056] = b"garbage!"
    (tmp_path / "a").write_bytes(bytes(data))
    source = FileSource([tmp_path])
    assert read(source) == read_miniseed(bytes(data))[0]
    assert read(source) == read(source)
    assert len(source.problems()) == 2
    assert any("byte 512" in problem.wrong for problem in source.problems())
    assert any("byte 2048" in problem.wrong for problem in source.problems())


def test_nothing_usable_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent: does not exist; give a folder"):
        FileSource([tmp_path / "absent"])
    with pytest.raises(NothingUsableError, match=rf"{tmp_path}: no waveform files; give a folder"):
        FileSource([tmp_path])
    (tmp_path / "a").write_bytes(b"\x01" * 999)
    with pytest.raises(NothingUsableError, match=r"no usable waveforms .*no waveform file that can be read"):
        FileSource([tmp_path])
    write_miniseed([trace()], tmp_path / "a")
    with pytest.raises(NothingUsableError, match="no samples within"):
        FileSource([tmp_path], TimeSpan(0, SECOND))


def test_an_archive_opens_only_the_days_asked_for(tmp_path: Path) -> None:
    days = [trace(start=MIDNIGHT + number * DAY, samples=2000 + number) for number in range(5)]
    for day in days:
        sds(tmp_path, day)
    (sds(tmp_path, trace("DEF"))).write_bytes(b"not opened")
    for number in (0, 4):
        sds(tmp_path, days[number]).write_bytes(b"not opened")
    source = FileSource([tmp_path])
    assert read(source, span=TimeSpan(MIDNIGHT + 2 * DAY, MIDNIGHT + 2 * DAY + HOUR)) == [days[2]]
    assert source.problems() == ()
    assert [sid.station for sid in source.source_ids()] == ["ABC", "DEF"]
    assert source.span() == TimeSpan(MIDNIGHT, MIDNIGHT + 5 * DAY)
    assert read(source) == days[1:4]
    assert len(source.problems()) == 2


def test_a_record_across_midnight_is_found_from_either_day(tmp_path: Path) -> None:
    across = trace(start=MIDNIGHT - 10 * SECOND)
    sds(tmp_path, across)
    span = TimeSpan(MIDNIGHT, MIDNIGHT + HOUR)
    assert read(FileSource([tmp_path], span)) == [across.cut(span)]


def test_an_archive_beside_plain_files(tmp_path: Path) -> None:
    sds(tmp_path, trace())
    later = trace(start=MIDNIGHT + 20 * SECOND, samples=100)
    write_miniseed([later], tmp_path / "later.mseed")
    (joined,) = read(FileSource([tmp_path]))
    assert len(joined) == 2100


def test_digests(tmp_path: Path) -> None:
    data = write_miniseed([trace()], tmp_path / "a")
    assert FileSource([tmp_path]).digests() == {str(tmp_path / "a"): (len(data), hashlib.sha256(data).hexdigest())}


def test_ridgecrest(shared: Path) -> None:
    source = FileSource([shared / "data" / "ridgecrest-2019"])
    assert (len(source.source_ids()), source.problems()) == (66, ())
    traces = list(source.read("CI", "CCC"))
    assert len(traces) == 3
    assert traces == read_miniseed(shared / "data" / "ridgecrest-2019" / "waveforms" / "CI.CCC.mseed")[0]
