"""Columns that give the class away: filled after the event, or made from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

from gan_augment.encoding.labels import plain_label
from gan_augment.tables.check.finding import Finding
from gan_augment.tables.check.identifiers import pattern_of
from gan_augment.tables.check.table import Column, Table

# Average precision of one column on held-out rows.
ALMOST_PERFECT = 0.99
# Shares of rows for which a column is filled, or empty, exactly where the class is.
ALMOST_ALWAYS = 0.98
# Rows of a class below which a perfect prediction may be chance.
FEWEST_ROWS = 10
# Rows that are enough to tell, and cells of a wide table.
MOST_ROWS, FEWEST_LOOKED_AT, MOST_CELLS = 20_000, 2_000, 1_000_000

_REMEDY = (
    "Drop the column if it is known only after the class is; scores of a model that "
    "sees it mean nothing."
)


def find_leaks(table: Table) -> Iterator[Finding]:
    """Find columns that alone predict the class, or are missing where the class is."""
    known = np.flatnonzero(table.y >= 0)
    counts = table.class_counts
    if (counts >= FEWEST_ROWS).sum() < 2:
        return
    rng = np.random.default_rng(0)
    affordable = MOST_CELLS // max(len(table.columns), 1)
    n_rows = int(np.clip(affordable, FEWEST_LOOKED_AT, MOST_ROWS))
    rows = rng.permutation(known)[:n_rows]
    y = table.y[rows]
    for column in table.columns:
        missing = _missing_with_class(table, column)
        if missing is not None:
            yield missing
            continue
        score = _score_alone(column, rows, y, counts)
        if score >= ALMOST_PERFECT:
            yield Finding(
                "leak",
                column.name,
                f"Column {column.name!r} alone predicts the class almost perfectly "
                f"(average precision {score:.3f} on held-out rows).",
                {"average_precision": score},
                _example(table, column),
                _REMEDY,
            )


def _missing_with_class(table: Table, column: Column) -> Finding | None:
    absent = column.absent
    if not absent.any() or absent.all():
        return None
    for index in np.argsort(table.class_counts):
        label = plain_label(table.classes[index])
        of_class = table.y == index
        if of_class.sum() < FEWEST_ROWS:
            continue
        for state, word in ((absent, "missing"), (~absent, "filled")):
            both = float((state & of_class).sum())
            if both >= ALMOST_ALWAYS * max(state.sum(), of_class.sum()):
                return Finding(
                    "leak",
                    column.name,
                    f"Column {column.name!r} is {word} where the class is {label!r} "
                    f"and nowhere else ({both / of_class.sum():.1%} of these rows, "
                    f"{(state & ~of_class).sum() / (~of_class).sum():.1%} of the "
                    "others).",
                    {
                        f"{word}_in_class": both / float(of_class.sum()),
                        f"{word}_elsewhere": float((state & ~of_class).sum())
                        / float((~of_class).sum()),
                    },
                    _example(table, column),
                    _REMEDY,
                )
    return None


def _score_alone(
    column: Column, rows: np.ndarray, y: np.ndarray, counts: np.ndarray
) -> float:
    """Mean average precision of the classes, all but the most common, by one column."""
    if len(column.levels) + column.missing.any() < 2:
        return 0.0
    half, scores = len(rows) // 2, []
    first, second = slice(None, half), slice(half, None)
    rare = np.flatnonzero(counts >= FEWEST_ROWS)
    rare = rare[rare != counts.argmax()]
    for learned, judged in ((first, second), (second, first)):
        for index in rare:
            is_class, wanted = y[learned] == index, y[judged] == index
            if not is_class.any() or not wanted.any():
                return 0.0
            predicted = _predict_alone(column, rows[learned], is_class, rows[judged])
            scores.append(average_precision_score(wanted, predicted))
            if scores[-1] < 2 * ALMOST_PERFECT - 1:
                return 0.0  # the mean will not be almost perfect
    return float(np.mean(scores)) if scores else 0.0


def _predict_alone(
    column: Column, learned: np.ndarray, is_class: np.ndarray, judged: np.ndarray
) -> np.ndarray:
    """Probability of a class in the judged rows, by one column of the learned ones."""
    numbers = column.scaled  # a tree knows float32 only, and no infinite values
    if numbers is None:
        return _level_shares(column, learned, is_class)[column.codes[judged]]
    tree = DecisionTreeClassifier(max_leaf_nodes=16, random_state=0)
    tree.fit(numbers[learned, None], is_class)
    return tree.predict_proba(numbers[judged, None])[:, 1]


def _level_shares(column: Column, rows: np.ndarray, is_class: np.ndarray) -> np.ndarray:
    """Share of the class in each level, that of all rows in one that is new."""
    codes = column.codes[rows] + 1
    n = np.bincount(codes, minlength=len(column.levels) + 1)
    k = np.bincount(codes, is_class, minlength=len(column.levels) + 1)
    prior = is_class.mean()
    shares = (k + prior) / (n + 1)
    return np.roll(shares, -1)  # the code -1, missing, addresses the last one


def _example(table: Table, column: Column) -> str:
    """A typical value of each of the first classes; of identifiers, their pattern."""
    if column.names_rows:
        return pattern_of(column)
    parts = []
    for index in np.argsort(table.class_counts)[:2]:
        values = column.series[(table.y == index)]
        typical = values.mode(dropna=False)
        value = typical.iloc[0] if len(typical) else None
        if column.is_number and values.notna().any():
            value = values.median()
        shown = (
            "missing"
            if pd.isna(value) or str(value).strip() == ""
            else repr(value.item() if isinstance(value, np.generic) else value)
        )
        parts.append(
            f"{shown} where the class is {plain_label(table.classes[index])!r}"
        )
    return ", ".join(parts)
