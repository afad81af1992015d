import csv
import re

import numpy as np
import obspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.magnitudes.attenuation import HuttonBoore1987
from wadati.magnitudes.local import LocalMagnitude
from wadati.model import (
    AmplitudeTrack,
    Channel,
    Inventory,
    Origin,
    Response,
    SourceId,
    Station,
    Trace,
    parse_time,
    sampling_rate,
)
from wadati.model.amplitude import BIN
from wadati.protocols import MagnitudeMethod
from wadati.signal.amplitudes import amplitude_tracks
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND

TIME = 1_000 * SECOND
ORIGIN = Origin.of(TIME, 35.0, -117.0, 8000.0)
STATIONS = [Station("XX", f"S{k}", 35.0 + 0.1 * (k + 1), -117.0, 0.0) for k in range(6)]
NOISE = 1e-6
FIRST = 900


def distance(station):
    return float(np.hypot((station.latitude - 35.0) * 110_940, 8000.0))


def onsets(origin=ORIGIN, stations=STATIONS):
    """When P and S arrive by straight rays."""
    found = {}
    for station in stations:
        epicentral, _ = distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
        away = np.hypot(epicentral, origin.depth + station.elevation) * SECOND
        found[station.key] = origin.time + int(away / 5800), origin.time + int(away / 3300)
    return found


ONSETS = onsets()


def tracks(magnitude, codes=("HHN", "HHE"), stations=STATIONS, origin=ORIGIN, shift=None, base=None):
    """Two horizontals a station with a pulse after the predicted S, of the size the relation asks for."""
    found = []
    for number, station in enumerate(stations):
        for code in codes:
            high = np.full(800, NOISE) if base is None else base.copy()
            correction = float(HuttonBoore1987().correction(np.array([distance(station)]))[0])
            offset = 0.0 if shift is None else shift[number]
            at = int((origin.time + distance(station) / 3300 * SECOND) // BIN) - FIRST * 2 + 1
            high[at : at + 4] = np.maximum(high[at : at + 4], 10 ** (magnitude - correction + offset - 3))
            sid = SourceId.from_nslc("XX", station.code, "", code)
            found.append(AmplitudeTrack(sid, FIRST * 2, -high, high, np.zeros(800, bool)))
    return found


@given(st.floats(0.5, 5.9))
def test_the_magnitude_put_in_comes_out(magnitude):
    found = LocalMagnitude().magnitude(ORIGIN, STATIONS, tracks(magnitude), onsets=ONSETS)
    assert found.value == pytest.approx(magnitude, abs=1e-3)
    assert (found.magnitude_type, found.method, found.saturated) == ("ML", "hutton-boore-1987", False)
    assert found.station_count == 6
    assert 0.03 < found.uncertainty < 0.08, "six stations that agree still scatter by what stations do"
    assert found.origin_id == ORIGIN.origin_id


def test_it_is_a_magnitude_method():
    assert isinstance(LocalMagnitude(HuttonBoore1987()), MagnitudeMethod)


@given(st.randoms())
def test_order_does_not_matter(random):
    some, stations = tracks(3.0), list(STATIONS)
    expected = LocalMagnitude().magnitude(ORIGIN, stations, some, onsets=ONSETS)
    random.shuffle(some)
    random.shuffle(stations)
    assert LocalMagnitude().magnitude(ORIGIN, stations, some, onsets=ONSETS) == expected


def test_one_wild_station_has_no_weight():
    found = LocalMagnitude().magnitude(
        ORIGIN, STATIONS, tracks(3.0, shift=[0.1, -0.1, 0.05, 1.5, 0.0, -0.05]), onsets=ONSETS
    )
    assert found.value == pytest.approx(3.0, abs=0.06)
    assert [one.weight for one in found.station_magnitudes] == [1, 1, 1, 0, 1, 1]


def test_the_uncertainty_is_that_of_the_median():
    shift = [0.2, -0.2, 0.1, -0.1, 0.05, -0.05]
    found = LocalMagnitude().magnitude(ORIGIN, STATIONS, tracks(3.0, shift=shift), onsets=ONSETS)
    spread = np.sqrt((2 * 0.2**2 + 6 * np.var(shift)) / (2 + 5))
    assert found.uncertainty == pytest.approx(1.2533 * spread / np.sqrt(6), rel=1e-2)


def test_two_stations_that_agree_are_not_certain():
    found = LocalMagnitude().magnitude(ORIGIN, STATIONS[:2], tracks(3.0, stations=STATIONS[:2]), onsets=ONSETS)
    assert found.uncertainty > 0.1


def test_above_six_it_is_saturated():
    assert LocalMagnitude().magnitude(ORIGIN, STATIONS, tracks(6.3), onsets=ONSETS).saturated


def test_noise_gives_none():
    assert LocalMagnitude().magnitude(ORIGIN, STATIONS, tracks(-4.0), onsets=ONSETS) is None
    assert LocalMagnitude().magnitude(ORIGIN, STATIONS, [], onsets=ONSETS) is None
    assert LocalMagnitude().magnitude(ORIGIN, [], tracks(3.0), onsets=ONSETS) is None


def test_the_coda_of_a_larger_event_is_not_lent():
    coda = 1e-2 * np.exp(-np.arange(800) / 100)
    assert LocalMagnitude().magnitude(ORIGIN, STATIONS, tracks(1.0, base=coda), onsets=ONSETS) is None
    assert LocalMagnitude().magnitude(ORIGIN, STATIONS, tracks(4.5, base=coda), onsets=ONSETS) is not None


def test_a_later_event_is_not_lent():
    later_p = TIME + 27 * SECOND // 2
    near = STATIONS[:3]
    loud = np.full(800, NOISE)
    loud[later_p // BIN - FIRST * 2 :] = 1.0
    both = tracks(2.0, stations=near, base=loud)
    lent = LocalMagnitude().magnitude(ORIGIN, near, both, onsets=ONSETS)
    assert lent.value > 4
    following = {station.key: later_p for station in near}
    assert LocalMagnitude().magnitude(ORIGIN, near, both, next_onsets=following, onsets=ONSETS).value == pytest.approx(
        2.0, abs=1e-3
    )


def test_a_window_without_s_gives_nothing():
    following = {station.key: TIME + SECOND for station in STATIONS}
    assert (
        LocalMagnitude().station_amplitudes(ORIGIN, STATIONS, tracks(3.0), next_onsets=following, onsets=ONSETS) == ()
    )


def clip(track):
    return AmplitudeTrack(track.source_id, track.first_bin, track.minimum, track.maximum, np.ones(len(track), bool))


def test_the_next_band_stands_in_for_a_clipped_one():
    broadband, strong = tracks(5.0), tracks(4.0, codes=("HNN", "HNE"))
    both = LocalMagnitude().magnitude(ORIGIN, STATIONS, broadband + strong, onsets=ONSETS)
    assert both.value == pytest.approx(5.0, abs=1e-3)
    one_clipped = [clip(track) if track.source_id.channel == "HHE" else track for track in broadband]
    instead = LocalMagnitude().magnitude(ORIGIN, STATIONS, one_clipped + strong, onsets=ONSETS)
    assert instead.value == pytest.approx(4.0, abs=1e-3)
    assert LocalMagnitude().magnitude(ORIGIN, STATIONS, one_clipped, onsets=ONSETS) is None


def test_verticals_and_far_stations_do_not_count():
    assert LocalMagnitude().station_amplitudes(ORIGIN, STATIONS, tracks(3.0, codes=("HHZ",)), onsets=ONSETS) == ()
    below = Origin.of(TIME, 35.1, -117.0, 2000.0)
    found = LocalMagnitude().station_amplitudes(below, STATIONS[:1], tracks(3.0), onsets=onsets(below))
    assert found == ()  # 2 km: nearer than the relation reaches


def test_the_times_given_are_used():
    late = Origin.of(TIME + 15 * SECOND, 35.0, -117.0, 8000.0)
    some = tracks(3.0, origin=late)
    assert LocalMagnitude().magnitude(ORIGIN, STATIONS, some, onsets=ONSETS) is None
    found = LocalMagnitude().magnitude(ORIGIN, STATIONS, some, onsets=onsets(late))
    assert found.value == pytest.approx(3.0, abs=1e-3)


def test_stations_without_onsets_lend_nothing():
    some = dict(list(ONSETS.items())[:3])
    lent = LocalMagnitude().station_amplitudes(ORIGIN, STATIONS, tracks(3.0), onsets=some)
    assert {amplitude.source_id.station_key for amplitude in lent} == some.keys()


def test_why_there_is_no_magnitude_is_told():
    def why(some, *, stations=STATIONS, following=None):
        known = {"onsets": ONSETS, "next_onsets": following}
        assert LocalMagnitude().magnitude(ORIGIN, stations, some, **known) is None
        return LocalMagnitude().why_none(ORIGIN, stations, some, **known)

    assert why([]).startswith("no station has amplitudes")
    far = [Station("XX", "S0", 45.0, -117.0, 0.0)]
    assert why(tracks(3.0), stations=far) == "none of the 1 stations with amplitudes is 10 to 700 km away"
    soon = {station.key: TIME + SECOND for station in STATIONS[:5]}
    assert re.search(
        "of 6 stations .* away, 1 have .* 1 of these .* 1 heard .*; 2 are", why(tracks(3.0), following=soon)
    )
    clipped = [clip(track) for track in tracks(3.0)]
    assert re.search("of 6 stations .* away, 6 have .* 0 of these .* 0 heard .*; 2 are", why(clipped))
    assert re.search("away, 6 have .* 6 of these .* 0 heard 2 times the noise; 2 are", why(tracks(-4.0)))
    two = why(tracks(2.0, shift=[0, 0, -7, -7, -7, -7]))
    assert re.search("6 of these .* 2 heard .* the median is unknown", two)


def test_a_gap_in_the_window_gives_nothing():
    holed = []
    for track in tracks(3.0):
        high = track.maximum.copy()
        high[TIME // BIN - FIRST * 2 + 14] = np.nan
        holed.append(AmplitudeTrack(track.source_id, track.first_bin, -high, high, track.clipped))
    assert LocalMagnitude().station_amplitudes(ORIGIN, STATIONS, holed, onsets=ONSETS) == ()


def test_magnitudes_of_real_earthquakes_agree_with_the_network(shared):
    # Golden: ML of the Southern California Seismic Network (ComCat) for events that stand alone.
    folder = shared / "data" / "ridgecrest-2019"
    channels = []
    with (folder / "stations.csv").open() as lines:
        for row in csv.DictReader(lines):
            sid = SourceId.from_nslc(row["network"], row["station"], row["location"], row["channel"])
            response = Response(float(row["sensitivity"]), row["sensitivity_unit"]) if row["sensitivity"] else None
            place = float(row["latitude"]), float(row["longitude"]), float(row["elevation_m"])
            channels.append(Channel(sid, *place, response))
    inventory = Inventory.of(channels)
    some = []
    for file in sorted((folder / "waveforms").glob("*.mseed")):
        for trace in obspy.read(str(file), endtime=obspy.UTCDateTime("2019-07-04T17:20:00")):
            stats = trace.stats
            sid = SourceId.from_nslc(stats.network, stats.station, stats.location, stats.channel)
            if sid.subsource != "Z":
                mine = Trace(sid, stats.starttime.ns, sampling_rate(stats.sampling_rate), trace.data)
                some.extend(amplitude_tracks([mine], inventory.channel(sid, mine.start)))
    for time, latitude, longitude, depth, magnitude in [
        ("2019-07-04T17:09:20.090Z", 35.7076667, -117.5013333, 10970.0, 2.49),
        ("2019-07-04T17:12:15.0Z", 35.71, -117.50, 10500.0, 2.13),
        ("2019-07-04T17:15:47.2Z", 35.71, -117.50, 10500.0, 1.43),
    ]:
        stations = inventory.stations()
        origin = Origin.of(parse_time(time), latitude, longitude, depth)
        found = LocalMagnitude().magnitude(origin, stations, some, onsets=onsets(origin, stations))
        assert found.value == pytest.approx(magnitude, abs=0.2)
        assert found.station_count >= 8
