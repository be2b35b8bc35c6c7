"""Columns that name rows, and columns that name what several rows belong to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gan_augment.encoding.identifiers import names_a_row
from gan_augment.tables.check.finding import Finding
from gan_augment.tables.check.table import Column, Table

# Rows for each group, at least and at most, for its column to name persons.
FEWEST_ROWS_A_GROUP, MOST_ROWS_A_GROUP = 1.5, 100
FEWEST_GROUPS = 20


def find_identifiers(table: Table) -> Iterator[Finding]:
    """Find columns that name rows: identifiers, phone numbers, names, free text."""
    for column in table.columns:
        if column.names_rows:
            present = int((~column.absent).sum())
            distinct = len(column.levels)
            yield Finding(
                "identifier",
                column.name,
                f"Column {column.name!r} identifies rows: {min(distinct, present):,} "
                f"different values in {present:,} rows.",
                {"distinct": float(distinct), "present": float(present)},
                pattern_of(column),
                "The sampler gives synthetic rows fresh values; leave the column out "
                "of the classifier.",
            )


def find_groups(table: Table) -> Iterator[Finding]:
    """Find columns that name persons or things with several rows each."""
    for column in table.columns:
        n_groups = len(column.levels)
        if n_groups < FEWEST_GROUPS or column.names_rows:
            continue
        rows = float((~column.missing).sum()) / n_groups
        if not FEWEST_ROWS_A_GROUP <= rows <= MOST_ROWS_A_GROUP:
            continue
        is_whole = column.is_number and column.series.dtype.kind in "iu"
        if not (column.is_text or is_whole) or not names_a_row(column.name):
            continue
        yield Finding(
            "groups",
            column.name,
            f"Column {column.name!r} names {n_groups:,} groups of {rows:.1f} rows in "
            "the mean: rows of one group are not independent.",
            {"groups": float(n_groups), "rows_per_group": rows},
            pattern_of(column),
            "Pass it as `groups` to compare, so that each group is on one side of "
            "every split, and leave the column out of the classifier.",
        )


def pattern_of(column: Column) -> str:
    """The pattern of a value: 9 for its digits, and a and A for its letters."""
    present = np.flatnonzero(~column.absent)
    if not len(present):
        return ""
    text = str(column.series.iloc[present[0]])
    masked = "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c
        for c in text
    )
    return f"pattern {masked if len(masked) <= 40 else masked[:37] + '...'}"
