"""The rules of a table: found, listed, kept."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Set
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from gan_augment.seeding import RandomState, make_rng
from gan_augment.tables.rules.discovery import KINDS, discover
from gan_augment.tables.rules.listing import listed
from gan_augment.tables.rules.predicate import Predicate
from gan_augment.tables.rules.reduction import plan
from gan_augment.tables.rules.rule import Rule

# Rounds of repair: a repaired rule may break another one.
MAX_ROUNDS = 12


class Rules(BaseEstimator):
    """Find rules that every row of a table keeps, and apply them to other rows.

    These kinds of rules are found: one column is at most another one; arithmetic
    between columns, such as a sum or a logarithm, holds within rounding; a level, a
    number or a part of a date, such as the month, determines another column;
    combinations of common levels, missing values included, never occur; no two rows
    have the same values in two columns. A rule is accepted
    only if independent columns would have broken it many times. In a table with many
    columns, not every combination is searched. A sum is searched for among the 64
    columns that are most correlated with it, a product in tables of up to 60 numeric
    columns, two columns that determine a third one among the 24 with most values, and
    combinations of levels among neighbouring columns that have up to 2,048 levels
    together. Synthetic rows can be checked against the rules, and made to keep them.

    Parameters
    ----------
    rules : "auto" or list, default="auto"
        ``"auto"`` finds the rules. A list may hold rules, functions that take a frame
        and return one boolean per row, and ``"auto"`` to add those that are found. With
        an empty list, there are no rules.
    categorical : sequence of object, default=()
        Names of columns whose numbers are levels without an order.

    Attributes
    ----------
    rules_ : list of Rule
        The rules. Each one prints in plain words.
    reduction_ : Reduction
        The change of a table that :meth:`reduce` makes.

    See Also
    --------
    gan_augment.metrics.rule_violations : Compute the share of synthetic rows that break
        a rule.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment import Rules
    >>> rng = np.random.default_rng(0)
    >>> net = rng.integers(10, 500, 1000)
    >>> frame = pd.DataFrame({"net": net, "gross": net + rng.integers(0, 99, 1000)})
    >>> rules = Rules().fit(frame)
    >>> rules
    Rules: 1
      order        net <= gross
    >>> rules.violations(pd.DataFrame({"net": [10, 30], "gross": [20, 20]}))
    array([False,  True])
    """

    def __init__(
        self, rules: Any = "auto", *, categorical: Sequence[Hashable] = ()
    ) -> None:
        self.rules = rules
        self.categorical = categorical

    @classmethod
    def of(
        cls, spec: Any, frame: pd.DataFrame, categorical: Sequence[Hashable] = ()
    ) -> Rules:
        """Fitted rules for what a `rules` parameter may be.

        Parameters
        ----------
        spec : "auto", Rules, list or None
            As the parameter of :class:`Rules`; None stands for no rules. An unfitted
            Rules is fitted; a fitted one is returned unchanged.
        frame : DataFrame
            The real rows.
        categorical : sequence of object, default=()
            Names of columns whose numbers are levels.

        Returns
        -------
        rules : Rules
            The fitted rules.
        """
        if isinstance(spec, Rules):
            return spec if hasattr(spec, "rules_") else clone(spec).fit(frame)
        return cls([] if spec is None else spec, categorical=categorical).fit(frame)

    def fit(self, X: pd.DataFrame, y: Any = None) -> Rules:
        """Find the rules that every row keeps.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Real rows.
        y : object, default=None
            Not used, present for API consistency by convention.

        Returns
        -------
        self : Rules
            The fitted rules.
        """
        rules: list[Rule] = []
        self._found: list[Rule] = []
        for item in self._spec():
            if isinstance(item, str):
                self._found = discover(X, self.categorical)
                rules += self._found
            else:
                rules.append(item if isinstance(item, Rule) else Predicate(item))
        self.rules_ = rules
        self.reduction_ = plan(X, rules)
        return self

    def kept_by(
        self, read: Callable[[Sequence[Hashable]], Iterable[pd.DataFrame]]
    ) -> list[Rule]:
        """Return the rules without those that further real rows break.

        Only rules that :meth:`fit` found are checked. A rule that was given is kept,
        even if real rows break it. A rule that compares rows with each other is
        dropped, because rows that are read in parts cannot prove it.

        Parameters
        ----------
        read : callable
            Function that takes names of columns and returns an iterable of frames of
            these columns: real rows that were not passed to :meth:`fit`. It is called
            once, or not at all if no rule was found.

        Returns
        -------
        rules : list of Rule
            The rules that are left, in their order.
        """
        check_is_fitted(self, "rules_")
        pending = list(self._found)
        broken: set[int] = set()
        if pending:
            names = {name: None for rule in pending for name in rule.columns}
            for frame in read(list(names)):
                broken |= {id(r) for r in pending if _is_broken(r, frame)}
                pending = [rule for rule in pending if id(rule) not in broken]
                if not pending:
                    break
        return [rule for rule in self.rules_ if id(rule) not in broken]

    def violations(self, X: pd.DataFrame) -> np.ndarray:
        """Find the rows that break at least one rule.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Rows.

        Returns
        -------
        mask : ndarray of shape (n_rows,), dtype=bool
            True for a row that breaks a rule.
        """
        check_is_fitted(self, "rules_")
        return _any_broken(self.rules_, X)

    def violations_alone(
        self, X: pd.DataFrame, changed: Set[Hashable] | None = None
    ) -> np.ndarray:
        """Find the rows that break a rule which does not compare rows.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Rows.
        changed : set of column names, default=None
            If given, only the rules that may look at one of these columns are used.

        Returns
        -------
        mask : ndarray of shape (n_rows,), dtype=bool
            True for a row that breaks a rule.
        """
        check_is_fitted(self, "rules_")
        alone = [rule for rule in self.rules_ if not rule.compares_rows]
        if changed is not None:
            alone = [rule for rule in alone if _may_read(rule, changed)]
        return _any_broken(alone, X)

    def between_rows(self) -> list[Rule]:
        """The rules that compare rows with each other."""
        check_is_fitted(self, "rules_")
        return [rule for rule in self.rules_ if rule.compares_rows]

    def repair(self, X: pd.DataFrame, random_state: RandomState = None) -> pd.DataFrame:
        """Repair rows that break a rule, changing as few cells as possible.

        A column that follows from others is computed again. If two columns are in the
        wrong order, the larger one is drawn from rows with a similar smaller one. A
        value that is ruled out is replaced by one that is allowed. A row that cannot be
        repaired, such as one that repeats another row, still breaks a rule:
        :meth:`violations` finds it.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Synthetic rows.
        random_state : int, RandomState instance or None, default=None
            Seed of the drawn values.

        Returns
        -------
        repaired : DataFrame of shape (n_rows, n_columns)
            The rows, in their own dtypes.
        """
        check_is_fitted(self, "rules_")
        rng = make_rng(random_state)
        # What follows from other columns is computed when these are final.
        last_first = [rule for rule in self.rules_[::-1] if not rule.compares_rows]
        frame = X
        broken = [rule.violations(frame) for rule in last_first]
        pending = np.flatnonzero(np.any(broken, axis=0))
        broken = [of_rule[pending] for of_rule in broken]
        for _ in range(MAX_ROUNDS):
            if not len(pending):
                break
            rows = _repaired(last_first, frame.iloc[pending], broken, rng)
            frame = with_rows(frame, pending, rows)
            left = np.any(broken, axis=0)
            pending, broken = pending[left], [of_rule[left] for of_rule in broken]
        return frame

    def reduce(self, X: pd.DataFrame) -> pd.DataFrame:
        """Leave out what follows from the rules, so that a model need not learn it.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Real rows.

        Returns
        -------
        reduced : DataFrame of shape (n_rows, n_kept)
            The rows without the columns that others determine, and with differences in
            place of columns that another one bounds.
        """
        check_is_fitted(self, "reduction_")
        return self.reduction_.reduce(X)

    def expand(self, reduced: pd.DataFrame) -> pd.DataFrame:
        """Undo :meth:`reduce`.

        Parameters
        ----------
        reduced : DataFrame of shape (n_rows, n_kept)
            Reduced rows, real or synthetic.

        Returns
        -------
        X : DataFrame of shape (n_rows, n_columns)
            Rows with all columns; real rows are restored exactly.
        """
        check_is_fitted(self, "reduction_")
        return self.reduction_.expand(reduced)

    def to_frame(self) -> pd.DataFrame:
        """Return the rules as a frame: kind, rule in words, columns and support.

        The support is the number of rows that would break the rule if the columns were
        independent, or in which arithmetic was checked.
        """
        check_is_fitted(self, "rules_")
        return pd.DataFrame(
            [
                (rule.kind, str(rule), list(rule.columns), rule.support)
                for rule in self.rules_
            ],
            columns=["kind", "rule", "columns", "support"],
        )

    def get_state(self) -> dict[str, Any]:
        """What fit learned, as plain values, arrays and :data:`STATE_CLASSES`.

        Raises
        ------
        TypeError
            If a rule is code of the user: a function, or a class that is not in
            :data:`KINDS`.
        """
        check_is_fitted(self, "rules_")
        code = [str(rule) for rule in self.rules_ if type(rule) not in KINDS]
        if code:
            raise TypeError(
                "`rules` must be rules that are found in a table to be saved. Got "
                f"{code}, which are code, and loading a model runs none. Fit without "
                "them, or keep the fitted object in memory."
            )
        return {"rules": self.rules_, "reduction": self.reduction_}

    def set_state(self, state: dict[str, Any]) -> Rules:
        """Restore the state of other rules."""
        self.rules_ = list(state["rules"])
        self._found = []  # known to fit alone
        self.reduction_ = state["reduction"]
        return self

    def _spec(self) -> Iterable[Any]:
        spec = [self.rules] if isinstance(self.rules, str) else self.rules
        valid = isinstance(spec, list | tuple) and all(
            item == "auto" if isinstance(item, str) else _is_rule(item) for item in spec
        )
        if not valid:
            raise ValueError(
                "`rules` must be 'auto' or a list of rules, functions and 'auto'. Got "
                f"{self.rules!r}. A rule of your own is a function of a frame."
            )
        return spec

    def __len__(self) -> int:
        return len(getattr(self, "rules_", ()))

    def __iter__(self) -> Iterator[Rule]:
        return iter(getattr(self, "rules_", ()))

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        if not hasattr(self, "rules_"):
            return super().__repr__(N_CHAR_MAX)
        lines = [f"  {kind:<12} {words}" for kind, words in listed(self.rules_)]
        return "\n".join([f"Rules: {len(self.rules_)}", *lines])

    def _repr_html_(self) -> str:
        if not hasattr(self, "rules_"):
            return f"<pre>{html.escape(repr(self))}</pre>"
        table = self.to_frame()[["kind", "rule", "support"]]
        return table.to_html(index=False, border=0, justify="left")


def _any_broken(rules: Iterable[Rule], frame: pd.DataFrame) -> np.ndarray:
    """Which rows break at least one of these rules."""
    broken = np.zeros(len(frame), dtype=bool)
    for rule in rules:
        broken |= rule.violations(frame)
    return broken


def _repaired(
    rules: Sequence[Rule],
    rows: pd.DataFrame,
    broken: list[np.ndarray],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Rows that each rule has repaired once, one rule after the other.

    `broken` has the rows that break each rule, and is updated in place. A rule is only
    looked at again if one of its columns has changed.
    """
    stale = np.zeros(len(rules), dtype=bool)
    for position, rule in enumerate(rules):
        if stale[position]:
            broken[position] = rule.violations(rows)
            stale[position] = False
        if not broken[position].any():
            continue
        changed = rule.repair(rows, broken[position], rng)
        for name, column in changed.items():
            rows = _with_column(rows, name, column)
        stale |= [_may_read(other, changed.keys()) for other in rules]
    for position in np.flatnonzero(stale).tolist():
        broken[position] = rules[position].violations(rows)
    return rows


def _may_read(rule: Rule, names: Set[Hashable]) -> bool:
    """Whether a rule may look at one of these columns; code of the user's at any."""
    return type(rule) not in KINDS or not names.isdisjoint(rule.columns)


def _is_broken(rule: Rule, frame: pd.DataFrame) -> bool:
    """Whether some rows of a table break a rule, or cannot prove it."""
    return rule.compares_rows or bool(rule.violations(frame).any())


def _is_rule(item: Any) -> bool:
    return isinstance(item, Rule) or (callable(item) and not isinstance(item, type))


def _with_column(
    frame: pd.DataFrame, name: Hashable, column: pd.Series
) -> pd.DataFrame:
    changed = frame.copy(deep=False)
    changed[name] = column
    return changed


def with_rows(
    frame: pd.DataFrame, positions: np.ndarray, rows: pd.DataFrame
) -> pd.DataFrame:
    """A frame with some rows replaced, in its own dtypes."""
    order = np.arange(len(frame))
    order[positions] = len(frame) + np.arange(len(positions))
    joined = pd.concat([frame, rows], ignore_index=True)
    return joined.take(order).set_axis(frame.index).astype(frame.dtypes.to_dict())
