"""Who copies is caught, who draws anew is not."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.metrics import (
    attack_risks,
    inference_risk,
    linkability_risk,
    rare_combinations_risk,
    singling_out_risk,
)
from gan_augment.reporting.findings import ATTACKS, RISKY, gives_away

JUDGED = [singling_out_risk, linkability_risk, inference_risk]
SEEDS = range(3)


def draw(rng, n_rows):
    """Numbers, levels, dates and missing values that depend on each other."""
    z = rng.normal(size=n_rows)
    days = pd.to_timedelta(rng.integers(0, 900, n_rows), "D")
    income = rng.lognormal(z).round(2)
    return pd.DataFrame(
        {
            "income": np.where(rng.random(n_rows) < 0.1, np.nan, income),
            "visits": rng.poisson(np.exp(1 + 0.3 * z)),
            "plan": np.array([*"xyzuv"])[rng.integers(0, 5, n_rows)],
            "well": np.where(z > 0, "yes", "no"),
            "since": pd.Timestamp("2024-01-01") + days,
        }
    )


@pytest.fixture(params=SEEDS)
def tables(request):
    rng = np.random.default_rng(request.param)
    return [draw(rng, n_rows) for n_rows in (300, 150, 300)]


@pytest.mark.parametrize("attack", JUDGED)
def test_a_sampler_that_copies_rows_is_caught(attack, tables):
    train, holdout, _ = tables
    copies = train.sample(300, replace=True, random_state=0)
    found = attack(train, holdout, copies, random_state=0)
    assert found.low > RISKY
    assert found.success > found.control
    assert found.low <= found.risk <= found.high


@pytest.mark.parametrize("attack", JUDGED)
def test_independent_rows_of_the_same_distribution_are_not(attack, tables):
    found = attack(*tables, random_state=0)
    assert found.low < RISKY
    assert abs(found.success - found.control) < 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_rare_combinations_are_found_in_copies_alone(seed):
    rng = np.random.default_rng(seed)
    train, holdout, fresh = (pd.DataFrame(rng.poisson(3, (300, 5))) for _ in range(3))
    copied = rare_combinations_risk(train, holdout, train, random_state=0)
    assert copied.low > 0.3
    assert rare_combinations_risk(train, holdout, fresh, random_state=0).low < 0.1


def test_half_of_the_rows_copied_is_less_than_all(tables):
    train, holdout, fresh = tables
    mixed = pd.concat([train.head(150), fresh.head(150)])
    some, all_ = (
        inference_risk(train, holdout, rows, random_state=0) for rows in (mixed, train)
    )
    assert 0 < some.risk < all_.risk


def test_the_seed_decides():
    rng = np.random.default_rng(0)
    tables = [draw(rng, 60) for _ in range(3)]
    first, second = (
        attack_risks(*tables, n_attacks=50, random_state=1) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)


def test_more_held_out_rows_change_nothing_that_is_to_be_found(tables):
    train, _, fresh = tables
    many = draw(np.random.default_rng(9), 1200)
    assert singling_out_risk(train, many, fresh, random_state=0).low < RISKY
    assert singling_out_risk(train, many, train, random_state=0).low > RISKY


@pytest.mark.parametrize("attack", JUDGED)
def test_one_column_or_row_is_no_error(attack):
    rows = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    found = attack(rows, rows, rows, random_state=0)
    assert np.isnan(found.risk) or 0 <= found.risk <= 1
    with pytest.raises(ValueError, match="must have at least one row each"):
        attack(rows, rows.head(0), rows)


@pytest.mark.parametrize(("copied", "tone"), [(True, "bad"), (False, "good")])
def test_a_report_says_what_attacks_found(tables, copied, tone):
    train, holdout, fresh = tables
    measures = {
        "exact_copies": [0.0, 0.0],
        "near_copies": [0.05, 0.05],
        "membership_inference_auc": [0.5, 0.5],
        "membership_inference_low": [0.5, 0.5],
    }
    quality = pd.DataFrame(measures, index=["synthetic", "real"]).T
    made = train if copied else fresh
    risks = attack_risks(train, holdout, made, random_state=0)
    finding = gives_away({1: quality}, risks=risks)
    assert finding.tone == tone
    assert any(words in finding.evidence for words in ATTACKS.values())
