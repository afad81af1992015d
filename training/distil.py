"""Distillation (Hinton et al. 2015, arXiv:1503.02531): a published picker says what it sees in each example.

An analyst's label tells one instant of one record; a teacher tells of any mixture of records, noise and echoes how
probable an onset is at each sample. The teacher sees an example before it was damaged, the network after it, so it
learns to see through the damage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from training.pool import COMPONENTS, SAMPLES
from training.teachers import Teacher

AT_ONCE = 64
"""Windows that a teacher sees at once: more would not stay in the caches."""
BLIND = 200
"""Samples at either end of a teacher's window where it is not asked."""


class Traced(nn.Module):
    """A teacher as one function: normalised windows (window, component, sample) to P and S (window, phase, sample)."""

    def __init__(self, teacher: Teacher) -> None:
        super().__init__()
        self.network = teacher.network
        self.order = [COMPONENTS.index(component) for component in teacher.order]
        self.rows = teacher.rows
        self.samples, self.peak = teacher.samples, teacher.peak

    def forward(self, windows: Tensor) -> Tensor:
        """Each component less its mean over its standard deviation or its largest sample, in the teacher's order."""
        windows = windows[:, self.order]
        windows = windows - windows.mean(dim=-1, keepdim=True)
        size = windows.abs().amax(-1, keepdim=True) if self.peak else windows.std(-1, correction=0, keepdim=True)
        return self.network(windows / torch.where(size > 0, size, torch.ones_like(size)))[:, self.rows]


@dataclass(frozen=True)
class Chair:
    """One traced teacher with its window and its delay in samples."""

    network: torch.jit.ScriptModule
    samples: int
    delay: int


def save(teachers: Sequence[Teacher], path: Path) -> None:
    """Write those teachers that fit into our windows, so that training needs nothing but torch."""
    held = []
    for teacher in teachers:
        if teacher.samples <= SAMPLES:
            example = torch.randn(2, 3, teacher.samples, generator=torch.Generator().manual_seed(0))
            with torch.no_grad():
                traced = torch.jit.trace(Traced(teacher).eval(), example)
            name = path.with_name(f"{path.stem}-{len(held)}.pt")
            traced.save(str(name))
            held.append((name.name, teacher.samples, teacher.delay))
    part = path.with_suffix(".part")
    torch.save(held, part)
    part.replace(path)


class Distiller:
    """Targets in which labels and teachers have their say."""

    def __init__(self, path: Path) -> None:
        self._chairs = [
            Chair(
                torch.jit.freeze(torch.jit.load(str(path.with_name(name)), map_location="cpu").eval()), samples, delay
            )
            for name, samples, delay in torch.load(path, weights_only=True)
        ]

    @torch.no_grad()
    def targets(self, clean: Tensor, target: Tensor, weight: Tensor, trust: Tensor) -> tuple[Tensor, Tensor]:
        """Target (window, phase, sample) and weight (window, 1, sample) of each sample.

        Where labels are in doubt (weight 0) the teachers speak alone, where a window has no `trust` in them, labels do.
        """
        dead = clean.abs().amax(dim=-1, keepdim=True) == 0
        lent = clean[torch.arange(len(clean)), (~dead[..., 0]).int().argmax(dim=1)][:, None]
        clean = torch.where(dead, lent, clean)
        seen = torch.zeros_like(target)
        asked = torch.ones_like(target[:, :1])
        for chair in self._chairs:
            first = (SAMPLES - chair.samples) // 2
            windows = clean[..., first : first + chair.samples]
            curves = torch.cat([chair.network(some).float() for some in windows.split(AT_ONCE)])
            low, high = first + BLIND, first + chair.samples - BLIND
            seen[..., low:high] += curves[..., BLIND + chair.delay : chair.samples - BLIND + chair.delay]
            asked[..., :low] = 0
            asked[..., high:] = 0
        share = trust[:, None, None] * asked
        own = weight[:, None] * (1 - share)
        total = own + share
        mixed = own * target + share * seen / len(self._chairs)
        return torch.where(total > 0, mixed / total.clamp(min=1e-6), target), total
