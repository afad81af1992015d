"""The trained network as ONNX, and proof that it computes the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from training.network import Network
from training.packed import Packed
from training.pool import SAMPLES

OPSET = 17


def export(network: Network, path: Path) -> float:
    """Write the network, batch norm folded into the convolutions and samples packed at the full rate; the largest
    difference from torch is returned.

    Raises `RuntimeError` where a probability differs by more than 1e-5.
    """
    import onnxruntime

    network = network.eval()
    example = torch.randn(2, 3, SAMPLES, generator=torch.Generator().manual_seed(0))
    torch.onnx.export(
        Packed(network).eval(),
        (example,),
        path,
        input_names=["windows"],
        output_names=["curves", "first_motion"],
        dynamic_axes={name: {0: "window", 2: "sample"} for name in ("windows", "curves", "first_motion")},
        opset_version=OPSET,
        dynamo=False,
    )
    with torch.no_grad():
        wanted = [part.numpy() for part in network(example)]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, {"windows": example.numpy()})
    worst = max(float(np.abs(a - b).max()) for a, b in zip(wanted, found, strict=True))
    if worst > 1e-5:
        raise RuntimeError(f"the exported network differs from the trained one by {worst:g}")
    return worst
