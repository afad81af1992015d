"""What published pickers say of the pool: their curves aligned in time and averaged.

PhaseNet (Zhu & Beroza 2019, doi:10.1093/gji/ggy423), original and Oklahoma weights, and EQTransformer (Mousavi et al.
2020, doi:10.1038/s41467-020-17591-w), Pacific Northwest weights, each with its own normalisation and window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.pool import COMPONENTS, PHASES, Record, first_motion, gaussian, peaks

NEAR = 150
"""Within this many samples of a label the teachers are not asked."""

WIDE = 40
"""Within this many samples of an onset the teachers' curve is that onset's."""

BELIEVED, NOTICED, SURE = 0.35, 0.06, 0.8
"""What the teachers' mean must reach to count as an onset that nobody labelled, to forbid the opposite, and to be so
sharp that the first motion can be read there."""


class AsTrained(nn.Module):
    """PhaseNet's layers with the padding they were trained with on windows of 3000 samples.

    With SeisBench's padding, made for 3001 samples, the same weights pick P 18 ms later. TensorFlow pads what it needs
    for an output of a quarter of the samples, rounded up, the odd one behind.
    """

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers
        for layer in layers.modules():
            if isinstance(layer, nn.Conv1d) and layer.padding == "same":
                layer.padding = (layer.kernel_size[0] // 2,)  # autocast does not know the word

    def forward(self, x: Tensor) -> Tensor:
        """Windows (window, component, sample) to probabilities (window, class, sample)."""
        net = self.layers
        x = functional.relu(net.in_bn(net.inc(x)))
        skips = []
        for same, first, down, second in net.down_branch:
            x = functional.relu(first(same(x)))
            if down is not None:
                skips.append(x)
                lacking = (-(-x.shape[-1] // net.stride) - 1) * net.stride + net.kernel_size - x.shape[-1]
                x = functional.pad(x, (lacking // 2, lacking - lacking // 2))
                x = functional.relu(second(functional.conv1d(x, down.weight, down.bias, net.stride)))
        for (up, first, same, second), skip in zip(net.up_branch, reversed(skips), strict=True):
            wanted = skip.shape[-1]
            begin = (net.kernel_size - net.stride) // 2 + (x.shape[-1] * net.stride - wanted) // 2
            x = functional.relu(first(up(x)))[..., begin : begin + wanted]
            x = functional.relu(second(same(torch.cat([skip, x], dim=1))))
        return functional.softmax(net.out(x), dim=1)


class Teacher:
    """One picker: curves (phase, sample) of a record of any length."""

    def __init__(
        self, name: str, network: torch.nn.Module, samples: int, *, order: str, peak: bool, p: int, s: int
    ) -> None:
        self.name = name
        self.network = network.eval()
        self.samples, self.order, self.peak, self.rows = samples, order, peak, [p, s]
        self.delay = 0

    def curves(self, data: np.ndarray) -> np.ndarray:
        """The mean over windows at half a window's hop, without the edges of each; (phase, sample), delay removed."""
        samples, total = self.samples, data.shape[1]
        lent = data.copy()
        for component in range(3):
            if not np.ptp(lent[component]):
                alive = [one for one in data if np.ptp(one)]
                lent[component] = alive[0] if alive else 0
        padded = np.pad(
            lent[[COMPONENTS.index(c) for c in self.order]], ((0, 0), (0, max(samples - total, 0))), mode="edge"
        )
        firsts = sorted({*range(0, padded.shape[1] - samples + 1, samples // 2), padded.shape[1] - samples})
        windows = np.stack([padded[:, first : first + samples] for first in firsts]).astype(np.float64)
        windows -= windows.mean(axis=-1, keepdims=True)
        size = np.abs(windows).max(axis=-1, keepdims=True) if self.peak else windows.std(axis=-1, keepdims=True)
        windows = np.divide(windows, size, out=np.zeros_like(windows), where=size > 0)
        with torch.no_grad():
            out = self.network(torch.from_numpy(windows.astype(np.float32)))
        if isinstance(out, tuple):
            out = torch.stack(out, dim=1)
        out = out.numpy()[:, self.rows]
        mean, weight = np.zeros((2, padded.shape[1])), np.zeros(padded.shape[1])
        for first, curve in zip(firsts, out, strict=True):
            low = 0 if first == 0 else 150
            high = samples if first + samples == padded.shape[1] else samples - 150
            mean[:, first + low : first + high] += curve[:, low:high]
            weight[first + low : first + high] += 1
        mean /= np.maximum(weight, 1)
        return np.roll(mean, -self.delay, axis=1)[:, :total]


def read_teachers(weights: Path) -> list[Teacher]:
    """The three teachers of the shared folder."""
    import seisbench.models as sbm

    original = sbm.PhaseNet(phases="NPS")
    original.load_state_dict(torch.load(weights / "phasenet_original.pt.v1", weights_only=True, map_location="cpu"))
    oklahoma = sbm.PhaseNet(phases="PSN")
    oklahoma.load_state_dict(torch.load(weights / "phasenet_okla.pt", weights_only=True, map_location="cpu"))
    transformer = sbm.EQTransformer(in_samples=6000, phases="PS")
    transformer.load_state_dict(torch.load(weights / "eqtransformer_pnw.pt.v1", weights_only=True, map_location="cpu"))
    return [
        Teacher("PhaseNet original", AsTrained(original), 3000, order="ENZ", peak=False, p=1, s=2),
        Teacher("PhaseNet Oklahoma", oklahoma, 3001, order="ENZ", peak=True, p=0, s=1),
        Teacher("EQTransformer Pacific Northwest", transformer, 6000, order="ZNE", peak=True, p=1, s=2),
    ]


def align(teachers: Sequence[Teacher], records: Sequence[Record]) -> None:
    """Set each teacher's delay to its median difference from the analysts' P on labelled records."""
    for teacher in teachers:
        teacher.delay = 0
        late = []
        for record in records:
            curve = teacher.curves(record.data)[0]
            at = round(next(sample for phase, sample in record.labels if phase == 0))
            near = curve[max(at - 50, 0) : at + 50]
            if near.max() > 0.3:
                late.append(int(near.argmax()) - min(at, 50))
        teacher.delay = round(float(np.median(late)))


def teach(records: Sequence[Record], teachers: Sequence[Teacher]) -> Iterator[Record]:
    """The records with onsets that nobody labelled: where the teachers' mean says so, away from labels."""
    for record in records:
        if record.kind not in ("labelled", "continuous"):
            yield record
            continue
        each = np.stack([teacher.curves(record.data) for teacher in teachers])
        mean = each.mean(axis=0)
        doubt = np.zeros(record.data.shape[1], bool)
        for phase in range(len(PHASES)):
            for at in (sample for row, sample in record.labels if row == phase):
                mean[phase, max(round(at) - NEAR, 0) : round(at) + NEAR] = 0
            found = [(at, float(mean[phase, round(at)])) for _, at in peaks(mean[phase : phase + 1], BELIEVED)]
            unsure = mean[phase] > NOTICED
            for at, height in found:
                unsure[max(round(at) - WIDE, 0) : round(at) + WIDE] = False
                curve = height * gaussian([(0, at)], record.data.shape[1])[0]
                np.maximum(record.target[phase], curve, out=record.target[phase])
                record.labels.append((phase, at))
                if phase == 0 and height > SURE and (sign := first_motion(record.data[0], at)):
                    record.first_motion[round(at)] = sign
            doubt |= np.convolve(unsure, np.ones(41), "same") > 0
        record.doubt = doubt
        yield record
