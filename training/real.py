"""Real records of the shared data folder that training may see, and those that it may not.

Not for training: Ridgecrest from 17:30 on, the stations of `ncedc-picks` and `uturuncu-2011` that
`benchmarks.pickers.split` holds back, and the two sensors in a town that ObsPy brings.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import obspy

from benchmarks.pickers.quiet import TOWN
from benchmarks.pickers.split import is_held_back
from training.pool import COMPONENTS, RATE, Record, digest, first_motion, gaussian
from wadati.model import SourceId
from wadati.signal.bands import choose_band, orient
from wadati.units import SECOND

WINDOW = 90 * RATE
MINIMUM = 35 * RATE
LONGEST = 12 * 3600.0
"""Between the first and the last sample of a station (s); a file may hold records years apart."""
OTHERS = frozenset((".npy", ".npz", ".png", ".txt", ".xml", ".xsd", ".csv", ".gmt", ".sqlite", ".wav"))
"""Endings of packaged files that hold no record of the ground."""
RIDGECREST_END = "2019-07-04T17:30:00Z"
JUDGED = ("uturuncu", "strong-motion", "moment-tensor")
"""Records of which some are of stations that pickers are judged on."""


def labelled(shared: Path) -> Iterator[Record]:
    """Windows with P and S from analysts: half of the Northern Californian ones, all of the STEAD ones."""
    with (shared / "ncedc-picks/waveform.csv").open() as file:
        for row in csv.DictReader(file):
            network, station = row["fname"].split("_")[:2]
            if is_held_back(network, station):
                continue
            with np.load(shared / "ncedc-picks/windows" / row["fname"]) as window:
                codes = str(window["channels"]).split("_")
                columns = np.asarray(window["data"], np.float64)
                labels = [(0, float(window["itp"])), (1, float(window["its"]))]
            yield _record(f"ncedc/{row['fname']}", _ordered(columns, codes), labels)
    yield from _stead(shared / "stead-picks")


def _ordered(columns: np.ndarray, codes: list[str]) -> np.ndarray:
    """Columns of the window in the order of the pool. A window with fewer codes than columns has them last."""
    columns = columns[:, -len(codes) :] if len(codes) < columns.shape[1] else columns
    data = np.zeros((3, len(columns)))
    for column, code in zip(columns.T, codes, strict=True):
        data[COMPONENTS.index({"1": "N", "2": "E", "3": "Z"}.get(code[-1], code[-1]))] = column - column[0]
    return data


def _stead(folder: Path) -> Iterator[Record]:
    import h5py

    with h5py.File(folder / "waveforms.hdf5") as file, (folder / "metadata.csv").open() as table:
        for row in csv.DictReader(table):
            if row["trace_category"] != "earthquake_local":
                continue
            east_north_up = np.asarray(file[f"earthquake/local/{row['trace_name']}"])
            labels = [(0, float(row["p_arrival_sample"])), (1, float(row["s_arrival_sample"]))]
            yield _record(f"stead/{row['trace_name']}", east_north_up.T[::-1], labels)


def _record(name: str, data: np.ndarray, labels: list[tuple[int, float]]) -> Record:
    data = np.asarray(data, np.float32)
    sign = first_motion(data[0], labels[0][1])
    motion = {round(labels[0][1]): sign} if sign else {}
    return Record(name, "labelled", data, gaussian(labels, data.shape[1]), labels=labels, first_motion=motion)


def continuous(shared: Path) -> Iterator[Record]:
    """Records without analysts' picks, whose phases the teachers tell."""
    quiet = ("2019-07-04T16:50:00Z", RIDGECREST_END)
    for name, folder, pattern, span in (
        ("ridgecrest", "ridgecrest-2019/waveforms", "*.mseed", quiet),
        ("salton-sea", "salton-sea-2020/waveforms", "*.mseed", None),
        ("strong-motion", "strong-motion/fdsn", "*.mseed", None),
        ("strong-motion", "strong-motion/tutorials", "*.mseed", None),
        ("strong-motion", "strong-motion/clipping_samples", "*.mseed", None),
        ("moment-tensor", "moment-tensor-2019", "*.mseed", None),
        ("geofon", "miniseed", "G*.*.mseed", None),
        ("raspberry-shake", "raspberry-shake", "*.m*s*", None),
        *(
            ("uturuncu", "uturuncu-2011/waveforms", one.name, None)
            for one in sorted((shared / "uturuncu-2011").rglob("*.mseed"))
        ),
    ):
        for network, station, start, data in _stations(sorted((shared / folder).rglob(pattern)), span):
            if name in JUDGED and is_held_back(network, station):
                continue
            for first in range(0, data.shape[1] - MINIMUM, WINDOW):
                cut = data[:, first : first + WINDOW]
                if np.ptp(cut, axis=1).any():
                    yield _unlabelled(name, f"{network}.{station}", start + first * SECOND // RATE, cut)
    yield from packaged()


def packaged() -> Iterator[Record]:
    """What ObsPy brings for its own tests, one copy of each; its sensors of other things than motion are left out."""
    seen = set()
    for path in packaged_files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = list(_stations([path]))
        for network, station, start, data in found:
            code = f"{network}.{station}"
            if (code, start) not in seen:
                seen.add((code, start))
                for first in range(0, data.shape[1] - MINIMUM, WINDOW):
                    cut = data[:, first : first + WINDOW]
                    if np.ptp(cut, axis=1).any():
                        yield _unlabelled("obspy", code, start + first * SECOND // RATE, cut)


def packaged_files() -> list[Path]:
    """ObsPy's packaged files that may be waveforms, less the two that judge."""
    root = Path(obspy.__file__).parent
    return [
        path
        for path in sorted(root.rglob("tests/data/**/*"))
        if path.is_file() and path.name not in TOWN and path.suffix not in OTHERS and path.stat().st_size > 8000
    ]


def _unlabelled(name: str, code: str, begin: int, data: np.ndarray) -> Record:
    return Record(f"{name}/{code}/{begin}", "continuous", data, np.zeros((2, data.shape[1]), np.float32))


def _stations(files: Sequence[Path], span: tuple[str, str] | None = None) -> Iterator[tuple[str, str, int, np.ndarray]]:
    """Network, station, start (ns) and samples (component, sample) of each station, at 100 Hz, gaps filled with 0."""
    stream = obspy.Stream()
    for path in files:
        try:
            stream += obspy.read(str(path))
        except Exception:  # whatever the readers of thirty formats raise at a file that is no waveform
            continue
    if span is not None:
        stream.trim(*(obspy.UTCDateTime(time) for time in span))
    for network, station in sorted({(one.stats.network, one.stats.station) for one in stream}):
        own = stream.select(network, station)
        if max(one.stats.endtime for one in own) - min(one.stats.starttime for one in own) > LONGEST:
            continue
        ids = {SourceId.from_nslc(*one.id.split(".")): one.id for one in own if one.stats.sampling_rate >= 20}
        instruments = choose_band(ids)
        if not instruments:
            continue
        letters = orient(one for one in ids if one.instrument_key == instruments[0])
        chosen = obspy.Stream([one for one in own if one.id in {ids[source_id] for source_id in letters}])
        chosen = _at_rate(chosen)
        start, end = min(one.stats.starttime for one in chosen), max(one.stats.endtime for one in chosen)
        data = np.zeros((3, round((end - start) * RATE) + 1), np.float32)
        for one in chosen:
            component = COMPONENTS.index(letters[SourceId.from_nslc(*one.id.split("."))])
            first = round((one.stats.starttime - start) * RATE)
            data[component, first : first + one.stats.npts] = one.data[: data.shape[1] - first]
        yield network, station, start.ns, data


def _at_rate(stream: obspy.Stream) -> obspy.Stream:
    """Offsets removed, at 100 Hz."""
    for one in stream:
        one.data = one.data.astype(np.float64)
    stream = stream.split()
    for one in stream:
        one.data = one.data - np.median(one.data)
        if one.stats.sampling_rate != RATE:
            one.resample(RATE)
    return stream


def digest_inputs(shared: Path) -> dict[str, str]:
    """The digest of each folder that training reads."""
    folders = (
        "ncedc-picks",
        "stead-picks",
        "uturuncu-2011",
        "ridgecrest-2019/waveforms",
        "salton-sea-2020/waveforms",
        "strong-motion/fdsn",
        "strong-motion/tutorials",
        "strong-motion/clipping_samples",
        "moment-tensor-2019",
        "miniseed",
        "raspberry-shake",
    )
    result = {name: digest(p for p in (shared / "data" / name).rglob("*") if p.is_file()) for name in folders}
    result["obspy"] = digest(packaged_files())
    result["weights"] = digest(p for p in (shared / "weights").iterdir() if p.is_file())
    return result
