"""An archive answers alike however its data are cut into files and wherever these lie."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from wadati.formats import miniseed_index
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.formats.miniseed_headers import records_of
from wadati.formats.miniseed_index import index_miniseed
from wadati.model import SourceId, TimeSpan, Trace, sampling_rate
from wadati.sources.archive import Archive, TooMuchError
from wadati.sources.selection import EVERYTHING, Selection
from wadati.units import DAY, SECOND

SIDS = [SourceId.from_nslc("XX", station, "", channel) for station in ("AAA", "BBB") for channel in ("HHN", "HHZ")]
RUNS = ((-300, 200), (-90, 150), (70, 30), (101, 400))
"""Of each channel, runs without a gap: where they start (s, from midnight) and how long they are."""


def records() -> list[bytes]:
    """Records of all channels, in order of channel and time."""
    traces = [
        Trace(sid, DAY + start * SECOND, sampling_rate(20), np.arange(20 * length, dtype=np.int32) * (k + 1))
        for k, sid in enumerate(SIDS)
        for start, length in RUNS
    ]
    return [record.content for trace in traces for record in records_of(write_miniseed([trace], version=2))]


def put_by_day(folder: Path, some: list[bytes]) -> None:
    """Records as an SDS tree has them."""
    for content in some:
        (record,) = records_of(content)
        sid, day = record.source_id, record.span.start // DAY
        place = folder / "1970" / sid.network / sid.station / f"{sid.channel}.D"
        place.mkdir(parents=True, exist_ok=True)
        with (place / f"{sid.nslc}.D.1970.{day + 1:03d}").open("ab") as file:
            file.write(content)


def split(folder: Path, how: str) -> Path:
    """The same records in another division into files."""
    some = records()
    folder = folder / how
    folder.mkdir()
    if how == "days":
        put_by_day(folder, some)
    elif how == "one":
        (folder / "all.mseed").write_bytes(b"".join(some))
    elif how == "shuffled":
        random.Random(5).shuffle(some)
        (folder / "all.mseed").write_bytes(b"".join(some))
    else:
        random.Random(6).shuffle(some)
        for k in range(7):
            (folder / f"{k}.mseed").write_bytes(b"".join(some[k::7]))
    return folder


@pytest.mark.parametrize("how", ["days", "one", "shuffled", "scattered"])
def test_any_split_of_the_same_data_gives_the_same_answer(tmp_path: Path, how: str) -> None:
    archive = Archive([split(tmp_path, how)])
    draw = random.Random(2)
    whole = read_miniseed(b"".join(records()))[0]
    assert read_miniseed(b"".join(archive.records([EVERYTHING])))[0] == whole
    for _ in range(12):
        start = DAY + draw.randrange(-400 * SECOND, 400 * SECOND)
        span = TimeSpan(start, start + draw.randrange(300 * SECOND))
        wanted = Selection("XX", draw.choice("AB*") + "*", "--", draw.choice(["HH?", "HHZ", "*N"]), span)
        given = read_miniseed(b"".join(archive.records([wanted])))[0]
        parts = [trace.cut(span) for trace in whole if wanted.holds(trace.source_id)]
        assert given == [part for part in parts if len(part)]


@pytest.mark.parametrize("how", ["days", "one", "shuffled", "scattered"])
def test_a_run_goes_on_in_the_next_file(tmp_path: Path, how: str) -> None:
    archive = Archive([split(tmp_path, how)])

    def runs(span: TimeSpan, **options: float) -> list[tuple[str, float, float]]:
        given = b"".join(archive.records([Selection("XX", "AAA", "*", "HHZ", span)], **options))  # type: ignore[arg-type]
        return [((t.start - DAY) / SECOND, t.span.seconds) for t in read_miniseed(given)[0]]  # type: ignore[misc]

    whole = TimeSpan(0, 3 * DAY)
    assert runs(whole, shortest=100) == [(-300, 200), (-90, 150), (101, 400)]
    assert runs(whole, shortest=151) == [(-300, 200), (101, 400)]
    assert runs(whole, longest_only=True) == [(101, 400)]
    assert runs(TimeSpan(0, DAY + 100 * SECOND), longest_only=True) == [(-300, 200)]
    around = TimeSpan(DAY - 120 * SECOND, DAY + 110 * SECOND)
    assert runs(around, longest_only=True) == [(-90, 150)]
    assert runs(around, shortest=150.1) == []


def test_records_are_given_in_order_of_channel_and_time(tmp_path: Path) -> None:
    archive = Archive([split(tmp_path, "shuffled")])
    assert list(archive.records([EVERYTHING])) == records()


def is_too_much(archive: Archive, most: float, wanted: Selection, **options: bool) -> bool:
    """Whether an archive knows it before it gives the first record."""
    try:
        next(archive.records([wanted], most=most, **options), None)  # type: ignore[arg-type]
    except TooMuchError:
        return True
    return False


@pytest.mark.parametrize("how", ["days", "scattered"])
def test_too_much_is_known_before(tmp_path: Path, how: str) -> None:
    archive = Archive([split(tmp_path, how)])
    size = len(b"".join(records()))
    for wanted in (
        EVERYTHING,
        Selection("*", "*", "*", "*", TimeSpan(0, DAY + 90 * SECOND)),
        Selection("*", "AAA", "*", "*", TimeSpan(0, 9 * DAY)),
    ):
        given = len(b"".join(archive.records([wanted])))
        assert not is_too_much(archive, given, wanted)
        assert is_too_much(archive, given / 8, wanted) or how == "scattered"
    assert is_too_much(archive, size - 1, EVERYTHING)
    closed = Archive([split(tmp_path, "one")], lambda: [Selection("XX", "AAA", "*", "*", EVERYTHING.span)])
    assert not is_too_much(closed, size - 1, EVERYTHING)
    assert is_too_much(closed, size - 1, EVERYTHING, opened=True)


def test_a_large_file_costs_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    noise = [Trace(sid, 0, sampling_rate(100), draw.normal(0, 300, 3_000_000).astype(np.int32)) for sid in SIDS]
    portions = [write_miniseed([trace], version=2, record_length=4096) for trace in noise]
    shortest = min(map(len, portions))
    with (tmp_path / "large.mseed").open("wb") as file:
        for place in range(0, shortest, 4096):
            file.writelines(portion[place : place + 4096] for portion in portions)
    whole = shortest * len(portions)
    assert whole > 15_000_000
    del noise, portions
    tracemalloc.start()
    try:
        archive = Archive([tmp_path])
        assert sum(map(len, archive.records([EVERYTHING]))) == whole
        assert sum(map(len, archive.records([EVERYTHING], longest_only=True))) == whole
        # A portion, and its headers.
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
        tracemalloc.reset_peak()
        hour = Selection("XX", "AAA", "*", "HHZ", TimeSpan(0, 100 * SECOND))
        assert sum(map(len, archive.records([hour]))) < whole / 100
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_an_index_passes_over_what_is_no_record(tmp_path: Path) -> None:
    some = records()
    damaged = b"".join(some[:9]) + b"\xff" * 5_000_000 + b"".join(some[9:]) + b"tail" * 100
    blocks = list(index_miniseed(lambda start, end: damaged[start:end], len(damaged)))
    assert sum(block.length for block in blocks) == len(b"".join(some))
    (tmp_path / "damaged.mseed").write_bytes(damaged)
    assert b"".join(Archive([tmp_path]).records([EVERYTHING])) == b"".join(some)


def test_an_index_made_in_portions_is_that_of_the_whole(monkeypatch) -> None:
    parts = records()
    damaged = b"".join(parts[:9]) + b"\xff" * 40_000 + b"".join(parts[9:20]) + b"\0" * 3000 + b"".join(parts[20:])

    def channels_and_bytes() -> list[tuple[int, int]]:
        monkeypatch.setattr(miniseed_index, "BLOCK_BYTES", 1)
        found = index_miniseed(lambda start, end: damaged[start:end], len(damaged))
        return [(block.offset, block.length) for block in found]

    whole = channels_and_bytes()
    assert [damaged[offset : offset + length] for offset, length in whole] == parts
    monkeypatch.setattr(miniseed_index, "_OVERLAP", 600)
    for portion, most in ((700, 700), (1000, 4000), (5000, 20_000)):
        monkeypatch.setattr(miniseed_index, "_PORTION", portion)
        monkeypatch.setattr(miniseed_index, "_MOST_PORTION", most)
        assert channels_and_bytes() == whole


@pytest.mark.parametrize("how", ["days", "one", "shuffled", "scattered"])
def test_availability_is_from_the_first_sample_to_the_last(tmp_path: Path, how: str) -> None:
    archive = Archive([split(tmp_path, how)])
    start, end = DAY - 300 * SECOND, DAY + 501 * SECOND
    for sid in SIDS:
        codes = (sid.network, sid.station, "--", sid.channel)
        assert archive.available(Selection(*codes, EVERYTHING.span)) == TimeSpan(start, end)
        inner = TimeSpan(DAY - 250 * SECOND, DAY + 200 * SECOND)
        assert archive.available(Selection(*codes, inner)) == inner
        assert archive.available(Selection(*codes, TimeSpan(0, DAY - 400 * SECOND))) is None


def test_what_changes_is_seen(tmp_path: Path) -> None:
    some = records()
    put_by_day(tmp_path, some[:3])
    archive = Archive([tmp_path])
    assert b"".join(archive.records([EVERYTHING])) == b"".join(some[:3])
    put_by_day(tmp_path, some[3:])
    assert len(b"".join(archive.records([EVERYTHING]))) == len(b"".join(some))


@pytest.mark.parametrize("how", ["days", "scattered"])
def test_paths_may_be_relative_and_overlap(tmp_path: Path, how: str, monkeypatch) -> None:
    folder = split(tmp_path, how)
    whole = list(Archive([folder]).records([EVERYTHING]))
    monkeypatch.chdir(tmp_path)
    inside = next(path for path in Path(how).rglob("*") if path.is_file())
    assert list(Archive([Path(how)]).records([EVERYTHING])) == whole
    assert list(Archive([Path(how), folder, inside]).records([EVERYTHING])) == whole
