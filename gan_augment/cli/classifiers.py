"""Classifiers that take any table as it is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

CLASSIFIERS = {
    "hgb": HistGradientBoostingClassifier(random_state=0),
    "lr": LogisticRegression(max_iter=2000),
    "rf": RandomForestClassifier(200, random_state=0),
}
# A level of fewer rows says nothing about its class.
FEWEST_ROWS_OF_A_LEVEL = 5
NUMBERS = ["number", "bool", "boolean"]
TIMES = ["datetime", "datetimetz", "timedelta"]


def make_classifier(name: str = "hgb") -> Pipeline:
    """Make a classifier of any frame: impute, encode, scale, classify.

    Missing numbers become the median, with an indicator; dates and durations numbers of
    days; levels of fewer than 5 rows, and those that are not known, one level.

    Parameters
    ----------
    name : {"hgb", "lr", "rf"}, default="hgb"
        Gradient boosting, logistic regression, or a random forest.

    Returns
    -------
    classifier : Pipeline
        Not yet fitted.

    Raises
    ------
    ValueError
        If there is no such name.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.cli.classifiers import make_classifier
    >>> X = pd.DataFrame({"age": [41, None, 30, 25], "job": ["a", "b", None, "a"]})
    >>> make_classifier("lr").fit(X, [0, 0, 1, 1]).predict(X).shape
    (4,)
    """
    if name not in CLASSIFIERS:
        raise ValueError(
            f"`classifier` must be one of {list(CLASSIFIERS)}. Got {name!r}."
        )
    impute = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    encode = OneHotEncoder(
        handle_unknown="ignore",
        min_frequency=FEWEST_ROWS_OF_A_LEVEL,
        sparse_output=False,
    )
    columns = make_column_transformer(
        (
            Pipeline([("as numbers", _by_name(to_numbers)), ("impute", impute)]),
            make_column_selector(dtype_include=[*NUMBERS, *TIMES]),
        ),
        (
            Pipeline([("as text", _by_name(to_text)), ("encode", encode)]),
            make_column_selector(dtype_exclude=[*NUMBERS, *TIMES]),
        ),
    )
    return Pipeline(
        [
            ("encode", columns),
            ("scale", StandardScaler()),
            ("classify", clone(CLASSIFIERS[name])),
        ]
    )


def to_numbers(X: pd.DataFrame) -> pd.DataFrame:
    """Numbers as floats; times and durations as days."""
    return pd.DataFrame({name: _as_floats(column) for name, column in X.items()})


def to_text(X: pd.DataFrame) -> pd.DataFrame:
    """Levels as text, so that those of several types can be sorted; missing as None."""
    return X.astype(object).where(X.notna(), None).map(str, na_action="ignore")


def _as_floats(column: pd.Series) -> pd.Series:
    kind = pd.api.types
    if kind.is_datetime64_any_dtype(column):
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_convert(None)
        column = column - pd.Timestamp(0)
    if kind.is_timedelta64_dtype(column):
        return column / pd.Timedelta(days=1)
    return pd.Series(
        column.to_numpy(dtype=float, na_value=np.nan), column.index, name=column.name
    )


def _by_name(function: Any) -> FunctionTransformer:
    return FunctionTransformer(function, feature_names_out="one-to-one")
