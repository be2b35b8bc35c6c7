"""Identity, symmetry, closed forms, and monotone in a known shift."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from gan_augment.metrics import c2st, frechet_distance, kernel_distance, prdc


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_two_samples_of_one_distribution_cannot_be_told_apart(rng):
    values = [
        c2st(*rng.normal(size=(2, 150, 3)), random_state=seed) for seed in range(9)
    ]
    assert np.mean(values) == pytest.approx(0.5, abs=0.07)


def test_c2st_grows_with_the_shift(rng):
    real = rng.normal(size=(200, 2))
    other = rng.normal(size=(200, 2))
    values = [c2st(real, other + shift, random_state=0) for shift in (0, 1, 2, 6)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(1, abs=0.01)


def test_c2st_of_a_linear_classifier_has_a_closed_form(rng):
    # The AUC of two unit normals a distance d apart is Phi(d / sqrt(2)).
    real, synthetic = rng.normal(size=(2, 4000, 1)) + np.array([[[0.0]], [[1.0]]])
    found = c2st(real, synthetic, classifier=LogisticRegression(), random_state=0)
    assert found == pytest.approx(0.760, abs=0.02)


def test_the_seed_of_c2st_decides_for_a_classifier_that_has_none(rng):
    kinds, forest = rng.normal(size=(2, 40, 2)), ExtraTreesClassifier(5)
    first, second = (c2st(*kinds, classifier=forest, random_state=0) for _ in range(2))
    assert first == second
    assert forest.random_state is None


def test_c2st_takes_as_many_rows_of_each_kind(rng):
    # A classifier that only knew the shares would be right here most of the time.
    real, synthetic = rng.normal(size=(60, 2)), rng.normal(size=(3000, 2))
    values = [c2st(real, synthetic, random_state=seed) for seed in range(4)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.12)


def test_c2st_sees_a_missing_value_and_a_category_that_tell(rng):
    real = pd.DataFrame({"a": rng.normal(size=100), "b": rng.choice(list("xy"), 100)})
    fake = pd.DataFrame({"a": rng.normal(size=100), "b": rng.choice(list("xy"), 100)})
    classifier = LogisticRegression()
    assert c2st(real, fake, classifier=classifier, random_state=0) < 0.65
    for told in (fake.assign(a=np.nan), fake.assign(b="z")):
        assert c2st(real, told, classifier=classifier, random_state=0) > 0.95


def test_images_are_rows_of_pixels(rng):
    real, synthetic = rng.random((2, 30, 4, 4, 3))
    flat = [images.reshape(30, -1) for images in (real, synthetic)]
    assert c2st(real, synthetic, random_state=0) == c2st(*flat, random_state=0)


def test_prdc_of_the_same_rows(rng):
    real = rng.normal(size=(300, 2))
    found = prdc(real, real)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == pytest.approx(1, abs=0.3)


def test_prdc_of_the_same_distribution(rng):
    real, synthetic = rng.normal(size=(2, 1500, 2))
    found = prdc(real, synthetic)
    assert found.density == pytest.approx(1, abs=0.1)
    assert found.coverage == pytest.approx(1 - 0.5**5, abs=0.03)
    assert min(found.precision, found.recall) > 0.95


def test_precision_of_one_kind_is_recall_of_the_other(rng):
    real, synthetic = rng.normal(size=(2, 200, 3))
    found, swapped = prdc(real, synthetic + 1), prdc(synthetic + 1, real)
    assert found.precision == swapped.recall
    assert found.recall == swapped.precision
    assert found.precision != found.recall


def test_dropped_modes_cost_coverage_and_outliers_cost_density(rng):
    real = np.concatenate([rng.normal(size=(500, 2)), rng.normal(50, 1, (500, 2))])
    one_mode = rng.normal(size=(1000, 2))
    assert prdc(real, one_mode).coverage < 0.55
    assert prdc(real, one_mode).recall < 0.55 < 0.9 < prdc(real, one_mode).precision
    half_outside = np.concatenate([real[::2], rng.normal(500, 1, (500, 2))])
    assert prdc(real, half_outside).density < 0.7
    assert prdc(real, half_outside).precision == pytest.approx(0.5, abs=0.02)
    assert prdc(real, half_outside).coverage > 0.8


def test_prdc_does_not_depend_on_how_the_rows_are_cut(rng, monkeypatch):
    real, synthetic = rng.normal(size=(2, 130, 3))
    whole = prdc(real, synthetic)
    monkeypatch.setattr("gan_augment.metrics.fidelity.CHUNK", 17)
    assert prdc(real, synthetic) == whole


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_distances_are_symmetric_and_grow_with_the_shift(distance, rng):
    real, other = rng.normal(size=(2, 300, 3))
    values = [distance(real, other + shift) for shift in (0, 0.5, 1, 3)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(0, abs=0.1)
    assert distance(other + 1, real) == pytest.approx(distance(real, other + 1))


def test_the_frechet_distance_of_the_same_rows_is_zero(rng):
    rank_deficient = rng.normal(size=(20, 1)) * np.ones((1, 40))
    for rows in (rng.normal(size=(50, 3)), rank_deficient):
        assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-6)


def test_the_frechet_distance_of_two_normals_has_a_closed_form(rng):
    # In one dimension: (m - n)² + (s - t)².
    real, synthetic = rng.normal(0, 1, (20000, 1)), rng.normal(2, 3, (20000, 1))
    assert frechet_distance(real, synthetic) == pytest.approx(4 + 4, rel=0.05)
    # Correlation alone: 2 n - 2 trace of the root of [[1, r], [r, 1]].
    r = 0.9
    mixed = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], 20000)
    expected = 4 - 2 * (np.sqrt(1 + r) + np.sqrt(1 - r))
    found = frechet_distance(rng.normal(size=(20000, 2)), mixed)
    assert found == pytest.approx(expected, rel=0.05)


def test_the_kernel_distance_is_unbiased_in_small_samples(rng):
    values = [kernel_distance(*rng.normal(size=(2, 6, 2))) for _ in range(500)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))
    assert min(values) < 0


def test_the_kernel_distance_of_constants_has_a_closed_form():
    # k(x, x) + k(y, y) - 2 k(x, y) with k = (x y + 1)³.
    real, synthetic = np.zeros((3, 1)), np.ones((4, 1))
    assert kernel_distance(real, synthetic) == pytest.approx(1 + 8 - 2 * 1)


@pytest.mark.parametrize("measure", [c2st, prdc, frechet_distance, kernel_distance])
def test_too_few_rows_and_other_widths_are_clear_errors(measure):
    with pytest.raises(ValueError, match=r"at least \d rows|more than 5 rows"):
        measure(np.ones((1, 2)), np.ones((9, 2)))
    with pytest.raises(ValueError, match=r"same columns\. Got 2 and 3"):
        measure(np.ones((9, 2)), np.ones((9, 3)))
