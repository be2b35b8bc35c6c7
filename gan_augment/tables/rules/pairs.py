"""How often two levels of two columns are together, and what that is evidence of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Share of rows of which each may alone break a rule that would be found without it.
UNSEEN = 0.001
# Such rows that are looked at, those with the most evidence for the rule.
MOST_SINGLE = 1000


@dataclass(eq=False)
class PairCounts:
    """Counts of all pairs of levels of all columns, in a matrix of blocks.

    Parameters
    ----------
    starts : ndarray of shape (n_columns + 1,)
        Where the levels of each column begin.
    cells : ndarray of shape (n_rows, n_levels)
        1 where a row has a level.
    counts : ndarray of shape (n_levels, n_levels)
        Rows that have both levels.
    totals : ndarray of shape (n_levels,)
        Rows of each level.
    expected : ndarray of shape (n_levels, n_levels)
        Rows that would have both if the columns were independent.
    needed : float
        Expected violations from which a rule is no chance.
    """

    starts: np.ndarray
    cells: np.ndarray
    counts: np.ndarray
    totals: np.ndarray
    expected: np.ndarray
    needed: float

    @classmethod
    def of(
        cls, codes: list[np.ndarray], starts: np.ndarray, needed: float
    ) -> PairCounts:
        """Count rows, given the code of each one's level in each column."""
        n_rows = len(codes[0]) if codes else 0
        cells = np.zeros((n_rows, starts[-1]), dtype=np.float32)
        for own, start in zip(codes, starts[:-1], strict=True):
            cells[np.arange(n_rows), start + own] = 1.0
        counts = (cells.T @ cells).astype(np.int64)
        totals = np.diag(counts).copy()
        expected = np.outer(totals, totals) / max(n_rows, 1)
        return cls(starts, cells, counts, totals, expected, needed)

    def block(self, j: int) -> slice:
        """The levels of a column."""
        return slice(self.starts[j], self.starts[j + 1])

    def needed_to_decide(self, best: np.ndarray) -> float:
        """Evidence for a value decided, above that of levels that one row spoils."""
        x, j = np.nonzero((best == self.totals[:, None] - 1) & (best >= self.needed))
        spoiled: list[tuple[float, int, int]] = []
        for x_, j_ in zip(x.tolist(), j.tolist(), strict=True):
            block = self.block(j_)
            v = block.start + int(self.counts[x_, block].argmax())
            gain = float(self.totals[x_] - 1 - self.expected[x_, v])
            if gain >= self.needed and not block.start <= x_ < block.stop:
                spoiled.append((gain, x_, v))
        spoiled = sorted(spoiled, reverse=True)[:MOST_SINGLE]
        alone = [
            (gain, int((self.cells[:, x_] * (1 - self.cells[:, v])).argmax()))
            for gain, x_, v in spoiled
        ]
        return self._raised(alone, self.needed)

    def needed_to_exclude(self, times: float) -> float:
        """Evidence for values ruled out, above that of cells of a single row."""
        needed = times * self.needed
        x, v = np.nonzero(np.triu((self.counts == 1) & (self.expected >= needed)))
        order = np.argsort(-self.expected[x, v])[:MOST_SINGLE]
        alone = [
            (
                float(self.expected[x_, v_]),
                int((self.cells[:, x_] * self.cells[:, v_]).argmax()),
            )
            for x_, v_ in zip(x[order], v[order], strict=True)
        ]
        return self._raised(alone, needed)

    def _raised(self, alone: list[tuple[float, int]], needed: float) -> float:
        """Evidence that a rule needs so that unseen rows hardly break one.

        A row that alone breaks a rule hides it: without the row it would be found, and
        the row would break it. So the share of such rows is what unseen rows would
        break (Good, "The population frequencies of species", Biometrika 1953).

        Parameters
        ----------
        alone : list of tuple of float and int
            Evidence for each rule that one row breaks, and that row.
        needed : float
            Evidence that a rule needs at least.

        Returns
        -------
        evidence : float
            At least `needed`, and above that of all but a few of these rows.
        """
        rows: set[int] = set()
        for evidence, row in sorted(alone, reverse=True):
            rows.add(row)
            if len(rows) > max(1, int(UNSEEN * len(self.cells))):
                return float(np.nextafter(evidence, np.inf))
        return needed
