import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.model import SourceId
from wadati.signal.bands import choose_band, orient


def ids(*codes, location=""):
    return [SourceId.from_nslc("XX", "ABC", location, code) for code in codes]


def test_order_of_bands():
    codes = ("HNZ", "BHZ", "EHZ", "HHZ", "SHZ", "ENZ", "CHZ")
    assert [key[3] for key in choose_band(ids(*codes))] == ["HH", "EH", "BH", "HN", "CH", "SH", "EN"]


def test_more_components_then_the_lower_location():
    known = ids("HHZ", location="00") + ids("HHZ", "HHN", location="10") + ids("HHZ", "HHN", location="20")
    assert [key[2] for key in choose_band(known)] == ["10", "20", "00"]


def test_what_cannot_be_picked_on_is_left_out():
    assert choose_band(ids("LHZ", "VHZ", "BDF", "HDF", "LOG", "ACE", "BHR", "VMZ")) == ()


def test_channels_without_a_band_are_taken():
    assert choose_band([SourceId("XX", "ABC", "", "", "", "Z")]) == (("XX", "ABC", "", ""),)


@pytest.mark.parametrize(
    ("codes", "letters"),
    [("ZNE", "ZNE"), ("Z12", "ZNE"), ("Z23", "ZNE"), ("123", "NEZ"), ("Z", "Z"), ("12", "NE"), ("3", "Z")],
)
def test_components(codes, letters):
    found = orient(ids(*(f"HH{code}" for code in codes)))
    assert [found[source_id] for source_id in ids(*(f"HH{code}" for code in codes))] == list(letters)


def test_a_third_horizontal_beside_a_vertical_is_left_out():
    assert sorted(orient(ids("HHZ", "HH1", "HH2", "HH3")).values()) == ["E", "N", "Z"]


@given(st.permutations(ids("HNZ", "BHZ", "BHN", "EHZ", "EHN", "SHZ", "SHN", "CHZ")))
def test_order_given_does_not_matter(known):
    assert choose_band(known) == choose_band(sorted(known))
