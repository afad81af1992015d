"""NonLinLoc, with ObsPy's reader as the judge."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import obspy
import pytest

from wadati.errors import InputError
from wadati.formats.catalogs import read_catalog, read_picks
from wadati.formats.nonlinloc_hyp import read_nonlinloc_hyp
from wadati.model import Channel, Inventory, SourceId, parse_time
from wadati.protocols import Problem

PACKAGED = Path(obspy.__file__).parent / "io" / "nlloc" / "tests" / "data"
needs_packaged = pytest.mark.skipif(not PACKAGED.is_dir(), reason="this ObsPy comes without its test files")

OBS = (
    "PUBLIC_ID E00000001\n"
    "UH1    ?    Z    i P      U 20100527 1656   26.1300 GAU  2.00e-02 -1.00e+00 -1.00e+00 -1.00e+00\n"
    "UH1    ?    ?    ? Sg     ? 20100527 1656   60.0000 GAU -1.00e+00 -1.00e+00 -1.00e+00 -1.00e+00    1.0000\n"
    "\n"
    "CX.PB01. ?  ?    ? P      ? 20100527  003    5.1000 GAU  5.00e-02 -1.00e+00 -1.00e+00 -1.00e+00\n"
)


def judge_agrees(path: Path) -> None:
    """Every event and phase of a file as ObsPy reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = sorted(obspy.read_events(path, format="NLLOC_HYP"), key=lambda event: event.origins[0].time)
    catalog = read_nonlinloc_hyp(path)
    assert len(catalog) == len(expected)
    picks = {pick.pick_id: pick for pick in catalog.picks}
    for event, judge in zip(catalog, expected, strict=True):
        origin, other = event.origin, judge.origins[0]
        assert origin.time == pytest.approx(other.time.ns, abs=1000)
        assert (origin.latitude, origin.longitude) == (other.latitude, other.longitude)
        assert origin.depth == pytest.approx(other.depth, abs=0.001)
        assert origin.uncertainty.depth == pytest.approx(other.depth_errors.uncertainty, rel=1e-6)
        ellipse = other.origin_uncertainty
        # ObsPy gives NonLinLoc's ellipse of 68 %, which scales with sqrt(-2 ln(1 - p)).
        to_95 = math.sqrt(math.log(1 - 0.95) / math.log(1 - 0.68))
        assert origin.uncertainty.semi_major == pytest.approx(ellipse.max_horizontal_uncertainty * to_95, rel=0.02)
        assert origin.uncertainty.semi_minor == pytest.approx(ellipse.min_horizontal_uncertainty * to_95, rel=0.02)
        turn = (origin.uncertainty.semi_major_azimuth - ellipse.azimuth_max_horizontal_uncertainty) % 180
        assert min(turn, 180 - turn) < 1
        assert (origin.evaluation_status == "rejected") == (other.evaluation_status == "rejected")
        assert origin.azimuthal_gap == pytest.approx(other.quality.azimuthal_gap, rel=1e-4)
        assert len(origin.arrivals) == len(other.arrivals)
        for arrival, seen in zip(origin.arrivals, other.arrivals, strict=True):
            pick, stated = picks[arrival.pick_id], seen.pick_id.get_referred_object()
            assert pick.time == pytest.approx(stated.time.ns, abs=1000)
            assert pick.source_id.station == stated.waveform_id.station_code
            assert arrival.phase == stated.phase_hint
            if arrival.weight > 0:
                assert arrival.time_residual == seen.time_residual
                assert arrival.azimuth == seen.azimuth
                assert arrival.distance == pytest.approx(obspy.geodetics.degrees2kilometers(seen.distance) * 1000)
            uncertainty = stated.time_errors.uncertainty
            assert pick.time_uncertainty == (uncertainty if uncertainty >= 0 else math.inf)


@needs_packaged
@pytest.mark.parametrize("name", ["nlloc_rejected.hyp", "nlloc_v7.hyp", "vanua.sum.grid0.loc.hyp"])
def test_hypocentres_are_those_obspy_reads(name):
    judge_agrees(PACKAGED / name)


def test_uturuncu(shared):
    files = sorted((shared / "data" / "uturuncu-2011" / "nlloc").glob("*.hyp"))
    for path in files[:5]:
        judge_agrees(path)
    whole = read_catalog(shared / "data" / "uturuncu-2011" / "nlloc")
    assert len(whole) == len(files)
    assert len({event.event_id for event in whole}) == len(files)


@needs_packaged
def test_a_hypocentre_in_a_grid_of_its_own_keeps_its_picks():
    problems: list[Problem] = []
    catalog = read_nonlinloc_hyp(PACKAGED / "nlloc_custom.hyp", None, problems)
    assert (len(catalog), len(catalog.picks)) == (0, 8)
    assert "not between -90 and 90" in problems[0].wrong


def test_observations(tmp_path):
    path = tmp_path / "no-extension"
    path.write_text(OBS)
    late, first, second = read_picks(path)
    assert late.source_id.station_key == ("CX", "PB01")
    assert late.time == parse_time("2010-05-27T00:03:05.1")
    assert first.time == parse_time("2010-05-27T16:56:26.13")
    assert (first.phase_hint, first.polarity, first.time_uncertainty) == ("P", "positive", 0.02)
    assert first.source_id.nslc == ".UH1..Z"
    assert second.time == parse_time("2010-05-27T16:57:00")
    assert (second.phase_hint, second.time_uncertainty) == ("S", math.inf)


def test_observations_start_from_the_nearest_station(tmp_path):
    path = tmp_path / "obs"
    path.write_text(OBS)
    with pytest.raises(InputError, match="without hypocentres; name the stations"):
        read_catalog(path)
    problems: list[Problem] = []
    stations = Inventory.of([Channel(SourceId.from_nslc("BW", "UH1", "", "EHZ"), 48.1, 11.6, 500.0)])
    (event,) = read_catalog(path, stations, problems)
    assert (event.origin.latitude, event.origin.longitude, event.origin.method) == (48.1, 11.6, "trial")
    assert event.origin.time == parse_time("2010-05-27T16:56:26.13")
    assert not event.origin.uncertainty.depth_resolved
    assert [arrival.network for arrival in event.origin.arrivals] == ["BW", "BW"]
    assert "none of these stations is known" in problems[0].wrong


def test_a_turned_grid_is_turned_back(tmp_path):
    """A grid turned by 90 degrees clockwise has its x axis pointing south and its y axis pointing east."""
    path = tmp_path / "hyp"
    path.write_text(
        'NLLOC "x" "LOCATED" "Location completed."\n'
        "GEOGRAPHIC  OT 2011 06 10  24 00 0.000000  Lat -22.264670 Long -67.163331 Depth -1.5\n"
        "STATISTICS  ExpectX 0 Y 0 Z 0  CovXX 4 XY 0 XZ 0 YY 1 YZ 0 ZZ 9 EllAz1 0\n"
        "TRANSFORM  SIMPLE LatOrig 0 LongOrig 0 RotCW 90.0\n"
        "QUALITY  Pmax 1 RMS 0.26 Nphs 11 Gap 59.4 Dist 5 Mamp 2.10 3 Mdur -9.90 0\n"
        "END_NLLOC\n"
    )
    (event,) = read_catalog(path)
    assert event.origin.time == parse_time("2011-06-11")
    assert event.origin.depth == -1500.0
    spread = event.origin.uncertainty
    assert [spread.covariance[k][k] for k in range(3)] == pytest.approx([1e6, 4e6, 9e6])
    assert min(spread.semi_major_azimuth, 180 - spread.semi_major_azimuth) == pytest.approx(0, abs=1e-6)
    assert (event.magnitude.magnitude_type, event.magnitude.value) == ("ML", 2.1)


def test_a_location_cut_short_costs_no_other(tmp_path):
    good = (
        'NLLOC "x" "LOCATED" "ok"\nGEOGRAPHIC  OT 2011 06 10  17 34 5.0  Lat -22.2 Long -67.1 Depth 10.8\nEND_NLLOC\n'
    )
    path = tmp_path / "hyp"
    path.write_text('NLLOC "x" "LOCATED" "ok"\nGEOGRAPHIC  OT 2011 06 10  17\n\n' + good)
    problems: list[Problem] = []
    catalog = read_nonlinloc_hyp(path, None, problems)
    assert len(catalog) == 1
    assert problems == [Problem(f"{path}, line 2", "the location is cut short", "remove it or locate again")]
