"""What text stands for: numbers, dates, booleans, or that a value is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

# Spellings of a missing value, without case and surrounding blanks.
MISSING_SPELLINGS = frozenset(
    {
        *("", "?", "??", "-", "--", "---", "."),
        *("na", "n/a", "#n/a", "n.a.", "<na>", "nan", "nat", "null", "nil"),
    }
)
# Among numbers or dates these words can mean nothing else; among words they can.
MISSING_WORDS = frozenset({"none", "missing", "unknown", "not available", "undefined"})
# Share of the different texts that must be numbers, or dates.
MOST_OF_THEM = 0.98
# Different texts that are tried before all of them are, and before these.
TRIED_FIRST, GLANCED_AT = 100, 5

_CURRENCY = r"(?:[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY|CAD|AUD|INR)\b)"
_UNITS = re.compile(rf"^{_CURRENCY}\s*|\s*(?:{_CURRENCY}|%)$", re.IGNORECASE)
_SIGNED_UNIT = re.compile(rf"^([+-])\s*{_CURRENCY}\s*", re.IGNORECASE)
_BLANKS = " \u00a0\u202f'"


def _number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    groups = "|".join(
        rf"\d{{1,3}}(?:{separator}\d{{3}})+"
        for separator in (re.escape(thousands), f"[{_BLANKS}]")
    )
    mark = re.escape(decimal)
    return re.compile(
        rf"[+-]?(?:(?:\d+|{groups})(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    )


# Decimal mark -> what a number looks like with it.
_NUMBER = {".": _number_pattern(".", ","), ",": _number_pattern(",", ".")}
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_DATES = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%Y %b",
    "%b %Y",
    "%Y-%m",
)
_CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f")
_TIMES = (
    "",
    *(f" {clock}" for clock in _CLOCKS),
    *(f"T{clock}{zone}" for clock in _CLOCKS for zone in ("", "Z", "%z")),
)
_LOOKS_LIKE_A_DATE = re.compile(r"\d{1,4}[-/. ]|[A-Za-z]{3,9} \d{1,4}")


def is_missing_spelling(
    texts: Iterable[str], *, among_words: bool = True
) -> np.ndarray:
    """Which texts spell a missing value.

    Parameters
    ----------
    texts : iterable of str
        Texts.
    among_words : bool, default=True
        Whether the other values are words. Among numbers and dates, words such as
        ``"none"`` and ``"unknown"`` mean that a value is missing too.

    Returns
    -------
    mask : ndarray of shape (n_texts,), dtype=bool
        True for a spelling of a missing value.
    """
    spellings = MISSING_SPELLINGS | (frozenset() if among_words else MISSING_WORDS)
    return np.array([t.strip().casefold() in spellings for t in texts], dtype=bool)


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written.

    Parameters
    ----------
    decimal : {".", ","}
        The decimal mark. The other one, blanks and apostrophes separate thousands.
    """

    decimal: str

    def parse(self, text: str) -> float:
        """The number, or NaN if the text is none."""
        text = text.strip()
        if _NUMBER[self.decimal].fullmatch(text):
            return self._value(text)
        if text.startswith("(") and text.endswith(")"):
            text = "-" + text[1:-1]  # as accountants write it
        text = _SIGNED_UNIT.sub(r"\1", text)
        text = _UNITS.sub("", text, count=2).strip()
        return self._value(text) if _NUMBER[self.decimal].fullmatch(text) else np.nan

    def _value(self, text: str) -> float:
        if text.isdecimal():
            return float(text)
        for separator in _BLANKS + {".": ",", ",": "."}[self.decimal]:
            text = text.replace(separator, "")
        return float(text.replace(self.decimal, "."))


def find_number_format(texts: list[str]) -> NumberFormat | None:
    """How the texts are written if nearly all of them are numbers.

    Parameters
    ----------
    texts : list of str
        Different texts, none of which spells a missing value.

    Returns
    -------
    format : NumberFormat or None
        None if they are not numbers. Codes with leading zeros, such as postcodes, are
        not.
    """
    if not texts or any(_LEADING_ZERO.match(text.strip()) for text in texts):
        return None
    for decimal in (".", ","):
        found = NumberFormat(decimal)
        if all(
            1 - np.isnan([found.parse(text) for text in some]).mean() >= MOST_OF_THEM
            for some in (texts[:TRIED_FIRST], texts)
        ):
            return found
    return None


def find_date_formats(texts: list[str]) -> list[str]:
    """Formats of :func:`time.strptime` in which nearly all of the texts are dates.

    Parameters
    ----------
    texts : list of str
        Different texts, none of which spells a missing value.

    Returns
    -------
    formats : list of str
        Empty if they are not dates. Two if it cannot be told which number is the
        month.
    """
    if not texts:
        return []
    tried = pd.Series(texts[:TRIED_FIRST], dtype=object).str.strip()
    if tried.str.match(_LOOKS_LIKE_A_DATE).mean() < MOST_OF_THEM:
        return []
    candidates = [day + time for day in _DATES for time in _TIMES]
    # A glance at some texts is faster than pandas, and settles nearly all formats.
    few = tried.iloc[:: -(-len(tried) // GLANCED_AT)].tolist()
    candidates = [c for c in candidates if any(_is_date(text, c) for text in few)]
    for some in (tried, pd.Series(texts, dtype=object).str.strip()):
        candidates = [
            candidate
            for candidate in candidates
            if pd.to_datetime(some, format=candidate, errors="coerce").notna().mean()
            >= MOST_OF_THEM
        ]
    return candidates


def _is_date(text: str, date_format: str) -> bool:
    try:
        datetime.strptime(text, date_format)
    except ValueError:
        return False
    return True
