"""Let no synthetic row break a rule that every real row keeps."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import _safe_indexing

from gan_augment.encoding.container import Container, to_frame
from gan_augment.encoding.rows import RealRows
from gan_augment.gans.base import Synthesizer
from gan_augment.over_sampling.refinement import Refinement
from gan_augment.tables.rules import Rules


class KeptRules(Refinement):
    """Repair rows that break a rule, and drop those that cannot be repaired.

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
        self.rules_ = Rules.of(known if takes_over else self.rules, real.frame)
        self._container = Container.of(real.X)
        return self

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Repair the rows, and drop those that still break a rule."""
        if not self.rules_:
            return X
        frame = to_frame(X)
        if self.rules_.violations(frame).any():
            frame = self.rules_.repair(frame, rng)
            columns = [frame[name] for name in frame]
            X = self._container.build(columns, len(frame))
        return _safe_indexing(X, np.flatnonzero(~self.rules_.violations(frame)))
