"""Scores of probabilities: scikit-learn's for two classes, sound for more."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    roc_auc_score,
)

from gan_augment.metrics import classifier_scores
from gan_augment.metrics.scores import SCORES


def of_two(is_rare, score):
    probability = np.column_stack([1 - score, score])
    return classifier_scores(is_rare.astype(int), probability, rare=[1])


def test_two_classes_are_scored_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    y, p = rng.random(300) < 0.2, rng.random(300)
    scores = of_two(y, p)
    assert tuple(scores) == SCORES
    assert scores["average_precision"] == average_precision_score(y, p)
    assert scores["roc_auc"] == pytest.approx(roc_auc_score(y, p))
    assert scores["brier"] == pytest.approx(brier_score_loss(y, p))
    assert scores["log_loss"] == pytest.approx(log_loss(y, p))
    assert scores["balanced_accuracy"] == balanced_accuracy_score(y, p > 0.5)
    assert scores["f1"] == f1_score(y, p > 0.5)


def test_the_rare_class_may_be_the_first():
    rng = np.random.default_rng(0)
    y, p = rng.random(300) < 0.2, rng.random(300)
    swapped = classifier_scores(
        1 - y.astype(int), np.column_stack([p, 1 - p]), rare=[0]
    )
    assert swapped == pytest.approx(of_two(y, p))


def test_a_tuned_threshold_is_never_tuned_on_what_it_scores():
    # Random scores: the best threshold of the scored rows themselves would be ahead.
    rng = np.random.default_rng(0)
    scores = [
        of_two(np.arange(80) % 4 == 0, rng.random(80))["tuned_balanced_accuracy"]
        for _ in range(100)
    ]
    assert np.mean(scores) == pytest.approx(0.5, abs=0.02)


def test_a_tuned_threshold_finds_the_step():
    is_rare = np.arange(100) >= 90
    scores = of_two(is_rare, np.arange(100) / 1000)
    assert scores["tuned_f1"] > 0.9
    assert scores["tuned_balanced_accuracy"] > 0.9
    assert scores["f1"] == 0


def test_of_three_classes_the_rare_ones_are_ranked():
    y = np.array([0] * 6 + [1] * 2 + [2] * 2)
    probability = np.eye(3)[y]
    scores = classifier_scores(y, probability, rare=[1, 2])
    assert scores["average_precision"] == scores["roc_auc"] == scores["f1"] == 1
    assert scores["brier"] == 0
    assert np.isnan(scores["tuned_f1"])
    wrong = probability[:, [0, 2, 1]]  # the rare classes are mistaken for each other
    assert classifier_scores(y, wrong, rare=[1, 2])["balanced_accuracy"] == 1 / 3
    assert classifier_scores(y, wrong, rare=[1, 2])["brier"] == pytest.approx(0.8)


def test_a_class_that_is_not_there_is_left_out():
    y = np.array([0, 0, 0, 1])
    probability = np.array([[0.8, 0.1, 0.1]] * 3 + [[0.2, 0.7, 0.1]])
    assert classifier_scores(y, probability, rare=[1, 2])["average_precision"] == 1
    none = classifier_scores(np.zeros(4, int), probability, rare=[1, 2])
    assert np.isnan(none["average_precision"])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.longdouble])
def test_probabilities_of_any_length_are_scored_as_those_of_64_bits(dtype):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200)
    p = rng.dirichlet(np.ones(3), 200)
    expected = classifier_scores(y, p, rare=[1, 2])
    found = classifier_scores(y, p.astype(dtype), rare=[1, 2])
    assert found == pytest.approx(expected, nan_ok=True, rel=1e-5)
