"""What work costs: hired machines by the hour that they stand there, one's own by the CPU time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.campaign.conftest import Midnight
from wadati.engine.campaign.commit import WORKER_DIED, Manifest, Unit
from wadati.engine.campaign.opened import open_campaign
from wadati.engine.campaign.prices import prices
from wadati.engine.campaign.purse import Purse
from wadati.errors import UsageError

DONE = Manifest(
    path="a", stage="pick", attempt="", files={}, units=(Unit("XX.A", 1, "done"),), cpu_s=1800.0, wall_s=3600.0
)
DEAD = Manifest(
    path="b", stage="pick", attempt="", files={}, units=(Unit("XX.B", 1, "failed", "it died", WORKER_DIED),) * 9
)


def test_hired_machines_cost_wall_time_and_own_ones_cpu_time(midnight: Midnight, tmp_path: Path) -> None:
    backend = next(one for one in prices().backends if one.dollars_per_worker_hour)
    hired = open_campaign(midnight.flow(tmp_path, backend=backend.name))
    assert Purse(hired, [DONE], None).spent == pytest.approx(backend.dollars_per_worker_hour)
    own = open_campaign(midnight.flow(tmp_path, dollars_per_cpu_hour=2.0))
    assert Purse(own, [DONE], None).spent == pytest.approx(1.0)


def test_days_whose_worker_died_make_no_other_day_cheaper(midnight: Midnight, tmp_path: Path) -> None:
    opened = open_campaign(midnight.flow(tmp_path, dollars_per_cpu_hour=2.0))
    assert not Purse(opened, [DONE, DEAD], 1.5).suffices(1, 0)
    assert Purse(opened, [DONE, DEAD], 2.0).suffices(1, 0)


def test_a_budget_for_what_costs_nothing_is_refused(midnight: Midnight, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="costs nothing"):
        Purse(open_campaign(midnight.flow(tmp_path)), [], 1.0)
