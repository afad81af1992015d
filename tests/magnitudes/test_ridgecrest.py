import csv

import numpy as np
import obspy
import pytest

from wadati.magnitudes.joint_inversion import JointLocalMagnitude
from wadati.model import Channel, Inventory, Origin, Response, SourceId, Trace, parse_time, sampling_rate
from wadati.signal.amplitudes import amplitude_tracks
from wadati.traveltime.geodesy import distance_azimuth
from wadati.units import SECOND


def onsets(origins, stations):
    """When P and S arrive by straight rays, shape (event, station, 2)."""
    found = np.zeros((len(origins), len(stations), 2), np.int64)
    for row, origin in enumerate(origins):
        for column, station in enumerate(stations):
            epicentral, _ = distance_azimuth(origin.latitude, origin.longitude, station.latitude, station.longitude)
            away = np.hypot(epicentral, origin.depth + station.elevation) * SECOND
            found[row, column] = origin.time + int(away / 5800), origin.time + int(away / 3300)
    return found


def test_magnitudes_of_real_earthquakes_agree_with_the_network(shared):
    # Golden: ML of the Southern California Seismic Network (ComCat); the third is in the coda of the second.
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
    network = [
        ("2019-07-04T17:09:20.090Z", 35.7076667, -117.5013333, 10970.0, 2.49),
        ("2019-07-04T17:12:15.0Z", 35.71, -117.50, 10500.0, 2.13),
        ("2019-07-04T17:12:38.0Z", 35.71, -117.50, 10500.0, 1.75),
        ("2019-07-04T17:15:47.2Z", 35.71, -117.50, 10500.0, 1.43),
    ]
    stations = inventory.stations()
    origins = [Origin.of(parse_time(time), *place) for time, *place, _ in network]
    found = JointLocalMagnitude().magnitudes(origins, stations, some, onsets(origins, stations))
    for (*_, magnitude), sizing in zip(network, found.events, strict=True):
        assert sizing.magnitude.value == pytest.approx(magnitude, abs=0.2)
        assert sizing.magnitude.station_count >= 8
