"""Which drawn rows to accept, by the odds that boosted trees give them of being real.

A network learns the edges and gaps of a distribution slowly, and boosted trees in
seconds. So trees learn to distinguish the rows of a trained generator from real ones,
and rows are accepted in proportion to their odds of being real (discriminator rejection
sampling: Azadi et al. 2019, arXiv:1810.06758), as far as a number of candidates allows
(optimal budgeted rejection sampling: Verine et al. 2024, arXiv:2311.00460).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.tree import DecisionTreeRegressor

from gan_augment.encoding.arrays import check_array_of
from gan_augment.seeding import draw_seed

# Trees are added until the logarithmic loss on a part of the rows that none of them has
# learned from has not fallen for so many trees.
MOST_TREES, PATIENCE, HELD_OUT = 300, 30, 0.1
DEPTH = 5
# Shares of the rows that a tree learns from and of the columns that a split compares.
SUBSAMPLE = 0.3
COLUMNS = 0.5
FEWEST_ROWS_OF_LEAF = 20
# Generated rows for each real one that the trees learn from.
GENERATED_PER_REAL = 2
# Beyond every encoded value: where a branch ends before the others.
NEVER = float(np.finfo(np.float32).max)
# Halvings by which a scale is found.
BISECTIONS = 60
# Larger than any odds that trees give.
MOST_ODDS = 1e6

# A row that was refused in so many rounds is drawn once more and taken as it is.
MOST_ROUNDS = 20

# Number of the tree, the boosted trees and what their fit holds -> whether to stop.
Monitor = Callable[[int, Any, dict[str, Any]], bool]


@dataclass(frozen=True)
class Acceptance:
    """Probability of accepting a drawn row.

    Parameters
    ----------
    columns : ndarray of shape (n_trees, 2 ** depth - 1)
        Column that each inner node looks at. The class index is a column after those
        of an encoded row. The children of node ``i`` are ``2 * i + 1`` and, for values
        above the threshold, ``2 * i + 2``.
    thresholds : ndarray of shape (n_trees, 2 ** depth - 1)
        Threshold of each inner node.
    log_odds : ndarray of shape (n_trees, 2 ** depth)
        What each leaf adds to the logarithm of the odds.
    scales : ndarray of shape (n_classes,)
        What the odds of a row of each class are multiplied by.
    """

    columns: np.ndarray
    thresholds: np.ndarray
    log_odds: np.ndarray
    scales: np.ndarray

    def probabilities(self, encoded: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Probability of accepting each of these encoded rows, given its class."""
        odds = np.exp(self.logits(encoded, classes))
        return np.minimum(odds * self.scales[classes], 1.0)

    def check(self, n_columns: int, n_classes: int) -> None:
        """Raise a ValueError if rows of this width and these classes do not fit."""
        n_trees = len(self.log_odds)
        n_inner = self.log_odds.shape[1] - 1
        check_array_of(self.log_odds, "log_odds", (n_trees, 2**DEPTH), "f")
        check_array_of(self.columns, "columns", (n_trees, n_inner), "iu")
        check_array_of(self.thresholds, "thresholds", (n_trees, n_inner), "f")
        check_array_of(self.scales, "scales", (n_classes,), "f")
        if self.columns.size and not 0 <= self.columns.min() <= self.columns.max() <= (
            n_columns
        ):
            raise ValueError(
                f"`columns` must be from 0 to {n_columns}. Got "
                f"{self.columns.min()} to {self.columns.max()}."
            )

    def logits(self, encoded: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Logarithm of the odds of being real of encoded rows, given their classes."""
        table = with_class(encoded, classes)
        # Cells of the flat table: numpy's take is twice as fast as two indices.
        cells, first = table.ravel(), np.arange(len(table)) * table.shape[1]
        total = np.zeros(len(table))
        for columns, thresholds, log_odds in zip(
            self.columns, self.thresholds, self.log_odds, strict=True
        ):
            node = np.zeros(len(table), dtype=np.intp)
            for _ in range(DEPTH):
                values = cells.take(first + columns.take(node))
                node = 2 * node + 1 + (values > thresholds.take(node))
            total += log_odds.take(node - len(columns))
        return total


def learn_acceptance(
    real: np.ndarray,
    classes: np.ndarray,
    generated: np.ndarray,
    generated_classes: np.ndarray,
    *,
    n_candidates: int,
    rng: np.random.Generator,
    on_tree: Monitor | None = None,
) -> Acceptance:
    """Let trees distinguish rows, and scale their odds to a number of candidates.

    Parameters
    ----------
    real : ndarray of shape (n_rows, n_columns)
        Encoded real rows.
    classes : ndarray of shape (n_rows,)
        Their class indices.
    generated : ndarray of shape (n_generated, n_columns)
        Encoded rows of the generator, the classes as common as in `classes`.
    generated_classes : ndarray of shape (n_generated,)
        Their class indices.
    n_candidates : int
        Number of rows to draw for each accepted one, in the mean of each class.
    rng : numpy.random.Generator
        Source of randomness.
    on_tree : callable, default=None
        Called after each tree, as `monitor` of
        :meth:`sklearn.ensemble.GradientBoostingClassifier.fit`.

    Returns
    -------
    acceptance : Acceptance
        What the trees learned.
    """
    rows = np.concatenate(
        [with_class(real, classes), with_class(generated, generated_classes)]
    )
    is_real = np.arange(len(rows)) < len(real)
    trees = GradientBoostingClassifier(
        n_estimators=MOST_TREES,
        # Of a handful of rows none can be held out.
        n_iter_no_change=PATIENCE if HELD_OUT * len(rows) > 1 else None,
        validation_fraction=HELD_OUT,
        tol=0,
        max_depth=DEPTH,
        subsample=SUBSAMPLE,
        max_features=COLUMNS,
        min_samples_leaf=FEWEST_ROWS_OF_LEAF,
        random_state=draw_seed(rng),
    ).fit(rows, is_real, monitor=on_tree)
    complete = [_completed(tree) for tree in trees.estimators_[:, 0]]
    columns, thresholds, leaves = map(np.stack, zip(*complete, strict=True))
    found = Acceptance(
        columns,
        thresholds,
        trees.learning_rate * leaves,
        np.ones(int(classes.max()) + 1),
    )
    odds = np.exp(found.logits(generated, generated_classes))
    for label in range(len(found.scales)):
        found.scales[label] = _scale_of(
            odds[generated_classes == label], 1 / n_candidates
        )
    return found


def draw_accepted(
    draw: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    acceptance: Acceptance,
    classes: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw rows until all are accepted.

    Parameters
    ----------
    draw : callable
        Class indices and a source of randomness -> as many encoded rows.
    acceptance : Acceptance
        Which of these to accept.
    classes : ndarray of shape (n_rows,)
        Class indices.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    rows : ndarray of shape (n_rows, n_columns)
        Encoded rows. A row that no draw was accepted for is the last one drawn.
    """
    rows = draw(classes, rng)
    refused = np.arange(len(classes))
    for _ in range(MOST_ROUNDS):
        probabilities = acceptance.probabilities(rows[refused], classes[refused])
        refused = refused[rng.random(len(refused)) >= probabilities]
        if not len(refused):
            break
        rows[refused] = draw(classes[refused], rng)
    return rows


def with_class(encoded: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Encoded rows and their class indices as the last column."""
    return np.column_stack([encoded, classes]).astype(np.float32, copy=False)


def _scale_of(odds: np.ndarray, share: float) -> float:
    """What odds are multiplied by so that a share of the rows is accepted."""
    low, high = -np.log(MOST_ODDS), np.log(MOST_ODDS)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        accepted = np.minimum(odds * np.exp(middle), 1.0).mean()
        low, high = (middle, high) if accepted < share else (low, middle)
    return float(np.exp(high))


def _completed(
    regressor: DecisionTreeRegressor,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns, thresholds and leaves of a tree whose branches are all as long."""
    tree = regressor.tree_
    n_inner = 2**DEPTH - 1
    columns = np.zeros(n_inner, dtype=np.int32)
    thresholds = np.full(n_inner, NEVER, dtype=np.float32)
    at = np.zeros(1, dtype=np.intp)
    for depth in range(DEPTH):
        first = 2**depth - 1
        splits = tree.children_left[at] >= 0
        inner = slice(first, first + len(at))
        columns[inner] = np.where(splits, tree.feature[at], 0)
        thresholds[inner] = np.where(splits, tree.threshold[at], NEVER)
        # A leaf is its own child on both sides.
        children = np.stack([tree.children_left[at], tree.children_right[at]], axis=1)
        at = np.where(splits[:, None], children, at[:, None]).ravel()
    return columns, thresholds, tree.value[at, 0, 0].astype(np.float32)
