"""Distances of columns and of pairs of columns against closed forms."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from gan_augment.metrics import association_distance, associations, marginal_distances


def test_a_table_is_at_no_distance_from_itself(mixed_frame):
    found = marginal_distances(mixed_frame, mixed_frame)
    assert found.index.tolist() == mixed_frame.columns.tolist()
    assert (found["distance"] == 0).all()
    assert association_distance(mixed_frame, mixed_frame) == 0


def test_distances_are_symmetric_and_bounded(mixed_frame):
    other = mixed_frame.sample(frac=0.3, random_state=0)
    found = marginal_distances(mixed_frame, other)
    assert found.equals(marginal_distances(other, mixed_frame))
    assert found["distance"].between(0, 1).all()
    assert found["distance"].max() > 0


def test_numbers_have_the_kolmogorov_smirnov_statistic():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(200, 1)), rng.normal(1, 1, (300, 1))
    found = marginal_distances(real, synthetic)
    assert found["measure"].tolist() == ["KS"]
    expected = ks_2samp(real[:, 0], synthetic[:, 0]).statistic
    assert found["distance"].item() == pytest.approx(expected)


def test_categories_have_the_total_variation():
    real = pd.DataFrame({"a": list("xxxy")})
    synthetic = pd.DataFrame({"a": list("xzzz")})
    # x: 3/4 against 1/4, y: 1/4 against none, z: none against 3/4.
    found = marginal_distances(real, synthetic)
    assert found.loc["a"].tolist() == ["TV", 0.75]


@pytest.mark.parametrize("value", [1.0, "x"])
def test_missing_values_count(value):
    real = pd.DataFrame({"a": [value] * 10})
    synthetic = pd.DataFrame({"a": [value] * 7 + [None] * 3})
    found = marginal_distances(real, synthetic)["distance"].item()
    assert found == pytest.approx(0.3)


def test_distances_grow_with_the_shift():
    rng = np.random.default_rng(0)
    real, other = rng.normal(size=(2, 300, 1))
    values = [
        marginal_distances(real, other + shift)["distance"].item()
        for shift in (0, 0.5, 1, 2, 9)
    ]
    assert values == sorted(values)
    assert values[-1] == 1


def test_a_table_without_rows_is_a_clear_error():
    with pytest.raises(ValueError, match=r"at least one row each\. Got 0 and 3"):
        marginal_distances(np.ones((0, 1)), np.ones((3, 1)))


def test_associations_of_dependent_columns_are_one():
    level = np.repeat(list("abcd"), 25)
    frame = pd.DataFrame(
        {
            "number": np.arange(100.0),
            "decreasing": -np.exp(np.arange(100.0) / 9),
            "level": level,
            "renamed": pd.Categorical(pd.Series(level).str.upper()),
        }
    )
    found = associations(frame)
    assert found.equals(found.T)
    assert found.loc["number", "decreasing"] == pytest.approx(-1)
    assert found.loc["level", "renamed"] == pytest.approx(1, abs=0.01)
    # Of 100 ranks, 25 to a level: 1 - (25² - 1) / (100² - 1) of the variance.
    expected = np.sqrt(1 - 624 / 9999 * 99 / 96)
    assert found.loc["number", "level"] == pytest.approx(expected)


def test_associations_of_independent_columns_are_about_none_in_small_samples():
    # Without the corrections ten levels in forty rows are at .48 with everything.
    rng = np.random.default_rng(0)
    found = [
        associations(
            pd.DataFrame(
                {
                    "number": rng.normal(size=40),
                    "other": rng.normal(size=40),
                    "level": rng.choice(list("abcdefghij"), 40),
                    "other level": rng.choice(list("abcdefghij"), 40),
                }
            )
        ).to_numpy()[np.triu_indices(4, 1)]
        for _ in range(50)
    ]
    assert np.abs(np.mean(found, axis=0)).max() < 0.2


def test_constant_columns_go_with_nothing():
    frame = pd.DataFrame({"a": [1, 1, 1], "b": list("xxx"), "c": [1, 2, 3]})
    assert associations(frame.assign(d=list("xyx"))).to_numpy()[:2, 2:].max() == 0
    assert association_distance(frame[["a"]], frame[["a"]]) == 0


def test_a_lost_association_is_found_in_every_pair_of_kinds():
    rng = np.random.default_rng(0)
    number = rng.normal(size=300)
    real = pd.DataFrame(
        {"a": number, "b": number > 0, "c": number + 1, "d": number < 0}
    )
    shuffled = real.apply(lambda column: rng.permutation(column))
    for pair in (["a", "c"], ["a", "b"], ["b", "d"]):
        assert association_distance(real[pair], shuffled[pair]) > 0.7
    noise = [
        real.assign(c=number + 1 + scale * rng.normal(size=300))
        for scale in (0.1, 1, 9)
    ]
    values = [association_distance(real, other) for other in noise]
    assert values == sorted(values)
