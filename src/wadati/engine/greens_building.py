"""A store of Green's functions from a velocity model: what `wadati greens build` does."""

from __future__ import annotations

import msgspec

from wadati.engine.progress import Progress, Silent
from wadati.errors import UsageError
from wadati.greens.axis import Axis
from wadati.greens.axisem import AxisemDatabase
from wadati.greens.build import build
from wadati.greens.layout import Contents, planned
from wadati.greens.pygrt import PyGrt
from wadati.greens.storage import writing
from wadati.model import VelocityModel
from wadati.protocols import GreensGenerator, Problem

_STAGE = "depths"


def build_store(
    url: str,
    model: VelocityModel,
    distances: Axis,
    depths: Axis,
    band: tuple[float, float],
    *,
    workers: int = 1,
    generator: GreensGenerator | None = None,
    progress: Progress | None = None,
) -> tuple[Contents, list[Problem]]:
    """Make a store, or go on with one that was begun; what it holds, and what its checks blame it for.

    Axes in metres, band in Hz. Raises `UsageError` for distances that end at 0, `InputError` where the store holds
    something else or its place cannot be written, `MissingExtraError` without the extra `wadati[greens]`.
    """
    if distances.stop <= 0:
        raise UsageError("the distances end at 0 km, where nothing goes on to; end them farther away")
    tell, maker = progress or Silent(), generator or PyGrt()
    contents = planned(model, distances, depths, band, maker.name, maker.version)
    if isinstance(maker, AxisemDatabase):
        contents = msgspec.structs.replace(contents, attenuation="as in the database")
    with writing(url):
        whole, problems = build(
            url,
            contents,
            maker,
            workers=workers,
            start=lambda total: tell.start(_STAGE, total),
            step=lambda: tell.step(_STAGE),
        )
    tell.finish(_STAGE, f"{depths.count} depths at {distances.count} distances")
    return whole, problems
