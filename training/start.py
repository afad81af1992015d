"""The network again out of an exported file, so that training can go on from weights that lie in the wheel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.network import Network
from training.packed import Packed


def read(path: Path, windows: Tensor) -> Network:
    """The network of `path`, whose statistics of batch norm, folded on export, are those of `windows` again.

    Raises `ValueError` where the file holds another network.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in held:  # how the exporter writes equal weights
            held[node.output[0]] = held[node.input[0]]
    packed = Packed(Network()).eval()
    layers = [node.input[1:3] for node in graph.node if node.op_type == "Conv"]
    if any(name not in held for names in layers for name in names):
        raise ValueError(f"{path} is not as training.export writes it: weights of a layer are computed")
    filling = _Filling([[held[name] for name in names] for names in layers])
    hooks = []
    for module in packed.modules():
        if isinstance(module, nn.Conv1d):
            hooks.append(module.register_forward_pre_hook(filling.convolution))
        elif isinstance(module, nn.BatchNorm1d):
            hooks.append(module.register_forward_pre_hook(filling.norm))
    with torch.no_grad():
        packed(windows)
    for hook in hooks:
        hook.remove()
    if filling.left:
        raise ValueError(f"{path} has more layers than the network of training.network")
    return packed.loosened()


class _Filling:
    """Fills layers in the order in which data reach them, which is that of the file."""

    def __init__(self, layers: list[list[np.ndarray]]) -> None:
        self.left = layers
        self._bias = torch.zeros(0)

    def convolution(self, module: nn.Conv1d, inputs: tuple[Tensor, ...]) -> None:  # noqa: ARG002
        """The weights of the file; the bias waits where a batch norm follows."""
        if not self.left:
            raise ValueError("the file has fewer layers than the network of training.network")
        weight, bias = (torch.from_numpy(np.array(part)) for part in self.left.pop(0))
        if weight.shape != module.weight.shape:
            raise ValueError(f"a layer of {tuple(module.weight.shape)} is {tuple(weight.shape)} in the file")
        module.weight.copy_(weight)
        if module.bias is None:
            self._bias = bias
        else:
            module.bias.copy_(bias)

    def norm(self, module: nn.BatchNorm1d, inputs: tuple[Tensor, ...]) -> None:
        """Statistics of what comes in, and the gain and offset that make of it what the folded convolution gave."""
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2), correction=0)
        module.running_var.copy_(variance)
        module.running_mean.copy_(mean)
        module.weight.copy_(torch.sqrt(variance + module.eps))
        module.bias.copy_(mean + self._bias)
