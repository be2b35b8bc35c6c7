"""What is trained on which rows, and what the scores say of planted cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from gan_augment.evaluation import (
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
            scoring=["balanced_accuracy"],
        )["balanced_accuracy"]

    helped, hurt = scores(X_rare), scores(-X_rare)
    assert helped["augmented"] > helped["nothing"] + 0.1
    assert helped["synthetic"] == pytest.approx(helped["augmented"], abs=0.02)
    assert hurt["synthetic"] < 0.5 < hurt["nothing"] + 0.05


def test_an_oracle_of_the_same_rows_closes_the_gap_exactly(rng):
    X, y = two_classes(300, 200, rng)
    mask = np.arange(500) >= 320
    X_test, y_test = two_classes(300, 300, rng)
    scores = utility_scores(
        LogisticRegression(), X, y, mask, X_test, y_test, oracle=(X, y)
    )
    assert scores.columns[0] == "average_precision"
    for name in scores:
        nothing, augmented, _, oracle = scores[name]
        assert oracle_gap_closed(nothing, augmented, oracle) == 1
        assert oracle_gap_closed(nothing, nothing, oracle) == 0


def test_the_gap_is_pooled_and_may_not_exist():
    assert oracle_gap_closed([0, 0], [1, -0.5], [2, 0]) == 0.25
    assert np.isnan(oracle_gap_closed(0.5, 0.6, 0.5))


@pytest.mark.parametrize("mask", [[False] * 4, [True] * 4])
def test_some_rows_must_be_synthetic_and_some_not(mask):
    with pytest.raises(ValueError, match=r"must mark some rows and leave others"):
        train_with_and_without(DummyClassifier(), np.ones((4, 1)), [0, 1, 0, 1], mask)
