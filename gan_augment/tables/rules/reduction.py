"""Remove from a table what follows from its rules, and restore it.

A network learns independent parts more easily than parts that follow from each other:
a column that others decide is left out, a column with a bound in another column is
replaced by the amount between the two or by a rank, and cells that other columns
decide are filled with values from rows where they do not.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan_augment.encoding.one_hot import find_one_hot_groups
from gan_augment.tables.rules.bins import Bins
from gan_augment.tables.rules.calendar import Calendar
from gan_augment.tables.rules.columns import dense, kind_of, to_numbers
from gan_augment.tables.rules.decides import Decides
from gan_augment.tables.rules.excludes import Excludes
from gan_augment.tables.rules.monotone import Monotone
from gan_augment.tables.rules.order import Order
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.steps import (
    Amount,
    AnyStep,
    Between,
    Change,
    Fill,
    LeaveOut,
    Moved,
    Nested,
    Rank,
    Remainder,
    Rounded,
)
from gan_augment.tables.rules.target import Levels

# Levels of a column that a network sees one by one.
MOST_LEVELS = 64
# Levels of a coarser column that codes are placed in.
MOST_GROUPS = 64


@dataclass(eq=False)
class Reduction:
    """Steps in the order in which columns are expanded, parents first.

    Parameters
    ----------
    names : list of object
        All columns, from left to right.
    steps : list of LeaveOut and Change
        What is done, at most one step a column, then any number of :class:`Fill`.
    spares : list of tuple
        Name and a value of each column that is filled: what fills it if there is no
        row to take a value from.
    """

    names: list[Hashable]
    steps: list[AnyStep]
    spares: list[tuple[Hashable, pd.Index]]

    def reduce(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out or replace what the steps give back."""
        columns = {name: frame[name] for name in self.names}
        decided: dict[Hashable, np.ndarray] = {}
        for step in self.steps:
            if isinstance(step, LeaveOut):
                del columns[step.column]
                continue
            columns[step.column] = step.reduce(frame, columns[step.column])
            where = step.decided(frame)
            if where is not None:
                decided[step.column] = where | decided.get(step.column, False)
        for name, where in decided.items():
            if not where.any():
                continue
            values = columns[name]
            if where.all():
                spare = dict(self.spares)[name].repeat(len(frame))
                filled = pd.Series(spare, dtype=values.dtype, name=name)
            else:
                filled = values.take(_donors(where))
            columns[name] = filled.set_axis(frame.index)
        return pd.concat(columns, axis=1)

    def expand(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give all columns back, parents first."""
        columns = {name: frame[name] for name in frame.columns}
        pending = {step.column for step in self.steps}
        originals = {name: s for name, s in columns.items() if name not in pending}
        for step in self.steps:
            known = pd.DataFrame({name: originals[name] for name in step.parents})
            if isinstance(step, LeaveOut):
                originals[step.column] = step.compute(known)
                continue
            current = originals.get(step.column, columns.get(step.column))
            originals[step.column] = step.expand(known, current)
        # A model may leave columns out.
        found = {name: originals[name] for name in self.names if name in originals}
        return pd.concat(found, axis=1)


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
        self.parents: dict[Hashable, set[Hashable]] = {
            name: set() for name in frame.columns
        }
        self.steps: dict[Hashable, list[AnyStep]] = {}
        # Coarser columns, which are learned for the codes that decide them.
        self.learned: set[Hashable] = set()
        # A group of 0/1 columns is one column to the encoder already.
        self.grouped = {
            name for group in find_one_hot_groups(frame) for name in group.names
        }

    def plan(self) -> Reduction:
        self._nest()
        self._move_dates()
        self._leave_out()
        self._fill()
        self._place_between()
        self._replace_by_amounts()
        ordered: list[AnyStep] = []
        for name in self._sorted():
            ordered += self.steps.get(name, [])
        return Reduction(list(self.frame.columns), ordered, self._spares(ordered))

    def _spares(self, steps: list[AnyStep]) -> list[tuple[Hashable, pd.Index]]:
        """A value of each filled column from a row where nothing decides it."""
        decided: dict[Hashable, np.ndarray] = {}
        for step in steps:
            where = None if isinstance(step, LeaveOut) else step.decided(self.frame)
            if where is not None:
                decided[step.column] = where | decided.get(step.column, False)
        return [
            (name, pd.Index(self.frame[name][~where].head(1)))
            for name, where in decided.items()
        ]

    def _nest(self) -> None:
        """Codes that decide a coarser column, of which a network learns the latter."""
        rules = [rule for rule in self.rules if isinstance(rule, Bins | Decides)]
        # A number that decides only ranges is a measure.
        codes = [rule.source for rule in rules if isinstance(rule, Decides)]
        nested: set[Hashable] = set()
        for source in {levels.name: levels for levels in codes}.values():
            n_levels = source.missing_code
            own = [rule for rule in rules if rule.sources == (source.name,)]
            one_hot = n_levels <= MOST_LEVELS and self._is_level(source.name)
            follows = any(
                rule.target == source.name and nested & set(rule.sources)
                for rule in rules
            )
            coarser = [
                rule.result
                for rule in own
                if rule.target not in self.steps
                and 1 < rule.result.missing_code <= min(MOST_GROUPS, n_levels // 2)
            ]
            if one_hot or follows or not coarser:
                continue
            groups = max(
                coarser,
                key=lambda levels: (self._is_level(levels.name), levels.missing_code),
            )
            others = [rule for rule in own if rule.target != groups.name]
            keys = self._keys(source, others)
            if self._try(Nested.of(source, groups, self.frame, keys)):
                self.learned.add(groups.name)
                nested.add(source.name)

    def _is_level(self, name: Hashable) -> bool:
        return kind_of(self.frame[name]) == "level"

    def _keys(self, source: Levels, rules: list[Bins | Decides]) -> np.ndarray:
        """What orders levels within a group: another number that they decide."""
        by_level = [
            rule
            for rule in rules
            if isinstance(rule, Decides) and not self._is_level(rule.target)
        ]
        for rule in by_level:
            numbers = to_numbers(pd.Series(rule.result.domain.levels))
            return np.append(numbers, -np.inf)[rule.decided]
        own = pd.Series(source.domain.levels)
        if kind_of(own) == "level":
            return np.arange(source.missing_code + 1)
        return np.append(to_numbers(own), np.inf)

    def _move_dates(self) -> None:
        """Parts of dates are learned as they are, and the dates follow them."""
        of_source: dict[Hashable, list[Calendar]] = {}
        for rule in self.rules:
            if isinstance(rule, Calendar):
                of_source.setdefault(rule.source.name, []).append(rule)
        for rules in of_source.values():
            self._try(Moved(rules))

    def _leave_out(self) -> None:
        for rule in self.rules:
            if not isinstance(rule, ComputedRule) or isinstance(rule, Calendar):
                continue
            if self._try(LeaveOut(rule)):
                continue
            if isinstance(rule, Rounded) and rule.result.step:
                self._try(Remainder(rule, rule.result.step))

    def _fill(self) -> None:
        covered: dict[Hashable, np.ndarray] = {}
        for rule in self.rules:
            if isinstance(rule, Rounded | Calendar) or not isinstance(
                rule, ComputedRule | Excludes
            ):
                continue
            decided = rule.decides(self.frame)
            before = covered.get(rule.target, np.zeros(len(decided), dtype=bool))
            after = before | decided
            # Some rows must be left to take values from.
            if (after == before).all() or after.all():
                continue
            if self._try(Fill(rule)):
                covered[rule.target] = after

    def _place_between(self) -> None:
        for rule in self.rules:
            if isinstance(rule, Monotone):
                self._try(Between(rule))

    def _replace_by_amounts(self) -> None:
        """A spanning forest of the bounds, the closest related columns first."""
        orders = [rule for rule in self.rules if isinstance(rule, Order)]
        degree: dict[Hashable, int] = {}
        for rule in orders:
            for name in rule.columns:
                degree[name] = degree.get(name, 0) + 1
        for rule in sorted(orders, key=self._closeness, reverse=True):
            first, second = rule.low, rule.high
            # The one with fewer bounds follows the other one.
            child_is_high = degree[second.name] <= degree[first.name]
            for high_follows in (child_is_high, not child_is_high):
                if self._try(_replacement(rule, high_follows=high_follows)):
                    break

    def _closeness(self, rule: Order) -> float:
        """Absolute rank correlation of the two columns."""
        values = [
            pd.Series(end.to_numbers(self.frame[end.name].head(5000)))
            for end in (rule.low, rule.high)
        ]
        both = values[0].notna() & values[1].notna()
        ranks = [v[both].rank().to_numpy() for v in values]
        if min(np.ptp(r) if len(r) else 0 for r in ranks) == 0:
            return 0.0
        return abs(float(np.corrcoef(*ranks)[0, 1]))

    def _try(self, step: AnyStep) -> bool:
        """Take a step, if nothing forbids it and it gives every row back."""
        name = step.column
        before = self.steps.get(name, [])
        if name in self.grouped | self.learned or any(
            isinstance(s, LeaveOut | Remainder) for s in before
        ):
            return False
        if not isinstance(step, Fill) and any(not isinstance(s, Fill) for s in before):
            return False
        if any(name == parent or self._needs(parent, name) for parent in step.parents):
            return False
        if not isinstance(step, Fill) and not self._gives_back(step):
            return False
        # A fill overwrites what was expanded before it.
        self.steps[name] = sorted([*before, step], key=lambda s: isinstance(s, Fill))
        self.parents[name] |= set(step.parents)
        return True

    def _gives_back(self, step: AnyStep) -> bool:
        values = self.frame[step.column]
        if isinstance(step, LeaveOut) and not step.rule.decides(self.frame).all():
            return False
        if isinstance(step, LeaveOut | Remainder) and isinstance(step.rule, Rounded):
            sources = self.frame[list(step.parents)]
            if (sources.isna().any(axis=1) & values.notna()).any():
                return False
        if isinstance(step, LeaveOut):
            expanded = step.compute(self.frame)
        else:
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

    def _needs(self, name: Hashable, ancestor: Hashable) -> bool:
        """Whether a column is expanded from another one, directly or not."""
        return any(
            parent == ancestor or self._needs(parent, ancestor)
            for parent in self.parents[name]
        )

    def _sorted(self) -> list[Hashable]:
        """Columns, parents first, else from left to right."""
        done: list[Hashable] = []

        def visit(name: Hashable) -> None:
            if name not in done:
                for parent in self.frame.columns:
                    if parent in self.parents[name]:
                        visit(parent)
                done.append(name)

        for name in self.frame.columns:
            visit(name)
        return done


def _replacement(rule: Order, *, high_follows: bool) -> Change:
    """What takes the place of a column that another one bounds."""
    target, bound = (rule.high, rule.low) if high_follows else (rule.low, rule.high)
    is_text = target.written is not None or bound.written is not None
    if is_text or pd.api.types.is_numeric_dtype(target.domain.dtype):
        given = rule.given_low if high_follows else rule.given_high
        return Rank(target, bound, given)
    ends = (target.bounds[0], bound.bounds[0]), (target.bounds[1], bound.bounds[1])
    stand_in = min(ends[0]) if high_follows else max(ends[1])
    return Amount(target, bound, not high_follows, stand_in)


def _donors(decided: np.ndarray) -> np.ndarray:
    """For each row itself, or where its value is decided some row where it is not.

    That is the next one in a random order, from a random place that belongs to the
    row, so that columns that are decided together mostly have one donor.
    """
    rng = np.random.default_rng(0)
    order = rng.permutation(len(decided))
    free = np.flatnonzero(~decided[order])
    start = rng.integers(len(decided), size=len(decided))
    after = np.searchsorted(free, start[decided]) % len(free)
    rows = np.arange(len(decided))
    rows[decided] = order[free[after]]
    return rows
