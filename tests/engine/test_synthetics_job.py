"""Seismograms in pieces are those made at once, whoever makes them and whoever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("zarr", reason="zarr is not installed (extra greens)")

import zarr

from benchmarks.synthetics.filled import filled
from tests.sources.archives.replica import address, client, fill
from wadati.engine.cluster import open_cluster
from wadati.engine.compute import Dask, Local
from wadati.engine.elastic.cluster_crew import ClusterCrew
from wadati.engine.elastic.crew import Ended, Threads
from wadati.engine.elastic.manager import Elasticity
from wadati.engine.elastic.runner import JobCancelledError, Runner
from wadati.engine.synthetics import piece as pieces
from wadati.engine.synthetics.job import Cut, Result, SyntheticsJob
from wadati.engine.synthetics.jobs import SyntheticsJobs
from wadati.engine.synthetics.piece import work_on
from wadati.engine.synthetics.runs import open_runner, results, run_job
from wadati.engine.synthetics.seismograms import Motion, synthetics, write_synthetics
from wadati.errors import InputError, NothingUsableError, UsageError
from wadati.formats.atomic import create_once
from wadati.formats.miniseed import read_miniseed
from wadati.greens.axis import Axis
from wadati.greens.storage import open_group
from wadati.greens.stored import StoredGreens
from wadati.model import MomentTensor, PointSource, Station
from wadati.store.objects import open_place
from wadati.units import SECOND

TENSOR = MomentTensor.of_fault(30.0, 60.0, 20.0, 4e15)
SOURCES = tuple(
    PointSource(i * SECOND // 3, 35.0 + 0.01 * i, -117.0, 2000.0 + 300.0 * (i % 5), TENSOR) for i in range(7)
)
STATIONS = tuple(Station("XX", f"S{i}", 35.2 + 0.03 * (i % 4), -117.3 + 0.04 * (i // 4), 0.0) for i in range(11))
SMALL = Cut(pairs=16, stations=8, chunk=4)
FAR = Station("XX", "FAR", 39.0, -117.0, 0.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Waves with an amplitude of their own at each node, 5 to 104 km away."""
    url = str(tmp_path_factory.mktemp("made-up") / "store")
    filled(url, Axis(2e3, 500.0, 5), Axis(5e3, 1e3, 100))
    return url


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_PAIRS_AT_ONCE", 9)


@pytest.fixture
def runner() -> Iterator[Runner]:
    found = open_runner(Local(), 2)
    yield found
    found.close()


def a_job(store: str, output: Path, result: Result = "zarr", *, one_fault: bool = False, far: bool = False) -> Any:
    stations = (*STATIONS[:5], FAR, *STATIONS[5:]) if far else STATIONS
    motion = Motion(kind="velocity", components="ZRT", one_fault=one_fault)
    return SyntheticsJob(store, SOURCES, stations, motion, result, str(output), SMALL)


def arrays(job: SyntheticsJob) -> dict[str, Any]:
    return arrays_at(Path(results(job)))


def arrays_at(path: Path) -> dict[str, Any]:
    group = zarr.open_group(path, mode="r")
    return {name: array[:] for name, array in group.arrays()} | {"said": dict(group.attrs)}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two groups hold the same, bit for bit."""
    return one.keys() == other.keys() and all(
        one[name] == other[name] if name == "said" else one[name].tobytes() == other[name].tobytes() for name in one
    )


@pytest.mark.parametrize("one_fault", [False, True], ids=["sources", "fault"])
@pytest.mark.parametrize("far", [False, True], ids=["all near", "one too far"])
def test_pieces_together_are_what_is_made_at_once(
    store: str, tmp_path: Path, runner: Runner, *, one_fault: bool, far: bool
) -> None:
    job = a_job(store, tmp_path, one_fault=one_fault, far=far)
    assert len(job.pieces()) > 5
    problems = run_job(job, runner)
    whole, left_out = synthetics(StoredGreens(store), SOURCES, job.stations, job.motion)
    found = arrays(job)
    assert bool(problems) == bool(left_out) == far
    names = found["said"]["stations"]
    for row, one in enumerate(whole):
        for place, trace in enumerate(one.traces):
            at = row, names.index(".".join(one.stations[place // 3].key))
            # What numpy gives of a row may depend in its last bit on how long the row is.
            largest = np.abs(trace.data).max()
            np.testing.assert_allclose(found["samples"][(*at, place % 3)], trace.data, atol=1e-5 * largest)
            assert abs(found["start"][at] - trace.start) <= 2
    assert np.isnan(found["samples"]).any() == far
    peaks = a_job(store, tmp_path, "peaks", one_fault=one_fault, far=far)
    assert run_job(peaks, runner) == problems
    np.testing.assert_array_equal(arrays(peaks)["peaks"], np.abs(found["samples"]).max(axis=-1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["peaks.zarr", "synthetics.zarr"]


def test_files_of_sources_are_those_written_at_once(store: str, tmp_path: Path, runner: Runner) -> None:
    job = a_job(store, tmp_path / "pieces", "mseed")
    run_job(job, runner)
    whole, _ = synthetics(StoredGreens(store), SOURCES, STATIONS, job.motion)
    written = write_synthetics(whole, tmp_path / "whole", "mseed")
    assert sorted(path.name for path in (tmp_path / "pieces").iterdir()) == [path.name for path in written]
    for path in written:
        found, _ = read_miniseed((tmp_path / "pieces" / path.name).read_bytes())
        for one, other in zip(found, read_miniseed(path.read_bytes())[0], strict=True):
            assert (one.source_id, abs(one.start - other.start) < 2000) == (other.source_id, True)
            np.testing.assert_allclose(one.data, other.data, atol=1e-5 * np.abs(other.data).max())


def test_a_bucket_holds_what_a_folder_does(store: str, tmp_path: Path, runner: Runner, moto: str) -> None:
    """On moto, a server of S3."""
    fill(moto, "out", {})
    for result in ("zarr", "peaks", "mseed"):
        here, there = a_job(store, tmp_path, result), a_job(store, Path(), result)
        there = SyntheticsJob(
            *(getattr(there, name) for name in there.__struct_fields__[:5]), address(moto, "out"), SMALL
        )
        run_job(here, runner)
        run_job(there, runner)
        if result != "mseed":
            group = open_group(results(there), "r")
            assert same({n: a[:] for n, a in group.arrays()} | {"said": dict(group.attrs)}, arrays(here))
    place = open_place(address(moto, "out"))
    for path in tmp_path.glob("*.mseed"):
        assert place.get(path.name) == path.read_bytes()
    listed = client(moto).list_objects_v2(Bucket="out", Prefix=".pieces")
    assert listed["KeyCount"] == 0


def test_files_of_an_earlier_larger_run_go(store: str, tmp_path: Path, runner: Runner) -> None:
    far = PointSource(0, 39.0, -110.0, 2000.0, TENSOR)
    (tmp_path / "notes.mseed").write_bytes(b"mine")
    for sources, files in ((SOURCES, 7), ((SOURCES[0], far, SOURCES[1]), 2)):
        run_job(SyntheticsJob(store, sources, STATIONS, Motion(), "mseed", str(tmp_path), SMALL), runner)
        assert len(list(tmp_path.glob("source-*.mseed"))) == files
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "notes.mseed",
        "source-0001.mseed",
        "source-0003.mseed",
    ]


def test_what_cannot_be_a_job_is_refused_in_words(store: str, tmp_path: Path, runner: Runner) -> None:
    with pytest.raises(UsageError, match="a fault that is a job"):
        a_job(store, tmp_path, "mseed", one_fault=True)
    with pytest.raises(UsageError, match="not as sac"):
        a_job(store, tmp_path, "sac")  # type: ignore[arg-type]
    job = SyntheticsJob(store, SOURCES, (FAR,), Motion(), "peaks", str(tmp_path))
    with pytest.raises(InputError, match=r"XX\.FAR is .* km from a source"):
        run_job(job, runner)
    deep = PointSource(0, 35.0, -117.0, 90e3, TENSOR)
    with pytest.raises(InputError, match="outside its depths"):
        run_job(SyntheticsJob(store, (deep,), STATIONS, Motion(), "peaks", str(tmp_path)), runner)
    run_job(a_job(store, tmp_path, "peaks"), runner)


class KilledError(Exception):
    """What ends a run in the middle."""


def test_a_run_that_was_ended_goes_on_where_it_was(store: str, tmp_path: Path) -> None:
    whole = a_job(store, tmp_path / "whole")
    first = open_runner(Local(), 1)
    run_job(whole, first)
    first.close()
    for last in range(0, len(whole.pieces()), 3):
        job = a_job(store, tmp_path / f"ended-{last}")
        done: list[int] = []

        def dies(content: bytes, piece: int, last: int = last, done: list[int] = done) -> None:
            if len(done) == last:
                raise KilledError
            work_on(content, piece)
            done.append(piece)

        some = Runner(Threads(dies), Elasticity(maximum=1))
        with pytest.raises(KilledError):
            run_job(job, some)
        some.close()
        assert not Path(results(job)).exists(), "what is not whole is not there"
        again: list[int] = []
        rest = Runner(
            Threads(lambda content, piece, again=again: (again.append(piece), work_on(content, piece))), Elasticity()
        )  # type: ignore[misc]
        run_job(job, rest)
        rest.close()
        assert sorted(done + again) == list(range(len(job.pieces())))
        assert same(arrays(job), arrays(whole))


def test_a_run_that_was_ended_after_its_array_was_whole_is_done(
    store: str, tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KilledError

    job = a_job(store, tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("wadati.engine.synthetics.runs._forget", dies)
        with pytest.raises(KilledError):
            run_job(job, runner)
    whole = arrays(job)
    run_job(job, runner)
    assert same(arrays(job), whole)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["synthetics.zarr"]


def test_what_failed_or_was_given_up_leaves_no_files(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def fails(content: bytes, piece: int) -> None:
        if piece:
            begun.set()
            go.wait(20)
            raise OSError(28, "No space left on device")
        work_on(content, piece)

    monkeypatch.setattr("wadati.engine.synthetics.runs.work_on", fails)
    jobs = SyntheticsJobs(tmp_path / "jobs", store, Local(), 1, SMALL)
    failed, cancelled = (jobs.submit(SOURCES, STATIONS, Motion(), "zarr") for _ in range(2))
    assert begun.wait(20)
    assert jobs.files(failed.job_id).exists()
    jobs.cancel(cancelled.job_id)
    go.set()
    assert "No space left" in jobs.wait(failed.job_id, 20).words
    jobs.close()
    assert not any(jobs.files(job.job_id).exists() for job in (failed, cancelled))


def test_a_word_that_comes_late_from_a_run_that_is_over_says_nothing_to_the_next(
    store: str, tmp_path: Path, runner: Runner
) -> None:
    job, contents = a_job(store, tmp_path / "out"), []
    some = Runner(Threads(lambda content, piece: (contents.append(content), work_on(content, piece))), Elasticity())  # type: ignore[arg-type, return-value]
    run_job(job, some)
    some.close()
    first = arrays(job)
    run, _, place = pieces._run(contents[0])
    place.put(run.marker(0), b'{"pairs":16}', "application/json", 0)
    run_job(job, runner)
    assert same(arrays(job), first)


def test_a_job_that_is_given_up_begins_no_other_piece(store: str, tmp_path: Path) -> None:
    begun = threading.Event()
    go = threading.Event()
    count: list[int] = []

    def waits(content: bytes, piece: int) -> None:
        count.append(piece)
        begun.set()
        go.wait(20)

    some = Runner(Threads(waits), Elasticity(maximum=1))
    with pytest.raises(JobCancelledError):
        run_job(a_job(store, tmp_path), some, is_cancelled=begun.is_set)
    go.set()
    some.close()
    assert len(count) == 1


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


class Deadly:
    """Work in a process that is killed: at one point and once, or always on one piece."""

    def __init__(self, point: str, marker: Path) -> None:
        self._point, self._marker = point, str(marker)

    def _die(self, at: str) -> None:
        if self._point == at and create_once(Path(self._marker), b""):
            os.kill(os.getpid(), signal.SIGKILL)

    def __call__(self, content: bytes, piece: int) -> None:
        if self._point == f"piece {piece}":
            os.kill(os.getpid(), signal.SIGKILL)
        self._die("at once")
        place = pieces._run(content)[2]
        put = place.put

        def dies(*given: Any) -> None:
            self._die("before it counts")
            put(*given)

        place.put = dies  # type: ignore[method-assign]
        work_on(content, piece)
        self._die("before it says so")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One for the kills: two workers, whom a nanny starts again."""
    pytest.importorskip("distributed", reason="Dask is not installed (extra cluster)")
    with open_cluster(Dask(options={"memory_limit": 0}), 0) as found:
        yield found


class Kept:
    """A cluster that stays open when a crew is through with it."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster

    def __enter__(self) -> Any:
        return self._cluster

    def __exit__(self, *_: object) -> None:
        pass


TWO = Elasticity(minimum=2, maximum=2)


@pytest.mark.parametrize("point", ["at once", "before it counts", "before it says so"])
def test_a_killed_worker_costs_nothing(store: str, tmp_path: Path, cluster: Any, runner: Runner, point: str) -> None:
    whole, job = a_job(store, tmp_path / "whole"), a_job(store, tmp_path / "killed")
    run_job(whole, runner)
    marker = tmp_path / "dead"
    some = Runner(ClusterCrew(Kept(cluster), Deadly(point, marker), {}), TWO)  # type: ignore[arg-type]
    run_job(job, some)
    some.close()
    assert marker.exists()
    assert same(arrays(job), arrays(whole))


def test_a_piece_that_kills_its_workers_costs_its_job_and_no_other(store: str, tmp_path: Path, cluster: Any) -> None:
    some = Runner(ClusterCrew(Kept(cluster), Deadly("piece 5", tmp_path / "dead"), {}), TWO)  # type: ignore[arg-type]
    with pytest.raises(NothingUsableError, match="workers died of piece 5"):
        run_job(a_job(store, tmp_path / "deadly"), some)
    motion = Motion()
    run_job(SyntheticsJob(store, SOURCES[:1], STATIONS, motion, "peaks", str(tmp_path / "other")), some)
    some.close()


def test_workers_come_when_answers_take_long_and_go_when_nothing_is_left(store: str, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (extra cluster)")
    compute = Dask(maximum=2, response_s=0.0, idle_s=0.0, age_s=0.0, options={"memory_limit": 0})
    opened: list[Any] = []

    class Watched(ClusterCrew):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            opened.append(self._cluster)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wadati.engine.synthetics.runs.ClusterCrew", Watched)
        some = open_runner(compute, 2)
    try:
        most: list[int] = []
        run_job(a_job(store, tmp_path), some, step=lambda: most.append(len(opened[0].own.worker_spec)))
        assert 1 <= max(most) <= 2
        wait_for(lambda: not opened[0].own.worker_spec)
        wait_for(lambda: not opened[0].workers())
        run_job(a_job(store, tmp_path, "peaks"), some)
    finally:
        some.close()


def test_jobs_say_how_far_they_are_and_go_on_after_a_restart(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: Runner
) -> None:
    whole = a_job(store, tmp_path / "whole")
    run_job(whole, runner)
    go, begun = threading.Event(), threading.Event()
    done: list[int] = []

    def slow(content: bytes, piece: int) -> None:
        if len(done) >= 3:
            begun.set()
            go.wait(20)
        work_on(content, piece)
        done.append(piece)

    monkeypatch.setattr("wadati.engine.synthetics.runs.work_on", slow)
    jobs = SyntheticsJobs(tmp_path / "jobs", store, Local(), 1, SMALL)
    job = jobs.submit(SOURCES, STATIONS, whole.motion, "zarr")
    other = jobs.submit(SOURCES[:1], STATIONS, whole.motion, "zarr")
    assert begun.wait(20)
    assert jobs.cancel(other.job_id).state == "cancelled"  # type: ignore[union-attr]
    wait_for(lambda: jobs.get(job.job_id).pieces == len(whole.pieces()))  # type: ignore[union-attr]
    told = jobs.get(job.job_id)
    assert told is not None
    assert (told.state, told.done < told.pieces) == ("running", True)
    closing = threading.Thread(target=jobs.close)
    closing.start()
    wait_for(lambda: jobs._runner is not None and jobs._runner._closing.is_set())
    go.set()
    closing.join(20)
    before = len(done)
    assert before < len(whole.pieces())
    again = SyntheticsJobs(tmp_path / "jobs", store, Local(), 1)
    assert again.wait(job.job_id, 30).state == "done"
    assert again.get(other.job_id).state == "cancelled"  # type: ignore[union-attr]
    assert same(arrays(whole), arrays_at(again.files(job.job_id) / "synthetics.zarr"))
    assert len(set(done)) == len(whole.pieces())
    again.close()


class _Doomed(Threads):
    """Is lost after some pieces, as a cluster is whose scheduler dies."""

    def __init__(self, pieces: int) -> None:
        super().__init__(work_on)
        self._left = pieces

    def events(self, timeout: float):  # type: ignore[no-untyped-def]
        found = super().events(timeout)
        self._left -= sum(isinstance(one, Ended) for one in found)
        if self._left <= 0:
            raise InputError("tcp://127.0.0.1:1", "the scheduler is gone", "start it again")
        return found


def test_a_lost_cluster_costs_a_job_time_and_one_that_does_not_come_back_is_told(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner: Runner
) -> None:
    whole = a_job(store, tmp_path / "whole")
    run_job(whole, runner)
    runners: list[Runner] = []

    def opened(lifetimes: list[int]) -> Callable[..., Runner]:
        def open_one(*_: object) -> Runner:
            runners.append(Runner(_Doomed(lifetimes[min(len(runners), len(lifetimes) - 1)]), Elasticity(maximum=1)))
            return runners[-1]

        return open_one

    monkeypatch.setattr("wadati.engine.synthetics.jobs._WAITS", (0.0, 0.0))
    for lifetimes, state in (([2, 3, 1000], "done"), ([1], "failed")):
        runners.clear()
        monkeypatch.setattr("wadati.engine.synthetics.jobs.open_runner", opened(lifetimes))
        jobs = SyntheticsJobs(tmp_path / state, store, Local(), 1, SMALL)
        job = jobs.submit(SOURCES, STATIONS, whole.motion, "zarr")
        assert jobs.wait(job.job_id, 60).state == state
        assert len(runners) == 3
        jobs.close()
        if state == "done":
            assert same(arrays(whole), arrays_at(jobs.files(job.job_id) / "synthetics.zarr"))
        else:
            assert "the scheduler is gone" in jobs.get(job.job_id).words  # type: ignore[union-attr]


def test_a_cluster_that_is_not_there_yet_is_waited_for_but_not_by_who_gives_up(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def open_late(*_: object) -> Runner:
        asked.append(1)
        if len(asked) < 3:
            raise InputError("tcp://127.0.0.1:1", "no scheduler answers", "start it")
        return open_runner(Local(), 1)

    monkeypatch.setattr("wadati.engine.synthetics.jobs.open_runner", open_late)
    monkeypatch.setattr("wadati.engine.synthetics.jobs._WAITS", (0.0, 0.0))
    jobs = SyntheticsJobs(tmp_path / "late", store, Local(), 1, SMALL)
    job = jobs.submit(SOURCES, STATIONS, a_job(store, tmp_path).motion, "zarr")
    assert jobs.wait(job.job_id, 60).state == "done"
    jobs.close()
    asked.clear()
    monkeypatch.setattr("wadati.engine.synthetics.jobs._WAITS", (60.0,))
    jobs = SyntheticsJobs(tmp_path / "given up", store, Local(), 1, SMALL)
    job = jobs.submit(SOURCES, STATIONS, a_job(store, tmp_path).motion, "zarr")
    wait_for(lambda: bool(asked))
    assert jobs.cancel(job.job_id).state == "cancelled"  # type: ignore[union-attr]
    jobs.close()
    assert len(asked) == 1
