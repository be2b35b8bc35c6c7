"""Combinations that never occur: a level decides a value, or rules values out."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.encoding.values import CategoricalDomain, is_missing
from gan_augment.tables.rules.choice import Choice, choice_of, drawn, evenly
from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.order import Order
from gan_augment.tables.rules.pairs import PairCounts
from gan_augment.tables.rules.ranges import Ranges
from gan_augment.tables.rules.rule import ComputedRule, Rule, replaced
from gan_augment.tables.rules.target import Levels

# Levels of a column that are looked at by themselves, the most common ones.
MOST_LEVELS = 24
# A number that has so large a share of the rows is a level.
SMALLEST_ATOM = 0.02
# Levels of all columns that are counted together.
MOST_CELLS = 2048
# Rows from which combinations are proposed.
PROPOSING_ROWS = 20_000
# A combination of two values needs so many times the evidence of a value decided.
EXCLUDED = 1.5
# How often a broken rule changes the column of its condition.
CONDITION_GIVES_WAY = 0.25
# A cell that holds this share of its expected rows thins out rather than is ruled out.
THIN = 0.2


@dataclass(eq=False)
class Excludes(Rule):
    """Where one column has a level, another one never has some of its values.

    Parameters
    ----------
    condition : Levels
        The first column, with the level as the only one, or none: missing values.
    result : Levels
        The second column, with the levels that are looked at by themselves.
    excluded : ndarray of shape (n_levels + 2,), dtype=bool
        Which levels are ruled out, then missing values, then all other values.
    only_then : bool
        Whether the one value that is left occurs nowhere else.
    allowed : Choice
        What the second column is where the first one has the level.
    elsewhere : Choice
        What it is in the other rows.
    otherwise : Index
        What the first column is in the other rows, each value as common.
    gain : float
        Violations expected if the two were independent.
    """

    kind: ClassVar[str] = "combination"

    condition: Levels
    result: Levels
    excluded: np.ndarray
    only_then: bool
    allowed: Choice
    elsewhere: Choice
    otherwise: pd.Index
    gain: float

    def __post_init__(self) -> None:
        shape = (self.result.missing_code + 2,)
        check_array_of(self.excluded, "excluded", shape, "b")
        for name in ("allowed", "elsewhere"):
            check_array_of(getattr(self, name).shares, f"{name}.shares", shape, "f")
        if self.allowed.shares[self.excluded].any():
            raise ValueError("`allowed` must have no share of what is excluded.")
        if self.only_then and self.decided is None:
            raise ValueError("`only_then` must be False where several values are left.")

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.condition.name, self.result.name

    @property
    def decided(self) -> int | None:
        """Code of the only value that is left, if it is a level or missing."""
        left = np.flatnonzero(~self.excluded)
        if len(left) != 1 or left[0] == len(self.excluded) - 1:
            return None
        return int(left[0])

    def __str__(self) -> str:
        where = self._spelled(self.condition, 0)
        if self.decided is not None:
            then = self._spelled(self.result, self.decided)
            return f"{then} {'if and only if' if self.only_then else 'where'} {where}"
        codes = np.flatnonzero(self.excluded).tolist()
        if len(codes) == 1:
            return f"{self._spelled(self.result, codes[0], negated=True)} where {where}"
        names = [self._spelled(self.result, code, alone=True) for code in codes]
        return f"{self.result.name} is none of {', '.join(names)} where {where}"

    def _spelled(
        self, levels: Levels, code: int, *, negated: bool = False, alone: bool = False
    ) -> str:
        is_level = code <= levels.missing_code
        value = levels.spell(code) if is_level else "another value"
        return value if alone else f"{levels.name} is {'not ' * negated}{value}"

    @property
    def target(self) -> Hashable:
        """Name of the column that the level decides."""
        return self.result.name

    @property
    def sources(self) -> tuple[Hashable, ...]:
        """Name of the column that has the level."""
        return (self.condition.name,)

    def decides(self, frame: pd.DataFrame) -> np.ndarray:
        """In which rows the second column has one value."""
        return self.holds(frame) & (self.decided is not None)

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The value that is left."""
        return self.result.to_series(np.full(len(frame), self.decided), frame.index)

    def holds(self, frame: pd.DataFrame) -> np.ndarray:
        """In which rows the first column has the level."""
        return self.condition.to_codes(frame[self.condition.name]) == 0

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        holds = self.holds(frame)
        if not (holds.any() or self.only_then):
            return holds
        # The code -1, another value, addresses the last entry.
        codes = self.result.to_codes(frame[self.result.name])
        broken = holds & self.excluded[codes]
        if self.only_then:
            broken |= ~holds & (codes == self.decided)
        return broken

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Draw another value, as often as real rows have it there.

        Of the second column, or now and then of the first one: where several levels
        decide one column, only that can make them agree.
        """
        names = self.condition.name, self.result.name
        columns, holds = {name: frame[name] for name in names}, self.holds(frame)
        gives_way = holds & (rng.random(len(frame)) < CONDITION_GIVES_WAY)
        if not len(self.otherwise):
            gives_way[:] = False
        for name, chosen in (
            (names[0], broken & gives_way),
            (names[1], broken & holds & ~gives_way),
            (names[1], broken & ~holds),
        ):
            if not chosen.any():
                continue
            column = columns[name]
            index = column.index[chosen]
            if name == names[0]:
                values = drawn(self.otherwise, column, index, rng)
            else:
                choice = self.allowed if holds[chosen][0] else self.elsewhere
                values = choice.draw(self.result, index, rng)
            columns[name] = replaced(column, chosen, values)
        return columns

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Levels that decide a value, and common levels that are never together."""
        columns = [column for column in table.columns if column.n_distinct > 1]
        listed = [_listed(column) for column in columns]
        n_levels = sum(len(own) + 2 for own in listed)
        needed = table.expected_needed(n_levels**2 // 2)
        # The others have no level to look at, and no missing value.
        kept = [i for i, own in enumerate(listed) if len(own) or columns[i].counts[-1]]
        rules: list[Rule] = []
        n_seen = 0
        for start, stop in _groups([len(listed[i]) + 2 for i in kept]):
            part = kept[start:stop]
            search = _Search(
                table, [columns[i] for i in part], [listed[i] for i in part], needed
            )
            search.leave_out(known)
            rules += search.run(n_seen - start)
            n_seen = stop
        return rules


def _groups(widths: list[int]) -> Iterator[tuple[int, int]]:
    """Where groups of neighbouring columns start and stop, so that each is small.

    Each group begins in the middle of the one before it.
    """
    start = stop = 0
    while stop < len(widths):
        while stop < len(widths) and sum(widths[start : stop + 1]) <= MOST_CELLS:
            stop += 1
        yield start, stop
        start = (start + stop) // 2


class _Search:
    """Count all pairs of levels at once, and read the rules off the empty ones."""

    def __init__(
        self,
        table: Columns,
        columns: list[Column],
        listed: list[np.ndarray],
        needed: float,
    ) -> None:
        self.table, self.columns, self.listed = table, columns, listed
        rows = np.arange(table.n_rows)
        if table.n_rows > PROPOSING_ROWS:
            rng = np.random.default_rng(0)
            rows = np.sort(rng.permutation(table.n_rows)[:PROPOSING_ROWS])
        widths = [len(own) + 2 for own in listed]
        self.starts = np.concatenate([[0], np.cumsum(widths)])
        local = [
            _local_codes(column, own)[rows]
            for column, own in zip(columns, listed, strict=True)
        ]
        self.pairs = PairCounts.of(local, self.starts, needed)
        self.covered = np.zeros(self.pairs.counts.shape, dtype=bool)

    def leave_out(self, known: list[Rule]) -> None:
        """Look for nothing that other rules say already."""
        self.computed = {
            frozenset(rule.columns)
            for rule in known
            if isinstance(rule, ComputedRule) and len(rule.columns) == 2
        }
        self.orders = {rule.columns: rule for rule in known if isinstance(rule, Order)}
        place = {column.name: i for i, column in enumerate(self.columns)}
        for rule in known:
            if isinstance(rule, Ranges) and place.keys() >= set(rule.columns):
                self._cover_ranges(rule, *(place[name] for name in rule.columns))

    def run(self, n_seen: int = 0) -> list[Rule]:
        """Rules that decide a value first, since they say more.

        Pairs of the first `n_seen` columns are left out.
        """
        blocks, counts, totals = self.starts[:-1], self.pairs.counts, self.pairs.totals
        best = np.maximum.reduceat(counts, blocks, axis=1)
        self.needed_to_decide = self.pairs.needed_to_decide(best)
        enough = totals >= self.needed_to_decide
        decides = (best == totals[:, None]) & enough[:, None]
        self.needed_to_exclude = self.pairs.needed_to_exclude(EXCLUDED)
        empty = (counts == 0) & (self.pairs.expected >= self.needed_to_exclude)
        excludes = np.logical_or.reduceat(empty, blocks, axis=1)
        rules: list[Rule] = []
        for find, candidates in (
            (self._deciding, decides),
            (self._excluding, excludes),
        ):
            owner = np.repeat(np.arange(len(self.columns)), np.diff(self.starts))
            for x, j in zip(*np.nonzero(candidates), strict=True):
                i = owner[x]
                names = frozenset((self.columns[i].name, self.columns[j].name))
                is_other = x == self.starts[i + 1] - 1
                if i == j or is_other or names in self.computed:
                    continue
                if max(i, j) < n_seen:
                    continue
                rule = find(i, j, x)
                if rule is not None:
                    rules.append(rule)
        return rules

    def _deciding(self, i: int, j: int, x: int) -> Excludes | None:
        """The rule that level x of column i leaves column j one value."""
        block = self.pairs.block(j)
        row = self.pairs.counts[x, block]
        value = int(row.argmax())
        v = block.start + value
        gain = self.pairs.totals[x] - self.pairs.expected[x, v]
        if v == block.stop - 1 or gain < self.needed_to_decide:
            return None
        others = self.pairs.totals[block] > 0
        others[value] = False
        if self.covered[x, block][others].all():
            return None
        if self._follows_from_order(i, j, x, v):
            return None
        excluded = np.arange(len(row)) != value
        only_then = self.pairs.totals[v] == row[value]
        rule = self._rule(i, j, x, excluded, only_then, gain)
        if rule is not None:
            self._cover(x, block, others)
            if only_then:
                other_levels = np.arange(self.starts[i], self.starts[i + 1]) != x
                self._cover(v, self.pairs.block(i), other_levels)
        return rule

    def _excluding(self, i: int, j: int, x: int) -> Excludes | None:
        """The rule that level x of column i rules out common values of column j."""
        block = self.pairs.block(j)
        row, expected = self.pairs.counts[x, block], self.pairs.expected[x, block]
        empty = (row == 0) & (expected >= self.needed_to_exclude)
        empty &= ~self.covered[x, block]
        for k in np.flatnonzero(empty):
            v = block.start + int(k)
            if (
                self._thins_out(x, block)
                or self._thins_out(v, self.pairs.block(i))
                or self._order_forbids(i, j, x, v)
            ):
                empty[k] = False
        if not empty.any():
            return None
        rule = self._rule(i, j, x, empty, False, expected[empty].sum())
        if rule is not None:
            self._cover(x, block, empty)
        return rule

    def _cover(self, x: int, block: slice, chosen: np.ndarray) -> None:
        self.covered[x, block] |= chosen
        self.covered[block, x] |= chosen

    def _cover_ranges(self, rule: Ranges, i: int, j: int) -> None:
        """Mark the numbers of column j that a rule of ranges rules out already."""
        levels = self.columns[i].levels[self.listed[i]]
        for place in range(len(self.listed[j])):
            number = self._value(j, self.starts[j] + place)
            if number is None:
                continue
            out = np.array([rule.rules_out(level, number) for level in levels])
            cells = self.starts[i] + np.flatnonzero(out)
            self.covered[self.starts[j] + place, cells] = True
            self.covered[cells, self.starts[j] + place] = True

    def _thins_out(self, x: int, block: slice) -> bool:
        """Whether some cell is nearly empty: then an empty one is as likely chance."""
        row, expected = self.pairs.counts[x, block], self.pairs.expected[x, block]
        judged = (expected >= self.pairs.needed) & (row > 0)
        return bool((row[judged] < THIN * expected[judged]).any())

    def _value(self, i: int, x: int) -> float | None:
        """The number that a level is, if it is one."""
        column, place = self.columns[i], x - self.starts[i]
        if column.numbers is None or place >= len(self.listed[i]):
            return None
        level = column.levels[[self.listed[i][place]]]
        return float(to_numbers(pd.Series(level, dtype=column.series.dtype))[0])

    def _order_forbids(self, i: int, j: int, x: int, v: int) -> bool:
        """Whether a rule of order already says that two values are never together."""
        names = self.columns[i].name, self.columns[j].name
        if names not in self.orders and names[::-1] not in self.orders:
            return False
        first, second = self._value(i, x), self._value(j, v)
        if first is None or second is None:
            return v == self.starts[j + 1] - 1
        if names in self.orders:
            return first + self.orders[names].gap >= second
        return first <= second + self.orders[names[::-1]].gap

    def _follows_from_order(self, i: int, j: int, x: int, v: int) -> bool:
        """Whether a bound of the column and a rule of order leave one value anyway."""
        names = self.columns[i].name, self.columns[j].name
        first, second = self._value(i, x), self._value(j, v)
        if first is None or second is None:
            return False
        if names in self.orders:
            return second == np.nanmax(self.columns[j].values) and first >= second
        if names[::-1] in self.orders:
            return second == np.nanmin(self.columns[j].values) and first <= second
        return False

    def _rule(
        self,
        i: int,
        j: int,
        x: int,
        excluded: np.ndarray,
        only_then: bool,
        gain: float,
    ) -> Excludes | None:
        """The rule, unless some row that did not propose it breaks it."""
        condition, result = self.columns[i], self.columns[j]
        place = x - self.starts[i]
        is_level = place < len(self.listed[i])
        holds = _local_codes(condition, self.listed[i]) == place
        codes = _local_codes(result, self.listed[j])
        if excluded[codes[holds]].any():
            return None
        if only_then and not excluded[codes[~holds]].all():
            only_then = False
        return Excludes(
            restricted(
                condition, self.listed[i][place : place + 1] if is_level else []
            ),
            restricted(result, self.listed[j]),
            excluded,
            only_then,
            choice_of(result, codes, holds, len(excluded)),
            choice_of(result, codes, ~holds, len(excluded)),
            evenly(condition, ~holds & ~is_missing(condition.series)),
            float(gain),
        )


def _listed(column: Column) -> np.ndarray:
    """Codes of the most common levels of a column, in order of their first rows."""
    counts = column.counts[:-1]
    fewest = 2.0
    if column.numbers is not None and len(column.levels) > 2:
        fewest = max(fewest, SMALLEST_ATOM * column.counts.sum())
    common = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    return np.sort(common[counts[common] >= fewest])


def _local_codes(column: Column, listed: np.ndarray) -> np.ndarray:
    """Position among the listed levels; then missing; then all others."""
    local = np.full(len(column.levels) + 1, len(listed) + 1)
    local[listed] = np.arange(len(listed))
    local[-1] = len(listed)
    return local[column.codes]


def restricted(column: Column, listed: np.ndarray | list[int]) -> Levels:
    """The column with some of its levels only."""
    levels = Levels.of(column)
    kept = column.levels.take(np.asarray(listed, dtype=np.intp))
    return Levels(
        levels.name, CategoricalDomain(kept, levels.domain.dtype), levels.missing_value
    )
