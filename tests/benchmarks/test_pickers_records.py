"""The judged records: none of a station that training sees, labels where the data have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.pickers import records
from benchmarks.pickers.split import is_held_back

HYPOCENTRE = """\
PHASE ID Ins Cmp On Pha  FM Date     HrMn   Sec     Err  ErrMag    Coda      Amp  Per  >   TTpred    Res       Weight
PLCM   ?    ?    ? P      ? 20110610 1734   55.1887 GAU  1.34e-02 -1.0e+00 -1.0e+00 0 >    3.15  -0.1449  1.6112   -4.6
PLLA   ?    ?    ? P      ? 20110610 1734   52.9618 GAU  8.77e-02 -1.0e+00 -1.0e+00 0 >    5.13  -4.3558  0.0001  -22.6
PL07   ?    ?    ? S      ? 20110610 1734   60.5000 GAU  1.73e-02 -1.0e+00 -1.0e+00 0 >    4.81   0.3905  1.0252   14.3
PLTP   ?    ?    ? P      ? 20110610 1734   59.9752 GAU  1.61e-02 -1.0e+00 -1.0e+00 0 >    0.00   0.0000  0.0000   38.5
"""


def test_phases_without_weight_or_with_a_large_residual_are_left_out() -> None:
    found = records._phases([HYPOCENTRE])
    assert {station: [phase for phase, _ in pairs] for station, pairs in found.items()} == {
        "PLCM": ["P"],
        "PL07": ["S"],
    }
    assert found["PL07"][0][1] == 1_307_727_300_500_000_000


@pytest.fixture
def windows(shared: Path, monkeypatch: pytest.MonkeyPatch) -> list[records.Record]:
    monkeypatch.setattr("benchmarks.common.SHARED", shared)
    return records.northern_california()


def test_held_back_windows_are_of_held_back_stations(windows: list[records.Record]) -> None:
    assert len(windows) == 80
    assert all(is_held_back(*one.source_ids[0].station_key) for one in windows)
    others = records.northern_california(lambda *station: not is_held_back(*station))
    assert not {one.source_ids[0].station_key for one in windows} & {one.source_ids[0].station_key for one in others}
    assert len(windows) + len(others) == 154


def test_labels_and_components_are_those_of_the_window(windows: list[records.Record]) -> None:
    assert {dict(one.labels)["P"] for one in windows} == {30.0}
    assert {one.letters for one in windows} == {"ENZ", "Z"}
    assert all(one.data.shape == (len(one.letters), 9001) and one.data.any(axis=1).all() for one in windows)
