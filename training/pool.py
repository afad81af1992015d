"""The pool that training draws from: base records of a minute or more with what is known of their phases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 100
COMPONENTS = "ZNE"
PHASES = ("P", "S")
SAMPLES, HOP, EDGE = 3072, 2560, 256
"""The picker's windows: their samples, from one to the next, and what does not count at either end."""

EARLY = 2048
"""The windows of live runs that end now: of 1,536 samples, more of their picks do not stay."""

LABEL_SIGMA = 10.0
"""Standard deviation of a label's Gaussian in samples: 0.1 s."""

LARGEST = 3e4
"""To what the largest sample of a record is scaled, so that float16 holds the others too."""

Floats = npt.NDArray[np.float32]


@dataclass
class Record:
    """Three components at 100 Hz and the phases on them.

    `data` has shape (component, sample) in the order `ZNE`; a component that is absent is 0 throughout. `target`
    (phase, sample) is how probable an onset is there, and not to be learned from where `doubt` (sample) is True;
    `labels` are its peaks as (phase, sample). `first_motion` is the sign of the first swing of P where it is clear, by
    sample. `kind` is `labelled`, `continuous`, `simulated` or `noise`.
    """

    name: str
    kind: str
    data: Floats
    target: Floats
    doubt: npt.NDArray[np.bool_] | None = None
    labels: list[tuple[int, float]] = field(default_factory=list)
    first_motion: dict[int, int] = field(default_factory=dict)

    @property
    def alive(self) -> npt.NDArray[np.bool_]:
        """Which components move at all, shape (component,)."""
        return np.ptp(self.data, axis=1) > 0


def gaussian(labels: Iterable[tuple[int, float]], samples: int) -> Floats:
    """The target of labels (phase, sample), shape (phase, sample): the largest of their Gaussians."""
    target = np.zeros((len(PHASES), samples), np.float32)
    axis = np.arange(samples)
    for phase, at in labels:
        curve = np.exp(-0.5 * ((axis - at) / LABEL_SIGMA) ** 2)
        np.maximum(target[phase], curve, out=target[phase])
    target[target < 0.01] = 0
    return target


def peaks(target: Floats, smallest: float = 0.3) -> list[tuple[int, float]]:
    """The maxima of a target at or above `smallest`, as (phase, sample)."""
    found = []
    for phase, curve in enumerate(target):
        inner = curve[1:-1]
        at = np.flatnonzero((inner >= smallest) & (inner > curve[:-2]) & (inner >= curve[2:])) + 1
        found += [(phase, float(sample)) for sample in at]
    return found


def first_motion(vertical: Floats, onset: float, *, noiseless: bool = False) -> int:
    """The sign of the first swing of P on a vertical, 0 where it is not clear.

    The first swing that is larger than 8 times the noise of the 2 s before has to begin within 0.08 s of the onset.
    """
    at = round(onset)
    if at < 220 or at + 40 > len(vertical):
        return 0
    before = vertical[at - 210 : at - 10].astype(float)
    swing = vertical[at - 8 : at + 40].astype(float) - before.mean()
    noise = before.std()
    if noiseless:
        noise = max(noise, 0.02 * np.abs(swing).max())
    if noise <= 0:
        return 0
    above = np.flatnonzero(np.abs(swing) > 4 * noise)
    if not len(above) or above[0] > 16:
        return 0
    sign = int(np.sign(swing[above[0]]))
    along = swing[above[0] :] * sign
    turned = np.flatnonzero(along <= 0)
    end = turned[0] if len(turned) else len(along)
    return sign if along[:end].max() > 8 * noise else 0


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the contents of files in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.name.encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def save(records: Sequence[Record], path: Path) -> None:
    """Write records to one file; whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, np.array([len(records)]))
        for one in records:
            np.save(file, np.array([one.name, one.kind]))
            np.save(file, _small(one.data))
            np.save(file, one.target.astype(np.float16))
            np.save(file, np.zeros(0, bool) if one.doubt is None else one.doubt)
            np.save(file, np.array(one.labels, np.float32).reshape(-1, 2))
            np.save(file, np.array(sorted(one.first_motion.items()), np.int32).reshape(-1, 2))
    part.replace(path)


def _small(data: Floats) -> npt.NDArray[np.float16]:
    """Half the bytes: three digits of each sample are kept, and no scale, since pickers see none."""
    largest = float(np.abs(data).max(initial=0.0))
    return (data * np.float32(LARGEST / largest if largest > 0 else 1)).astype(np.float16)


def load(path: Path) -> list[Record]:
    """The records of a file that `save` wrote."""
    records = []
    with path.open("rb") as file:
        for _ in range(int(np.load(file)[0])):
            name, kind = (str(text) for text in np.load(file))
            data, target = np.load(file).astype(np.float32), np.load(file).astype(np.float32)
            doubt = np.load(file)
            labels = [(int(phase), float(at)) for phase, at in np.load(file)]
            signs = {int(at): int(sign) for at, sign in np.load(file)}
            records.append(Record(name, kind, data, target, doubt if len(doubt) else None, labels, signs))
    return records
