"""A store of receiver Green tensors is made: receiver by receiver, going on where an earlier run was ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from wadati.errors import InputError
from wadati.greens.build import blamed
from wadati.greens.checks import measured
from wadati.greens.conditioning import conditioned
from wadati.greens.layout import MEASURES, STOP
from wadati.greens.quantisation import quantised
from wadati.greens.receiver_layout import ReceiverContents
from wadati.greens.reduced_time import check_pulse, in_reduced_time, lasting
from wadati.greens.storage import create, write_contents, writing
from wadati.model import Station
from wadati.protocols import Problem, StrainGenerator, Strains
from wadati.traveltime.geodesy import LocalFrame

Floats = npt.NDArray[np.float64]


def build_receivers(
    url: str,
    contents: ReceiverContents,
    generator: StrainGenerator,
    *,
    start: Callable[[int], None] = lambda _: None,
    step: Callable[[], None] = lambda: None,
) -> tuple[ReceiverContents, list[Problem]]:
    """Make the store of a URL hold this, with what its checks found; receivers that are there are left as they are.

    `start` is told how many receivers are to be made, `step` that one more is. The problems are checks that found more
    than `checks.LIMITS` allows. Raises `InputError` where the store holds something else or its place cannot be
    written, and for strains that are none, end too soon or come from too long a pulse.
    """
    with writing(url):
        group = create(url, contents)
        missing = [i for i in range(len(contents.receivers)) if not np.isfinite(group["scale"][i]).all()]
        start(len(missing))
        for receiver in missing:
            _make(group, contents, generator, receiver)
            step()
        worst = group["quality"][:].max(axis=(0, 1))
        checked = {name: float(share) for name, share in zip(MEASURES, worst, strict=True)}
        whole = msgspec.structs.replace(contents, checked=checked)
        write_contents(group, whole)
    return whole, blamed(url, checked)


def _make(group: Any, contents: ReceiverContents, generator: StrainGenerator, index: int) -> None:
    region, receiver = contents.region, contents.receivers[index]
    east, north = LocalFrame(region.latitude, region.longitude).to_xy(receiver.latitude, receiver.longitude)
    place = np.array([float(north), float(east)])
    every = np.stack(np.meshgrid(*(axis.values for axis in region.axes), indexing="ij"), axis=-1).reshape(-1, 3)
    shape = tuple(axis.count for axis in region.axes)
    first = contents.first_points()
    offsets = np.stack(np.meshgrid(*map(np.arange, contents.points), indexing="ij"), axis=-1).reshape(-1, 3)
    reduced, stop = contents.reduced, STOP * contents.band[1]
    until = reduced.start_s + reduced.samples / reduced.sampling_rate_hz + contents.delays(every, place).max()
    highest = reduced.sampling_rate_hz / 2
    found = []
    for component in contents.components:
        found.append(generator.strains(receiver, (place[0], place[1]), component, every, float(until), highest))
        _check(found[-1], contents, receiver, float(until))
    scales = np.empty(group["scale"].shape[1:], np.float32)
    worst = np.zeros((len(contents.components), len(MEASURES)), np.float32)
    for block, begin in enumerate(first):
        rows = np.ravel_multi_index(tuple((begin + offsets).T), shape)
        delays = contents.delays(every[rows], place)
        starts, arrivals = reduced.start_s + delays, delays * reduced.velocity / contents.fastest
        counts = np.empty(group["rgt"].shape[1:2] + group["rgt"].shape[3:], np.int16)
        for c, one in enumerate(found):
            rates = np.asarray(one.rates[rows], np.float64)
            steps = in_reduced_time(rates, one.pulse, one.sampling_rate_hz, delays, reduced, stop)
            traces = conditioned(steps, contents)
            counts[c], scales[c, block] = quantised(traces)
            worst[c] = np.maximum(worst[c], measured(traces, contents, starts, arrivals).max(axis=0))
        # A chunk is written as a whole.
        group["rgt"][index, :, block] = counts
    group["quality"][index] = worst
    group["scale"][index] = scales


def _check(found: Strains, contents: ReceiverContents, receiver: Station, until: float) -> None:
    name, samples = f"receiver {'.'.join(receiver.key)}", found.rates.shape[-1]
    if not np.isfinite(found.rates).all():
        raise InputError(name, f"{contents.generator} gives numbers that are none", "make its time step smaller")
    check_pulse(name, found.pulse, found.sampling_rate_hz, samples, STOP * contents.band[1])
    end = lasting(found.pulse, found.sampling_rate_hz, samples)
    if end < until - 1 / contents.band[1]:
        raise InputError(
            name, f"strains end {end:g} s after the force, {until:g} s are needed", "run the program longer"
        )
