"""Mechanisms: laws, and the conversions of ObsPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.model import MomentTensor
from wadati.model.mechanism import (
    decompose,
    deviatoric_part,
    eigen_system,
    kagan_angle,
    matrix,
    nodal_planes,
    principal_axes,
)

angles = st.tuples(st.floats(0, 359.9), st.floats(1, 89), st.floats(-179.9, 180))
moments = st.floats(-1e17, 1e17).map(lambda value: value if abs(value) > 1e10 else 0.0)
tensors = st.builds(MomentTensor, *[moments] * 6).filter(lambda one: one.moment > 1e12)


def apart(first, second) -> float:
    def turn(a, b):
        return abs((a - b + 180) % 360 - 180)

    return max(turn(first[0], second[0]), abs(first[1] - second[1]), turn(first[2], second[2]))


@given(angles)
def test_planes_give_the_double_couple_back(fault) -> None:
    tensor = MomentTensor.of_fault(*fault, 1e15)
    for plane in nodal_planes(tensor):
        again = MomentTensor.of_fault(plane.strike, plane.dip, plane.rake, 1e15)
        assert again.components == pytest.approx(tensor.components, abs=1e9)


@given(angles)
def test_the_second_plane_is_obspys(fault) -> None:
    from obspy.imaging.beachball import aux_plane

    planes = [(p.strike, p.dip, p.rake) for p in nodal_planes(MomentTensor.of_fault(*fault, 1.0))]
    other = aux_plane(*fault)
    if max(fault[1], other[1]) > 89.9:
        return  # an upright plane has two names
    found = (max(apart(a, fault), apart(b, other)) for a, b in (planes, planes[::-1]))
    assert min(found) < 1e-4


@given(tensors)
def test_axes_are_obspys(tensor) -> None:
    from obspy.imaging.beachball import MomentTensor as Theirs
    from obspy.imaging.beachball import mt2axes

    values, _ = eigen_system(tensor)
    if min(np.diff(values[::-1])) < 1e-3 * np.abs(values).max():
        return  # two axes are as good as any in their plane
    nn, ee, dd, ne, nd, ed = tensor.components
    for mine, theirs in zip(principal_axes(tensor), mt2axes(Theirs(dd, nn, ee, nd, -ed, -ne, 0)), strict=True):
        assert mine.length == pytest.approx(theirs.val, rel=1e-6, abs=1e-6 * np.abs(values).max())
        assert mine.plunge == pytest.approx(theirs.dip, abs=1e-3)
        if 0.1 < mine.plunge < 89.9:
            assert abs((mine.azimuth - theirs.strike + 180) % 360 - 180) < 1e-3 / math.cos(math.radians(mine.plunge))


@given(tensors)
def test_shares_add_up_and_do_not_depend_on_axes_or_size(tensor) -> None:
    parts = decompose(tensor)
    assert parts.double_couple + abs(parts.clvd) + abs(parts.isotropic) == pytest.approx(1)
    assert min(parts.double_couple, 1 - abs(parts.clvd), 1 - abs(parts.isotropic)) >= -1e-9
    turned = np.linalg.qr(np.array([[1.0, 2, 3], [0, 1, 4], [5, 6, 0]]))[0]
    m = 7 * turned @ matrix(tensor) @ turned.T
    other = decompose(MomentTensor(m[0, 0], m[1, 1], m[2, 2], m[0, 1], m[0, 2], m[1, 2]))
    assert other.isotropic == pytest.approx(parts.isotropic, abs=1e-9)
    assert abs(other.clvd) == pytest.approx(abs(parts.clvd), abs=1e-6)
    assert sum(deviatoric_part(tensor).components[:3]) == pytest.approx(0, abs=1e-9 * tensor.moment)


def test_the_shares_of_a_published_tensor() -> None:
    # mttime's result for event 40191336 at 10 km: 90, 8 and 3 %
    parts = decompose(MomentTensor(-2.836e15, 3.458e15, -3.037e14, -1.067e15, 1.033e15, 1.066e15))
    assert [round(100 * share) for share in (parts.double_couple, abs(parts.clvd), parts.isotropic)] == [90, 8, 3]


@given(tensors, tensors)
def test_kagans_angle_is_a_distance(first, second) -> None:
    angle = kagan_angle(first, second)
    assert 0 <= angle <= 120 + 1e-6
    assert angle == pytest.approx(kagan_angle(second, first), abs=1e-5)
    assert kagan_angle(first, first) < 1e-4


@given(angles, st.floats(0.0, 60.0))
def test_kagans_angle_of_a_turn_about_the_vertical(fault, turn) -> None:
    strike, dip, rake = fault
    first, second = (MomentTensor.of_fault(at, dip, rake, 1.0) for at in (strike, strike + turn))
    assert kagan_angle(first, second) <= turn + 1e-4


def test_angles_hardly_below_north_are_0_and_not_360() -> None:
    tensor = MomentTensor.of_fault(0.0, 90.0, 0.0, 1.0)
    for tiny in (-1e-16, -1e-15, 1e-16, 1e-15):
        turned = MomentTensor(*(value + tiny * (k + 1) for k, value in enumerate(tensor.components)))
        assert all(0 <= plane.strike < 360 for plane in nodal_planes(turned))
    for tiny in (-1e-17, -1e-16, -3e-16):
        north = MomentTensor(1.0, -1.0, 0.0, tiny, 0.0, 0.0)
        assert all(0 <= axis.azimuth < 360 for axis in principal_axes(north))
