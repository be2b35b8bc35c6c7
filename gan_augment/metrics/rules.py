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
        The same share of held-out real rows, for rules found in the others; NaN if the
        rules were given. Above 0 it tells how many of the rules are none.
    by_rule : DataFrame of shape (n_rules, 4)
        Kind of each rule, the rule in words, its support, and the share of the
        synthetic rows that break it; the most broken first.
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
    real: Any, synthetic: Any, rules: Any = None, *, random_state: RandomState = None
) -> RuleViolations:
    """Share of synthetic rows that break a rule which every real row keeps.

    Parameters
    ----------
    real : {DataFrame, array-like} of shape (n_real, n_features)
        Real rows.
    synthetic : {DataFrame, array-like} of shape (n_synthetic, n_features)
        Synthetic rows of any sampler, with the same columns.
    rules : Rules, list or None, default=None
        The rules. If None, :class:`~gan_augment.tables.rules.Rules` finds them in the
        real rows.
    random_state : int, RandomState instance or None, default=None
        Which real rows are held out to measure the floor.

    Returns
    -------
    result : RuleViolations
        The share, its floor, and the shares by rule.

    Raises
    ------
    ValueError
        If the columns differ, or there is no synthetic row.

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
    real, synthetic = to_frame(real), to_frame(synthetic)
    if list(real.columns) != list(synthetic.columns):
        raise ValueError(
            "`real` and `synthetic` must have the same columns in the same order. Got "
            f"{list(real.columns)} and {list(synthetic.columns)}."
        )
    if len(synthetic) == 0:
        raise ValueError("`synthetic` must have at least one row. Got none.")
    found = Rules.of("auto" if rules is None else rules, real)
    broken = [rule.violations(synthetic) for rule in found]
    by_rule = found.to_frame().drop(columns="columns")
    by_rule["share"] = [float(mask.mean()) for mask in broken]
    by_rule = by_rule.sort_values("share", ascending=False, kind="stable")
    return RuleViolations(
        share=float(np.any(broken, axis=0).mean()) if broken else 0.0,
        floor=_floor(real, random_state) if rules is None else float("nan"),
        by_rule=by_rule.reset_index(drop=True),
    )


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
