"""Rules of a table with so many columns that not every combination is looked at."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.tables.rules import Rules

N_ROWS = 800
PLANTED = {
    "total = net + tax",
    "price decides band, by 3 ranges",
    "town decides country",
    "size is missing if and only if has is 'no'",
    "no two rows have the same person and visit",
}


def numbers(rng, n_columns):
    """Columns of numbers that say nothing of each other."""
    return {f"x{i}": rng.normal(size=N_ROWS).round(2) for i in range(n_columns)}


def letters(rng, n_columns):
    """Columns of levels that say nothing of each other."""
    levels = np.array(list("abcdefghijklmnopqrstuvwx"))
    return {f"level{i}": rng.choice(levels, N_ROWS) for i in range(n_columns)}


def planted(rng):
    """Columns with a rule of every kind that is bounded."""
    net, tax = rng.integers(10, 500, (2, N_ROWS))
    price, town = rng.integers(0, 300, N_ROWS), rng.integers(0, 40, N_ROWS)
    has = rng.choice(["yes", "no"], N_ROWS)
    cells = rng.permutation(100 * 24)[:N_ROWS]
    return {
        "net": net,
        "tax": tax,
        "total": net + tax,
        "price": price,
        "band": np.array(["low", "middle", "high"])[np.digitize(price, [100, 200])],
        "town": [f"town {i}" for i in town],
        "country": np.array(list("xyz"))[town % 3],
        "has": has,
        "size": np.where(has == "no", np.nan, rng.normal(size=N_ROWS)),
        "person": cells // 24,
        "visit": cells % 24,
    }


@pytest.mark.parametrize("place", ["first", "last"])
def test_rules_are_found_wherever_their_columns_are(place):
    rng = np.random.default_rng(0)
    before, after = numbers(rng, 70), letters(rng, 85)
    parts = {
        "first": (planted(rng), before, after),
        "last": (after, before, planted(rng)),
    }[place]
    frame = pd.DataFrame({k: v for columns in parts for k, v in columns.items()})
    rules = [str(rule) for rule in Rules().fit(frame)]
    assert set(rules) >= PLANTED
    assert len(set(rules)) == len(rules)
    assert not any(name in rule for rule in rules for name in ("level", "x1", "x2"))
