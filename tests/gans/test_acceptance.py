"""Acceptance of drawn rows: odds, budget, and what a file may hold."""

import dataclasses

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from gan_augment import TabularGAN
from gan_augment.gans import acceptance
from gan_augment.gans.acceptance import MOST_TREES, learn_acceptance, with_class
from gan_augment.metrics import c2st

N_ROWS = 3000
# One Gaussian does not know of the gap.
SHORT = {"max_steps": 30, "n_components": 1, "random_state": 0}


def make_rows(seed, gap):
    """Two normal columns; without a band of the first where it has a gap."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(4 * N_ROWS, 2)).astype(np.float32)
    classes = np.arange(len(rows)) % 2
    if gap:
        # The gap of each class is elsewhere.
        inside = np.abs(rows[:, 0] - (2 * classes - 1)) < 0.5
        rows, classes = rows[~inside], classes[~inside]
    return rows[:N_ROWS], classes[:N_ROWS]


def learn(n_candidates=2, gap=True):
    return learn_acceptance(
        *make_rows(0, gap=gap),
        *make_rows(1, gap=False),
        n_candidates=n_candidates,
        rng=np.random.default_rng(0),
    )


def test_rows_that_no_real_row_resembles_are_seldom_accepted():
    rows, classes = make_rows(2, gap=False)
    accepted = learn().probabilities(rows, classes)
    inside = np.abs(rows[:, 0] - (2 * classes - 1)) < 0.45
    assert accepted[inside].mean() < 0.15 * accepted[~inside].mean()
    assert 0 <= accepted.min() <= accepted.max() <= 1


@pytest.mark.parametrize("n_candidates", [2, 5])
def test_of_each_class_one_of_so_many_candidates_is_accepted(n_candidates):
    rows, classes = make_rows(2, gap=False)
    accepted = learn(n_candidates).probabilities(rows, classes)
    for label in (0, 1):
        found = accepted[classes == label].mean()
        assert found == pytest.approx(1 / n_candidates, rel=0.3)


def test_the_odds_are_those_of_the_trees(monkeypatch):
    fitted = []

    class Kept(GradientBoostingClassifier):
        def fit(self, X, y, **params):
            fitted.append(self)
            return super().fit(X, y, **params)

    monkeypatch.setattr(acceptance, "GradientBoostingClassifier", Kept)
    found = learn()
    rows, classes = make_rows(2, gap=False)
    mine = found.logits(rows, classes)
    theirs = fitted[0].decision_function(with_class(rows, classes))
    # They differ by the odds of a real row before anything is known of it.
    assert np.ptp(mine - theirs) < 1e-4


def make_table(n_rows=4000):
    rng = np.random.default_rng(0)
    rows, classes = make_rows(0, gap=True)
    X = np.concatenate([rows, rng.normal(size=(len(rows), 1))], axis=1)
    return X, classes


@pytest.fixture(scope="module")
def fitted():
    return TabularGAN(**SHORT, n_candidates=2).fit(*make_table())


def test_accepted_rows_are_harder_to_distinguish(fitted):
    X, y = make_table()
    plain = TabularGAN(**SHORT, n_candidates=1).fit(X, y)
    assert plain.acceptance_ is None
    real = np.column_stack([X, y])
    found = [
        c2st(real, np.column_stack(gan.sample(len(X))), random_state=0)
        for gan in (fitted, plain)
    ]
    # Below .5 they would lie nearer to the training rows than these to each other.
    assert abs(found[0] - 0.5) < abs(found[1] - 0.5) - 0.02


def test_no_tree_is_added_once_unseen_rows_are_distinguished_no_better():
    found = learn(gap=False)  # nothing is left to find
    assert len(found.columns) < MOST_TREES / 2


def test_a_loaded_generator_accepts_the_same_rows(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = TabularGAN.load(tmp_path / "model")
    for mine, theirs in zip(fitted.sample(200), loaded.sample(200), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("columns", lambda a: a + 99),
        ("columns", lambda a: a - 99),
        ("thresholds", lambda a: a[:, 1:]),
        ("thresholds", lambda a: a * np.nan),
        ("columns", lambda a: a[1:]),
        ("log_odds", lambda a: a[:, :2]),
        ("scales", lambda a: a[1:]),
    ],
)
def test_a_damaged_acceptance_is_refused(fitted, name, damage):
    found = fitted.acceptance_
    damaged = dataclasses.replace(found, **{name: damage(getattr(found, name))})
    with pytest.raises(ValueError, match=name):
        damaged.check(n_columns=3, n_classes=2)
