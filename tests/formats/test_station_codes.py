"""Codes that a file leaves out."""

from __future__ import annotations

from wadati.formats.station_codes import StationCodes, phase_hint_of
from wadati.model import Channel, Inventory, SourceId
from wadati.protocols import Problem


def inventory(*names: str) -> Inventory:
    return Inventory.of(Channel(SourceId.from_nslc(*name.split(".")), 42.0, 13.0, 0.0) for name in names)


def test_a_station_of_one_network_gets_it():
    codes = StationCodes(inventory("IV.ABC..HHZ", "IV.ABC..HHN", "YR.DEF.00.EHZ"))
    assert codes.source_id("ABC").nslc == "IV.ABC.."
    assert codes.source_id("ABC", component="Z").nslc == "IV.ABC..HHZ"
    assert codes.source_id("DEF", component="SZ").nslc == "YR.DEF.00.EHZ"
    assert codes.source_id("DEF", component="N").nslc == "YR.DEF..N"


def test_what_is_stated_is_never_changed():
    codes = StationCodes(inventory("IV.ABC.00.HHZ"))
    assert codes.source_id("ABC", "YR").nslc == "YR.ABC.."
    assert codes.source_id("ABC", "", "", "EHZ").nslc == "IV.ABC..EHZ"


def test_two_networks_leave_it_open_and_say_so_once():
    problems: list[Problem] = []
    codes = StationCodes(inventory("IV.ABC..HHZ", "YR.ABC..HHZ"), problems)
    assert codes.source_id("ABC", component="Z").nslc == ".ABC..Z"
    assert codes.source_id("ABC").network == ""
    (problem,) = problems
    assert "IV.ABC, YR.ABC" in problem.wrong


def test_two_instruments_leave_the_channel_open():
    codes = StationCodes(inventory("IV.ABC..HHZ", "IV.ABC..HNZ"))
    assert codes.source_id("ABC", component="Z").nslc == "IV.ABC..Z"


def test_unknown_stations_have_no_network():
    assert StationCodes(inventory("IV.ABC..HHZ")).source_id("DEF").station_key == ("", "DEF")
    assert StationCodes().source_id("?", "?", "--", "?").nslc == "..."


def test_names_cut_short_anywhere():
    codes = StationCodes(inventory("IV.ABC..HHZ"))
    names = ("ABC", "IV.ABC", "IV.ABC.", "IV.ABC..HH", "IV.ABC..HHZ", "IV.ABC.00.HHZ")
    assert [codes.of_name(name).nslc for name in names] == [
        "IV.ABC..",
        "IV.ABC..",
        "IV.ABC..",
        "IV.ABC..",
        "IV.ABC..HHZ",
        "IV.ABC.00.HHZ",
    ]


def test_phases_of_first_arrivals_become_p_and_s():
    assert [phase_hint_of(name) for name in ("P", "Pg", "Pn", "P*", "p", "S", "Sb", "s")] == list("PPPPPSSS")
    assert [phase_hint_of(name) for name in ("PKP", "SKS", "pP", "PcP", "AML", "")] == [
        "PKP",
        "SKS",
        "pP",
        "PcP",
        "AML",
        "",
    ]
