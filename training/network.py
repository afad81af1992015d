"""The network: a U-Net of PhaseNet's family that works on packed samples, made for throughput on a CPU.

PhaseNet (Zhu & Beroza 2019, doi:10.1093/gji/ggy423) spends most of its time on few channels at the full rate. Here the
first layer packs 8 samples into one column of 40 channels, and the last one unpacks them, so that all matrices are
wide. Two views of the data go in: the samples, and their steps through a curve that is steep at 0, in which a small
earthquake beside a large one and the noise before an onset keep their shape. P and S are told apart but do not exclude
each other, since the S of one earthquake may come with the P of another.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

PACK = 8
WIDTHS = (40, 64, 96, 128)
FINE, REACH = 8, 9
"""Channels and samples of the layers at the full rate, which join what lies near a sample with what the columns know.
No fewer samples would be cheaper as they are exported (`training.packed`)."""

HALF = 0.03
"""The step, in standard deviations of the window, that the steep curve takes to one half."""


class Convolution(nn.Sequential):
    """Convolution, batch norm (folded into it on export), ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__(
            nn.Conv1d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()
        )


class Residual(nn.Module):
    """Two convolutions whose result is added to the input."""

    def __init__(self, width: int, kernel: int = 3) -> None:
        super().__init__()
        self.first = Convolution(width, width, kernel, padding=kernel // 2)
        self.second = nn.Sequential(
            nn.Conv1d(width, width, kernel, padding=kernel // 2, bias=False), nn.BatchNorm1d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return functional.relu(x + self.second(self.first(x)))


def unpacked(x: Tensor, times: int) -> Tensor:
    """Columns (window, channel × times, column) as (window, channel, column × times)."""
    count, channels, columns = x.shape
    x = x.view(count, channels // times, times, columns).transpose(2, 3)
    return x.reshape(count, channels // times, times * columns)


def views(windows: Tensor) -> Tensor:
    """The samples, and their steps through the steep curve (window, view and component, sample)."""
    steps = windows - functional.pad(windows, (1, 0))[..., :-1]
    return torch.cat([windows, steps / (torch.abs(steps) + HALF)], dim=1)


class Up(nn.Module):
    """Four columns out of one, added to what the way down knew, then mixed."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.spread = nn.Conv1d(inputs, 4 * outputs, 1)
        self.mix = Convolution(outputs, outputs, kernel, padding=kernel // 2)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        """Four times the columns of `x`, those of `beside`."""
        return self.mix(unpacked(self.spread(x), 4) + beside)


class Network(nn.Module):
    """Normalised windows (window, component, sample) to curves (window, phase, sample) of P and S, and the probability
    of an upward and a downward first motion, had P its onset there (window, 2, sample)."""

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS, pack: int = PACK) -> None:
        super().__init__()
        a, b, c, d = widths
        self.pack = Convolution(6, a, 2 * pack, pack, pack // 2)
        self.down = nn.ModuleList([Convolution(a, b, 4, 4), Convolution(b, c, 4, 4), Convolution(c, d, 4, 4)])
        self.deep = nn.ModuleList([Residual(b), nn.Sequential(Residual(c), Residual(c)), Residual(d)])
        self.up = nn.ModuleList([Up(d, c), Up(c, b), Up(b, a)])
        self.pack_size = pack
        self.near = nn.Conv1d(6, FINE, REACH, padding=REACH // 2)
        self.far = nn.Conv1d(a, FINE * pack, 1)
        self.fine = nn.Conv1d(FINE, FINE, REACH, padding=REACH // 2)
        self.last = nn.Conv1d(FINE, 3, REACH, padding=REACH // 2)

    def logits(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds of P and S (window, phase, sample), and of an upward first motion (window, sample)."""
        both = views(windows)
        x = functional.relu(unpacked(self.far(self.columns(both)), self.pack_size) + self.near(both))
        samples = self.last(functional.relu(x + self.fine(x)))
        return samples[:, :2], samples[:, 2]

    def columns(self, both: Tensor) -> Tensor:
        """What is known of each column of packed samples, out of both views."""
        x = self.pack(both)
        beside = [x]
        for down, deep in zip(self.down, self.deep, strict=True):
            x = deep(down(x))
            beside.append(x)
        beside.pop()
        for up in self.up:
            x = up(x, beside.pop())
        return x

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of P and S, and of an upward and a downward first motion."""
        classes, up = self.logits(windows)
        rising = torch.sigmoid(up)
        return torch.sigmoid(classes), torch.stack([rising, 1 - rising], dim=1)
