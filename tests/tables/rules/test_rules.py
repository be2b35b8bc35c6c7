"""Rules are found where they are, nowhere else, and kept."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tables import make_mixed_frame
from tables_rules_planted import PLANTED, planted, shuffled

from gan_augment import persistence
from gan_augment.tables.rules import KINDS, STATE_CLASSES, Predicate, Rule, Rules

FEW = settings(max_examples=2, deadline=None, database=None, phases=[Phase.generate])
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(600, 900)


def assert_same_values(found, expected):
    """Equal but for the last bits of floats."""
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", PLANTED)
@given(seed=SEEDS, n_rows=SIZES, missing=st.sampled_from([0.0, 0.1]))
@FEW
def test_a_planted_rule_is_found_and_real_rows_keep_it(kind, seed, n_rows, missing):
    frame, words = planted(kind, n_rows, seed, missing)
    rules = Rules().fit(frame)
    assert words & {str(rule) for rule in rules}
    assert not rules.violations(frame).any()
    assert not any("noise" in str(rule) for rule in rules)


@pytest.mark.parametrize("kind", PLANTED)
@given(seed=SEEDS, n_rows=SIZES, missing=st.sampled_from([0.0, 0.1]))
@FEW
def test_real_rows_survive_reduction(kind, seed, n_rows, missing):
    frame, _ = planted(kind, n_rows, seed, missing)
    rules = Rules().fit(frame)
    assert_same_values(rules.expand(rules.reduce(frame)), frame)


@pytest.mark.parametrize("kind", PLANTED)
@given(seed=SEEDS, n_rows=SIZES, missing=st.sampled_from([0.0, 0.1]))
@FEW
def test_independent_columns_keep_no_rule_and_are_repaired(kind, seed, n_rows, missing):
    frame, _ = planted(kind, n_rows, seed, missing)
    rules = Rules().fit(frame)
    mixed = shuffled(frame, seed)
    assert [str(rule) for rule in Rules().fit(mixed)] == []
    assert rules.violations(mixed).any()
    repaired = rules.repair(mixed, random_state=0)
    assert rules.violations(repaired).mean() <= 0.02  # the others are drawn again
    assert repaired.dtypes.equals(frame.dtypes)
    for name in frame:
        if pd.api.types.is_numeric_dtype(frame[name].dtype):
            assert repaired[name].min() >= frame[name].min()
            assert repaired[name].max() <= frame[name].max()
    kept = ~rules.violations(mixed)
    pd.testing.assert_frame_equal(repaired[kept], mixed[kept])


@pytest.mark.parametrize("kind", PLANTED)
@given(seed=SEEDS)
@FEW
def test_rows_of_independent_reduced_columns_keep_the_rules(kind, seed):
    """What a generator that has learned nothing but the columns would draw."""
    frame, _ = planted(kind, 600, seed)
    rules = Rules().fit(frame)
    drawn = rules.repair(rules.expand(shuffled(rules.reduce(frame), seed)), seed)
    assert rules.violations(drawn).mean() <= 0.02
    assert drawn.dtypes.equals(frame.dtypes)


@given(seed=SEEDS)
@FEW
def test_repair_depends_on_the_seed_alone(seed):
    frame, _ = planted("order", 400, seed)
    rules, mixed = Rules().fit(frame), shuffled(frame, seed)
    first, second = (rules.repair(mixed, random_state=seed) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_a_chain_is_listed_without_what_follows_from_it():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 30, 900)
    b = a + rng.poisson(3, 900)
    frame = pd.DataFrame({"a": a, "b": b, "c": b + rng.poisson(3, 900)})
    rules = Rules().fit(frame)
    assert [str(rule) for rule in rules] == ["a <= b", "b <= c"]
    assert repr(rules).splitlines() == ["Rules: 2", "  order        a <= b <= c"]


def test_orders_that_branch_are_listed_once_each():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 30, 900)
    b, d = a + rng.poisson(3, 900), a + 1 + rng.poisson(3, 900)
    frame = pd.DataFrame({"a": a, "b": b, "c": b + rng.poisson(3, 900), "d": d})
    assert repr(Rules().fit(frame)).splitlines() == [
        "Rules: 3",
        "  order        a <= b <= c",
        "  order        a < d",
    ]


def test_a_tail_that_thins_out_is_no_boundary():
    rng = np.random.default_rng(0)
    a = rng.normal(0, 1, 900)
    frame = pd.DataFrame({"a": a, "b": a + 3.5 + rng.normal(0, 1, 900)})
    assert (frame["a"] <= frame["b"]).all()
    assert len(Rules().fit(frame)) == 0


def test_a_dense_range_ends_at_a_round_number_or_nowhere():
    rng = np.random.default_rng(0)
    kind = rng.choice(["car", "van"], 2000)
    for end, words in ((50, ["speed is at most 50 where kind is 'van'"]), (53.7, [])):
        speed = np.where(kind == "van", rng.uniform(0, end, 2000), 0)
        speed[kind == "car"] = rng.uniform(0, 99, (kind == "car").sum())
        frame = pd.DataFrame({"kind": kind, "speed": speed})
        assert [str(rule) for rule in Rules().fit(frame)] == words


def test_values_that_thin_out_towards_an_end_have_none():
    rng = np.random.default_rng(0)
    for slope in (1, 3, 6):
        x = rng.normal(size=5000).round(2)
        says = np.where(rng.random(5000) < 1 / (1 + np.exp(-slope * x)), "yes", "no")
        assert len(Rules().fit(pd.DataFrame({"x": x, "says": says}))) == 0


def test_a_range_takes_the_place_of_its_numbers():
    frame, _ = planted("missing_below", 3000, 0)
    assert [str(rule) for rule in Rules().fit(frame)] == [
        "size is missing where year is at most 1999"
    ]


def test_levels_of_different_normal_distributions_have_no_range():
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], 4000)
    height = np.where(sex == "f", rng.normal(165, 6, 4000), rng.normal(178, 7, 4000))
    assert len(Rules().fit(pd.DataFrame({"sex": sex, "height": height.round()}))) == 0


def test_a_third_column_that_one_of_two_nearly_decides_is_not_decided_by_both():
    rng = np.random.default_rng(0)
    a, b = rng.choice(40, 3000), rng.choice(40, 3000)
    c = np.where(rng.random(3000) < 0.005, rng.choice(5, 3000), a % 5)
    frame = pd.DataFrame({"a": a, "b": b, "c": [f"c{i}" for i in c]})
    assert not any("decide" in str(rule) for rule in Rules().fit(frame))


def test_columns_that_two_others_decide_are_found_by_the_coarsest_pair():
    rng = np.random.default_rng(0)
    model, year = rng.choice(30, 2000), rng.choice(8, 2000)
    make, code = model % 6, (model % 6) * (year + 1) % 7
    columns = {"model": model, "make": make, "year": year, "code": code}
    frame = pd.DataFrame({k: [f"{k}{i}" for i in v] for k, v in columns.items()})
    assert {str(rule) for rule in Rules().fit(frame) if "decide" in str(rule)} == {
        "model decides make",
        "make and year decide code",
    }


def test_repeated_rows_bear_nothing_out():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=40), "b": rng.choice([*"xy"], 40)})
    assert len(Rules().fit(pd.concat([frame] * 20, ignore_index=True))) == 0


def test_a_column_that_names_rows_decides_nothing():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"id": [f"id-{i}" for i in range(900)], "level": rng.choice([*"xyz"], 900)}
    )
    assert len(Rules().fit(frame)) == 0


def test_every_dtype_survives():
    frame = make_mixed_frame(300)
    rules = Rules().fit(frame)
    assert not rules.violations(frame).any()
    assert_same_values(rules.expand(rules.reduce(frame)), frame)


@pytest.mark.parametrize("n_rows", [0, 1, 5])
def test_few_rows_have_no_rules(n_rows):
    frame, _ = planted("order", 40, 0)
    rules = Rules().fit(frame.head(n_rows))
    assert len(rules) == 0
    assert len(rules.reduce(frame.head(n_rows))) == n_rows


@pytest.mark.parametrize("kind", PLANTED)
def test_saved_rules_are_the_same_rules(kind, tmp_path):
    frame, words = planted(kind, 600, 0)
    rules = Rules().fit(frame)
    persistence.save(rules.get_state(), tmp_path)
    loaded = Rules().set_state(persistence.load(tmp_path, STATE_CLASSES))
    assert words & {str(rule) for rule in loaded}
    mixed = shuffled(frame, 1)
    np.testing.assert_array_equal(loaded.violations(mixed), rules.violations(mixed))
    pd.testing.assert_frame_equal(loaded.repair(mixed, 0), rules.repair(mixed, 0))
    reduced = shuffled(rules.reduce(frame), 1)
    pd.testing.assert_frame_equal(loaded.expand(reduced), rules.expand(reduced))


def test_a_predicate_is_a_rule():
    frame, words = planted("order", 600, 0)
    adults = Predicate(lambda frame: frame["noise whole"] > 1, "more than one")
    rules = Rules(["auto", adults, lambda frame: frame["low"] >= 0]).fit(frame)
    assert [str(rule) for rule in rules] == [*words, "more than one", "<lambda>"]
    broken = (frame["noise whole"] <= 1).to_numpy()
    np.testing.assert_array_equal(rules.violations(frame), broken)


def test_a_predicate_gives_a_mask():
    frame, _ = planted("order", 100, 0)
    with pytest.raises(ValueError, match="must give one boolean a row"):
        Rules([lambda frame: frame["low"]]).fit(frame).violations(frame)


@pytest.mark.parametrize("spec", ["all", ["a <= b"], 3, [int]])
def test_a_wrong_specification_is_refused(spec):
    with pytest.raises(ValueError, match="`rules` must be"):
        Rules(spec).fit(planted("order", 100, 0)[0])


def test_a_specification_takes_leaves_and_adds_rules():
    frame, words = planted("order", 600, 0)
    assert [str(rule) for rule in Rules.of("auto", frame)] == [*words]
    assert len(Rules.of(None, frame)) == 0
    found = Rules.of("auto", frame)
    assert Rules.of(found, frame) is found
    assert [str(rule) for rule in Rules.of(found.rules_, frame)] == [*words]


def test_a_kind_of_rule_is_added_from_outside(monkeypatch):
    class Constant(Rule):
        kind = "constant"

        def __init__(self, name, value):
            self.name, self.value = name, value

        @property
        def columns(self):
            return (self.name,)

        def __str__(self):
            return f"{self.name} is {self.value}"

        def violations(self, frame):
            return (frame[self.name] != self.value).to_numpy()

        @classmethod
        def find(cls, table, known):
            return [
                cls(column.name, column.levels[0])
                for column in table.columns
                if column.n_distinct == 1
            ]

    monkeypatch.setattr("gan_augment.tables.rules.discovery.KINDS", [*KINDS, Constant])
    frame = planted("order", 600, 0)[0].assign(same=3)
    assert "same is 3" in [str(rule) for rule in Rules().fit(frame)]


def test_rules_print_readably():
    rules = Rules().fit(planted("order", 600, 0)[0])
    assert repr(rules).splitlines() == ["Rules: 1", "  order        low <= high"]
    assert "<td>low &lt;= high</td>" in rules._repr_html_()
    assert rules.to_frame()["rule"].tolist() == ["low <= high"]


def test_a_repair_looks_again_at_rules_whose_columns_changed_and_at_code(monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"low": rng.integers(0, 50, 900), "x": rng.integers(0, 9, 900)}
    )
    frame["high"] = frame["low"] + rng.poisson(3, 900)
    frame["y"] = frame["x"] + rng.poisson(3, 900)
    of_user = Predicate(lambda rows: (rows["high"] >= 0).to_numpy(), "positive")
    rules = Rules(["auto", of_user]).fit(frame)
    assert {str(rule) for rule in rules} == {"low <= high", "x <= y", "positive"}
    broken = frame.assign(high=frame["high"].where(frame.index != 7, -5))
    looked_at: list[str] = []
    for kind in {type(rule) for rule in rules}:
        look = kind.violations

        def noted(rule, rows, look=look):
            looked_at.append(str(rule))
            return look(rule, rows)

        monkeypatch.setattr(kind, "violations", noted)
    repaired = rules.repair(broken, random_state=0)
    assert looked_at.count("x <= y") == 1
    assert min(looked_at.count(words) for words in ("low <= high", "positive")) > 1
    assert repaired.at[7, "high"] >= repaired.at[7, "low"]
