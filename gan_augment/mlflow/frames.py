"""Tables as MLflow knows them: plain dtypes, names that are strings."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from mlflow.data.dataset import Dataset
from mlflow.data.numpy_dataset import from_numpy
from mlflow.data.pandas_dataset import from_pandas

from gan_augment.encoding.container import to_frame
from gan_augment.mlflow.names import readable

# A schema of more is a tensor. MLflow takes a million characters, some 20,000 columns,
# and a second for every 5,000 to write them.
MAX_COLUMNS = 5_000
# What pandas calls the cells of object columns that signatures and JSON know.
KNOWN = {"string", "bytes", "boolean", "integer", "floating", "mixed-integer-float"}
KNOWN |= {"date", "datetime", "datetime64", "empty"}
# The most characters that a server takes as the schema of a dataset.
MAX_SCHEMA_LENGTH = 1_000_000


@contextlib.contextmanager
def without_schema_hints() -> Iterator[None]:
    """Silence advice on integer columns of a serving input, where none is one."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*integer column")
        yield


def with_target(
    frame: pd.DataFrame, name: str, labels: Any
) -> tuple[pd.DataFrame, str]:
    """The frame with its labels, and the name of their column, which is a new one."""
    while name in frame.columns:
        name += "_"
    return frame.assign(**{name: labels}), name


def as_table(rows: Any) -> pd.DataFrame:
    """Rows as a frame of which a model signature and JSON know every column.

    An image is a row of pixels.
    """
    if np.ndim(rows) > 2:
        rows = np.reshape(rows, (len(rows), -1))
    frame = to_frame(rows).reset_index(drop=True)
    frame.columns = [str(name) for name in frame.columns]
    for name, column in list(frame.items()):
        if isinstance(column.dtype, pd.SparseDtype):
            frame[name] = column = column.sparse.to_dense()
        if _is_unknown(column):
            frame[name] = column.astype(object).where(column.isna(), column.astype(str))
    return frame


def _is_unknown(column: pd.Series) -> bool:
    """Whether neither a signature nor JSON has a type for what a column holds."""
    if isinstance(column.dtype, pd.CategoricalDtype) or column.dtype.kind in "mc":
        return True
    is_object = column.dtype.kind == "O"
    return is_object and pd.api.types.infer_dtype(column, skipna=True) not in KNOWN


def plain_labels(y: Any) -> np.ndarray:
    """Labels in one dimension; a one-hot row is the position of its 1."""
    labels = np.asarray(y)
    if labels.ndim == 2:
        labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    return labels


def make_dataset(name: str, X: Any, labels: np.ndarray, target: str) -> Dataset:
    """Rows as MLflow describes them: digest and schema, of images a single tensor."""
    if np.ndim(X) > 2:
        return from_numpy(np.asarray(X), targets=labels, name=name)
    frame = as_table(X)
    if frame.shape[1] > MAX_COLUMNS:
        return from_numpy(frame.to_numpy(), targets=labels, name=name)
    tensor = frame.to_numpy()
    frame, target = with_target(frame, target, labels)
    try:
        dataset = from_pandas(frame, targets=target, name=name)
    except UnicodeEncodeError:  # of lone surrogates pandas makes no hash
        frame = _readable(frame)
        dataset = from_pandas(frame, targets=readable(target), name=name)
    if len(dataset.to_dict()["schema"]) > MAX_SCHEMA_LENGTH:
        return from_numpy(tensor, targets=labels, name=name)
    return dataset


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose texts and names can be written."""

    def spelled(cell: Any) -> Any:
        return readable(cell) if isinstance(cell, str) else cell

    return frame.map(spelled).set_axis([*map(spelled, frame.columns)], axis=1)
