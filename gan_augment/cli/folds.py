"""Which rows are trained on, and which are held out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    StratifiedGroupKFold,
    TimeSeriesSplit,
    train_test_split,
)
from sklearn.utils import resample

from gan_augment.cli.console import Console
from gan_augment.cli.errors import UserError
from gan_augment.cli.options import FoldOptions
from gan_augment.cli.table import Table, shorter

HELD_OUT = 0.3


def drawn(table: Table, options: FoldOptions, console: Console) -> Table:
    """At most `--max-rows` rows, of every class as large a share, in order of time."""
    n_rows = len(table.X)
    if options.date is not None:
        time = table.aside[options.date]
        if time.isna().any():
            raise UserError(
                f"`--date` must have a time in every row. Got {int(time.isna().sum())} "
                f"missing in {options.date!r}. Leave these rows out."
            )
        if not (
            pd.api.types.is_datetime64_any_dtype(time)
            or pd.api.types.is_numeric_dtype(time)
        ):
            raise UserError(
                f"`--date` must be a column of dates or numbers. Got text such as "
                f"{shorter(time.iloc[0])} in {options.date!r}. Pass --dates with its "
                "format."
            )
        table = table.rows(np.argsort(time.to_numpy(), kind="stable"))
    if options.max_rows and n_rows > options.max_rows:
        kept = resample(
            np.arange(n_rows),
            replace=False,
            n_samples=options.max_rows,
            stratify=table.y,
            random_state=0,
        )
        console.say(
            f"{options.max_rows:,} of {n_rows:,} rows are used; pass --max-rows 0 to "
            "use all."
        )
        table = table.rows(np.sort(kept))
    return table


def fold_arguments(
    table: Table, options: FoldOptions, console: Console
) -> dict[str, Any]:
    """`cv`, `groups` and `n_jobs` of :func:`gan_augment.compare`."""
    groups = None if options.groups is None else table.aside[options.groups]
    if options.date is not None:
        if groups is not None:
            raise UserError("`--groups` and `--date` exclude each other. Pass one.")
        folding = TimeSeriesSplit(options.folds)
        first, _ = next(folding.split(table.X))
        missing = set(table.y) - set(table.y.iloc[first])
        if missing:
            raise UserError(
                f"The first of {options.folds + 1} periods of {options.date!r} must "
                f"have rows of every class. Got none of "
                f"{', '.join(sorted(map(shorter, missing)))} in {len(first):,} rows. "
                "Lower --folds."
            )
        return {"cv": folding, "groups": None, "n_jobs": options.n_jobs}
    fewest, label, what = rarest_class(table, options)
    n_folds = min(options.folds, fewest)
    if n_folds < options.folds:
        console.say(
            f"{n_folds} folds instead of {options.folds}: {shorter(label)} has "
            f"{fewest} {what}s."
        )
    return {"cv": n_folds, "groups": groups, "n_jobs": options.n_jobs}


def rarest_class(table: Table, options: FoldOptions) -> tuple[int, Any, str]:
    """The class of the fewest rows, or groups, of which there are two at least.

    Parameters
    ----------
    table : Table
        The rows.
    options : FoldOptions
        With the column of groups, if there is one.

    Returns
    -------
    fewest : int
        Number of its rows or groups.
    label : object
        The class.
    what : {"row", "group"}
        Whether `fewest` is a number of rows or of groups.

    Raises
    ------
    UserError
        If there is one alone.
    """
    groups = None if options.groups is None else table.aside[options.groups]
    units = pd.Series(np.arange(len(table.y))) if groups is None else groups
    per_class = units.groupby(table.y.to_numpy()).nunique()
    fewest, label = int(per_class.min()), per_class.idxmin()
    what = "row" if groups is None else "group"
    if fewest < 2:
        raise UserError(
            f"y must have at least two {what}s of every class, one to train on and one "
            f"to hold out. Got {fewest} of {shorter(label)}. Merge this class with "
            "another, or leave it out."
        )
    return fewest, label, what


def hold_out(table: Table, options: FoldOptions, seed: int) -> tuple[Table, Table]:
    """Rows to train on, and rows to judge by: others, other groups, or later ones."""
    rows = np.arange(len(table.X))
    if options.date is None:
        rarest_class(table, options)
    if options.date is not None:
        cut = int(len(rows) * (1 - HELD_OUT))
        train, test = rows[:cut], rows[cut:]
    elif options.groups is not None:
        folding = StratifiedGroupKFold(
            round(1 / HELD_OUT), shuffle=True, random_state=seed
        )
        groups = table.aside[options.groups]
        train, test = next(folding.split(table.X, table.y, groups))
    else:
        train, test = train_test_split(
            rows, test_size=HELD_OUT, stratify=table.y, random_state=seed
        )
    missing = set(table.y) - set(table.y.iloc[train])
    if missing:
        raise UserError(
            "The rows that are trained on must have every class. Got none of "
            f"{', '.join(sorted(map(shorter, missing)))}. Merge them with another "
            "class, or leave them out."
        )
    return table.rows(train), table.rows(test)
