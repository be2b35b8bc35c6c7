"""A generator behind MLflow's ``predict``: parameters in, synthetic rows out."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from mlflow.environment_variables import _MLFLOW_IS_IN_SERVING_ENVIRONMENT
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from gan_augment.gans import BaseSynthesizer
from gan_augment.mlflow.frames import as_table, with_target

# The most rows of one call, and the most numbers: so many take about 200 MB as JSON.
MAX_ROWS, MAX_CELLS = 1_000_000, 20_000_000
# The most requests of one call: each draws by itself, which takes 10 ms to 30 ms.
MAX_REQUESTS = 100
# A frame with an empty cell holds numbers as floats, which are exact up to here.
MAX_EXACT = 2**53
# Of a name that is none of ours, an error shows this much.
MAX_SHOWN = 50
# Parameters and their defaults. No rows are refused, so that a missing or a mistyped
# name is an error, not a default; "" is any class, and -1 a draw that is not repeated.
PARAMETERS = {"n_rows": 0, "target_class": "", "seed": -1}


class RequestError(MlflowException, ValueError):
    """A request cannot be answered.

    This is an MlflowException, because an MLflow server returns the message of no other
    exception to its client.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, error_code=INVALID_PARAMETER_VALUE)


class Request(NamedTuple):
    """Rows that somebody wants."""

    n_rows: int
    target_class: str
    seed: int


class GeneratorModel:
    """A generator behind MLflow's ``predict``: parameters in, synthetic rows out.

    Every request has its own random generator, so that requests may be served in
    parallel, and the same seed gives the same rows.

    Parameters
    ----------
    gan : BaseSynthesizer
        The fitted GAN.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.mlflow import GeneratorModel
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = GeneratorModel(TabularGAN(max_steps=5, random_state=0).fit(X, y))
    >>> rows = model.predict(None, {"n_rows": 2, "target_class": "1", "seed": 7})
    >>> rows.shape, rows["target"].tolist()
    ((2, 5), [1, 1])
    """

    def __init__(self, gan: BaseSynthesizer) -> None:
        self._gan = gan
        self._labels = {str(label): label for label in gan.classes_.tolist()}

    def get_raw_model(self) -> BaseSynthesizer:
        """The GAN itself."""
        return self._gan

    def predict(
        self, model_input: Any = None, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Draw the rows of one or several requests.

        Parameters
        ----------
        model_input : DataFrame, default=None
            Up to 100 requests, one per row, with any of the columns ``n_rows``,
            ``target_class`` and ``seed``; missing values are taken from `params`. None,
            or a frame without rows, stands for one request.
        params : dict
            ``n_rows``, from 1 to 1,000,000 rows and up to 20,000,000 cells in total
            (rows times columns; each pixel of an image is a column); ``target_class``,
            as a string, or "" to draw classes with their shares among the training
            rows; ``seed``, at least 0, or -1 for a draw that is not repeatable, and
            below 2**53 if it is the seed of requests that have none. With
            ``mlflow.pyfunc`` and in a server, MLflow drops any other name with a
            warning, so that the default is used; a mistyped column of `model_input` is
            refused.

        Returns
        -------
        rows : DataFrame
            The columns of the training table and the class as ``target``, in the order
            of the requests. In a server, a missing value is None, which becomes
            ``null`` in the response.

        Raises
        ------
        RequestError
            If a parameter is missing, of another type or out of range, or there are too
            many requests. It is both a ValueError and an MlflowException.
        """
        requests = [
            self._checked(PARAMETERS | _given(params or {}) | _given(row))
            for row in _rows(model_input)
        ]
        n_rows = sum(request.n_rows for request in requests)
        most = min(MAX_ROWS, MAX_CELLS // self.n_columns)
        if n_rows > most:
            raise RequestError(
                f"`n_rows` must be at most {most} in one call, for rows of "
                f"{self.n_columns} columns. Got {n_rows}. Make several calls."
            )
        rows = pd.concat([self._draw(each) for each in requests], ignore_index=True)
        return _with_nulls(rows) if _is_served() else rows

    @cached_property
    def n_columns(self) -> int:
        """Columns of the answer, without the class."""
        return as_table(self._gan.sample(1, random_state=0)[0]).shape[1]

    def _checked(self, values: dict[str, Any]) -> Request:
        _check_names(values)
        n_rows, seed = _whole(values, "n_rows"), _whole(values, "seed")
        if n_rows < 1:
            raise RequestError(
                f"`n_rows` must be from 1 to {MAX_ROWS}. Got {n_rows}. Pass "
                'params={"n_rows": ...}.'
            )
        if seed < -1:
            raise RequestError(
                "`seed` must be at least 0, or -1 for a draw that is not repeated. "
                f"Got {seed}."
            )
        target_class = self._label(values["target_class"])
        if target_class != "" and target_class not in self._labels:
            raise RequestError(
                f"`target_class` must be one of {sorted(self._labels)}, or empty for "
                "all of them. Got another."
            )
        return Request(n_rows, target_class, seed)

    def _label(self, value: Any) -> str:
        """A class as a text; a whole number is a float beside an empty cell."""
        text = str(value)
        is_whole = isinstance(value, float) and value.is_integer()
        if is_whole and text not in self._labels:
            return str(int(value))
        return text

    def _draw(self, request: Request) -> pd.DataFrame:
        rows, labels = self._gan.sample(
            request.n_rows,
            label=self._labels.get(request.target_class),
            random_state=np.random.default_rng(
                None if request.seed < 0 else request.seed
            ),
        )
        return with_target(as_table(rows), "target", labels)[0]


def _rows(model_input: Any) -> list[dict[str, Any]]:
    """The requests of a frame, or a single empty one."""
    if not isinstance(model_input, pd.DataFrame) or model_input.empty:
        return [{}]
    _check_names(model_input.columns)
    if len(model_input) > MAX_REQUESTS:
        raise RequestError(
            f"A call must have at most {MAX_REQUESTS} requests. Got "
            f"{len(model_input)}. Ask for more rows in each, or make several calls."
        )
    return model_input.astype(object).to_dict("records")


def _check_names(names: Collection[Any]) -> None:
    """Raise for names that are no parameters; of very many, before any is looked at."""
    if len(names) <= len(PARAMETERS):
        different = {name for name in names if isinstance(name, str)}
        if len(different) == len(names) and different <= PARAMETERS.keys():
            return
    texts = [name if isinstance(name, str) else repr(name) for name in names]
    others = [text[:MAX_SHOWN] for text in texts if text not in PARAMETERS]
    got = f"{sorted(others[:3])}" + (
        f" and {len(others) - 3} more" if others[3:] else ""
    )
    raise RequestError(
        f"A request must have the parameters {list(PARAMETERS)}, each once. "
        f"Got {got if others else 'one of them twice'}."
    )


def _is_served() -> bool:
    """Whether a server of MLflow asks; it says so in its environment."""
    return bool(_MLFLOW_IS_IN_SERVING_ENVIRONMENT.get())


def _with_nulls(rows: pd.DataFrame) -> pd.DataFrame:
    """Missing values as None: JSON knows no NaN, and MLflow writes it nevertheless."""
    missing = [name for name in rows if rows[name].isna().any()]
    plain = {name: rows[name].astype(object) for name in missing}
    return rows.assign(
        **{name: column.where(column.notna(), None) for name, column in plain.items()}
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """What is there: a cell of a frame that is empty leaves the default."""
    return {
        name: value
        for name, value in values.items()
        if not (pd.api.types.is_scalar(value) and pd.isna(value))
    }


def _whole(values: dict[str, Any], name: str) -> int:
    value = values[name]
    # A column of a frame with an empty cell has floats.
    is_number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    if not is_number or not (isinstance(value, Integral) or float(value).is_integer()):
        raise RequestError(
            f"`{name}` must be a whole number. Got a value of type "
            f"{type(value).__name__}."
        )
    if isinstance(value, float) and abs(value) >= MAX_EXACT:
        raise RequestError(
            f"`{name}` must be below 2**53 beside a request without one. Got more. "
            "Give every request its own, or make several calls."
        )
    return int(value)
