"""How many synthetic rows break a rule that every real row keeps."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gan_augment.encoding.container import to_frame
from gan_augment.seeding import RandomState, make_rng
from gan_augment.tables.rules import Rules

# Share of the real rows that are held out to measure the floor.
HELD_OUT = 0.3


@dataclass(eq=False)
class RuleViolations:
    """What :func:`rule_violations` returns.

    Parameters
    ----------
    share : float
        Share of the synthetic rows that break at least one rule.
    floor : float
        The same share of held-out real rows; NaN if there are none. A value above 0
        means that some of the rules are not true.
    by_rule : DataFrame of shape (n_rules, 5)
        Kind of each rule, the rule in words, its support, the share of the synthetic
        rows that break it, and the share of the rows of `holdout` that break it, NaN
        without `holdout`. The rule that is broken most often comes first.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import rule_violations
    >>> rng = np.random.default_rng(0)
    >>> net = rng.integers(10, 500, 1000)
    >>> real = pd.DataFrame({"net": net, "gross": net + rng.integers(0, 99, 1000)})
    >>> synthetic = pd.DataFrame({"net": [20, 40], "gross": [30, 30]})
    >>> found = rule_violations(real, synthetic, random_state=0)
    >>> float(found.share), len(found.by_rule)
    (0.5, 1)
    """

    share: float
    floor: float
    by_rule: pd.DataFrame

    def __float__(self) -> float:
        return self.share

    def __repr__(self) -> str:
        lines = [
            f"{self.share:.4f} of the rows break a rule; of held-out real rows "
            f"{self.floor:.4f}. Rules: {len(self.by_rule)}"
        ]
        for row in self.by_rule[self.by_rule["share"] > 0].itertuples():
            lines.append(f"  {row.share:.4f}  {row.rule}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = html.escape(repr(self).splitlines()[0])
        return f"<p>{head}</p>" + self.by_rule.to_html(index=False, border=0)


def rule_violations(
    real: Any,
    synthetic: Any,
    rules: Any = None,
    *,
    holdout: Any = None,
    random_state: RandomState = None,
) -> RuleViolations:
    """Compute the share of synthetic rows that break a rule of the real rows.

    A rule is a relation, such as ``net <= gross``, that every real row keeps.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Real rows.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows of any sampler, with the same columns.
    rules : Rules, list or None, default=None
        The rules. If None, find them in the real rows by
        :class:`~gan_augment.tables.rules.Rules`.
    holdout : {DataFrame, array-like} of shape (n_holdout, n_features), default=None
        Other real rows, to measure the floor. If None, the floor is the share of 30 %
        of the real rows that break a rule found in the others, or NaN if `rules` are
        given.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of the real rows that are held out if `holdout` is None.

    Returns
    -------
    result : RuleViolations
        The share, its floor, and the shares by rule.

    Raises
    ------
    ValueError
        If the columns differ, or there is no synthetic row.

    See Also
    --------
    gan_augment.tables.rules.Rules : Find the rules of a table.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import rule_violations
    >>> rng = np.random.default_rng(0)
    >>> net = rng.integers(10, 500, 1000)
    >>> real = pd.DataFrame({"net": net, "gross": net + rng.integers(0, 99, 1000)})
    >>> synthetic = pd.DataFrame({"net": [20, 40, 60, 80], "gross": [30, 30, 80, 80]})
    >>> rule_violations(real, synthetic, random_state=0)
    0.2500 of the rows break a rule; of held-out real rows 0.0000. Rules: 1
      0.2500  net <= gross
    """
    real = to_frame(real)
    judged = {"synthetic": to_frame(synthetic)}
    if holdout is not None:
        judged["holdout"] = to_frame(holdout)
    for name, frame in judged.items():
        if list(real.columns) != list(frame.columns):
            raise ValueError(
                f"`real` and `{name}` must have the same columns in the same order. "
                f"Got {list(real.columns)} and {list(frame.columns)}."
            )
        if len(frame) == 0:
            raise ValueError(f"`{name}` must have at least one row. Got none.")
    found = Rules.of("auto" if rules is None else rules, real)
    by_rule = found.to_frame().drop(columns="columns")
    by_rule["share"], share = _shares(found, judged["synthetic"])
    by_rule["floor"], floor = np.nan, np.nan
    if holdout is not None:
        by_rule["floor"], floor = _shares(found, judged["holdout"])
    elif rules is None:
        floor = _floor(real, random_state)
    by_rule = by_rule.sort_values("share", ascending=False, kind="stable")
    return RuleViolations(share, floor, by_rule.reset_index(drop=True))


def _shares(rules: Rules, frame: pd.DataFrame) -> tuple[list[float], float]:
    """Shares of the rows that break each rule, and of those that break at least one."""
    broken = np.zeros(len(frame), dtype=bool)
    shares = []
    for rule in rules:
        mask = rule.violations(frame)
        shares.append(float(mask.mean()))
        broken |= mask
    return shares, float(broken.mean())


def _floor(real: pd.DataFrame, random_state: RandomState) -> float:
    order = make_rng(random_state).permutation(len(real))
    n_held_out = int(HELD_OUT * len(real))
    if not n_held_out:
        return float("nan")
    held_out, others = (
        real.iloc[np.sort(rows)].reset_index(drop=True)
        for rows in (order[:n_held_out], order[n_held_out:])
    )
    return float(Rules().fit(others).violations(held_out).mean())
