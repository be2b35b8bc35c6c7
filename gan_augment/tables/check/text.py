"""Text that is something else, and levels that are written in several ways."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.text import NumberFormat
from gan_augment.tables.check.finding import Finding, Fix, fix_column
from gan_augment.tables.check.table import Column, Table, same_level, shown


def find_numbers_as_text(table: Table) -> Iterator[Finding]:
    """Find text that is numbers, such as "1,234.50", "1705,13", "$5" and "12 %"."""
    for column in _words(table):
        number_format = column.number_format
        if number_format is None:
            continue
        texts = column.present_texts
        parsed = column.parsed[~column.spelled_missing]
        failed = [t for t, n in zip(texts, parsed, strict=True) if np.isnan(n)]
        yield Finding(
            "number as text",
            column.name,
            f"Column {column.name!r} holds numbers as text, with "
            f"{number_format.decimal!r} as the decimal mark"
            + (f"; {len(failed)} of its texts are not." if failed else "."),
            {
                "texts": float(len(texts)),
                "not_numbers": float(len(failed)),
                "whole_numbers": float(sum(text.strip().isdigit() for text in texts)),
            },
            shown(failed[:2] + texts[:2]),
            "Convert it to numbers; as text, every value is a category of its own.",
            None
            if failed
            else fix_column(column.name, partial(_numbers, number_format)),
        )


def find_dates_as_text(table: Table) -> Iterator[Finding]:
    """Find text that is dates."""
    for column in _words(table):
        formats = column.date_formats
        if not formats:
            continue
        texts = column.present_texts
        dates = _as_dates(texts, date_format=formats[0])
        failed = [t for t, d in zip(texts, dates, strict=True) if pd.isna(d)]
        ambiguous = len(formats) > 1
        how = " or ".join(repr(f) for f in formats[:2])
        yield Finding(
            "date as text",
            column.name,
            f"Column {column.name!r} holds dates as text, written {how}"
            + (f"; {len(failed)} of its texts are not." if failed else "."),
            {"texts": float(len(texts)), "not_dates": float(len(failed))},
            shown(failed[:2] + texts[:2]),
            "Convert it to dates"
            + ("; say which number is the month." if ambiguous else "."),
            None
            if failed or ambiguous
            else fix_column(column.name, partial(_dates, formats[0])),
        )


def find_booleans_as_text(table: Table) -> Iterator[Finding]:
    """Find text that is true and false."""
    for column in _words(table):
        words = {text.strip().casefold() for text in column.present_texts}
        if words == {"true", "false"}:
            yield Finding(
                "boolean as text",
                column.name,
                f"Column {column.name!r} holds true and false as text.",
                {"texts": float(len(column.texts))},
                shown(column.texts),
                "Convert it to booleans.",
                fix_column(column.name, _booleans),
            )


def find_spellings(table: Table) -> Iterator[Finding]:
    """Find levels that differ by case or blanks only."""
    # Of identifiers and numbers no value is a level.
    for column in _words(table):
        if column.number_format or column.date_formats or column.names_rows:
            continue
        changed = same_level(column)
        if changed:
            yield spelling_finding(
                column.name,
                column,
                changed,
                fix_column(column.name, partial(_spelled, changed)),
            )


def spelling_finding(
    name: Hashable, column: Column, changed: dict[str, str], fix: Fix | None
) -> Finding:
    """Levels that differ by case or blanks, given their most common spelling."""
    counts = dict(zip(column.texts, column.counts.tolist(), strict=True))
    n_rows = sum(counts[text] for text in changed)
    first = max(changed, key=lambda text: counts[text])
    return Finding(
        "spelling",
        name,
        f"{name!r} has {len(changed)} levels that differ from another by case or "
        f"blanks only, in {n_rows:,} rows.",
        {"levels": float(len(changed)), "rows": float(n_rows)},
        f"{first!r} and {changed[first]!r}",
        "Give each level one spelling, the most common one.",
        fix,
    )


def _words(table: Table) -> Iterator[Column]:
    """Columns of text."""
    return (column for column in table.columns if column.is_text)


def _numbers(number_format: NumberFormat, series: pd.Series) -> pd.Series:
    numbers = _convert(series, lambda texts: [number_format.parse(t) for t in texts])
    whole = numbers.notna() & (numbers == numbers.round()) & (numbers.abs() < 2.0**53)
    return numbers.astype(np.int64) if whole.all() else numbers


def _dates(date_format: str, series: pd.Series) -> pd.Series:
    return _convert(series, partial(_as_dates, date_format=date_format))


def _as_dates(texts: list[str], date_format: str) -> pd.Series:
    stripped = pd.Series(texts, dtype=object).str.strip()
    return pd.to_datetime(stripped, format=date_format, errors="coerce")


def _booleans(series: pd.Series) -> pd.Series:
    truth = {"true": True, "false": False}
    found = _convert(
        series,
        lambda texts: pd.array(
            [truth.get(t.strip().casefold(), pd.NA) for t in texts], dtype="boolean"
        ),
    )
    return found if found.isna().any() else found.astype(bool)


def _spelled(changed: dict[str, str], series: pd.Series) -> pd.Series:
    if isinstance(series.dtype, pd.CategoricalDtype):
        kept = [c for c in series.cat.categories if c not in changed]
        dtype: Any = pd.CategoricalDtype(kept, series.cat.ordered)
        series = series.astype(object)
    else:
        dtype = series.dtype
    return _convert(
        series, lambda texts: pd.Series([changed.get(t, t) for t in texts], dtype=dtype)
    )


def _convert(series: pd.Series, convert: Callable[[list[str]], Any]) -> pd.Series:
    """What each text becomes, missing where it is missing; each is looked at once."""
    codes, levels = pd.factorize(series)
    converted = pd.Series(convert([str(level) for level in levels]))
    taken = converted.reindex(np.where(codes < 0, len(converted), codes))
    return pd.Series(taken.array, index=series.index, name=series.name)
