"""Draw until the rules are kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import stack_rows, to_frame
from gan_augment.tables.rules.rules import Rules

# Rounds in which rows that break a rule are drawn again.
MAX_ROUNDS = 8


def keep_rules(rows: Any, rules: Rules, draw: Callable[[np.ndarray], Any]) -> Any:
    """Draw rows that break a rule again.

    Parameters
    ----------
    rows : {DataFrame, ndarray, sparse matrix} of shape (n_rows, n_features)
        Synthetic rows.
    rules : Rules
        The fitted rules.
    draw : callable
        Gives other rows for an array of positions.

    Returns
    -------
    rows : {DataFrame, ndarray, sparse matrix} of shape (n_rows, n_features)
        The rows. Where some still break a rule after eight rounds, a warning names it.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.tables.rules import Rules, keep_rules
    >>> rng = np.random.default_rng(0)
    >>> net = rng.integers(10, 500, 1000)
    >>> frame = pd.DataFrame({"net": net, "gross": net + rng.integers(0, 99, 1000)})
    >>> rules = Rules().fit(frame)
    >>> synthetic = pd.DataFrame({"net": [10, 30], "gross": [20, 20]})
    >>> kept = keep_rules(synthetic, rules, lambda rows: frame.iloc[rows])
    >>> rules.violations(kept)
    array([False, False])
    """
    order = np.arange(np.shape(rows)[0])
    parts, n_drawn = [rows], len(order)
    broken = np.flatnonzero(rules.violations(to_frame(rows)))
    compares_rows = bool(rules.between_rows())
    for _ in range(MAX_ROUNDS):
        if not len(broken):
            break
        parts.append(draw(broken))
        order[broken] = n_drawn + np.arange(len(broken))
        n_drawn += len(broken)
        if compares_rows:
            whole = to_frame(_safe_indexing(stack_rows(parts), order))
            broken = np.flatnonzero(rules.violations(whole))
        else:
            broken = broken[rules.violations(to_frame(parts[-1]))]
    if len(parts) > 1:
        rows = _safe_indexing(stack_rows(parts), order)
        if hasattr(rows, "reset_index"):
            rows = rows.reset_index(drop=True)
    if len(broken):
        drawn = to_frame(rows)
        names = [str(rule) for rule in rules if rule.violations(drawn).any()]
        warnings.warn(
            f"{len(broken)} of {len(order)} rows break a rule after {MAX_ROUNDS} "
            f"rounds of drawing: {names}. Leave these rules out.",
            UserWarning,
            stacklevel=4,
        )
    return rows
