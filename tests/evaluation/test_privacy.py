import numpy as np
import pytest

from gan_augment.evaluation import closest_record_ratio


def test_a_fresh_sample_is_as_near_to_both_sets():
    rng = np.random.default_rng(0)
    train, holdout, synthetic = rng.normal(size=(3, 800, 3))
    ratio = closest_record_ratio(train, holdout, synthetic, random_state=0)
    assert ratio == pytest.approx(1, abs=0.1)
    inverse = closest_record_ratio(holdout, train, synthetic, random_state=0)
    assert ratio * inverse == pytest.approx(1, abs=0.1)


def test_the_ratio_falls_as_rows_near_the_training_rows():
    rng = np.random.default_rng(0)
    train, holdout = rng.normal(size=(2, 500, 3))
    ratios = [
        closest_record_ratio(
            train, holdout, train + noise * rng.normal(size=train.shape)
        )
        for noise in (0, 0.03, 0.1, 1)
    ]
    assert ratios[0] == 0
    assert ratios == sorted(ratios)


def test_a_larger_training_set_is_no_advantage():
    rng = np.random.default_rng(0)
    train, holdout = rng.normal(size=(4000, 2)), rng.normal(size=(200, 2))
    fresh = rng.normal(size=(500, 2))
    ratio = closest_record_ratio(train, holdout, fresh, random_state=0)
    assert ratio == pytest.approx(1, abs=0.15)


def test_rows_that_lie_on_everything_have_no_ratio():
    same = np.zeros((5, 2))
    assert np.isnan(closest_record_ratio(same, same, same))
    with pytest.raises(ValueError, match=r"same columns\. Got 2, 2 and 3"):
        closest_record_ratio(same, same, np.zeros((5, 3)))
