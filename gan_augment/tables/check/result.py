"""What check_table returns: findings to read, to filter, and to apply."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

import pandas as pd

from gan_augment.encoding.frames import to_pandas
from gan_augment.tables.check.finding import Finding
from gan_augment.tables.check.table import as_labels

_FRAME_COLUMNS = [
    "kind",
    "column",
    "message",
    "example",
    "remedy",
    "is_safe",
    "evidence",
]
# Below a page of findings of which some are safe.
_SAFE = "(safe): <code>check_table(X, y).clean(X, y)</code> does it."


class CleanedTable(NamedTuple):
    """What :meth:`TableCheck.clean` returns."""

    X: pd.DataFrame
    y: pd.Series | None
    done: list[str]


@dataclass(frozen=True)
class TableCheck:
    """Result of :func:`check_table`.

    Parameters
    ----------
    findings : list of Finding
        The problems, the most serious first.
    n_rows, n_columns : int
        Size of the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from gan_augment import check_table
    >>> X = pd.DataFrame({"age": [41, 30, 25, 60], "version": [2, 2, 2, 2]})
    >>> found = check_table(X)
    >>> [(finding.kind, finding.column) for finding in found.findings]
    [('constant column', 'version')]
    """

    findings: list[Finding]
    n_rows: int
    n_columns: int

    @property
    def leaking_columns(self) -> list[Hashable]:
        """Columns that give the class away."""
        return [found.column for found in self.of_kind("leak")]

    @property
    def identifiers(self) -> list[Hashable]:
        """Columns that identify rows."""
        return [found.column for found in self.of_kind("identifier")]

    @property
    def leak(self) -> str | None:
        """Reason why scores on the table mean nothing, None if no column leaks."""
        found = self.of_kind("leak")
        return " ".join(finding.message for finding in found) or None

    def of_kind(self, kind: str) -> list[Finding]:
        """Return the findings of one kind."""
        return [found for found in self.findings if found.kind == kind]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Return the findings as a frame.

        Returns
        -------
        frame : DataFrame
            One row for each finding: kind, column, message, example, remedy, whether
            the remedy is safe, and the evidence as a dict.
        """
        rows = [
            {
                "kind": found.kind,
                "column": found.column,
                "message": found.message,
                "example": found.example,
                "remedy": found.remedy,
                "is_safe": found.is_safe,
                "evidence": dict(found.evidence),
            }
            for found in self.findings
        ]
        return pd.DataFrame(rows, columns=_FRAME_COLUMNS)

    def clean(self, X: pd.DataFrame, y: Any = None) -> CleanedTable:
        """Apply the remedies that are safe.

        Remedies change the spelling and the dtype of values, and drop columns and rows
        without information. Findings that need a decision are not changed: leaks,
        identifiers, sentinels and groups.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            The table that was checked; a polars frame or a pyarrow table, too.
        y : array-like of shape (n_samples,), default=None
            Its classes.

        Returns
        -------
        X : DataFrame
            The cleaned rows.
        y : Series or None
            Their classes.
        done : list of str
            What was done, one entry for each remedy.
        """
        X = to_pandas(X)
        if not isinstance(X, pd.DataFrame):
            raise TypeError(
                "`X` must be a DataFrame to be cleaned. Got "
                f"{type(X).__name__}. Convert it with pandas.DataFrame."
            )
        labels = None if y is None else as_labels(y, X.index)
        done = []
        for found in self.findings:
            if found.fix is not None:
                X, labels = found.fix(X, labels)
                done.append(f"{found.message} {found.remedy}")
        return CleanedTable(X, labels, done)

    def __str__(self) -> str:
        title = f"{self._title()}\n"
        lines = [
            f"\n[{found.kind}]{' (safe)' if found.is_safe else ''} {found}"
            for found in self.findings
        ]
        return title + "".join(lines) if lines else title.strip()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        style = "text-align:left;vertical-align:top;padding:4px 8px"
        heads = ("What", "Where", "Evidence", "Example", "Remedy")
        head = "".join(f'<th style="{style}">{name}</th>' for name in heads)
        rows = []
        for found in self.findings:
            column = "rows" if found.column is None else str(found.column)
            cells = (found.kind, column, found.message, found.example, found.advice)
            rows.append(
                "<tr>"
                + "".join(f'<td style="{style}">{escape(cell)}</td>' for cell in cells)
                + "</tr>"
            )
        body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
        title = f"<p><b>{escape(self._title())}</b></p>"
        return (
            f'<div style="max-width:800px;font-family:sans-serif">{title}'
            + (f"{body}</table>" if rows else "")
            + (f"<p>{_SAFE}</p>" if any(f.is_safe for f in self.findings) else "")
            + "</div>"
        )

    def _title(self) -> str:
        n = len(self.findings)
        found = "Nothing" if not n else "1 finding" if n == 1 else f"{n} findings"
        return f"{found} in {self.n_rows:,} rows and {self.n_columns} columns."
