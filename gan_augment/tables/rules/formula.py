"""Arithmetic: a column that is a product of powers, such as a price less a discount."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import compress

import numpy as np
import pandas as pd

from gan_augment.encoding.arrays import check_array_of
from gan_augment.tables.rules.arithmetic import (
    MOST_COLUMNS,
    Arithmetic,
    plain_factor,
)
from gan_augment.tables.rules.columns import Column, Columns, to_numbers
from gan_augment.tables.rules.rule import ComputedRule, Rule, replaced
from gan_augment.tables.rules.target import NumericTarget

# Rows that propose a formula, and how many of them must be usable.
PROPOSING_ROWS, FEWEST_PROPOSING = 256, 32
# Most factors of a formula, and the largest power of one.
MOST_FACTORS, LARGEST_POWER = 3, 2
# Shares of the variance that are taken for the same.
TIED = 1e-6
# How far a power that was estimated may be from a whole number.
POWER_ERROR = 0.05


@dataclass(eq=False)
class Factor:
    """A column, or one minus or one plus it, to a power.

    Parameters
    ----------
    column : NumericTarget
        The column.
    sign : int
        0 for the column itself, -1 for one minus it, and 1 for one plus it.
    power : int
        The power, not 0.
    """

    column: NumericTarget
    sign: int
    power: int

    def __post_init__(self) -> None:
        if self.sign not in (-1, 0, 1) or not 0 < abs(self.power) <= LARGEST_POWER:
            raise ValueError(
                f"`sign` must be -1, 0 or 1, and `power` from -{LARGEST_POWER} to "
                f"{LARGEST_POWER}, not 0. Got {self.sign!r} and {self.power!r}."
            )

    def __str__(self) -> str:
        base = str(self.name)
        if self.sign:
            base = f"(1 {'+' if self.sign > 0 else '-'} {self.name})"
        size = abs(self.power)
        return base if size == 1 else f"{base}**{size}"

    @property
    def name(self) -> Hashable:
        """Name of the column."""
        return self.column.name

    def base(self, numbers: np.ndarray) -> np.ndarray:
        """What is raised to the power."""
        return 1.0 + self.sign * numbers if self.sign else numbers

    def solved(self, values: np.ndarray) -> np.ndarray:
        """Numbers of the column for which the factor has these values."""
        with np.errstate(all="ignore"):
            base = values ** (1.0 / self.power)
        return (base - 1.0) * self.sign if self.sign else base


@dataclass(eq=False)
class Formula(Arithmetic):
    """``result = constant * first**p * second**q * ...``, within rounding.

    Parameters
    ----------
    result : NumericTarget
        The column that follows.
    factors : list of Factor
        The factors that are columns.
    constant : float
        The factor that is the same in all rows.
    tolerance : float
        Largest difference that is rounding.
    n_rows : int
        Real rows in which all columns are present.
    """

    result: NumericTarget
    factors: list[Factor]
    constant: float
    tolerance: float
    n_rows: int

    def __post_init__(self) -> None:
        constants = np.array([self.constant, self.tolerance])
        check_array_of(constants, "constant and tolerance", (2,), "f")
        if not 0 < len(self.factors) <= MOST_FACTORS:
            raise ValueError(f"A formula must have 1 to {MOST_FACTORS} factors.")

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that the rule is about."""
        return self.target, *(factor.name for factor in self.factors)

    def __str__(self) -> str:
        multiplied = [str(f) for f in self.factors if f.power > 0]
        if self.constant != 1 or not multiplied:
            multiplied = [f"{self.constant:.6g}", *multiplied]
        divided = "".join(f" / {f}" for f in self.factors if f.power < 0)
        return f"{self.target} = {' * '.join(multiplied)}{divided}"

    def repair(
        self, frame: pd.DataFrame, broken: np.ndarray, rng: np.random.Generator
    ) -> dict[Hashable, pd.Series]:
        """Compute the target anew; where it would leave its range, a factor, too."""
        del rng
        rows = frame.loc[broken].copy()
        changed = {}
        wanted = np.clip(self._expected(rows), *self.result.bounds)
        for factor in self.factors:
            if not self.result.outside(self._expected(rows)).any():
                break
            others = [other for other in self.factors if other is not factor]
            with np.errstate(all="ignore"):
                solved = factor.solved(wanted / self._expected(rows, others))
            self.move_inside(rows, factor.column, solved)
            changed[factor.name] = replaced(
                frame[factor.name], broken, rows[factor.name]
            )
        changed[self.target] = replaced(frame[self.target], broken, self.compute(rows))
        return changed

    def _expected(
        self, frame: pd.DataFrame, factors: list[Factor] | None = None
    ) -> np.ndarray:
        """The constant times the product of some factors, or of all."""
        factors = self.factors if factors is None else factors
        numbers = {factor.name: to_numbers(frame[factor.name]) for factor in factors}
        return self.constant * _product(factors, numbers, len(frame))

    @classmethod
    def find(cls, table: Columns, known: list[Rule]) -> list[Rule]:
        """Columns that are a product of powers of up to three others."""
        computed = {rule.target for rule in known if isinstance(rule, ComputedRule)}
        columns = [
            column
            for column in table.columns
            if column.kind == "number"
            and len(column.levels) > 1
            and column.name not in computed
        ]
        targets = [column for column in columns if len(column.levels) > 2]
        if not targets or not 2 <= len(columns) <= MOST_COLUMNS:
            return []
        rows = table.sample[:: max(len(table.sample) // PROPOSING_ROWS, 1)]
        candidates = [f for column in columns for f in _factors_of(column)]
        values = {column.name: column.values for column in columns}
        logs = np.column_stack([_log(f.base(values[f.name][rows])) for f in candidates])
        best: dict[frozenset[Hashable], Formula] = {}
        for target in targets:
            others = np.array([f.name != target.name for f in candidates])
            for factors in _proposed(
                _log(target.values[rows]),
                logs[:, others],
                list(compress(candidates, others)),
            ):
                names = frozenset((target.name, *(f.name for f in factors)))
                if len(names) <= len(factors):
                    continue  # a column twice
                rule = _verified(target, factors, values)
                if rule is not None and (
                    names not in best or _plainness(rule) < _plainness(best[names])
                ):
                    best[names] = rule
        return _one_a_target(list(best.values()))


def _factors_of(column: Column) -> list[Factor]:
    """The column, and one minus or one plus a share."""
    target = NumericTarget.of(column)
    low, high = target.bounds
    signs = (0, 1, -1) if low >= 0 and high <= 1 else (0,)
    return [Factor(target, sign, 1) for sign in signs]


def _log(numbers: np.ndarray) -> np.ndarray:
    """Logarithms, NaN of what has none."""
    positive = numbers > 0
    return np.log(numbers, out=np.full(len(numbers), np.nan), where=positive)


def _product(
    factors: list[Factor], numbers: dict[Hashable, np.ndarray], n_rows: int
) -> np.ndarray:
    """The product of the factors, NaN where it is not finite."""
    product = np.ones(n_rows)
    with np.errstate(all="ignore"):
        for factor in factors:
            product = product * factor.base(numbers[factor.name]) ** float(factor.power)
    return np.where(np.isfinite(product), product, np.nan)


def _proposed(
    wanted: np.ndarray, logs: np.ndarray, candidates: list[Factor]
) -> list[list[Factor]]:
    """Factors whose logarithms add up, the most telling one first."""
    proposals: list[list[Factor]] = []
    chosen: list[int] = []
    k: int
    residual = wanted
    for _ in range(min(MOST_FACTORS, len(candidates))):
        explained = _explained(residual, logs)
        explained[chosen] = -1.0
        # Of two levels any function explains the same: it takes whole powers to choose.
        for k in np.flatnonzero(explained >= explained.max() - TIED).tolist():
            found = _powers(wanted, logs[:, [*chosen, k]])
            if found is None:
                continue
            powers, left = found
            whole = np.rint(powers)
            size = np.abs(whole)
            if (np.abs(powers - whole) < POWER_ERROR).all() and (
                (size >= 1) & (size <= LARGEST_POWER)
            ).all():
                factors = [candidates[i] for i in (*chosen, k)]
                proposals.append(
                    [
                        Factor(factor.column, factor.sign, int(power))
                        for factor, power in zip(factors, whole, strict=True)
                    ]
                )
                break
        else:
            k = int(np.argmax(explained))
            found = _powers(wanted, logs[:, [*chosen, k]])
            if found is None:
                break
            _, left = found
        chosen.append(k)
        residual = left
    return proposals


def _powers(
    wanted: np.ndarray, inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Powers of some factors by least squares, and what they leave."""
    usable = np.isfinite(wanted) & np.isfinite(inputs).all(axis=1)
    if usable.sum() < FEWEST_PROPOSING:
        return None
    design = np.column_stack([inputs, np.ones(len(inputs))])
    solved = np.linalg.lstsq(design[usable], wanted[usable], rcond=None)[0]
    return solved[:-1], wanted - design @ solved


def _explained(residual: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Share of the variance that each factor explains, where it has a logarithm."""
    usable = np.isfinite(logs) & np.isfinite(residual)[:, None]
    n_usable = np.maximum(usable.sum(axis=0), 1)
    x = np.where(usable, logs, 0.0)
    y = np.where(usable, residual[:, None], 0.0)
    x = np.where(usable, x - x.sum(axis=0) / n_usable, 0.0)
    y = np.where(usable, y - y.sum(axis=0) / n_usable, 0.0)
    scale = (x**2).sum(axis=0) * (y**2).sum(axis=0)
    scale[(n_usable < FEWEST_PROPOSING) | (scale <= 0)] = np.inf
    return np.asarray((x * y).sum(axis=0) ** 2 / scale)


def _verified(
    target: Column, factors: list[Factor], values: dict[Hashable, np.ndarray]
) -> Formula | None:
    """The rule with a plain constant, if all rows keep it within rounding."""
    n_rows = len(target.values)
    mixed = {name: np.roll(of, i) for i, (name, of) in enumerate(values.items())}
    found = plain_factor(
        target, _product(factors, values, n_rows), _product(factors, mixed, n_rows)
    )
    return None if found is None else Formula(NumericTarget.of(target), factors, *found)


def _plainness(rule: Formula) -> tuple[int, float]:
    """Number of divisions, then what is rounded as a share of the range."""
    return sum(factor.power < 0 for factor in rule.factors), rule.coarseness


def _one_a_target(rules: list[Formula]) -> list[Rule]:
    """The plainest rule of each column, none of which follows from another's."""
    kept: list[Rule] = []
    followed: set[Hashable] = set()
    used: set[Hashable] = set()
    for rule in sorted(rules, key=lambda rule: (len(rule.factors), _plainness(rule))):
        sources = set(rule.sources)
        if rule.target in followed | used or sources & followed:
            continue
        kept.append(rule)
        followed.add(rule.target)
        used |= sources
    return kept
