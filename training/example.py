"""One training example: what is known of a window of a station's data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Example:
    """`data` (component, sample), `target` (P and S, sample), `weight` (sample) with which to count, `first_motion`
    (sample): +1 up, −1 down, 0 unknown; `trust` in teachers, who are asked what they see in `clean` (component,
    sample), the data before they were damaged."""

    data: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    first_motion: np.ndarray
    labels: list[tuple[int, float]]
    trust: float = 0.0
    clean: np.ndarray | None = None
