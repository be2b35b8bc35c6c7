"""Let no synthetic row break a rule that every real row keeps."""

from __future__ import annotations

import warnings
from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import Container, row_hashes, to_frame
from gan_augment.encoding.rows import RealRows
from gan_augment.gans.base import Synthesizer
from gan_augment.over_sampling.refinement import Refinement
from gan_augment.tables.rules import Rule, Rules
from gan_augment.tables.rules.keeping import renew, repeat_each_other

# Rows of which hardly any keeps all rules, after which a rule is left out, and the
# share of rows that is hardly any.
MOST_REFUSED, HARDLY_ANY = 100, 0.02


class KeptRules(Refinement):
    """Repair rows that break a rule, and drop those that cannot be repaired.

    If hardly any row keeps all rules that were found, the one that most rows break is
    left out, and a warning names it. That happens where rules follow from each other,
    such as ratios of the same columns, and cannot be repaired one by one.

    Works with any GAN. One that knows the rules, as :class:`~gan_augment.TabularGAN`
    does, breaks none; its rules are taken over rather than found again.

    Parameters
    ----------
    rules : "auto", list, Rules or None, default="auto"
        As in :class:`~gan_augment.tables.rules.Rules`. None stands for no rules.

    Attributes
    ----------
    rules_ : Rules
        The rules.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.over_sampling import KeptRules
    >>> from gan_augment.encoding.rows import RealRows
    >>> rng = np.random.default_rng(0)
    >>> net = rng.integers(10, 500, 1000)
    >>> X = np.column_stack([net, net + rng.integers(0, 99, 1000)])
    >>> kept = KeptRules().fit(RealRows(X), None, None, [])
    >>> rows = kept.refine(np.array([[300, 200], [20, 30]]), 0, 2, rng)
    >>> bool((rows[:, 0] <= rows[:, 1]).all()), rows[1].tolist()
    (True, [20, 30])
    """

    def __init__(self, rules: Any = "auto") -> None:
        self.rules = rules

    def fit(self, real: RealRows, y: Any, gan: Synthesizer, labels: list[Any]) -> Self:
        """Find the rules, unless the GAN has.

        Parameters
        ----------
        real : RealRows
            The real rows.
        y : object
            Not used, for the protocol of refinements.
        gan : estimator
            The fitted GAN.
        labels : list
            Not used, for the protocol of refinements.

        Returns
        -------
        self : KeptRules
            The fitted refinement.
        """
        known = getattr(gan, "rules_", None)
        takes_over = isinstance(self.rules, str) and isinstance(known, Rules)
        # A copy, because those of the GAN stay as they are.
        self.rules_ = copy(Rules.of(known if takes_over else self.rules, real.frame))
        self._container = Container.of(real.X)
        self._n_refused = 0
        return self

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Repair the rows, and drop those that still break a rule."""
        if not self.rules_:
            return X
        frame = to_frame(X)
        broken = self.rules_.violations(frame)
        if broken.any():
            frame = self.rules_.repair(frame, rng)
            columns = [frame[name] for name in frame]
            X = self._container.build(columns, len(frame))
            broken = self.rules_.violations(frame)
        kept = np.flatnonzero(~broken)
        is_hardly_any = len(kept) < HARDLY_ANY * len(frame)
        self._n_refused = self._n_refused + len(frame) if is_hardly_any else 0
        if self._n_refused >= MOST_REFUSED and isinstance(self.rules, str):
            self._leave_out_worst(frame)
            return self.refine(X, label, n_rows, rng)
        return _safe_indexing(X, kept)

    def _leave_out_worst(self, frame: pd.DataFrame) -> None:
        """Leave out the rule that most rows break."""
        rules = list(self.rules_)
        worst = max(rules, key=lambda rule: rule.violations(frame).sum())
        self.rules_.rules_ = [rule for rule in rules if rule is not worst]
        warnings.warn(
            "Hardly any row that the GAN draws keeps all rules of the table, even if "
            f"repaired. The rule that most rows break is left out: {worst}. Pass "
            "rules=None, or a list of the rules that synthetic rows must keep.",
            stacklevel=2,
        )


class NewCombinations(Refinement):
    """Change rows that repeat what no two real rows have in common.

    Where no two real rows have the same patient and visit, a synthetic row has neither
    those of a real row nor those of another synthetic one. A row that repeats one gets
    another patient or visit, and is dropped if hardly any is left. :class:`KeptRules`
    sees to the rows of one draw alone.

    Parameters
    ----------
    kept : KeptRules
        The refinement that knows the rules; fitted before this one.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.encoding.rows import RealRows
    >>> from gan_augment.over_sampling import KeptRules
    >>> from gan_augment.over_sampling.kept_rules import NewCombinations
    >>> from gan_augment.tables.rules import Unique
    >>> X = pd.DataFrame({"patient": ["a", "a", "b"], "visit": [1, 2, 1]})
    >>> kept = KeptRules([Unique(("patient", "visit"))])
    >>> new = NewCombinations(kept.fit(RealRows(X), None, None, []))
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"patient": ["a", "b"], "visit": [1, 3]})
    >>> new.fit(RealRows(X), None, None, []).refine(rows, 0, 2, rng)
      patient  visit
    0       b      2
    1       b      3
    """

    def __init__(self, kept: KeptRules) -> None:
        self.kept = kept

    def fit(self, real: RealRows, y: Any, gan: Synthesizer, labels: list[Any]) -> Self:
        """Remember the combinations of the real rows, as one number each.

        Parameters
        ----------
        real : RealRows
            The real rows.
        y, gan, labels : object
            Not used, for the protocol of refinements.

        Returns
        -------
        self : NewCombinations
            The fitted refinement.
        """
        self._taken: dict[Rule, set[int]] = {
            rule: set(_combinations(rule, real.frame).tolist())
            for rule in self.kept.rules_.between_rows()
        }
        names = {name for rule in self._taken for name in rule.columns}
        self._known = real.frame[[name for name in real.frame if name in names]]
        return self

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Keep the rows whose combinations are new, and remember these."""
        if not self._taken:
            return X
        frame = to_frame(X)
        if self.repeats(frame).any():
            frame = renew(frame, self.kept.rules_, self._repeat, self._known, rng)
            X = Container.of(X).build([frame[name] for name in frame], len(frame))
        is_new = ~self._repeat(frame)
        for rule, taken in self._taken.items():
            taken.update(_combinations(rule, frame[is_new]).tolist())
        return _safe_indexing(X, np.flatnonzero(is_new))

    def repeats(self, X: Any) -> np.ndarray:
        """Which rows have a combination of a real row, or of one that was kept.

        Parameters
        ----------
        X : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to look up.

        Returns
        -------
        mask : ndarray of shape (n_samples,), dtype=bool
            True for a row that repeats one.
        """
        frame = to_frame(X)
        found = np.zeros(len(frame), dtype=bool)
        for rule, taken in self._taken.items():
            complete = frame[list(rule.columns)].notna().all(axis=1).to_numpy()
            hashes = _combinations(rule, frame)
            found |= complete & np.fromiter((h in taken for h in hashes), dtype=bool)
        return found

    def _repeat(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows repeat a combination of those, or of a row before them."""
        return self.repeats(frame) | repeat_each_other(self.kept.rules_, frame)


def _combinations(rule: Rule, frame: pd.DataFrame) -> np.ndarray:
    """One number a row for its values in the columns of a rule."""
    return row_hashes(frame[list(rule.columns)])
