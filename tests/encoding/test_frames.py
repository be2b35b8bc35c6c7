"""Frames of other libraries come back as they came, and everything takes them."""

import datetime
import decimal
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gan_augment import (
    GANOverSampler,
    ResampledClassifier,
    TabularGAN,
    check_table,
    compare,
    report,
)
from gan_augment.encoding.frames import stack_like, to_pandas
from gan_augment.events import Listener, listening

N_ROWS = 120
LABELS = np.where(np.arange(N_ROWS) % 6 == 0, "rare", "common")


def make_table():
    """A table of Arrow with a column of every type that a user may bring."""
    rng = np.random.default_rng(0)
    holes = np.arange(N_ROWS) % 7 == 0
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(int(i)) for i in range(99)]
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N_ROWS), unit="h")
    return pa.table(
        {
            "age": pa.array(rng.integers(18, 90, N_ROWS), pa.int8()),
            "large": pa.array(rng.integers(2**60, 2**62, N_ROWS), mask=holes),
            "income": pa.array(rng.normal(size=N_ROWS), mask=holes),
            "single": pa.array(rng.normal(size=N_ROWS).astype(np.float32)),
            "job": pa.array(rng.choice(["a", "b"], N_ROWS), mask=holes),
            "level": pa.array(rng.choice(["x", "y"], N_ROWS)).dictionary_encode(),
            "is_new": pa.array(rng.random(N_ROWS) > 0.5, mask=holes),
            "day": pa.array([days[i % 99] for i in range(N_ROWS)], mask=holes),
            "time": pa.array(times.to_numpy(), pa.timestamp("us", tz="UTC")),
            "stay": pa.array(np.arange(N_ROWS) % 9, pa.duration("ms")),
            "price": pa.array([decimal.Decimal(i % 5) / 4 for i in range(N_ROWS)]),
        }
    )


def as_pyarrow(table):
    return table


def as_polars(table):
    return pytest.importorskip("polars").from_arrow(table)


LIBRARIES = pytest.mark.parametrize("of_library", [as_pyarrow, as_polars])


@LIBRARIES
def test_frames_come_back_as_they_came(of_library):
    X = of_library(make_table())
    sampler = GANOverSampler(TabularGAN(max_steps=5), random_state=0)
    resampled, labels = sampler.fit_resample(X, LABELS)
    assert type(resampled) is type(X)
    assert resampled.schema == X.schema
    assert resampled[:N_ROWS].equals(X)
    assert len(resampled) == len(labels) == 200
    assert sampler.feature_names_in_.tolist() == make_table().column_names
    made = to_pandas(resampled)[N_ROWS:]
    assert set(made["level"]) <= {"x", "y"}
    assert made["large"].isna().any()
    real = to_pandas(X)
    assert made["day"].dropna().between(real["day"].min(), real["day"].max()).all()


@LIBRARIES
def test_nothing_is_lost_on_the_way(of_library):
    X = of_library(make_table())
    frame = to_pandas(X)
    again = stack_like(X, frame)
    assert again[:N_ROWS].equals(X)
    assert again[N_ROWS:].equals(X)


def test_series_come_back_as_they_came():
    polars = pytest.importorskip("polars")
    X = as_polars(make_table())
    levels = polars.Enum(["rare", "common"])
    for dtype in (polars.String, levels, polars.Categorical):
        y = polars.Series("class", LABELS.tolist(), dtype=dtype)
        sampler = GANOverSampler(TabularGAN(max_steps=2), random_state=0)
        _, labels = sampler.fit_resample(X, y)
        assert labels.dtype == y.dtype
        assert labels.name == "class"
        assert (labels == "rare").sum() == 100


@LIBRARIES
def test_everything_takes_them(of_library, fast_sampler):
    numbers = make_table().select(["age", "single"])
    X = of_library(numbers)
    copies = RandomOverSampler(random_state=0)
    model = ResampledClassifier(LogisticRegression(), copies, random_state=0)
    model.fit(X, LABELS)
    assert model.feature_names_in_.tolist() == ["age", "single"]
    pandas = model.predict_proba(numbers.to_pandas())
    assert (model.predict_proba(X) == pandas).all()
    compare(X, LABELS, LogisticRegression(), {"copies": copies}, cv=2, verbose=False)
    assert check_table(X, LABELS).n_columns == 2
    resampled, labels = fast_sampler.fit_resample(X, LABELS)
    report(fast_sampler, resampled, labels, X, LABELS)
    rows, _ = TabularGAN(max_steps=2).fit(X, LABELS).sample(3)
    assert rows.columns.tolist() == ["age", "single"]


def test_a_lazy_frame_is_named():
    X = as_polars(make_table()).lazy()
    with pytest.raises(ValueError, match=r"must hold rows. Got a LazyFrame .* Collect"):
        GANOverSampler().fit_resample(X, LABELS)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_the_output_that_scikit_learn_is_set_to(output, fast_gan):
    pytest.importorskip(output)
    X = to_pandas(make_table().select(["age", "single"]))
    sampler = GANOverSampler(fast_gan, random_state=0)
    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    with sklearn.config_context(transform_output=output), warnings.catch_warnings():
        warnings.simplefilter("error")
        scaled = StandardScaler().fit_transform(X)
        resampled, _ = sampler.fit_resample(scaled, LABELS)
        assert type(resampled) is type(scaled)
        ResampledClassifier(classifier, random_state=0).fit(X, LABELS).predict(X)


@LIBRARIES
def test_listeners_hear_of_pandas_frames(of_library, fast_sampler):
    heard = []

    class Ear(Listener):
        def on_end(self, task):
            if task.name == "fit_resample":
                heard.append((task.inputs["X"], task.result[0]))

    X = of_library(make_table())
    with listening(Ear()):
        fast_sampler.fit_resample(X, LABELS)
    ((given, made),) = heard
    assert isinstance(given, pd.DataFrame)
    assert len(made) == 200
