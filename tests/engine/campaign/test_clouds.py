"""A campaign from and to buckets of Azure and Google, on emulators of theirs."""

from __future__ import annotations

from pathlib import Path

from tests.engine.campaign.conftest import Midnight
from tests.engine.campaign.test_campaign import contents
from tests.formats.clouds import Cloud
from tests.sources.archives.replica import objects
from wadati.engine.campaign.local import run
from wadati.engine.campaign.plan import plan
from wadati.store.objects import open_place


def test_a_campaign_goes_from_and_to_it(cloud: Cloud, midnight: Midnight, tmp_path: Path) -> None:
    scheme, options = cloud.scheme, cloud.options
    for name in ("archive", "shards"):
        cloud.create(name)
    archive = open_place(f"{scheme}://archive?{options}")
    for name, content in objects(midnight.scenario.traces, "ncedc").items():
        archive.put(name, content, "application/octet-stream", 0)
    flow = midnight.flow(
        tmp_path / "out",
        archive=f"{scheme}://archive?{options}",
        layout="ncedc",
        shards=f"{scheme}://shards?{options}",
        days=7,
    )
    run(flow)
    assert contents(tmp_path / "out") == contents(midnight.one_run)
    assert plan(flow).unpriced == ("archive", "shards")
