"""The table of a command: features, classes, and columns that are set aside."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.cli.console import Console
from gan_augment.cli.errors import UserError, listed, suggestion
from gan_augment.cli.files import TableFile, read_table
from gan_augment.cli.options import ColumnOptions, FoldOptions, ReadingOptions

# More different targets than this are no classes.
MOST_CLASSES = 100
SHOWN_CLASSES = 6
# Findings that make every figure worthless.
LOUD = ("leak",)


@dataclass(frozen=True)
class Table:
    """Rows and their classes, as a command uses them.

    Parameters
    ----------
    file : TableFile
        Where they come from.
    X : DataFrame
        The features.
    y : Series
        The classes.
    aside : DataFrame
        Columns that nothing is learned from.
    positions : ndarray of shape (n_rows,)
        Where the rows are in the file.
    """

    file: TableFile
    X: pd.DataFrame
    y: pd.Series
    aside: pd.DataFrame
    positions: np.ndarray

    @property
    def name(self) -> str:
        """Name of the file without its ending."""
        return self.file.name.partition(".")[0] or self.file.name

    def rows(self, where: np.ndarray) -> Table:
        """The table of some rows, by position."""
        parts = {name: getattr(self, name).iloc[where] for name in ("X", "y", "aside")}
        parts = {name: part.reset_index(drop=True) for name, part in parts.items()}
        return replace(self, positions=self.positions[where], **parts)


def load_table(
    path: str,
    reading: ReadingOptions,
    columns: ColumnOptions,
    console: Console,
    folds: FoldOptions | None = None,
) -> Table:
    """Read a file, and make of it what the options say.

    Parameters
    ----------
    path : str
        A file, or ``"-"``.
    reading : ReadingOptions
        How it is read.
    columns : ColumnOptions
        What its columns are.
    console : Console
        Where it is said what was read.
    folds : FoldOptions, default=None
        With the columns of groups and of time, if there are.

    Returns
    -------
    table : Table
        With at least one feature, and at least two classes.

    Raises
    ------
    UserError
        If a column does not exist, or the target names no classes.
    """
    file = read_table(path, reading)
    frame = file.frame.reset_index(drop=True)
    describe(file, console)
    target = checked_column("--target", columns.target, frame)
    dropped = checked_columns("--drop", columns.drop, frame)
    set_aside = checked_columns("--id", columns.identifiers, frame)
    if folds is not None:
        set_aside += [
            checked_column(option, name, frame)
            for option, name in (("--groups", folds.groups), ("--date", folds.date))
            if name is not None
        ]
    set_aside = list(dict.fromkeys(set_aside))
    if target in (*dropped, *set_aside):
        raise UserError(
            f"`--target` must be a column of its own. Got {target!r}, which another "
            "option names too. Name it once."
        )
    X, y = frame.drop(columns=[target, *dropped]), frame[target]
    if X.shape[1] == len(set_aside):
        raise UserError(
            f"{file.name} must have a column besides the target. Got "
            f"{list(frame.columns)}. Keep one to learn from."
        )
    refuse_amounts(y)
    X, y = look_at(X, y, columns.clean, set_aside, console)
    # What is cleaned may have dropped a column that says nothing.
    aside = X[[name for name in set_aside if name in X]]
    X = X.drop(columns=list(aside))
    positions = X.index.to_numpy()
    X, y, aside = (part.reset_index(drop=True) for part in (X, y, aside))
    y = with_positive(check_classes(y), columns.positive)
    table = Table(file, X, y, aside, positions)
    counts = y.value_counts()
    shown = [f"{shorter(label)} {n:,}" for label, n in counts.items()][:SHOWN_CLASSES]
    more = f" and {len(counts) - SHOWN_CLASSES} others" * (len(counts) > SHOWN_CLASSES)
    console.say(
        f"{len(X):,} rows, {X.shape[1]} columns to learn from, "
        f"{int(X.isna().to_numpy().sum()):,} missing values; "
        f"{target}: {', '.join(shown)}{more}."
    )
    return table


def show_forecast(estimator: Any, table: Table, console: Console) -> None:
    """Print what time and memory a verb would take."""
    from gan_augment import forecast

    console.begin("Timing short fits")
    expected = forecast(estimator, table.X, table.y)
    console.show(str(expected))
    console.show_json({**dataclasses.asdict(expected), "fits": expected.fits})


def describe(file: TableFile, console: Console) -> None:
    """Say what was found out about a file."""
    if file.remarks:
        console.say(f"{file.name}: {'; '.join(file.remarks)}.")


def look_at(
    X: pd.DataFrame, y: pd.Series, clean: bool, aside: list[str], console: Console
) -> tuple[pd.DataFrame, pd.Series]:
    """Say what is wrong with the table, and mend what is safe if that is wanted.

    Columns that are set aside tell repeated rows apart; of them alone nothing is said.
    """
    from gan_augment import check_table

    check = check_table(X, y)
    if clean:
        X, y, done = check.clean(X, y)
        for each in done:
            console.say(f"Cleaned: {each}")
        check = check_table(X, y)
    others: Counter[str] = Counter()
    for finding in check.findings:
        if finding.column in aside:
            continue
        if finding.kind in LOUD:
            console.say(str(finding))
        else:
            others[finding.kind] += 1
    if others:
        counts = ", ".join(f"{kind} ({n})" for kind, n in others.most_common())
        console.say(f"`gan-augment check` has details: {counts}.")
    return X, y


def checked_column(option: str, name: str, frame: pd.DataFrame) -> str:
    """A column that an option names, or a UserError with the nearest name."""
    if name not in frame:
        hint = " Pass --sep if these are several." if frame.shape[1] == 1 else ""
        raise UserError(
            f"`{option}` must be a column of the file. Got {name!r}. "
            f"{suggestion(name, frame.columns)}{hint}"
        )
    return name


def checked_columns(
    option: str, names: list[str] | None, frame: pd.DataFrame
) -> list[str]:
    """Columns that an option names."""
    return [checked_column(option, name, frame) for name in names or []]


def check_classes(y: pd.Series) -> pd.Series:
    """Raise a UserError where a target names no classes."""
    blanks = [each for each in y.unique() if isinstance(each, str) and not each.strip()]
    target, n_missing = y.name, int((y.isna() | y.isin(blanks)).sum())
    if n_missing:
        raise UserError(
            f"y must name the class of every row. Got {n_missing:,} of {len(y):,} rows "
            f"without one in {target!r}. Fill them in, or leave these rows out with "
            "--clean."
        )
    classes = y.unique()
    by_key: dict[str, list[str]] = {}
    for label in classes:
        by_key.setdefault(str(label).strip().casefold(), []).append(str(label))
    alike = [spellings for spellings in by_key.values() if len(spellings) > 1]
    if alike:
        raise UserError(
            "y must spell each class in one way. Got "
            f"{listed(alike[0])} in {target!r}. Pass --clean to make them one."
        )
    if len(classes) < 2:
        raise UserError(
            f"y must have at least two classes. Got one in {target!r}: "
            f"{shorter(classes[0])}. Take another column, or more rows."
        )
    return y


def refuse_amounts(y: pd.Series) -> None:
    """Raise a UserError where a target is an amount, or anything else but classes."""
    kind, n_different = pd.api.types, y.nunique()
    is_number = kind.is_numeric_dtype(y) and not kind.is_bool_dtype(y)
    fractions = is_number and (y.dropna() % 1 != 0).any()
    if n_different > MOST_CLASSES or (fractions and n_different > 2):
        raise UserError(
            f"y must name classes. Got {n_different:,} different "
            f"{'numbers' if is_number else 'values'} in {y.name!r}. Take another "
            "column, or convert it to classes first."
        )


def with_positive(y: pd.Series, positive: str | None) -> pd.Series:
    """The classes, of which all but the positive one are made one if it is named."""
    if positive is None:
        return y
    by_text = {str(label): label for label in y.unique()}
    if positive not in by_text:
        raise UserError(
            f"`--positive` must be a class of {y.name!r}. Got {positive!r}. "
            f"{suggestion(positive, by_text)}"
        )
    if len(by_text) == 2:
        return y
    is_positive = y == by_text[positive]
    return pd.Series(
        np.where(is_positive, positive, f"not {positive}"), index=y.index, name=y.name
    )


def shorter(label: Any) -> str:
    """A label as a person writes it, in quotes if it is text."""
    plain = label.item() if isinstance(label, np.generic) else label
    text = repr(plain)
    return text if len(text) <= 40 else f"{text[:37]}..."
