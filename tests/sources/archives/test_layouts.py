"""Keys as the archives' own documents and public listings have them."""

from __future__ import annotations

import datetime

import pytest

from wadati.errors import UsageError
from wadati.model import SourceId
from wadati.sources.archives.layouts import LAYOUTS, layout_of
from wadati.sources.sds import sds_content

EPOCH = datetime.date(1970, 1, 1).toordinal()

DOCUMENTED = [
    # https://scedc.caltech.edu/cloud/: [network 2][station 5][channel 3][location 2]_[year][day of year].ms below
    # continuous_waveforms/2017/2017_010/, codes filled with underscores
    ("scedc", "CI.GSC..LHZ", 2017, 10, "continuous_waveforms/2017/2017_010/CIGSC__LHZ___2017010.ms"),
    ("scedc", "CI.ADO..BHE", 2016, 183, "continuous_waveforms/2016/2016_183/CIADO__BHE___2016183.ms"),
    ("scedc", "PB.B916.00.EHZ", 2020, 366, "continuous_waveforms/2020/2020_366/PBB916_EHZ00_2020366.ms"),
    # https://ncedc.org/db/cloud.html: the example of the page, and its two examples of file names
    ("ncedc", "BG.CLV..DPN", 2023, 22, "continuous_waveforms/BG/2023/2023.022/CLV.BG.DPN..D.2023.022"),
    ("ncedc", "BK.MERC.00.HNZ", 2022, 254, "continuous_waveforms/BK/2022/2022.254/MERC.BK.HNZ.00.D.2022.254"),
    ("ncedc", "NC.KBG..HHZ", 2018, 23, "continuous_waveforms/NC/2018/2018.023/KBG.NC.HHZ..D.2018.023"),
    # GeoNet's introduction to its open data bucket (GeoNet data tutorials): the example of `aws s3 cp`
    ("geonet", "NZ.WEL.10.HHE", 2023, 100, "waveforms/miniseed/2023/2023.100/WEL.NZ/2023.100.WEL.10-HHE.NZ.D"),
    # https://www.earthscope.org/sponsored-open-data: an object holds all channels of a station's day; this one is named
    # in public notes on the bucket
    ("earthscope", "UW.RATT..HHZ", 2019, 187, "miniseed/UW/2019/187/RATT.UW.2019.187"),
    # https://www.seiscomp.de/seiscomp3/doc/applications/slarchive/SDS.html
    ("sds", "GE.APE..BHZ", 2010, 5, "2010/GE/APE/BHZ.D/GE.APE..BHZ.D.2010.005"),
]


def day(year: int, doy: int) -> int:
    return datetime.date(year, 1, 1).toordinal() - EPOCH + doy - 1


def source_id(nslc: str) -> SourceId:
    return SourceId.from_nslc(*nslc.split("."))


@pytest.mark.parametrize(("layout", "channel", "year", "doy", "key"), DOCUMENTED)
def test_keys_are_those_of_the_documents(layout: str, channel: str, year: int, doy: int, key: str) -> None:
    assert LAYOUTS[layout].paths([source_id(channel)], day(year, doy)) == (key,)


def test_stationxml_lies_where_the_documents_say() -> None:
    # https://scedc.caltech.edu/cloud/: FDSNstationXML/CI/CI_GSC.xml
    assert LAYOUTS["scedc"].stationxml_paths("CI", "GSC")[0] == "FDSNstationXML/CI/CI_GSC.xml"
    # The NCEDC's page names no key; programs that read the bucket in public use this one.
    assert LAYOUTS["ncedc"].stationxml_paths("NC", "KBG") == ("FDSNstationXML/NC/NC.KBG.xml",)


def test_all_channels_of_a_station_that_share_an_object_ask_for_it_once() -> None:
    channels = [source_id(f"UW.RATT..HH{letter}") for letter in "ZNE"]
    assert len(LAYOUTS["earthscope"].paths(channels, 18000)) == 1
    assert len(LAYOUTS["ncedc"].paths(channels, 18000)) == 3


def test_sds_paths_are_read_back_as_channel_and_day() -> None:
    from pathlib import PurePath

    (path,) = LAYOUTS["sds"].paths([source_id("CI.CCC.00.HHZ")], 18081)
    found = sds_content(PurePath(path))
    assert found is not None
    assert (found[0].nslc, found[1].start // 86_400_000_000_000) == ("CI.CCC.00.HHZ", 18081)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{network}/{stations}", r"there are network, station"),
        ("{network.__class__}.{station}", r"there are network, station"),
        ("{network}/{year}", r"does not say where the {station} stands"),
        ("{station", "is no pattern"),
        ("scdec", "no layout is called"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_in_words(pattern: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        layout_of(pattern)
