"""TabularGAN as an estimator of its own."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from gan_augment import TabularGAN


@pytest.fixture
def fitted(imbalanced):
    X, y = imbalanced
    return TabularGAN(max_steps=10, random_state=0).fit(X, y)


def test_classes_are_drawn_as_often_as_they_are(fitted):
    _, y = fitted.sample(4000)
    assert (y == "rare").mean() == pytest.approx(fitted.class_prior_[1], abs=0.02)


def test_sample_repeats_itself_unless_given_another_seed(fitted):
    pd.testing.assert_frame_equal(fitted.sample(9)[0], fitted.sample(9)[0])
    assert not fitted.sample(9)[0].equals(fitted.sample(9, random_state=1)[0])


def test_a_draw_of_several_chunks_is_complete(fitted):
    X, y = fitted.sample(20_000, label="rare")
    assert len(X) == len(y) == 20_000


def test_scores_are_one_logit_a_row(fitted, imbalanced):
    X, y = imbalanced
    scores = fitted.score_samples(X, y)
    assert scores.shape == (len(X),)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, fitted.score_samples(X, y))


def test_clone_and_pickle(fitted, imbalanced):
    assert clone(fitted).get_params() == fitted.get_params()
    copied = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(copied.sample(5)[0], fitted.sample(5)[0])


def test_fitted_weights_are_numpy(fitted):
    for weights in (fitted.generator_weights_, fitted.discriminator_weights_):
        assert {type(array) for array in weights.values()} == {np.ndarray}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda gan: gan.sample(0), "at least 1. Got 0"),
        (lambda gan: gan.sample(True), "at least 1. Got True"),
        (lambda gan: gan.sample(2.5), "whole number.*2.5"),
        (lambda gan: gan.sample(True), "whole number.*True"),
        (lambda gan: gan.sample(3, label=pd.NA), "'common', 'rare'.*<NA>"),
        (lambda gan: gan.sample(3, label=["rare"]), r"'common', 'rare'.*\['rare'\]"),
        (lambda gan: gan.sample(3, label="maybe"), r"'common', 'rare'.*'maybe'"),
        (lambda gan: gan.set_params(loss="l1").fit([[1.0]], [0]), "'loss'.*'l1'"),
        (lambda gan: gan.fit([[1.0], [2.0]], [0, 1, 1]), "inconsistent"),
    ],
)
def test_bad_calls_are_named(fitted, call, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        call(fitted)


def test_unfitted():
    with pytest.raises(NotFittedError):
        TabularGAN().sample()


def test_reconstruction_and_noise_change_what_is_learned(imbalanced):
    X, y = imbalanced
    drawn = [
        TabularGAN(max_steps=20, random_state=0, **params).fit(X, y).sample(9)[0]
        for params in ({}, {"reconstruction_weight": 1.0}, {"input_noise": 0.5})
    ]
    for frame in drawn:
        pd.testing.assert_series_equal(frame.dtypes, X.dtypes)
    assert not drawn[0].equals(drawn[1])
    assert not drawn[0].equals(drawn[2])
    assert not drawn[1].equals(drawn[2])


def test_a_generator_of_a_subclass_cannot_reconstruct(imbalanced):
    class Other(TabularGAN):
        def _make_generator(self, rng):
            return super()._make_generator(rng)

    with pytest.raises(ValueError, match="`reconstruction_weight` must be 0"):
        Other(max_steps=2, reconstruction_weight=1.0).fit(*imbalanced)
