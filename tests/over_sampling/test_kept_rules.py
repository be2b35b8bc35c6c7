"""Over-sampled rows keep the rules, whatever the GAN."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import RandomOverSampler
from tables_rules_planted import PLANTED, planted, shuffled

from gan_augment import GANOverSampler, TabularGAN
from gan_augment.encoding.rows import RealRows
from gan_augment.over_sampling import KeptRules
from gan_augment.tables.rules import Rule

RARE = np.arange(600) % 8 == 0


class ShufflingGAN:
    """Draws every column by itself, and so breaks all rules."""

    def __init__(self, as_array=False):
        self.as_array = as_array

    def get_params(self, deep=True):
        return {"as_array": self.as_array}

    def set_params(self, **params):
        return self

    def fit(self, X, y):
        self.rows = pd.DataFrame(X)
        return self

    def sample(self, n_samples, *, label, random_state):
        seed = int(random_state.integers(2**31))
        repeated = pd.concat([shuffled(self.rows, seed)] * 9, ignore_index=True)
        rows = repeated.head(n_samples)
        return (rows.to_numpy() if self.as_array else rows), np.full(n_samples, label)


@pytest.mark.parametrize("kind", PLANTED)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=1, deadline=None, database=None, phases=[Phase.generate])
def test_rows_of_any_gan_keep_the_rules_of_tables_with_ten_rare_rows(kind, seed):
    X, words = planted(kind, 600, seed, missing=0.1)
    is_rare = np.arange(600) % 60 == 0
    sampler = GANOverSampler(ShufflingGAN(), sample_filter=None, random_state=seed)
    rows, y = sampler.fit_resample(X, is_rare)
    assert words & {str(rule) for rule in sampler.rules_}
    assert not sampler.rules_.violations(rows).any()
    assert y.sum() == (~y).sum() == 590
    pd.testing.assert_frame_equal(rows.head(600), X)


def test_rows_that_the_filter_chose_keep_the_rules():
    X, _ = planted("order", 600, 0)
    sampler = GANOverSampler(ShufflingGAN(), random_state=0)
    rows, _ = sampler.fit_resample(X, RARE)
    assert not sampler.rules_.violations(rows).any()


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLANTED)
def test_rows_of_the_default_gan_keep_the_rules_of_tables_with_ten_rare_rows(kind):
    X, words = planted(kind, 600, 1, missing=0.1)
    sampler = GANOverSampler(random_state=0)
    rows, _ = sampler.fit_resample(X, np.arange(600) % 60 == 0)
    assert words & {str(rule) for rule in sampler.rules_}
    assert not sampler.rules_.violations(rows).any()


def test_arrays_come_back_as_arrays():
    X, _ = planted("order_of_decimals", 600, 0)
    X = X[["net", "gross"]].to_numpy()
    gan = ShufflingGAN(as_array=True)
    rows, _ = GANOverSampler(gan, random_state=0).fit_resample(X, RARE)
    assert isinstance(rows, np.ndarray)
    assert (rows[:, 0] <= rows[:, 1]).all()


def test_the_rules_of_the_gan_are_taken_over():
    X, _ = planted("order", 600, 0)
    gan = TabularGAN(max_steps=3)
    sampler = GANOverSampler(gan, random_state=0).fit(X, RARE)
    sampler.fit_resample(X, RARE)
    assert len(sampler.rules_)
    assert list(sampler.rules_) == list(sampler.gan_.rules_)  # the same objects


def test_without_rules_none_are_kept():
    X, _ = planted("order", 600, 0)
    sampler = GANOverSampler(ShufflingGAN(), rules=None, random_state=0)
    rows, _ = sampler.fit_resample(X, RARE)
    assert len(sampler.rules_) == 0
    assert (rows["low"] > rows["high"]).any()


def test_the_default_gan_takes_the_rules_of_the_sampler():
    X, _ = planted("order", 600, 0)
    sampler = GANOverSampler(rules=None)
    assert sampler._make_gan(X).rules is None
    assert GANOverSampler("tabular")._make_gan(X).rules == "auto"


def test_a_function_is_a_rule():
    X, _ = planted("order", 600, 0)
    rules = ["auto", lambda frame: frame["noise whole"] > 2]
    sampler = GANOverSampler(ShufflingGAN(), rules=rules, random_state=0)
    rows, _ = sampler.fit_resample(X, RARE)
    assert (rows["noise whole"].iloc[600:] > 2).all()


def test_a_function_that_few_drawn_rows_keep_is_kept_without_a_warning():
    """What the GAN draws is drawn again until enough rows keep it."""
    rng = np.random.default_rng(0)
    known = rng.uniform(size=600)
    X = pd.DataFrame({"known": known, "near": known + rng.uniform(-0.003, 0.003, 600)})

    def near(frame):
        return (frame["known"] - frame["near"]).abs() <= 0.003

    gan = TabularGAN(generator="network", max_steps=1, rules=[near])
    drawn = gan.set_params(random_state=0).fit(X, RARE)
    with pytest.warns(UserWarning, match="rows break a rule after 8 rounds"):
        drawn.sample(450, label=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows, _ = GANOverSampler(gan, random_state=0).fit_resample(X, RARE)
    assert near(rows).all()
    assert len(rows) == 1050


def test_rows_that_keep_the_rules_are_not_touched():
    X, _ = planted("order", 600, 0)
    kept = KeptRules().fit(RealRows(X), RARE, RandomOverSampler(), [])
    rows = kept.refine(X, True, len(X), np.random.default_rng(0))
    pd.testing.assert_frame_equal(rows, X)


class NeverKept(Rule):
    """A rule that real rows keep and no drawn or repaired row does."""

    columns = ("low",)

    def __str__(self):
        return "never kept"

    def violations(self, frame):
        return frame.index.to_numpy() >= 0


def test_a_rule_that_no_row_keeps_is_left_out_by_name():
    X, _ = planted("order", 600, 0)
    gan = TabularGAN(max_steps=1, random_state=0).fit(X, RARE)
    n_found = len(gan.rules_)
    gan.rules_.rules_.append(NeverKept())
    kept = KeptRules().fit(RealRows(X), RARE, gan, [])
    drawn, rng = shuffled(X, 0), np.random.default_rng(0)
    # A few refused rows are no evidence.
    assert not len(kept.refine(drawn.head(30), True, 30, rng))
    assert len(kept.rules_) == n_found + 1
    with pytest.warns(UserWarning, match=r"is left out: never kept\."):
        rows = kept.refine(drawn, True, 600, rng)
    assert len(rows)
    assert len(kept.rules_) == n_found
    assert not kept.rules_.violations(rows).any()
    assert len(gan.rules_) == n_found + 1


def test_a_rule_that_was_asked_for_is_never_left_out():
    X, _ = planted("order", 600, 0)
    kept = KeptRules([NeverKept()]).fit(RealRows(X), RARE, RandomOverSampler(), [])
    rows = kept.refine(X, True, 600, np.random.default_rng(0))
    assert not len(rows)
    assert len(kept.rules_) == 1


def test_a_wrong_specification_is_refused():
    X, _ = planted("order", 600, 0)
    with pytest.raises(ValueError, match="'rules' parameter"):
        GANOverSampler(ShufflingGAN(), rules="all").fit_resample(X, RARE)
