"""Values that stand for a missing one: "?", "-", "NA", blanks, and -999."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from gan_augment.encoding.text import is_missing_spelling
from gan_augment.tables.check.finding import Finding, fix_column
from gan_augment.tables.check.table import Table, shown

# Numbers that are written where none is known.
SENTINELS = (-999, -9999, -99999, -999999, 999, 9999, 99999, 999999)
# Rows that have such a number, at least, and at least this share of all.
FEWEST_ROWS, LEAST_SHARE = 3, 0.002


def find_missing_spellings(table: Table) -> Iterator[Finding]:
    """Find text that spells a missing value."""
    for column in table.columns:
        spelled = column.spelled_missing
        if not column.is_text or not spelled.any():
            continue
        texts = [t for t, s in zip(column.texts, spelled, strict=True) if s]
        n_rows = int(column.counts[spelled].sum())
        among_words = column.number_format is None and not column.date_formats
        yield Finding(
            "missing value",
            column.name,
            f"Column {column.name!r} spells missing values in {len(texts)} "
            f"way{'s' if len(texts) > 1 else ''}, in {n_rows:,} rows.",
            {"spellings": float(len(texts)), "rows": float(n_rows)},
            shown(texts, most=6),
            "Replace them by a missing value.",
            fix_column(column.name, partial(_without_spellings, among_words)),
        )


def find_sentinels(table: Table) -> Iterator[Finding]:
    """Find numbers far from all others, such as -999, that stand for a missing one."""
    for column in table.columns:
        if not column.is_number or column.numbers is None:
            continue
        for value in _sentinels_of(column.numbers):
            n_rows = int(np.count_nonzero(column.numbers == value))
            yield Finding(
                "missing value",
                column.name,
                f"Column {column.name!r} is {value:g} in {n_rows:,} rows, far from all "
                "other values.",
                {"value": value, "rows": float(n_rows)},
                f"{value:g}",
                "Replace it by a missing value if it stands for one.",
            )


def _sentinels_of(numbers: np.ndarray) -> list[float]:
    present = numbers[~np.isnan(numbers)]
    found = []
    for value in SENTINELS:
        is_value = present == value
        n_rows = int(is_value.sum())
        if n_rows < max(FEWEST_ROWS, LEAST_SHARE * len(present)):
            continue
        others = present[~is_value]
        if not len(others):
            continue
        low, high = float(others.min()), float(others.max())
        gap = low - value if value < low else value - high
        if gap > high - low:
            found.append(float(value))
    return found


def _without_spellings(among_words: bool, series: pd.Series) -> pd.Series:
    codes, levels = pd.factorize(series)
    spelled = is_missing_spelling(map(str, levels), among_words=among_words)
    cleaned = series.mask(spelled[codes] & (codes >= 0))
    if isinstance(series.dtype, pd.CategoricalDtype):
        cleaned = cleaned.cat.remove_categories(list(levels[spelled]))
    return cleaned
