"""Training examples: what may not happen to what is known of a record."""

import numpy as np
import pytest

from training.augment import Augmenter, Example, _judge, _normalised, _superpose, _taken
from training.damage import burst_times, bursts
from training.pool import SAMPLES, Record, first_motion, gaussian, load, peaks, save
from wadati.pickers.neural import normalise


@pytest.fixture(scope="module")
def records() -> list[Record]:
    rng = np.random.default_rng(1)
    made = []
    for number, kind in enumerate(("labelled", "continuous", "simulated", "labelled")):
        samples = 9000
        data = rng.normal(size=(3, samples))
        labels = [(0, 3000.0), (1, 3600.0)]
        data[:, 3000:] += 30 * rng.normal(size=(3, 6000)) * np.exp(-np.arange(6000) / 300)
        if number == 3:
            data[1:] = 0
        target = gaussian(labels, samples)
        doubt = np.zeros(samples, bool)
        made.append(Record(f"set/{number}", kind, data.astype(np.float32), target, doubt, labels, {3000: 1}))
    return made


@pytest.fixture(scope="module")
def augmenter(records: list[Record]) -> Augmenter:
    noise = np.random.default_rng(2).normal(size=(3, 2500)).astype(np.float32)
    return Augmenter(records, [noise], seed=3)


def test_a_batch_depends_on_its_number_alone(augmenter: Augmenter) -> None:
    once, other, again = augmenter.batch(5, 8), augmenter.batch(6, 8), augmenter.batch(5, 8)
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))
    assert not np.array_equal(once[0], other[0])


def test_a_record_is_not_changed_by_being_used(augmenter: Augmenter, records: list[Record]) -> None:
    before = [record.data.copy() for record in records]
    augmenter.batch(7, 32)
    assert all(np.array_equal(record.data, data) for record, data in zip(records, before, strict=True))


def test_examples_are_finite_normalised_and_labelled_between_0_and_1(augmenter: Augmenter) -> None:
    data, target, weight, motion, clean, trust = augmenter.batch(8, 64)
    assert data.shape == (64, 3, SAMPLES)
    assert target.shape == (64, 2, SAMPLES)
    assert np.isfinite(data).all()
    size = data.astype(float).std(axis=-1)
    assert np.all(size < 1.001)
    assert clean.shape == data.shape
    assert np.isfinite(clean).all()
    assert {round(float(one), 3) for one in trust} == {0.5, 0.8}
    assert np.all((target >= 0) & (target <= 1))
    assert set(np.unique(weight)) <= {0.0, 1.0}
    assert set(np.unique(motion)) <= {-1.0, 0.0, 1.0}


def test_bursts_are_of_the_size_of_the_noise_whatever_its_unit() -> None:
    noise = np.random.default_rng(4).normal(size=(3, SAMPLES)).astype(np.float32)
    one, other = (bursts(np.random.default_rng(5), noise * unit) for unit in (1.0, np.float32(2.0**-40)))
    assert np.allclose(one, other * 2.0**40, rtol=1e-5)
    assert 0.5 < np.abs(one).max() < 200


def test_steps_of_a_walker_are_not_quite_regular() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        times = burst_times(rng, 30.0)
        if len(times) > 6:
            apart = np.diff(times)
            assert 0.01 < apart.std() < 0.4
            return
    raise AssertionError("nobody walked")


def test_labels_stand_at_every_place_of_the_window(augmenter: Augmenter) -> None:
    places = np.concatenate(
        [np.flatnonzero(curve[0] > 0.99) for k in range(12) for curve in augmenter.batch(20 + k, 64)[1]]
    )
    share, _ = np.histogram(places, bins=6, range=(0, SAMPLES))
    assert share[:5].min() > 0.6 * share[:5].mean()
    assert share[5] > 0.3 * share[:5].mean(), "half as many: S is asked for as often, 6 s after P"


def test_normalised_is_what_the_picker_does(augmenter: Augmenter) -> None:
    rng = np.random.default_rng(4)
    data = rng.normal(size=(3, SAMPLES)).astype(np.float32) * np.array([[1e-6], [3.0], [1e5]], np.float32)
    data[1, 100:900] = np.nan
    data[2] = np.nan
    missing = ~np.isfinite(data)
    picker = normalise(np.where(missing, 0, data)[None], missing[None], lend=False)[0]
    ours = _normalised(data.copy())
    np.testing.assert_allclose(ours, picker, atol=1e-6)


def test_cutting_and_stretching_move_samples_to_their_places() -> None:
    rows = np.arange(100, dtype=np.float32)[None]
    np.testing.assert_array_equal(_taken(rows, 10, 20, 1.0)[0], np.arange(10, 30))
    np.testing.assert_array_equal(_taken(rows, -5, 10, 1.0)[0], [0] * 5 + [0, 1, 2, 3, 4])
    np.testing.assert_allclose(_taken(rows, 10, 20, 2.0)[0], (10 + np.arange(20)) / 2)
    assert not _taken(rows, 500, 20, 1.0).any()


def _example(data: np.ndarray, labels: list[tuple[int, float]]) -> Example:
    length = data.shape[1]
    return Example(data, gaussian(labels, length), np.ones(length, np.float32), np.zeros(length, np.float32), labels)


def test_an_onset_under_a_much_larger_one_is_no_onset() -> None:
    rng = np.random.default_rng(5)
    small, large = rng.normal(size=(2, 3, 1000)).astype(np.float32)
    small[:, :500] *= 0.01
    example = _example(small, [(0, 500.0)])
    _judge(example, small, 100 * large)
    assert example.labels == []
    assert not example.target.any()
    doubtful = _example(small, [(0, 500.0)])
    _judge(doubtful, small, 1.5 * large)
    assert doubtful.labels
    assert doubtful.weight[500] == 0
    clear = _example(small, [(0, 500.0)])
    _judge(clear, small, 0.1 * large)
    assert clear.weight.all()


def test_superposed_earthquakes_keep_both_labels_and_dead_components_stay_dead() -> None:
    rng = np.random.default_rng(6)
    one, two = (rng.normal(size=(3, 2000)).astype(np.float32) for _ in range(2))
    one[:, :400] *= 0.01
    two[:, :1200] *= 0.01
    one[2] = 0
    both = _superpose(_example(one, [(0, 400.0)]), _example(two, [(0, 1200.0)]), 3.0)
    assert sorted(at for _, at in both.labels) == [400.0, 1200.0]
    assert not both.data[2].any()
    assert both.target[0, 400] == both.target[0, 1200] == 1


@pytest.mark.parametrize("sign", [1, -1])
def test_first_motion_is_the_sign_of_the_first_swing(sign: int) -> None:
    rng = np.random.default_rng(7)
    vertical = rng.normal(0, 1, 1000)
    vertical[500:] += sign * 100 * np.sin(np.arange(500) / 5) * np.exp(-np.arange(500) / 100)
    assert first_motion(vertical.astype(np.float32), 500) == sign
    assert first_motion(rng.normal(0, 1, 1000).astype(np.float32), 500) == 0
    assert first_motion(vertical.astype(np.float32), 530) == 0


def test_targets_have_their_peaks_at_the_labels() -> None:
    labels = [(0, 300.0), (1, 700.0), (0, 900.0)]
    assert sorted(peaks(gaussian(labels, 1000))) == sorted(labels)


def test_a_pool_is_what_was_saved(tmp_path, records: list[Record]) -> None:
    save(records, tmp_path / "pool.npy")
    for one, two in zip(records, load(tmp_path / "pool.npy"), strict=True):
        assert (one.name, one.kind, one.labels, one.first_motion) == (two.name, two.kind, two.labels, two.first_motion)
        scale = np.abs(one.data).max() / np.abs(two.data).max()
        assert np.allclose(one.data, two.data * scale, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(one.target, two.target, atol=1e-3)
