"""A copier is found out, a fresh sample is not, and what lies between is ordered."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.metrics import (
    closest_distances,
    closest_record_ratio,
    copy_rates,
    membership_inference_auc,
    reused_identifiers,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_fresh_sample_is_as_near_to_both_sets(rng):
    train, holdout, synthetic = rng.normal(size=(3, 800, 3))
    ratio = closest_record_ratio(train, holdout, synthetic, random_state=0)
    assert ratio == pytest.approx(1, abs=0.1)
    inverse = closest_record_ratio(holdout, train, synthetic, random_state=0)
    assert ratio * inverse == pytest.approx(1, abs=0.1)
    assert membership_inference_auc(train, holdout, synthetic) == pytest.approx(
        0.5, abs=0.05
    )
    rates = copy_rates(train, holdout, synthetic)
    assert rates.exact == rates.exact_holdout == 0
    assert rates.near == pytest.approx(rates.near_holdout, abs=0.03)


def test_figures_are_worse_the_nearer_the_rows_are_to_the_training_rows(rng):
    train, holdout = rng.normal(size=(2, 500, 3))
    made = [train + noise * rng.normal(size=train.shape) for noise in (0, 0.03, 0.1, 1)]
    ratios = [closest_record_ratio(train, holdout, rows) for rows in made]
    near = [copy_rates(train, holdout, rows).near for rows in made]
    known = [membership_inference_auc(train, holdout, rows) for rows in made]
    assert ratios[0] == 0
    assert near[0] == known[0] == 1
    assert ratios == sorted(ratios)
    assert near == sorted(near, reverse=True)
    assert known == sorted(known, reverse=True)


def test_members_and_others_change_places(rng):
    train, holdout, synthetic = rng.normal(size=(3, 100, 2))
    found = membership_inference_auc(train, holdout, synthetic)
    swapped = membership_inference_auc(holdout, train, synthetic)
    assert found + swapped == pytest.approx(1)


def test_a_larger_training_set_is_no_advantage(rng):
    train, holdout = rng.normal(size=(4000, 2)), rng.normal(size=(200, 2))
    fresh = rng.normal(size=(500, 2))
    ratio = closest_record_ratio(train, holdout, fresh, random_state=0)
    assert ratio == pytest.approx(1, abs=0.15)


def test_a_share_of_copies_is_that_share(rng):
    train, holdout, fresh = rng.normal(size=(3, 200, 2))
    synthetic = np.concatenate([train[:50], fresh[:150]])
    assert copy_rates(train, holdout, synthetic).exact == 0.25


def test_rows_that_repeat_by_nature_are_seen_in_the_holdout():
    train = pd.DataFrame({"a": list("xyxy"), "b": [1, 2, 1, 2]})
    rates = copy_rates(train, train.iloc[:2], train.iloc[2:])
    assert rates == (1, 1, 1, 1)


def test_rows_that_differ_in_a_rare_level_alone_are_no_copies():
    train = pd.DataFrame({"id": [f"id-{i}" for i in range(200)], "b": 1})
    fresh = train.assign(id=train["id"] + "x")
    assert copy_rates(train, train, fresh) == (0, 1, 1, 1)


def test_frames_are_encoded_together():
    train = pd.DataFrame({"age": [20.0, 30.0], "job": ["a", "b"]})
    distances = closest_distances(train, train.assign(job=["a", "c"]))
    assert distances[0] == 0 < distances[1]


def test_rows_that_lie_on_everything_have_no_ratio():
    same = np.zeros((5, 2))
    assert np.isnan(closest_record_ratio(same, same, same))


@pytest.mark.parametrize(
    "measure", [closest_record_ratio, copy_rates, membership_inference_auc]
)
def test_other_widths_are_a_clear_error(measure):
    same = np.zeros((5, 2))
    with pytest.raises(ValueError, match=r"same columns\. Got 2, 2 and 3"):
        measure(same, same, np.zeros((5, 3)))


def test_a_quantile_is_a_share():
    with pytest.raises(ValueError, match=r"`quantile` must be from 0 to 1\. Got 5"):
        copy_rates([[0.0]], [[0.0]], [[0.0]], quantile=5)


def test_reused_identifiers_are_counted_by_column():
    real = pd.DataFrame(
        {
            "id": [f"C{i:05d}" for i in range(200)],
            "mail": [f"u{i}@mail.example" for i in range(200)],
            "age": np.arange(200) % 60,
        }
    )
    synthetic = pd.DataFrame(
        {"id": ["C00003", "C90000", None, "C00004"], "age": [1, 2, 3, 4]}
    )
    shares = reused_identifiers(real, synthetic)
    assert shares.to_dict() == {"id": pytest.approx(2 / 3), "mail": 0.0}
    assert reused_identifiers(real[["age"]], synthetic).empty
