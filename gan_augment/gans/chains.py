"""Chains of trees that draw encoded rows, one column after the other.

The tree of a column finds the real rows of a class that resemble the cells drawn so
far, and the next cell is drawn from theirs (sequential trees: Reiter 2005, "Using CART
to generate partially synthetic public use microdata", Journal of Official Statistics
21; Nowok et al. 2016, doi:10.18637/jss.v074.i11). Several chains, each in an order of
its own, draw a part of the rows each, because every order represents something badly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from gan_augment.encoding.arrays import check_array_of
from gan_augment.encoding.schema import Span
from gan_augment.seeding import draw_seed

# Most rows that trees learn from, and most cells of these rows.
MOST_ROWS, MOST_CELLS = 20_000, 1_000_000
# Cells that a tree learns from at most: those that its target is most correlated with.
MOST_INPUTS = 64
# Stands for the deviation of a cell that is constant.
TINY = 1e-6
# Stands for the column of a node that is a leaf.
LEAF = -1

Encode = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Chains:
    """Trees for each chain, class and column, one after the other in flat arrays.

    Parameters
    ----------
    order : ndarray of shape (n_chains, n_spans)
        Spans of the encoded row in the order in which each chain draws them.
    roots : ndarray of shape (n_chains, n_classes, n_spans)
        First node of each tree, in the order of the chain.
    columns : ndarray of shape (n_nodes,)
        Cell of the encoded row that each inner node looks at; -1 of a leaf. The child
        for values up to the threshold is the next node.
    thresholds : ndarray of shape (n_nodes,)
        Threshold of each inner node.
    above : ndarray of shape (n_nodes,)
        Child for values above the threshold.
    first : ndarray of shape (n_nodes + 1,)
        Where the values of each leaf begin.
    values : ndarray of shape (n_values,)
        Values of the leaves' rows, sorted: of a one-hot span the positions of the ones,
        of a scalar its values, each moved by up to half of the way to its neighbours
        in the leaf, so that nobody finds the row that a value is of.
    """

    order: np.ndarray
    roots: np.ndarray
    columns: np.ndarray
    thresholds: np.ndarray
    above: np.ndarray
    first: np.ndarray
    values: np.ndarray

    def draw(
        self, classes: np.ndarray, schema: Sequence[Span], rng: np.random.Generator
    ) -> np.ndarray:
        """Draw an encoded row for each class index.

        Parameters
        ----------
        classes : ndarray of shape (n_rows,)
            Class indices.
        schema : sequence of Span
            Layout of an encoded row.
        rng : numpy.random.Generator
            Source of the draws.

        Returns
        -------
        rows : ndarray of shape (n_rows, width), dtype=float32
            Encoded rows.
        """
        width = max(span.stop for span in schema)
        rows = np.zeros((len(classes), width), dtype=np.float32)
        chain_of = rng.integers(len(self.order), size=len(classes))
        for chain, order in enumerate(self.order):
            chosen = np.flatnonzero(chain_of == chain)
            part = np.zeros((len(chosen), width), dtype=np.float32)
            for step, at in enumerate(order):
                roots = self.roots[chain, classes[chosen], step]
                self._draw_span(part, schema[at], self._leaves_of(part, roots), rng)
            rows[chosen] = part
        return rows

    def check(self, schema: Sequence[Span], n_classes: int) -> None:
        """Raise a ValueError if the trees cannot draw rows of this layout."""
        n_spans, n_nodes = len(schema), len(self.columns)
        width = max(span.stop for span in schema)
        check_array_of(self.order, "order", (-1, n_spans), "iu")
        n_chains = len(self.order)
        check_array_of(self.roots, "roots", (n_chains, n_classes, n_spans), "iu")
        check_array_of(self.columns, "columns", (n_nodes,), "i")
        check_array_of(self.thresholds, "thresholds", (n_nodes,), "f")
        check_array_of(self.above, "above", (n_nodes,), "iu")
        check_array_of(self.first, "first", (n_nodes + 1,), "iu")
        check_array_of(self.values, "values", (-1,), "f")
        if not n_chains or (np.sort(self.order, axis=1) != np.arange(n_spans)).any():
            raise ValueError(f"`order` must hold each of {n_spans} spans once a chain.")
        ends = np.append(self.roots.ravel()[1:], n_nodes)
        if self.roots.ravel()[0] != 0 or (ends <= self.roots.ravel()).any():
            raise ValueError(f"`roots` must rise from 0 to less than {n_nodes}.")
        is_leaf = self.columns == LEAF
        end_of_tree = np.repeat(ends, ends - self.roots.ravel())
        nodes = np.flatnonzero(~is_leaf)
        if ((self.columns < LEAF) | (self.columns >= width)).any():
            raise ValueError(f"`columns` must be from {LEAF} to less than {width}.")
        # Children come later in the same tree, so that every path ends.
        above = self.above[nodes]
        if ((above <= nodes + 1) | (above >= end_of_tree[nodes])).any():
            raise ValueError("`above` must hold later nodes of the same tree.")
        counts = np.diff(self.first)
        if (
            self.first[0] != 0
            or self.first[-1] != len(self.values)
            or (counts < is_leaf).any()
        ):
            raise ValueError("`first` must rise, and give every leaf a value.")
        spans = [schema[at] for order in self.order for at in np.tile(order, n_classes)]
        widths = np.array([0 if s.kind == "scalar" else s.width for s in spans])
        of_tree = np.repeat(widths, np.diff(self.first[np.append(0, ends)]))
        levels = of_tree > 0
        if not (
            (self.values[levels] >= 0) & (self.values[levels] < of_tree[levels])
        ).all():
            raise ValueError("`values` of levels must be positions in their span.")

    def _leaves_of(self, rows: np.ndarray, roots: np.ndarray) -> np.ndarray:
        nodes = roots.copy()
        # Cells of the flat rows: numpy's take is twice as fast as two indices.
        cells, first = rows.ravel(), np.arange(len(rows)) * rows.shape[1]
        walking = np.arange(len(rows))
        while len(walking):
            at = nodes.take(walking)
            columns = self.columns.take(at)
            inner = np.flatnonzero(columns != LEAF)
            walking, at = walking.take(inner), at.take(inner)
            values = cells.take(first.take(walking) + columns.take(inner))
            is_above = values > self.thresholds.take(at)
            nodes[walking] = np.where(is_above, self.above.take(at), at + 1)
        return nodes

    def _draw_span(
        self, rows: np.ndarray, span: Span, leaves: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Draw the cells of one span from those of the leaves' rows, in place."""
        first = self.first[leaves]
        n_values = self.first[leaves + 1] - first
        drawn = rng.random(len(rows))
        if span.kind == "one_hot":
            levels = self.values[first + (drawn * n_values).astype(np.intp)]
            rows[np.arange(len(rows)), span.start + levels.astype(np.intp)] = 1
            return
        # Between two neighbours, so that no value need be that of a real row.
        below, part = np.divmod(drawn * (n_values - 1), 1.0)
        low = first + below.astype(np.intp)
        high = np.minimum(low + 1, first + n_values - 1)
        cells = self.values[low] + part * (self.values[high] - self.values[low])
        if span.present_at is not None:
            cells *= rows[:, span.present_at]
        rows[:, span.start] = cells


def learn_chains(
    encode: Encode,
    classes: np.ndarray,
    schema: Sequence[Span],
    *,
    n_chains: int,
    rows_of_leaf: int,
    rng: np.random.Generator,
    on_chain: Callable[[int], bool] = lambda n_learned: False,
) -> Chains:
    """Learn chains of trees from real rows.

    Parameters
    ----------
    encode : callable
        Positions of rows and a source of randomness -> encoded rows.
    classes : ndarray of shape (n_rows,)
        Class index of each row.
    schema : sequence of Span
        Layout of an encoded row.
    n_chains : int
        Number of chains.
    rows_of_leaf : int
        No cell is drawn from fewer real rows, unless the class has fewer in which the
        cell is not missing.
    rng : numpy.random.Generator
        Source of randomness.
    on_chain : callable
        Told after each chain how many there are; what it returns says whether these
        are enough.

    Returns
    -------
    chains : Chains
        The trees.
    """
    n_classes = int(classes.max()) + 1
    most_rows = most_rows_of_trees(max(span.stop for span in schema))
    orders, roots, trees = [], [], _Trees(rows_of_leaf, rng)
    for _ in range(n_chains):
        order = _draw_order(schema, rng)
        orders.append(order)
        for label in range(n_classes):
            rows = rng.permutation(np.flatnonzero(classes == label))[:most_rows]
            encoded = encode(rows, rng)
            roots.append(
                [
                    trees.add(encoded, [schema[i] for i in order[: step + 1]])
                    for step in range(len(order))
                ]
            )
        if on_chain(len(orders)):
            break
    shape = len(orders), n_classes, len(schema)
    return trees.as_chains(np.array(orders), np.array(roots).reshape(shape))


def most_rows_of_trees(width: int) -> int:
    """How many rows trees learn from at most, if a row is encoded in so many cells.

    For a chain these are rows of one class. For the acceptance of drawn rows they are
    real rows of all classes.
    """
    return min(MOST_ROWS, max(MOST_CELLS // width, 1))


def _draw_order(schema: Sequence[Span], rng: np.random.Generator) -> list[int]:
    """An order of the spans, in which a scalar follows what says that it is missing."""
    span_of = {cell: i for i, s in enumerate(schema) for cell in range(s.start, s.stop)}
    order: list[int] = []
    for at in rng.permutation(len(schema)).tolist():
        present_at = schema[at].present_at
        needed = [] if present_at is None else [span_of[present_at]]
        order += [i for i in (*needed, at) if i not in order]
    return order


class _Trees:
    """Trees that are learned one after the other, as the arrays that hold them."""

    def __init__(self, rows_of_leaf: int, rng: np.random.Generator) -> None:
        self._rows_of_leaf = rows_of_leaf
        self._rng = rng
        self._parts: list[tuple[np.ndarray, ...]] = []
        self._n_nodes = 0

    def add(self, encoded: np.ndarray, spans: Sequence[Span]) -> int:
        """Learn the last span from those before; the root of its tree."""
        *known, span = spans
        rows, target = _rows_and_target(encoded, span)
        cells = np.array([c for s in known for c in range(s.start, s.stop)], dtype=int)
        if len(cells) > MOST_INPUTS:
            cells = _most_correlated(rows, cells, span)
        root = self._n_nodes
        columns, thresholds, above, leaves = self._grow(rows[:, cells], target, span)
        is_leaf = columns == LEAF
        columns[~is_leaf] = cells[columns[~is_leaf]]
        above[~is_leaf] += root
        in_order = np.lexsort((target, leaves))
        values, counts = target[in_order], np.bincount(leaves, minlength=len(columns))
        if span.kind == "scalar":
            values = _moved(values, leaves[in_order], self._rng)
        self._parts.append(
            (columns, thresholds, above, counts, values.astype(np.float32))
        )
        self._n_nodes += len(columns)
        return root

    def _grow(
        self, inputs: np.ndarray, target: np.ndarray, span: Span
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Columns, thresholds, upper children of a tree, and the leaf of each row."""
        if not inputs.shape[1] or len(target) < 2 * self._rows_of_leaf:
            leaves = np.zeros(len(target), dtype=np.intp)
            return np.array([LEAF]), np.zeros(1), np.zeros(1, dtype=np.intp), leaves
        kind = (
            DecisionTreeRegressor if span.kind == "scalar" else DecisionTreeClassifier
        )
        fitted = kind(
            min_samples_leaf=self._rows_of_leaf, random_state=draw_seed(self._rng)
        )
        tree = fitted.fit(inputs, target).tree_
        is_leaf = tree.children_left < 0
        return (
            np.where(is_leaf, LEAF, tree.feature),
            np.where(is_leaf, 0.0, tree.threshold),
            np.where(is_leaf, 0, tree.children_right),
            tree.apply(inputs),
        )

    def as_chains(self, order: np.ndarray, roots: np.ndarray) -> Chains:
        """All trees that were added."""
        columns, thresholds, above, counts, values = map(
            np.concatenate, zip(*self._parts, strict=True)
        )
        return Chains(
            order=order.astype(np.int32),
            roots=roots.astype(np.int32),
            columns=columns.astype(np.int32),
            thresholds=thresholds.astype(np.float32),
            above=above.astype(np.int32),
            first=np.append(0, counts.cumsum()).astype(np.int64),
            values=values,
        )


def _rows_and_target(encoded: np.ndarray, span: Span) -> tuple[np.ndarray, np.ndarray]:
    """Rows in which a span is not missing, and its level or value in each."""
    if span.kind == "one_hot":
        return encoded, encoded[:, span.start : span.stop].argmax(axis=1)
    if span.present_at is None:
        return encoded, encoded[:, span.start]
    present = encoded[encoded[:, span.present_at] > 0]
    if not len(present):  # a value that is always missing is drawn as 0
        return np.zeros((1, encoded.shape[1])), np.zeros(1)
    return present, present[:, span.start]


def _most_correlated(rows: np.ndarray, cells: np.ndarray, span: Span) -> np.ndarray:
    """The cells that those of a span are most correlated with, in their order."""
    target = rows[:, span.start : span.stop]
    inputs = rows[:, cells]
    inputs -= inputs.mean(axis=0)
    covariance = np.abs(inputs.T @ (target - target.mean(axis=0)))
    covariance /= np.maximum(target.std(axis=0), TINY)
    correlation = covariance.max(axis=1) / np.maximum(inputs.std(axis=0), TINY)
    return cells[np.sort(np.argsort(correlation)[-MOST_INPUTS:])]


def _moved(
    values: np.ndarray, leaves: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Move sorted values of leaves by up to half of the way to their neighbours."""
    gaps = np.where(leaves[1:] == leaves[:-1], np.diff(values), 0.0)
    below, above = np.append(0.0, gaps), np.append(gaps, 0.0)
    # The first and the last value of a leaf have one neighbour, and move to both sides.
    below, above = (
        np.where(g == 0, other, g) for g, other in ((below, above), (above, below))
    )
    moved = rng.uniform(-0.5, 0.5, len(values))
    return values + moved * np.where(moved < 0, below, above)
