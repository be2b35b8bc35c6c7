"""Find the rules of all kinds that every row of a table keeps."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from gan_augment.tables.rules.beyond import Beyond
from gan_augment.tables.rules.bins import Bins
from gan_augment.tables.rules.calendar import Calendar
from gan_augment.tables.rules.columns import Columns
from gan_augment.tables.rules.decides import Decides
from gan_augment.tables.rules.excludes import Excludes
from gan_augment.tables.rules.formula import Formula
from gan_augment.tables.rules.jointly import Jointly
from gan_augment.tables.rules.linear import Linear
from gan_augment.tables.rules.monotone import Monotone
from gan_augment.tables.rules.order import Order
from gan_augment.tables.rules.product import Product
from gan_augment.tables.rules.ranges import Ranges
from gan_augment.tables.rules.rule import ComputedRule, Rule
from gan_augment.tables.rules.transformed import Transformed
from gan_augment.tables.rules.unique import Unique

# Kinds of rules that are discovered, each given what was found before it.
KINDS: list[type[Rule]] = [
    Linear,
    Product,
    Transformed,
    Formula,
    Bins,
    Calendar,
    Decides,
    Monotone,
    Jointly,
    Order,
    Ranges,
    Excludes,
    Beyond,
    Unique,
]
# Rows that rules are found in.
MOST_ROWS = 50_000
# Fewer rows bear nothing out.
FEWEST_ROWS = 30


def discover(frame: pd.DataFrame, categorical: Sequence[Hashable] = ()) -> list[Rule]:
    """Find the rules of all :data:`KINDS` that every row keeps.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Real rows.
    categorical : sequence of object, default=()
        Names of columns whose numbers are levels.

    Returns
    -------
    rules : list of Rule
        By kind; empty for fewer than 30 different rows. Of a large table, those that
        about 50,000 of its rows suggest and all rows keep.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.tables.rules import discover
    >>> rng = np.random.default_rng(0)
    >>> net = rng.integers(10, 500, 1000)
    >>> frame = pd.DataFrame({"net": net, "gross": net + rng.integers(0, 99, 1000)})
    >>> [str(rule) for rule in discover(frame)]
    ['net <= gross']
    """
    if len(frame) < FEWEST_ROWS or frame.shape[1] < 2:
        return []
    if len(frame) > MOST_ROWS:
        return _discover_in_part(frame, categorical)
    return _discover_in_all(frame, categorical)


def _discover_in_part(
    frame: pd.DataFrame, categorical: Sequence[Hashable]
) -> list[Rule]:
    """Rules that a part of the rows suggests and all rows keep.

    To the part belongs a row of everything that decides another column in the others,
    however rare: what a rule does not know it computes wrongly.
    """
    part = np.sort(np.random.default_rng(0).permutation(len(frame))[:MOST_ROWS])
    while True:
        suggested = _discover_in_all(frame.iloc[part], categorical)
        kept = [rule for rule in suggested if not rule.violations(frame).any()]
        new = [_first_unknown(r, frame) for r in kept if isinstance(r, ComputedRule)]
        larger = np.unique(np.concatenate([part, *new]))
        if len(larger) == len(part):
            return kept
        part = larger


def _first_unknown(rule: ComputedRule, frame: pd.DataFrame) -> np.ndarray:
    """Positions of a row with each of the sources that a rule does not know."""
    positions = np.flatnonzero(rule.unknown(frame))
    repeated = frame.iloc[positions][list(rule.sources)].duplicated()
    return positions[~repeated.to_numpy()]


def _discover_in_all(
    frame: pd.DataFrame, categorical: Sequence[Hashable]
) -> list[Rule]:
    """Rules of all kinds that every row keeps."""
    table = Columns.of(frame, categorical)
    if table.n_rows < FEWEST_ROWS:
        return []
    found: list[Rule] = []
    for kind in KINDS:
        found += kind.find(table, found)
    ranges = [rule for rule in found if isinstance(rule, Beyond)]
    return [rule for rule in found if not any(r.implies(rule) for r in ranges)]
