"""SAC files from bytes, through ObsPy.

Format: https://ds.iris.edu/files/sac-manual/manual/file_format.html. The start is kept to about a millisecond only.
"""

from __future__ import annotations

import io
import warnings

import numpy as np

from wadati.errors import InputError, UsageError
from wadati.model import SourceId, Trace, sampling_rate

_HEADER = 632
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
