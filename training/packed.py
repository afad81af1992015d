"""The network as it is trained and exported: its layers at the full rate work on four samples at a time, with the same
result.

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
        near, fine, last = network.near, network.fine, _with_falling(network.last)
        reach = near.kernel_size[0]
        self.near = _layer(_strided(near.weight), near.bias, stride=TOGETHER, padding=reach // 2)
        self.far = nn.Conv1d(network.far.in_channels, network.far.out_channels, 1)
        order = _order(network.far.out_channels, self.halves)
        self.far.load_state_dict({name: values[order] for name, values in network.far.state_dict().items()})
        self.fine = _layer(_together(fine.weight), fine.bias, padding=_beyond(reach))
        self.last = _layer(_together(last.weight), last.bias, padding=_beyond(reach))

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


def logits(network: Network, windows: Tensor) -> tuple[Tensor, Tensor]:
    """What `Network.logits` gives and how it changes with the weights, for training in two thirds of the time."""
    both, halves = views(windows), network.pack_size // TOGETHER
    near, far, fine, last = network.near, network.far, network.fine, network.last
    reach = near.kernel_size[0]
    order = _order(far.out_channels, halves)
    known = functional.conv1d(network.columns(both), far.weight[order], far.bias[order])
    x = functional.conv1d(
        both, _strided(near.weight), near.bias.repeat_interleave(TOGETHER), stride=TOGETHER, padding=reach // 2
    )
    x = functional.relu(unpacked(known, halves) + x)
    x = functional.relu(x + _applied(fine, x))
    samples = unpacked(_applied(last, x), TOGETHER)
    return samples[:, :2], samples[:, 2]


def _order(channels: int, halves: int) -> Tensor:
    """Channels (channel, part of a column, sample of the part) as (channel, sample of the part, part of a column)."""
    return torch.arange(channels).view(-1, halves, TOGETHER).transpose(1, 2).flatten()


def _strided(weight: Tensor) -> Tensor:
    """Weights from samples to samples as those from samples to columns (channel and sample, column)."""
    later = [functional.pad(weight, (sample, TOGETHER - 1 - sample)) for sample in range(TOGETHER)]
    return torch.stack(later, dim=1).flatten(0, 1)


def _together(weight: Tensor) -> Tensor:
    """Weights from samples to samples as those from columns to columns, both (channel and sample, column)."""
    reach = weight.shape[2]
    taps = TOGETHER * (2 * _beyond(reach) + 1)
    first = TOGETHER * _beyond(reach) - reach // 2
    later = [functional.pad(weight, (first + sample, taps - reach - first - sample)) for sample in range(TOGETHER)]
    return torch.stack(later, dim=1).flatten(0, 1).unflatten(2, (-1, TOGETHER)).transpose(2, 3).flatten(1, 2)


def _applied(layer: nn.Conv1d, columns: Tensor) -> Tensor:
    """What a layer from samples to samples makes of columns (window, channel and sample, column)."""
    weight, bias = _together(layer.weight), layer.bias.repeat_interleave(TOGETHER)
    return functional.conv1d(columns, weight, bias, padding=_beyond(layer.kernel_size[0]))


def _beyond(reach: int) -> int:
    """Columns on either side that so many samples reach into."""
    return -(-(reach // 2) // TOGETHER)


def _with_falling(layer: nn.Conv1d) -> nn.Conv1d:
    """A fourth output beside P, S and an upward first motion: the log-odds of a downward one."""
    weight = layer.weight.detach()
    more = nn.Conv1d(layer.in_channels, 4, layer.kernel_size[0], padding=layer.padding[0])
    bias = layer.bias.detach()
    more.load_state_dict({"weight": torch.cat([weight, -weight[2:]]), "bias": torch.cat([bias, -bias[2:]])})
    return more


def _layer(weight: Tensor, bias: Tensor, *, stride: int = 1, padding: int) -> nn.Conv1d:
    outputs, inputs, reach = weight.shape
    layer = nn.Conv1d(inputs, outputs, reach, stride, padding)
    layer.load_state_dict({"weight": weight.detach(), "bias": bias.detach().repeat_interleave(TOGETHER)})
    return layer
