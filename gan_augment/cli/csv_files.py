"""Read text files with separators, as people write them."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pandas as pd

from gan_augment.cli.dialect import (
    SAMPLE_BYTES,
    Dialect,
    comment_lines,
    first_lines,
    leading_zeros,
    not_numbers,
    sniff_encoding,
    sniff_numbers,
    sniff_separator,
)
from gan_augment.cli.errors import UserError
from gan_augment.cli.formats import SUFFIXES
from gan_augment.cli.options import ReadingOptions

_NO_NA = {"keep_default_na": False, "na_filter": False}


def read_csv(
    data: bytes, name: str, options: ReadingOptions, tabs: bool
) -> tuple[pd.DataFrame, Dialect]:
    """Read a text file, and find out how it is written.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        Name of the file in messages.
    options : ReadingOptions
        Separator, encoding and dates of the file, as far as they are known.
    tabs : bool
        Whether tabs separate the cells, as the name of the file says.

    Returns
    -------
    frame : DataFrame
        The rows.
    dialect : Dialect
        How they are written.

    Raises
    ------
    UserError
        If the file holds no table.
    """
    encoding = options.encoding or sniff_encoding(data)
    try:
        if options.encoding:
            data.decode(encoding)
        start = data[:SAMPLE_BYTES].decode(encoding, errors="ignore")
    except (LookupError, UnicodeError) as error:
        raise UserError(
            f"`--encoding` must be the encoding of {name}. Got {encoding!r}: {error}. "
            "Leave the option out to detect it."
        ) from error
    if "\0" in start:
        raise UserError(
            f"{name} must be a table. Got a file that is neither text nor one of "
            f"{', '.join(SUFFIXES)}. Save the table as one of these."
        )
    lines = first_lines(start, is_cut=len(data) > SAMPLE_BYTES)
    said = re.fullmatch(r'"?sep=(.)"?\s*', lines[0])  # as Excel writes it
    skiprows = int(said is not None)
    skiprows += comment_lines(lines[skiprows:])
    lines = lines[skiprows:]
    sep = {"tab": "\t", "\\t": "\t", None: said[1] if said else None}.get(
        options.sep, options.sep
    )
    if sep is None:
        sep = "\t" if tabs else sniff_separator(lines)
    if len(sep) != 1:
        raise UserError(
            f"`--sep` must be one character, or tab. Got {sep!r}. Replace the "
            "separator by one character."
        )
    rows = [row for row in csv.reader(lines, delimiter=sep) if row]
    spaces = len(rows[0]) > 1 and all(
        cell.startswith(" ") for row in rows for cell in row[1:]
    )
    form = {"sep": sep, "skipinitialspace": spaces}
    sample = _parsed(name, io.StringIO("".join(lines)), form | {"dtype": str} | _NO_NA)
    decimal, thousands = sniff_numbers(sample)
    decimal = options.decimal or decimal
    if thousands == decimal:
        thousands = None
    text = leading_zeros(sample)
    # Elsewhere pandas would take the points out of dates.
    as_text = {*text, *(not_numbers(sample) if thousands else ())}
    missing = {} if options.na is None else {"na_values": options.na}
    dialect = Dialect(encoding, sep, decimal, thousands, skiprows, spaces, text)
    form = _form_of(dialect) | {
        "decimal": decimal,
        "thousands": thousands,
        "dtype": dict.fromkeys(as_text, str),
        "keep_default_na": options.na is None,
        "low_memory": False,
    }
    frame = _parsed(name, io.BytesIO(data), form | missing)
    unnamed = [each for each in frame if str(each).startswith("Unnamed: ")]
    if len(unnamed) > frame.shape[1] / 2 > 1:
        raise UserError(
            f"{name} must begin with the names of its columns. Got a first line with "
            f"{len(unnamed)} empty cells of {frame.shape[1]}. Delete the lines "
            "before the names."
        )
    whole = {
        column: "Int64"
        for column in frame.select_dtypes("float")
        if column in sample
        and not sample[column].str.contains(re.escape(decimal)).any()
        and (frame[column].dropna() % 1 == 0).all()
        and frame[column].abs().max() < 2**53
    }
    return frame.astype(whole), dialect


def read_cells(data: bytes, name: str, dialect: Dialect) -> pd.DataFrame:
    """Read the cells of a text file as they are written.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        Name of the file in messages.
    dialect : Dialect
        How it is written.

    Returns
    -------
    cells : DataFrame of str
        The rows that :func:`read_csv` reads.
    """
    form = _form_of(dialect) | {"dtype": str} | _NO_NA
    return _parsed(name, io.BytesIO(data), form)


def _form_of(dialect: Dialect) -> dict[str, Any]:
    """Where the cells of a file are, as :func:`pandas.read_csv` takes it."""
    return {
        "sep": dialect.sep,
        "skipinitialspace": dialect.spaces,
        "skiprows": dialect.skiprows,
        "encoding": dialect.encoding,
    }


def _parsed(name: str, source: Any, form: dict[str, Any]) -> pd.DataFrame:
    try:
        return pd.read_csv(source, **form)
    except pd.errors.EmptyDataError as error:
        raise UserError(
            f"{name} must hold a header and rows. Got nothing. Export it again."
        ) from error
    except pd.errors.ParserError as error:
        reason = str(error).strip().rpartition("error: ")[2]
        if "EOF inside string" in reason:
            raise UserError(
                f"{name} must close every quotation mark. Got one that is open to the "
                f"end of the file, in row {reason.rpartition(' ')[2]}. Close it, or "
                "write it twice if it is part of the text."
            ) from error
        raise UserError(
            f"{name} must have as many cells in every line as in its header. Got: "
            f"{reason}. Delete lines before the header, or pass --sep if "
            f"the separator is not {form['sep']!r}."
        ) from error
