"""The compiled inner loop of receiver Green tensors: strains between points, and moments. Loads numba."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from wadati.greens.kernel import operated, turned

_FAST: Any = {"cache": True, "nogil": True, "fastmath": {"contract", "reassoc"}, "error_model": "numpy"}


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def _added(trace: Any, amount: Any, result: Any) -> None:
    for i in range(len(result)):
        result[i] += amount * np.float32(trace[i])


@numba.njit(**_FAST)  # type: ignore[untyped-decorator]
def moved(traces: Any, scale: Any, corners: Any, weights: Any, moments: Any, turn: Any, act: Any, found: Any) -> None:
    """Ground motion of a pair of source and receiver, into `found` (component, sample); see `ReceiverGreens`.

    `traces` (component, point, strain, sample) in counts and `scale` (component, point, strain) are a block, `corners`
    the points around the source, `weights` what each counts. `moments` (strain) are tensor components, those off the
    diagonal twice. `turn` is the cosine and sine from the frame's north and east to the wanted components. `act` is the
    weights of an operator and its first place.
    """
    act_weights, first = act
    samples = traces.shape[3]
    count = len(act_weights)
    before = first + count - 1
    motion = np.zeros((3, samples + count - 1), np.float32)
    for c in range(3):
        here = motion[c, before : before + samples]
        for k in range(len(corners)):
            point = corners[k]
            for s in range(6):
                amount = np.float32(weights[k] * moments[s] * scale[c, point, s])
                if amount != 0.0:
                    _added(traces[c, point, s], amount, here)
    cos, sin = np.float32(turn[0]), np.float32(turn[1])
    turned(motion[1, before : before + samples], motion[2, before : before + samples], cos, sin)
    for c in range(3):
        motion[c, before + samples :] = motion[c, before + samples - 1]
        operated(motion[c], act_weights, found[c])
