"""What is done to one column so that a network need not learn a rule, and undone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import (
    check_array_of,
    check_ascending,
    check_codes,
)
from gan_augment.tables.rules.calendar import Calendar, moved
from gan_augment.tables.rules.columns import dense, to_numbers
from gan_augment.tables.rules.conditional import Bounded
from gan_augment.tables.rules.excludes import Excludes
from gan_augment.tables.rules.formula import Formula
from gan_augment.tables.rules.linear import Linear
from gan_augment.tables.rules.monotone import Monotone
from gan_augment.tables.rules.product import Product
from gan_augment.tables.rules.rule import ComputedRule, replaced
from gan_augment.tables.rules.target import Levels, NumericTarget

# Arithmetic of which a model may learn what rounding leaves.
Rounded = Linear | Product | Formula


class Step(ABC):
    """What is done to one column, given the original values of its parents."""

    @property
    @abstractmethod
    def column(self) -> Hashable:
        """Name of the column."""

    @property
    @abstractmethod
    def parents(self) -> tuple[Hashable, ...]:
        """Names of the columns whose original values are needed."""


class Change(Step):
    """A step after which the column is there, but holds other values."""

    def decided(self, frame: pd.DataFrame) -> np.ndarray | None:
        """In which rows the parents alone decide the value; None for nowhere."""
        return None

    @abstractmethod
    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The reduced column."""

    @abstractmethod
    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""


class RuleStep(Step):
    """A step on the column that a rule decides, given the columns that decide it."""

    rule: ComputedRule | Excludes

    @property
    def column(self) -> Hashable:
        """Name of the column."""
        return self.rule.target

    @property
    def parents(self) -> tuple[Hashable, ...]:
        """Names of the columns whose original values are needed."""
        return self.rule.sources


@dataclass(eq=False)
class LeaveOut(RuleStep):
    """A column that a rule computes."""

    rule: ComputedRule

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The column, given the original values of its parents."""
        return self.rule.compute(frame)


@dataclass(eq=False)
class Remainder(RuleStep, Change):
    """What rounding leaves of a column that others compute, in steps of its grid."""

    rule: Rounded
    step: float

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The reduced column."""
        computed = to_numbers(self.rule.compute(frame))
        steps = np.round((to_numbers(values) - computed) / self.step) + 0.0
        return pd.Series(steps, index=values.index, name=self.column)

    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""
        computed = to_numbers(self.rule.compute(frame))
        numbers = computed + to_numbers(values) * self.step
        return self.rule.result.to_series(numbers, values.index)


@dataclass(eq=False)
class Amount(Change):
    """The amount between a column and a bound in another one, which is its parent.

    Parameters
    ----------
    target : NumericTarget
        The column.
    bound : object
        Name of the column that bounds it.
    is_upper : bool
        Whether the bound is an upper one.
    stand_in : float
        What takes the place of a missing bound, dates and durations in days.
    """

    target: NumericTarget
    bound: NumericTarget
    is_upper: bool
    stand_in: float

    @property
    def column(self) -> Hashable:
        """Name of the column."""
        return self.target.name

    @property
    def parents(self) -> tuple[Hashable, ...]:
        """Names of the columns whose original values are needed."""
        return (self.bound.name,)

    def _bound(self, frame: pd.DataFrame) -> pd.Series:
        bound = frame[self.bound.name]
        missing = bound.isna().to_numpy(dtype=bool)
        if not missing.any():
            return bound
        stand_in = self.bound.to_series(np.full(len(bound), self.stand_in), bound.index)
        return bound.mask(missing, stand_in)

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The reduced column."""
        bound = self._bound(frame)
        if self._is_number:
            numbers = to_numbers(values) - to_numbers(bound)
            numbers = -numbers if self.is_upper else numbers
            if self.target.domain.step and self.bound.domain.step:
                decimals = max(self.target.domain.decimals, self.bound.domain.decimals)
                numbers = np.round(numbers, decimals) + 0.0
            amounts = pd.Series(numbers, index=values.index, name=self.column)
            if values.dtype.kind in "iu" and bound.dtype.kind in "iu":
                amounts = amounts.astype("Int64" if amounts.isna().any() else "int64")
            return amounts
        amounts = (bound - values) if self.is_upper else (values - bound)
        return amounts.rename(self.column)

    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""
        bound = self._bound(frame)
        if self._is_number:
            amounts = to_numbers(values)
            numbers = to_numbers(bound) + (-amounts if self.is_upper else amounts)
            return self.target.to_series(numbers, values.index)
        moments = bound - values if self.is_upper else bound + values
        if isinstance(self.target.domain.dtype, pd.DatetimeTZDtype):
            moments = moments.dt.tz_convert(self.target.domain.dtype.tz)
        return self.target.snapped(moments.astype(self.target.domain.dtype))

    @property
    def _is_number(self) -> bool:
        dtype = self.target.domain.dtype
        return pd.api.types.is_numeric_dtype(dense(pd.Series([], dtype=dtype)).dtype)


@dataclass(eq=False)
class Rank(Change):
    """The rank of a number among the values that its bound allows.

    Parameters
    ----------
    target, bound : NumericTarget
        The column, and the one that bounds it, which is its parent.
    given : Bounded
        What the column is, given its bound.
    """

    target: NumericTarget
    bound: NumericTarget
    given: Bounded

    @property
    def column(self) -> Hashable:
        """Name of the column."""
        return self.target.name

    @property
    def parents(self) -> tuple[Hashable, ...]:
        """Names of the columns whose original values are needed."""
        return (self.bound.name,)

    def _bounds(self, frame: pd.DataFrame) -> np.ndarray:
        """The bounds; where one is missing, the one that allows every value."""
        bounds = self.bound.to_numbers(frame[self.bound.name])
        low, high = self.target.bounds
        widest = (high if self.given.is_upper else low) - self.given.shift
        return np.where(np.isnan(bounds), widest, bounds)

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The reduced column."""
        # Ties are spread the same way in every call.
        spread = np.random.default_rng(0).uniform(0.001, 0.999, len(values))
        ranks = self.given.to_ranks(
            self.target.to_numbers(values), self._bounds(frame), spread
        )
        return pd.Series(ranks, index=values.index, name=self.column)

    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""
        numbers = self.given.to_values(to_numbers(values), self._bounds(frame))
        return self.target.to_series(numbers, values.index)


@dataclass(eq=False)
class Between(Change):
    """The place of a number between the results that a monotone function allows."""

    rule: Monotone

    @property
    def column(self) -> Hashable:
        """Name of the column."""
        return self.rule.target

    @property
    def parents(self) -> tuple[Hashable, ...]:
        """Names of the columns whose original values are needed."""
        return self.rule.sources

    def _limits(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        source = self.rule.source
        return self.rule.limits(source.to_numbers(frame[source.name]))

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The reduced column."""
        low, high = self._limits(frame)
        width = np.where(high > low, high - low, 1.0)
        places = (self.rule.result.to_numbers(values) - low) / width
        return pd.Series(places, index=values.index, name=self.column)

    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""
        low, high = self._limits(frame)
        numbers = low + np.clip(to_numbers(values), 0, 1) * (high - low)
        return self.rule.result.to_series(numbers, values.index)


@dataclass(eq=False)
class Moved(Change):
    """A date that is moved to the nearest one whose parts are those of its parents.

    A model learns the month, the day of the week or the hour as they are, because what
    depends on them is hard to see in a date.

    Parameters
    ----------
    rules : list of Calendar
        What parts of the date decide the parents.
    """

    rules: list[Calendar]

    def __post_init__(self) -> None:
        if len({rule.source.name for rule in self.rules}) != 1:
            raise ValueError("`rules` must be about the parts of one column of dates.")

    @property
    def column(self) -> Hashable:
        """Name of the column."""
        return self.rules[0].source.name

    @property
    def parents(self) -> tuple[Hashable, ...]:
        """Names of the columns whose original values are needed."""
        return tuple(rule.target for rule in self.rules)

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column as it is."""
        return values

    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The dates that have the parts, where there are such."""
        wanted = {
            rule.part: rule.decided == rule.result.to_codes(frame[rule.target])[:, None]
            for rule in self.rules
        }
        source = self.rules[0].source
        numbers = moved(source, values, wanted)
        changed = ~np.isnan(numbers)
        if not changed.any():
            return values
        index = values.index[changed]
        return replaced(values, changed, source.to_series(numbers[changed], index))


@dataclass(eq=False)
class Nested(Change):
    """The place of a level among those that share a level of a coarser column.

    Of many codes a network learns the group, and where in the group a code is, rather
    than the code.

    Parameters
    ----------
    levels, groups : Levels
        The column, and the coarser one that it decides, which is its parent.
    order : list of ndarray of int
        Codes of the levels of each group, and of missing groups.
    edges : list of ndarray of float
        Distribution function of each group before its first level and after each one.
    """

    levels: Levels
    groups: Levels
    order: list[np.ndarray]
    edges: list[np.ndarray]

    def __post_init__(self) -> None:
        n_groups, most = self.groups.missing_code + 1, self.levels.missing_code
        if not len(self.order) == len(self.edges) == n_groups:
            raise ValueError(
                f"Nested must have levels and edges of {n_groups} groups. Got "
                f"{len(self.order)} and {len(self.edges)}."
            )
        for order, edges in zip(self.order, self.edges, strict=True):
            check_codes(order, "order", (-1,), 0, most)
            check_array_of(edges, "edges", (len(order) + 1,), "f")
            check_ascending(edges, "edges")

    @classmethod
    def of(
        cls, levels: Levels, groups: Levels, frame: pd.DataFrame, keys: np.ndarray
    ) -> Nested:
        """Fit to rows, given what the levels of a group are ordered by."""
        codes = levels.to_codes(frame[levels.name])
        group = groups.to_codes(frame[groups.name])
        order, edges = [], []
        for g in range(groups.missing_code + 1):
            # A rule that was given need not know all levels.
            members = codes[(group == g) & (codes >= 0)]
            counts = np.bincount(members, minlength=levels.missing_code + 1)
            found = np.flatnonzero(counts)
            found = found[np.argsort(keys[found], kind="stable")]
            order.append(found)
            shares = np.cumsum(counts[found]) / max(counts.sum(), 1)
            edges.append(np.concatenate([[0.0], shares]))
        return cls(levels, groups, order, edges)

    @property
    def column(self) -> Hashable:
        """Name of the column."""
        return self.levels.name

    @property
    def parents(self) -> tuple[Hashable, ...]:
        """Names of the columns whose original values are needed."""
        return (self.groups.name,)

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The reduced column."""
        codes = self.levels.to_codes(values)
        group = self.groups.to_codes(frame[self.groups.name])
        spread = np.random.default_rng(0).uniform(0.001, 0.999, len(values))
        places = np.full(len(values), 0.5)  # of an unknown level
        for g, (order, edges) in enumerate(zip(self.order, self.edges, strict=True)):
            place = np.full(self.levels.missing_code + 1, -1)
            place[order] = np.arange(len(order))
            rows = np.flatnonzero((group == g) & (place[codes] >= 0) & (codes >= 0))
            at = place[codes[rows]]
            places[rows] = edges[at] + spread[rows] * (edges[at + 1] - edges[at])
        return pd.Series(places, index=values.index, name=self.column)

    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""
        group = self.groups.to_codes(frame[self.groups.name])
        places = to_numbers(values)
        codes = np.zeros(len(values), dtype=np.intp)
        for g, (order, edges) in enumerate(zip(self.order, self.edges, strict=True)):
            rows = np.flatnonzero(group == g)
            if len(order):
                at = np.searchsorted(edges, places[rows], side="right") - 1
                codes[rows] = order[np.clip(at, 0, len(order) - 1)]
        return self.levels.to_series(codes, values.index)


@dataclass(eq=False)
class Fill(RuleStep, Change):
    """A column whose value follows from others in some rows.

    If it has this value nowhere else, the rows hold a value from a row in which nothing
    is decided, so that the column says nothing of the others. Otherwise they keep it:
    values of other rows would blur what the column tells of the class.
    """

    rule: ComputedRule | Excludes

    def decided(self, frame: pd.DataFrame) -> np.ndarray | None:
        """In which rows a value that occurs nowhere else is decided."""
        if isinstance(self.rule, Excludes) and self.rule.only_then:
            return self.rule.decides(frame)
        return None

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column itself: all its steps share their donors, see Reduction."""
        return values

    def expand(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""
        decided = self.rule.decides(frame)
        if not decided.any():
            return values
        return replaced(values, decided, self.rule.compute(frame.loc[decided]))


# What is done to a column: it is left out, or holds other values.
AnyStep = LeaveOut | Change
