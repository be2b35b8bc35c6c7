"""Data that need not fit into memory: its columns, its classes, the rows it lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from imblearn.utils import check_sampling_strategy

from gan_augment.encoding.labels import plain_label

SamplingStrategy: TypeAlias = (
    float | str | Mapping[Any, int] | Callable[[np.ndarray], Mapping[Any, int]]
)


def open_source(
    source: Any, storage_options: Mapping[str, Any] | None = None
) -> ds.Dataset:
    """Open data as a dataset of pyarrow, which reads it in pieces.

    Parameters
    ----------
    source : path-like, DataFrame, pyarrow.Table or pyarrow.dataset.Dataset
        File or directory of Parquet files, also as an address that fsspec knows, such
        as ``s3://bucket/table``; or the table itself.
    storage_options : mapping, default=None
        What the file system of an address needs, such as credentials.

    Returns
    -------
    dataset : pyarrow.dataset.Dataset
        The data.
    """
    if isinstance(source, ds.Dataset):
        return source
    if isinstance(source, pd.DataFrame):
        source = pa.Table.from_pandas(source, preserve_index=False)
    if isinstance(source, pa.Table):
        return ds.dataset(source)
    if not isinstance(source, str | PathLike):
        raise TypeError(
            "`source` must be a path, a frame, a table or a dataset of pyarrow, or a "
            f"mapping of classes to their numbers of rows. Got {type(source).__name__}."
        )
    from fsspec.core import url_to_fs

    filesystem, path = url_to_fs(fspath(source), **(storage_options or {}))
    return ds.dataset(path, filesystem=filesystem, partitioning="hive")


def count_classes(dataset: ds.Dataset, target: str) -> dict[Any, int]:
    """Count the rows of each class, reading one column.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
        The data.
    target : str
        Column of the classes.

    Returns
    -------
    counts : dict
        Class -> number of rows, in the order of the classes.

    Raises
    ------
    ValueError
        If the column does not exist, or a class is missing.
    """
    if target not in dataset.schema.names:
        raise ValueError(
            f"`target` must be a column of `source`. Got {target!r}, and columns "
            f"{dataset.schema.names}."
        )
    counts: Counter[Any] = Counter()
    for batch in dataset.to_batches(columns=[target]):
        for entry in pc.value_counts(batch.column(0)).to_pylist():
            counts[entry["values"]] += entry["counts"]
    if counts[None]:
        raise ValueError(
            f"Column {target!r} must have a class in every row. Got {counts[None]} "
            "missing ones. Drop these rows."
        )
    return {label: counts[label] for label in sorted(counts) if label is not None}


def rows_wanted(
    counts: Mapping[Any, int], sampling_strategy: SamplingStrategy
) -> dict[Any, int]:
    """Tell how many synthetic rows of each class a strategy asks for.

    Parameters
    ----------
    counts : mapping
        Class -> number of real rows.
    sampling_strategy : float, str, dict or callable
        As in imbalanced-learn, which decides. A callable is given an array of all
        classes.

    Returns
    -------
    n_rows : dict
        Class -> number of synthetic rows; only classes with at least one.

    Notes
    -----
    imbalanced-learn counts an array of classes. The array that it is given has one
    byte for each real row.
    """
    labels = [plain_label(label) for label in counts]
    repeats = list(counts.values())
    if callable(sampling_strategy):
        sampling_strategy = sampling_strategy(np.repeat(labels, repeats))
    if isinstance(sampling_strategy, Mapping):
        unknown = [label for label in sampling_strategy if label not in labels]
        if unknown:
            raise ValueError(
                f"`sampling_strategy` must name classes of `source`, {labels}. Got "
                f"{unknown}."
            )
        sampling_strategy = {
            labels.index(label): n for label, n in sampling_strategy.items()
        }
    codes = np.arange(len(labels), dtype=np.min_scalar_type(len(labels)))
    found = check_sampling_strategy(
        sampling_strategy, np.repeat(codes, repeats), "over-sampling"
    )
    return {labels[int(code)]: int(n) for code, n in found.items() if n}
