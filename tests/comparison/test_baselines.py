"""SMOTE is granted what its users do before it."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.comparison.baselines import ImputedSMOTE, fill_missing


def test_any_table(imbalanced):
    X, y = imbalanced
    resampled, labels = ImputedSMOTE(random_state=0).fit_resample(X, y)
    assert not resampled.isna().any().any()
    assert (labels == "rare").sum() == (labels == "common").sum()
    made = resampled[len(X) :]
    assert (made["age"] % 1 == 0).all()
    assert set(made["job"]) <= set("abc")


def test_dates_and_durations_are_interpolated(imbalanced):
    X, y = imbalanced
    days = pd.to_timedelta(np.arange(len(X)), unit="D")
    X["since"] = pd.Timestamp("2024-01-01", tz="Europe/Paris") + days
    X["seen"] = (pd.Timestamp("2024-01-01") + days).where(X.index % 9 > 0)
    X["stay"] = days
    resampled, _ = ImputedSMOTE(random_state=0).fit_resample(X, y)
    times = ["since", "seen", "stay"]
    assert (resampled[times].dtypes == X[times].dtypes).all()
    assert not resampled[times].isna().any().any()
    real, made = resampled[: len(X)], resampled[len(X) :]
    pd.testing.assert_frame_equal(real[["since", "stay"]], X[["since", "stay"]])
    for name in times:
        assert made[name].between(X[name].min(), X[name].max()).all()
        assert not made[name].isin(X[name]).all()


@pytest.mark.parametrize("columns", [["age", "income"], ["job"]])
def test_tables_of_one_kind(imbalanced, columns):
    X, y = imbalanced
    resampled, labels = ImputedSMOTE(random_state=0).fit_resample(X[columns], y)
    assert len(resampled) == len(labels) == 350


def test_arrays_stay_arrays():
    X, y = np.random.default_rng(0).normal(size=(50, 3)), np.arange(50) % 10 == 0
    resampled, _ = ImputedSMOTE(random_state=0).fit_resample(X, y)
    assert isinstance(resampled, np.ndarray)
    assert (resampled[:50] == X).all()


def test_two_rows_are_enough():
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) >= 18
    assert ImputedSMOTE(random_state=0).fit_resample(X, y)[1].sum() == 18


def test_missing_values_are_filled_alike():
    like = pd.DataFrame({"a": [1.0, 3.0, 5.0], "b": [True, None, False]})
    rows = pd.DataFrame({"a": [None, 9.0], "b": [None, True]})
    filled = fill_missing(rows, like)
    assert filled["a"].tolist() == [3.0, 9.0]
    assert filled["b"].tolist() == ["missing", True]


def test_names_are_names_and_dtypes_stay(imbalanced):
    X, y = imbalanced
    renamed = X.set_axis([10, 2, 0], axis=1)
    resampled, _ = ImputedSMOTE(random_state=0).fit_resample(renamed, y)
    assert resampled[0].dtype == X["job"].dtype


def test_numbers_of_an_object_array_are_interpolated():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)).astype(object)
    resampled, _ = ImputedSMOTE(random_state=0).fit_resample(X, np.arange(60) % 6 == 0)
    made = resampled[60:, 0].astype(float)
    assert not np.isin(made, X[:, 0].astype(float)).any()
