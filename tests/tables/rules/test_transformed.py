"""Columns that are a function of one other."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from gan_augment.tables.rules import Rules
from gan_augment.tables.rules.transformed import FUNCTIONS, Transformed


def found(frame):
    return [rule for rule in Rules().fit(frame) if isinstance(rule, Transformed)]


def numbers(function):
    rng = np.random.default_rng(0)
    values = rng.normal(size=600) if function == "abs" else rng.uniform(0.1, 9, 600)
    return values.round(3)


@pytest.mark.parametrize("decimals", [4, None])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_is_found_and_its_inverse_is_not_listed(function, decimals):
    x = numbers(function)
    y = FUNCTIONS[function](x)
    frame = pd.DataFrame({"x": x, "y": y if decimals is None else y.round(decimals)})
    (rule,) = found(frame)
    inverses = {"log": "exp", "square": "sqrt", "log1p": "expm1"}
    inverses |= {inverse: name for name, inverse in inverses.items()}
    words = {f"y = {function}(x)", f"x = {inverses.get(function)}(y)"}
    assert str(rule) in words
    if rule.target == "y":
        wrong = frame.assign(y=frame["y"] + 0.1)
        assert rule.violations(wrong).all()
        repaired = rule.repair(wrong, rule.violations(wrong), np.random.default_rng())
        np.testing.assert_allclose(repaired["y"], frame["y"], atol=1e-9)


def test_a_value_without_a_logarithm_is_no_rule_and_a_missing_one_is_kept():
    x = numbers("log")
    frame = pd.DataFrame({"x": x, "y": np.log(x).round(4)})
    assert found(pd.concat([frame, pd.DataFrame({"x": [-1.0], "y": [0.0]})])) == []
    (rule,) = found(frame.mask(np.arange(600)[:, None] % [7, 11] == 0))
    assert not rule.violations(frame.assign(x=np.nan)).any()


@pytest.mark.parametrize("change", [{"function": "eval"}, {"tolerance": float("nan")}])
def test_a_damaged_rule_is_refused(change):
    x = numbers("log")
    (rule,) = found(pd.DataFrame({"x": x, "y": np.log(x).round(4)}))
    with pytest.raises(ValueError, match=next(iter(change))):
        dataclasses.replace(rule, **change)
