"""Which of two classifiers predicts real rows better, out of fold."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN
from gan_augment.classification import advantage as module
from gan_augment.classification.advantage import advantage

QUICK = GANOverSampler(TabularGAN(max_steps=5, hidden_dims=(8,)), sample_filter=None)
LINEAR, MEMORY = LogisticRegression(), DecisionTreeClassifier()


@pytest.fixture(scope="module")
def rare():
    return make_classification(
        600, n_informative=4, weights=[0.9], flip_y=0.05, random_state=0
    )


def judged(teacher, classifier, X, y):
    return advantage(teacher, classifier, X, y, np.random.default_rng(0))


def test_memory_of_the_rows_is_no_advantage(rare):
    assert judged(LINEAR, MEMORY, *rare) > 2
    assert judged(MEMORY, LINEAR, *rare) < -2


def test_a_classifier_has_no_advantage_over_itself(rare):
    assert judged(LINEAR, LINEAR, *rare) == 0


def test_labels_and_sizes_of_any_kind(rare, monkeypatch):
    X, y = rare
    names = np.where(y == 1, "a rare one", "a common one")
    monkeypatch.setattr(module, "MOST_ROWS", 200)
    assert judged(LINEAR, MEMORY, X, names) > 0
    two = np.r_[np.flatnonzero(y == 0)[:50], np.flatnonzero(y == 1)[:2]]
    assert np.isfinite(judged(LINEAR, MEMORY, X[two], y[two]))
    assert judged(LINEAR, MEMORY, X[two[:-1]], y[two[:-1]]) == 0


def test_a_table_of_any_size_can_be_cut(rare, monkeypatch):
    """One row more than is used, and classes of which no row may be left."""
    X, y = rare
    monkeypatch.setattr(module, "MOST_ROWS", len(y) - 1)
    assert np.isfinite(judged(LINEAR, MEMORY, X, y))
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    for n_rare in (1, 2):
        few = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:n_rare]]
        assert judged(LINEAR, MEMORY, X[few], y[few]) == 0


@pytest.mark.parametrize(
    ("classifier", "teacher", "equal"),
    [(MEMORY, LINEAR, True), (LINEAR, LINEAR, False)],
)
def test_hard_labels_count_as_much_where_the_teacher_knows_more(
    classifier, teacher, equal, rare
):
    model = ResampledClassifier(classifier, QUICK, teacher=teacher, random_state=0)
    weights = model.fit(*rare).estimator_weights_
    assert (model.teacher_advantage_ >= 2) == equal
    assert np.allclose(weights, 0.2) == equal
    assert weights.sum() == pytest.approx(1)


def test_who_knows_more_than_the_vote_teaches_itself(rare, monkeypatch):
    monkeypatch.setattr(
        "gan_augment.classification.classifier.make_teacher", lambda _: MEMORY
    )
    model = ResampledClassifier(LINEAR, QUICK, random_state=0).fit(*rare)
    assert model.teacher_ is model.estimators_[0]
    model.set_params(teacher=MEMORY).fit(*rare)
    assert isinstance(model.teacher_, DecisionTreeClassifier)
