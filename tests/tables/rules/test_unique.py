"""Combinations that no two rows have are found, and kept by every sampler."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from tables_rules_planted import planted, shuffled

from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN, persistence
from gan_augment.metrics import rule_violations
from gan_augment.tables.rules import STATE_CLASSES, Rules, Unique
from gan_augment.tables.rules.keeping import renew

FEW = settings(max_examples=4, deadline=None, database=None, phases=[Phase.generate])
SEEDS = st.integers(0, 2**32 - 1)
VISITS = "no two rows have the same patient and visit"


def make_visits(n_rows, seed, missing=0.0):
    """Visits of patients, beside columns of noise; at most one row of each visit."""
    rng = np.random.default_rng(seed)
    cells = rng.permutation(5 * n_rows)[:n_rows]
    frame = pd.DataFrame(
        {
            "patient": [f"p{i}" for i in cells // 40],
            "visit": (cells % 40).astype(float),
            "noise level": rng.choice([*"uvw"], n_rows),
            "noise whole": rng.poisson(5, n_rows),
            "noise real": rng.normal(size=n_rows),
        }
    )
    frame["visit"] = frame["visit"].mask(rng.random(n_rows) < missing)
    return frame


def make_days(n_rows, seed, room=4):
    rng = np.random.default_rng(seed)
    days = pd.to_timedelta(rng.permutation(room * n_rows)[:n_rows], "D")
    frame = {"day": pd.Timestamp("2015-01-01") + days, "value": rng.normal(size=n_rows)}
    return pd.DataFrame(frame)


def words_of(frame):
    return [str(rule) for rule in Rules().fit(frame)]


@given(seed=SEEDS, n_rows=st.integers(400, 900), missing=st.sampled_from([0.0, 0.1]))
@FEW
def test_pairs_of_columns_are_found_where_chance_does_not_explain_them(
    seed, n_rows, missing
):
    frame = make_visits(n_rows, seed, missing)
    rules = Rules().fit(frame)
    assert words_of(frame) == [VISITS]
    assert not rules.violations(frame).any()
    mixed = shuffled(frame, seed)
    assert words_of(mixed) == []
    assert rules.violations(mixed).any()


@given(seed=SEEDS, n_rows=st.integers(200, 500))
@FEW
def test_single_columns_are_found_where_chance_does_not_explain_them(seed, n_rows):
    frame = make_days(n_rows, seed)
    assert words_of(frame) == ["no two rows have the same day"]
    assert words_of(make_days(n_rows, seed, room=150)) == []  # no chance of repeats


@pytest.mark.parametrize("times", [1, 1.5])
def test_without_room_for_other_rows_there_is_no_rule(times):
    n_rows = round(40 * 20 / times)
    cells = np.random.default_rng(0).permutation(800)[:n_rows]
    frame = pd.DataFrame({"patient": cells // 40, "visit": cells % 40}).astype(str)
    assert words_of(frame) == []


def test_rows_that_are_repeated_make_no_combination_unique():
    frame = make_visits(600, 0)
    assert words_of(pd.concat([frame, frame.head(1)], ignore_index=True)) == []


def test_a_missing_value_repeats_nothing():
    frame = pd.DataFrame({"a": [1.0, 1.0, np.nan, np.nan, 1.0], "b": [1, 2, 1, 1, 1]})
    broken = Unique(("a", "b")).violations(frame)
    assert broken.tolist() == [False, False, False, False, True]


@given(seed=SEEDS)
@settings(FEW, max_examples=2)
def test_synthetic_rows_repeat_neither_real_ones_nor_each_other(seed):
    X = make_visits(600, seed)
    y = np.arange(600) % 5 // 2  # two classes to over-sample
    gan = TabularGAN(max_steps=3)
    sampler = GANOverSampler(gan, sample_filter=None, random_state=seed)
    rows, _ = sampler.fit_resample(X, y)
    assert VISITS in {str(rule) for rule in sampler.rules_}
    assert len(rows) == 720
    assert not rows.duplicated(["patient", "visit"]).any()


def test_a_gan_draws_no_combination_twice():
    X = make_visits(600, 0)
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, np.arange(600) % 2)
    rows, _ = gan.sample(900)
    assert not rows.duplicated(["patient", "visit"]).any()
    assert float(rule_violations(X, rows)) == 0
    assert float(rule_violations(X, pd.concat([rows, rows]))) == pytest.approx(0.5)


def test_a_panel_gives_soft_labels_without_a_warning():
    rng = np.random.default_rng(0)
    cells = rng.permutation(100 * 12)[:500]
    X = pd.DataFrame({"person": cells // 12, "year": 1990 + cells % 12})
    X["wage"] = np.round(rng.lognormal(size=500), 2)
    is_rare = X["person"].to_numpy() % 8 == 0  # the combinations of a class are few
    model = ResampledClassifier(
        LogisticRegression(),
        GANOverSampler(TabularGAN(max_steps=3), sampling_strategy=0.5),
        soft_labels=True,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*break a rule")
        model.fit(X, is_rare)
    words = [str(rule) for rule in model.samplers_[0].rules_]
    assert "no two rows have the same person and year" in words


def test_arrays_keep_a_rule_that_was_given():
    rng = np.random.default_rng(0)
    cells = rng.permutation(3000)[:300]
    X = np.column_stack([cells // 60, cells % 60, rng.normal(size=300)])
    rule = Unique((0, 1))
    sampler = GANOverSampler(TabularGAN(max_steps=3), rules=[rule], random_state=0)
    rows, _ = sampler.fit_resample(X, np.arange(300) % 4 == 0)
    assert [*sampler.rules_] == [rule]
    assert len(np.unique(rows[:, :2], axis=0)) == len(rows)


def test_more_rows_than_combinations_are_drawn_with_a_warning():
    X = make_visits(300, 0)
    X["patient"] = X["patient"].str[:2]
    X = X.drop_duplicates(["patient", "visit"]).reset_index(drop=True)
    sampler = GANOverSampler(
        TabularGAN(max_steps=3, rules=None),
        rules=[Unique(("patient", "visit"))],
        sampling_strategy={1: 900},
        random_state=0,
    )
    with pytest.warns(UserWarning, match="synthetic rows break a rule: no two rows"):
        _, y = sampler.fit_resample(X, np.arange(len(X)) % 4 == 0)
    assert (y == 1).sum() == 900


def test_rows_that_come_in_parts_cannot_prove_it():
    frame = make_visits(600, 0)
    rules = Rules().fit(frame)
    assert rules.kept_by(lambda names: [frame[names]]) == []


def test_a_saved_rule_is_the_same_rule(tmp_path):
    frame = make_visits(600, 0)
    rules = Rules().fit(frame)
    persistence.save(rules.get_state(), tmp_path)
    again = Rules().set_state(persistence.load(tmp_path, STATE_CLASSES))
    assert repr(again) == repr(rules)
    twice = pd.concat([frame, frame])
    np.testing.assert_array_equal(again.violations(twice), rules.violations(twice))


@pytest.mark.parametrize("names", [(), ("a", "a")])
def test_names_must_be_different(names):
    with pytest.raises(ValueError, match="`names` must hold different names"):
        Unique(names)


def test_a_value_that_all_rows_have_once_is_not_searched_among_the_known_ones():
    frame = pd.DataFrame({"number": [3, 7, 7], "wave": [1, 2, 2]})
    rules = Rules([Unique(("number",))]).fit(frame.head(2))
    looked_at = []

    def repeats(rows):
        looked_at.append(len(rows))
        return rules.violations(rows)

    renewed = renew(frame, rules, repeats, frame, np.random.default_rng(0))
    pd.testing.assert_frame_equal(renewed, frame)
    assert len(looked_at) == 1


def test_a_repeated_key_gets_a_free_number_of_the_same_grid():
    frame = pd.DataFrame({"number": [10, 20, 20, 50], "wave": [1, 2, 2, 3]})
    rules = Rules([Unique(("number",))]).fit(frame.drop(index=2))
    rng = np.random.default_rng(0)
    renewed = renew(frame, rules, rules.violations, frame, rng)
    assert renewed["number"].tolist()[2] in (30, 40)
    pd.testing.assert_frame_equal(renewed.drop(index=2), frame.drop(index=2))


def test_only_rules_of_a_changed_column_are_looked_at():
    frame, _ = planted("order", 600, 0)
    rules = Rules().fit(frame)
    broken = frame.head(2).assign(low=[99, 0])
    assert rules.violations_alone(broken).tolist() == [True, False]
    assert rules.violations_alone(broken, {"low"}).tolist() == [True, False]
    assert not rules.violations_alone(broken, {"noise low"}).any()
