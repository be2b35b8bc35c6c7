"""Columns that name rows: how they are recognised, and fresh values for them.

The state of such a column holds no value of the table, nor anything from which one
could be found by trying all possible values, as hashes of phone numbers could. It is a
*pattern*, which characters occur at which position, and a *region*: one block of all
values of the pattern, put in a random order, in which no value of the table lies. Fresh
values are drawn from the region.
"""

from __future__ import annotations

import re
from collections.abc import Hashable

import numpy as np
import pandas as pd

from gan_augment.encoding.text import find_date_formats, find_number_format

# Share of the present values that differ, from which a column of text names rows. Rows
# that were entered twice repeat their names.
NEARLY_UNIQUE = 0.9
# With fewer rows, that no value repeats says nothing.
FEWEST_VALUES = 20
# A column counts rows if it has this share of the numbers from its smallest to its
# largest. It counts them with jumps, such as from state to state, if this share of its
# numbers is one more than another.
DENSE, FOLLOWING = 0.5, 0.8
# Whole numbers between these may be years.
FIRST_YEAR, LAST_YEAR = 1500, 2200
# Digits from which whole numbers that are spread evenly are numbers of something.
MANY_DIGITS = 9
# No measure has larger whole numbers, which a float64 would round.
LARGEST_MEASURE = 2**53
# Words in the name of a column that names rows.
_NAMES_ROWS = re.compile(
    r"(?:^|[^a-z])(?:id|ids|uid|uuid|guid|identifier|key|phone|mobile|telephone|tel|"
    r"e[ -]?mail|iban|ssn|passport|rownames?|row ?number|row ?no|"
    r"(?:customer|client|account|policy|patient|member|case|order|invoice|serial|"
    r"record|card)[ _-]?(?:no|nr|number|num|code)|"
    r"(?:p|u|hh|user|person|subject|client|customer|patient|member|student|employee|"
    r"respondent|household|family|study|case|order|account|record|row|transaction|"
    r"session|device|product|item)id)(?:$|[^a-z])",
)

# Words in the name of a column of times, which may count up without naming rows.
_NAMES_TIME = re.compile(
    r"(?:^|[^a-z])(?:t|time|times?tamp|dates?|years?|months?|weeks?|days?|hours?|"
    r"minutes?|seconds?)(?:$|[^a-z])"
)


def names_a_row(name: Hashable) -> bool:
    """Whether the name of a column says that its values name rows or persons."""
    return bool(_NAMES_ROWS.search(_as_words(name)))


def _as_words(name: Hashable) -> str:
    """The name of a column in small letters, with blanks between its words."""
    if not isinstance(name, str):
        return ""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return spaced.replace("_", " ").casefold()


def find_identifiers(frame: pd.DataFrame) -> list[Hashable]:
    """Names of the columns of a frame that name rows; see :func:`is_identifier`."""
    columns = (frame.iloc[:, position] for position in range(frame.shape[1]))
    return [column.name for column in columns if is_identifier(column)]


def is_identifier(series: pd.Series) -> bool:
    """Whether a column names rows: nearly unique, and neither a measure nor a date.

    Text identifies rows if nearly all values differ and they are neither numbers nor
    dates. Whole numbers identify rows if no value repeats and one of these holds: they
    count rows, are spread evenly over the numbers of nine digits or more, exceed 2**53
    and are not times, or have a column name that says so. All other numbers are
    measures.

    Parameters
    ----------
    series : Series
        The column.

    Returns
    -------
    found : bool
        True for an identifier.
    """
    dtype = series.dtype
    present = series[~np.asarray(pd.isna(series.array), dtype=bool)]
    if len(present) < FEWEST_VALUES:
        return False
    if isinstance(dtype, pd.CategoricalDtype):
        return False  # its levels were declared
    if pd.api.types.is_bool_dtype(dtype) or not (
        pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_string_dtype(dtype)
    ):
        return False
    # A glance at some rows settles nearly all columns.
    for some in (present.iloc[:: max(1, len(present) // 500)], present):
        try:
            n_distinct = some.nunique()
        except TypeError:
            return False  # values without equality
        if n_distinct < NEARLY_UNIQUE * len(some):
            return False
    kind = pd.api.types.infer_dtype(present, skipna=True)
    if kind == "integer":
        return names_a_row(series.name) or (
            n_distinct >= 0.99 * len(present)
            and not _NAMES_TIME.search(_as_words(series.name))
            and _counts_or_numbers_rows(present, n_distinct)
        )
    if kind != "string":
        return False
    texts = present.astype(str).unique().tolist()
    if _all_digits(texts):
        return True
    return find_number_format(texts) is None and not find_date_formats(texts)


def _counts_or_numbers_rows(present: pd.Series, n_distinct: int) -> bool:
    """Whether whole numbers count rows, or are spread as numbers of something are."""
    values = present.drop_duplicates().to_numpy(dtype=object)
    low, high = int(values.min()), int(values.max())
    if low >= FIRST_YEAR and high <= LAST_YEAR:
        return False
    if n_distinct >= DENSE * (high - low + 1):
        return True
    if (np.diff(np.sort(values)) == 1).mean() >= FOLLOWING:
        return True
    if _is_time(low) and _is_time(high):
        return False
    if high > LARGEST_MEASURE:
        return True
    if low < 10 ** (MANY_DIGITS - 1) or len(str(low)) + 1 < len(str(high)):
        return False
    return _is_even((values.astype(float) - low) / (high - low))


def _is_even(shares: np.ndarray) -> bool:
    """Whether values from 0 to 1 are spread evenly: Kolmogorov's test at 1 %."""
    ranks = (np.arange(len(shares)) + 0.5) / len(shares)
    distance = np.abs(np.sort(shares) - ranks).max() + 0.5 / len(shares)
    return bool(distance * np.sqrt(len(shares)) < 1.63)


def _is_time(value: int) -> bool:
    """Whether a number may be a Unix time of 1990 to 2040 in s, ms, us or ns."""
    return any(
        6.3e8 * unit <= value <= 2.2e9 * unit for unit in (1, 10**3, 10**6, 10**9)
    )


def _all_digits(texts: list[str]) -> bool:
    """Whether texts are six digits and more, of one length, as account numbers are."""
    widths = {len(text) for text in texts}
    return (
        len(widths) == 1
        and widths.pop() >= 6
        and all(text.isascii() and text.isdigit() for text in texts)
        and not find_date_formats([f"{t[:4]}-{t[4:6]}-{t[6:]}" for t in texts[:100]])
    )
