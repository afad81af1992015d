"""A campaign on the workers of a Dask cluster gives what one on this machine gives, whoever is killed when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engine.campaign.conftest import Midnight
from tests.engine.campaign.test_campaign import contents
from wadati.engine.campaign import cluster_workers
from wadati.engine.campaign.local import StoppedError, manifests, pick, run
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.picks import picks_of
from wadati.engine.campaign.status import cancel, retry, status
from wadati.engine.cluster import open_cluster
from wadati.engine.compute import Dask
from wadati.engine.flow import Flow, override
from wadati.engine.progress import Silent
from wadati.errors import InputError, UsageError
from wadati.formats.atomic import create_once
from wadati.formats.stationxml import write_stationxml
from wadati.model import Inventory

dask = pytest.importorskip("dask", reason="Dask is not installed (extra cluster)")
distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra cluster)")

ROOT = Path(__file__).resolve().parents[3]
QUICK = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.terminate": False,
}

in_worker = cluster_workers._in_worker


def one_day(midnight: Midnight, folder: Path, **campaign: object) -> Flow:
    """The first day of the campaign, eight shards."""
    return override(midnight.flow(folder, **campaign), end="2026-03-02")


def tables(flow: Flow, workers: int = 2) -> dict[str, tuple[str, object]]:
    """What all picking shards hold, which are done where they are not: digests of picks and amplitudes, and picks."""
    opened = open_campaign(flow)
    done = pick(opened, workers, None, Silent())
    return {shard.path: (manifest.digest, picks_of(opened.shelf, [manifest])) for shard, manifest in done}


@pytest.fixture(scope="module")
def expected(midnight: Midnight, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, object]]:
    """The same by this process."""
    return tables(one_day(midnight, tmp_path_factory.mktemp("expected")), 1)


def on_dask(flow: Flow, workers: int = 2, **compute: object) -> Flow:
    return msgspec.structs.replace(flow, compute=msgspec.convert(compute, Dask), workers=workers)


@contextmanager
def process(*words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask, as an operator starts it."""
    config = {f"DASK_{name.upper().replace('.', '__').replace('-', '_')}": str(value) for name, value in QUICK.items()}
    found = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **config, **environment}, stderr=subprocess.DEVNULL
    )
    try:
        yield found
    finally:
        found.kill()
        found.wait()


@contextmanager
def a_cluster(folder: Path, *workers: tuple[str, ...], **environment: str) -> Iterator[tuple[str, list[Any]]]:
    """A scheduler and workers without a nanny, each a process; its address and the workers."""
    told = folder / "scheduler.json"
    with ExitStack() as ends:
        words = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        ends.enter_context(process(*words, "--no-show", "--scheduler-file", str(told), **environment))
        wait_for(told.exists)
        address = msgspec.json.decode(told.read_bytes())["address"]
        words = ("distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard")
        words += ("--local-directory", str(folder))
        started = [ends.enter_context(process(*words, *more, **environment)) for more in workers]
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(len(workers), timeout=60)
        yield address, started


def wait_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def deadly(flow: bytes, path: str) -> str:
    """Work in a process that is killed once, at the point that the environment names; then always, on one shard."""
    point, marker = os.environ["WADATI_TEST_DIES"], Path(os.environ["WADATI_TEST_MARKER"])

    def die(at: str) -> None:
        if point == at and create_once(marker, b""):
            os.kill(os.getpid(), signal.SIGKILL)

    if point == path:
        os.kill(os.getpid(), signal.SIGKILL)
    die("at once")
    place = cluster_workers._opened(flow)[0].place
    create = place.create

    def dies_before_it_counts(name: str, content: bytes) -> bool:
        die("before its manifest")
        return create(name, content)

    place.create = dies_before_it_counts  # type: ignore[method-assign]
    ended = in_worker(flow, path)
    die("before it says so")
    return ended


def sleepy(flow: bytes, path: str) -> str:
    """Work in a process that stops once, before its manifest, and says when it has come back and is through."""
    marker = Path(os.environ["WADATI_TEST_MARKER"])
    place = cluster_workers._opened(flow)[0].place
    create = place.create
    mine = f"{os.getpid()} {path}".encode()

    def sleeps(name: str, content: bytes) -> bool:
        if create_once(marker, mine):
            os.kill(os.getpid(), signal.SIGSTOP)
        return create(name, content)

    place.create = sleeps  # type: ignore[method-assign]
    try:
        return in_worker(flow, path)
    finally:
        if marker.read_bytes() == mine:
            marker.with_name("stopped.late").touch()


async def give_up(name: str, dask_scheduler: Any) -> None:
    """Let a scheduler take a worker for lost, as it does with one that has not been heard of for long."""
    (address,) = (address for address, worker in dask_scheduler.workers.items() if worker.name == name)
    await dask_scheduler.remove_worker(address, stimulus_id="test")


def telling(flow: bytes, path: str) -> str:
    """Work, and leave a file that names the process."""
    Path(os.environ["WADATI_TEST_MARKER"], f"worked-{os.getpid()}").touch()
    return in_worker(flow, path)


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    with dask.config.set(QUICK):
        yield


def test_a_cluster_of_its_own_gives_the_same_and_is_gone_afterwards(midnight: Midnight, tmp_path: Path) -> None:
    import psutil

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    run(on_dask(midnight.flow(tmp_path / "out")))
    assert contents(tmp_path / "out") == contents(midnight.one_run)
    after = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert [child.cmdline() for child in after if "resource_tracker" not in " ".join(child.cmdline())] == []


@pytest.mark.parametrize("point", ["at once", "before its manifest", "before it says so"])
@pytest.mark.parametrize("nanny", [True, False], ids=["nanny", "no nanny"])
def test_what_a_killed_worker_had_is_done_by_another(
    midnight: Midnight,
    expected: dict[str, tuple[str, object]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    *,
    nanny: bool,
) -> None:
    marker = tmp_path / "dead"
    monkeypatch.setenv("WADATI_TEST_DIES", point)
    monkeypatch.setenv("WADATI_TEST_MARKER", str(marker))
    monkeypatch.setattr(cluster_workers, "_in_worker", deadly)
    flow = one_day(midnight, tmp_path)
    if nanny:
        found = tables(on_dask(flow))
    else:
        with a_cluster(tmp_path, (), ()) as (address, workers):
            found = tables(on_dask(flow, scheduler=address))
            assert sorted(worker.poll() is None for worker in workers) == [False, True]
    assert marker.exists()
    assert found == expected


def test_only_the_shard_that_kills_its_workers_is_given_up_and_retry_does_it_again(
    midnight: Midnight, expected: dict[str, tuple[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = on_dask(one_day(midnight, tmp_path))
    opened = open_campaign(flow)
    culprit = opened.shards[1]
    monkeypatch.setenv("WADATI_TEST_DIES", culprit.path)
    monkeypatch.setenv("WADATI_TEST_MARKER", str(tmp_path / "dead"))
    with monkeypatch.context() as patch:
        patch.setattr(cluster_workers, "_in_worker", deadly)
        found = dict(pick(opened, 2, None, Silent()))
    assert [shard for shard, manifest in found.items() if manifest.failed] == [culprit]
    assert status(flow).failures == {"worker died": 1}
    assert retry(flow) == 1
    assert tables(flow) == expected


def test_a_worker_that_was_given_up_and_comes_back_changes_nothing(
    midnight: Midnight, expected: dict[str, tuple[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One stops between writing what it has and making it count, as a machine that sleeps; another does its shard."""
    stopped = tmp_path / "stopped"
    monkeypatch.setattr(cluster_workers, "_in_worker", sleepy)
    flow = one_day(midnight, tmp_path)
    names = ("--name", "a"), ("--name", "b")
    with a_cluster(tmp_path, *names, WADATI_TEST_MARKER=str(stopped)) as (address, workers):
        by_pid = {worker.pid: name for worker, (_, name) in zip(workers, names, strict=True)}

        def without_it() -> None:
            wait_for(lambda: stopped.exists() and bool(stopped.read_text()))
            with distributed.Client(address, set_as_default=False) as client:
                client.run_on_scheduler(give_up, by_pid[int(stopped.read_text().split()[0])])

        giving_up = threading.Thread(target=without_it)
        giving_up.start()
        found = tables(on_dask(flow, scheduler=address))
        giving_up.join(60)
        opened = open_campaign(flow)
        counted = [manifest.attempt for manifest in manifests(opened).values() if manifest is not None]
        pid, path = stopped.read_text().split()
        written = len(list((tmp_path / "shards").glob(f"{path}.*.picks.parquet")))
        os.kill(int(pid), signal.SIGCONT)
        wait_for((tmp_path / "stopped.late").exists)
    assert found == expected
    assert written == 2
    assert counted == [manifest.attempt for manifest in manifests(opened).values() if manifest is not None]
    assert tables(flow) == expected


def test_budget_and_cancelling_stop_it_and_it_goes_on(
    midnight: Midnight, expected: dict[str, tuple[str, object]], tmp_path: Path
) -> None:
    flow = on_dask(one_day(midnight, tmp_path, dollars_per_cpu_hour=3600.0))
    opened = open_campaign(flow)
    with pytest.raises(StoppedError, match="pass the budget"):
        pick(opened, 2, 1e-6, Silent())
    assert sum(manifest is not None for manifest in manifests(opened).values()) == 1

    class Cancelling(Silent):
        def step(self, stage: str) -> None:
            cancel(flow)

    opened.place.remove(f"{opened.name}/cancelled")
    with pytest.raises(StoppedError, match="it was cancelled"):
        pick(opened, 2, None, Cancelling())
    assert 1 <= sum(manifest is not None for manifest in manifests(opened).values()) < len(opened.shards)
    assert status(flow).cancelled
    opened.place.remove(f"{opened.name}/cancelled")
    assert tables(flow) == expected


def test_only_workers_with_the_tag_are_given_work_and_there_must_be_one(
    midnight: Midnight, expected: dict[str, tuple[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_workers, "_in_worker", telling)
    flow = one_day(midnight, tmp_path)
    with a_cluster(tmp_path, (), ("--resources", "GPU=1"), WADATI_TEST_MARKER=str(tmp_path)) as (address, workers):
        assert tables(on_dask(flow, scheduler=address, resources={"GPU": 1})) == expected
        assert {path.name for path in tmp_path.glob("worked-*")} == {f"worked-{workers[1].pid}"}
        other = on_dask(one_day(midnight, tmp_path / "other"), scheduler=address, resources={"TPU": 1})
        with pytest.raises(UsageError, match=r"no worker .* has TPU=1"):
            pick(open_campaign(other), 2, None, Silent())


def test_workers_come_with_the_work_and_go(
    midnight: Midnight, expected: dict[str, tuple[str, object]], tmp_path: Path
) -> None:
    assert tables(on_dask(one_day(midnight, tmp_path), maximum=2)) == expected


def test_settings_that_cannot_be_are_refused_in_words(midnight: Midnight, tmp_path: Path) -> None:
    for compute, words in (
        ({"scheduler": "tcp://127.0.0.1:1", "maximum": 3}, "exclude each other"),
        ({"minimum": 3, "maximum": 2}, "numbers of workers"),
        ({"minimum": 3}, "minimum needs a maximum"),
    ):
        with pytest.raises(UsageError, match=words):
            Dask(**compute)  # type: ignore[arg-type]
    for compute, words in (
        ({"cluster": "no_such_module.Cluster"}, "needs no-such-module, which is not installed"),
        ({"cluster": "distributed.LocalCluster", "options": {"nonsense": 1}}, "cannot be made of the options"),
    ):
        with pytest.raises(UsageError, match=words):
            run(on_dask(midnight.flow(tmp_path), **compute))


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wadati.engine.cluster._ANSWERS_WITHIN", "1s")
    with (
        pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:1: is no scheduler that answers"),
        open_cluster(Dask(scheduler="tcp://127.0.0.1:1"), 1),
    ):
        pass


def test_slurm_is_asked_for_what_the_flow_says() -> None:
    """Without Slurm: by the script that would be submitted for each worker."""
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    from wadati.engine.cluster import _started

    options = {
        "queue": "seis",
        "cores": 1,
        "memory": "2GB",
        "walltime": "02:00:00",
        "job_extra_directives": ["--gres=gpu:1"],
    }
    settings = {"cluster": "dask_jobqueue.SLURMCluster", "options": options, "maximum": 50}
    with _started(msgspec.convert(settings, Dask), 1) as cluster:
        script = cluster.job_script()
    for line in ("#SBATCH -p seis", "#SBATCH -t 02:00:00", "#SBATCH --gres=gpu:1", "#SBATCH --mem=2G"):
        assert line in script
    assert f"{sys.executable} -m distributed.cli.dask_worker tcp://" in script


def test_a_worker_that_stays_sees_stations_that_are_others_now(
    midnight: Midnight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(cluster_workers, "work_on", lambda shard, *_: done.append(shard.path))
    stations = tmp_path / "stations.xml"
    stations.write_bytes(midnight.stations.read_bytes())
    flow = one_day(midnight, tmp_path, stations=str(stations))
    first = open_campaign(flow).shards[0].path
    assert in_worker(msgspec.json.encode(flow), first) == "done"
    channels = midnight.scenario.inventory.channels
    moved = [msgspec.structs.replace(channel, elevation=channel.elevation + 1.0) for channel in channels]
    write_stationxml(Inventory.of(moved), stations)
    second = open_campaign(flow).shards[0].path
    assert in_worker(msgspec.json.encode(flow), second) == "done"
    assert done == [first, second]
    assert first != second
