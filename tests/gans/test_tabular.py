"""TabularGAN as an estimator of its own."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from gan_augment import TabularGAN
from gan_augment.gans import chains, start
from gan_augment.training.callbacks import Callback


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


@pytest.mark.parametrize(
    ("module", "size", "params"),
    [
        (chains, "MOST_ROWS", {"n_candidates": 2}),
        (start, "MIXTURE_ROWS", {"n_components": 2}),
    ],
)
def test_a_class_of_one_row_is_in_every_sample(
    module, size, params, monkeypatch, tmp_path
):
    monkeypatch.setattr(module, size, 20)
    X, y = np.random.default_rng(0).normal(size=(300, 2)), np.arange(300) == 7
    gan = TabularGAN(max_steps=2, random_state=1, **params).fit(X, y)
    assert np.isfinite(gan.sample(5, label=True)[0]).all()
    gan.save(tmp_path)
    assert TabularGAN.load(tmp_path).sample(5, label=True)[0].shape == (5, 2)


def test_widths_may_be_an_array():
    X, y = np.random.default_rng(0).normal(size=(300, 2)), np.arange(300) % 2
    gan = TabularGAN(hidden_dims=np.array([8, 8]), max_steps=2).fit(X, y)
    assert gan.recipe_.hidden_dims == (8, 8)


@pytest.mark.parametrize("kind", ["coo", "dia", "bsr", "csc"])
def test_sparse_rows_of_any_format_are_learned(kind):
    X = sparse.random(200, 4, density=0.5, random_state=0, format=kind)
    gan = TabularGAN(max_steps=2).fit(X, np.arange(200) % 4 == 0)
    assert sparse.issparse(gan.sample(5)[0])


@pytest.mark.parametrize(
    "params", [{"n_components": 2, "max_steps": 2}, {"generator": "trees"}]
)
def test_a_handful_of_rows_is_enough(params):
    X = np.random.default_rng(0).normal(size=(3, 20))
    gan = TabularGAN(random_state=0, **params).fit(X, [0, 1, 1])
    assert gan.sample(5)[0].shape == (5, 20)


def test_rows_without_the_columns_that_are_left_out_are_scored(imbalanced):
    X, y = imbalanced
    X = X.assign(job=[f"C{i:05d}" for i in range(len(X))])
    gan = TabularGAN(identifiers="drop", max_steps=5, random_state=0).fit(X, y)
    drawn, classes = gan.sample(9)
    assert [*drawn] == ["age", "income"]
    assert np.isfinite(gan.score_samples(drawn, classes)).all()
    whole = gan.score_samples(X[:9], y[:9])
    np.testing.assert_array_equal(gan.score_samples(X[[*drawn]][:9], y[:9]), whole)
    with pytest.raises(ValueError, match=r"must have 3 columns, as in fit\. Got 1"):
        gan.score_samples(drawn[["age"]], classes)


class Fails(Callback):
    def on_epoch_end(self, epoch):
        raise RuntimeError


def test_a_fit_that_fails_leaves_what_was_learned_before(imbalanced):
    X, y = imbalanced
    gan = TabularGAN(max_steps=5, random_state=0).fit(X, y)
    before, drawn = vars(gan).copy(), gan.sample(9)[0]
    gan.set_params(callbacks=[Fails()])
    with pytest.raises(RuntimeError):
        gan.fit(X[["age"]], np.where(y == "rare", "another", y))
    assert gan.classes_.tolist() == ["common", "rare"]
    pd.testing.assert_frame_equal(gan.sample(9)[0], drawn)
    assert vars(gan).keys() == before.keys()
    unfitted = TabularGAN(max_steps=5, callbacks=[Fails()])
    with pytest.raises(RuntimeError):
        unfitted.fit(X, y)
    assert vars(unfitted).keys() == vars(clone(unfitted)).keys()
