"""Archives in the SeisComP Data Structure: what a file holds is in its name.

`YEAR/NET/STA/CHAN.TYPE/NET.STA.LOC.CHAN.TYPE.YEAR.DOY`; see https://www.seiscomp.de/seiscomp3/doc/applications/slarchive/SDS.html.
"""

from __future__ import annotations

import datetime
import re
from pathlib import PurePath

from wadati.model import SourceId, TimeSpan
from wadati.model.time import BEGINNING, END
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


def day_of(time: int) -> str:
    """The day of a time (ns) as names of files end with it; such words are in the order of time.

    >>> from wadati.model import parse_time
    >>> day_of(parse_time("2019-07-04T12:00")), day_of(END)
    ('2019.185', '2116.051')
    """
    day = datetime.date.fromordinal(min(max(time, BEGINNING), END) // DAY + _EPOCH)
    return f"{day.year:04d}.{day.timetuple().tm_yday:03d}"


def days_between(first: str, last: str) -> list[str]:
    """All days of a year from the first to the last, as `day_of` writes them.

    >>> days_between("2019.365", "2019.366"), days_between("2020.366", "2020.366")
    (['2019.365'], ['2020.366'])
    """
    year = int(first[:4])
    length = datetime.date(year, 12, 31).timetuple().tm_yday
    return [f"{year:04d}.{day:03d}" for day in range(int(first[5:]), min(int(last[5:]), length) + 1)]
