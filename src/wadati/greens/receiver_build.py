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
from wadati.greens.spectra import taper
from wadati.greens.storage import create, write_contents
from wadati.model import Station
from wadati.protocols import Problem, StrainGenerator, Strains
from wadati.traveltime.geodesy import LocalFrame

Floats = npt.NDArray[np.float64]

_WINDOWS = 2
"""As many times the length of a trace as is computed, so that what is tapered at the end lies beyond it."""
_LEAST = 0.01
"""The least share of its mean that a pulse must hold at every frequency kept."""


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
    than `checks.LIMITS` allows. Raises `InputError` where the store holds something else, and for strains that are
    none, end too soon or come from too long a pulse.
    """
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
    reduced = contents.reduced
    until = reduced.start_s + reduced.samples / reduced.sampling_rate_hz + contents.delays(every, place).max()
    scales = np.empty(group["scale"].shape[1:], np.float32)
    worst = np.zeros((len(contents.components), len(MEASURES)), np.float32)
    for c, component in enumerate(contents.components):
        highest = _WINDOWS * contents.band[1]
        found = generator.strains(receiver, (place[0], place[1]), component, every, float(until), highest)
        _check(found, contents, receiver, float(until))
        for block, begin in enumerate(first):
            rows = np.ravel_multi_index(tuple((begin + offsets).T), shape)
            delays = contents.delays(every[rows], place)
            traces = conditioned(in_reduced_time(found, rows, delays, contents), contents)
            counts, scales[c, block] = quantised(traces)
            group["rgt"][index, c, block] = counts
            away = delays * reduced.velocity
            shares = measured(traces, contents, reduced.start_s + delays, away / contents.fastest)
            worst[c] = np.maximum(worst[c], shares.max(axis=0))
    group["quality"][index] = worst
    group["scale"][index] = scales


def _check(found: Strains, contents: ReceiverContents, receiver: Station, until: float) -> None:
    name = f"receiver {'.'.join(receiver.key)}"
    if not np.isfinite(found.rates).all():
        raise InputError(name, f"{contents.generator} gives numbers that are none", "make its time step smaller")
    samples = found.rates.shape[-1]
    middle = (np.arange(len(found.pulse)) * found.pulse).sum() / found.pulse.sum()
    end = (samples - 1 - middle) / found.sampling_rate_hz
    if end < until - 1 / contents.band[1]:
        raise InputError(
            name, f"strains end {end:g} s after the force, {until:g} s are needed", "run the program longer"
        )
    stop = STOP * contents.band[1]
    if found.sampling_rate_hz < 2 * stop:
        wrong = f"{found.sampling_rate_hz:g} samples a second do not hold {stop:g} Hz"
        raise InputError(name, wrong, "let the program write more often, or end the band lower")
    spectrum = np.abs(np.fft.rfft(found.pulse, max(4 * samples, 4096)))
    within = np.fft.rfftfreq(max(4 * samples, 4096), 1 / found.sampling_rate_hz) <= stop
    if spectrum[within].min() < _LEAST * spectrum[0]:
        wrong = f"its force holds too little of frequencies up to {stop:g} Hz"
        raise InputError(name, wrong, "let the force grow within a shorter time, or end the band lower")


def in_reduced_time(found: Strains, rows: npt.NDArray[np.int64], delays: Floats, contents: ReceiverContents) -> Floats:
    """Strain rates for a force that steps, of some rows, in the reduced time of a store; twice as long as it needs.

    The pulse is divided out of the spectra; frequencies beyond what the store holds fall off before its Nyquist
    frequency.
    """
    reduced = contents.reduced
    rate, samples = found.sampling_rate_hz, found.rates.shape[-1]
    wanted = reduced.start_s + np.arange(_WINDOWS * reduced.samples) / reduced.sampling_rate_hz
    # What wraps around comes to lie beyond all that is wanted.
    size = samples + int(np.ceil((wanted[-1] + delays.max() - wanted[0]) * rate))
    frequency = np.fft.rfftfreq(size, 1 / rate).astype(np.float64)
    stop, nyquist = STOP * contents.band[1], reduced.sampling_rate_hz / 2
    kept = frequency < nyquist
    frequency = frequency[kept]
    pulse = np.fft.rfft(found.pulse, size)[kept] / rate
    act = taper(frequency, stop, nyquist) * np.where(frequency > 0, 2.0, 1.0) / size
    act = act / np.where(act > 0, pulse, 1.0)
    spectra = np.fft.rfft(np.asarray(found.rates[rows], np.float64), size, axis=-1)[..., kept] * act
    spectra *= np.exp(2j * np.pi * frequency * delays[:, None])[:, None, :]
    turns = np.exp(2j * np.pi * frequency[:, None] * wanted)
    return np.asarray(spectra.real @ turns.real - spectra.imag @ turns.imag)
