"""What a column may be in some rows, to draw from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.tables.rules.columns import Column
from gan_augment.tables.rules.rule import replaced
from gan_augment.tables.rules.target import Levels

# Values kept of those that are no level by themselves.
MOST_OTHERS = 64


@dataclass(eq=False)
class Choice:
    """What a column may be: its levels with their shares, and other values.

    Parameters
    ----------
    shares : ndarray of shape (n_levels + 2,)
        Share of each level, of missing values, and of all others.
    others : Index
        Some of the other values, each as common.
    """

    shares: np.ndarray
    others: pd.Index

    def __post_init__(self) -> None:
        check_array_of(self.shares, "shares", (-1,), "f")
        if (self.shares < 0).any() or not np.isclose(self.shares.sum(), 1.0):
            raise ValueError("`shares` must be at least 0 and add up to 1.")
        if self.shares[-1] > 0 and not len(self.others):
            raise ValueError("`others` must hold a value if it has a share. Got none.")

    def draw(
        self, levels: Levels, index: pd.Index, rng: np.random.Generator
    ) -> pd.Series:
        """Values for the rows of an index."""
        codes = rng.choice(len(self.shares), len(index), p=self.shares)
        is_other = codes == len(self.shares) - 1
        series = levels.to_series(np.where(is_other, 0, codes), index)
        if is_other.any():
            values = drawn(self.others, series, index[is_other], rng)
            series = replaced(series, is_other, values)
        return series


def choice_of(
    column: Column, codes: np.ndarray, chosen: np.ndarray, n_codes: int
) -> Choice:
    """How often a column has each value in some rows."""
    counts = np.bincount(codes[chosen], minlength=n_codes).astype(float)
    shares = counts / max(counts.sum(), 1.0)
    is_other = chosen & (codes == n_codes - 1)
    return Choice(shares, evenly(column, is_other))


def evenly(column: Column, chosen: np.ndarray) -> pd.Index:
    """Values of some rows, at even distances when sorted, so that each is as common."""
    codes = column.codes[chosen]
    keys = codes if column.numbers is None else column.numbers[chosen]
    ordered = codes[np.argsort(keys, kind="stable")]
    places = np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_OTHERS))
    return column.levels.take(ordered[places.round().astype(np.intp)])


def drawn(
    values: pd.Index, like: pd.Series, index: pd.Index, rng: np.random.Generator
) -> pd.Series:
    """As many of the values at random as an index has rows, as a column."""
    chosen = values.take(rng.integers(len(values), size=len(index)))
    return pd.Series(chosen, dtype=like.dtype).set_axis(index)
