"""Columns in which no two rows have the same values, such as a patient and a visit."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.tables.rules.columns import Column, Columns
from gan_augment.tables.rules.proposals import part, proposed
from gan_augment.tables.rules.rule import Rule


@dataclass(eq=False)
class Unique(Rule):
    """No two rows have the same combination of values.

    Parameters
    ----------
    names : tuple of object
        Names of the columns.
    gain : float, default=0.0
        Pairs of rows with the same combination that are expected if the columns were
        independent. 0 for a rule that was given.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment.tables.rules import Unique
    >>> rule = Unique(("patient", "visit"))
    >>> rule.violations(pd.DataFrame({"patient": ["a", "a", "b"], "visit": [1, 1, 1]}))
    array([False,  True, False])
    """

    kind: ClassVar[str] = "unique"
    compares_rows: ClassVar[bool] = True

    names: tuple[Hashable, ...]
    gain: float = 0.0

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) < len(self.names):
            raise ValueError(
                "`names` must hold different names of columns. Got "
                f"{self.names!r}. Pass a tuple such as ('patient', 'visit')."
            )

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return tuple(self.names)

    def __str__(self) -> str:
        return f"no two rows have the same {' and '.join(map(str, self.names))}"

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Rows whose values an earlier row has; with a missing value, none."""
        rows = frame[list(self.names)]
        return (rows.duplicated() & rows.notna().all(axis=1)).to_numpy()

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Columns, and pairs of them, in which no row repeats another one.

        Only where there is room for as many rows again: where a table has every day
        once, a synthetic row could have none.
        """
        if table.has_repeated_rows:
            return []
        singles: list[Column] = []
        repeating: list[Column] = []
        for column in table.columns:
            (repeating if _repeats(column) else singles).append(column)
        n_pairs = len(repeating) * (len(repeating) - 1) // 2
        needed = table.expected_needed(len(table.columns) + n_pairs)
        rules: list[Rule] = []
        for column in singles:
            gain = _same_by_chance(_steps(column), table.n_rows)
            if gain >= needed and _steps(column) >= 2 * table.n_rows:
                rules.append(cls((column.name,), gain))
        same = np.array([_chance_of_equal_rows(column) for column in repeating])
        n_levels = np.array([float(len(column.levels)) for column in repeating])
        gains = table.n_rows * (table.n_rows - 1) / 2 * np.outer(same, same)
        has_room = np.outer(n_levels, n_levels) >= 2 * table.n_rows
        asked = np.triu((gains >= needed) & has_room, k=1)
        codes = [column.codes[table.sample] for column in repeating]
        for i, j in _never_same(codes, repeating, asked) if asked.any() else ():
            if not _have_equal_rows(repeating[i], repeating[j]):
                names = repeating[i].name, repeating[j].name
                rules.append(cls(names, float(gains[i, j])))
        return rules


def _never_same(
    codes: list[np.ndarray], columns: list[Column], asked: np.ndarray
) -> list[tuple[int, int]]:
    """Pairs of columns in which no two rows of a sample have the same values.

    Parameters
    ----------
    codes : list of ndarray of shape (n_rows,)
        Codes of the columns in the sample.
    columns : list of Column
        The columns.
    asked : ndarray of shape (n_columns, n_columns), dtype=bool
        The pairs to look at, above the diagonal.

    Returns
    -------
    pairs : list of tuple of int
        The pairs that are left, in the order of the columns.
    """
    matrix = np.column_stack(codes)
    n_levels = np.array([len(column.levels) for column in columns])
    # The column of more levels has fewer pairs of rows to compare.
    ahead = (n_levels[:, None] > n_levels) | (
        (n_levels[:, None] == n_levels) & np.triu(np.ones_like(asked))
    )
    asked = (asked | asked.T) & ahead
    found = []
    for i in np.flatnonzero(asked.any(axis=1)).tolist():
        first, second = _rows_alike(codes[i], len(columns[i].levels))
        keeps = partial(_differ, matrix, n_levels, first, second)
        candidates = np.flatnonzero(asked[i])
        for j in proposed(keeps, len(first), candidates).tolist():
            found.append((min(i, j), max(i, j)))
    return sorted(found)


def _differ(
    codes: np.ndarray,
    n_levels: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    pairs: np.ndarray,
    columns: np.ndarray,
) -> np.ndarray:
    """Columns in which no two rows of these pairs have the same value."""
    values = part(codes, first[pairs], columns)
    alike = values == part(codes, second[pairs], columns)
    return np.asarray(~(alike & (values < n_levels[columns])).any(axis=0))


def _rows_alike(codes: np.ndarray, n_levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows with the same level, up to as many as there are rows."""
    rows = np.flatnonzero(codes < n_levels)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    first, second = [rows[:0]], [rows[:0]]
    n_found, distance = 0, 0
    while n_found < len(rows):
        distance += 1
        same = np.flatnonzero(codes[rows[distance:]] == codes[rows[:-distance]])
        if not len(same):
            break
        first.append(rows[same])
        second.append(rows[same + distance])
        n_found += len(same)
    return np.concatenate(first), np.concatenate(second)


def _repeats(column: Column) -> bool:
    """Whether two rows have the same value."""
    return bool((column.counts[:-1] > 1).any())


def _steps(column: Column) -> float:
    """Number of values that an ordered column might have; infinite without a grid."""
    if column.numbers is None or column.step <= 0:
        return np.inf
    present = column.numbers[~np.isnan(column.numbers)]
    return float(np.ptp(present) / column.step) + 1 if len(present) else np.inf


def _same_by_chance(n_values: float, n_rows: int) -> float:
    """Pairs of equal rows expected where all values are equally likely."""
    return n_rows * (n_rows - 1) / 2 / n_values


def _chance_of_equal_rows(column: Column) -> float:
    """Chance that two rows have the same value; missing ones are never the same."""
    counts, n_rows = column.counts[:-1], column.counts.sum()
    return float((counts / n_rows * (counts - 1) / (n_rows - 1)).sum())


def _have_equal_rows(first: Column, second: Column) -> bool:
    """Whether two rows have the same two values, neither of them missing."""
    a, b = first.codes, second.codes
    present = (a < len(first.levels)) & (b < len(second.levels))
    cells = np.sort(a[present].astype(np.int64) * len(second.levels) + b[present])
    return bool((np.diff(cells) == 0).any())
