"""The share of rows that break a rule."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.metrics import rule_violations
from gan_augment.tables.rules import Predicate


def make_orders(n_rows=600, seed=0):
    rng = np.random.default_rng(seed)
    net = rng.integers(10, 500, n_rows)
    return pd.DataFrame({"net": net, "gross": net + rng.integers(0, 99, n_rows)})


def test_real_rows_break_no_rule_and_shuffled_ones_do():
    real = make_orders()
    assert rule_violations(real, make_orders(seed=1), random_state=0).share == 0
    mixed = real.assign(gross=real["gross"].to_numpy()[::-1])
    found = rule_violations(real, mixed, random_state=0)
    assert found.share == (mixed["net"] > mixed["gross"]).mean() > 0.2
    assert found.floor == 0
    assert found.by_rule["rule"].tolist() == ["net <= gross"]
    assert "net <= gross" in repr(found)


def test_given_rules_are_measured_as_they_are():
    real = make_orders()
    cheap = Predicate(lambda frame: frame["net"] < 100, "cheap")
    found = rule_violations(real, real, [cheap])
    assert found.share == (real["net"] >= 100).mean()
    assert np.isnan(found.floor)


def test_other_real_rows_are_the_floor_of_every_rule():
    real = make_orders()
    others = make_orders(seed=1)
    others.loc[:5, "gross"] = others.loc[:5, "net"] - 1
    found = rule_violations(real, real, holdout=others)
    assert found.share == 0
    assert found.floor == 6 / len(others)
    assert found.by_rule["floor"].tolist() == [found.floor]
    with pytest.raises(ValueError, match="`real` and `holdout` must have the same"):
        rule_violations(real, real, holdout=others[["net"]])


def test_a_table_without_rules_is_never_broken():
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 3)))
    assert rule_violations(noise, -noise, random_state=0).share == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame[["gross", "net"]], "the same columns"),
        (lambda frame: frame.head(0), "at least one row"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, message):
    real = make_orders()
    with pytest.raises(ValueError, match=message):
        rule_violations(real, change(real))
