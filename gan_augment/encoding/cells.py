"""One column of plain numbers or level codes <-> its cells in the encoded row.

Both kinds of column work in two stages. ``quantize`` maps values to small integer
codes, once for a table; ``dequantize`` maps codes to the cells that a network sees,
anew for every batch, because the encoding of tied values is random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from gan_augment.encoding.arrays import check_array_of
from gan_augment.encoding.interpolation import interpolate

# Ends of the uniform scale that are cut off, so that a normal score stays within 3.1:
# the most extreme thousandth of a column is one lump to the network.
TAIL = 1e-3
# Steps of the uniform scale that a column resolves; the rest is interpolated.
RESOLUTION = 4096


@dataclass(eq=False)
class RankCells:
    """An ordered column as one normal score: randomised probability integral transform.

    With ``F`` the weighted distribution function of the training values, a value ``v``
    becomes ``ndtri(u)`` with ``u`` uniform on ``[F(v-), F(v)]``. Ties, atoms, whole
    numbers and skew all turn into a standard normal number, and the inverse gives
    back atoms exactly and bounds by construction. The random part is the
    distributional transform of Rueschendorf (2009), doi:10.1016/j.jspi.2009.05.030.

    Missing values add two cells, present and missing, and a score of 0.

    Parameters
    ----------
    distinct : ndarray of shape (n_distinct,)
        Training values that the scale resolves, ascending.
    edges : ndarray of shape (n_distinct + 1,)
        Distribution function before the first value and after each one.
    heavy : ndarray of shape (n_distinct,), dtype=bool
        Which values are atoms, given back as they are. Between the others the
        inverse interpolates.
    nullable : bool
        Whether missing values were seen.
    alike : tuple of int, default=(0, 0)
        Half-open range of positions in `distinct` that a network is to see as one
        value: each is spread over the scale of all of them, and they come back equally
        often.
    """

    distinct: np.ndarray
    edges: np.ndarray
    heavy: np.ndarray
    nullable: bool
    alike: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        check_array_of(self.distinct, "distinct", (-1,))
        check_array_of(self.edges, "edges", (len(self.distinct) + 1,), "f")
        check_array_of(self.heavy, "heavy", self.distinct.shape, "b")
        for name in ("distinct", "edges"):
            if (np.diff(getattr(self, name)) < 0).any():
                raise ValueError(f"`{name}` must ascend.")
        self._knots = self._interpolation_knots()
        first, stop = self.alike
        if not 0 <= first <= stop <= len(self.distinct):
            raise ValueError(
                f"{self.alike} is no range of {len(self.distinct)} values."
            )
        self._low, self._high = self.edges[:-1].copy(), self.edges[1:].copy()
        self._low[first:stop], self._high[first:stop] = self.edges[[first, stop]]

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        weights: np.ndarray,
        *,
        atoms_only: bool = False,
        alike: tuple[int, int] = (0, 0),
    ) -> RankCells:
        """Fit to values (NaN where missing) with the weight of each row."""
        missing = np.isnan(values)
        distinct, inverse, counts = np.unique(
            values[~missing], return_inverse=True, return_counts=True
        )
        if not len(distinct):
            return cls(
                distinct, np.zeros(1), np.zeros(0, dtype=bool), bool(len(values))
            )
        mass = np.cumsum(np.bincount(inverse, weights[~missing]))
        edges = np.concatenate([[0.0], mass / mass[-1]])
        # Few repeats in many rows are rounding, not an atom of the distribution.
        heavy = counts >= max(3, 0.002 * len(values))
        if atoms_only:
            heavy[:] = True
        elif len(distinct) > RESOLUTION:
            keep = heavy | (np.diff(np.floor(edges * RESOLUTION)) > 0)
            keep[:-1] |= heavy[1:]  # an atom keeps its own mass, not its neighbours'
            keep[[0, -1]] = True
            distinct, heavy = distinct[keep], heavy[keep]
            edges = np.concatenate([[0.0], edges[1:][keep]])
        return cls(distinct, edges, heavy, bool(missing.any()), alike)

    @property
    def constant(self) -> bool:
        """Whether there is nothing to learn about the present values."""
        return len(self.distinct) < 2

    @property
    def width(self) -> int:
        """Number of cells: a score unless constant, and two when nullable."""
        if not len(self.distinct):
            return 0
        return (0 if self.constant else 1) + (2 if self.nullable else 0)

    def quantize(self, values: np.ndarray) -> np.ndarray:
        """Position of each value among the training values, -1 where missing."""
        missing = np.isnan(values)
        codes = np.searchsorted(self.distinct, np.where(missing, 0.0, values))
        codes = np.minimum(codes, max(len(self.distinct) - 1, 0))
        return np.where(missing, -1, codes).astype(np.int32)

    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Cells of shape (n_rows, width) for each code; without `rng`, mid-ranks."""
        cells = np.zeros((len(codes), self.width), dtype=np.float32)
        present = codes >= 0
        if not self.constant:
            known = np.maximum(codes, 0)
            low, high = self._low[known], self._high[known]
            u = low + (high - low) * (0.5 if rng is None else rng.random(len(codes)))
            cells[:, 0] = np.where(present, ndtri(np.clip(u, TAIL, 1 - TAIL)), 0.0)
        if self.nullable and self.width:
            cells[:, -2], cells[:, -1] = present, ~present
        return cells

    def restore(self, cells: np.ndarray) -> np.ndarray:
        """Values for cells of shape (n_rows, width), NaN where missing."""
        if not len(self.distinct):
            return np.full(len(cells), np.nan)
        missing = np.zeros(len(cells), dtype=bool)
        if self.nullable:
            missing = cells[:, -1] > cells[:, -2]
        if self.constant:
            values = np.full(len(cells), self.distinct[0])
        else:
            u = ndtr(cells[:, 0].astype(np.float64))
            values = interpolate(u, *self._knots)
            self._spread_alike(u, missing, values)
        values[missing] = np.nan
        return values

    def _spread_alike(
        self, u: np.ndarray, missing: np.ndarray, values: np.ndarray
    ) -> None:
        """Give every one of the values that are alike equally often, in place.

        By their order within these rows: an identifier that came back more often than
        others would tell a synthetic row.
        """
        first, stop = self.alike
        if first == stop:
            return
        low, high = self.edges[[first, stop]]
        among = np.flatnonzero((u > low) & (u < high) & ~missing)
        among = among[np.argsort(u[among], kind="stable")]
        share = (np.arange(len(among)) + (u[among] - low) / (high - low)) / len(among)
        positions = first + (share * (stop - first)).astype(np.intp)
        values[among] = self.distinct[np.minimum(positions, stop - 1)]

    def _interpolation_knots(self) -> tuple[np.ndarray, np.ndarray]:
        """Knots of the inverse: flat over an atom, linear between light values.

        A light value owns one knot in the middle of its mass. Beside an atom and at
        the ends it owns the edge too, so that nothing is made up in the gap.
        """
        left, right = self.edges[:-1], self.edges[1:]
        middle = (left + right) / 2
        beside_left = np.concatenate([[True], self.heavy])[: len(self.heavy)]
        beside_right = np.concatenate([self.heavy, [True]])[1:]
        low = np.where(self.heavy | beside_left, left, middle)
        high = np.where(self.heavy | beside_right, right, middle)
        return np.column_stack([low, high]).ravel(), np.repeat(self.distinct, 2)


@dataclass(eq=False)
class OneHotCells:
    """A column of level codes as a one-hot span; missing is one level more.

    Parameters
    ----------
    n_levels : int
        Number of levels seen in training.
    nullable : bool
        Whether missing values were seen.
    """

    n_levels: int
    nullable: bool

    def __post_init__(self) -> None:
        if self.n_levels < 0:
            raise ValueError(f"`n_levels` must be at least 0. Got {self.n_levels}.")

    @property
    def constant(self) -> bool:
        """Whether there is nothing to learn."""
        return self.n_levels + self.nullable < 2

    @property
    def width(self) -> int:
        """Number of cells: one a level, none when constant."""
        return 0 if self.constant else self.n_levels + self.nullable

    def quantize(self, codes: np.ndarray) -> np.ndarray:
        """The codes themselves, -1 where missing."""
        return np.nan_to_num(codes, nan=-1.0).astype(np.int32)

    def dequantize(
        self, codes: np.ndarray, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Cells of shape (n_rows, width) for each code; nothing is random here."""
        cells = np.zeros((len(codes), self.width), dtype=np.float32)
        if self.width:
            # The code -1, missing, addresses the last cell.
            cells[np.arange(len(codes)), codes] = 1.0
        return cells

    def restore(self, cells: np.ndarray) -> np.ndarray:
        """Level codes for cells of shape (n_rows, width), NaN where missing."""
        if self.constant:
            return np.full(len(cells), 0.0 if self.n_levels else np.nan)
        codes = cells.argmax(axis=1)
        return np.where(codes >= self.n_levels, np.nan, codes)
