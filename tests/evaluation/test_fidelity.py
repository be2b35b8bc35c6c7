"""Identity, symmetry, closed forms, and monotone in a known shift."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gan_augment.evaluation import c2st, density_coverage


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_two_samples_of_one_distribution_cannot_be_told_apart(rng):
    values = [
        c2st(*rng.normal(size=(2, 150, 3)), random_state=seed) for seed in range(10)
    ]
    assert np.mean(values) == pytest.approx(0.5, abs=0.05)


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


def test_c2st_takes_as_many_rows_of_each_kind(rng):
    # A classifier that only knew the shares would be right here most of the time.
    real, synthetic = rng.normal(size=(60, 2)), rng.normal(size=(3000, 2))
    values = [c2st(real, synthetic, random_state=seed) for seed in range(5)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.1)


def test_density_and_coverage_of_the_same_rows(rng):
    real = rng.normal(size=(300, 2))
    density, coverage = density_coverage(real, real)
    assert coverage == 1
    assert density == pytest.approx(1, abs=0.3)


def test_density_and_coverage_of_the_same_distribution(rng):
    real, synthetic = rng.normal(size=(2, 1500, 2))
    density, coverage = density_coverage(real, synthetic)
    assert density == pytest.approx(1, abs=0.1)
    assert coverage == pytest.approx(1 - 0.5**5, abs=0.03)


def test_dropped_modes_cost_coverage_and_outliers_cost_density(rng):
    real = np.concatenate([rng.normal(size=(500, 2)), rng.normal(50, 1, (500, 2))])
    one_mode = rng.normal(size=(1000, 2))
    assert density_coverage(real, one_mode).coverage < 0.55
    half_outside = np.concatenate([real[::2], rng.normal(500, 1, (500, 2))])
    assert density_coverage(real, half_outside).density < 0.7
    assert density_coverage(real, half_outside).coverage > 0.8


@pytest.mark.parametrize("measure", [c2st, density_coverage])
def test_too_few_rows_and_other_widths_are_clear_errors(measure):
    with pytest.raises(ValueError, match=r"at least 3 rows|more than 5 rows"):
        measure(np.ones((2, 2)), np.ones((9, 2)))
    with pytest.raises(ValueError, match=r"same columns\. Got 2 and 3"):
        measure(np.ones((9, 2)), np.ones((9, 3)))
