"""Categories that come as 0/1 columns: found, folded into one column, and unfolded.

A table that was one-hot encoded before it comes here, with or without a dropped level,
has runs of columns of which at most one is 1. Column by column a network would learn
them only roughly, and a row with two levels at once gives a synthetic row away.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

# Rows that would have two levels if the columns were independent: with fewer, that
# none has says little.
FEWEST_EXPECTED = 3.0


@dataclass(eq=False)
class OneHotGroup:
    """Adjacent 0/1 columns of which at most one is 1.

    Parameters
    ----------
    positions : list of int
        Where the columns are.
    names : list of object
        What they are called.
    dtypes : list of dtype
        In which they came, and go back.
    complete : bool
        Whether one of them is always 1; otherwise a level was dropped.
    cells : list of list
        Of columns of objects: what stands for 0 and for 1, as it came. Otherwise
        empty.
    """

    positions: list[int]
    names: list[Hashable]
    dtypes: list[Any]
    complete: bool
    cells: list[list[Any]]

    def __post_init__(self) -> None:
        if not len(self.positions) == len(self.names) == len(self.dtypes) > 1:
            raise ValueError(
                "A group of one-hot columns must have a position, a name and a dtype "
                f"each. Got {self.positions}, {self.names} and {self.dtypes}."
            )

    def fold(self, frame: pd.DataFrame) -> pd.Series:
        """One column of levels: which column is 1, or their number if none is."""
        columns = [frame.iloc[:, position] for position in self.positions]
        values = np.column_stack([column.to_numpy(dtype=float) for column in columns])
        levels = np.nan_to_num(values).argmax(axis=1)
        if not self.complete:
            levels[~(values > 0.5).any(axis=1)] = len(self.names)
        return pd.Series(levels, index=frame.index, name=self.names[0])

    def unfold(self, levels: pd.Series) -> list[pd.Series]:
        """The 0/1 columns, in their own dtypes."""
        columns = []
        for level, name in enumerate(self.names):
            is_level = (levels == level).to_numpy(dtype=np.int8)
            values: Any = is_level
            if self.cells[level]:
                values = np.array(self.cells[level], dtype=object)[is_level]
            columns.append(pd.Series(values, name=name).astype(self.dtypes[level]))
        return columns


def find_one_hot_groups(
    frame: pd.DataFrame, excluded: Collection[int] = ()
) -> list[OneHotGroup]:
    """Longest runs of 0/1 columns that are never 1 together, and not by chance.

    Parameters
    ----------
    frame : DataFrame
        The table.
    excluded : collection of int
        Positions that belong to no group.

    Returns
    -------
    groups : list of OneHotGroup
        Of at least two columns each, from left to right.
    """
    runs: list[tuple[list[int], bool]] = []
    run: list[int] = []
    any_one = np.zeros(len(frame), dtype=bool)
    for position in range(frame.shape[1]):
        ones = None if position in excluded else _ones(frame.iloc[:, position])
        if ones is None or not _never_together(any_one, ones):
            runs.append((run, bool(any_one.all())))
            run, any_one = [], np.zeros(len(frame), dtype=bool)
        if ones is not None:
            run.append(position)
            any_one = any_one | ones
    runs.append((run, bool(any_one.all())))
    return [
        OneHotGroup(
            positions,
            [frame.columns[position] for position in positions],
            [frame.dtypes.iloc[position] for position in positions],
            complete,
            [_cells(frame.iloc[:, position]) for position in positions],
        )
        for positions, complete in runs
        if len(positions) > 1
    ]


def fold_one_hot(
    frame: pd.DataFrame, groups: list[OneHotGroup]
) -> tuple[list[pd.Series], list[bool]]:
    """Columns with every group as one, and which of them are such."""
    group_at = {group.positions[0]: group for group in groups}
    members = {position for group in groups for position in group.positions}
    columns, folded = [], []
    for position in range(frame.shape[1]):
        if position in group_at:
            columns.append(group_at[position].fold(frame))
            folded.append(True)
        elif position not in members:
            columns.append(frame.iloc[:, position])
            folded.append(False)
    return columns, folded


def _ones(column: pd.Series) -> np.ndarray | None:
    """Where a column of 0 and 1, or of booleans, is 1; None for any other column."""
    dtype = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if pd.api.types.is_object_dtype(dtype):
        kind = pd.api.types.infer_dtype(column, skipna=False)
        if kind not in ("integer", "floating", "boolean"):
            return None
        dtype = np.dtype(float)
    if not (pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype)):
        return None
    if column.isna().any():
        return None
    try:
        values = column.to_numpy(dtype=float)
    except OverflowError:  # whole numbers of hundreds of digits
        return None
    ones = values == 1
    return ones if ones.any() and (ones | (values == 0)).all() else None


def _cells(column: pd.Series) -> list[Any]:
    """What stands for 0 and for 1 in a column of objects; empty for any other one."""
    if column.dtype != object:
        return []
    ones = column.to_numpy(dtype=float) == 1
    return [column.iloc[int(ones.argmin())], column.iloc[int(ones.argmax())]]


def _never_together(any_one: np.ndarray, ones: np.ndarray) -> bool:
    if not any_one.any():
        return True  # the first of a run
    expected = any_one.mean() * ones.mean() * len(ones)
    return not (any_one & ones).any() and expected >= FEWEST_EXPECTED
