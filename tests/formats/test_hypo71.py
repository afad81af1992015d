"""HYPO71's phases, print and summary cards; golden lines are put together from the program's FORMAT statements."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.model import Channel, Inventory, SourceId, parse_time
from wadati.protocols import Problem


def fortran(*fields: tuple[object, int]) -> str:
    """Right-aligned fields of given widths, as a FORMAT statement writes them."""
    return "".join(str(value)[:width].rjust(width) for value, width in fields)


def print_of(origin: str, *stations: str, headline: str = "LAT N    LONG W") -> str:
    return "\n".join(
        (
            "1 SOME RUN",
            f"  DATE    ORIGIN    {headline}    DEPTH    MAG NO DM GAP M  RMS  ERH  ERZ Q SQD  ADJ IN NR  AVR  AAR",
            origin,
            "",
            "  STN  DIST AZM AIN PRMK HRMN P-SEC TPOBS TPCAL DLY/H1 P-RES P-WT AMX PRX CALX K XMAG RMK FMP FMAG SRMK",
            *stations,
            "",
        )
    )


def hypocentre(date: str, clock: str, second: str, magnitude: str = "2.1") -> str:
    """FORMAT(1X,I6,A1,2I2,F6.2,I3,'-',F5.2,I4,'-',F5.2,1X,F6.2,A1,A6,2I3→I3,I3,I4,I2,F5.2,2A5)."""
    return fortran(
        ("", 1), (date, 6), ("", 1), (clock, 4), (second, 6), (35, 3), ("-", 1), ("42.30", 5), (117, 4), ("-", 1),
        ("30.25", 5), ("", 1), ("8.25", 6), ("", 1), (magnitude, 6), (12, 3), (5, 3), (87, 4), (1, 2), ("0.12", 5),
        ("0.3", 5), ("0.7", 5),
    )  # fmt: skip


def station(name: str, remark: str, clock: str, p: str, s: str = "", s_remark: str = "") -> str:
    """FORMAT(1X,A4,F6.1,2I4,1X,A4,1X,2I2,4F6.2,A6,A2,F4.2,I4,I3,F6.2,I2,A4,A1,1X,A3,A4,A4,A1,1X,A4,3A6,A2,A4,A6)."""
    return fortran(
        ("", 1), (name.ljust(4), 4), ("12.3", 6), (45, 4), (110, 4), ("", 1), (remark, 4), ("", 1), (clock, 4), (p, 6),
        ("2.50", 6), ("2.45", 6), ("0.00", 6), ("-0.05", 6), ("", 2), ("1.03", 4), (0, 4), (0, 3), ("0.00", 6), (0, 2),
        ("", 4), ("", 1), ("", 1), ("", 3), ("", 4), ("", 4), ("", 1), ("", 1), (s_remark, 4), (s, 6),
        ("4.40" if s else "", 6), ("0.11" if s else "", 6), ("", 2), ("0.5" if s else "", 4), ("", 6),
    )  # fmt: skip


def test_a_print(tmp_path):
    path = tmp_path / "no-extension"
    path.write_text(
        print_of(
            hypocentre("190704", "2359", "58.50"),
            station("ABC", "IPU1", "2359", "59.75", "61.90", "ES 2"),
            station("DEFG", "EPD0", " 0 0", "1.20"),
        )
    )
    catalog = read_catalog(path)
    (event,) = catalog
    assert event.origin.time == parse_time("2019-07-04T23:59:58.5")
    assert event.origin.latitude == pytest.approx(35 + 42.30 / 60)
    assert event.origin.longitude == pytest.approx(-117 - 30.25 / 60)
    assert event.origin.depth == 8250.0
    assert (event.origin.azimuthal_gap, event.origin.standard_error) == (87.0, 0.12)
    assert event.origin.uncertainty.horizontal == pytest.approx(300, rel=1e-4)
    assert event.origin.uncertainty.depth == pytest.approx(700)
    assert event.magnitude.value == 2.1
    first, late, second = catalog.picks
    assert (first.time, first.polarity) == (parse_time("2019-07-04T23:59:59.75"), "positive")
    assert first.time_uncertainty == pytest.approx(0.05 / 0.75)
    assert late.time == parse_time("2019-07-05T00:00:01.2")
    assert (second.time, second.phase_hint) == (parse_time("2019-07-05T00:00:01.9"), "S")
    arrivals = {arrival.pick_id: arrival for arrival in event.origin.arrivals}
    assert arrivals[first.pick_id].time_residual == -0.05
    assert arrivals[first.pick_id].distance == pytest.approx(12_300)
    assert arrivals[first.pick_id].azimuth == 45.0
    assert arrivals[second.pick_id].time_residual == 0.11
    assert arrivals[second.pick_id].weight == 0.5


def test_a_print_of_the_south_east_without_magnitude(tmp_path):
    path = tmp_path / "print"
    path.write_text(print_of(hypocentre("710101", " 1 1", "1.00", ""), headline="LAT S    LONG E"))
    (event,) = read_catalog(path)
    assert event.origin.time == parse_time("1971-01-01T01:01:01")
    assert event.origin.latitude == pytest.approx(-35.705)
    assert event.origin.longitude == pytest.approx(117 + 30.25 / 60)
    assert event.magnitude is None


def test_a_broken_line_of_a_print_costs_no_other(tmp_path):
    path = tmp_path / "print"
    path.write_text(
        print_of(hypocentre("190704", "2359", "58.50"), " ABC   12.3", station("DEFG", "EPD0", "2359", "59.20"))
    )
    problems: list[Problem] = []
    catalog = read_catalog(path, None, problems)
    assert (len(catalog), len(catalog.picks)) == (1, 1)
    assert [problem.subject for problem in problems] == [f"{path}, line 6"]


def test_summary_cards_of_both_kinds(tmp_path):
    """FORMAT(I6,1X,2I2,F6.2,I3,'-',F5.2,I4,'-',F5.2,1X,F6.2,A1,A6,I3,I4,F5.1,F5.2,2A5) and Earthworm's."""
    old = fortran(
        ("190704", 6), ("", 1), ("1733", 4), ("49.12", 6), (35, 3), ("-", 1), ("42.30", 5), (117, 4), ("-", 1),
        ("30.25", 5), ("", 1), ("8.25", 6), ("", 1), ("6.40", 6), (50, 3), (33, 4), ("6.0", 5), ("0.21", 5), ("0.2", 5),
        ("0.4", 5),
    )  # fmt: skip
    new = fortran(
        ("20190704", 8), ("", 1), ("1733", 4), ("49.12", 6), (35, 3), ("S", 1), ("42.30", 5), (117, 4), ("E", 1),
        ("30.25", 5), ("8.25", 7), ("", 1), ("L", 1), ("6.40", 5), (50, 3), (33, 4), ("6.0", 5), ("0.21", 5),
        ("0.2", 5), ("0.4", 5),
    )  # fmt: skip
    for text, sign, kind in ((old, 1, "M"), (new, -1, "ML")):
        path = tmp_path / kind
        path.write_text(text + "\n\n")
        (event,) = read_catalog(path)
        assert event.origin.time == parse_time("2019-07-04T17:33:49.12")
        assert event.origin.latitude == pytest.approx(sign * 35.705)
        assert event.origin.longitude == pytest.approx(-sign * (117 + 30.25 / 60))
        assert event.origin.depth == 8250.0
        assert (event.magnitude.value, event.magnitude.magnitude_type) == (6.4, kind)
        assert (event.origin.azimuthal_gap, event.origin.standard_error) == (33.0, 0.21)
        assert event.origin.uncertainty.depth == 400.0


CARDS = (
    "RWMOIP?0 091229124412.22       13.99IS?0\n"  # as obspyck writes them
    + "ABCD P 3 0912291244 1222".ljust(31) + " 1399 S 4".ljust(34) + "  .50".ljust(12) + "XHHZCI00\n"
    + "DEF EPD1 091229124459.99       75.00ES 2\n"
    + "                 10\n"
    + "GHI  P 0 0912301244 5.00\n"
)  # fmt: skip


def test_phase_cards(tmp_path):
    path = tmp_path / "no-extension"
    path.write_text(CARDS)
    picks = {(pick.source_id.station, pick.phase_hint): pick for pick in read_picks(path)}
    assert picks["RWMO", "P"].time == parse_time("2009-12-29T12:44:12.22")
    assert picks["RWMO", "S"].time == parse_time("2009-12-29T12:44:13.99")
    assert picks["DEF", "P"].polarity == "negative"
    assert picks["DEF", "P"].time_uncertainty == pytest.approx(0.05 / 0.75)
    assert picks["DEF", "S"].time == parse_time("2009-12-29T12:45:15")
    assert picks["DEF", "S"].time_uncertainty == pytest.approx(0.1)
    own = picks["ABCDX", "P"]
    assert own.source_id.nslc == "CI.ABCDX.00.HHZ"
    assert own.time == parse_time("2009-12-29T12:44:12.72"), "implied decimals and the clock correction"
    assert own.time_uncertainty == pytest.approx(0.2)
    assert (picks["ABCDX", "S"].time_uncertainty, picks["ABCDX", "S"].probability) == (math.inf, 0.0)


def test_phase_cards_are_grouped_by_event(tmp_path):
    path = tmp_path / "phases"
    path.write_text(
        "ABC  P 0 0912291244 5.00\nDEF  P 0 0912291244 6.00\n                 10\nABC  P 0 0912301244 5.00\n"
    )
    stations = Inventory.of(
        Channel(SourceId.from_nslc("CI", name, "", "HHZ"), 35.0, -117.0, 0.0) for name in ("ABC", "DEF")
    )
    catalog = read_catalog(path, stations)
    assert [len(event.origin.arrivals) for event in catalog] == [2, 1]
    assert all(arrival.network == "CI" for event in catalog for arrival in event.origin.arrivals)


def test_a_file_of_something_else_is_not_taken_for_cards(tmp_path):
    path = Path(tmp_path / "text")
    path.write_text("These are lines of plain words,\nnot at all of phases,\n12 34 56\n")
    with pytest.raises(InputError, match="holds no picks"):
        read_picks(path)
