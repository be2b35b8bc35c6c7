"""Search and interpolation: what NumPy finds, number by number."""

from __future__ import annotations

import numpy as np
import pytest

from gan_augment.encoding.interpolation import interpolate, search

N_VALUES = 5_000


def knots_and_values(n_knots, spread, rng):
    """Knots, evenly spaced or most of them in one place, and values on both sides."""
    knots = np.unique(rng.normal(size=n_knots) ** spread)
    values = rng.uniform(knots[0] - 1, knots[-1] + 1, N_VALUES)
    return knots, np.concatenate([values, knots, [-np.inf, np.inf]])


@pytest.mark.parametrize("spread", [1, 9])
@pytest.mark.parametrize("n_knots", [1, 2, 3, 40, 300])
def test_every_value_is_found_where_numpy_finds_it(n_knots, spread):
    knots, values = knots_and_values(n_knots, spread, np.random.default_rng(n_knots))
    expected = np.searchsorted(knots, values, side="right")
    np.testing.assert_array_equal(search(values, knots), expected)


@pytest.mark.parametrize("spread", [1, 9])
@pytest.mark.parametrize("n_knots", [1, 2, 3, 40, 300])
def test_lines_between_knots_are_those_of_numpy(n_knots, spread):
    rng = np.random.default_rng(n_knots)
    x, values = knots_and_values(n_knots, spread, rng)
    y = np.sort(rng.integers(0, 9, len(x))).astype(float)  # some of them flat
    np.testing.assert_array_equal(interpolate(values, x, y), np.interp(values, x, y))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint8, np.int64, bool])
def test_numbers_of_any_dtype_are_the_numbers_that_they_are(dtype):
    rng = np.random.default_rng(0)
    values = rng.uniform(-3, 300, N_VALUES).clip(0).astype(dtype)
    knots = np.unique(rng.uniform(0, 250, 40).astype(dtype))
    expected = np.searchsorted(knots.astype(float), values.astype(float), "right")
    np.testing.assert_array_equal(search(values, knots), expected)
    y = np.arange(len(knots)).astype(dtype)
    expected = np.interp(values, knots, y)
    np.testing.assert_array_equal(interpolate(values, knots, y), expected)


@pytest.mark.parametrize("n_values", [20, N_VALUES])
def test_a_jump_has_the_value_to_its_right(n_values):
    x = np.array([0.0, 0.25, 0.25, 0.75, 0.75, 1.0])
    y = np.array([1.0, 1.5, 2.0, 2.0, 5.0, 4.0])
    values = np.concatenate([np.random.default_rng(0).random(n_values), x])
    found = interpolate(values, x, y)
    np.testing.assert_array_equal(found, np.interp(values, x, y))
    np.testing.assert_array_equal(found[-6:], [1.0, 2.0, 2.0, 5.0, 5.0, 4.0])


def test_values_keep_their_shape():
    values = np.random.default_rng(0).random((N_VALUES, 2, 3))
    x, y = np.array([0.0, 0.5, 0.5001, 1.0]), np.array([0.0, 4.0, 1.0, 5.0])
    expected = np.searchsorted(x, values, side="right")
    np.testing.assert_array_equal(search(values, x), expected)
    np.testing.assert_array_equal(interpolate(values, x, y), np.interp(values, x, y))


def test_no_value_is_found_nowhere():
    assert search(np.empty(0), np.array([1.0, 2.0])).shape == (0,)
    assert interpolate(np.empty(0), np.array([1.0]), np.array([3.0])).shape == (0,)


def test_nan_stays_nan_and_harms_no_other():
    x, y = np.array([0.0, 0.5, 1.0]), np.array([0.0, 4.0, 5.0])
    values = np.random.default_rng(0).random(N_VALUES)
    values[::7] = np.nan
    found = interpolate(values, x, y)
    assert np.isnan(found[::7]).all()
    np.testing.assert_array_equal(found, np.interp(values, x, y))
