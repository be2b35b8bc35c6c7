"""Draw until the rules are kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import Container, stack_rows, to_frame
from gan_augment.seeding import RandomState, make_rng
from gan_augment.tables.rules.rules import Rules, with_rows

# Rounds in which rows that break a rule are drawn again.
MAX_ROUNDS = 8
# Rounds in which rows that repeat a combination get another value.
MAX_CHANGES = 100
# Changes in a row that mend no row, after which hardly any other value is left.
MOST_FUTILE = 20
# Whole numbers between the smallest and the largest key, among which free ones are
# found. Where there are more, hardly any drawn row repeats one.
MOST_FREE_KEYS = 10_000_000

_dropped_later: ContextVar[bool] = ContextVar("dropped_later", default=False)


@contextmanager
def dropping_later(is_so: bool = True) -> Iterator[None]:
    """Do not warn of rows that break a rule, because the caller drops them.

    Parameters
    ----------
    is_so : bool, default=True
        Whether the caller does.
    """
    token = _dropped_later.set(is_so)
    try:
        yield
    finally:
        _dropped_later.reset(token)


def keep_rules(
    rows: Any,
    rules: Rules,
    draw: Callable[[np.ndarray], Any],
    random_state: RandomState = None,
) -> Any:
    """Draw rows that break a rule again.

    A row that then still repeats another one in columns in which no two rows may be the
    same gets another value in one of these columns.

    Parameters
    ----------
    rows : {DataFrame, ndarray, sparse matrix} of shape (n_rows, n_features)
        Synthetic rows.
    rules : Rules
        The fitted rules.
    draw : callable
        Gives other rows for an array of positions.
    random_state : int, RandomState instance or None, default=None
        Source of values that rows get.

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
    if len(broken) and compares_rows:
        container, drawn = Container.of(rows), to_frame(rows)
        repeats = partial(repeat_each_other, rules)
        drawn = renew(drawn, rules, repeats, drawn, make_rng(random_state))
        rows = container.build([drawn[name] for name in drawn], len(drawn))
        broken = np.flatnonzero(rules.violations(drawn))
    if len(broken) and not _dropped_later.get():
        drawn = to_frame(rows)
        names = [str(rule) for rule in rules if rule.violations(drawn).any()]
        warnings.warn(
            f"{len(broken)} of {len(order)} rows break a rule after {MAX_ROUNDS} "
            f"rounds of drawing: {names}. Leave these rules out.",
            UserWarning,
            stacklevel=4,
        )
    return rows


def renew(
    frame: pd.DataFrame,
    rules: Rules,
    repeats: Callable[[pd.DataFrame], np.ndarray],
    known: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Change one value of rows that repeat a combination no two rows may share.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Synthetic rows.
    rules : Rules
        The fitted rules. No change breaks one.
    repeats : callable
        Gives one boolean a row of a frame: whether it repeats a combination.
    known : DataFrame
        Rows whose values are drawn from.
    rng : Generator
        Source of the values.

    Returns
    -------
    frame : DataFrame of shape (n_rows, n_columns)
        The rows. Some still repeat a combination if hardly any other is left.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.tables.rules import Rules, Unique
    >>> from gan_augment.tables.rules.keeping import renew
    >>> rule = Unique(("patient", "visit"))
    >>> frame = pd.DataFrame({"patient": ["a", "a", "b"], "visit": [1, 1, 2]})
    >>> rules = Rules([rule]).fit(frame)
    >>> rng = np.random.default_rng(0)
    >>> renewed = renew(frame, rules, rule.violations, frame, rng)
    >>> bool(rule.violations(renewed).any())
    False
    """
    between = rules.between_rows()
    names = list(dict.fromkeys(name for rule in between for name in rule.columns))
    keys = {rule.columns[0] for rule in between if len(rule.columns) == 1}
    values = {name: _values_of(known[name], name in keys) for name in names}
    names = [name for name in names if len(values[name])]
    n_left, n_futile = len(frame) + 1, 0
    for _ in range(MAX_CHANGES):
        pending = np.flatnonzero(repeats(frame))
        n_futile = 0 if len(pending) < n_left else n_futile + 1
        n_left = len(pending)
        if not n_left or not names or n_futile >= MOST_FUTILE:
            break
        rows = frame.iloc[pending].copy()
        name = names[rng.integers(len(names))]
        drawn = values[name].iloc[rng.integers(len(values[name]), size=len(rows))]
        rows[name] = drawn.astype(frame[name].dtype).set_axis(rows.index)
        kept = ~rules.violations_alone(rows, {name})
        frame = with_rows(frame, pending[kept], rows[kept])
    return frame


def _values_of(known: pd.Series, is_key: bool) -> pd.Series:
    """Values that a column may get.

    A column without equal values in two rows, a key, gets a whole number that lies
    between the known ones. A key that is not a whole number gets none, nor does one
    with too many numbers between the smallest and the largest to list them.
    """
    different = known.dropna().drop_duplicates()
    if not is_key:
        return different
    if not pd.api.types.is_integer_dtype(known.dtype) or len(different) < 2:
        return different.head(0)
    taken = np.sort(different.to_numpy(dtype=np.int64))
    step = int(np.gcd.reduce(np.diff(taken)))
    low, high = int(taken[0]), int(taken[-1])
    n_steps = (high - low) // step
    if n_steps > MOST_FREE_KEYS:
        return different.head(0)
    is_free = np.ones(n_steps + 1, dtype=bool)
    is_free[(taken - low) // step] = False
    return pd.Series(low + step * np.flatnonzero(is_free)).astype(known.dtype)


def repeat_each_other(rules: Rules, frame: pd.DataFrame) -> np.ndarray:
    """Rows that repeat an earlier one in what no two rows may share.

    At least one rule must compare rows.
    """
    between = rules.between_rows()
    return np.any([rule.violations(frame) for rule in between], axis=0)
