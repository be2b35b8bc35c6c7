"""Every measure says of a fresh sample, a copier and noise what it should."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.metrics import row_quality

PRIVACY = [
    *("exact_copies", "near_copies", "closest_record_ratio"),
    *("membership_inference_auc", "membership_inference_low"),
]


def table(n_rows, seed):
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 9, n_rows)
    job = np.where(age + rng.normal(0, 3, n_rows) > 40, "old", "young")
    return pd.DataFrame(
        {"age": age, "income": age**2 + rng.normal(size=n_rows), "job": job}
    )


@pytest.fixture(scope="module")
def qualities():
    train, holdout = table(300, 0), table(200, 1)
    shuffled = table(300, 2).apply(
        lambda column: column.sample(
            frac=1, random_state=len(column.unique())
        ).to_numpy()
    )
    made = {"fresh": table(400, 3), "copies": train, "shuffled": shuffled}
    return {
        name: row_quality(train, holdout, rows, random_state=0)
        for name, rows in made.items()
    }


def test_a_fresh_sample_is_at_the_floor_in_everything(qualities):
    fresh = qualities["fresh"]
    difference = (fresh["synthetic"] - fresh["real"]).abs()
    assert (difference.drop("density") < 0.12).all(), difference


def test_a_copier_is_faithful_and_no_more_private_than_a_copy(qualities):
    copies = qualities["copies"]["synthetic"]
    assert copies[PRIVACY].tolist() == [1, 1, 0, 1, 1]
    fidelity = qualities["copies"].drop(PRIVACY)
    assert ((fidelity["synthetic"] - fidelity["real"]).abs() < 0.1).all()


def test_lost_associations_cost_fidelity_and_leave_the_marginals(qualities):
    shuffled, fresh = (qualities[name]["synthetic"] for name in ("shuffled", "fresh"))
    assert shuffled["marginal_distance"] < 0.1
    assert shuffled["association_distance"] > 0.4 > 0.1 > fresh["association_distance"]
    assert shuffled["c2st"] > fresh["c2st"] + 0.1
    assert shuffled["precision"] < fresh["precision"]


def test_images_have_no_columns():
    train, holdout, synthetic = np.random.default_rng(0).random((3, 30, 5, 5))
    quality = row_quality(train, holdout, synthetic, random_state=0)
    assert "marginal_distance" not in quality.index
    assert quality.notna().all(axis=None)


def test_rows_are_limited_and_the_choice_is_seeded():
    rows = table(180, 0)
    parts = rows[:60], rows[60:120], rows[120:]
    one, again = (row_quality(*parts, max_rows=40, random_state=0) for _ in range(2))
    assert one.equals(again)
    # Of 40 rows each: a share is a whole number of fortieths.
    assert (one.loc["coverage"] * 40 % 1 == 0).all()


def test_too_few_rows_are_a_clear_error():
    rows = np.ones((30, 2))
    with pytest.raises(ValueError, match=r"at least 20 rows each\. Got 30, 19 and 30"):
        row_quality(rows, rows[:19], rows)
