"""What is trained on which rows, and what the scores say of planted cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from gan_augment.metrics import (
    bootstrap_gain,
    oracle_gap_closed,
    train_with_and_without,
    utility_scores,
)


def two_classes(n_common, n_rare, rng, shift=1.5):
    X = np.concatenate(
        [rng.normal(size=(n_common, 2)), rng.normal(shift, 1, (n_rare, 2))]
    )
    return X, np.repeat([0, 1], [n_common, n_rare])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_each_classifier_sees_its_rows_and_no_others():
    X = pd.DataFrame({"row": range(6)})
    y = np.array(["common", "common", "rare", "rare", "rare", "rare"])
    synthetic = [False, False, False, True, True, True]
    oracle = X.iloc[[0, 1, 2, 2]], y[[0, 1, 2, 2]]
    trained = train_with_and_without(DummyClassifier(), X, y, synthetic, oracle=oracle)
    priors = {name: fitted.class_prior_.tolist() for name, fitted in trained.items()}
    assert priors["nothing"] == pytest.approx([2 / 3, 1 / 3])
    assert priors["augmented"] == pytest.approx([1 / 3, 2 / 3])
    # The synthetic rows stand in for the real ones of their class, and only of that.
    assert priors["synthetic"] == pytest.approx([2 / 5, 3 / 5])
    assert priors["oracle"] == pytest.approx([1 / 2, 1 / 2])


def test_rows_of_the_right_class_help_and_rows_of_the_wrong_one_hurt(rng):
    X, y = two_classes(500, 4, rng)
    X_test, y_test = two_classes(2000, 2000, rng)
    X_rare, y_rare = two_classes(0, 400, rng)
    mask = np.repeat([False, True], [504, 400])

    def scores(X_synthetic):
        return utility_scores(
            LogisticRegression(),
            np.concatenate([X, X_synthetic]),
            np.concatenate([y, y_rare]),
            mask,
            X_test,
            y_test,
        )

    helped, hurt = scores(X_rare), scores(-X_rare)
    accuracy = helped["balanced_accuracy"]
    assert accuracy["augmented"] > accuracy["nothing"] + 0.1
    assert accuracy["synthetic"] == pytest.approx(accuracy["augmented"], abs=0.02)
    precision = hurt["average_precision"]
    assert precision["synthetic"] < 0.5 < precision["nothing"]


def test_an_oracle_of_the_same_rows_closes_the_gap_exactly(rng):
    X, y = two_classes(300, 200, rng)
    mask = np.arange(500) >= 320
    X_test, y_test = two_classes(300, 300, rng)
    labels = np.array(["common", "rare"])
    scores = utility_scores(
        LogisticRegression(),
        X,
        labels[y],
        mask,
        X_test,
        labels[y_test],
        oracle=(X, labels[y]),
    )
    assert scores.index.tolist() == ["nothing", "augmented", "synthetic", "oracle"]
    for name in scores:
        nothing, augmented, _, oracle = scores[name]
        assert oracle_gap_closed(nothing, augmented, oracle) == 1
        assert oracle_gap_closed(nothing, nothing, oracle) == 0


def test_a_class_that_was_never_seen_is_a_clear_error(rng):
    X, y = two_classes(30, 20, rng)
    with pytest.raises(ValueError, match=r"classes \[0, 1\] alone\. Got \[2\] too"):
        utility_scores(DummyClassifier(), X, y, np.arange(50) > 40, X[:1], [2])


def test_the_gap_is_pooled_and_may_not_exist():
    assert oracle_gap_closed([0, 0], [1, -0.5], [2, 0]) == 0.25
    assert np.isnan(oracle_gap_closed(0.5, 0.6, 0.5))


def test_the_interval_of_a_gain_holds_it_as_often_as_it_says(rng):
    # Two scores that are equally good: the interval of the difference holds 0.
    held = 0
    for _ in range(40):
        y = np.repeat([0, 1], [150, 50])
        scores = [np.column_stack([-s, s]) for s in rng.normal(size=(2, 200)) + y]
        gain = bootstrap_gain(y, *scores, rare=[1], n_draws=100, random_state=0)
        held += gain.low <= 0 <= gain.high
    assert held >= 34


def test_the_gain_is_that_of_the_scores_with_ties_too(rng):
    y = np.repeat([0, 1], [150, 50])
    nothing, augmented = (
        np.column_stack([-s, s]) for s in rng.integers(0, 9, (2, 200)) + y
    )
    gain = bootstrap_gain(y, nothing, augmented, [1], n_draws=2)
    expected = average_precision_score(y, augmented[:, 1]) - average_precision_score(
        y, nothing[:, 1]
    )
    assert gain.difference == pytest.approx(expected)


def test_a_gain_is_antisymmetric_and_none_between_the_same(rng):
    y = np.repeat([0, 1], [150, 50])
    good, bad = np.eye(2)[y], rng.random((200, 2))
    assert bootstrap_gain(y, good, good, [1]) == (0, 0, 0)
    there = bootstrap_gain(y, bad, good, [1], random_state=0)
    back = bootstrap_gain(y, good, bad, [1], random_state=0)
    assert there.low > 0 > back.high
    assert there == pytest.approx((-back.difference, -back.high, -back.low))
    assert np.isnan(bootstrap_gain(y, bad, good, [2]).low)


@pytest.mark.parametrize("mask", [[False] * 4, [True] * 4])
def test_some_rows_must_be_synthetic_and_some_not(mask):
    with pytest.raises(ValueError, match=r"must mark some rows and leave others"):
        train_with_and_without(DummyClassifier(), np.ones((4, 1)), [0, 1, 0, 1], mask)
