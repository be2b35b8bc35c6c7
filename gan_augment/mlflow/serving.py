"""A generator behind MLflow's ``predict``: parameters in, synthetic rows out."""

from __future__ import annotations

from functools import cached_property
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gan_augment.gans import BaseSynthesizer
from gan_augment.mlflow.frames import as_table, with_target

# The most rows of one call, and the most numbers: so many take about 200 MB as JSON.
MAX_ROWS, MAX_CELLS = 1_000_000, 20_000_000
# Parameters and their defaults. No rows are refused, so that a missing or a mistyped
# name is an error, not a default; "" is any class, and -1 a draw that is not repeated.
PARAMETERS = {"n_rows": 0, "target_class": "", "seed": -1}


class Request(NamedTuple):
    """Rows that somebody wants."""

    n_rows: int
    target_class: str
    seed: int


class GeneratorModel:
    """A generator behind MLflow's ``predict``: parameters in, synthetic rows out.

    Every request has its own generator of random numbers, so that requests may be
    served side by side and each is reproduced by its seed.

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
        """Draw rows.

        Parameters
        ----------
        model_input : DataFrame, default=None
            Several requests, one a row, with any of the columns ``n_rows``,
            ``target_class`` and ``seed``; what is missing is taken from `params`. None,
            or a frame without rows, is one request.
        params : dict
            ``n_rows``, from 1 to 1,000,000 in all, and to 20,000,000 cells (rows times
            columns; a pixel of an image is a column); ``target_class``, as a string,
            or "" for the classes of the training rows; ``seed``, from 0, or -1 for a
            draw that is not repeated. Behind ``mlflow.pyfunc`` and a server, MLflow
            drops a name that is none of these with a warning, and its default counts;
            a mistyped column of `model_input` is refused.

        Returns
        -------
        rows : DataFrame
            The columns of the training table, and the class as ``target``; request
            after request.

        Raises
        ------
        ValueError
            If a parameter is missing, of another type or out of range.
        """
        requests = [
            self._checked(PARAMETERS | _given(params or {}) | _given(row))
            for row in _rows(model_input)
        ]
        n_rows = sum(request.n_rows for request in requests)
        most = min(MAX_ROWS, MAX_CELLS // self.n_columns)
        if n_rows > most:
            raise ValueError(
                f"`n_rows` must be at most {most} in one call, for rows of "
                f"{self.n_columns} columns. Got {n_rows}. Make several calls."
            )
        return pd.concat([self._draw(each) for each in requests], ignore_index=True)

    @cached_property
    def n_columns(self) -> int:
        """Columns of the answer, without the class."""
        return as_table(self._gan.sample(1, random_state=0)[0]).shape[1]

    def _checked(self, values: dict[str, Any]) -> Request:
        unknown = sorted(values.keys() - PARAMETERS.keys())
        if unknown:
            raise ValueError(
                f"A request must have the parameters {list(PARAMETERS)}. Got {unknown}."
            )
        n_rows, seed = _whole(values, "n_rows"), _whole(values, "seed")
        if n_rows < 1:
            raise ValueError(
                f"`n_rows` must be from 1 to {MAX_ROWS}. Got {n_rows}. Pass "
                'params={"n_rows": ...}.'
            )
        if seed < -1:
            raise ValueError(
                "`seed` must be at least 0, or -1 for a draw that is not repeated. "
                f"Got {seed}."
            )
        target_class = values["target_class"]
        if target_class != "" and str(target_class) not in self._labels:
            raise ValueError(
                f"`target_class` must be one of {sorted(self._labels)}, or empty for "
                "all of them. Got another."
            )
        return Request(n_rows, str(target_class), seed)

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
    return model_input.astype(object).to_dict("records")


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
        raise ValueError(
            f"`{name}` must be a whole number. Got a value of type "
            f"{type(value).__name__}."
        )
    return int(value)
