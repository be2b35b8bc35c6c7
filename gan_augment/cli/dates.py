"""Dates in columns of text: one format a column, found out from all of its cells."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import pandas as pd

from gan_augment.cli.errors import UserError
from gan_augment.encoding import DateStyle

DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
TIMES = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S.%f",
    " %I:%M %p",
    " %I:%M:%S %p",
    "T%H:%M",
    "T%H:%M:%S",
    "T%H:%M:%S.%f",
    "T%H:%M:%SZ",
    "T%H:%M:%S.%fZ",
    "T%H:%M:%S%z",
)
FORMATS = [day + time for day in DAYS for time in TIMES]
DAY_FIRST, MONTH_FIRST, TEXT = "day-first", "month-first", "text"
# Different cells of a column that a format is first tried on, and whose zeros are
# compared.
TRIED, COMPARED = 200, 2000


def parse_dates(
    frame: pd.DataFrame, wanted: str | None
) -> tuple[pd.DataFrame, dict[str, DateStyle], bool]:
    """Make dates of the columns of text that are dates in every filled cell.

    Parameters
    ----------
    frame : DataFrame
        As it was read.
    wanted : str or None
        ``"day-first"``, ``"month-first"``, a format, or ``"text"`` for none. If None,
        days come first where nothing in the file tells.

    Returns
    -------
    frame : DataFrame
        With dates.
    styles : dict of str to DateStyle
        Column -> how its dates are written.
    guessed : bool
        Whether nothing in the file told days from months.
    """
    if wanted == TEXT:
        return frame, {}, False
    if wanted not in (None, DAY_FIRST, MONTH_FIRST) and "%" not in str(wanted):
        raise UserError(
            f"`--dates` must be {DAY_FIRST}, {MONTH_FIRST}, a format such as %d.%m.%Y, "
            f"or {TEXT}. Got {wanted!r}. Leave the option out to detect the format."
        )
    fitting = {
        name: fitting_formats(column, [wanted] if wanted and "%" in wanted else FORMATS)
        for name, column in frame.items()
        if pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)
    }
    fitting = {name: formats for name, formats in fitting.items() if formats}
    told = {day_first(found[0]) for found in fitting.values() if len(found) == 1}
    told.discard(None)
    first_is_day = told != {False} if wanted is None else wanted != MONTH_FIRST
    guessed = (
        wanted is None
        and len(told) != 1
        and any({True, False} <= set(map(day_first, f)) for f in fitting.values())
    )
    styles, dates = {}, {}
    for name, found in fitting.items():
        chosen = next(
            (each for each in found if day_first(each) is first_is_day), found[0]
        )
        dates[name] = _parsed(frame[name], chosen)
        styles[name] = _style_of(frame[name], dates[name], chosen)
    return frame.assign(**dates), styles, guessed


def _style_of(cells: pd.Series, dates: pd.Series, date_format: str) -> DateStyle:
    """How dates are written: days and months of one digit with a zero or without."""
    some = cells.dropna().drop_duplicates().head(COMPARED)
    found = DateStyle.writing(some.tolist(), dates[some.index], date_format)
    return found or DateStyle(date_format)


def fitting_formats(column: pd.Series, formats: list[str]) -> list[str]:
    """The formats that every filled cell has; none for text that is no date.

    Parameters
    ----------
    column : Series
        Text and missing values.
    formats : list of str
        What is tried.

    Returns
    -------
    formats : list of str
        Of those given.
    """
    cells = pd.Series(column.dropna().unique())
    if not len(cells) or not all(isinstance(cell, str) for cell in cells[:TRIED]):
        return []
    fitting = []
    for tried in formats:
        if (
            _is_date(cells[0], tried)
            and _all_are_dates(cells[:TRIED], tried)
            and _all_are_dates(cells, tried)
        ):
            fitting.append(tried)
    return fitting


def day_first(date_format: str) -> bool | None:
    """Whether a day comes before its month as a number; None where none can."""
    if date_format.startswith(("%d/%m", "%d.%m", "%d-%m")):
        return True
    return False if date_format.startswith(("%m/%d", "%m-%d")) else None


def in_words(styles: Mapping[str, DateStyle], guessed: bool) -> str:
    """What was found, for a person."""
    columns = ", ".join(f"{name!r} ({of.date_format})" for name, of in styles.items())
    doubt = (
        "; the day is assumed to be first, pass --dates month-first if it is not"
        if guessed
        else ""
    )
    return f"dates in {columns}{doubt}"


def _is_date(cell: str, date_format: str) -> bool:
    try:
        datetime.datetime.strptime(cell, date_format)
    except ValueError:
        return False
    return True


def _all_are_dates(cells: pd.Series, date_format: str) -> bool:
    return bool(_parsed(cells, date_format, errors="coerce").notna().all())


def _parsed(cells: pd.Series, date_format: str, errors: Any = "raise") -> pd.Series:
    # Times of several zones have one dtype as UTC alone.
    utc = "%z" in date_format
    return pd.to_datetime(cells, format=date_format, errors=errors, utc=utc)
