"""Read and write tables: CSV, Parquet, Feather, Excel, JSON lines; files and pipes."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from gan_augment.cli.csv_files import read_cells, read_csv
from gan_augment.cli.dates import in_words, parse_dates
from gan_augment.cli.dialect import Dialect, sniff_encoding
from gan_augment.cli.errors import UserError, nearest, suggestion
from gan_augment.cli.formats import SUFFIXES, kind_of_input, unpacked
from gan_augment.cli.options import ReadingOptions
from gan_augment.encoding import DateStyle

PIPE = "-"


@dataclass(frozen=True)
class TableFile:
    """A table, and how its file was written, so that another is written alike.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    name : str
        Name of the file in messages.
    dialect : Dialect
        Of a CSV.
    dates : dict of str to DateStyle
        Column that was text -> how its dates are written.
    remarks : list of str
        What was found out about the file.
    cells : callable or None
        Read the cells of a CSV as they are written, a text each.
    """

    frame: pd.DataFrame
    name: str
    dialect: Dialect = field(default_factory=Dialect)
    dates: dict[str, DateStyle] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    cells: Callable[[], pd.DataFrame] | None = None


def read_table(path: str, options: ReadingOptions | None = None) -> TableFile:
    """Read a table from a file or from standard input.

    Parameters
    ----------
    path : str
        A file, or ``"-"``.
    options : ReadingOptions, default=None
        Separator, encoding and dates of the file. If None, they are found out.

    Returns
    -------
    table : TableFile
        Its rows, and how they were written.

    Raises
    ------
    UserError
        If there is no such file, or it holds no table.
    """
    options = options or ReadingOptions()
    data = _bytes_of(path)
    name = "standard input" if path == PIPE else Path(path).name
    if not data.strip():
        raise UserError(
            f"{name} must hold a header and rows. Got an empty file. Export it again."
        )
    kind, dialect, remarks, cells = kind_of_input(path, data), Dialect(), [], None
    if kind == "csv":
        frame, dialect = read_csv(data, name, options, tabs=path.endswith(".tsv"))
        remarks.append(str(dialect))
        cells = partial(read_cells, data, name, dialect)
    else:
        frame = _read_other(kind, data, name, options)
    frame.columns = frame.columns.map(str)
    if not len(frame):
        raise UserError(f"{name} must hold rows. Got a header alone. Export it again.")
    frame, styles, guessed = parse_dates(frame, options.dates)
    if styles:
        remarks.append(in_words(styles, guessed))
    if frame.columns[0] in ("", "Unnamed: 0") and _counts_rows(frame.iloc[:, 0]):
        frame = frame.iloc[:, 1:]
        remarks.append("the first column has no name and counts the rows: left out")
    return TableFile(frame, name, dialect, styles, remarks, cells)


def write_table(
    frame: pd.DataFrame,
    path: str,
    like: TableFile | None = None,
    cells: pd.DataFrame | None = None,
) -> None:
    """Write a table to a file, by its ending, or as CSV to standard output.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    path : str
        A file, or ``"-"``.
    like : TableFile, default=None
        The file whose dialect and dates a CSV gets.
    cells : DataFrame of str, default=None
        The first rows of a CSV as they are to be written, in place of those of `frame`.
    """
    kind = kind_of_output(path)
    if cells is not None:
        frame = frame.iloc[len(cells) :]
    if kind in ("csv", "json"):
        frame = _as_written(frame, like or TableFile(frame, ""))
    if kind == "csv":
        dialect = like.dialect if like else Dialect()
        sep = "\t" if path.endswith((".tsv", ".tab")) else dialect.sep
        parts = [frame] if cells is None else [cells, frame]
        with _opened(path, dialect.encoding) as text:
            for number, part in enumerate(parts):
                part.to_csv(
                    text,
                    index=False,
                    header=number == 0,
                    sep=sep,
                    decimal=dialect.decimal,
                )
    elif kind == "json":
        frame.to_json(
            path, orient="records", lines=True, date_format="iso", force_ascii=False
        )
    elif kind == "parquet":
        frame.to_parquet(path, index=False)
    elif kind == "feather":
        frame.reset_index(drop=True).to_feather(path)
    else:
        _openpyxl()
        frame.to_excel(path, index=False)


@contextmanager
def _opened(path: str, encoding: str) -> Iterator[TextIO]:
    """A file, or standard output, to write text to."""
    if path != PIPE:
        with open(path, "w", encoding=encoding, newline="") as file:
            yield file
        return
    text = io.TextIOWrapper(sys.stdout.buffer, encoding=encoding, newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()  # or it would close standard output


def kind_of_output(path: str) -> str:
    """The format that a name asks for, checked before anything is computed."""
    if path == PIPE:
        return "csv"
    ending = Path(path).suffix.lower()
    if ending not in SUFFIXES:
        raise UserError(
            f"`--output` must end in one of {', '.join(SUFFIXES)}, or be -. "
            f"Got {path!r}. Take another name."
        )
    check_directory(path)
    return SUFFIXES[ending]


def check_directory(path: str) -> None:
    """Raise a UserError if there is no directory to write a file to."""
    directory = Path(path).resolve().parent
    if not directory.is_dir():
        raise UserError(
            f"the directory of `--output` must exist. Got {path!r}. Create it first."
        )


def _bytes_of(path: str) -> bytes:
    if path == PIPE:
        if sys.stdin.isatty():
            raise UserError("- reads standard input. Got a terminal. Pipe a table in.")
        data = sys.stdin.buffer.read()
    else:
        file = Path(path)
        if file.is_dir():
            raise UserError(
                f"FILE must be a file. Got the directory {path!r}. Name a file in it."
            )
        if not file.exists():
            raise UserError(_no_such_file(file))
        data = file.read_bytes()
    return unpacked(data, path)


def _no_such_file(file: Path) -> str:
    there = file.parent.iterdir() if file.parent.is_dir() else []
    names = [each.name for each in there if each.suffix.lower() in SUFFIXES]
    near = nearest(file.name, names, cutoff=0.75)
    meant = "" if near is None else f" Did you mean {near!r}?"
    return f"FILE must exist. Got {str(file)!r}, which does not exist.{meant}"


def _read_other(
    kind: str, data: bytes, name: str, options: ReadingOptions
) -> pd.DataFrame:
    source = io.BytesIO(data)
    if kind == "excel":
        _openpyxl()
        return _read_excel(source, name, options)
    try:
        if kind == "parquet":
            return pd.read_parquet(source)
        if kind == "feather":
            return pd.read_feather(source)
        frame = pd.read_json(
            source,
            lines=not data.lstrip().startswith(b"["),
            convert_dates=False,
            encoding=options.encoding or sniff_encoding(data),
        )
    except Exception as error:  # of several libraries, each with its own
        reason = str(error).partition("\n")[0].rstrip(".")
        raise UserError(
            f"{name} must be a {kind} file. Got: {reason}. Save it again, or "
            "give it the ending of its format."
        ) from error
    for column in frame:
        nested = frame[column].map(lambda cell: isinstance(cell, list | dict))
        if nested.any():
            raise UserError(
                f"{name} must have one value per cell. Got a list or an object in "
                f"{column!r}. Flatten it first."
            )
    return frame


def _read_excel(source: Any, name: str, options: ReadingOptions) -> pd.DataFrame:
    try:
        book = pd.ExcelFile(source, engine="openpyxl")
    except Exception as error:
        raise UserError(
            f"{name} must be an Excel file. Got: {error}. Save it again, as .xlsx."
        ) from error
    sheet = options.sheet or book.sheet_names[0]
    if sheet not in book.sheet_names:
        raise UserError(
            f"`--sheet` must be a sheet of {name}. Got {sheet!r}. "
            f"{suggestion(str(sheet), book.sheet_names)}"
        )
    missing = {} if options.na is None else {"na_values": options.na}
    return book.parse(sheet, keep_default_na=options.na is None, **missing)


def _openpyxl() -> None:
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        raise UserError(
            "Excel files need openpyxl. Install it: pip install 'gan-augment[excel]'."
        ) from error


def _counts_rows(column: pd.Series) -> bool:
    if not pd.api.types.is_integer_dtype(column) or column.isna().any():
        return False
    return bool((column.diff().dropna() == 1).all()) and column.iloc[0] in (0, 1)


def _as_written(frame: pd.DataFrame, like: TableFile) -> pd.DataFrame:
    """Dates as they were written, and whole numbers without a decimal sign."""
    written: dict[str, Any] = {}
    for name, column in frame.items():
        kind = pd.api.types
        if name in like.dates and kind.is_datetime64_any_dtype(column):
            present = column[column.notna()]
            texts = pd.Series(like.dates[name].write(present), present.index, object)
            written[name] = texts.reindex(column.index)
        elif kind.is_float_dtype(column) and name in like.frame:
            # Text that was made numbers has floats where some are missing.
            was_float = kind.is_float_dtype(like.frame[name])
            if not was_float and (column.dropna() % 1 == 0).all():
                written[name] = column.astype("Int64")
    return frame.assign(**written)
