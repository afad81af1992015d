"""A campaign gives what one run over the same data gives, however it is cut, interrupted and shared."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.engine.campaign.conftest import Midnight, write_flow
from tests.sources.archives.replica import address, fill, objects
from wadati.cli.main import main
from wadati.engine.campaign import finish, picking_shard
from wadati.engine.campaign.local import StoppedError, manifests, pick, run, run_shard
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.picks import picks_of
from wadati.engine.campaign.plan import plan
from wadati.engine.campaign.status import cancel, retry, status
from wadati.engine.flow import override
from wadati.engine.progress import Silent
from wadati.errors import InputError, NothingUsableError, UsageError
from wadati.formats.parquet import read_picks
from wadati.store.objects import open_place

TABLES = ("events.csv", "arrivals.csv", "picks.csv", "catalog.xml", "events.geojson")


def contents(folder: Path) -> dict[str, bytes]:
    """What a run gives: tables, exchange formats, Parquet."""
    files = [folder / name for name in TABLES] + sorted((folder / "picks").iterdir()) + [folder / "amplitudes.parquet"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_campaign_in_shards_of_a_day_gives_what_one_run_gives(midnight: Midnight, tmp_path: Path) -> None:
    result = run(midnight.flow(tmp_path / "out"))
    assert len(result.catalog) >= 3
    found, expected = contents(tmp_path / "out"), contents(midnight.one_run)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert (tmp_path / "out" / "report.html").exists()


def test_the_number_of_workers_and_of_days_in_a_shard_change_nothing(midnight: Midnight, tmp_path: Path) -> None:
    run(override(midnight.flow(tmp_path / "out", days=7), workers=2))
    assert contents(tmp_path / "out") == contents(midnight.one_run)


def test_in_how_many_parts_a_day_is_picked_changes_nothing(
    midnight: Midnight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of five minutes, one of which ends within the earthquakes before midnight."""
    monkeypatch.setattr(picking_shard, "_PARTS", 288)
    opened = open_campaign(override(midnight.flow(tmp_path), end="2026-03-02"))
    found = picks_of(opened.shelf, [manifest for _, manifest in pick(opened, 1, None, Silent())])
    assert found == read_picks(midnight.one_run / "picks" / "2026-03-01.parquet")


def test_a_bucket_and_pieces_of_work_in_any_order_give_the_same(midnight: Midnight, tmp_path: Path, moto: str) -> None:
    """On moto, a server of S3; each piece as a batch system would run it."""
    fill(moto, "archive", objects(midnight.scenario.traces, "ncedc"))
    fill(moto, "shards", {})
    flow = midnight.flow(
        tmp_path / "out", archive=address(moto, "archive"), layout="ncedc", shards=address(moto, "shards")
    )
    count = len(open_campaign(flow).shards)
    with pytest.raises(NothingUsableError, match="picking shards are not done"):
        run_shard(flow, "associate")
    for number in reversed(range(count)):
        assert "0 failed" in run_shard(flow, str(number)).words
    assert run_shard(flow, open_campaign(flow).shards[0].name).words.endswith("0 failed")
    assert run_shard(flow, "associate").words == "2 association shards are done"
    assert run_shard(flow, "finish").words.endswith("events")
    assert contents(tmp_path / "out") == contents(midnight.one_run)
    with pytest.raises(UsageError, match="no shard is called 'nobody'"):
        run_shard(flow, "nobody")


def test_in_a_bucket_nothing_of_a_longer_run_is_left_beside_a_shorter_one(midnight: Midnight, tmp_path: Path) -> None:
    """As on disk. A URL of a folder is treated as one of a bucket."""
    flow = midnight.flow(f"file://{tmp_path / 'bucket'}", shards=str(tmp_path / "shards"))
    run(flow)
    assert contents(tmp_path / "bucket") == contents(midnight.one_run)
    (tmp_path / "bucket" / "of somebody else").touch()
    run(override(flow, end="2026-03-02"))
    assert [path.name for path in (tmp_path / "bucket" / "picks").iterdir()] == ["2026-03-01.parquet"]
    assert (tmp_path / "bucket" / "of somebody else").exists()


def test_what_a_run_that_died_put_into_a_bucket_goes_with_the_next(tmp_path: Path) -> None:
    place = open_place(str(tmp_path / "bucket"))
    for name in ("long", "short"):
        (tmp_path / name / "picks").mkdir(parents=True)
        (tmp_path / name / "run.json").touch()
        (tmp_path / name / "picks" / "1.parquet").write_text(name)
    (tmp_path / "long" / "picks" / "2.parquet").touch()

    class Dies:
        get, remove = place.get, place.remove

        def put(self, name: str, *rest: object) -> None:
            if name == "run.json":
                raise KeyboardInterrupt
            place.put(name, *rest)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        finish._put(tmp_path / "long", Dies())  # type: ignore[arg-type]
    assert (tmp_path / "bucket" / "picks" / "2.parquet").exists()
    finish._put(tmp_path / "short", place)
    found = {path.name for path in (tmp_path / "bucket").rglob("*") if path.is_file()}
    assert found == {"1.parquet", "files.json", "run.json"}
    assert (tmp_path / "bucket" / "picks" / "1.parquet").read_text() == "short"
    (tmp_path / "bucket" / "files.json").write_text("rubbish")
    with pytest.raises(InputError, match=r"files\.json.*no list of files"):
        finish._put(tmp_path / "short", place)


def test_a_job_of_slurm_does_the_shard_of_its_number(
    midnight: Midnight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plain command: the flow as text in the environment, and the number of the job in its array."""
    flow = midnight.flow(tmp_path / "out")
    monkeypatch.setenv("CAMPAIGN", write_flow(flow, tmp_path / "flow.toml").read_text())
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    assert main(["run", "env:CAMPAIGN", "--shard", "array"]) == 0
    shard = open_campaign(flow).shards[3]
    assert capsys.readouterr().out.startswith(shard.name)
    assert [one for one, manifest in manifests(open_campaign(flow)).items() if manifest] == [shard]


def test_a_campaign_in_its_steady_state_lists_nothing(
    midnight: Midnight, tmp_path: Path, moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the log that moto keeps of its requests, in a file of this test's own: moto adds to what is there."""
    recorder = pytest.importorskip("moto.moto_api").recorder
    monkeypatch.setattr(recorder, "_location", str(tmp_path / "requests.jsonl"))
    fill(moto, "archive", objects(midnight.scenario.traces, "ncedc"))
    fill(moto, "shards", {})
    flow = midnight.flow(
        tmp_path / "out", archive=address(moto, "archive"), layout="ncedc", shards=address(moto, "shards")
    )
    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/recorder/start-recording", method="POST")).close()
    try:
        run_shard(flow, "0")
    finally:
        urllib.request.urlopen(
            urllib.request.Request(f"{moto}/moto-api/recorder/stop-recording", method="POST")
        ).close()
    with urllib.request.urlopen(f"{moto}/moto-api/recorder/download-recording") as answer:
        asked = [json.loads(line) for line in answer.read().decode().splitlines()]
    assert len(asked) > 9
    for one in asked:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(one["url"]).query)
        assert not {"list-type", "prefix"} & query.keys()
        assert urllib.parse.urlsplit(one["url"]).path.count("/") > 1


def test_campaigns_share_picks_and_another_picker_has_its_own(midnight: Midnight, tmp_path: Path) -> None:
    shards = str(tmp_path / "shards")
    flow = midnight.flow(tmp_path / "one", shards=shards)
    run(flow)
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "shards").rglob("picks-*.json")}
    other = override(midnight.flow(tmp_path / "other", shards=shards), associator="joint", end="2026-03-02")
    assert all(manifests(open_campaign(other)).values())
    run(other)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "shards").rglob("picks-*.json")} == done
    network = override(flow, picker="wadati")
    assert not any(manifests(open_campaign(network)).values())
    assert len({shard.path.partition("/")[0] for one in (flow, network) for shard in open_campaign(one).shards}) == 2


def test_a_campaign_that_ends_later_does_not_go_on_from_an_end(midnight: Midnight, tmp_path: Path) -> None:
    """The last shard of the shorter one waits for no more picks; the longer one needs the events around midnight."""
    shards = str(tmp_path / "shards")
    run(override(midnight.flow(tmp_path / "short", shards=shards), end="2026-03-02"))
    run(midnight.flow(tmp_path / "long", shards=shards))
    assert contents(tmp_path / "long") == contents(midnight.one_run)


@pytest.fixture
def own(midnight: Midnight, tmp_path: Path) -> Path:
    """An archive of one's own to damage."""
    return Path(shutil.copytree(midnight.archive, tmp_path / "archive"))


def test_damage_and_loss_are_failures_by_cause_and_are_done_again(
    midnight: Midnight, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = midnight.flow(tmp_path / "out", archive=str(own))
    before = plan(flow)
    assert (before.found, before.sizes_from) == (
        len([p for p in own.rglob("*") if p.is_file()]),
        "asked of the archive",
    )
    one, two, three, *_ = sorted(path for path in own.rglob("*Z.D.2026.060"))
    kept = {path: path.read_bytes() for path in (one, two, three)}
    one.unlink()
    two.write_bytes(kept[two][:-200])
    three.write_bytes(b"<html>")
    result = run(flow)
    assert result.ledger.partly_failed
    found = status(flow)
    # The day after needs the end of the day before, and would come out otherwise.
    assert found.failures == {"vanished": 2, "truncated": 2, "corrupt": 2}
    assert found.station_days == {"failed": 6, "done": len(before.shard_names) - 6}
    file = write_flow(flow, tmp_path / "flow.toml")
    assert main(["status", str(file)]) == 4
    assert "vanished" in capsys.readouterr().out
    for number, (shard, manifest) in enumerate(manifests(open_campaign(flow)).items()):
        assert manifest is not None
        assert main(["run", str(file), "--shard", str(number)]) == 0  # it is done: what waits for it may begin
        assert shard.name in capsys.readouterr().out
    for path, content in kept.items():
        path.write_bytes(content)
    assert retry(flow) == 6
    run(flow)
    assert status(flow).failures == {}
    # Into a folder without the names of events that were published before.
    run(midnight.flow(tmp_path / "again", archive=str(own), shards=str(tmp_path / "out" / "shards")))
    assert contents(tmp_path / "again") == contents(midnight.one_run)


def test_a_budget_and_a_word_stop_it_and_it_goes_on(midnight: Midnight, tmp_path: Path) -> None:
    flow = midnight.flow(tmp_path / "out", dollars_per_cpu_hour=1000.0)
    with pytest.raises(StoppedError, match="more would pass the budget"):
        run(flow, budget=0.0)
    with pytest.raises(StoppedError, match="more would pass the budget"):
        run(flow, budget=0.1)
    spent = status(flow)
    assert 0 < spent.stages[0].done < spent.stages[0].shards
    cancel(flow)
    assert status(flow).cancelled
    assert run_shard(flow, "0").words == "cancelled"
    run(flow)
    assert not status(flow).cancelled
    assert contents(tmp_path / "out") == contents(midnight.one_run)
