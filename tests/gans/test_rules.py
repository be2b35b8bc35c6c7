"""Rows of a GAN keep the rules of its table."""

import numpy as np
import pandas as pd
import pytest
from tables import make_mixed_frame
from tables_rules_planted import PLANTED, planted

from gan_augment import TabularGAN
from gan_augment.tables.rules import Predicate

LABELS = np.arange(600) % 3


@pytest.mark.parametrize("kind", PLANTED)
def test_rows_keep_the_rules_in_their_dtypes(kind):
    X, _ = planted(kind, 600, 0, missing=0.1)
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, LABELS)
    rows, labels = gan.sample(300)
    assert len(gan.rules_) >= 1
    assert not gan.rules_.violations(rows).any()
    assert rows.dtypes.equals(X.dtypes)
    assert list(rows.columns) == list(X.columns)
    assert len(rows) == len(labels) == 300
    again, _ = gan.sample(300)
    pd.testing.assert_frame_equal(rows, again)


def test_arrays_come_back_as_arrays_and_are_scored():
    X, _ = planted("order_of_decimals", 600, 0)
    X = X[["net", "gross", "noise real"]].to_numpy()
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, LABELS)
    rows, _ = gan.sample(100)
    assert isinstance(rows, np.ndarray)
    assert rows.dtype == X.dtype
    assert (rows[:, 0] <= rows[:, 1]).all()
    assert gan.score_samples(X[:5], LABELS[:5]).shape == (5,)


def test_rows_that_a_level_decides_are_scored_alone():
    X, _ = planted("level_of_a_level", 600, 0)
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, LABELS)
    decided = X[X["several"] == "no line"].head(2)
    assert gan.score_samples(decided, [0, 1]).shape == (2,)


def test_a_saved_gan_keeps_the_rules(tmp_path):
    X, _ = planted("sum", 600, 0)
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, LABELS)
    gan.save(tmp_path)
    loaded = TabularGAN.load(tmp_path)
    assert repr(loaded.rules_) == repr(gan.rules_)
    pd.testing.assert_frame_equal(loaded.sample(50)[0], gan.sample(50)[0])


def test_rules_that_were_given_are_saved(tmp_path):
    X, words = planted("sum", 600, 0)
    found = TabularGAN(max_steps=3, random_state=0).fit(X, LABELS).rules_
    gan = TabularGAN(max_steps=3, rules=found.rules_, random_state=0).fit(X, LABELS)
    gan.save(tmp_path)
    assert words == {str(rule) for rule in TabularGAN.load(tmp_path).rules_}


@pytest.mark.parametrize("given", [[], ["auto"]])
def test_a_rule_that_is_a_function_is_not_saved(tmp_path, given):
    X, _ = planted("sum", 600, 0)
    rule = Predicate(lambda frame: frame["a"] >= 0, "no debts")
    gan = TabularGAN(max_steps=3, rules=[*given, rule], random_state=0).fit(X, LABELS)
    with pytest.raises(TypeError, match=r"'no debts'.*Fit without them"):
        gan.save(tmp_path / "gan")
    assert not (tmp_path / "gan").exists()
    assert len(gan.sample(5)[0]) == 5


def test_without_rules_none_are_kept():
    X, _ = planted("order", 600, 0)
    gan = TabularGAN(max_steps=3, rules=None, random_state=0).fit(X, LABELS)
    rows, _ = gan.sample(300)
    assert len(gan.rules_) == 0
    assert (rows["low"] > rows["high"]).any()


def test_rows_that_break_a_predicate_are_drawn_again():
    X, _ = planted("order", 600, 0)
    small = Predicate(lambda frame: frame["noise whole"] < 7, "small")
    gan = TabularGAN(max_steps=3, rules=["auto", small], random_state=0)
    rows, _ = gan.fit(X, LABELS).sample(300)
    assert (rows["noise whole"] < 7).all()
    assert (rows["low"] <= rows["high"]).all()


def test_a_predicate_that_no_row_keeps_is_named():
    X, _ = planted("order", 600, 0)
    never = Predicate(lambda frame: frame["low"] < 0, "never")
    gan = TabularGAN(max_steps=3, rules=[never], random_state=0).fit(X, LABELS)
    with pytest.warns(UserWarning, match=r"10 of 10 rows break a rule.*never"):
        rows, _ = gan.sample(10)
    assert len(rows) == 10


@pytest.mark.parametrize("form", ["positions", "mask", "names"])
def test_declared_levels_have_no_order(form):
    X, _ = planted("order", 600, 0)
    spec = {"positions": [0], "mask": [True, *[False] * 4], "names": ["low"]}[form]
    gan = TabularGAN(max_steps=3, categorical_features=spec, random_state=0)
    gan.fit(X, LABELS)
    assert "low <= high" not in {str(rule) for rule in gan.rules_}
    assert gan.encoder_.dtypes_["low"] == "categorical"


def test_every_dtype_comes_back():
    X = make_mixed_frame(300)
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, np.arange(300) % 2)
    rows, _ = gan.sample(100)
    assert rows.dtypes.equals(X.dtypes)
