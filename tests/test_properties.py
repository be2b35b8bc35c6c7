"""Any table through fit, sample, save, load, clone and pickle: right, or refused."""

import pickle
import tempfile

import numpy as np
import pandas as pd
import pytest
from any_frame import frames, labels
from hypothesis import HealthCheck, example, given, settings
from sklearn.base import clone

from gan_augment import TabularGAN

pytestmark = pytest.mark.filterwarnings("ignore")

N_ROWS = 24
COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def make_gan():
    return TabularGAN(max_steps=2, hidden_dims=(8,), latent_dim=4, random_state=0)


# What scikit-learn itself says of labels.
OF_SCIKIT_LEARN = (
    "Unknown label type",
    "Input y contains NaN",
    "labels represented as bytes",
    "legacy multi-label",
)


def assert_explained(error):
    """An error of ours says what must be, and what was found."""
    message = str(error)
    assert isinstance(error, TypeError | ValueError), repr(error)
    if not any(part in message for part in OF_SCIKIT_LEARN):
        assert "must" in message or "supported" in message, message
        assert "Got" in message, message


def _native(dtype):
    """A dtype in the byte order of this machine, and of at most 64 bits, as pandas'."""
    if dtype == np.longdouble:
        return np.dtype(np.float64)
    return dtype.newbyteorder("=") if isinstance(dtype, np.dtype) else dtype


def assert_same_kind(X, rows):
    """Rows in the columns and the dtypes of a frame, with values of its kind."""
    pd.testing.assert_index_equal(rows.columns, X.columns)
    for position in range(X.shape[1]):
        real, drawn = X.iloc[:, position], rows.iloc[:, position]
        assert _native(drawn.dtype) == _native(real.dtype)
        assert not drawn.isna().any() or real.isna().any()
        if real.dtype == object:
            classes = {type(value) for value in real}
            assert {type(value) for value in drawn} <= classes
        elif pd.api.types.is_numeric_dtype(real.dtype) and not real.isna().all():
            present = drawn.dropna()
            assert (present >= real.min()).all()
            assert (present <= real.max()).all()


def assert_same(one, other):
    """Frames of the same cells; pandas' own comparison fails on some objects."""
    pd.testing.assert_index_equal(one.columns, other.columns)
    pd.testing.assert_index_equal(one.index, other.index)
    for position in range(one.shape[1]):
        a, b = one.iloc[:, position], other.iloc[:, position]
        if a.dtype != object:
            pd.testing.assert_series_equal(a, b, check_exact=True)
            continue
        for mine, yours in zip(a.array, b.array, strict=True):
            assert type(mine) is type(yours)
            assert mine is yours or mine == yours or (mine != mine and yours != yours)


def check_frame(X, y):
    """Whether a table came back right; what is refused must be explained."""
    before = X.copy(deep=True)
    try:
        gan = make_gan().fit(X, y)
    except Exception as error:
        assert_explained(error)
        return
    finally:
        assert_same(X, before)
    rows, classes = gan.sample(20)
    assert_same_kind(X, rows)
    assert set(classes.tolist()) <= set(gan.classes_.tolist())
    others = [clone(gan).fit(X, y), pickle.loads(pickle.dumps(gan))]
    with tempfile.TemporaryDirectory() as path:
        try:
            gan.save(path)
        except TypeError as error:
            assert_explained(error)
        else:
            others.append(TabularGAN.load(path))
    for other in others:
        again, classes_again = other.sample(20)
        assert_same(again, rows)
        assert_same_kind(X, again)
        assert classes_again.dtype == classes.dtype
        assert classes_again.tolist() == classes.tolist()


LABELS = np.arange(N_ROWS) % 3 // 2


def table_of(*cells):
    """A column of objects that some inputs have failed with."""
    column = np.fromiter((cells[i % len(cells)] for i in range(N_ROWS)), object, N_ROWS)
    return pd.DataFrame({"a": column, "b": np.arange(N_ROWS) % 5})


@example(X=table_of(None, np.datetime64(0, "D"), pd.NA, np.datetime64(0, "D")))
@example(X=table_of(None, frozenset({0}), pd.NA, frozenset({0})))
@given(X=frames(N_ROWS))
@settings(max_examples=40, **COMMON)
def test_any_frame_comes_back_right_or_is_refused_by_name(X):
    check_frame(X, LABELS)


@given(y=labels(N_ROWS))
@settings(max_examples=25, **COMMON)
def test_any_labels_come_back_right_or_are_refused(y):
    check_frame(pd.DataFrame({"a": LABELS + 0.5, "b": list("xyz") * 8}), y)


@pytest.mark.slow
@given(X=frames(N_ROWS), y=labels(N_ROWS))
@settings(max_examples=10_000, **COMMON)
def test_ten_thousand_frames_with_any_labels(X, y):
    check_frame(X, y)
