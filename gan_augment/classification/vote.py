"""The classifier that is taken where none is named: a vote of three, on any table."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from gan_augment.encoding.container import as_rows, to_frame, to_rows

# Fewest rows of a level that has a column of its own; the other levels share one.
FEWEST_ROWS, MOST_LEVELS = 3, 100
MISSING = "missing"


class PlainColumns(TransformerMixin, BaseEstimator):
    """Turn any table into a frame of floats and strings.

    Numbers, dates and durations become floats. Everything else, booleans included,
    becomes strings, a missing value the string ``"missing"``. Images become rows of
    pixels.

    Attributes
    ----------
    is_number_ : ndarray of shape (n_features,), dtype=bool
        Which columns become floats.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.classification.vote import PlainColumns
    >>> X = pd.DataFrame({"age": [41, None], "paid": [True, False]})
    >>> PlainColumns().fit_transform(X)
          0      1
    0  41.0   True
    1   NaN  False
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn which columns are numbers.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored.

        Returns
        -------
        self : PlainColumns
            The fitted transformer.
        """
        frame = self._frame(X, reset=True)
        self.is_number_ = np.array([_is_number(frame[name]) for name in frame])
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Give the columns as floats and strings.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        frame : DataFrame of shape (n_samples, n_features)
            The columns, numbered.
        """
        check_is_fitted(self)
        frame = self._frame(X, reset=False)
        columns = [
            _as_floats(frame[name]) if is_number else _as_strings(frame[name])
            for name, is_number in zip(frame, self.is_number_, strict=True)
        ]
        return pd.DataFrame(dict(enumerate(columns)))

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        rows = as_rows(X)
        validate_data(self, X=rows, reset=reset, skip_check_array=True)
        frame = to_frame(to_rows(rows)).reset_index(drop=True)
        frame = frame.set_axis(range(frame.shape[1]), axis=1)
        return frame if isinstance(rows, pd.DataFrame) else frame.infer_objects()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []  # a frame has several
        return tags


def make_vote() -> VotingClassifier:
    """Three classifiers that err differently, each with the classes as they come."""
    boosting = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8)
    return VotingClassifier(
        [
            ("linear", LogisticRegression(max_iter=1000)),
            ("forest", RandomForestClassifier(min_samples_leaf=2)),
            ("boosting", boosting),
        ],
        voting="soft",
    )


def make_table_classifier(classifier: Any = None) -> Pipeline:
    """Make a classifier for tables of any dtypes: impute, encode, scale, classify.

    Missing numbers are replaced by the median and marked by an indicator column;
    numbers are scaled to unit variance; every other column is one-hot encoded, with at
    most 100 levels, each of at least three rows.

    Parameters
    ----------
    classifier : classifier, default=None
        Classifier of arrays of floats, the last step. If None, use a soft vote of
        logistic regression, a random forest and boosted trees.

    Returns
    -------
    classifier : Pipeline
        Not fitted.

    See Also
    --------
    ResampledClassifier : Use this classifier by default.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from gan_augment.classification import make_table_classifier
    >>> X = pd.DataFrame({"age": [41, None, 30, 25], "job": ["a", "b", None, "a"]})
    >>> model = make_table_classifier(LogisticRegression()).fit(X, [0, 0, 1, 1])
    >>> model.predict(X).shape
    (4,)
    """
    encode = make_column_transformer(
        (
            make_pipeline(
                SimpleImputer(
                    strategy="median", add_indicator=True, keep_empty_features=True
                ),
                StandardScaler(),
            ),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                min_frequency=FEWEST_ROWS,
                max_categories=MOST_LEVELS,
                sparse_output=False,
            ),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    encode.set_output(transform="default")
    last = make_vote() if classifier is None else classifier
    return make_pipeline(PlainColumns(), encode, last)


def make_teacher(classifier: Any) -> Pipeline:
    """The vote behind the preprocessing of a classifier, if it has one, or its own.

    Parameters
    ----------
    classifier : classifier
        A pipeline without a sampler, whose last step the vote replaces, or another
        classifier.

    Returns
    -------
    teacher : Pipeline
        Not fitted.
    """
    if not isinstance(classifier, Pipeline):
        return make_table_classifier()
    *before, _ = classifier.steps
    if not before or any(hasattr(step, "fit_resample") for _, step in before):
        return make_table_classifier()
    # Whatever the output that scikit-learn is configured for: these are internal.
    dense = FunctionTransformer(_dense).set_output(transform="default")
    steps = [(name, _cloned(step)) for name, step in before]
    return Pipeline([*steps, ("dense_rows", dense), ("vote", make_vote())])


def _cloned(step: Any) -> Any:
    return step if isinstance(step, str) or step is None else clone(step)


def _dense(rows: Any) -> Any:
    """Rows as boosted trees take them."""
    return rows.toarray() if sparse.issparse(rows) else rows


def _is_number(column: pd.Series) -> bool:
    kind = pd.api.types
    return (
        (kind.is_numeric_dtype(column) and not kind.is_bool_dtype(column))
        or kind.is_datetime64_any_dtype(column)
        or kind.is_timedelta64_dtype(column)
    )


def _as_floats(column: pd.Series) -> np.ndarray:
    """Dates and durations as seconds, missing values as NaN."""
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column - pd.Timestamp(0, tz=column.dt.tz)
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds().to_numpy()
    return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)


def _as_strings(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), MISSING).map(str).astype(object)
