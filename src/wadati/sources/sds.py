"""Archives in the SeisComP Data Structure: what a file holds is in its name.

`YEAR/NET/STA/CHAN.TYPE/NET.STA.LOC.CHAN.TYPE.YEAR.DOY`; see https://www.seiscomp.de/seiscomp3/doc/applications/slarchive/SDS.html.
"""

from __future__ import annotations

import datetime
import re
from pathlib import PurePath

from wadati.model import SourceId, TimeSpan
from wadati.units import DAY

_NAME = re.compile(
    r"^(?P<net>[^.]*)\.(?P<sta>[^.]+)\.(?P<loc>[^.]*)\.(?P<cha>[^.]+)\.(?P<type>[A-Z])\.(?P<year>\d{4})\.(?P<day>\d{3})$"
)
_EPOCH = datetime.date(1970, 1, 1).toordinal()


def sds_content(path: PurePath) -> tuple[SourceId, TimeSpan] | None:
    """Channel and day of a file of an SDS archive, None for any other file.

    >>> source_id, day = sds_content(PurePath("a/2019/CI/CCC/HHZ.D/CI.CCC..HHZ.D.2019.185"))
    >>> source_id.nslc, str(day)
    ('CI.CCC..HHZ', '2019-07-04T00:00:00.000000Z/2019-07-05T00:00:00.000000Z')
    """
    match = _NAME.match(path.name)
    if match is None or len(path.parts) < 5:
        return None
    folders = (match["year"], match["net"], match["sta"], f"{match['cha']}.{match['type']}")
    if path.parts[-5:-1] != folders or not 1 <= int(match["day"]) <= 366 or int(match["year"]) < 1:
        return None
    days = datetime.date(int(match["year"]), 1, 1).toordinal() - _EPOCH + int(match["day"]) - 1
    source_id = SourceId.from_nslc(match["net"], match["sta"], match["loc"], match["cha"])
    return source_id, TimeSpan(days * DAY, (days + 1) * DAY)
