"""Columns that are a product of powers of others."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from tables_rules_planted import planted

from gan_augment.tables.rules import Rules
from gan_augment.tables.rules.formula import Formula


def found(frame):
    return [rule for rule in Rules().fit(frame) if isinstance(rule, Formula)]


@pytest.mark.parametrize("kind", ["discounted", "with_tax", "body_mass_index"])
def test_a_formula_is_listed_once_and_computes_its_column(kind):
    frame, words = planted(kind, 900, 0)
    (rule,) = found(frame)
    assert str(rule) in words
    computed = rule.compute(frame)
    np.testing.assert_allclose(computed, frame[rule.target], rtol=1e-12)
    assert computed.dtype == frame[rule.target].dtype


def test_a_factor_gives_way_where_the_result_would_leave_its_range():
    frame, _ = planted("body_mass_index", 900, 0)
    (rule,) = found(frame)
    rows = pd.DataFrame({"height": [1.50, 1.75], "weight": [95.0, 70.0], "bmi": 30.0})
    broken = rule.violations(rows)
    assert broken.all()
    changed = rule.repair(rows, broken, np.random.default_rng(0))
    repaired = rows.assign(**changed)
    assert not rule.violations(repaired).any()
    assert repaired["height"].tolist() == [1.50, 1.75]
    assert repaired["weight"][0] < 95
    assert repaired["weight"][1] == 70
    assert repaired["bmi"].between(*rule.result.bounds).all()


def test_what_two_columns_explain_alone_needs_no_third_one():
    frame, _ = planted("product", 900, 0)
    assert found(frame) == []


@pytest.mark.parametrize(
    "change", [{"constant": float("nan")}, {"tolerance": "1"}, {"factors": []}]
)
def test_a_damaged_formula_is_refused(change):
    (rule,) = found(planted("with_tax", 900, 0)[0])
    with pytest.raises(ValueError, match=r"constant|factors"):
        dataclasses.replace(rule, **change)


@pytest.mark.parametrize("change", [{"power": 0}, {"power": 9}, {"sign": 2}])
def test_a_damaged_factor_is_refused(change):
    (rule,) = found(planted("with_tax", 900, 0)[0])
    with pytest.raises(ValueError, match="`sign` must be"):
        dataclasses.replace(rule.factors[0], **change)
