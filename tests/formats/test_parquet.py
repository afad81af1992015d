"""Picks and amplitude tracks as Parquet."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.parquet import BINS_PER_ROW, read_picks, read_tracks, write_picks, write_tracks
from wadati.model import AmplitudeTrack, Pick, SourceId, parse_time
from wadati.testing import strategies

SID = SourceId.parse("FDSN:CI_CCC__H_H_Z")


@given(strategies.pick_tuples(), st.sampled_from(("picks", "picks.parquet")))
def test_picks_come_back_exactly(tmp_path_factory, picks, name):
    path = tmp_path_factory.mktemp("t") / name
    write_picks(reversed(picks), path)
    assert read_picks(path) == picks


@given(strategies.pick_tuples())
def test_identifiers_that_follow_from_the_rest_are_not_written_and_come_back(tmp_path_factory, picks):
    path = tmp_path_factory.mktemp("t") / "picks.parquet"
    foreign = tuple(msgspec.structs.replace(pick, pick_id=f"other-{number}") for number, pick in enumerate(picks))
    both = tuple(sorted(picks + foreign, key=lambda pick: (pick.time, pick.pick_id)))
    write_picks(both, path)
    assert read_picks(path) == both


def test_a_folder_holds_a_file_a_day_and_exactly_what_was_written_last(tmp_path):
    days = ("2019-07-04T23:59:59.999999999", "2019-07-05T00:00:00")
    picks = tuple(Pick.of(SID, "P", parse_time(day), time_uncertainty=0.1, probability=0.5) for day in days)
    write_picks(picks, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2019-07-04.parquet", "2019-07-05.parquet"]
    before = {(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    write_picks(picks[::-1], tmp_path)
    assert {(path, path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before
    write_picks(picks[:1], tmp_path)
    assert read_picks(tmp_path) == picks[:1]


def test_a_pick_is_small_and_readable_by_others(tmp_path):
    import pandas

    random = np.random.default_rng(1)
    start = parse_time("2019-07-04")
    picks = [
        Pick.of(
            SourceId.from_nslc("CI", f"S{random.integers(60)}", "", "HHZ"),
            "PS"[random.integers(2)],
            start + int(time) * 100_000,
            time_uncertainty=0.05,
            probability=float(np.float32(random.uniform())),
            amplitude=float(np.float32(random.lognormal())),
            method="neural",
        )
        for time in random.integers(0, 864_000_000, 5000)
    ]
    write_picks(picks, tmp_path / "picks")
    assert (tmp_path / "picks" / "2019-07-04.parquet").stat().st_size < 20 * len(picks)
    frame = pandas.read_parquet(tmp_path / "picks")
    assert len(frame) == len(picks)
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"


def same(one: AmplitudeTrack, other: AmplitudeTrack) -> bool:
    arrays = ("minimum", "maximum", "clipped")
    return (one.source_id, one.first_bin) == (other.source_id, other.first_bin) and all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "clipped") for name in arrays
    )


@given(st.lists(st.tuples(st.integers(-20_000, 4_000_000_000), st.integers(0, 2 * BINS_PER_ROW + 3)), max_size=4))
def test_tracks_come_back_as_they_were(tmp_path_factory, shapes):
    path = tmp_path_factory.mktemp("t") / "amplitudes.parquet"
    random = np.random.default_rng(len(shapes))
    tracks = []
    for first, length in shapes:
        high = random.lognormal(size=length)
        high[random.uniform(size=length) < 0.1] = np.nan
        tracks.append(AmplitudeTrack(SID, first, -high, high / 3, random.uniform(size=length) < 0.1))
    write_tracks(tracks, path)
    back = read_tracks(path)
    assert len(back) == len(tracks)
    assert all(map(same, tracks, back))
    content = path.read_bytes()
    write_tracks(tracks, path)
    assert path.read_bytes() == content


def test_what_is_no_such_table_is_told(tmp_path):
    (tmp_path / "a.parquet").write_text("no")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_picks(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_tracks(tmp_path / "absent.parquet")
    write_picks((), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="column track, source_id"):
        read_tracks(tmp_path / "b.parquet")


def test_writing_does_not_load_pandas(tmp_path):
    code = f"""
import sys
from pathlib import Path
from wadati.formats.parquet import write_picks, write_tracks
from wadati.model import AmplitudeTrack, Pick, SourceId
sid = SourceId.parse("{SID}")
write_picks([Pick.of(sid, "P", 0, time_uncertainty=0.1, probability=0.5)], Path({str(tmp_path)!r}))
write_tracks([AmplitudeTrack(sid, 0, [0.0], [1.0], [False])], Path({str(tmp_path / "tracks.parquet")!r}))
sys.exit("pandas" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
