"""The risk of an attack on synthetic rows, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gan_augment.metrics.columns import plain_frames

# Half the width of an interval at 95 %, in standard errors.
Z = 1.96


class AttackRisk(NamedTuple):
    """Risk of an attack on synthetic rows.

    Parameters
    ----------
    risk : float
        Success on training rows beyond that on held-out rows, as a share of the largest
        possible difference, from 0 to 1.
    low, high : float
        Ends of its 95 % interval.
    success, control, baseline : float
        Shares of the attacks that succeed: on training rows, on held-out rows, and of
        random guesses. An attack that is no better than random guesses is no evidence.
    n_attacks : int
        Number of attacks on training rows.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import singling_out_risk
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
    >>> train, holdout = rows[:150], rows[150:]
    >>> found = singling_out_risk(train, holdout, train, random_state=0)
    >>> found.low > 0.05  # the synthetic rows are copies
    True
    """

    risk: float
    low: float
    high: float
    success: float
    control: float
    baseline: float
    n_attacks: int


def risk_of(found: np.ndarray, tried: np.ndarray, n_rows: Sequence[int]) -> AttackRisk:
    """The risk of attacks on training rows, on held-out rows, and of guesses.

    Several attacks on one row are no more evidence than one: `n_rows` limits them.
    """
    if not tried.all():
        unknown = float("nan")
        return AttackRisk(unknown, unknown, unknown, unknown, unknown, unknown, 0)
    shares = found / tried
    n = np.minimum(tried, n_rows)
    # Wilson's interval, whose middle is not 0 where no attack succeeds.
    rate = (shares * n + Z**2 / 2) / (n + Z**2)
    error = Z / (n + Z**2) * np.sqrt(shares * (1 - shares) * n + Z**2 / 4)
    left = 1.0 - rate[1]
    risk = (rate[0] - rate[1]) / left
    spread = np.hypot(error[0] / left, error[1] * (1.0 - rate[0]) / left**2)
    ends = np.clip([risk, risk - spread, risk + spread], 0.0, 1.0).tolist()
    success, control, baseline = shares.tolist()
    return AttackRisk(
        ends[0], ends[1], ends[2], success, control, baseline, int(tried[0])
    )


def checked(*tables: Any) -> list[pd.DataFrame]:
    """The tables as plain frames, if none is empty."""
    frames = plain_frames(*tables)
    sizes = [len(frame) for frame in frames]
    if not all(sizes):
        raise ValueError(
            "`train`, `holdout` and `synthetic` must have at least one row each. Got "
            f"{sizes[0]}, {sizes[1]} and {sizes[2]}."
        )
    return frames


def some_of(frame: pd.DataFrame, n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Rows at random, at most so many."""
    return frame.iloc[rng.permutation(len(frame))[:n_rows]].reset_index(drop=True)


def as_many(
    train: pd.DataFrame, holdout: pd.DataFrame, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """As many rows of both, since more rows make a guess fit more often."""
    n_rows = min(len(train), len(holdout))
    return [some_of(frame, n_rows, rng) for frame in (train, holdout)]
