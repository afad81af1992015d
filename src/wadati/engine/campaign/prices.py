"""What machines, storage and requests cost: a dated list, each price with its region and its source.

`prices.toml` beside this file is read as it stands; nothing is asked of any vendor.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from wadati.engine.campaign.settings import Campaign
from wadati.engine.compute import AwsBatch, Compute
from wadati.errors import UsageError

OWN, SPOT = "own-machines", "aws-fargate-spot"


class Backend(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Machines for hire: dollars an hour of a processor and of a GB of memory; a worker takes one of the former and
    `worker_gb` of the latter, the least that may be had with it. Each job is paid for `starting_s` before it works.
    `standby` is what it costs an hour while idle."""

    name: str
    region: str
    dollars_per_cpu_hour: float
    dollars_per_gb_hour: float
    worker_gb: float
    starting_s: float
    standby_dollars_per_hour: float
    seen: str
    source: str
    remark: str = ""

    @property
    def dollars_per_worker_hour(self) -> float:
        """One worker for an hour."""
        return self.dollars_per_cpu_hour + self.worker_gb * self.dollars_per_gb_hour


class Storage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bucket: dollars for a GB over a month, for a thousand writing and a thousand reading requests, for a GB that
    leaves for the Internet; the least time (days) that is charged for an object, and what deleting costs."""

    name: str
    region: str
    dollars_per_gb_month: float
    dollars_per_1000_writes: float
    dollars_per_1000_reads: float
    dollars_per_1000_deletions: float
    dollars_per_gb_egress: float
    least_days: int
    seen: str
    source: str
    remark: str = ""


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The list."""

    backends: tuple[Backend, ...]
    storage: Storage


@cache
def prices() -> Prices:
    """The list that comes with Wadati.

    >>> prices().storage.name
    'Amazon S3 Standard'
    """
    return msgspec.toml.decode(Path(__file__).with_name("prices.toml").read_bytes(), type=Prices)


def backend_of(campaign: Campaign, compute: Compute) -> Backend:
    """The machines that a campaign names, or those of who does its work.

    Raises `UsageError` for a name that is not in the list.
    """
    known = {one.name: one for one in (*prices().backends, own_machines(campaign))}
    name = campaign.backend or (SPOT if isinstance(compute, AwsBatch) else OWN)
    if name not in known:
        raise UsageError(f"no backend is called {name!r}; there are {', '.join(known)}")
    return known[name]


def own_machines(campaign: Campaign) -> Backend:
    """One's own, at the price that the campaign states."""
    return Backend(
        name=OWN,
        region="here",
        dollars_per_cpu_hour=campaign.dollars_per_cpu_hour,
        dollars_per_gb_hour=0.0,
        worker_gb=1.0,
        starting_s=0.0,
        standby_dollars_per_hour=0.0,
        seen="",
        source="dollars_per_cpu_hour of the campaign",
    )
