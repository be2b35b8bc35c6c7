"""Attacks on synthetic rows: what they tell about people in the training data.

Each attack is tried on training rows and on held-out rows of the same table, after
Giomi et al., "A unified framework for quantifying privacy risk in synthetic data",
PETS 2023, arXiv:2211.10459. What succeeds as often on held-out rows is knowledge about
everybody, which synthetic rows are made for. What succeeds more often on training rows
is knowledge about the people in them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from gan_augment.metrics.columns import encode_rows, is_numeric
from gan_augment.metrics.rare import rare_combinations_risk
from gan_augment.metrics.risk import AttackRisk, as_many, checked, risk_of, some_of
from gan_augment.seeding import RandomState, make_rng

# Columns of a predicate that is to single out a row.
PREDICATE_COLUMNS = 4
# A predicate on a number holds for this share of the synthetic rows on either side.
HALF_WIDTH = 0.02
# Cuts of the columns into two parts, and columns that are inferred.
N_CUTS, N_SECRETS = 4, 8
# A number is inferred if it is so near, in standard deviations of its ranks.
NEAR = 0.1


def singling_out_risk(
    train: Any,
    holdout: Any,
    synthetic: Any,
    *,
    n_attacks: int = 500,
    random_state: RandomState = None,
) -> AttackRisk:
    """Compute how often a guess from a synthetic row fits exactly one training row.

    The attacker takes a synthetic row and four of its columns, and guesses that exactly
    one person has these levels and numbers, with a tolerance of two percent of the
    ranks for numbers [1]_. The same guesses are tried on as many held-out rows, on
    which they are right only by chance.

    Parameters
    ----------
    train : DataFrame of shape (n_train, n_features)
        Real rows that the generator was trained on.
    holdout : DataFrame of shape (n_holdout, n_features)
        Real rows of the same classes that the generator was not trained on.
    synthetic : DataFrame of shape (n_synthetic, n_features)
        Synthetic rows.
    n_attacks : int, default=500
        Number of guesses.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of rows and columns.

    Returns
    -------
    risk : AttackRisk
        The risk with its interval. The baseline guesses values of different synthetic
        rows together.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    See Also
    --------
    linkability_risk : Link two parts of a row.
    inference_risk : Infer a column from the others.

    References
    ----------
    .. [1] Giomi et al., "A unified framework for quantifying privacy risk in synthetic
       data", PETS 2023, arXiv:2211.10459, section 5.1; its guesses about numbers are
       one-sided, which finds fewer copies.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import singling_out_risk
    >>> rows = np.random.default_rng(0).normal(size=(3, 400, 5))
    >>> train, holdout, fresh = map(pd.DataFrame, rows)
    >>> singling_out_risk(train, holdout, fresh, random_state=0).low
    0.0
    >>> singling_out_risk(train, holdout, train, random_state=0).risk > 0.5
    True
    """
    rng = make_rng(random_state)
    train, holdout, synthetic = checked(train, holdout, synthetic)
    real = as_many(train, holdout, rng)
    columns = [
        _Guesses.of(synthetic.iloc[:, i], *(rows.iloc[:, i] for rows in real))
        for i in range(synthetic.shape[1])
    ]
    found = np.zeros(3)
    for _ in range(n_attacks):
        chosen = rng.permutation(len(columns))[:PREDICATE_COLUMNS]
        own = np.full(len(chosen), rng.integers(len(synthetic)))
        mixed = rng.integers(len(synthetic), size=len(chosen))
        for k, (of_rows, guessed) in enumerate(((0, own), (1, own), (0, mixed))):
            fits = np.ones(len(real[of_rows]), dtype=bool)
            for column, row in zip(chosen, guessed, strict=True):
                fits &= columns[column].fit(of_rows, row)
            found[k] += fits.sum() == 1
    return risk_of(found, np.full(3, n_attacks), [n_attacks] * 3)


class _Guesses(NamedTuple):
    """A column of synthetic rows, and which real values a guess from it fits."""

    low: np.ndarray
    high: np.ndarray
    real: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, synthetic: pd.Series, *real: pd.Series) -> _Guesses:
        """Turn values into ranks among the synthetic ones, or into codes of levels."""
        if not is_numeric(synthetic):
            joined = pd.concat([synthetic, *real], ignore_index=True)
            codes = pd.factorize(joined)[0]
            ends = np.cumsum([len(synthetic), *map(len, real)])[:-1]
            own, *others = np.split(codes, ends)
            return cls(own, own, tuple(others))
        known = np.sort(synthetic.dropna().to_numpy())

        def ranks(values: np.ndarray, side: Any) -> np.ndarray:
            found = np.searchsorted(known, values, side=side) / max(len(known), 1)
            return np.where(np.isnan(values), -1.0, found)

        values = synthetic.to_numpy()
        middle = (ranks(values, "left") + ranks(values, "right")) / 2
        others = [
            (ranks(rows.to_numpy(), "left") + ranks(rows.to_numpy(), "right")) / 2
            for rows in real
        ]
        missing = middle < 0
        return cls(
            np.where(missing, -1.0, middle - HALF_WIDTH),
            np.where(missing, -1.0, middle + HALF_WIDTH),
            tuple(others),
        )

    def fit(self, of_rows: int, row: int) -> np.ndarray:
        """Which real rows a guess from a synthetic row fits."""
        values = self.real[of_rows]
        return (values >= self.low[row]) & (values <= self.high[row])


def linkability_risk(
    train: Any,
    holdout: Any,
    synthetic: Any,
    *,
    n_attacks: int = 500,
    random_state: RandomState = None,
) -> AttackRisk:
    """Compute how often two parts of a training row lead to one synthetic row.

    The attacker has two tables about the same people with different columns, and links
    two rows as those of one person if the same synthetic row is the nearest to both
    [1]_.

    Parameters
    ----------
    train, holdout, synthetic : DataFrame of shape (n_rows, n_features)
        As in :func:`singling_out_risk`.
    n_attacks : int, default=500
        Number of rows of each kind that are attacked, at most as many as there are, for
        each of four cuts of the columns into two parts at random.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of rows and columns.

    Returns
    -------
    risk : AttackRisk
        The risk with its interval. The baseline takes any two synthetic rows.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    See Also
    --------
    singling_out_risk : Guess values that only one person has.
    inference_risk : Infer a column from the others.

    References
    ----------
    .. [1] Giomi et al., "A unified framework for quantifying privacy risk in synthetic
       data", PETS 2023, arXiv:2211.10459, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import linkability_risk
    >>> rows = np.random.default_rng(0).normal(size=(3, 400, 6))
    >>> train, holdout, fresh = map(pd.DataFrame, rows)
    >>> linkability_risk(train, holdout, fresh, random_state=0).low
    0.0
    >>> linkability_risk(train, holdout, train, random_state=0).risk > 0.5
    True
    """
    rng = make_rng(random_state)
    rows = checked(train, holdout, synthetic)
    attacked = [some_of(part, n_attacks, rng) for part in rows[:2]]
    found, tried = np.zeros(3), np.zeros(3)
    n_columns = rows[2].shape[1]
    for _ in range(N_CUTS if n_columns > 1 else 0):
        order = rng.permutation(n_columns)
        halves = order[: n_columns // 2], order[n_columns // 2 :]
        nearest = [_nearest(rows[2], attacked, half) for half in halves]
        for k, (first, second) in enumerate(zip(*nearest, strict=True)):
            found[k] += (first == second).sum()
            tried[k] += len(first)
        tried[2] += len(attacked[0])
        found[2] += len(attacked[0]) / len(rows[2])
    sizes = [len(attacked[0]), len(attacked[1]), len(attacked[0])]
    return risk_of(found, tried, sizes)


def inference_risk(
    train: Any,
    holdout: Any,
    synthetic: Any,
    *,
    n_attacks: int = 500,
    random_state: RandomState = None,
) -> AttackRisk:
    """Compute how often a column of a training row is inferred from the others.

    The attacker knows all columns of a person but one, and guesses that one from the
    nearest synthetic row [1]_. A number is right if it is within a tenth of a standard
    deviation of the ranks.

    Parameters
    ----------
    train, holdout, synthetic : DataFrame of shape (n_rows, n_features)
        As in :func:`singling_out_risk`.
    n_attacks : int, default=500
        Number of rows of each kind that are attacked, at most as many as there are, for
        each of up to eight columns at random.
    random_state : int, RandomState instance or None, default=None
        Seed of the choice of rows and columns.

    Returns
    -------
    risk : AttackRisk
        The risk with its interval. The baseline guesses the value of any synthetic row.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    See Also
    --------
    singling_out_risk : Guess values that only one person has.
    linkability_risk : Link two parts of a row.

    References
    ----------
    .. [1] Giomi et al., "A unified framework for quantifying privacy risk in synthetic
       data", PETS 2023, arXiv:2211.10459, section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import inference_risk
    >>> rows = np.random.default_rng(0).normal(size=(3, 400, 5))
    >>> train, holdout, fresh = map(pd.DataFrame, rows)
    >>> inference_risk(train, holdout, fresh, random_state=0).low
    0.0
    >>> inference_risk(train, holdout, train, random_state=0).risk > 0.5
    True
    """
    rng = make_rng(random_state)
    rows = checked(train, holdout, synthetic)
    attacked = [some_of(part, n_attacks, rng) for part in rows[:2]]
    found, tried = np.zeros(3), np.zeros(3)
    n_columns = rows[2].shape[1]
    n_secrets = N_SECRETS if n_columns > 1 else 0
    for secret in rng.permutation(n_columns)[:n_secrets].tolist():
        known = np.delete(np.arange(n_columns), secret)
        guesses = _nearest(rows[2], attacked, known)
        random_guess = rng.integers(len(rows[2]), size=len(attacked[0]))
        own = _comparable(rows[2].iloc[:, secret], attacked, secret)
        for k, (of_rows, guess) in enumerate(
            ((0, guesses[0]), (1, guesses[1]), (0, random_guess))
        ):
            error = np.abs(own[0][guess] - own[of_rows + 1])
            found[k] += (error <= NEAR).sum()
            tried[k] += len(guess)
    sizes = [len(attacked[0]), len(attacked[1]), len(attacked[0])]
    return risk_of(found, tried, sizes)


def attack_risks(
    train: Any,
    holdout: Any,
    synthetic: Any,
    *,
    n_attacks: int = 500,
    random_state: RandomState = None,
) -> pd.DataFrame:
    """Try all attacks on synthetic rows.

    Parameters
    ----------
    train, holdout, synthetic : DataFrame of shape (n_rows, n_features)
        As in :func:`singling_out_risk`.
    n_attacks : int, default=500
        Number of attacks of a kind.
    random_state : int, RandomState instance or None, default=None
        Seed of every attack.

    Returns
    -------
    risks : DataFrame of shape (4, 7)
        The fields of :class:`AttackRisk`, for ``singling_out``, ``linkability``,
        ``inference`` and ``rare_combinations``.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from gan_augment.metrics import attack_risks
    >>> rows = np.random.default_rng(0).normal(size=(3, 200, 4)).round(1)
    >>> train, holdout, fresh = map(pd.DataFrame, rows)
    >>> risks = attack_risks(train, holdout, fresh, n_attacks=100, random_state=0)
    >>> bool((risks["low"] > 0).any())
    False
    """
    rng = make_rng(random_state)
    rows = train, holdout, synthetic
    risks = {
        name: attack(*rows, n_attacks=n_attacks, random_state=rng)
        for name, attack in (
            ("singling_out", singling_out_risk),
            ("linkability", linkability_risk),
            ("inference", inference_risk),
        )
    }
    risks["rare_combinations"] = rare_combinations_risk(*rows, random_state=rng)
    return pd.DataFrame(risks.values(), index=list(risks), columns=AttackRisk._fields)


def _nearest(
    synthetic: pd.DataFrame, attacked: list[pd.DataFrame], columns: np.ndarray
) -> list[np.ndarray]:
    """The synthetic row nearest to each attacked row, by some of the columns."""
    encoded = encode_rows(*(f.iloc[:, columns] for f in (synthetic, *attacked)))
    index = NearestNeighbors(n_neighbors=1).fit(encoded[0])
    return [index.kneighbors(rows)[1].ravel() for rows in encoded[1:]]


def _comparable(
    synthetic: pd.Series, attacked: list[pd.DataFrame], secret: int
) -> list[np.ndarray]:
    """A column as ranks of variance 1, or as codes, which differ by 1 or more."""
    parts = [synthetic, *(frame.iloc[:, secret] for frame in attacked)]
    joined = pd.concat(parts, ignore_index=True)
    if is_numeric(joined):
        ranks = joined.rank().to_numpy()
        values = ranks / max(float(np.nanstd(ranks)), 1.0)
        values[np.isnan(values)] = -1e6  # missing like another missing value only
    else:
        values = pd.factorize(joined, use_na_sentinel=False)[0].astype(float)
    return np.split(values, np.cumsum([len(part) for part in parts])[:-1])
