"""What a number is where another one bounds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gan_augment.encoding.arrays import check_array_of, check_ascending

# Groups of rows with a like bound, and the fewest rows of each.
MOST_GROUPS = 16
FEWEST_ROWS = 60
# Values of a distribution that are kept; between them it is linear.
MOST_VALUES = 256


@dataclass(eq=False)
class Distribution:
    """A distribution function, with atoms, that can be inverted.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Different values, ascending.
    edges : ndarray of shape (n_values + 1,)
        Distribution function before the first value and after each one.
    is_atom : ndarray of shape (n_values,), dtype=bool
        Which values have a mass of their own. Between the others the function is
        linear.
    """

    values: np.ndarray
    edges: np.ndarray
    is_atom: np.ndarray

    def __post_init__(self) -> None:
        check_array_of(self.values, "values", (-1,))
        n_values = len(self.values)
        check_array_of(self.edges, "edges", (n_values + 1,), "f")
        check_array_of(self.is_atom, "is_atom", (n_values,), "b")
        check_ascending(self.values, "values")
        check_ascending(self.edges, "edges")
        if not n_values:
            raise ValueError("A Distribution must have at least one value. Got none.")
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        self._middle = middle
        self._knots = np.column_stack(
            [
                np.where(self.is_atom, self.edges[:-1], middle),
                np.where(self.is_atom, self.edges[1:], middle),
            ]
        ).ravel()

    @classmethod
    def of(cls, values: np.ndarray) -> Distribution:
        """Fit to at least one value."""
        distinct, counts = np.unique(values, return_counts=True)
        edges = np.concatenate([[0.0], np.cumsum(counts) / len(values)])
        if len(distinct) <= MOST_VALUES:
            return cls(distinct, edges, np.ones(len(distinct), dtype=bool))
        is_atom = counts >= max(3, 0.005 * len(values))
        kept = is_atom | (np.diff(np.floor(edges * MOST_VALUES)) > 0)
        kept[:-1] |= is_atom[1:]  # an atom keeps its own mass, not its neighbours'
        kept[[0, -1]] = True
        edges = np.concatenate([[0.0], edges[1:][kept]])
        return cls(distinct[kept], edges, is_atom[kept])

    def ranks(self, values: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Where values are in the distribution; atoms are spread over their mass."""
        place = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        tied = self.is_atom[place] & (self.values[place] == values)
        low, high = self.edges[place], self.edges[place + 1]
        spread_out = low + spread * (high - low)
        return np.where(tied, spread_out, np.interp(values, self.values, self._middle))

    def quantiles(self, ranks: np.ndarray) -> np.ndarray:
        """Values at ranks from 0 to 1."""
        values = np.interp(ranks, self._knots, np.repeat(self.values, 2))
        # Neighbouring atoms share a knot.
        place = np.searchsorted(self.edges, ranks, side="right") - 1
        place = np.clip(place, 0, len(self.values) - 1)
        return np.where(self.is_atom[place], self.values[place], values)

    def up_to(self, bounds: np.ndarray) -> np.ndarray:
        """Mass of the values that are at most a bound."""
        if self.is_atom.all():
            return self.edges[np.searchsorted(self.values, bounds, side="right")]
        return np.interp(bounds, self.values, self.edges[1:], left=0.0)

    def below(self, bounds: np.ndarray) -> np.ndarray:
        """Mass of the values that are less than a bound."""
        if self.is_atom.all():
            return self.edges[np.searchsorted(self.values, bounds, side="left")]
        return np.interp(bounds, self.values, self.edges[:-1], right=1.0)


@dataclass(eq=False)
class Bounded:
    """Ranks of a number among those that its bound allows, and back.

    Rows with a like bound have one distribution, cut off at the bound of each row. A
    rank is from 0 to 1, whatever the bound is, and says little of it.

    Parameters
    ----------
    is_upper : bool
        Whether the bound is an upper one.
    edges : ndarray of shape (n_groups - 1,)
        Bounds of the groups.
    groups : list of Distribution
        Of the number, one a group.
    shift : float
        What is added to the bound.
    """

    is_upper: bool
    edges: np.ndarray
    groups: list[Distribution]
    shift: float

    def __post_init__(self) -> None:
        check_array_of(np.array([self.shift]), "shift", (1,))
        check_array_of(self.edges, "edges", (len(self.groups) - 1,))
        check_ascending(self.edges, "edges")

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        bounds: np.ndarray,
        *,
        is_upper: bool,
        shift: float = 0.0,
    ) -> Bounded:
        """Fit to rows in which both are present."""
        bounds = bounds + shift
        n_groups = int(np.clip(len(values) // FEWEST_ROWS, 1, MOST_GROUPS))
        shares = np.linspace(0, 1, n_groups + 1)[1:-1]
        edges = np.unique(np.quantile(bounds, shares, method="lower"))
        edges = edges[edges < bounds.max()]
        group = np.searchsorted(edges, bounds)
        return cls(
            is_upper,
            edges,
            [Distribution.of(values[group == i]) for i in range(len(edges) + 1)],
            shift,
        )

    def to_ranks(
        self, values: np.ndarray, bounds: np.ndarray, spread: np.ndarray
    ) -> np.ndarray:
        """Ranks of values, NaN where a value is missing."""
        ranks = np.full(len(values), np.nan)
        bounds = bounds + self.shift
        for rows, group, low, high in self._by_group(bounds):
            rank = group.ranks(values[rows], spread[rows])
            width = np.where(high > low, high - low, 1.0)
            ranks[rows] = np.where(
                np.isnan(values[rows]), np.nan, np.clip((rank - low) / width, 0, 1)
            )
        return ranks

    def to_values(self, ranks: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        """Values at ranks; no value is beyond its bound."""
        values = np.full(len(ranks), np.nan)
        bounds = bounds + self.shift
        for rows, group, low, high in self._by_group(bounds):
            found = group.quantiles(low + np.clip(ranks[rows], 0, 1) * (high - low))
            values[rows] = np.where(np.isnan(ranks[rows]), np.nan, found)
        limit = np.fmin if self.is_upper else np.fmax
        return np.where(np.isnan(values), np.nan, limit(values, bounds))

    def _by_group(
        self, bounds: np.ndarray
    ) -> list[tuple[np.ndarray, Distribution, np.ndarray, np.ndarray]]:
        """Rows of each group with what the bounds leave of its distribution."""
        place = np.searchsorted(self.edges, bounds)
        parts = []
        for i, group in enumerate(self.groups):
            rows = np.flatnonzero(place == i)
            if not len(rows):
                continue
            none, all_ = np.zeros(len(rows)), np.ones(len(rows))
            if self.is_upper:
                parts.append((rows, group, none, group.up_to(bounds[rows])))
            else:
                parts.append((rows, group, group.below(bounds[rows]), all_))
        return parts
