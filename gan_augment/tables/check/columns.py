"""Columns that say nothing: constant ones, and those that another one repeats."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.labels import plain_label
from gan_augment.tables.check.finding import Finding, Fix
from gan_augment.tables.check.table import Column, Table

# Levels that tell most columns apart before all are compared.
FEW = 4


def find_constant_columns(table: Table) -> Iterator[Finding]:
    """Find columns with one value, or none."""
    for column in table.columns:
        if _is_constant(column):
            is_empty = not len(column.levels)
            yield Finding(
                "constant column",
                column.name,
                f"Column {column.name!r} "
                + ("is empty." if is_empty else "has the same value in every row."),
                {"distinct": float(len(column.levels))},
                "" if is_empty else repr(plain_label(column.levels[0])),
                "Drop it.",
                _drop(column.name),
            )


def find_duplicate_columns(table: Table) -> Iterator[Finding]:
    """Find columns that equal an earlier one in every row."""
    seen: dict[object, list[Column]] = {}
    for column in table.columns:
        if _is_constant(column):
            continue
        # Levels are numbered in the order in which they appear.
        first = tuple(pd.Index(column.levels[:FEW]).astype(object))
        key = hash(column.codes.tobytes()), first
        for earlier in seen.setdefault(key, []):
            if np.array_equal(earlier.codes, column.codes) and _same_levels(
                earlier.levels, column.levels
            ):
                yield Finding(
                    "duplicate column",
                    column.name,
                    f"Column {column.name!r} equals column {earlier.name!r} in every "
                    "row.",
                    {"distinct": float(len(column.levels))},
                    "",
                    "Drop one of them.",
                    _drop(column.name),
                )
                break
        else:
            seen[key].append(column)


def _is_constant(column: Column) -> bool:
    return len(column.levels) + int(column.missing.any()) < 2 and len(column.codes) > 1


def _same_levels(first: Any, second: Any) -> bool:
    return bool(
        (pd.Index(first).astype(object) == pd.Index(second).astype(object)).all()
    )


def _drop(name: Hashable) -> Fix:
    def fix(
        X: pd.DataFrame, y: pd.Series | None
    ) -> tuple[pd.DataFrame, pd.Series | None]:
        return X.drop(columns=[name], errors="ignore"), y

    return fix
