"""What over-samplers are compared with: SMOTE, made to take any table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC
from sklearn.base import BaseEstimator

from gan_augment.encoding.container import to_frame
from gan_augment.seeding import RandomState


class ImputedSMOTE(BaseEstimator):
    """SMOTE, SMOTENC or SMOTEN, as the columns need it, on imputed values.

    What users do before SMOTE is granted to it: missing numbers become the median,
    missing categories a level, dates are interpolated as seconds, and columns of whole
    numbers are rounded. Fewer than
    five neighbours are taken where a class has no more.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        As in imbalanced-learn.
    random_state : int, RandomState instance or None, default=None
        Source of the interpolation.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.comparison.baselines import ImputedSMOTE
    >>> X = pd.DataFrame({"age": [41, 30, None, 25, 60], "job": [*"abaab"]})
    >>> X_resampled, _ = ImputedSMOTE(random_state=0).fit_resample(X, [0, 0, 0, 1, 1])
    >>> X_resampled.iloc[5:].age.between(25, 60).tolist()
    [True]
    """

    def __init__(
        self,
        *,
        sampling_strategy: float
        | str
        | Mapping[Any, int]
        | Callable[[np.ndarray], Mapping[Any, int]] = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Real rows, imputed, then synthetic ones.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Their classes; one that is raised has at least two rows.

        Returns
        -------
        X_resampled : DataFrame or ndarray of shape (n_samples_new, n_features)
            Real rows without missing values, then synthetic ones.
        y_resampled : ndarray of shape (n_samples_new,)
            Their classes.
        """
        y = np.asarray(y)
        frame = to_frame(X).infer_objects()
        times = frame.select_dtypes(["datetime", "datetimetz", "timedelta"])
        frame = frame.copy(deep=False)
        for name in times:
            frame[name] = _seconds(times[name])
        filled = fill_missing(frame)
        numeric = [name for name in filled if _is_number(filled[name])]
        other = [name for name in filled if name not in numeric]
        rarest = np.unique(y, return_counts=True)[1].min()
        params = {
            "sampling_strategy": self.sampling_strategy,
            "random_state": self.random_state,
            "k_neighbors": max(1, min(5, rarest - 1)),
        }
        if not other:
            smote = SMOTE(**params)
        elif numeric:
            smote = SMOTENC([filled.columns.get_loc(name) for name in other], **params)
        else:
            smote = SMOTEN(**params)
        resampled, labels = smote.fit_resample(filled, y)
        whole = [name for name in numeric if (filled[name] % 1 == 0).all()]
        resampled[whole] = resampled[whole].round()
        for name in other:
            resampled[name] = resampled[name].astype(_with_missing(frame[name]))
        for name in times:
            passed = pd.to_timedelta(resampled[name], unit="s")
            begin = _zero(times[name])
            resampled[name] = (passed + begin).astype(times[name].dtype)
        if not isinstance(X, pd.DataFrame):
            return resampled.to_numpy(), np.asarray(labels)
        return resampled, np.asarray(labels)


def fill_missing(X: pd.DataFrame, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Numbers filled with the median, everything else with the level "missing".

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Rows.
    like : DataFrame, default=None
        Rows whose medians and kinds of columns are taken; None takes those of `X`.

    Returns
    -------
    filled : DataFrame of shape (n_samples, n_features)
        Numbers as floats, other columns as objects.
    """
    like = X if like is None else like
    filled = X.copy()
    for name in X:
        if _is_number(like[name]):
            filled[name] = X[name].astype(float).fillna(like[name].median())
        else:
            filled[name] = X[name].astype(object).where(X[name].notna(), "missing")
    return filled


def _with_missing(column: pd.Series) -> Any:
    """The dtype of a column that has the level "missing" if values are missing."""
    if not column.isna().any():
        return column.dtype
    if isinstance(column.dtype, pd.CategoricalDtype):
        return pd.CategoricalDtype([*column.cat.categories, "missing"])
    return object


def _seconds(times: pd.Series) -> pd.Series:
    """Dates and durations as numbers; what is missing is NaN."""
    return (times - _zero(times)).dt.total_seconds()


def _zero(times: pd.Series) -> pd.Timestamp | pd.Timedelta:
    """What is 0 seconds among these."""
    if pd.api.types.is_timedelta64_dtype(times):
        return pd.Timedelta(0)
    return pd.Timestamp(0, tz=times.dt.tz)


def _is_number(column: pd.Series) -> bool:
    kind = pd.api.types
    return kind.is_numeric_dtype(column) and not kind.is_bool_dtype(column)
