"""Where an archive keeps a channel's day, as patterns: those of the public buckets, SDS, and anybody's own.

A pattern is a path with `{network}`, `{station}`, `{location}`, `{channel}`, `{year}` (four digits), `{doy}` (day of
the year, three digits), `{month}` and `{day}` (two digits), filled as Python's `str.format` does: `{station:_<5}` is
the station with underscores up to five characters. A pattern that ends with `*` names the beginning of paths, which are
then listed: for days that lie in fragments.
"""

from __future__ import annotations

import datetime
import re
import string
from collections.abc import Sequence

import msgspec

from wadati.errors import UsageError
from wadati.formats.channel_codes import channel_code
from wadati.model import SourceId

FIELDS = ("network", "station", "location", "channel", "year", "doy", "month", "day")


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How an archive is laid out, and where it is.

    `waveforms` is a pattern, `stationxml` are patterns (of network and station) that are tried in turn. `url` is where
    the public archive is, `source` the document that describes it.
    """

    waveforms: str
    stationxml: tuple[str, ...] = ()
    url: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for pattern in (self.waveforms, *self.stationxml):
            _check(pattern)

    @property
    def lists(self) -> bool:
        """Whether paths have to be listed."""
        return self.waveforms.endswith("*")

    def paths(self, channels: Sequence[SourceId], day: int) -> tuple[str, ...]:
        """The paths of channels on a day (days since 1970), each once; beginnings of paths where they are listed.

        >>> east = SourceId.parse("FDSN:CI_ADO__B_H_E")
        >>> LAYOUTS["scedc"].paths([east], 16983)
        ('continuous_waveforms/2016/2016_183/CIADO__BHE___2016183.ms',)
        """
        date = datetime.date(1970, 1, 1) + datetime.timedelta(day)
        when = {
            "year": f"{date.year:04d}",
            "doy": f"{date.timetuple().tm_yday:03d}",
            "month": f"{date.month:02d}",
            "day": f"{date.day:02d}",
        }
        pattern = self.waveforms.removesuffix("*")
        return tuple(
            dict.fromkeys(
                pattern.format(
                    network=one.network, station=one.station, location=one.location, channel=channel_code(one), **when
                )
                for one in sorted(channels)
            )
        )

    def stationxml_paths(self, network: str, station: str) -> tuple[str, ...]:
        """Where StationXML of a station may be, to be tried in turn."""
        return tuple(pattern.format(network=network, station=station) for pattern in self.stationxml)

    def stationxml_folders(self) -> tuple[str, ...]:
        """The folders below which all StationXML is.

        >>> LAYOUTS["ncedc"].stationxml_folders()
        ('FDSNstationXML',)
        """
        return tuple(dict.fromkeys(pattern.partition("{")[0].rpartition("/")[0] for pattern in self.stationxml))

    def station_of(self, path: str) -> tuple[str, str] | None:
        """Whose StationXML a path is: network and station; None for another file.

        >>> LAYOUTS["scedc"].station_of("FDSNstationXML/CI/CI_GSC.xml")
        ('CI', 'GSC')
        """
        for pattern in self.stationxml:
            literal = re.escape(pattern).replace(r"\{network\}", "(?P<n>[^/._]+)", 1)
            literal = literal.replace(r"\{network\}", "(?P=n)").replace(r"\{station\}", "(?P<s>[^/._]+)", 1)
            if found := re.fullmatch(literal, path):
                return found["n"], found["s"]
        return None


def _check(pattern: str) -> None:
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(pattern.removesuffix("*")) if field is not None]
    except ValueError as error:
        raise UsageError(f"the layout {pattern!r} is no pattern: {error}") from None
    for field in fields:
        if field not in FIELDS:
            raise UsageError(f"the layout {pattern!r} has {{{field}}}; there are {', '.join(FIELDS)}")
    if "station" not in fields:
        raise UsageError(f"the layout {pattern!r} does not say where the {{station}} stands")


LAYOUTS = {
    "scedc": Layout(
        waveforms="continuous_waveforms/{year}/{year}_{doy}/{network}{station:_<5}{channel}{location:_<2}_{year}{doy}.ms",
        stationxml=(
            "FDSNstationXML/{network}/{network}_{station}.xml",
            "FDSNstationXML/unauthoritative-XML/{network}.{station}.xml",
        ),
        url="s3://scedc-pds?region=us-west-2&skip_signature=true",
        source="https://scedc.caltech.edu/cloud/",
    ),
    "ncedc": Layout(
        waveforms=(
            "continuous_waveforms/{network}/{year}/{year}.{doy}/{station}.{network}.{channel}.{location}.D.{year}.{doy}"
        ),
        stationxml=("FDSNstationXML/{network}/{network}.{station}.xml",),
        url="s3://ncedc-pds?region=us-east-2&skip_signature=true",
        source="https://ncedc.org/db/cloud.html",
    ),
    "geonet": Layout(
        waveforms=(
            "waveforms/miniseed/{year}/{year}.{doy}/{station}.{network}/"
            "{year}.{doy}.{station}.{location}-{channel}.{network}.D"
        ),
        url="s3://geonet-open-data?region=ap-southeast-2&skip_signature=true",
        source="https://www.geonet.org.nz/data/access/aws",
    ),
    "earthscope": Layout(
        waveforms="miniseed/{network}/{year}/{doy}/{station}.{network}.{year}.{doy}",
        url="s3://earthscope-geophysical-data?region=us-east-2&skip_signature=true",
        source="https://www.earthscope.org/sponsored-open-data",
    ),
    "earthscope-versions": Layout(
        waveforms="miniseed/{network}/{year}/{doy}/{station}.{network}.{year}.{doy}*",
        source="https://docs.earthscope.org/projects/SDK/en/stable/content/s3_direct_access_tutorial.html",
    ),
    "sds": Layout(
        waveforms="{year}/{network}/{station}/{channel}.D/{network}.{station}.{location}.{channel}.D.{year}.{doy}",
        source="https://www.seiscomp.de/seiscomp3/doc/applications/slarchive/SDS.html",
    ),
}
"""The layouts by name. `earthscope` is the bucket of open networks, where a day is one object; in the repository for
those with credentials an object's name goes on with its version, which has to be listed."""


def layout_of(text: str) -> Layout:
    """A layout by its name, or from a pattern. Raises `UsageError` for what is neither.

    >>> layout_of("{network}.{station}/{year}{month}{day}.mseed").lists
    False
    """
    if text in LAYOUTS:
        return LAYOUTS[text]
    if "{" not in text:
        raise UsageError(f"no layout is called {text!r}; there are {', '.join(LAYOUTS)}, or write a pattern")
    return Layout(waveforms=text)
