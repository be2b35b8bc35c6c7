"""How a text file is written: encoding, separator, decimal sign, found out from it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

# Bytes of a file, and rows of these, that are looked at.
SAMPLE_BYTES, SAMPLE_ROWS = 2**20, 2000
SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
# What is tried where a file is not UTF-8. Of Latin letters alone, the others of this
# kind cannot be told from the first.
ENCODINGS = ("cp1252", "cp1251", "cp1253", "cp932", "gb18030", "euc_kr")
# Characters of cp1252 that hardly any text has, and bytes that it does not have.
NOT_WESTERN = rb"[\x81-\x84\x86-\x8b\x8d\x8f\x90\x98\x9b\x9d]"
COMMA_DECIMAL = r"[+-]?(\d+|\d{1,3}([. ]\d{3})+),\d+"
DOT_DECIMAL = r"[+-]?(\d+|\d{1,3}([, ]\d{3})+)\.\d+"
INTEGER = r"[+-]?\d+"
# A comma before three digits may as well be between thousands.
COMMA_GROUPS = r"[+-]?[1-9]\d{0,2}(,\d{3})+"
DOT_GROUPS = r"[+-]?[1-9]\d{0,2}(\.\d{3})+"
# Of the cells of a column that are filled, so many are numbers.
MOSTLY = 0.9


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written.

    Parameters
    ----------
    encoding, sep, decimal : str
        As :func:`pandas.read_csv` takes them.
    thousands : str or None
        What stands between thousands.
    skiprows : int
        Lines before the header.
    spaces : bool
        Whether a space follows each separator.
    text : tuple of str
        Columns that are read as text, as their numbers begin with zeros.
    """

    encoding: str = "utf-8"
    sep: str = ","
    decimal: str = "."
    thousands: str | None = None
    skiprows: int = 0
    spaces: bool = False
    text: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        parts = [
            f"separator {NAMES.get(self.sep, repr(self.sep))}",
            f"decimal sign {NAMES.get(self.decimal, 'point')}",
            f"encoding {self.encoding}",
        ]
        if self.thousands:
            thousands = NAMES.get(self.thousands, "point")
            parts.insert(2, f"thousands by {thousands}")
        if self.skiprows:
            lines = f"{self.skiprows} line{'s' * (self.skiprows > 1)}"
            parts.append(f"{lines} before the header left out")
        if self.text:
            names = ", ".join(map(repr, self.text))
            parts.append(f"as text, for leading zeros: {names}")
        return "; ".join(parts)


def sniff_encoding(data: bytes) -> str:
    """The encoding of a text: UTF-8 or UTF-16 if it is that, else the likeliest.

    Parameters
    ----------
    data : bytes
        The whole text.

    Returns
    -------
    encoding : str
        Name of a Python codec.
    """
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = data[:SAMPLE_BYTES]
    for encoding, nul in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if nul.count(0) > len(nul) / 2:
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        # What all encodings share tells nothing.
        words = re.findall(rb"[A-Za-z]*[\x80-\xff][\w\x80-\xff]*", start)
        if _is_western(b" ".join(words)):
            return ENCODINGS[0]
        found = from_bytes(
            b"\n".join(dict.fromkeys(words[:5000])), cp_isolation=list(ENCODINGS)
        ).best()
        encoding = found.encoding if found else ENCODINGS[0]
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            return "latin-1"  # takes any byte
        return encoding
    return "utf-8"


def _is_western(words: bytes) -> bool:
    """Whether accents and signs stand among plain letters, as in Western Europe.

    Words of other alphabets have hardly any plain letters.
    """
    if re.search(NOT_WESTERN, words):
        return False
    letters = [letter for letter in words.decode("cp1252") if letter.isalpha()]
    n_plain = sum(letter.isascii() for letter in letters)
    return 2 * n_plain >= len(letters)


def first_lines(text: str, is_cut: bool) -> list[str]:
    """The first lines of a text, none of which ends within a quoted cell.

    Parameters
    ----------
    text : str
        The text, or its start.
    is_cut : bool
        Whether the text may end within a line.

    Returns
    -------
    lines : list of str
        With their ends.
    """
    lines = io.StringIO(text, newline="").readlines()
    if not is_cut and len(lines) <= SAMPLE_ROWS:
        return lines
    lines = lines[:-1][:SAMPLE_ROWS] if is_cut else lines[:SAMPLE_ROWS]
    # A quote within a quoted cell is written twice, so it changes nothing here.
    open_quotes = np.cumsum([line.count('"') for line in lines]) % 2
    whole = np.flatnonzero(open_quotes == 0)
    return lines[: whole[-1] + 1] if len(whole) else lines


def sniff_separator(lines: list[str]) -> str:
    """The separator that cuts most lines into as many cells as the first.

    Parameters
    ----------
    lines : list of str
        The first lines, with their ends.

    Returns
    -------
    sep : str
        A comma where no line is cut.
    """
    best, most = ",", (0.0, 0)
    for sep in SEPARATORS:
        widths = [len(row) for row in csv.reader(lines, delimiter=sep) if row]
        if not widths or widths[0] < 2:
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        if (alike, widths[0]) > most:
            best, most = sep, (alike, widths[0])
    return best


def comment_lines(lines: list[str]) -> int:
    """Lines before the header that begin with ``#`` and are no header themselves.

    Parameters
    ----------
    lines : list of str
        The first lines, with their ends.

    Returns
    -------
    n_lines : int
        0 in most files.
    """
    n_lines = next((i for i, line in enumerate(lines) if line[0] != "#"), 0)
    if not n_lines:
        return 0
    sep = sniff_separator(lines[n_lines:])
    last, header = csv.reader(lines[n_lines - 1 : n_lines + 1], delimiter=sep)
    return n_lines - (len(last) == len(header))


def sniff_numbers(sample: pd.DataFrame) -> tuple[str, str | None]:
    """The decimal sign, and what stands between thousands.

    Where columns disagree it is the point, and the others stay text.

    Parameters
    ----------
    sample : DataFrame
        Cells as text.

    Returns
    -------
    decimal : {".", ","}
        Decimal sign.
    thousands : {".", ","} or None
        Between thousands.
    """
    commas, dots, grouped = 0, 0, {",": 0, ".": 0}
    for _, column in sample.items():
        cells = column[column.str.strip() != ""].str.strip()

        def share(pattern: str, cells: pd.Series = cells) -> float:
            return cells.str.fullmatch(pattern).mean() if len(cells) else 0.0

        by_comma, by_dot = share(COMMA_DECIMAL), share(DOT_DECIMAL)
        whole, comma_groups, dot_groups = map(
            share, (INTEGER, COMMA_GROUPS, DOT_GROUPS)
        )
        if by_comma > comma_groups and by_comma + whole + dot_groups >= MOSTLY:
            commas += 1
            grouped["."] += bool(share(r"[^.]*\.[^,]*,\d+"))
        elif by_dot > 0 and by_dot + whole + comma_groups >= MOSTLY:
            dots += 1
            grouped[","] += bool(share(r"[^,]*,[^.]*\.\d+"))
    if commas and not dots:
        return ",", "." if grouped["."] else None
    return ".", "," if grouped[","] and not commas else None


def leading_zeros(sample: pd.DataFrame) -> tuple[str, ...]:
    """Columns of digits of which some begin with zeros, as postcodes do."""
    return tuple(
        name
        for name, column in sample.items()
        if column.str.fullmatch(r"0\d+").any()
        and column[column != ""].str.fullmatch(r"\d+").all()
    )


def not_numbers(sample: pd.DataFrame) -> list[str]:
    """Columns with a cell that is no number in any dialect."""
    number = "|".join((INTEGER, COMMA_DECIMAL, DOT_DECIMAL, COMMA_GROUPS, DOT_GROUPS))
    filled = {name: column[column != ""].str.strip() for name, column in sample.items()}
    return [
        name for name, cells in filled.items() if not cells.str.fullmatch(number).all()
    ]
