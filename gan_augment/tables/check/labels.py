"""What is wrong with the classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gan_augment.encoding.labels import plain_label
from gan_augment.tables.check.finding import Finding
from gan_augment.tables.check.table import Column, Table, same_level
from gan_augment.tables.check.text import spelling_finding


def find_rare_classes(table: Table) -> Iterator[Finding]:
    """Find classes of one row, of which neither a split nor a test is possible."""
    if table.labels is None:
        return
    lonely = [
        repr(plain_label(label))
        for label, count in zip(table.classes, table.class_counts, strict=True)
        if count == 1
    ]
    if not lonely:
        return
    what, them = f"Class {lonely[0]} has one row.", "it"
    if len(lonely) > 1:
        what, them = f"{len(lonely):,} classes have one row each.", "them"
    yield Finding(
        "class of one row",
        table.labels.name,
        what,
        {"classes": float(len(lonely)), "rows": float(len(lonely))},
        ", ".join(lonely[:3]) if len(lonely) > 1 else "",
        f"Merge {them} with another class or leave {them} out; nothing can be learned "
        "from one row and tested on another.",
    )


def find_missing_labels(table: Table) -> Iterator[Finding]:
    """Find rows without a class."""
    if table.labels is None:
        return
    unnamed = table.y < 0
    if unnamed.any():
        n_rows = int(unnamed.sum())
        rows = ", ".join(map(str, np.flatnonzero(unnamed)[:3]))
        yield Finding(
            "missing label",
            table.labels.name,
            f"{n_rows:,} rows have no class: y must name the class of every row.",
            {"rows": float(n_rows)},
            f"rows {rows}",
            "Leave these rows out.",
            _drop_unnamed,
        )


def find_label_spellings(table: Table) -> Iterator[Finding]:
    """Find classes that differ by case or blanks only, such as yes and YES."""
    if table.labels is None:
        return
    column = Column(table.labels)
    if column.is_text and (changed := same_level(column)):

        def fix(
            X: pd.DataFrame, y: pd.Series | None
        ) -> tuple[pd.DataFrame, pd.Series | None]:
            return X, None if y is None else y.map(lambda v: changed.get(v, v))

        yield spelling_finding(table.labels.name, column, changed, fix)


def _drop_unnamed(
    X: pd.DataFrame, y: pd.Series | None
) -> tuple[pd.DataFrame, pd.Series | None]:
    if y is None:
        return X, y
    kept = ~Column(y).absent
    return X[kept], y[kept]
