"""A table without what its rules say already, and back again.

A network learns independent parts more easily than parts that follow from each other:
a column that others decide is left out, a column with a bound in another column is
replaced by the amount between the two, and cells that a level decides are filled with
values from rows where it does not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.one_hot import find_one_hot_groups
from gan_augment.tables.rules.columns import dense, to_numbers
from gan_augment.tables.rules.excludes import Excludes
from gan_augment.tables.rules.order import Order
from gan_augment.tables.rules.rule import ComputedRule, Rule, replaced
from gan_augment.tables.rules.target import NumericTarget

# More levels than this cannot be told apart well enough to decide another column.
MOST_LEVELS = 64


class Step(ABC):
    """What is done to one column, given the original values of its parents."""

    # Name of the column; a dataclass field of every subclass.
    column: Any

    @property
    @abstractmethod
    def parents(self) -> tuple[Any, ...]:
        """Names of the columns whose original values are needed."""

    @abstractmethod
    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series | None:
        """The reduced column, or None if it is left out."""

    @abstractmethod
    def expand(self, frame: pd.DataFrame, values: pd.Series | None) -> pd.Series:
        """The column, given the original values of its parents and itself reduced."""


@dataclass(eq=False)
class LeaveOut(Step):
    """A column that a rule computes."""

    rule: ComputedRule

    @property
    def column(self) -> Any:  # type: ignore[override]
        return self.rule.target

    @property
    def parents(self) -> tuple[Any, ...]:
        return self.rule.sources

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> None:
        return None

    def expand(self, frame: pd.DataFrame, values: pd.Series | None) -> pd.Series:
        return self.rule.compute(frame)


@dataclass(eq=False)
class Amount(Step):
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
    def column(self) -> Any:  # type: ignore[override]
        return self.target.name

    @property
    def parents(self) -> tuple[Any, ...]:
        return (self.bound.name,)

    def _bound(self, frame: pd.DataFrame) -> pd.Series:
        bound = frame[self.bound.name]
        missing = bound.isna().to_numpy(dtype=bool)
        if not missing.any():
            return bound
        stand_in = self.bound.to_series(np.full(len(bound), self.stand_in), bound.index)
        return bound.mask(missing, stand_in)

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
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

    def expand(self, frame: pd.DataFrame, values: pd.Series | None) -> pd.Series:
        assert values is not None
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
class Fill(Step):
    """A column whose value a level of another column decides in some rows.

    There it holds a value from a row in which nothing is decided, so that it says
    nothing of the other column.
    """

    rule: Excludes

    @property
    def column(self) -> Any:  # type: ignore[override]
        return self.rule.result.name

    @property
    def parents(self) -> tuple[Any, ...]:
        return (self.rule.condition.name,)

    def reduce(self, frame: pd.DataFrame, values: pd.Series) -> pd.Series:
        return values  # all fills of a column share their donors: see Reduction

    def expand(self, frame: pd.DataFrame, values: pd.Series | None) -> pd.Series:
        assert values is not None
        decided = self.rule.holds(frame)
        if not decided.any():
            return values
        code = np.full(int(decided.sum()), self.rule.decided)
        known = self.rule.result.to_series(code, values.index[decided])
        return replaced(values, decided, known)


@dataclass(eq=False)
class Reduction:
    """Steps in the order in which columns are expanded, parents first.

    Parameters
    ----------
    names : list of object
        All columns, from left to right.
    steps : list of Step
        What is done, at most one :class:`LeaveOut` or :class:`Amount` a column, then
        any number of :class:`Fill`.
    """

    names: list[Any]
    steps: list[Any]

    def reduce(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out or replace what the steps give back."""
        columns: dict[Any, pd.Series | None] = {
            name: frame[name] for name in self.names
        }
        decided: dict[Any, np.ndarray] = {}
        for step in self.steps:
            if isinstance(step, Fill):
                holds = step.rule.holds(frame)
                before = decided.get(step.column, np.zeros(len(frame), dtype=bool))
                decided[step.column] = before | holds
            else:
                columns[step.column] = step.reduce(frame, frame[step.column])
        for name, where in decided.items():
            values = columns[name]
            if values is not None and where.any() and not where.all():
                columns[name] = values.take(_donors(where)).set_axis(frame.index)
        kept = {name: column for name, column in columns.items() if column is not None}
        return pd.concat(kept, axis=1)

    def expand(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give all columns back, parents first."""
        columns = {name: frame[name] for name in frame.columns}
        pending = {step.column for step in self.steps}
        originals = {name: s for name, s in columns.items() if name not in pending}
        for step in self.steps:
            known = pd.DataFrame({name: originals[name] for name in step.parents})
            current = originals.get(step.column, columns.get(step.column))
            originals[step.column] = step.expand(known, current)
        return pd.concat({name: originals[name] for name in self.names}, axis=1)


def plan(frame: pd.DataFrame, rules: list[Rule]) -> Reduction:
    """Choose the steps that rules allow and that every row survives unchanged.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    rules : list of Rule
        What they keep.

    Returns
    -------
    reduction : Reduction
        What to do.
    """
    return _Planner(frame, rules).plan()


class _Planner:
    def __init__(self, frame: pd.DataFrame, rules: list[Rule]) -> None:
        self.frame = frame
        self.rules = rules
        self.parents: dict[Any, set[Any]] = {name: set() for name in frame.columns}
        self.steps: dict[Any, list[Step]] = {}
        # A group of 0/1 columns is one column to the encoder already.
        self.grouped = {
            name for group in find_one_hot_groups(frame) for name in group.names
        }

    def plan(self) -> Reduction:
        self._leave_out()
        self._fill()
        self._replace_by_amounts()
        ordered: list[Step] = []
        for name in self._sorted():
            ordered += self.steps.get(name, [])
        return Reduction(list(self.frame.columns), ordered)

    def _leave_out(self) -> None:
        for rule in self.rules:
            if isinstance(rule, ComputedRule):
                self._try(LeaveOut(rule))

    def _fill(self) -> None:
        covered: dict[Any, np.ndarray] = {}
        for rule in self.rules:
            if not isinstance(rule, Excludes) or rule.decided is None:
                continue
            holds = rule.holds(self.frame)
            name = rule.result.name
            before = covered.get(name, np.zeros(len(holds), dtype=bool))
            if (before | ~holds).all() or (before | holds).all():
                continue
            if self._try(Fill(rule)):
                covered[name] = before | holds

    def _replace_by_amounts(self) -> None:
        """A spanning forest of the bounds, the closest related columns first."""
        orders = [rule for rule in self.rules if isinstance(rule, Order)]
        degree: dict[Any, int] = {}
        for rule in orders:
            for name in rule.columns:
                degree[name] = degree.get(name, 0) + 1
        for rule in sorted(orders, key=self._closeness, reverse=True):
            first, second = rule.low, rule.high
            # The one with fewer bounds follows the other one.
            child_is_high = degree[second.name] <= degree[first.name]
            for high_follows in (child_is_high, not child_is_high):
                target, bound = (second, first) if high_follows else (first, second)
                lowest = min(target.bounds[0], bound.bounds[0])
                highest = max(target.bounds[1], bound.bounds[1])
                stand_in = lowest if high_follows else highest
                if self._try(Amount(target, bound, not high_follows, stand_in)):
                    break

    def _closeness(self, rule: Order) -> float:
        """Absolute rank correlation of the two columns."""
        values = [
            pd.Series(to_numbers(self.frame[name])).head(5000) for name in rule.columns
        ]
        both = values[0].notna() & values[1].notna()
        ranks = [v[both].rank().to_numpy() for v in values]
        if min(np.ptp(r) if len(r) else 0 for r in ranks) == 0:
            return 0.0
        return abs(float(np.corrcoef(*ranks)[0, 1]))

    def _try(self, step: Step) -> bool:
        """Take a step, if nothing forbids it and it gives every row back."""
        name = step.column
        before = self.steps.get(name, [])
        if name in self.grouped or any(isinstance(s, LeaveOut) for s in before):
            return False
        if not isinstance(step, Fill) and any(not isinstance(s, Fill) for s in before):
            return False
        if any(name == parent or self._needs(parent, name) for parent in step.parents):
            return False
        if not isinstance(step, Fill) and not self._gives_back(step):
            return False
        # A fill overwrites what was expanded before it.
        fills = [s for s in before if isinstance(s, Fill)]
        others = [s for s in before if not isinstance(s, Fill)]
        (fills if isinstance(step, Fill) else others).append(step)
        self.steps[name] = others + fills
        self.parents[name] |= set(step.parents)
        return True

    def _gives_back(self, step: Step) -> bool:
        values = self.frame[step.column]
        expanded = step.expand(self.frame, step.reduce(self.frame, values))
        if expanded.dtype != values.dtype:
            return False
        missing = values.isna().to_numpy(dtype=bool)
        if (expanded.isna().to_numpy(dtype=bool) != missing).any():
            return False
        present, found = values[~missing], expanded[~missing]
        if pd.api.types.is_float_dtype(dense(values).dtype):
            return bool(
                np.allclose(to_numbers(present), to_numbers(found), rtol=1e-14, atol=0)
            )
        return bool((present.to_numpy() == found.to_numpy()).all())

    def _needs(self, name: Any, ancestor: Any) -> bool:
        """Whether a column is expanded from another one, directly or not."""
        return any(
            parent == ancestor or self._needs(parent, ancestor)
            for parent in self.parents[name]
        )

    def _sorted(self) -> list[Any]:
        """Columns, parents first, else from left to right."""
        done: list[Any] = []

        def visit(name: Any) -> None:
            if name not in done:
                for parent in self.frame.columns:
                    if parent in self.parents[name]:
                        visit(parent)
                done.append(name)

        for name in self.frame.columns:
            visit(name)
        return done


def _donors(decided: np.ndarray) -> np.ndarray:
    """For each row itself, or where its value is decided some row where it is not."""
    rows = np.arange(len(decided))
    free = np.flatnonzero(~decided)
    rng = np.random.default_rng(0)
    rows[decided] = free[rng.integers(len(free), size=int(decided.sum()))]
    return rows
