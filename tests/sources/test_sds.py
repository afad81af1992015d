from __future__ import annotations

from pathlib import PurePath

import pytest

from wadati.sources.sds import sds_content


@pytest.mark.parametrize(
    "path",
    [
        "CI.CCC..HHZ.D.2019.185",
        "2019/CI/CCC/HHZ.D/CI.CCC..HHZ.mseed",
        "2018/CI/CCC/HHZ.D/CI.CCC..HHZ.D.2019.185",
        "2019/CI/CLC/HHZ.D/CI.CCC..HHZ.D.2019.185",
        "2019/CI/CCC/HHN.D/CI.CCC..HHZ.D.2019.185",
        "2019/CI/CCC/HHZ.D/CI.CCC..HHZ.D.2019.000",
        "2019/CI/CCC/HHZ.D/CI.CCC..HHZ.D.2019.367",
    ],
)
def test_other_files_are_none(path: str) -> None:
    assert sds_content(PurePath(path)) is None


def test_the_last_day_of_a_leap_year() -> None:
    found = sds_content(PurePath("/a/b/2016/GE/MATE/BHN.D/GE.MATE.00.BHN.D.2016.366"))
    assert found is not None
    assert str(found[1]) == "2016-12-31T00:00:00.000000Z/2017-01-01T00:00:00.000000Z"
    assert found[0].nslc == "GE.MATE.00.BHN"
