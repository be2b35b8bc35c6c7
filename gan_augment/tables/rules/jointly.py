"""Functional dependence on two columns together, such as a class of make and model."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of, check_codes
from gan_augment.tables.rules.columns import Column, Columns
from gan_augment.tables.rules.proposals import agreeing
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.target import Levels

# Columns that are paired, those with the most information first.
MOST_COLUMNS = 24
# Rows of a combination, on average.
FEWEST_PER_CELL = 2.0


@dataclass(eq=False)
class Jointly(ComputedRule):
    """Two columns together decide a third one, which neither of them decides.

    Parameters
    ----------
    first, second : Levels
        The columns that decide.
    result : Levels
        The column that follows.
    cells : ndarray of shape (n_cells,), dtype=int
        Combinations that decide, ascending: code of the first times the number of
        codes of the second, plus code of the second.
    decided : ndarray of shape (n_cells,), dtype=int
        Code of the result in each of them.
    likely : ndarray of int
        Code of the result that is most common with each code of the first column.
    gain : float
        Violations expected if the third one depended on one of the two alone.
    """

    kind: ClassVar[str] = "dependence"

    first: Levels
    second: Levels
    result: Levels
    cells: np.ndarray
    decided: np.ndarray
    likely: np.ndarray
    gain: float

    def __post_init__(self) -> None:
        n_codes = self.first.missing_code + 1, self.second.missing_code + 1
        most = self.result.missing_code
        check_codes(self.cells, "cells", (-1,), 0, n_codes[0] * n_codes[1] - 1)
        if not len(self.cells) or (np.diff(self.cells) <= 0).any():
            raise ValueError("`cells` must be different, ascending, and not empty.")
        check_codes(self.decided, "decided", self.cells.shape, 0, most)
        check_codes(self.likely, "likely", (n_codes[0],), 0, most)
        check_array_of(np.array([self.gain]), "gain", (1,))

    @property
    def target(self) -> Hashable:
        """Name of the column that follows from the others."""
        return self.result.name

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.first.name, self.second.name, self.result.name

    def __str__(self) -> str:
        return f"{self.first.name} and {self.second.name} decide {self.target}"

    def _places(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Place of each row's combination among the cells, and whether it is one."""
        codes = [
            levels.to_codes(frame[levels.name]) for levels in (self.first, self.second)
        ]
        wanted = _joined(codes[0], codes[1], self.second.missing_code + 1)
        places = np.minimum(np.searchsorted(self.cells, wanted), len(self.cells) - 1)
        known = (codes[0] >= 0) & (codes[1] >= 0) & (self.cells[places] == wanted)
        return places, known

    def violations(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule."""
        places, known = self._places(frame)
        found = self.result.to_codes(frame[self.result.name])
        return known & (found != self.decided[places])

    def decides(self, frame: pd.DataFrame) -> np.ndarray:
        """In which rows the two have a combination that decides."""
        return self._places(frame)[1]

    def unknown(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows have a new combination of the two."""
        return ~self._places(frame)[1]

    def compute(self, frame: pd.DataFrame) -> pd.Series:
        """The target column; of a new combination what is likely."""
        places, known = self._places(frame)
        first = self.first.to_codes(frame[self.first.name])
        likely = self.likely[np.where(first < 0, self.first.missing_code, first)]
        codes = np.where(known, self.decided[places], likely)
        return self.result.to_series(codes, frame.index)

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Triples in which two columns decide what neither decides alone."""
        return _Search(table, known).run()


class _Search:
    """Propose triples on some rows, and check those that are left on all."""

    def __init__(self, table: Columns, known: list[Rule]) -> None:
        self.table = table
        computed = [rule for rule in known if isinstance(rule, ComputedRule)]
        self.related = [set(rule.columns) for rule in computed]
        # Column -> those that it decides alone.
        self.follow = {
            column.name: {
                rule.target for rule in computed if rule.sources == (column.name,)
            }
            for column in table.columns
        }
        varied = [column for column in table.columns if column.n_distinct > 1]
        targets = {rule.target for rule in computed}
        self.results = [column for column in varied if column.name not in targets]
        few = [c for c in varied if c.n_distinct * FEWEST_PER_CELL**2 <= table.n_rows]
        self.sources = sorted(few, key=lambda c: c.n_distinct)[-MOST_COLUMNS:]
        n_pairs = len(self.sources) * (len(self.sources) - 1) // 2
        self.needed = table.expected_needed(n_pairs * len(self.results))
        place = {column.name: i for i, column in enumerate(table.columns)}
        self.codes = table.sampled_codes[:, [place[c.name] for c in self.results]]

    def run(self) -> list[Rule]:
        """Triples, the coarsest pairs first."""
        rules: list[Jointly] = []
        for first, second in combinations(self.sources, 2):
            if first.position > second.position:
                first, second = second, first
            for position in self._proposed(first, second):
                result = self.results[position]
                if self._is_implied(first, second, result, rules):
                    continue
                rule = self._rule(first, second, result)
                if rule is not None:
                    rules.append(rule)
        rules.sort(key=self._positions)
        return [*rules]

    def _positions(self, rule: Jointly) -> list[int]:
        place = {column.name: column.position for column in self.table.columns}
        return [place[name] for name in rule.columns]

    def _is_implied(
        self, first: Column, second: Column, result: Column, rules: list[Jointly]
    ) -> bool:
        """Whether other rules say as much: of one of the two, or of coarser ones."""
        names = {first.name, second.name, result.name}
        if any(names >= other or names <= other for other in self.related):
            return True
        if any(names == set(rule.columns) for rule in rules):
            return True
        follow = names - {result.name}
        for name in (first.name, second.name):
            follow |= self.follow[name]
        return any(
            rule.target == result.name and set(rule.sources) <= follow for rule in rules
        )

    def _proposed(self, first: Column, second: Column) -> np.ndarray:
        """Columns that a pair decides in some rows, then in all."""
        candidates = np.array(
            [i for i, c in enumerate(self.results) if c not in (first, second)],
            dtype=np.intp,
        )
        cells = _cells(first, second)
        candidates = agreeing(cells[self.table.sample], self.codes, candidates)
        if len(candidates):
            codes = np.column_stack([self.results[i].codes for i in candidates])
            candidates = candidates[agreeing(cells, codes, np.arange(len(candidates)))]
        return candidates

    def _rule(self, first: Column, second: Column, result: Column) -> Jointly | None:
        """The rule, if what each of the two adds to the other is no chance."""
        present = (first.codes < len(first.levels)) & (
            second.codes < len(second.levels)
        )
        a, b, c = (column.codes[present] for column in (first, second, result))
        n_second, n_result = len(second.levels) + 1, len(result.levels) + 1
        cells, start, sizes = np.unique(
            _joined(a, b, n_second), return_index=True, return_counts=True
        )
        if len(a) < FEWEST_PER_CELL * len(cells):
            return None
        of_first = _varied(a, c, n_result)
        gain = min(
            float((sizes - 1) @ of_first[a[start]]),
            float((sizes - 1) @ _varied(b, c, n_result)[b[start]]),
        )
        if gain < self.needed:
            return None
        likely = np.zeros(len(first.levels) + 1, dtype=np.intp)
        pairs, counts = np.unique(
            _joined(first.codes, result.codes, n_result), return_counts=True
        )
        ascending = pairs[np.argsort(counts, kind="stable")]
        likely[ascending // n_result] = ascending % n_result  # the last one stays
        return Jointly(
            Levels.of(first),
            Levels.of(second),
            Levels.of(result),
            cells.astype(np.intp),
            c[start].astype(np.intp),
            likely,
            gain,
        )


def _joined(first: np.ndarray, second: np.ndarray, n_second: int) -> np.ndarray:
    """One code for each combination of two."""
    return first.astype(np.int64) * n_second + second


def _cells(first: Column, second: Column) -> np.ndarray:
    """Combination of each row; -1 where one of the two is missing."""
    is_missing = (first.codes == len(first.levels)) | (
        second.codes == len(second.levels)
    )
    joined = _joined(first.codes, second.codes, len(second.levels) + 1)
    return np.where(is_missing, -1, joined)


def _varied(given: np.ndarray, codes: np.ndarray, n_codes: int) -> np.ndarray:
    """Chance that two rows with one code of a column differ in another one."""
    pairs, counts = np.unique(_joined(given, codes, n_codes), return_counts=True)
    totals = np.bincount(given).astype(float)
    shares = counts / totals[pairs // n_codes]
    return 1.0 - np.bincount(pairs // n_codes, shares**2, minlength=len(totals))
