import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.magnitudes.station_terms import LEAST_EVENTS, SPREAD, StationTerms, learn, read_terms, write_terms

KEYS = [("XX", f"S{k}") for k in range(6)]
RELATION = "hutton-boore-1987"


def residuals(seed=0, events=30, *, terms=(0.4, 0.1, 0.0, -0.1, -0.3, 0.05), scatter=0.1):
    rng = np.random.default_rng(seed)
    return np.asarray(terms) + rng.normal(0.0, scatter, (events, len(terms)))


@given(st.randoms(), st.integers(0, 5))
def test_order_of_events_and_stations_does_not_matter(random, seed):
    rows = residuals(seed)
    rows[::3, 1] = np.nan
    events, stations = list(range(len(rows))), list(range(len(KEYS)))
    random.shuffle(events)
    random.shuffle(stations)
    other = learn(RELATION, [KEYS[k] for k in stations], rows[events][:, stations])
    assert other == learn(RELATION, KEYS, rows)


@given(st.floats(-2, 2))
def test_what_all_stations_share_is_no_term(shift):
    found, moved = learn(RELATION, KEYS, residuals()), learn(RELATION, KEYS, residuals() + shift)
    np.testing.assert_allclose(found.corrections(KEYS), moved.corrections(KEYS), atol=2e-4)
    assert abs(found.corrections(KEYS)[:, 0].mean()) < 0.03


def test_few_events_are_trusted_less():
    many, few = learn(RELATION, KEYS, residuals(events=60)), learn(RELATION, KEYS, residuals(events=3, scatter=0.01))
    assert np.abs(few.corrections(KEYS)[:, 0]).max() < 0.97 * np.abs(many.corrections(KEYS)[:, 0]).max()
    assert (few.corrections(KEYS)[:, 1] > 2 * many.corrections(KEYS)[:, 1]).all()


def test_too_few_events_or_stations_give_none():
    assert learn(RELATION, KEYS, residuals(events=LEAST_EVENTS - 1)) is None
    assert learn(RELATION, KEYS[:3], residuals()[:, :3]) is None
    rows = residuals()
    rows[2:, 0] = np.nan
    found = learn(RELATION, KEYS, rows)
    assert found.corrections(KEYS)[0].tolist() == [0.0, found.spread]


def test_wild_readings_and_stations_move_little():
    rows = residuals()
    wild = rows.copy()
    wild[:3, 2] = 5.0
    found, other = (learn(RELATION, KEYS, one).corrections(KEYS)[:, 0] for one in (rows, wild))
    assert np.abs(found - other).max() < 0.06
    gain = rows + np.array([0, 0, 0, 0, 0, 3.0])
    moved = learn(RELATION, KEYS, gain).corrections(KEYS)[:, 0]
    assert np.abs((moved - found)[:5]).max() < 0.25
    assert (moved - found)[5] == pytest.approx(-3.0, abs=0.25)


def test_terms_survive_a_file(tmp_path):
    found = learn(RELATION, KEYS, residuals())
    write_terms(found, tmp_path / "terms.json")
    again = read_terms(tmp_path / "terms.json", RELATION)
    assert again == found
    assert again.digest == found.digest
    assert learn(RELATION, KEYS, residuals(1)).digest != found.digest


def test_unusable_files_are_named(tmp_path):
    path = tmp_path / "terms.json"
    with pytest.raises(InputError, match=r"terms\.json: cannot be read"):
        read_terms(path, RELATION)
    path.write_text("{")
    with pytest.raises(InputError, match=r"terms\.json: holds no station terms"):
        read_terms(path, RELATION)
    write_terms(StationTerms("iaspei"), path)
    with pytest.raises(
        InputError, match="holds terms for iaspei, not for hutton-boore-1987; choose the relation iaspei"
    ):
        read_terms(path, RELATION)
    write_terms(msgspec.structs.replace(StationTerms(RELATION), version=2), path)
    with pytest.raises(InputError, match="has format 2"):
        read_terms(path, RELATION)


def test_without_terms_every_station_scatters_as_usual():
    assert StationTerms(RELATION).corrections(KEYS).tolist() == [[0.0, SPREAD]] * 6
    assert StationTerms(RELATION).corrections([]).shape == (0, 2)
    assert StationTerms(RELATION).anchor_error == 0.0
