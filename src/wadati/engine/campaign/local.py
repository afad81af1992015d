"""A campaign, from what is left of it to its catalog; who picks is what the Flow says under `[compute]`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec

from wadati.engine.campaign import cluster_workers, workers
from wadati.engine.campaign.association_shards import associate
from wadati.engine.campaign.commit import Manifest
from wadati.engine.campaign.finish import finish
from wadati.engine.campaign.opened import Opened, open_campaign
from wadati.engine.campaign.picking_shard import work_on
from wadati.engine.campaign.purse import Purse
from wadati.engine.campaign.shards import PickingShard
from wadati.engine.compute import Dask
from wadati.engine.flow import Flow
from wadati.engine.local import SILENT, Result
from wadati.engine.mechanisms import check_greens
from wadati.engine.progress import Progress
from wadati.errors import NothingUsableError, UsageError

_ASKED_AT_ONCE = 16


class StoppedError(NothingUsableError):
    """A campaign that ended before its end because it was told to; all that was done stays."""

    exit_code = 4


class Piece(msgspec.Struct, frozen=True):
    """What came of a piece of work, in words; whether it was done, days that failed included."""

    words: str
    was_done: bool = True


def run(flow: Flow, *, budget: float | None = None, progress: Progress = SILENT) -> Result:
    """Do what is left of a campaign and write its catalog.

    With a `budget` (dollars) no shard is begun that would pass it. Raises `StoppedError` where that or `wadati cancel`
    stopped it, `UsageError` for settings that cannot be.
    """
    flow.check("pickers", "associators", "locators", "attenuation")
    check_greens(flow)
    opened = open_campaign(flow)
    opened.place.remove(f"{opened.name}/cancelled")
    done = pick(opened, flow.workers or 1, budget, progress)
    chain = associate(opened, done, progress)
    return finish(opened, [manifest for _, manifest in done], chain, progress)


def run_shard(flow: Flow, name: str, *, progress: Progress = SILENT) -> Piece:
    """One piece of work, as a batch system hands it out: a picking shard by its name or number, or `associate` or
    `finish`; what came of it.

    A piece that is done is not done again, and of one that was cancelled nothing is. Raises `UsageError` for a name
    that no piece has, `NothingUsableError` where picking shards are missing for what follows.
    """
    opened = open_campaign(flow)
    if opened.is_cancelled:
        return Piece("cancelled", was_done=False)
    if name in ("associate", "finish"):
        done = manifests(opened)
        left = [shard for shard, manifest in done.items() if manifest is None]
        if left:
            raise NothingUsableError(
                f"{len(left)} of {len(done)} picking shards are not done, the first {left[0].name}"
            )
        picked = [(shard, manifest) for shard, manifest in done.items() if manifest is not None]
        chain = associate(opened, picked, progress)
        if name == "associate":
            return Piece(f"{len(chain)} association shards are done")
        result = finish(opened, [manifest for _, manifest in picked], chain, progress)
        return Piece(f"{len(result.catalog)} events")
    by_name = {shard.name: shard for shard in opened.shards}
    by_name |= {str(number): shard for number, shard in enumerate(opened.shards)}
    if name not in by_name:
        raise UsageError(
            f"no shard is called {name!r}: there are 0 to {len(opened.shards) - 1}, associate and finish; "
            "names are the same where Wadati's version and the files of the flow are"
        )
    shard = by_name[name]
    manifest = opened.shelf.manifest(shard.path)
    if manifest is None:
        manifest = work_on(shard, opened, flow.part("pickers"), opened.known())
    words = f"{shard.name}: {len(manifest.units)} days of {shard.unit}, {len(manifest.failed)} failed"
    return Piece(words)


def pick(opened: Opened, count: int, budget: float | None, progress: Progress) -> list[tuple[PickingShard, Manifest]]:
    """All picking shards with their manifests; those that are not done are done by `count` workers."""
    done = manifests(opened)
    left = [shard for shard, manifest in done.items() if manifest is None]
    purse = Purse(opened, [manifest for manifest in done.values() if manifest is not None], budget)
    progress.start("pick", len(done))
    for _ in range(len(done) - len(left)):
        progress.step("pick")
    compute = opened.flow.compute
    shared = opened, left, count, purse
    found_by = cluster_workers.work(*shared, compute) if isinstance(compute, Dask) else workers.work(*shared)
    for shard, manifest in found_by:
        done[shard] = manifest
        purse.pay(manifest)
        progress.step("pick")
    found = [(shard, manifest) for shard, manifest in done.items() if manifest is not None]
    words = f"{sum(unit.picks for _, manifest in found for unit in manifest.units)} picks"
    if failed := sum(len(manifest.failed) for _, manifest in found):
        words += f"; {failed} station-days failed: wadati status says why, wadati retry tries them again"
    progress.finish("pick", words)
    if len(found) < len(done):
        why = "it was cancelled" if opened.is_cancelled else f"more would pass the budget of ${budget:g}"
        raise StoppedError(
            f"{len(found)} of {len(done)} picking shards are done, ${purse.spent:.2f} spent: {why}; "
            "wadati run goes on from here"
        )
    return found


def manifests(opened: Opened) -> dict[PickingShard, Manifest | None]:
    """Each picking shard with its manifest, where it has one; asked for by name, some at a time."""
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        found = pool.map(lambda shard: opened.shelf.manifest(shard.path), opened.shards)
        return dict(zip(opened.shards, found, strict=True))
