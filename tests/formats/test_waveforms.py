from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from wadati.formats.miniseed import write_miniseed
from wadati.formats.waveforms import read_waveforms
from wadati.model import SourceId, TimeSpan, Trace, parse_time
from wadati.units import MILLISECOND, SECOND

SID = SourceId.parse("FDSN:XX_ABC_00_H_H_Z")
START = parse_time("2019-07-04T17:33:49.123Z")
TRACE = Trace(SID, START, Fraction(100), np.arange(500, dtype=np.float32))


def obspy_stream(data: np.ndarray) -> object:
    import obspy

    header = {"network": "XX", "station": "ABC", "location": "00", "channel": "HHZ", "sampling_rate": 100.0}
    return obspy.Stream([obspy.Trace(data, header | {"starttime": obspy.UTCDateTime(ns=START)})])


def packaged(room: str, name: str) -> Path:
    import obspy

    return Path(obspy.__file__).parent / "io" / room / "tests" / "data" / name


@pytest.mark.parametrize("name", ["a.mseed", "a.sac", "a.txt", "noextension"])
def test_content_decides_not_the_name(tmp_path: Path, name: str) -> None:
    write_miniseed([TRACE], tmp_path / name)
    assert read_waveforms(tmp_path / name) == ([TRACE], [])


def test_sac_gives_samples_and_the_start_within_a_millisecond(tmp_path: Path) -> None:
    obspy_stream(TRACE.data).write(str(tmp_path / "a"), format="SAC")  # type: ignore[attr-defined]
    (trace,), problems = read_waveforms(tmp_path / "a")
    assert problems == []
    assert (trace.source_id, trace.sampling_rate, abs(trace.start - START) <= MILLISECOND) == (SID, 100, True)
    assert np.array_equal(trace.data, TRACE.data)


def test_a_gap_makes_two_traces(tmp_path: Path) -> None:
    import obspy

    base = obspy.UTCDateTime(0)
    header = {"network": "XX", "station": "ABC", "channel": "HHZ", "sampling_rate": 100.0}
    parts = [
        obspy.Trace(np.arange(100, dtype=np.int32), header | {"starttime": base + second, "location": "00"})
        for second in (0, 5)
    ]
    obspy.Stream(parts).merge().split().write(str(tmp_path / "a"), format="GSE2")
    traces, _ = read_waveforms(tmp_path / "a")
    assert [trace.start for trace in traces] == [0, 5 * SECOND]


@pytest.mark.parametrize(
    ("room", "name"),
    [
        ("sac", "test.sac"),
        ("gse2", "loc_RJOB20050831023349.z"),
        ("seisan", "2005-07-23-1452-04S.CER___030"),
        ("nied", "test.knet"),
        ("win", "10030302.00"),
    ],
)
def test_samples_and_times_are_those_of_obspy(room: str, name: str) -> None:
    import obspy

    path = packaged(room, name)
    traces, problems = read_waveforms(path)
    stream = obspy.read(str(path))
    assert problems == []
    found = {(trace.source_id.nslc, trace.start): trace for trace in traces}
    assert len(found) == len(stream)
    for part in stream:
        trace = found[part.id, part.stats.starttime.ns]
        assert np.array_equal(trace.data, part.data)
        assert float(trace.sampling_rate) == pytest.approx(part.stats.sampling_rate, rel=1e-6)


def test_a_span_keeps_samples_within(tmp_path: Path) -> None:
    span = TimeSpan(START + SECOND, START + 2 * SECOND)
    obspy_stream(TRACE.data).write(str(tmp_path / "a"), format="SAC")  # type: ignore[attr-defined]
    (trace,), _ = read_waveforms(tmp_path / "a", span)
    assert len(trace) == 100
    assert read_waveforms(tmp_path / "a", TimeSpan(0, 1)) == ([], [])


def test_miniseed_after_other_bytes_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100 + write_miniseed([TRACE]))
    traces, (problem,) = read_waveforms(path)
    assert (traces, "at byte 0" in problem.wrong) == ([TRACE], True)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [(b"", "is empty"), (b"hello\n" * 50, "no waveform file"), (b"\x00\x01\x02" * 400, "no waveform file")],
)
def test_bad_files_are_problems(tmp_path: Path, content: bytes, wrong: str) -> None:
    path = tmp_path / "a[1]*"
    path.write_bytes(content)
    traces, (problem,) = read_waveforms(path)
    assert (traces, problem.subject, wrong in problem.wrong, bool(problem.mend)) == ([], str(path), True, True)


def test_a_truncated_sac_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.sac"
    path.write_bytes(packaged("sac", "test.sac").read_bytes()[:700])
    traces, problems = read_waveforms(path)
    assert (traces, len(problems)) == ([], 1)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(pickle.dumps(obspy_stream(TRACE.data)))
    traces, (problem,) = read_waveforms(path)
    assert (traces, "pickle" in problem.wrong) == ([], True)


def test_a_folder_is_a_problem(tmp_path: Path) -> None:
    traces, (problem,) = read_waveforms(tmp_path)
    assert (traces, "cannot be read" in problem.wrong) == ([], True)
