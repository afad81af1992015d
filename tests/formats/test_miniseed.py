from __future__ import annotations

import io
import struct
import warnings
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wadati.errors import InputError
from wadati.formats.miniseed import read_miniseed, read_records, scan_miniseed, write_miniseed
from wadati.model import SourceId, TimeSpan, Trace, parse_time, sampling_rate
from wadati.units import SECOND

SID = SourceId.parse("FDSN:XX_ABC_00_H_H_Z")
START = parse_time("2019-07-04T17:33:49.123456789Z")
RATES = [
    Fraction(100),
    Fraction(1, 10),
    Fraction(40),
    Fraction(128),
    Fraction(100, 3),
    Fraction(1, 3600),
    Fraction(250),
]

int32 = arrays(np.int32, st.integers(1, 900), elements=st.integers(-(2**31), 2**31 - 1))
float32 = arrays(np.float32, st.integers(1, 900), elements=st.floats(width=32, allow_nan=False))
float64 = arrays(np.float64, st.integers(1, 900), elements=st.floats(allow_nan=False))


def packaged(name: str) -> Path:
    obspy = pytest.importorskip("obspy")
    return Path(obspy.__file__).parent.joinpath("io", "mseed", "tests", "data", name)


def ramp(start: int = START, samples: int = 3000, rate: Fraction = Fraction(100), sid: SourceId = SID) -> Trace:
    noise = np.random.default_rng(5).integers(-500, 500, samples).astype(np.int32)
    return Trace(sid, start, rate, np.cumsum(noise, dtype=np.int32))


def records_of(data: bytes, length: int = 512) -> list[bytes]:
    return [data[at : at + length] for at in range(0, len(data), length)]


@given(data=st.one_of(int32, float32, float64), rate=st.sampled_from(RATES), start=st.integers(-(10**17), 4 * 10**18))
def test_version_3_gives_back_what_was_written_to_the_nanosecond(data: np.ndarray, rate: Fraction, start: int) -> None:
    trace = Trace(SID, start, rate, data)
    assert read_miniseed(write_miniseed([trace], record_length=256)) == ([trace], [])


@given(data=st.one_of(int32, float32, float64), rate=st.sampled_from([Fraction(100), Fraction(1, 10), Fraction(40)]))
def test_version_2_gives_back_what_was_written_to_the_microsecond(data: np.ndarray, rate: Fraction) -> None:
    trace = Trace(SID, START // 1000 * 1000, rate, data)
    assert read_miniseed(write_miniseed([trace], version=2)) == ([trace], [])


def test_version_2_rounds_to_the_microsecond() -> None:
    (trace,), problems = read_miniseed(write_miniseed([ramp()], version=2))
    assert (trace.start, problems) == (parse_time("2019-07-04T17:33:49.123457Z"), [])


@pytest.mark.parametrize("sid", ["FDSN:XX_ABCDEFG_00_H_H_Z", "FDSN:XXX_ABC_00_H_H_Z", "FDSN:XX_ABC_00_HH_H_Z"])
def test_long_codes_need_version_3(sid: str) -> None:
    trace = ramp(sid=SourceId.parse(sid))
    assert read_miniseed(write_miniseed([trace])) == ([trace], [])
    with pytest.raises(InputError, match="write version 3"):
        write_miniseed([trace], version=2)


@pytest.mark.parametrize("channel", ["Z", "HHZ"])
def test_version_2_keeps_short_channel_codes(channel: str) -> None:
    trace = ramp(start=START // 1000 * 1000, sid=SourceId.from_nslc("XX", "ABC", "", channel))
    assert read_miniseed(write_miniseed([trace], version=2)) == ([trace], [])


def test_other_samples_are_refused_with_the_mend() -> None:
    with pytest.raises(InputError, match="int64; convert"):
        write_miniseed([Trace(SID, 0, Fraction(100), np.arange(3))])


def test_writes_the_same_bytes_to_a_file(tmp_path: Path) -> None:
    data = write_miniseed([ramp()], tmp_path / "a.mseed")
    assert (tmp_path / "a.mseed").read_bytes() == data
    assert read_miniseed(tmp_path / "a.mseed") == ([ramp()], [])
    assert write_miniseed([ramp(samples=0)]) == b""


@given(order=st.permutations(range(6)), repeats=st.lists(st.integers(0, 5), max_size=4))
def test_neither_the_order_of_records_nor_repeats_matter(order: list[int], repeats: list[int]) -> None:
    trace = ramp(start=0, samples=2500)
    records = records_of(write_miniseed([trace], version=2))
    groups = [records[i::6] for i in [*order, *repeats]]
    assert read_miniseed(b"".join(record for group in groups for record in group)) == ([trace], [])


@given(cuts=st.lists(st.integers(1, 2499), max_size=4, unique=True), rate=st.sampled_from(RATES))
def test_how_data_are_cut_changes_no_time(cuts: list[int], rate: Fraction) -> None:
    whole = ramp(samples=2500, rate=rate)
    edges = [0, *sorted(cuts), 2500]
    parts = [Trace(SID, whole.time_of(first), rate, whole.data[first:last]) for first, last in pairwise(edges)]
    (joined,), problems = read_miniseed(b"".join(write_miniseed([part], record_length=256) for part in parts))
    assert (joined, problems) == (whole, [])


def test_a_record_that_deviates_keeps_its_own_start() -> None:
    first, late = ramp(samples=500), ramp(start=ramp(samples=500).end + 1000, samples=500)
    assert read_miniseed(write_miniseed([first, late])) == ([first, late], [])
    assert read_miniseed(write_miniseed([late, first])) == ([first, late], [])


def test_a_span_cuts_samples_and_skips_records() -> None:
    trace = ramp()
    span = TimeSpan(START + 3 * SECOND, START + 5 * SECOND)
    (part,), _ = read_miniseed(write_miniseed([trace], record_length=256), span)
    assert part == trace.cut(span)
    assert read_miniseed(write_miniseed([trace]), TimeSpan(0, 1)) == ([], [])


def test_blocks_of_a_scan_hold_all() -> None:
    other = SourceId.parse("FDSN:XX_DEF__H_H_Z")
    data = write_miniseed([ramp(), ramp(sid=other), ramp(start=START + 100 * SECOND)], record_length=256)
    blocks, problems = scan_miniseed(data)
    assert [block.source_ids for block in blocks] == [(SID,), (other,), (SID,)]
    assert [block.span for block in blocks][1] == ramp().span
    assert problems == []
    assert read_records(data, None, blocks[1:2])[0].traces() == [ramp(sid=other)]


def test_a_leap_second_is_the_second_after() -> None:
    trace = ramp(start=parse_time("2016-12-31T23:59:59Z"), samples=100)
    data = bytearray(write_miniseed([trace], version=2))
    assert data[26] == 59
    data[26] = 60
    (found,), problems = read_miniseed(bytes(data))
    assert (found.start, problems) == (parse_time("2017-01-01T00:00:00Z"), [])


def test_garbage_between_records_costs_nothing_else() -> None:
    trace = ramp(start=0)
    records = records_of(write_miniseed([trace], version=2))
    garbage = b"not a record" * 9
    traces, (problem,) = read_miniseed(records[0] + garbage + b"".join(records[1:]))
    assert traces == [trace]
    assert "at byte 512" in problem.wrong


def test_a_damaged_record_costs_only_itself() -> None:
    trace = ramp(start=0)
    records = records_of(write_miniseed([trace], version=2))
    broken = bytearray(records[1])
    broken[64:512] = b"\xff" * 448
    traces, (problem,) = read_miniseed(b"".join([records[0], bytes(broken), *records[2:]]))
    first, last = (read_miniseed(records[i])[0][0] for i in (0, 2))
    assert (traces[0], traces[1].start) == (first, last.start)
    assert "at byte 512" in problem.wrong


def test_a_flipped_bit_is_found_by_the_check_value_or_the_checksum() -> None:
    version_2 = bytearray(write_miniseed([ramp(samples=100)], version=2))
    version_2[64 + 40] ^= 1
    traces, (problem,) = read_miniseed(bytes(version_2))
    assert (traces, "check value" in problem.wrong) == ([], True)
    version_3 = bytearray(write_miniseed([ramp(samples=100)]))
    version_3[-3] ^= 1
    traces, (problem,) = read_miniseed(bytes(version_3))
    assert (traces, "CRC" in problem.wrong) == ([], True)


@given(length=st.integers(0, 4096))
def test_a_cut_off_file_gives_its_whole_records(length: int) -> None:
    data = write_miniseed([ramp(start=0)], version=2)[:length]
    traces, problems = read_miniseed(data)
    whole = len(data) // 512
    assert traces == read_miniseed(data[: whole * 512])[0]
    assert bool(problems) == bool(data[whole * 512 :].strip(b"\0 "))


@given(data=st.binary(max_size=600), at=st.integers(0, 2000))
def test_no_bytes_raise(data: bytes, at: int) -> None:
    good = write_miniseed([ramp(start=0, samples=900)], version=2)
    read_miniseed(data)
    read_miniseed(good[:at] + data + good[at + len(data) :])
    scan_miniseed(good[:at] + data)


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    traces, (problem,) = read_miniseed(tmp_path / "absent")
    assert (traces, problem.subject) == ([], str(tmp_path / "absent"))


JUDGED = [
    "encoding/float32_Float32_bigEndian.mseed",
    "encoding/float64_Float64_littleEndian.mseed",
    "encoding/int16_INT16_bigEndian.mseed",
    "encoding/int32_INT32_littleEndian.mseed",
    "encoding/int32_Steim1_bigEndian.mseed",
    "encoding/int32_Steim2_littleEndian.mseed",
    "CDSN_encoding.mseed",
    "DWWSSN_encoding.mseed",
    "GEOSCOPE16_4_encoding.mseed",
    "SRO_encoding.mseed",
    "1T_MONN_00_EDH.mseed",
    "BW.BGLD.__.EHE.D.2008.001.first_10_records",
    "blockette008.mseed",
    "fullseed.mseed",
    "gaps.mseed",
    "mseed_not_a_single_blkt_48byte_data_offset.mseed",
    "one_record_already_applied_time_correction.mseed",
    "reclen_1024_without_sequence_numbers.mseed",
    "rt130_sr0_cropped.mseed",
    "single_record_negative_sr_fact_and_mult.mseed",
    "test.mseed",
    "timingquality.mseed",
    "two_channels.mseed",
]


@pytest.mark.parametrize("name", JUDGED)
def test_samples_and_times_are_those_of_obspy(name: str) -> None:
    import obspy

    path = packaged(name)
    if not path.exists():
        pytest.skip(f"this ObsPy lacks {path.name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = obspy.read(str(path), format="MSEED")
    traces, _ = read_miniseed(path)
    expected = [part for part in stream if part.data.dtype.kind != "S"]
    assert sum(map(len, traces)) == sum(part.stats.npts for part in expected)
    for trace in traces:
        (part,) = (p for p in expected if p.id == trace.source_id.nslc and _holds(p, trace))
        first = round((trace.start - part.stats.starttime.ns) * part.stats.sampling_rate / SECOND)
        assert np.array_equal(trace.data, part.data[first : first + len(trace)])
        # ObsPy joins records that deviate by up to half a sample; ours keep their own start, to the microsecond.
        expected_start = part.stats.starttime.ns + first * SECOND / part.stats.sampling_rate
        assert abs(trace.start - expected_start) < 0.5 * SECOND / part.stats.sampling_rate
        assert trace.sampling_rate == sampling_rate(part.stats.sampling_rate)


def _holds(part: object, trace: Trace) -> bool:
    stats = part.stats  # type: ignore[attr-defined]
    half = SECOND / stats.sampling_rate / 2
    return stats.starttime.ns - half < trace.start and trace.end < stats.endtime.ns + 3 * half


def test_each_record_starts_where_obspy_says() -> None:
    import obspy

    path = packaged("BW.BGLD.__.EHE.D.2008.001.first_10_records")
    for record in records_of(path.read_bytes()):
        (trace,), _ = read_miniseed(record)
        (part,) = obspy.read(io.BytesIO(record), format="MSEED")
        assert trace.start == part.stats.starttime.ns
        assert np.array_equal(trace.data, part.data)


def test_corrupt_files_are_told_and_raise_nothing(shared: Path) -> None:
    folder = shared / "data" / "miniseed"
    for name in ("invalid-blockette-offset.mseed", "corrupt-blockettes-wrongnext.mseed"):
        traces, problems = read_miniseed(folder / name)
        assert traces == []
        assert problems
        assert all(problem.subject.endswith(name) and "at byte" in problem.wrong for problem in problems)
    assert read_miniseed(folder / "text-encoded.mseed") == ([], [])


def test_big_and_little_endian_agree(shared: Path) -> None:
    folder = shared / "data" / "miniseed"
    for steim in ("Steim1", "Steim2"):
        big, little = (read_miniseed(folder / f"{steim}-AllDifferences-{order}.mseed")[0] for order in ("BE", "LE"))
        assert big == little
        assert big


def test_a_header_without_a_sampling_rate_is_told() -> None:
    data = bytearray(write_miniseed([ramp(samples=100)], version=2))
    data[32:36] = struct.pack(">hh", 0, 0)
    traces, (problem,) = read_miniseed(bytes(data))
    assert (traces, "not positive" in problem.wrong) == ([], True)
