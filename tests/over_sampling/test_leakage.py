"""What is known of leaks is said, and what is no leak is left alone."""

import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from tables import make_mixed_frame

from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN
from gan_augment.comparison.baselines import ImputedSMOTE
from gan_augment.over_sampling import LeakageWarning, leak_guard, leakage
from gan_augment.over_sampling.leakage import find_leak, is_synthetic
from pipelines.datasets import DATASETS, load

SAMPLER = GANOverSampler(TabularGAN(max_steps=3), sample_filter=None, random_state=0)


@pytest.fixture
def table():
    X = np.random.default_rng(0).normal(size=(300, 4))
    return X, np.arange(300) % 10 == 0


@pytest.mark.parametrize("name", DATASETS)
def test_no_real_table_is_accused(name):
    data = load(name)
    assert find_leak(data.X, data.is_rare) is None


@pytest.mark.parametrize("name", ["yeast4", "wa_churn", "abalone19", "Default"])
@pytest.mark.parametrize("sampler", [RandomOverSampler, ImputedSMOTE])
def test_resampled_tables_are_found_out(name, sampler):
    data = load(name)
    X, y = sampler(random_state=0).fit_resample(data.X, data.is_rare)
    assert "of the rows of class 'rare'" in find_leak(X, np.where(y, "rare", "common"))


def test_the_class_that_was_raised_is_named_whatever_its_place(table):
    X, y = table
    X, y = SMOTE(random_state=0).fit_resample(X, ~y)
    assert "class False" in find_leak(X, y)


@leak_guard()
def test_rows_of_our_own_are_known(table):
    X, y = table
    X_resampled, y_resampled = SAMPLER.fit_resample(X, y)
    mask = SAMPLER.synthetic_mask_
    assert (is_synthetic(X_resampled) == mask).all()
    assert (is_synthetic(pd.DataFrame(X_resampled)) == mask).all()
    shuffled = np.random.default_rng(0).permutation(len(X_resampled))
    assert (is_synthetic(X_resampled[shuffled]) == mask[shuffled]).all()
    assert "GANOverSampler" in find_leak(X_resampled, y_resampled)


@leak_guard()
def test_scoring_them_is_warned_about(table):
    X, y = table
    rows = SAMPLER.fit_resample(X, y)
    fitted = ResampledClassifier(LogisticRegression(), SAMPLER).fit(X, y)
    with pytest.warns(LeakageWarning, match=r"to score hold 240 .* Split first"):
        fitted.score(*rows)
    with pytest.warns(LeakageWarning, match="rows of fit_resample hold"):
        cross_validate(ResampledClassifier(LogisticRegression(), SAMPLER), *rows, cv=2)


@leak_guard()
def test_real_rows_are_not_warned_about(table):
    X, y = table
    SAMPLER.fit_resample(X[:200], y[:200])
    with warnings.catch_warnings():
        warnings.simplefilter("error", LeakageWarning)
        fitted = ResampledClassifier(LogisticRegression(), SAMPLER)
        fitted.fit(X[:200], y[:200]).score(X[200:], y[200:])


@leak_guard()
def test_a_coarse_table_may_hold_the_synthetic_rows_by_chance():
    X = pd.DataFrame({"a": np.arange(200) % 3, "b": np.arange(200) % 2}).astype(str)
    y = np.arange(200) % 5 == 0
    with pytest.warns(UserWarning, match="equal a real row"):
        SAMPLER.fit_resample(X, y)
    assert not is_synthetic(X).any()


def test_coarse_columns_are_no_leak():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers([6, 6, 5], size=(1303, 3)))
    y = np.repeat([0, 1, 2], [1000, 300, 3])
    assert find_leak(X, y) is None
    grid = pd.DataFrame(rng.integers(40, size=(1303, 2)))
    assert find_leak(grid, y) is None
    rare = y > 0
    visits = pd.DataFrame(rng.poisson(4, size=(1303, 2)), columns=["calls", "visits"])
    visits["amount"] = np.where(rare, 0.0, rng.exponential(size=1303))
    assert find_leak(visits, rare) is None


def test_nothing_is_remembered_outside_of_a_block_or_after_it(table):
    X, y = table
    rows = SAMPLER.fit_resample(X, y)
    with leak_guard():
        assert not is_synthetic(rows[0]).any()
        SAMPLER.fit_resample(X, y)
        assert is_synthetic(rows[0]).any()
        inside = []
        thread = threading.Thread(target=lambda: inside.append(is_synthetic(rows[0])))
        thread.start()
        thread.join()
        assert not inside[0].any()
    assert not is_synthetic(rows[0]).any()


def test_a_rare_class_may_repeat_rows_somewhat_more_than_the_common_one():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 4)), np.arange(1000) >= 900
    X[:90], X[900:930] = X[90:180], X[930:960]  # a tenth and three tenths
    assert find_leak(X, y) is None
    X[900:980] = X[np.repeat([980, 981], 40)]
    assert "class True are exact copies" in find_leak(X, y)


@leak_guard()
def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(leakage, "MOST_REMEMBERED", 100)
    parts = [np.full((60, 1), i) + np.linspace(0, 0.5, 60)[:, None] for i in range(3)]
    for part in parts:
        leakage.remember(part)
    assert [is_synthetic(part).any() for part in parts] == [False, False, True]


@leak_guard()
def test_any_column_can_be_looked_at():
    frame = make_mixed_frame()
    assert find_leak(frame, np.arange(len(frame)) % 4 == 0) is None
    assert not is_synthetic(np.array([[{"a": 1}]], dtype=object)).any()


def test_one_row_that_is_repeated_is_a_leak(table):
    X, y = table
    X[y] = X[y][0]
    assert "exact copies of others" in find_leak(X, y)
    y[:] = False
    y[7] = True
    assert find_leak(np.random.default_rng(1).normal(size=X.shape), y) is None
