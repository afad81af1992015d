"""Training itself: cross entropy against soft targets, averaged weights, resumed where it was stopped."""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.augment import Augmenter
from training.network import Network

BATCH = 64
RATE_AT_BEST, RATE_AT_END = 3e-3, 2e-5
WARM_UP = 300
DECAY = 0.998
FIRST_MOTION_SHARE = 0.02
SAVE_EVERY = 250


def fit(augmenter: Augmenter, steps: int, folder: Path, seed: int) -> Network:
    """The network after so many steps; the averaged weights are what is used.

    `folder` keeps a checkpoint, from which a stopped training goes on with the same examples it would have seen.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network, mean = Network(), Network()
    mean.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE_AT_BEST, weight_decay=0.01)
    first = 0
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        held = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(held["network"])
        mean.load_state_dict(held["mean"])
        optimiser.load_state_dict(held["optimiser"])
        first = held["step"]
    network.train()
    losses = []
    began = time.monotonic()
    for step, batch in zip(range(first, steps), _batches(augmenter, first, steps), strict=False):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, steps)
        loss = _loss(network, *(torch.from_numpy(part) for part in batch))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        _average(mean, network, min(DECAY, (step + 1) / (step + 10)))
        losses.append(float(loss.detach()))
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            rate = len(losses) * BATCH / (time.monotonic() - began)
            print(
                f"step {step + 1} of {steps}: loss {np.mean(losses[-SAVE_EVERY:]):.5f}, {rate:.0f} windows/s",
                flush=True,
            )
            state = {
                "network": network.state_dict(),
                "mean": mean.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step + 1,
            }
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
    return mean.eval()


def _rate(step: int, steps: int) -> float:
    """Warm up, fall along a cosine that would end at four thirds of the steps, cool down over the last two ninths."""
    if step < WARM_UP:
        return RATE_AT_BEST * (step + 1) / WARM_UP
    share = (step - WARM_UP) / max(steps * 4 // 3 - WARM_UP, 1)
    rate = RATE_AT_END + (RATE_AT_BEST - RATE_AT_END) * (1 + math.cos(math.pi * share)) / 2
    return rate * min(1.0, (steps - step) / (steps * 2 / 9))


def _loss(network: Network, data: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, motion: torch.Tensor):
    classes, up = network.logits(data)
    entropy = functional.binary_cross_entropy_with_logits(classes, target, reduction="none").sum(dim=1)
    loss = (entropy * weight).sum() / weight.sum()
    known = motion != 0
    if known.any():
        signs = functional.binary_cross_entropy_with_logits(up[known], (motion[known] + 1) / 2)
        loss = loss + FIRST_MOTION_SHARE * signs
    return loss


def _average(mean: Network, network: Network, decay: float) -> None:
    with torch.no_grad():
        for slow, fast in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
            if slow.dtype.is_floating_point:
                slow.lerp_(fast, 1 - decay)
            else:
                slow.copy_(fast)


_augmenter: Augmenter | None = None


def _draw(number: int):
    assert _augmenter is not None
    return _augmenter.batch(number, BATCH)


def _batches(augmenter: Augmenter, first: int, steps: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches in order of their numbers, drawn by another process ahead of time."""
    global _augmenter  # noqa: PLW0603 - inherited by the forked process
    _augmenter = augmenter
    with multiprocessing.get_context("fork").Pool(1) as pool:
        yield from _ahead(pool, first, steps)


def _ahead(pool, first: int, steps: int, depth: int = 12) -> Iterator[tuple[np.ndarray, ...]]:
    waiting = [pool.apply_async(_draw, (number,)) for number in range(first, min(first + depth, steps))]
    for number in range(first, steps):
        yield waiting.pop(0).get()
        if number + depth < steps:
            waiting.append(pool.apply_async(_draw, (number + depth,)))
