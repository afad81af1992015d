"""`POST /picks`: the picks of a batch run, however they are asked for, and nothing for what is no waveform."""

from __future__ import annotations

import io
import json
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import obspy
import pytest

from benchmarks.disk import SmallDisk
from wadati.engine.jobs import Jobs, Task, TooManyJobsError
from wadati.formats.miniseed import read_miniseed, write_miniseed
from wadati.model import TimeSpan, Trace
from wadati.pickers.continuous import pick_station
from wadati.pickers.shipped import Shipped
from wadati.pickers.stalta import StaLta
from wadati.pickers.together import Together
from wadati.units import SECOND

JSON = b'{"traces": [{"source_id": "%s", "start": "%s", "sampling_rate_hz": %s, "samples": [1]}]}'


@pytest.fixture(scope="module")
def station(served) -> list[Trace]:
    path = sorted(served.small.waveforms.iterdir())[1]
    traces, _ = read_miniseed(path)
    event = max(served.small.result.catalog, key=lambda e: e.magnitude.value if e.magnitude else -9)
    span = TimeSpan(event.origin.time - 20 * SECOND, event.origin.time + 40 * SECOND)
    return [cut for trace in traces if len(cut := trace.cut(span))]


def told(answer: httpx.Response) -> list[tuple[str, str, float]]:
    assert answer.status_code == 200, answer.text
    return [(one["pick_id"], one["phase"], one["probability"]) for one in answer.json()["picks"]]


def post(served, content: bytes, **options: object) -> httpx.Response:
    headers = options.pop("headers", None)
    return httpx.post(served.url + "/picks", content=content, params=options or None, headers=headers, timeout=60)


def as_json(traces: list[Trace]) -> dict[str, object]:
    from wadati.model import format_time

    return {
        "traces": [
            {
                "source_id": t.source_id.nslc,
                "start": format_time(t.start, 9),
                "sampling_rate_hz": float(t.sampling_rate),
                "samples": t.data.tolist(),
            }
            for t in traces
        ]
    }


def test_picks_are_those_of_a_batch_run_in_every_form(served, station) -> None:
    expected = [(p.pick_id, p.phase_hint, p.probability) for p in pick_station(station, Shipped())]
    assert {phase for _, phase, _ in expected} == {"P", "S"}
    assert told(post(served, write_miniseed(station, version=3))) == expected
    assert told(httpx.post(served.url + "/picks", json=as_json(station), timeout=60)) == expected
    starts = [t.start % 1000 == 0 for t in station]
    second = told(post(served, write_miniseed(station, version=2)))
    assert [phase for _, phase, _ in second] == [phase for _, phase, _ in expected]
    assert second == expected or not all(starts)


def test_sac_files_in_a_form(served, station) -> None:
    files = []
    for trace in station:
        buffer = io.BytesIO()
        sid = trace.source_id
        head = {
            "network": sid.network,
            "station": sid.station,
            "channel": sid.nslc.split(".")[3],
            "sampling_rate": float(trace.sampling_rate),
            "starttime": obspy.UTCDateTime(ns=trace.start),
        }
        obspy.Trace(trace.data.astype(np.float32), head).write(buffer, format="SAC")
        files.append(("files", (f"{sid.nslc}.sac", buffer.getvalue(), "application/octet-stream")))
    answer = httpx.post(served.url + "/picks", files=files, timeout=60)
    expected = pick_station(station, Shipped())
    assert [phase for _, phase, _ in told(answer)] == [p.phase_hint for p in expected]
    times = [obspy.UTCDateTime(one["time"]).ns for one in answer.json()["picks"]]
    assert max(abs(a - p.time) for a, p in zip(times, expected, strict=True)) < 3e6


def test_thresholds_pickers_and_curves(served, station) -> None:
    content = write_miniseed(station)
    every, few = post(served, content, threshold_p=0.05, threshold_s=0.05), post(served, content, threshold_p=0.99)
    assert len(told(every)) >= len(told(post(served, content))) >= len(told(few))
    assert post(served, content, picker="stalta").json()["picker"].startswith("stalta")
    answer = post(served, content, curves="true").json()
    (curves,) = answer["curves"]
    assert set(curves["probabilities"]) == {"P", "S"}
    start = obspy.UTCDateTime(curves["start"])
    for pick in answer["picks"]:
        at = round((obspy.UTCDateTime(pick["time"]) - start) * curves["sampling_rate_hz"])
        assert curves["probabilities"][pick["phase"]][at] == pytest.approx(pick["probability"], abs=0.02)


def test_many_at_once_get_what_one_gets(served, station) -> None:
    content = write_miniseed(station)
    alone = told(post(served, content))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: post(served, content), range(36)))
    assert all(told(answer) == alone for answer in answers if answer.status_code == 200)
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert sum(answer.status_code == 200 for answer in answers) >= 12


def test_the_same_key_is_the_same_request(served, station) -> None:
    content = write_miniseed(station)
    headers = {"Idempotency-Key": "one"}
    first = post(served, content, headers=headers)
    assert post(served, content, headers=headers).content == first.content
    assert post(served, content + b"", threshold_p=0.9, headers=headers).status_code == 422


def test_much_becomes_a_job(served) -> None:
    traces: list[Trace] = []
    for path in sorted(served.small.waveforms.iterdir()):
        traces += read_miniseed(path)[0]
    long = [Trace(t.source_id, t.start + k * 400 * SECOND, t.sampling_rate, t.data) for k in range(4) for t in traces]
    content = write_miniseed(long)
    headers = {"Idempotency-Key": "job"}
    answer = post(served, content, headers=headers)
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    assert post(served, content, headers=headers).headers["location"] == place
    pause, until = threading.Event(), time.monotonic() + 60
    while served.get(place).json()["state"] in ("queued", "running") and time.monotonic() < until:
        pause.wait(0.1)
    job = served.get(place).json()
    assert job["state"] == "done", job
    assert len(served.get(place + "/result").json()["picks"]) > 50
    assert httpx.delete(served.url + place).json()["state"] == "done"
    assert served.get("/jobs/0000000000000000").status_code == 404
    assert served.get("/jobs/..%2f..%2fetc").status_code == 404


@pytest.mark.parametrize(
    ("content", "options", "status"),
    [
        (b"", {}, 400),
        (b"no waveform at all", {}, 400),
        (b"{", {}, 400),
        (b'{"traces": []}', {}, 400),
        (
            b'{"traces": [{"source_id": "A.B", "start": "2020-01-01", "sampling_rate_hz": 100, "samples": [1]}]}',
            {},
            400,
        ),
        (b'{"traces": [{"source_id": "A.B..HHZ", "start": "x", "sampling_rate_hz": 100, "samples": [1]}]}', {}, 400),
        (
            b'{"traces": [{"source_id": "A.B..HHZ", "start": "2020-01-01", "sampling_rate_hz": -1, "samples": [1]}]}',
            {},
            400,
        ),
        (b'{"traces": 7}', {}, 400),
        (b"MS\x03" + b"\xff" * 600, {}, 400),
        (b"000001D " + b"\x00" * 504, {}, 400),
        (b"\x00" * 632, {}, 400),
    ],
)
def test_what_is_no_waveform_is_told(served, content, options, status) -> None:
    answer = post(served, content, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_options_that_cannot_be_are_told(served, station) -> None:
    content = write_miniseed(station)
    assert "there are wadati, stalta" in post(served, content, picker="../../x").json()["detail"]
    assert post(served, content, threshold_p=2).status_code == 400
    assert post(served, content, nonsense=2).status_code == 400
    body = as_json(station) | {"thresholds": {"P": 7}}
    assert httpx.post(served.url + "/picks", content=json.dumps(body), timeout=60).status_code == 400
    with socket.create_connection((httpx.URL(served.url).host, httpx.URL(served.url).port or 80), 10) as line:
        line.sendall(b"POST /picks HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\nx")
        assert b" 413 " in line.recv(100)


def test_windows_of_many_are_looked_at_together() -> None:
    sizes: list[int] = []
    entered, gate = threading.Event(), threading.Event()

    class Counting(StaLta):
        def curves(self, windows, missing):
            entered.set()
            gate.wait(10)
            sizes.append(len(windows))
            if np.isinf(windows).any():
                raise ValueError("no")
            return super().curves(windows, missing)

    shape = (1, 3, StaLta().grid.samples)
    draw = np.random.default_rng(1)
    asked = [draw.normal(size=shape).astype(np.float32) for _ in range(8)]
    asked[3][0, 0, 0] = np.inf
    with closing(Together(Counting())) as picker, ThreadPoolExecutor(8) as pool:
        found = [pool.submit(picker.curves, asked[0], np.zeros(shape, bool))]
        assert entered.wait(10)
        found += [pool.submit(picker.curves, windows, np.zeros(shape, bool)) for windows in asked[1:]]
        until = time.monotonic() + 10
        while picker._waiting.qsize() < 7 and time.monotonic() < until:
            threading.Event().wait(0.01)
        gate.set()
        for windows, one in zip(asked, found, strict=True):
            if np.isinf(windows).any():
                with pytest.raises(ValueError, match="no"):
                    one.result()
            else:
                np.testing.assert_allclose(one.result(), StaLta().curves(windows, np.zeros(shape, bool)), atol=1e-6)
    assert max(sizes) >= 7


def test_jobs_outlive_the_process_and_are_done_once(tmp_path: Path) -> None:
    began, go = threading.Event(), threading.Event()
    done: list[bytes] = []

    def slow(task: Task) -> bytes:
        began.set()
        go.wait(10)
        done.append(task.request)
        return task.request * 2

    jobs = Jobs(tmp_path, slow)
    first, second, third = (jobs.submit(text, {}, key=text.decode()) for text in (b"a", b"b", b"c"))
    assert jobs.submit(b"a", {}, key="a").job_id == first.job_id
    assert began.wait(10)
    assert jobs.cancel(third.job_id).state == "cancelled"
    # What was not done when this process "ended" is done by the next.
    again = Jobs(tmp_path, lambda task: task.request * 3)
    assert again.wait(second.job_id, 10).state == "done"
    assert again.result(second.job_id) == b"bbb"
    assert again.get(third.job_id).state == "cancelled"
    go.set()
    jobs.close()
    again.close()
    failing = Jobs(tmp_path / "f", lambda *_: 1 / 0, most=1)
    job = failing.submit(b"", {})
    assert failing.wait(job.job_id, 10).state == "failed"
    assert "ZeroDivisionError" in failing.get(job.job_id).words
    failing.close()
    full = Jobs(tmp_path / "g", slow, most=0)
    with pytest.raises(TooManyJobsError):
        full.submit(b"", {})
    full.close()


def test_jobs_are_kept_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(tmp_path, lambda task: task.request)
    old = jobs.submit(b"old", {}, key="same")
    assert jobs.wait(old.job_id, 20).state == "done"
    assert jobs.submit(b"old", {}, key="same").job_id == old.job_id
    monkeypatch.setattr("wadati.engine.jobs.KEPT", 0)
    new = jobs.submit(b"new", {}, key="same")
    assert jobs.get(old.job_id) is None
    jobs.wait(new.job_id, 20)
    jobs.close()
    assert [path.name for path in tmp_path.iterdir()] == [new.job_id]


def test_a_full_disk_takes_no_job_and_costs_no_other(tmp_path: Path) -> None:
    if reason := SmallDisk.missing():
        pytest.skip(reason)
    with SmallDisk(tmp_path / "disk", 4) as disk:
        began, go = threading.Event(), threading.Event()

        def work(task: Task) -> bytes:
            began.set()
            go.wait(10)
            return task.request

        jobs = Jobs(disk.folder / "jobs", work)
        first, second = jobs.submit(b"a", {}), jobs.submit(b"b", {})
        assert began.wait(10)
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            jobs.submit(b"c" * 1_000_000, {}, key="c")
        go.set()
        assert jobs.wait(first.job_id, 10).state == "failed"
        assert jobs.wait(second.job_id, 10).state == "failed"
        disk.free()
        assert jobs.wait(jobs.submit(b"d", {}, key="c").job_id, 10).state == "done"
        jobs.close()


def test_whatever_is_broken_in_a_file_ends_in_words(served, station) -> None:
    content = write_miniseed(station, version=2)
    draw = random.Random(4)
    statuses = set()
    for _ in range(60):
        broken = bytearray(content[: draw.randrange(64, len(content))])
        for _ in range(draw.randrange(1, 40)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        answer = post(served, bytes(broken))
        statuses.add(answer.status_code)
        assert answer.status_code in (200, 400), answer.text
    assert served.get("/health").status_code == 200
    assert 200 in statuses
