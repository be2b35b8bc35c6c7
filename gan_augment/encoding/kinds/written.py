"""Text that is numbers or dates: modelled as these, and written as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from gan_augment.encoding.cells import RankCells
from gan_augment.encoding.kinds.base import ColumnSample
from gan_augment.encoding.kinds.numeric import ScoreKind
from gan_augment.encoding.text import (
    NumberFormat,
    find_date_formats,
    find_number_format,
    is_missing_spelling,
)
from gan_augment.encoding.values import NumericDomain, cast, fill_missing, is_missing

_AFFIXED = re.compile(r"([^\d.,+-]*)(.*\d[.,]?)(\D*)", re.DOTALL)
# How many decimals are written: as many as in the others, as Python does, or as few as
# are needed.
_AS_PYTHON, _AS_FEW = -1, -2


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : str
        The decimal mark.
    thousands : str
        What separates thousands; empty if nothing does.
    decimals : int
        Number of decimals; -1 writes as many as Python does, -2 as few as are needed.
    prefix, suffix : str
        What is before and after every number.
    """

    decimal: str
    thousands: str
    decimals: int
    prefix: str
    suffix: str

    @classmethod
    def of(cls, texts: list[str]) -> Self | None:
        """Find the style that writes all texts as they are, None if there is none."""
        found = find_number_format(texts)
        parts = [_AFFIXED.fullmatch(text) for text in texts]
        affixes = {(part[1], part[3]) for part in parts if part}
        if found is None or None in parts or len(affixes) != 1:
            return None
        prefix, suffix = affixes.pop()
        values = np.array([found.parse(text) for text in texts])
        n_decimals = {
            len(part[2].partition(found.decimal)[2]) for part in parts if part
        }
        styles = [
            cls(found.decimal, thousands, decimals, prefix, suffix)
            for decimals in (max(n_decimals), _AS_PYTHON, _AS_FEW)
            for thousands in ("", {".": ",", ",": "."}[found.decimal], " ", "'")
        ]
        few = slice(100)  # which rule most styles out
        return next(
            (
                style
                for style in styles
                if all(style.write(values[i]) == texts[i] for i in (few, slice(None)))
            ),
            None,
        )

    def read(self, texts: list[str]) -> pd.Series:
        """Numbers, NaN where a text is none."""
        found = NumberFormat(self.decimal)
        return pd.Series([found.parse(text) for text in texts], dtype=np.float64)

    def write(self, values: Any) -> list[str]:
        """Texts of numbers."""
        return [f"{self.prefix}{self._core(float(v))}{self.suffix}" for v in values]

    def _core(self, value: float) -> str:
        if self.decimals == _AS_PYTHON:
            text = f"{value:,}"
        elif self.decimals == _AS_FEW:
            text = f"{value:,.8f}".rstrip("0").rstrip(".")
        else:
            text = f"{value:,.{self.decimals}f}"
        marks = {",": self.thousands, ".": self.decimal}
        return "".join(marks.get(character, character) for character in text)


@dataclass(frozen=True)
class DateStyle:
    """How the dates of a column are written.

    Parameters
    ----------
    date_format : str
        As of :func:`time.strftime`.
    is_padded : bool, default=True
        Whether days, months and hours of one digit are written with a zero, as in
        03/07/2011 and not 3/7/2011.

    See Also
    --------
    TableEncoder : Encode tables; text that is dates is encoded as dates.

    Examples
    --------
    >>> from gan_augment.encoding import DateStyle
    >>> style = DateStyle.of(["3/7/2011", "11/24/2011"])
    >>> style
    DateStyle(date_format='%m/%d/%Y', is_padded=False)
    >>> style.write(style.read(["3/7/2011"]))
    ['3/7/2011']
    """

    date_format: str
    is_padded: bool = True

    @classmethod
    def of(cls, texts: list[str]) -> Self | None:
        """Find the style that writes all texts as they are.

        Parameters
        ----------
        texts : list of str
            Different dates.

        Returns
        -------
        style : DateStyle or None
            None if there is none.
        """
        for date_format in find_date_formats(texts):
            dates = cls(date_format).read(texts)
            style = (
                None if dates.isna().any() else cls.writing(texts, dates, date_format)
            )
            if style is not None:
                return style
        return None

    @classmethod
    def writing(
        cls, texts: list[str], dates: pd.Series, date_format: str
    ) -> Self | None:
        """Find whether days, months and hours of one digit are written with a zero.

        Parameters
        ----------
        texts : list of str
            Dates as text.
        dates : Series of shape (n_texts,)
            The same dates.
        date_format : str
            Their format.

        Returns
        -------
        style : DateStyle or None
            None if the dates are written in another way.
        """
        styles = cls(date_format), cls(date_format, is_padded=False)
        return next((each for each in styles if each.write(dates) == texts), None)

    def read(self, texts: list[str]) -> pd.Series:
        """Turn texts into dates.

        Parameters
        ----------
        texts : list of str
            Texts.

        Returns
        -------
        dates : Series of shape (n_texts,)
            Dates, missing where a text is none.
        """
        return pd.to_datetime(
            pd.Series(texts, dtype=object), format=self.date_format, errors="coerce"
        )

    def write(self, values: Any) -> list[str]:
        """Turn dates into texts.

        Parameters
        ----------
        values : array-like of shape (n_dates,)
            Dates, none of which is missing.

        Returns
        -------
        texts : list of str
            Their texts.
        """
        dates = pd.Series(values).dt
        if self.is_padded:
            return dates.strftime(self.date_format).tolist()
        numbers = {"%d": dates.day, "%m": dates.month, "%H": dates.hour}
        parts = [
            numbers[part].astype(str) if part in numbers else dates.strftime(part)
            for part in re.split("(%[dmH])", self.date_format)
            if part
        ]
        return ["".join(of_row) for of_row in zip(*parts, strict=True)]


@dataclass(eq=False)
class WrittenKind(ScoreKind):
    """Numbers or dates as text, of more levels than a one-hot span takes.

    Parameters
    ----------
    dtype : dtype
        Dtype of the text.
    style : NumberStyle or DateStyle
        Text <-> numbers or dates.
    missing_text : str or None
        The one text that is neither, such as ``""`` or ``"?"``, which is missing.
    domain : NumericDomain
        Numbers or dates <-> plain numbers.
    cells : RankCells
        Plain numbers <-> cells.
    """

    dtype: Any
    style: NumberStyle | DateStyle
    missing_text: str | None
    domain: NumericDomain
    cells: RankCells

    name = "written"
    state_classes: ClassVar[tuple[type, ...]] = (
        *ScoreKind.state_classes,
        NumericDomain,
        NumberStyle,
        DateStyle,
    )
    is_discrete = False

    @classmethod
    def accepts(cls, sample: ColumnSample) -> bool:
        """Whether a column is text of which all but one are numbers, or dates."""
        return _written_style(sample) is not None

    @classmethod
    def fit(cls, sample: ColumnSample) -> Self:
        """Learn how the values are written, and their distribution."""
        found = _written_style(sample)
        if found is None:
            raise ValueError(f"Column {sample.values.name!r} must be written alike.")
        style, missing_text = found
        dates_or_numbers = read_text(style, sample.values)
        domain = NumericDomain.of(dates_or_numbers)
        cells = RankCells.of(domain.to_numbers(dates_or_numbers), sample.weights)
        return cls(sample.values.dtype, style, missing_text, domain, cells)

    def to_numbers(self, values: pd.Series) -> np.ndarray:
        """Numbers of texts, NaN where missing; a ValueError for another text."""
        read = read_text(self.style, values)
        others = values[is_missing(read) & ~is_missing(values)]
        unknown = others[others != self.missing_text]
        if len(unknown):
            raise ValueError(
                f"Column {values.name!r} must hold text that is written as in fit. Got "
                f"{unknown.iloc[0]!r}. Fit again on rows that include it."
            )
        return self.domain.to_numbers(read)

    def to_values(self, numbers: np.ndarray, rng: np.random.Generator) -> pd.Series:
        """Texts of numbers."""
        read = self.domain.to_series(numbers)
        gone = np.nan if self.missing_text is None else self.missing_text
        return write_text(self.style, read, gone, self.dtype)


def _written_style(
    sample: ColumnSample,
) -> tuple[NumberStyle | DateStyle, str | None] | None:
    if sample.categorical or len(sample.levels.levels) <= sample.max_categories:
        return None
    return find_style(sample.values, sample.levels.levels)


def find_style(
    values: pd.Series, levels: pd.Index
) -> tuple[NumberStyle | DateStyle, str | None] | None:
    """Find how a column of text writes numbers or dates.

    Parameters
    ----------
    values : Series
        The column.
    levels : Index
        Its different values, without missing ones.

    Returns
    -------
    found : tuple or None
        The style, and the one text that is missing, or None if there is none. None
        instead of both if the column is anything else.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return None
    if not pd.api.types.is_string_dtype(values.dtype):
        return None
    if pd.api.types.infer_dtype(levels, skipna=True) != "string":
        return None
    texts = [str(level) for level in levels]
    spelled = is_missing_spelling(texts, among_words=False)
    present = [t for t, s in zip(texts, spelled, strict=True) if not s]
    has_missing = bool(is_missing(values).any())
    if spelled.sum() + has_missing > 1:
        return None  # which of them a missing value was would be lost
    if all(text.strip().lstrip("+-").isdigit() for text in present):
        return None  # whole numbers as text are codes more often than amounts
    style = NumberStyle.of(present) or DateStyle.of(present)
    if style is None:
        return None
    gone = [t for t, s in zip(texts, spelled, strict=True) if s]
    return style, gone[0] if gone else None


def read_text(style: NumberStyle | DateStyle, values: pd.Series) -> pd.Series:
    """Numbers or dates of texts, missing where a text is neither."""
    # Each different text is read once.
    codes, levels = pd.factorize(values)
    read = style.read([str(level) for level in levels])
    taken = read.reindex(np.where(codes < 0, len(read), codes))
    return pd.Series(taken.array, index=values.index, name=values.name)


def write_text(
    style: NumberStyle | DateStyle, values: pd.Series, gone: Any, dtype: Any
) -> pd.Series:
    """Texts of numbers or dates, with `gone` where one is missing."""
    missing = is_missing(values)
    texts = np.empty(len(values), dtype=object)
    texts[~missing] = style.write(values[~missing])
    return cast(fill_missing(pd.Series(texts, dtype=object), missing, gone), dtype)
