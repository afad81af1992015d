"""SAC files from and to bytes, through ObsPy.

Format: https://ds.iris.edu/files/sac-manual/manual/file_format.html. The start is kept to about a millisecond only.
"""

from __future__ import annotations

import io
import warnings

import numpy as np

from wadati.errors import InputError, UsageError
from wadati.model import PointSource, SourceId, Station, Trace, sampling_rate

_HEADER = 632
_DIRECTIONS = {"Z": (0.0, 0.0), "N": (0.0, 90.0), "E": (90.0, 90.0)}
"""Azimuth, and inclination from up, of components."""
_MEND = "give SAC of evenly sampled data, or miniSEED"


def looks_like_sac(head: bytes) -> bool:
    """Whether a file that begins with these bytes can be SAC: its version, at byte 304, is 6 or 7."""
    if len(head) < _HEADER:
        return False
    return any(int.from_bytes(head[304:308], order) in (6, 7) for order in ("little", "big"))


def read_sac(content: bytes, name: str = "SAC") -> Trace:
    """The trace of a SAC file. Raises `InputError` for what is none."""
    from obspy.io.sac import SACTrace

    if not looks_like_sac(content):
        raise InputError(name, "is no SAC file", _MEND)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trace = SACTrace.read(io.BytesIO(content), checksize=True).to_obspy_trace()
        stats = trace.stats
        source_id = SourceId.from_nslc(stats.network, stats.station, stats.location, stats.channel)
        return Trace(source_id, stats.starttime.ns, sampling_rate(stats.sampling_rate), np.asarray(trace.data))
    except UsageError as error:
        raise InputError(name, str(error), "mend its header") from None
    except Exception as error:  # ObsPy raises the base class for some headers
        raise InputError(name, f"is no SAC file that can be read ({error})", _MEND) from None


def write_sac(trace: Trace, station: Station, source: PointSource) -> bytes:
    """A trace as SAC, its time counted from the source's, with the places of both; depth in km, distances left to SAC.

    >>> from wadati.model import MomentTensor
    >>> sid = SourceId.from_nslc("XX", "A", "", "MXZ")
    >>> trace = Trace(sid, 2_500_000_000, sampling_rate(2), np.arange(4, dtype=np.float32))
    >>> source = PointSource(0, 35.0, -117.0, 8000.0, MomentTensor.of_fault(0, 45, 90, 1e15))
    >>> read_sac(write_sac(trace, Station("XX", "A", 35.5, -117.5, 0.0), source)) == trace
    True
    """
    from obspy import UTCDateTime
    from obspy.io.sac import SACTrace

    stated: dict[str, object] = {"khole": trace.source_id.location} if trace.source_id.location else {}
    if trace.source_id.subsource in _DIRECTIONS:
        azimuth, inclination = _DIRECTIONS[trace.source_id.subsource]
        stated.update(cmpaz=azimuth, cmpinc=inclination)
    header = SACTrace(
        data=np.asarray(trace.data, np.float32),
        delta=float(1 / trace.sampling_rate),
        kcmpnm=trace.source_id.channel,
        knetwk=station.network,
        kstnm=station.code,
        stla=station.latitude,
        stlo=station.longitude,
        stel=station.elevation,
        evla=source.latitude,
        evlo=source.longitude,
        evdp=source.depth / 1000,
        **stated,
    )
    header.reftime = UTCDateTime(ns=source.time)
    header.b = (trace.start - source.time) / 1e9
    header.o = 0.0
    content = io.BytesIO()
    header.write(content)
    return content.getvalue()
