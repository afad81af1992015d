"""Picks and amplitude tracks as Parquet: exact, small, and the same bytes for the same values.

A folder of picks holds one file for each UTC day, `2019-07-04.parquet`. pandas, DuckDB and Spark read it as one table.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.formats.atomic import atomic_write, clean_leftovers
from wadati.formats.channel_codes import channel_code, source_id_of
from wadati.model import AmplitudeTrack, Pick, SourceId
from wadati.units import DAY

if TYPE_CHECKING:
    import pyarrow

BINS_PER_ROW = 7200
"""Bins of a track in one row of its table: an hour, on the absolute grid."""

_WORDS = ("network", "station", "location", "channel", "phase", "polarity", "method", "evaluation_mode")


def _pick_schema() -> pyarrow.Schema:
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [
            ("pick_id", pa.string()),
            *((name, word) for name in ("network", "station", "location", "channel", "phase")),
            ("time", pa.timestamp("ns", tz="UTC")),
            ("time_uncertainty_s", pa.float64()),
            ("probability", pa.float64()),
            ("polarity", word),
            ("amplitude_m", pa.float64()),
            ("method", word),
            ("evaluation_mode", word),
        ]
    )


def _track_schema() -> pyarrow.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            ("track", pa.int32()),
            ("source_id", pa.string()),
            ("first_bin", pa.int64()),
            ("minimum_m", pa.list_(pa.float32())),
            ("maximum_m", pa.list_(pa.float32())),
            ("clipped", pa.list_(pa.bool_())),
        ]
    )


def write_picks(picks: Iterable[Pick], path: Path) -> None:
    """Write picks to one file (`*.parquet`) or, any other path, to a folder of one file for each UTC day.

    The folder holds exactly these picks afterwards: days without any are removed. Each file is written atomically, and
    left untouched where its content is the same. Picks are stored in order of time. An identifier that follows from the
    other columns (see `Pick.of`), as those of our own picks do, is null, which saves ten bytes a pick; `read_picks`
    makes it again.
    """
    ordered = sorted(picks, key=lambda pick: (pick.time, pick.pick_id))
    if path.suffix == ".parquet":
        _write_pick_file(ordered, path)
        return
    path.mkdir(parents=True, exist_ok=True)
    clean_leftovers(path)
    days = {_day(day): list(group) for day, group in itertools.groupby(ordered, key=lambda pick: pick.time // DAY)}
    for name, group in days.items():
        _write_pick_file(group, path / name)
    for old in path.glob("*.parquet"):
        if old.name not in days:
            old.unlink()


def read_picks(path: Path) -> tuple[Pick, ...]:
    """The picks of a file or a folder, in order of time. Raises `InputError` for what is no table of picks."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    picks = [pick for file in files for pick in _read_pick_file(file)]
    return tuple(sorted(picks, key=lambda pick: (pick.time, pick.pick_id)))


def write_tracks(tracks: Iterable[AmplitudeTrack], path: Path) -> None:
    """Write amplitude tracks to one file, atomically; a row holds at most an hour of one track."""
    import pyarrow as pa

    given = list(tracks)
    rows = [(number, track, start, end) for number, track in enumerate(given) for start, end in _hours(track)]
    offsets = _numbers(np.cumsum([0, *(end - start for *_, start, end in rows)], dtype=np.int32), pa.int32())
    lists = (
        ("minimum_m", _numbers(_joined([track.minimum for track in given], np.float32), pa.float32())),
        ("maximum_m", _numbers(_joined([track.maximum for track in given], np.float32), pa.float32())),
        ("clipped", _flags(_joined([track.clipped for track in given], np.bool_))),
    )
    columns = {
        "track": _numbers(np.array([number for number, *_ in rows], np.int32), pa.int32()),
        "source_id": _texts([str(track.source_id) for _, track, *_ in rows]),
        "first_bin": _numbers(np.array([track.first_bin + start for _, track, start, _ in rows], np.int64), pa.int64()),
        **{name: pa.ListArray.from_arrays(offsets, values) for name, values in lists},
    }
    split = [f"{name}.list.element" for name in ("minimum_m", "maximum_m")]
    table = pa.Table.from_arrays(list(columns.values()), schema=_track_schema())
    _write_table(table, path, split, ["source_id", "clipped.list.element"])


def _joined(arrays: list[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *arrays])


def read_tracks(path: Path) -> tuple[AmplitudeTrack, ...]:
    """The amplitude tracks of a file, as they were written. Raises `InputError` for what is no table of tracks."""
    table = _read_table(path, _track_schema().names)
    rows: dict[int, list[tuple[str, int, Any, Any, Any]]] = {}
    numbers, source_ids, first_bins = (table[name].to_pylist() for name in ("track", "source_id", "first_bin"))
    arrays = [_lists(table[name]) for name in ("minimum_m", "maximum_m", "clipped")]
    for number, *row in zip(numbers, source_ids, first_bins, *arrays, strict=True):
        rows.setdefault(number, []).append(tuple(row))
    tracks = []
    for parts in rows.values():
        minimum, maximum, clipped = (np.concatenate([part[k] for part in parts]) for k in (2, 3, 4))
        tracks.append(AmplitudeTrack(SourceId.parse(parts[0][0]), parts[0][1], minimum, maximum, clipped))
    return tuple(tracks)


def _lists(column: Any) -> list[npt.NDArray[Any]]:
    """The arrays of a column of lists."""
    return [row.values.to_numpy(zero_copy_only=False) if len(row.values) else np.empty(0) for row in column]


def _hours(track: AmplitudeTrack) -> list[tuple[int, int]]:
    """Where a track is cut into rows: at hours of the absolute grid. An empty track is one empty row."""
    first = BINS_PER_ROW - track.first_bin % BINS_PER_ROW
    cuts = [0, *range(first, len(track), BINS_PER_ROW), len(track)]
    return list(itertools.pairwise(cuts))


def _write_pick_file(picks: list[Pick], path: Path) -> None:
    import pyarrow as pa

    sids = [pick.source_id for pick in picks]
    amplitudes = [pick.amplitude for pick in picks]
    measured = np.array([amplitude is not None for amplitude in amplitudes], bool)
    ids = [None if pick.pick_id == _derived_id(pick) else pick.pick_id for pick in picks]
    columns = {
        "pick_id": _texts(ids),
        "network": _words([sid.network for sid in sids]),
        "station": _words([sid.station for sid in sids]),
        "location": _words([sid.location for sid in sids]),
        "channel": _words([channel_code(sid) for sid in sids]),
        "phase": _words([pick.phase_hint for pick in picks]),
        "time": _numbers(np.array([pick.time for pick in picks], np.int64), pa.timestamp("ns", tz="UTC")),
        "time_uncertainty_s": _numbers(np.array([pick.time_uncertainty for pick in picks], np.float64), pa.float64()),
        "probability": _numbers(np.array([pick.probability for pick in picks], np.float64), pa.float64()),
        "polarity": _words([pick.polarity for pick in picks]),
        "amplitude_m": _numbers(np.array([a or 0.0 for a in amplitudes], np.float64), pa.float64(), measured),
        "method": _words([pick.method for pick in picks]),
        "evaluation_mode": _words([pick.evaluation_mode for pick in picks]),
    }
    table = pa.Table.from_arrays(list(columns.values()), schema=_pick_schema())
    # Probabilities have four decimals and uncertainties are those of the picker: there are few of each.
    _write_table(table, path, ["amplitude_m"], [*_WORDS, "time_uncertainty_s", "probability"])


def _derived_id(pick: Pick) -> str:
    return Pick.of(
        pick.source_id,
        pick.phase_hint,
        pick.time,
        time_uncertainty=0.0,
        probability=0.0,
        method=pick.method,
        evaluation_mode=pick.evaluation_mode,
    ).pick_id


# Arrays are made from their buffers, because `pyarrow.array` loads pandas, which takes longer than all the rest.


def _numbers(
    values: npt.NDArray[Any],
    kind: pyarrow.DataType,
    present: npt.NDArray[Any] | None = None,
) -> pyarrow.Array:
    """Numbers of the same size as Arrow's kind; null where not `present`."""
    import pyarrow as pa

    valid = None if present is None or present.all() else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])


def _flags(values: npt.NDArray[Any]) -> pyarrow.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))])


def _texts(values: Sequence[str | None]) -> pyarrow.Array:
    import pyarrow as pa

    encoded = [b"" if value is None else value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    present = np.array([value is not None for value in values], bool)
    valid = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)), valid)


def _words(values: list[str] | list[str | None]) -> pyarrow.Array:
    """Text of which there are few, each stored once; None is null."""
    import pyarrow as pa

    places = {word: place for place, word in enumerate(dict.fromkeys(word for word in values if word is not None))}
    present = np.array([word is not None for word in values], bool)
    indices = np.array([0 if word is None else places[word] for word in values], np.int32)
    return pa.DictionaryArray.from_arrays(_numbers(indices, pa.int32(), present), _texts(list(places)))


def _day(day: int) -> str:
    return f"{datetime.date(1970, 1, 1) + datetime.timedelta(day)}.parquet"


def _read_pick_file(path: Path) -> list[Pick]:
    import pyarrow as pa

    table = _read_table(path, _pick_schema().names)
    column = {name: table[name].to_pylist() for name in table.column_names if name != "time"}
    times = table["time"].cast(pa.int64()).to_pylist()
    sources: dict[tuple[str, str, str, str], SourceId] = {}
    for codes in set(zip(*(column[name] for name in ("network", "station", "location", "channel")), strict=True)):
        sources[codes] = source_id_of(*codes)
    picks = [
        Pick(pick_id or "", sources[network, station, location, channel], phase, time, *rest)
        for pick_id, network, station, location, channel, phase, time, *rest in zip(
            column["pick_id"],
            column["network"],
            column["station"],
            column["location"],
            column["channel"],
            column["phase"],
            times,
            column["time_uncertainty_s"],
            column["probability"],
            column["polarity"],
            column["amplitude_m"],
            column["method"],
            column["evaluation_mode"],
            strict=True,
        )
    ]
    return [pick if pick.pick_id else msgspec.structs.replace(pick, pick_id=_derived_id(pick)) for pick in picks]


def _write_table(table: pyarrow.Table, path: Path, split: list[str], dictionary: list[str]) -> None:
    import pyarrow.parquet as pq

    with atomic_write(path) as partial:
        pq.write_table(
            table,
            partial,
            compression="zstd",
            use_dictionary=dictionary,
            use_byte_stream_split=split,
            column_encoding={"time": "DELTA_BINARY_PACKED"} if "time" in table.column_names else None,
            write_statistics=["time"] if "time" in table.column_names else False,
        )


def _read_table(path: Path, columns: list[str]) -> pyarrow.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(path, f"cannot be read as Parquet ({error})", "name a file that wadati wrote") from None
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise InputError(path, f"column {', '.join(missing)} is missing", "name a file that wadati wrote")
    return table.select(columns)
