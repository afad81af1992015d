import numpy as np
import pytest

from wadati.magnitudes.attenuation import BakunJoyner1984, HuttonBoore1987, Iaspei, Luckett2019
from wadati.protocols import AttenuationRelation

RELATIONS = [HuttonBoore1987(), Iaspei(), BakunJoyner1984(), Luckett2019()]


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_every_relation_keeps_the_contract(relation):
    assert isinstance(relation, AttenuationRelation)
    near, far = relation.distance_range
    assert 0 <= near < far
    assert relation.doi.startswith("10.")
    distances = np.linspace(max(near, 1e3), far, 500)
    corrections = relation.correction(distances)
    assert corrections.shape == distances.shape
    assert (np.diff(corrections) > 0).all()


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_a_millimetre_at_100_km_is_three(relation):
    # Richter's definition.
    assert relation.correction(np.array([100e3]))[0] == pytest.approx(3.0, abs=0.0015)


def test_hutton_and_boore_is_the_iaspei_formula():
    # Golden: the IASPEI standard, ML = log10(nm) + 1.11 log10 R + 0.00189 R − 2.09, written out here.
    r = np.array([10.0, 17.0, 100.0, 350.0, 700.0])
    nanometres = 1e6 / 2080  # ground motion that draws 1 mm
    standard = np.log10(nanometres) + 1.11 * np.log10(r) + 0.00189 * r - 2.09
    np.testing.assert_allclose(HuttonBoore1987().correction(r * 1e3), standard, atol=0.0015)
    np.testing.assert_allclose(Iaspei().correction(r * 1e3), standard, atol=1e-12)


def test_hutton_and_boore_at_17_km():
    # The paper's second anchor: 10 mm at 17 km is about ML 3.
    assert 1 + HuttonBoore1987().correction(np.array([17e3]))[0] == pytest.approx(3.0, abs=0.02)


def test_near_stations_count_less_in_the_british_isles():
    # Golden: the formula of the abstract, ML = log10(nm) + 1.11 log10 r + 0.00189 r − 1.16 exp(−0.2 r) − 2.09.
    r = np.array([1.0, 3.0, 10.0, 60.0])
    nanometres = np.log10(1e6 / 2080)
    published = nanometres + 1.11 * np.log10(r) + 0.00189 * r - 1.16 * np.exp(-0.2 * r) - 2.09
    np.testing.assert_allclose(Luckett2019().correction(r * 1e3), published, atol=1e-12)
