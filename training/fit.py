"""Training itself: cross entropy against soft targets, averaged weights, resumed where it was stopped."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from training import packed
from training.augment import Augmenter
from training.distil import Distiller
from training.network import Network
from training.pool import digest
from training.start import read

BATCH = 256
RATE_AT_BEST, RATE_AT_START, RATE_AT_END = 3e-3, 1.5e-3, 2e-5
"""Rates of learning: the highest from nothing, the highest from weights that were trained before, the lowest."""
WARM_UP = 300
DECAY = 0.998
FIRST_MOTION_SHARE = 0.02
P_AHEAD = 0.75
"""Samples by which targets of P are set ahead: by so many in the median our picks come after them otherwise, also on
records that training knows. What is learned then has no delay."""
SAVE_EVERY = 250
CHECKPOINT = "checkpoint.pt"


def fit(
    augmenter: Augmenter, teachers: Path, steps: int, folder: Path, seed: int, start: Path | None = None
) -> Network:
    """The network after so many steps; the averaged weights are what is used.

    `teachers` is what `training.distil.save` wrote; `start` is an exported network to go on from. A GPU is used where
    there is one. `folder` keeps a checkpoint, from which a stopped training goes on with the same examples it would
    have seen. Matrices are multiplied in bfloat16. Raises `SystemExit` where the checkpoint is of another start, seed
    or number of steps.
    """
    begun = {"start": digest([start]) if start else "", "seed": seed, "steps": steps}
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = True
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batches = _Batches(augmenter, Distiller(teachers))
    network, mean = Network().to(device), Network().to(device)
    if start is not None:
        network.load_state_dict(read(start, torch.from_numpy(augmenter.batch(0, 2 * BATCH).data)).state_dict())
    mean.load_state_dict(network.state_dict())
    highest = RATE_AT_BEST if start is None else RATE_AT_START
    optimiser = torch.optim.AdamW(network.parameters(), lr=highest, weight_decay=0.01, fused=device.type == "cuda")
    by = f"torch {torch.__version__}, {torch.cuda.get_device_name() if device.type == 'cuda' else 'CPU'}"
    first = 0
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        held = torch.load(checkpoint, weights_only=True, map_location=device)
        if held.get("begun") != begun:
            raise SystemExit(
                f"{folder} was begun from other weights, or with other --seed or --steps: name another, or remove it"
            )
        network.load_state_dict(held["network"])
        mean.load_state_dict(held["mean"])
        optimiser.load_state_dict(held["optimiser"])
        first = held["step"]
    network.train()
    losses = torch.zeros((), device=device)
    began = time.monotonic()
    numbers = range(first, steps)
    for step, batch in zip(numbers, _loaded(batches, numbers, device), strict=True):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, steps, highest)
        data, target, weight, motion = batch
        with torch.autocast(device.type, torch.bfloat16):
            curves = packed.logits(network, data)
        loss = _loss(curves, target, weight, motion)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        _average(mean, network, min(DECAY, (step + 1) / (step + 10)))
        losses += loss.detach()
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            count = step % SAVE_EVERY + 1
            rate = count * BATCH / (time.monotonic() - began)
            print(f"step {step + 1} of {steps}: loss {losses / count:.5f}, {rate:.0f} windows/s", flush=True)
            losses.zero_()
            began = time.monotonic()
            state = {
                "network": network.state_dict(),
                "mean": mean.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step + 1,
                "by": by,
                "begun": begun,
            }
            torch.save(state, checkpoint.with_suffix(".part"))
            checkpoint.with_suffix(".part").replace(checkpoint)
    return mean.cpu().eval()


def fitted_by(folder: Path) -> str:
    """The torch and the device that a checkpoint's training ended on."""
    by: str = torch.load(folder / CHECKPOINT, weights_only=True, map_location="cpu")["by"]
    return by


def _rate(step: int, steps: int, highest: float) -> float:
    """Warm up, fall along a cosine that would end at four thirds of the steps, cool down over the last two ninths."""
    if step < WARM_UP:
        return highest * (step + 1) / WARM_UP
    share = (step - WARM_UP) / max(steps * 4 // 3 - WARM_UP, 1)
    rate = RATE_AT_END + (highest - RATE_AT_END) * (1 + math.cos(math.pi * share)) / 2
    return rate * min(1.0, (steps - step) / (steps * 2 / 9))


def _loss(curves: tuple[Tensor, Tensor], target: Tensor, weight: Tensor, motion: Tensor) -> Tensor:
    classes, up = (part.float() for part in curves)
    entropy = functional.binary_cross_entropy_with_logits(classes, target, reduction="none")
    loss = (entropy * weight).sum() / weight.sum()
    known = (motion != 0).float()
    signs = functional.binary_cross_entropy_with_logits(up, (motion + 1) / 2, reduction="none")
    return loss + FIRST_MOTION_SHARE * (signs * known).sum() / known.sum().clamp(min=1)


def _average(mean: Network, network: Network, decay: float) -> None:
    with torch.no_grad():
        pairs = list(zip(mean.state_dict().values(), network.state_dict().values(), strict=True))
        slow, fast = zip(*(pair for pair in pairs if pair[0].dtype.is_floating_point), strict=True)
        torch._foreach_lerp_(slow, fast, 1 - decay)
        for counter, other in (pair for pair in pairs if not pair[0].dtype.is_floating_point):
            counter.copy_(other)


class _Batches(Dataset[tuple[Tensor, ...]]):
    """Batches by their numbers: windows, targets, weights, first motions."""

    def __init__(self, augmenter: Augmenter, distiller: Distiller) -> None:
        self._augmenter, self._distiller = augmenter, distiller

    def __getitem__(self, number: int) -> tuple[Tensor, ...]:
        data, target, weight, motion, clean, trust = map(torch.from_numpy, self._augmenter.batch(number, BATCH))
        with torch.autocast("cpu", torch.bfloat16):
            target, weight = self._distiller.targets(clean, target, weight, trust)
        return data.half(), earlier(target).half(), weight.half(), motion


def earlier(target: Tensor) -> Tensor:
    """Targets (window, phase, sample) with the curves of P `P_AHEAD` samples earlier."""
    p = target[:, :1]
    moved = (1 - P_AHEAD) * p + P_AHEAD * functional.pad(p[..., 1:], (0, 1))
    return torch.cat([moved, target[:, 1:]], dim=1)


def _loaded(batches: _Batches, numbers: range, device: torch.device) -> Iterator[tuple[Tensor, ...]]:
    """Batches in order of their numbers, drawn by other processes ahead of time, in half precision on their way."""
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=numbers,
        num_workers=max((os.cpu_count() or 2) - 1, 1),
        multiprocessing_context="fork",
        prefetch_factor=4,
        pin_memory=device.type == "cuda",
    )
    for batch in loader:
        yield tuple(part.to(device, torch.float32, non_blocking=True) for part in batch)
