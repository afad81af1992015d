"""The network as it is exported: its layers at the full rate work on four samples at a time, with the same result.

A convolution of few channels leaves most of a vector unit idle. The same convolution of columns that hold `TOGETHER`
neighbouring samples of each channel has as many times the channels, and some zeros among its weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.network import Network, unpacked, views

TOGETHER = 4


class Packed(nn.Module):
    """Windows (window, component, sample) to curves and first motions as `Network` gives them."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.halves = network.pack_size // TOGETHER
        self.near = _strided(network.near)
        self.far = nn.Conv1d(network.far.in_channels, network.far.out_channels, 1)
        order = _order(network.far.out_channels, self.halves)
        self.far.load_state_dict({name: values[order] for name, values in network.far.state_dict().items()})
        self.fine = _together(network.fine)
        self.last = _together(_with_falling(network.last))

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of P and S, and of an upward and a downward first motion."""
        both = views(windows)
        x = self.near(both) + unpacked(self.far(self.network.columns(both)), self.halves)
        x = functional.relu(x)
        x = functional.relu(self.fine(x) + x)
        found = unpacked(torch.sigmoid(self.last(x)), TOGETHER)
        return found[:, :2], found[:, 2:]

    def loosened(self) -> Network:
        """The network, whose layers at the full rate are those of this one again."""
        network, reach = self.network, self.network.near.kernel_size[0]
        order = torch.argsort(_order(network.far.out_channels, self.halves))
        with torch.no_grad():
            network.near.weight.copy_(self.near.weight[::TOGETHER, :, :reach])
            network.far.weight.copy_(self.far.weight[order])
            network.far.bias.copy_(self.far.bias[order])
            for loose, packed in (network.fine, self.fine), (network.last, self.last):
                taps = packed.weight[::TOGETHER].unflatten(1, (-1, TOGETHER)).transpose(2, 3).flatten(2)
                first = TOGETHER * packed.padding[0] - loose.padding[0]
                loose.weight.copy_(taps[: loose.out_channels, :, first : first + reach])
            for loose, packed in (network.near, self.near), (network.fine, self.fine), (network.last, self.last):
                loose.bias.copy_(packed.bias[::TOGETHER][: loose.out_channels])
        return network


def _order(channels: int, halves: int) -> Tensor:
    """Channels (channel, part of a column, sample of the part) as (channel, sample of the part, part of a column)."""
    return torch.arange(channels).view(-1, halves, TOGETHER).transpose(1, 2).flatten()


def _strided(layer: nn.Conv1d) -> nn.Conv1d:
    """From samples to columns (channel and sample, column)."""
    outputs, inputs, reach = layer.weight.shape
    weight = torch.zeros(outputs * TOGETHER, inputs, reach + TOGETHER - 1)
    for sample in range(TOGETHER):
        weight[sample::TOGETHER, :, sample : sample + reach] = layer.weight.detach()
    return _filled(weight, layer, stride=TOGETHER, padding=reach // 2)


def _together(layer: nn.Conv1d) -> nn.Conv1d:
    """From columns to columns, both (channel and sample, column)."""
    outputs, inputs, reach = layer.weight.shape
    beyond = -(-(reach // 2) // TOGETHER)
    weight = torch.zeros(outputs * TOGETHER, inputs * TOGETHER, 2 * beyond + 1)
    for sample in range(TOGETHER):
        for tap in range(reach):
            column, other = divmod(sample + tap - reach // 2, TOGETHER)
            weight[sample::TOGETHER, other::TOGETHER, column + beyond] = layer.weight.detach()[:, :, tap]
    return _filled(weight, layer, stride=1, padding=beyond)


def _with_falling(layer: nn.Conv1d) -> nn.Conv1d:
    """A fourth output beside P, S and an upward first motion: the log-odds of a downward one."""
    weight = layer.weight.detach()
    more = nn.Conv1d(layer.in_channels, 4, layer.kernel_size[0], padding=layer.padding[0])
    bias = layer.bias.detach()
    more.load_state_dict({"weight": torch.cat([weight, -weight[2:]]), "bias": torch.cat([bias, -bias[2:]])})
    return more


def _filled(weight: Tensor, like: nn.Conv1d, *, stride: int, padding: int) -> nn.Conv1d:
    outputs, inputs, reach = weight.shape
    layer = nn.Conv1d(inputs, outputs, reach, stride, padding)
    layer.load_state_dict({"weight": weight, "bias": like.bias.detach().repeat_interleave(TOGETHER)})
    return layer
