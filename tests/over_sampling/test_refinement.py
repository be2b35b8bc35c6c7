"""Refinements: a user's own, exact counts, and one conversion of the real rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from gan_augment import GANOverSampler, TabularGAN
from gan_augment.encoding import container
from gan_augment.over_sampling import ClassFilter, Refinement

GAN = TabularGAN(max_steps=10)


class AgeAtLeast(Refinement):
    """Drop rows below the lowest age of the rare class, and mark what was seen."""

    def fit(self, real, y, gan, labels):
        self.lowest = real.frame.loc[np.asarray(y) == labels[0], "age"].quantile(0.6)
        self.labels = labels
        return self

    def n_draws(self, n_rows, label):
        return 2 * n_rows

    def refine(self, X, label, n_rows, rng):
        return X[X["age"] >= self.lowest]


def test_a_refinement_of_the_users_own_is_kept_to_with_exact_counts(imbalanced):
    X, y = imbalanced
    sampler = GANOverSampler(GAN, refinements=[AgeAtLeast()], random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    own = sampler.refinements_[0]
    assert own.labels == ["rare"]
    assert (X_resampled[sampler.synthetic_mask_]["age"] >= own.lowest).all()
    assert (y_resampled == "rare").sum() == 175
    assert [type(r).__name__ for r in sampler.refinements_] == [
        "AgeAtLeast",
        "KeptRules",
        "CopyFilter",
        "ClassFilter",
        "NewCombinations",
        "FreshIdentifiers",
    ]


def test_a_refinement_may_take_the_place_of_the_filter(imbalanced):
    class Oldest(Refinement):
        def n_draws(self, n_rows, label):
            return 3 * n_rows

        def refine(self, X, label, n_rows, rng):
            return X.sort_values("age", ascending=False).head(n_rows)

    X, y = imbalanced
    sampler = GANOverSampler(GAN, random_state=0)
    plain, _ = sampler.set_params(sample_filter=None).fit_resample(X, y)
    oldest, _ = sampler.set_params(sample_filter=Oldest()).fit_resample(X, y)
    assert len(oldest) == len(plain) == 350
    assert oldest["age"].iloc[200:].mean() > plain["age"].iloc[200:].mean() + 5


def test_rows_that_a_refinement_refuses_for_ever_are_an_error(imbalanced):
    class Nothing(Refinement):
        def refine(self, X, label, n_rows, rng):
            return X[:0]

    sampler = GANOverSampler(GAN, refinements=[Nothing()], random_state=0)
    with pytest.raises(ValueError, match=r"`refinements` must leave rows.*'rare'"):
        sampler.fit_resample(*imbalanced)


def test_a_fit_leaves_the_users_refinement_unfitted(imbalanced):
    given = AgeAtLeast()
    GANOverSampler(GAN, refinements=[given], random_state=0).fit_resample(*imbalanced)
    assert not hasattr(given, "lowest")


def test_an_estimator_gets_a_seed_of_its_own(imbalanced):
    class Shuffled(Refinement, BaseEstimator):
        def __init__(self, random_state=None):
            self.random_state = random_state

    sampler = GANOverSampler(GAN, refinements=[Shuffled()], random_state=0)
    seeds = []
    for _ in range(2):
        sampler.fit_resample(*imbalanced)
        seeds.append(sampler.refinements_[0].random_state)
    assert seeds[0] == seeds[1] is not None


def test_the_filter_takes_the_columns_for_categorical_that_the_gan_does(imbalanced):
    X, y = imbalanced
    gan = TabularGAN(max_steps=5, categorical_features=["age"])
    sampler = GANOverSampler(gan, random_state=0)
    sampler.fit_resample(X, y)
    encoders = sampler.gan_.encoder_, sampler.sample_filter_.encoder_
    assert encoders[0].dtypes_ == encoders[1].dtypes_
    assert ClassFilter().fit(X, y).encoder_.dtypes_["age"] == "numeric"


@pytest.mark.parametrize("kind", ["array", "objects"])
def test_the_real_rows_are_converted_once(monkeypatch, imbalanced, kind):
    X, y = imbalanced
    X = {"array": X[["age", "income"]].to_numpy(), "objects": X.to_numpy()}[kind]
    conversions = []
    check_array = container.check_array

    def counted(given, *args, **params):
        conversions.append(np.shape(given))
        return check_array(given, *args, **params)

    monkeypatch.setattr(container, "check_array", counted)
    GANOverSampler(GAN, random_state=0).fit_resample(X, y)
    assert conversions.count(X.shape) == 1


def test_copies_that_are_refused_are_drawn_again(imbalanced):
    """The chain is passed again for what is missing, until the count is exact."""
    X, y = imbalanced
    rounds = []

    class Half(Refinement):
        def refine(self, X, label, n_rows, rng):
            rounds.append(n_rows)
            return X.iloc[::2]

    sampler = GANOverSampler(
        GAN, sample_filter=None, refinements=[Half()], random_state=0
    )
    X_resampled, _ = sampler.fit_resample(X, y)
    assert isinstance(X_resampled, pd.DataFrame)
    assert len(X_resampled) == 350
    # Half of each round is left: a round follows while these are too few, and no other.
    assert len(rounds) > 1
    assert sum(rounds[:-1]) / 2 < 150 <= sum(rounds) / 2


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_where_hardly_any_row_is_left_more_are_drawn(imbalanced, share):
    """One row in a hundred is enough, and none is an error that ends."""
    X, y = imbalanced
    n_drawn = []

    class Few(Refinement):
        def refine(self, X, label, n_rows, rng):
            n_drawn.append(len(X))
            return X[rng.random(len(X)) < share]

    sampler = GANOverSampler(
        TabularGAN(generator="network", max_steps=1),
        sampling_strategy={"rare": 30},
        sample_filter=None,
        refinements=[Few()],
        random_state=0,
    )
    if share:
        assert len(sampler.fit_resample(X, y)[0]) == 205
    else:
        with pytest.raises(ValueError, match="Got 0 of 5 rows"):
            sampler.fit_resample(X, y)
    assert max(n_drawn) <= 2000
