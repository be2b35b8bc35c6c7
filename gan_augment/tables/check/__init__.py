"""Check a table before anything is trained on it.

A check is a function of a :class:`~gan_augment.tables.check.table.Table` that yields
:class:`Finding` objects. ``CHECKS`` lists those that :func:`check_table` runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from gan_augment.tables.check.columns import (
    find_constant_columns,
    find_duplicate_columns,
)
from gan_augment.tables.check.finding import Finding, fix_column
from gan_augment.tables.check.identifiers import find_groups, find_identifiers
from gan_augment.tables.check.labels import (
    find_label_spellings,
    find_missing_labels,
    find_rare_classes,
)
from gan_augment.tables.check.leaks import find_leaks
from gan_augment.tables.check.missing import find_missing_spellings, find_sentinels
from gan_augment.tables.check.result import CleanedTable, TableCheck
from gan_augment.tables.check.rows import find_duplicated_rows
from gan_augment.tables.check.table import Column, Table
from gan_augment.tables.check.text import (
    find_booleans_as_text,
    find_dates_as_text,
    find_numbers_as_text,
    find_spellings,
)

__all__ = [
    "CHECKS",
    "CleanedTable",
    "Column",
    "Finding",
    "Table",
    "TableCheck",
    "TableWarning",
    "check_table",
    "find_leaks",
    "fix_column",
    "warn_of_levels",
]

Check = Callable[[Table], Iterable[Finding]]

# The most serious first. Spellings of missing values come before what the text is.
CHECKS: tuple[Check, ...] = (
    find_leaks,
    find_missing_labels,
    find_label_spellings,
    find_rare_classes,
    find_identifiers,
    find_groups,
    find_missing_spellings,
    find_sentinels,
    find_numbers_as_text,
    find_dates_as_text,
    find_booleans_as_text,
    find_spellings,
    find_duplicated_rows,
    find_constant_columns,
    find_duplicate_columns,
)
# Of a column with such a finding, which says to leave it out, how it is written does
# not matter.
_DECISIVE = frozenset({"leak", "identifier", "groups", "constant column"})


class TableWarning(UserWarning):
    """A table has a problem that makes its synthetic rows worse.

    Examples
    --------
    >>> import warnings
    >>> from gan_augment import TableWarning
    >>> warnings.filterwarnings("ignore", category=TableWarning)
    """


def warn_of_levels(X: Any, columns: Sequence[Hashable], *, stacklevel: int) -> None:
    """Warn of text that is numbers or dates and was taken for levels.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        Rows of the table.
    columns : sequence of object
        Names of the columns that were taken for levels.
    stacklevel : int
        Whose line the warning names, as in :func:`warnings.warn`.

    Warns
    -----
    TableWarning
        For each such column.
    """
    table = Table(X[list(columns)])
    for check in (find_numbers_as_text, find_dates_as_text):
        for found in check(table):
            evidence = found.evidence
            if evidence.get("whole_numbers") == evidence["texts"]:
                continue  # codes are levels
            warnings.warn(
                f"{found.message} The texts are not all written in the same way, so "
                "they are levels, and how other columns depend on their values is not "
                "learned. Convert the column; check_table(X, y).clean(X, y) converts "
                "it if possible.",
                TableWarning,
                stacklevel=stacklevel + 1,
            )


def check_table(
    X: Any, y: Any = None, *, checks: Sequence[Check] = CHECKS
) -> TableCheck:
    """Find problems of a table that would harm a model or synthetic rows.

    The checks find columns that give the class away, identifiers, groups of rows that
    belong together, text that holds numbers, dates or booleans, spellings of missing
    values and of levels, sentinels such as -999, duplicated rows and columns, constant
    columns, and classes of one row. The table is not changed; use
    :meth:`TableCheck.clean` to fix it.

    Parameters
    ----------
    X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
        Rows of the table.
    y : array-like of shape (n_samples,), default=None
        Class of each row. Some may be missing. If None, problems of classes are not
        checked.
    checks : sequence of callable, default=CHECKS
        Checks to run. A check takes a ``Table`` and yields ``Finding`` objects. Pass
        ``[*CHECKS, my_check]`` to add one.

    Returns
    -------
    check : TableCheck
        The result, with ``findings``, ``to_frame()``, ``clean(X, y)``, and a text and
        an HTML representation.

    Raises
    ------
    ValueError
        If two columns share a name, or the lengths of `X` and `y` differ.

    See Also
    --------
    compare : Measure whether over-sampling helps.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment import check_table
    >>> X = pd.DataFrame({"price": ["1,200.50", "?", "80.00"], "unit": "kg"})
    >>> check = check_table(X)
    >>> [finding.kind for finding in check]
    ['missing value', 'number as text', 'constant column']
    >>> check.clean(X).X
        price
    0  1200.5
    1     NaN
    2    80.0
    """
    table = Table(X, y)
    findings = [found for check in checks for found in check(table)]
    decisive = {f.column for f in findings if f.kind in _DECISIVE}
    kept = [
        f
        for f in findings
        if f.kind in _DECISIVE or f.column is None or f.column not in decisive
    ]
    return TableCheck(kept, table.n_rows, len(table.columns))
