"""Folds: groups on one side, classes on both, and another partition every time."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import RepeatedStratifiedKFold

from gan_augment.comparison.folds import group_codes, inner_splits, stratified

# Groups of very different sizes, of which some have rows of the rare class too.
SIZES = np.random.default_rng(0).lognormal(2, 1, 30).astype(int) + 1
GROUPS = np.repeat(np.arange(30), SIZES)
IS_RARE = (GROUPS < 8) & (np.random.default_rng(1).random(len(GROUPS)) < 0.4)


def repeated(seed=0):
    folding = RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=seed)
    return stratified(IS_RARE.astype(int), GROUPS, folding)


def test_groups_are_on_one_side_and_classes_on_both():
    for train, test in repeated():
        assert not set(GROUPS[train]) & set(GROUPS[test])
        assert sorted([*train, *test]) == list(range(len(GROUPS)))
        assert IS_RARE[train].any()
        assert IS_RARE[test].any()


def test_groups_of_different_sizes_are_dealt_anew_in_every_repeat():
    tests = [frozenset(GROUPS[test]) for _, test in repeated()]
    assert len(set(tests)) == len(tests)
    assert tests != [frozenset(GROUPS[test]) for _, test in repeated(seed=1)]


@pytest.mark.parametrize(
    "groups",
    [
        GROUPS.tolist(),
        [f"customer {k}" for k in GROUPS],
        pd.Series(GROUPS, index=np.arange(len(GROUPS))[::-1]),
        pd.Series(GROUPS).astype("category"),
        GROUPS[:, None] + 0.5,
    ],
    ids=["list", "strings", "series", "categories", "column"],
)
def test_groups_may_be_of_any_kind(groups):
    np.testing.assert_array_equal(group_codes(groups, IS_RARE), GROUPS)


@pytest.mark.parametrize("seed", range(5))
def test_inner_folds_have_every_class_on_both_sides(seed):
    rng = np.random.default_rng(seed)
    # The third class has rows in many groups, but next to none in most of them.
    classes = np.where(rng.random(len(GROUPS)) < 0.02, 2, IS_RARE.astype(int))
    splits = inner_splits(5, classes, GROUPS, rng)
    assert 2 <= len(splits) <= 5
    for part in (part for split in splits for part in split):
        assert set(classes[part]) == {0, 1, 2}


def test_inner_folds_of_one_group_are_none():
    assert inner_splits(5, GROUPS == 3, GROUPS, np.random.default_rng(0)) is None
