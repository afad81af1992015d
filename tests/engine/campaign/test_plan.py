"""What a campaign will take, and where its stations come from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from benchmarks.campaign.clients import Counted
from tests.engine.campaign.conftest import Midnight, write_flow
from tests.sources.archives.replica import address, fill, objects
from wadati.cli.main import main
from wadati.engine.campaign import opened as opened_module
from wadati.engine.campaign.local import manifests, run
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.plan import plan
from wadati.engine.campaign.prices import prices
from wadati.engine.campaign.settings import Campaign
from wadati.engine.campaign.shards import operating_days
from wadati.engine.campaign.stations import stations_of
from wadati.engine.flow import Flow, override, read_flow
from wadati.engine.serving import Serving
from wadati.errors import NothingUsableError, ReadError, UsageError
from wadati.formats.stationxml import write_stationxml
from wadati.model import Channel, Inventory, SourceId, TimeSpan, content_id
from wadati.protocols import DayArchive
from wadati.sources.archives.addresses import open_archive
from wadati.store.objects import open_place
from wadati.units import DAY, HOUR


@pytest.fixture
def replica(midnight: Midnight, tmp_path: Path) -> Path:
    """The archive in the layout of the NCEDC, with StationXML of all stations but one."""
    folder = tmp_path / "replica"
    inventory = midnight.scenario.inventory
    for name, content in objects(midnight.scenario.traces, "ncedc").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for station in inventory.stations()[1:]:
        own = Inventory(tuple(one for one in inventory if one.source_id.station_key == station.key))
        path = folder / f"FDSNstationXML/{station.network}/{station.network}.{station.code}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_stationxml(own, path)
    return folder


def test_stations_come_from_the_archive_and_stay_the_same(midnight: Midnight, replica: Path, tmp_path: Path) -> None:
    stations = midnight.scenario.inventory.stations()
    names = tuple(f"{one.network}.{one.code}" for one in stations)
    flow = midnight.flow(tmp_path / "out", archive=str(replica), layout="ncedc", stations=names)
    opened = open_campaign(flow)
    assert [station.code for station in opened.inventory.stations()] == [one.code for one in stations[1:]]
    assert [problem.subject for problem in opened.problems] == [names[0]]
    for path in (replica / "FDSNstationXML").rglob("*.xml"):
        path.unlink()
    assert open_campaign(flow).shards == opened.shards
    north = sorted(one.latitude for one in stations[1:])[-3]
    region = (north, 90.0, -180.0, 180.0)
    part = open_campaign(
        midnight.flow(tmp_path / "out", archive=str(replica), layout="ncedc", stations=names, region=region)
    )
    assert len(part.inventory.stations()) == 3
    assert set(part.shards) < set(opened.shards)


class _Once:
    """An archive whose StationXML changes with each reading, and of which one station cannot be read."""

    def __init__(self, archive: DayArchive, broken: str) -> None:
        self.name, self._archive, self._broken, self.read = archive.name, archive, broken, 0

    def stationxml(self, network: str, station: str) -> bytes | None:
        if station == self._broken:
            raise ReadError(f"{network}.{station}", "timed out", "did not come in time", "try again later")
        self.read += 1
        content = self._archive.stationxml(network, station)
        return None if content is None else content + b"<!-- %d -->" % self.read


def test_a_station_that_cannot_be_read_now_is_not_left_out(
    midnight: Midnight, replica: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stations = midnight.scenario.inventory.stations()[1:]
    names = tuple(f"{one.network}.{one.code}" for one in stations)
    flow = midnight.flow(tmp_path / "out", archive=str(replica), layout="ncedc", stations=names)
    real = open_archive(str(replica), "ncedc")
    monkeypatch.setattr(opened_module, "open_archive", lambda *_: _Once(real, stations[-1].code))
    with pytest.raises(ReadError, match="did not come in time"):
        open_campaign(flow)
    later = _Once(real, "")
    monkeypatch.setattr(opened_module, "open_archive", lambda *_: later)
    assert len(open_campaign(flow).inventory.stations()) == len(stations)
    assert later.read == 1


def test_machines_that_begin_later_ask_for_all_stations_at_once(
    midnight: Midnight, replica: Path, tmp_path: Path
) -> None:
    """However many stations there are; while one has no StationXML, all are asked for."""
    flow = midnight.flow(tmp_path / "out", archive=str(replica), layout="ncedc", stations=("",))
    names = tuple(f"{one.network}.{one.code}" for one in midnight.scenario.inventory.stations()[1:])
    archive, span = open_archive(str(replica), "ncedc"), flow.span()
    assert span is not None
    for stations, requests in ((names, 1), ((*names, "XX.NONE"), len(names) + 2)):
        campaign = msgspec.structs.replace(flow.campaign, stations=stations)
        place = open_place(str(tmp_path / "shards"))
        first = stations_of(campaign, archive, place, span)
        counted = Counted(place)
        assert stations_of(campaign, archive, counted, span) == first
        assert len(counted.asked) == requests


def test_stationxml_of_which_another_machine_was_first_is_that_one(
    midnight: Midnight, replica: Path, tmp_path: Path
) -> None:
    """Between asking what is kept and keeping it."""
    flow = midnight.flow(tmp_path / "out", archive=str(replica), layout="ncedc", stations=("",))
    station = midnight.scenario.inventory.stations()[1]
    campaign = msgspec.structs.replace(flow.campaign, stations=(f"{station.network}.{station.code}",))
    place = open_place(str(tmp_path / "shards"))
    archive = open_archive(str(replica), "ncedc")

    class Overtaken(_Once):
        def stationxml(self, network: str, station: str) -> bytes | None:
            content = self._archive.stationxml(network, station)
            assert content is not None
            other = content.replace(b"</Elevation>", b"1</Elevation>")
            assert other != content
            place.create(f"{content_id('stations', self.name)}/{network}.{station}.xml", other)
            return content

    span = flow.span()
    assert span is not None
    first, _ = stations_of(campaign, Overtaken(archive, ""), place, span)
    again, _ = stations_of(campaign, archive, place, span)
    assert first == again


def test_a_second_plan_remembers_what_the_first_saw(midnight: Midnight, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(midnight.archive, tmp_path / "archive"))
    flow = midnight.flow(tmp_path / "out", archive=str(archive))
    plan(flow)
    seen = open_campaign(flow).known()
    gone = next(path for path in archive.rglob("*") if path.is_file())
    gone.unlink()
    assert plan(flow).found == len(seen) - 1
    assert open_campaign(flow).known() == seen


def test_a_plan_tells_what_there_is_and_what_it_costs(
    midnight: Midnight, tmp_path: Path, capsys: pytest.CaptureFixture[str], calibrations: Path
) -> None:
    flow = override(midnight.flow(tmp_path / "out", backend="aws-fargate"), workers=4)
    found = plan(flow)
    files = [path for path in midnight.archive.rglob("*") if path.is_file()]
    assert (found.found, found.bytes_) == (len(files), sum(path.stat().st_size for path in files))
    assert found.station_days == found.shards == 2 * found.stations
    assert found.wall_hours == pytest.approx(found.worker_hours / 4, abs=1e-4)
    backend = next(one for one in prices().backends if one.name == "aws-fargate")
    paid = found.worker_hours + found.shards * backend.starting_s / 3600
    assert found.cost().compute == pytest.approx(paid * backend.dollars_per_worker_hour, rel=1e-2)
    assert [path.name[:12] for path in (calibrations / "wadati").iterdir()] == ["calibration-"]
    assert plan(flow).calibration == found.calibration
    file = write_flow(flow, tmp_path / "flow.toml")
    assert read_flow(file).campaign == flow.campaign
    assert main(["plan", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shard_names"] == list(found.shard_names)
    assert main(["plan", str(file)]) == 0
    words = capsys.readouterr().out
    assert "asked of the archive" in words
    assert backend.source in words
    for row in ROWS:
        assert row in words, row


ROWS = (
    "stations",
    "station-days",
    "objects",
    "data",
    "requests",
    "CPU-hours",
    "worker-hours",
    "wall time",
    "storage",
    "deletions",
    "egress",
    "computing would cost",
    "standing by would cost",
)


def test_folders_cost_no_requests_no_storage_and_no_egress(
    midnight: Midnight, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = midnight.flow(tmp_path / "out")
    found = plan(flow)
    assert found.requests > 0
    assert (found.request_dollars, found.storage_dollars_a_month, found.egress_dollars) == (0.0, 0.0, 0.0)
    assert (found.requests_are_paid, found.storage_is_paid) == (False, False)
    assert main(["plan", str(write_flow(flow, tmp_path / "flow.toml"))]) == 0
    assert prices().storage.source not in capsys.readouterr().out


def test_a_bucket_of_ones_own_costs_requests_storage_deletions_and_egress(
    midnight: Midnight, tmp_path: Path, moto: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(moto, "archive", objects(midnight.scenario.traces, "ncedc"))
    fill(moto, "shards", {})
    flow = midnight.flow(
        tmp_path / "out", archive=address(moto, "archive"), layout="ncedc", shards=address(moto, "shards")
    )
    found, storage = plan(flow), prices().storage
    assert (found.requests_are_paid, found.storage_is_paid) == (True, True)
    asked = found.requests * storage.dollars_per_1000_reads + found.writes * storage.dollars_per_1000_writes
    assert found.request_dollars == pytest.approx(asked / 1000, abs=1e-4)
    assert found.deletions == 3 * found.shards
    assert found.egress_bytes == found.bytes_ + found.stored_bytes  # one's own machine is elsewhere
    assert found.egress_dollars == pytest.approx(found.egress_bytes / 1e9 * storage.dollars_per_gb_egress, abs=1e-4)
    hired = plan(
        midnight.flow(
            tmp_path / "out",
            archive=address(moto, "archive"),
            layout="ncedc",
            shards=address(moto, "shards"),
            backend="aws-fargate-spot",
        )
    )
    assert hired.egress_bytes == 0
    assert main(["plan", str(write_flow(flow, tmp_path / "flow.toml"))]) == 0
    words = capsys.readouterr().out
    assert storage.source in words
    assert f"for {storage.least_days} days at least" in words
    public = plan(
        midnight.flow(tmp_path / "out", archive=address(moto, "archive", skip_signature="true"), layout="ncedc")
    )
    assert (public.requests_are_paid, public.request_dollars) == (False, 0.0)
    assert public.unpriced == ()


def test_prices_and_what_is_served_later_do_not_make_it_another_campaign(midnight: Midnight, tmp_path: Path) -> None:
    flow = midnight.flow(tmp_path / "out")
    dearer = midnight.flow(tmp_path / "out", dollars_per_cpu_hour=1.0, backend="aws-fargate-spot")
    served = msgspec.structs.replace(flow, serve=Serving(title="Another"))
    other = override(flow, end="2026-03-02")
    assert {open_campaign(one).name for one in (flow, dearer, served)} == {open_campaign(flow).name}
    assert open_campaign(other).name != open_campaign(flow).name


def test_hired_machines_are_paid_while_they_are_there(midnight: Midnight, tmp_path: Path) -> None:
    """Twice the time by the clock is twice the price of hired machines, and the same of one's own."""
    flow = override(
        midnight.flow(tmp_path / "out", backend="aws-fargate-spot", dollars_per_cpu_hour=1.0), end="2026-03-02"
    )
    run(flow)
    longer = override(flow, end="2026-03-03")
    opened = open_campaign(longer)
    before = plan(longer)
    assert "as 8 station-days took that are done" in before.worker_hours_from
    for manifest in list(manifests(opened).values()):
        if manifest is not None:
            opened.shelf.take_back(manifest.path)
            opened.place.put(
                f"{manifest.path}.json",
                msgspec.json.encode(msgspec.structs.replace(manifest, wall_s=2 * manifest.wall_s)),
                "application/json",
                0,
            )
    after = plan(longer)
    assert after.worker_hours == pytest.approx(2 * before.worker_hours, rel=1e-2, abs=2e-4)
    own = {
        name: next(cost for cost in found.costs if cost.backend == "own-machines")
        for name, found in (("b", before), ("a", after))
    }
    assert own["a"].compute == own["b"].compute


def test_stations_of_a_region_come_from_the_archive_and_stay_the_same(
    midnight: Midnight, replica: Path, tmp_path: Path
) -> None:
    stations = midnight.scenario.inventory.stations()[1:]
    north = sorted(one.latitude for one in stations)[-3]
    flow = midnight.flow(
        tmp_path / "out", archive=str(replica), layout="ncedc", stations=(), region=(north, 90.0, -180.0, 180.0)
    )
    opened = open_campaign(flow)
    assert sorted(one.code for one in opened.inventory.stations()) == sorted(
        one.code for one in stations if one.latitude >= north
    )
    (replica / "FDSNstationXML/XX/XX.LATE.xml").parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(next(replica.rglob("*.xml")), replica / "FDSNstationXML/XX/XX.LATE.xml")
    assert open_campaign(flow).shards == opened.shards
    with pytest.raises(UsageError, match="has no list of stations"):
        open_campaign(midnight.flow(tmp_path / "sds", stations=(), region=(0.0, 1.0, 0.0, 1.0)))
    with pytest.raises(UsageError, match="stations or a region"):
        Campaign(archive="ncedc")
    with pytest.raises(UsageError, match="needs a region"):
        open_campaign(midnight.flow(tmp_path / "out", stations="fdsn:http://127.0.0.1:1"))


def test_every_price_has_a_region_and_a_source() -> None:
    for one in (*prices().backends, prices().storage):
        assert one.region
        assert one.source.startswith("https://")


def test_only_days_of_epochs_are_operating_days() -> None:
    sid = SourceId.from_nslc("XX", "A", "", "HHZ")
    epochs = (TimeSpan(DAY - HOUR, DAY), TimeSpan(3 * DAY, 4 * DAY + 1))
    channels = [Channel(sid, 35.0, -117.0, 0.0, epoch=epoch) for epoch in epochs]
    assert operating_days(channels, TimeSpan(0, 10 * DAY)) == [0, 3, 4]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": "2026-03-01T12:00"}, "goes over whole days"),
        ({"start": None, "end": None}, "needs start and end"),
        ({"campaign": None}, r"has no \[campaign\]"),
    ],
)
def test_what_cannot_be_a_campaign_is_refused_in_words(
    midnight: Midnight, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        open_campaign(msgspec.structs.replace(midnight.flow(tmp_path), **changes))


def test_settings_that_cannot_be_are_refused_in_words(midnight: Midnight, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="south, north, west, east"):
        Campaign(archive="ncedc", stations=("NC.KBG",), region=(41, 39, -125, -123))
    with pytest.raises(UsageError, match="no backend is called 'moon'"):
        plan(midnight.flow(tmp_path, backend="moon"))
    with pytest.raises(NothingUsableError, match="none is in the region"):
        open_campaign(midnight.flow(tmp_path, region=(-90.0, -89.0, 0.0, 1.0)))
    assert Flow().campaign is None
