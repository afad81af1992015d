"""The ball: dark where P leaves upwards, whatever the tensor."""

from __future__ import annotations

import re

import numpy as np
import pytest

from wadati.model import MomentTensor
from wadati.model.mechanism import matrix
from wadati.report.beachball import beachball

STRIP = re.compile(r"M([\d.-]+) ([\d.-]+)h([\d.-]+)v([\d.-]+)")


def dark(ball: str, x: float, y: float) -> bool:
    return any(
        float(left) <= x <= float(left) + float(width) and float(top) <= y <= float(top) + float(height)
        for left, top, width, height in STRIP.findall(ball)
    )


@pytest.mark.parametrize(
    "tensor",
    [
        MomentTensor.of_fault(30.0, 60.0, -100.0, 1e15),
        MomentTensor.of_fault(233.0, 66.0, -6.0, 1e15),
        MomentTensor(1e15, 1e15, 1e15, 0.0, 0.0, 0.0),
        MomentTensor(-1e15, -1e15, -1e15, 0.0, 0.0, 0.0),
        MomentTensor(2e15, -1e15, -1e15, 5e14, -3e14, 1e14),
    ],
)
def test_it_is_dark_where_the_first_motion_is_up(tensor) -> None:
    ball = beachball(tensor, (), 0.0, 0.0, 100.0)
    random = np.random.default_rng(5)
    largest = np.abs(np.linalg.eigvalsh(matrix(tensor))).max()
    judged = 0
    for azimuth, takeoff in zip(random.uniform(0, 360, 300), random.uniform(1, 88, 300), strict=True):
        turn, angle = np.radians(azimuth), np.radians(takeoff)
        ray = np.array([np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)])
        motion = ray @ matrix(tensor) @ ray
        if abs(motion) < 0.05 * largest:
            continue
        away = 100 * np.sqrt(2) * np.sin(angle / 2)
        assert dark(ball, away * np.sin(turn), -away * np.cos(turn)) == (motion > 0)
        judged += 1
    assert judged > 200


def test_the_plane_that_obspy_draws_is_of_the_same_tensor() -> None:
    from obspy.imaging.beachball import MomentTensor as Theirs
    from obspy.imaging.beachball import mt2plane

    tensor = MomentTensor.of_fault(233.0, 66.0, -6.0, 1.0)
    nn, ee, dd, ne, nd, ed = tensor.components
    plane = mt2plane(Theirs(dd, nn, ee, nd, -ed, -ne, 0))
    again = MomentTensor.of_fault(plane.strike, plane.dip, plane.rake, 1.0)
    assert again.components == pytest.approx(tensor.components, abs=1e-6)
