"""The rival of `benchmarks.campaign.beside`, run in an environment of its own that has SeisBench, ObsPy and boto3.

    python seisbench_day.py ENDPOINT BUCKET WEIGHTS STATIONXML OUTPUT KEYS-OF-A-DAY...

For each day (keys of its three channels, joined by commas): objects by boto3, records by ObsPy, picks by SeisBench's
`classify` with the weights' own settings, on each horizontal the Wood–Anderson record after each pick by ObsPy, and a
table of picks as Parquet. One line of JSON a day: seconds of processor time by step.

The amplitude of a pick is taken from two minutes around it, which is the cheaper way; `whole day` is what it takes to
have the Wood–Anderson record of the day, as half-second amplitude tracks need it.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from pathlib import Path

import boto3
import numpy as np
import obspy
import pyarrow
import pyarrow.parquet
import seisbench.models
import torch

WOOD_ANDERSON = {
    "poles": [-5.49779 + 5.60886j, -5.49779 - 5.60886j],
    "zeros": [0j, 0j],
    "gain": 1.0,
    "sensitivity": 2080.0,
}
BEFORE_S, AFTER_S, LOOKED_AT_S = 60.0, 60.0, 10.0


def main() -> None:
    endpoint, bucket, weights, stationxml, output, *days = sys.argv[1:]
    torch.set_num_threads(1)
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    stations = obspy.read_inventory(stationxml)
    model = seisbench.models.PhaseNet.load(Path(weights), version_str="1")
    for number, keys in enumerate(days):
        print(json.dumps(_day(client, bucket, keys.split(","), stations, model, Path(output) / f"{number}.parquet")))


def _day(client, bucket, keys, stations, model, output):
    clock, steps = time.process_time(), {}

    def step(name):
        nonlocal clock
        now = time.process_time()
        steps[name], clock = now - clock, now

    contents = [client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    step("get")
    stream = obspy.Stream([trace for content in contents for trace in obspy.read(io.BytesIO(content))])
    stream.merge(-1)
    step("parse")
    picks = model.classify(stream).picks
    step("picks")
    responses = {trace.id: _poles_and_zeros(stations, trace) for trace in stream}
    rows = [(pick, _amplitude(stream, pick.peak_time, responses)) for pick in picks]
    step("amplitudes")
    table = pyarrow.table(
        {
            "trace_id": [pick.trace_id for pick, _ in rows],
            "phase": [pick.phase for pick, _ in rows],
            "time": [pick.peak_time.ns for pick, _ in rows],
            "probability": [float(pick.peak_value) for pick, _ in rows],
            "amplitude_m": [amplitude for _, amplitude in rows],
        }
    )
    pyarrow.parquet.write_table(table, output, compression="zstd")
    step("parquet")
    for trace in stream:
        if trace.stats.channel[-1] in "EN":
            trace.copy().simulate(paz_remove=responses[trace.id], paz_simulate=WOOD_ANDERSON, water_level=60.0)
    step("whole day")
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"picks": len(picks), "steps": steps, "memory_mb": memory_mb}


def _poles_and_zeros(stations, trace):
    response = stations.get_response(trace.id, trace.stats.starttime)
    stage = response.get_paz()
    return {
        "poles": stage.poles,
        # From velocity to displacement.
        "zeros": [*stage.zeros, 0j],
        "gain": stage.normalization_factor,
        "sensitivity": response.instrument_sensitivity.value,
    }


def _amplitude(stream, at, responses):
    """Half peak to peak (m) of the larger horizontal in the 10 s after a pick."""
    found = []
    for trace in stream.slice(at - BEFORE_S, at + AFTER_S):
        if trace.stats.channel[-1] in "EN":
            drawn = trace.copy().detrend("linear").taper(0.1)
            drawn.simulate(paz_remove=responses[trace.id], paz_simulate=WOOD_ANDERSON, water_level=60.0)
            after = drawn.slice(at, at + LOOKED_AT_S).data
            if len(after):
                found.append(float(np.ptp(after)) / 2)
    return max(found, default=None)


if __name__ == "__main__":
    main()
