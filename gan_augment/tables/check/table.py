"""A table as the checks see it: what several of them ask is computed once."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.container import to_frame
from gan_augment.encoding.frames import labels_to_pandas, to_pandas
from gan_augment.encoding.identifiers import is_identifier
from gan_augment.encoding.labels import plain_label
from gan_augment.encoding.text import (
    NumberFormat,
    find_date_formats,
    find_number_format,
    is_missing_spelling,
)

# Pairs of equal rows that chance alone must explain for them to be natural.
NATURAL_SHARE = 0.1


@dataclass(eq=False)
class Column:
    """One column: its levels, and what its text stands for.

    Parameters
    ----------
    series : Series
        The column.
    """

    series: pd.Series

    def __post_init__(self) -> None:
        self.name = self.series.name
        self.missing = np.asarray(pd.isna(self.series.array), dtype=bool)
        try:
            codes, levels = pd.factorize(self.series)
        except TypeError:  # values without equality, such as lists
            codes, levels = pd.factorize(self.series.map(repr))
        self.codes, self.levels = codes, levels

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows of each level."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.levels))

    @cached_property
    def is_text(self) -> bool:
        """Whether the values are text."""
        dtype = self.series.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            dtype = dtype.categories.dtype
        return bool(
            pd.api.types.is_string_dtype(dtype)
            and len(self.levels)
            and pd.api.types.infer_dtype(self.levels, skipna=True) == "string"
        )

    @cached_property
    def is_number(self) -> bool:
        """Whether the values are numbers, and no booleans."""
        dtype = self.series.dtype
        return pd.api.types.is_numeric_dtype(dtype) and not (
            pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_complex_dtype(dtype)
        )

    @cached_property
    def texts(self) -> list[str]:
        """The levels of a column of text, as they are written."""
        return [str(level) for level in self.levels] if self.is_text else []

    @cached_property
    def spelled_missing(self) -> np.ndarray:
        """Which levels spell a missing value."""
        among_words = self.number_format is None and not self.date_formats
        return is_missing_spelling(self.texts, among_words=among_words)

    @cached_property
    def present_texts(self) -> list[str]:
        """The levels that do not spell a missing value."""
        spelled = self.spelled_missing
        return [t for t, s in zip(self.texts, spelled, strict=True) if not s]

    @cached_property
    def _telling_texts(self) -> list[str]:
        spelled = is_missing_spelling(self.texts, among_words=False)
        return [t for t, s in zip(self.texts, spelled, strict=True) if not s]

    @cached_property
    def number_format(self) -> NumberFormat | None:
        """How the numbers are written, if the text is numbers."""
        return find_number_format(self._telling_texts)

    @cached_property
    def parsed(self) -> np.ndarray:
        """The number of each level, NaN if it is none."""
        if self.number_format is None:
            return np.full(len(self.texts), np.nan)
        return np.array([self.number_format.parse(t) for t in self.texts])

    @cached_property
    def date_formats(self) -> list[str]:
        """Formats of the dates, if the text is dates."""
        if self.number_format is not None:
            return []
        return find_date_formats(self._telling_texts)

    @cached_property
    def absent(self) -> np.ndarray:
        """Which rows have no value: missing, or a spelling of it."""
        if not self.is_text:
            return self.missing
        return self.missing | (self.spelled_missing[self.codes] & (self.codes >= 0))

    @cached_property
    def names_rows(self) -> bool:
        """Whether the column is an identifier."""
        return is_identifier(self.series[~self.absent])

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The values as numbers, dates as ranks, NaN where missing; None for words."""
        if self.number_format is not None:
            return np.where(self.codes >= 0, self.parsed[self.codes], np.nan)
        if self.date_formats:
            parsed = pd.to_datetime(
                pd.Series(self.texts, dtype=object).str.strip(),
                format=self.date_formats[0],
                errors="coerce",
            )
            days = parsed.to_numpy("M8[s]").astype(np.float64)
            days[parsed.isna().to_numpy()] = np.nan
            return np.where(self.codes >= 0, days[self.codes], np.nan)
        if self.is_number:
            return self.series.to_numpy(dtype=np.float64, na_value=np.nan)
        dtype = self.series.dtype
        if pd.api.types.is_datetime64_any_dtype(dtype) or (
            pd.api.types.is_timedelta64_dtype(dtype)
        ):
            order = np.empty(len(self.levels) + 1)  # one more, for a missing value
            order[pd.Index(self.levels).argsort()] = np.arange(len(self.levels))
            return np.where(self.missing, np.nan, order[self.codes])
        return None

    @cached_property
    def scaled(self) -> np.ndarray | None:
        """The numbers from 0 to 1, infinite ones beside them; None for words."""
        if self.numbers is None:
            return None
        finite = self.numbers[np.isfinite(self.numbers)]
        if not len(finite):
            return self.numbers
        low, high = float(finite.min()), float(finite.max())
        span = high - low or 1.0
        return np.clip((self.numbers - low) / span, -1.0, 2.0)


class Table:
    """Rows and their classes as the checks see them.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Rows of the table.
    y : array-like of shape (n_samples,), default=None
        Class of each row; it may be missing.

    Attributes
    ----------
    frame : DataFrame
        The rows.
    columns : list of Column
        Its columns.
    labels : Series or None
        The classes as they came.
    y : ndarray of shape (n_samples,)
        Index of each row's class, -1 where it is missing. Classes that differ by case
        or blanks only are one.
    classes : Index
        The classes; empty if `y` is None.
    """

    def __init__(self, X: Any, y: Any = None) -> None:
        X = to_pandas(X)
        # There is nothing to find in a frame without columns.
        is_empty = isinstance(X, pd.DataFrame) and not X.shape[1]
        self.frame = X if is_empty else to_frame(X)
        self.columns = [
            Column(self.frame.iloc[:, position])
            for position in range(self.frame.shape[1])
        ]
        self.labels: pd.Series | None = None
        self.y, self.classes = np.full(len(self.frame), -1), pd.Index([])
        if y is not None:
            self.labels = as_labels(y, self.frame.index)
            self.y, self.classes = pd.factorize(one_spelling(self.labels))

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.frame)

    @cached_property
    def class_counts(self) -> np.ndarray:
        """Rows of each class."""
        return np.bincount(self.y[self.y >= 0], minlength=len(self.classes))

    @cached_property
    def row_codes(self) -> np.ndarray:
        """One number a row, the same for rows that are equal in every column."""
        hashed = pd.util.hash_pandas_object(
            pd.DataFrame({i: c.codes for i, c in enumerate(self.columns)}), index=False
        )
        return pd.factorize(hashed)[0]

    @cached_property
    def repeats_are_natural(self) -> bool:
        """Whether rows of independent columns would repeat each other as often.

        Rows of dependent columns do so more often: a tenth is enough.
        """
        counts = np.bincount(self.row_codes)
        found = float((counts * (counts - 1.0)).sum())
        log_share = 0.0
        for column in self.columns:
            sizes = np.append(column.counts, column.missing.sum()).astype(float)
            equal = (sizes * (sizes - 1)).sum()
            if not equal:
                return False
            log_share += math.log(equal) - math.log(self.n_rows * (self.n_rows - 1))
        expected = math.exp(log_share) * self.n_rows * (self.n_rows - 1)
        return NATURAL_SHARE * found <= expected


def as_labels(y: Any, index: pd.Index) -> pd.Series:
    """The classes of rows as a Series beside them."""
    y = labels_to_pandas(y)
    if isinstance(y, pd.DataFrame):
        y = y.iloc[:, 0]
    values = y.array if isinstance(y, pd.Series) else np.ravel(np.asarray(y))
    if len(values) != len(index):
        raise ValueError(
            f"`y` must name the class of every row. Got {len(values)} labels for "
            f"{len(index)} rows."
        )
    name = getattr(y, "name", None)
    return pd.Series(values, index=index, name="y" if name is None else name)


def same_level(column: Column) -> dict[str, str]:
    """Level -> the most common one that differs by case or blanks only."""
    spelled = column.spelled_missing
    best: dict[str, tuple[int, str]] = {}
    for text, count, skip in zip(column.texts, column.counts, spelled, strict=True):
        if not skip:
            key = _level_key(text)
            best[key] = max(best.get(key, (0, text)), (int(count), text))
    return {
        text: best[_level_key(text)][1]
        for text, skip in zip(column.texts, spelled, strict=True)
        if not skip and best[_level_key(text)][1] != text
    }


def _level_key(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip()).casefold()


def one_spelling(series: pd.Series) -> pd.Series:
    """Text with one spelling a level, missing where it spells a missing value."""
    column = Column(series)
    if not column.is_text:
        return series
    changed = same_level(column)
    levels = np.array([changed.get(t, t) for t in column.texts], dtype=object)
    taken = levels[np.maximum(column.codes, 0)]
    taken[column.absent] = None
    return pd.Series(taken, index=series.index, name=series.name)


def shown(values: Sequence[Any], most: int = 4) -> str:
    """A few values, as they are written."""
    listed = ", ".join(repr(plain_label(value)) for value in list(values)[:most])
    return listed + (", ..." if len(values) > most else "")
