"""The vote that is taken where no classifier is named, on tables of any dtypes."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline as make_resampling_pipeline
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.estimator_checks import parametrize_with_checks

from gan_augment.classification.vote import (
    PlainColumns,
    make_table_classifier,
    make_teacher,
)


@parametrize_with_checks([PlainColumns()])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


N_ROWS = 240
COLUMNS = {
    "float": lambda i: np.where(i % 7 == 0, np.nan, i),
    "nullable": lambda i: pd.array(np.where(i % 5, i, None), dtype="Int64"),
    "date": lambda i: pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(i, "D"),
    "duration": lambda i: pd.to_timedelta(i, "h"),
    "boolean": lambda i: i > N_ROWS * 0.8,
    "category": lambda i: pd.Categorical(np.where(i > N_ROWS * 0.8, "a", "b")),
    "text": lambda i: np.where(i > N_ROWS * 0.8, "old", None),
    "mixed": lambda i: pd.Series([1 if n > N_ROWS * 0.8 else "one" for n in i]),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_of_any_dtype_tells(kind):
    i = np.random.default_rng(0).permutation(N_ROWS)
    X, y = pd.DataFrame({"constant": 1, kind: COLUMNS[kind](i)}), i > N_ROWS * 0.8
    model = make_table_classifier().fit(X[:120], y[:120])
    probability = model.predict_proba(X[120:])[:, 1]
    assert roc_auc_score(y[120:], probability) > 0.85


def test_rows_may_hold_what_was_never_seen():
    X = pd.DataFrame({"level": [*"aabb"] * 10, "empty": [None] * 40, "x": range(40)})
    model = make_table_classifier().fit(X, [0, 1] * 20)
    other = pd.DataFrame({"level": ["c", None], "empty": [1.5, "z"], "x": [None, 1]})
    assert np.isfinite(model.predict_proba(other)).all()


def test_arrays_of_objects_and_sparse_rows():
    rng = np.random.default_rng(0)
    numbers, y = rng.normal(size=(100, 3)), np.arange(100) % 4 == 0
    numbers[:, 0] += 3 * y
    objects = numbers.astype(object)
    objects[:, 1] = "level"
    for X in (objects, sparse.csr_array(numbers)):
        model = make_table_classifier().fit(X, y)
        assert roc_auc_score(y, model.predict_proba(X)[:, 1]) > 0.9


def test_the_teacher_sees_the_rows_as_the_classifier_does():
    texts = ["fraud at night", "a usual day", "usual and quiet", "night fraud"] * 10
    y = np.array([1, 0, 0, 1] * 10)
    # Sparse rows, which boosted trees do not take.
    classifier = make_pipeline(CountVectorizer(), LogisticRegression())
    teacher = make_teacher(classifier).fit(texts, y)
    assert (teacher.predict(texts) == y).all()
    assert not hasattr(classifier[0], "vocabulary_")


@pytest.mark.parametrize(
    "classifier",
    [
        LogisticRegression(),
        make_pipeline(LogisticRegression()),
        # Behind a sampler there are other rows.
        make_resampling_pipeline(
            OneHotEncoder(), RandomUnderSampler(), LogisticRegression()
        ),
    ],
)
def test_without_a_preprocessing_the_teacher_has_its_own(classifier):
    assert isinstance(make_teacher(classifier)[0], PlainColumns)
