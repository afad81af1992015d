"""Picks as Earthworm's TYPE_PICK_SCNL text, which `file2ew` puts on a ring.

Format: Earthworm, message TYPE_PICK_SCNL (http://www.earthwormcentral.org): message type, module, institution,
sequence, site.component.network.location, first motion and weight, time (yyyymmddhhmmss.sss), three amplitudes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from wadati.formats.weight_codes import code_of
from wadati.model import Pick
from wadati.units import MILLISECOND, SECOND

TYPE_PICK_SCNL = 8
_MOTION = {"positive": "U", "negative": "D", None: "?"}


def earthworm_pick(pick: Pick, sequence: int, *, module: int = 0, institution: int = 0) -> str:
    """One line; the weight 0 to 4 is that of the pick's standard error, amplitudes are not known and 0.

    >>> from wadati.model import SourceId
    >>> z = SourceId.parse("FDSN:CI_CCC__H_H_Z")
    >>> pick = Pick.of(z, "P", 1_562_261_629_230_000_000, time_uncertainty=0.05, probability=0.9, polarity="positive")
    >>> earthworm_pick(pick, 7)
    '8 0 0 7 CCC.HHZ.CI.-- U0 20190704173349.230 0 0 0\\n'
    """
    network, station, location, channel = pick.source_id.nslc.split(".")
    milliseconds = pick.time // MILLISECOND
    moment = datetime.fromtimestamp(milliseconds * MILLISECOND // SECOND, UTC).strftime("%Y%m%d%H%M%S")
    weight = code_of(pick.time_uncertainty)
    return (
        f"{TYPE_PICK_SCNL} {module} {institution} {sequence} {station}.{channel}.{network}.{location or '--'} "
        f"{_MOTION.get(pick.polarity, '?')}{weight} {moment}.{milliseconds % 1000:03d} 0 0 0\n"
    )
