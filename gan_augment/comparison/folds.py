"""Folds with every class in them; of whole groups, where rows belong together."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedKFold,
    check_cv,
)
from sklearn.utils import check_consistent_length, column_or_1d

from gan_augment.seeding import draw_seed

# Folds, and how often they are made, where a number of folds or nothing is given.
N_FOLDS, N_REPEATS = 5, 2
# Positions of the rows of each side.
Split = tuple[np.ndarray, np.ndarray]


def group_codes(groups: Any, y: np.ndarray) -> np.ndarray | None:
    """A number for the group of each row; None where rows are on their own."""
    if groups is None:
        return None
    codes, _ = pd.factorize(column_or_1d(groups))
    check_consistent_length(y, codes)
    n_missing = int((codes < 0).sum())
    if n_missing:
        raise ValueError(
            f"`groups` must name the group of every row. Got {n_missing} missing "
            "values. Give such rows groups of their own."
        )
    return codes


def fewest_of_a_class(classes: np.ndarray, groups: np.ndarray | None) -> int:
    """Rows, or groups, of the class that has fewest of them."""
    units = np.arange(len(classes)) if groups is None else groups
    return min(len(np.unique(units[classes == label])) for label in np.unique(classes))


def stratified(
    classes: np.ndarray, groups: np.ndarray | None, folding: Any
) -> list[Split]:
    """Folds of rows, or of whole groups, stratified by the rarest class that each has.

    ``StratifiedGroupKFold`` makes folds of more equal sizes, but some without a class
    that there are groups enough of, and of groups of different sizes the same ones
    whatever its seed.
    """
    if groups is None:
        return list(folding.split(classes, classes))
    rarity = np.bincount(classes).argsort(kind="stable").argsort()
    rarest = np.full(groups.max() + 1, len(rarity))
    np.minimum.at(rarest, groups, rarity[classes])
    with warnings.catch_warnings():
        # Few groups without a row of some class are no class with few rows.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        sides = list(folding.split(rarest, rarest))
    return [
        (
            np.flatnonzero(np.isin(groups, train)),
            np.flatnonzero(np.isin(groups, test)),
        )
        for train, test in sides
    ]


def hold_every_class(classes: np.ndarray, parts: list[np.ndarray]) -> bool:
    """Whether each of these has rows of every class."""
    n_classes = len(np.unique(classes))
    return all(len(np.unique(classes[part])) == n_classes for part in parts)


def make_splits(
    cv: Any,
    X: Any,
    classes: np.ndarray,
    groups: np.ndarray | None,
    rng: np.random.Generator,
) -> list[Split]:
    """The folds that `cv` asks for, after a check that they can be compared on."""
    if cv is not None and not isinstance(cv, Integral):
        splits = list(check_cv(cv).split(X, classes, groups))
    else:
        n_splits = N_FOLDS if cv is None else int(cv)
        fewest = fewest_of_a_class(classes, groups)
        if fewest < n_splits:
            units = "rows" if groups is None else "groups with rows"
            raise ValueError(
                f"`y` must have at least {n_splits} {units} of every class, one a "
                f"fold. Got {fewest}. Lower `cv`, or leave out classes with fewer."
            )
        folding = RepeatedStratifiedKFold(
            n_splits=n_splits, n_repeats=N_REPEATS, random_state=draw_seed(rng)
        )
        splits = stratified(classes, groups, folding)
    if not hold_every_class(classes, [train for train, _ in splits]):
        raise ValueError(
            "`cv` must leave rows of every class in every training fold. Got a fold "
            "without one. Stratify the folds, or take fewer."
        )
    if groups is not None and any(
        np.isin(groups[test], groups[train]).any() for train, test in splits
    ):
        raise ValueError(
            "`cv` must have every group on one side of a fold. Got a group on both. "
            "Take a splitter of groups, or a number of folds."
        )
    return splits


def inner_splits(
    n_folds: int, y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator
) -> list[Split] | None:
    """At most so many folds with every class on both sides; None if there are none."""
    _, classes = np.unique(y, return_inverse=True)
    most = min(n_folds, fewest_of_a_class(classes, groups))
    for n_splits in range(most, 1, -1):
        folding = StratifiedKFold(n_splits, shuffle=True, random_state=draw_seed(rng))
        splits = stratified(classes, groups, folding)
        if hold_every_class(classes, [part for split in splits for part in split]):
            return splits
    return None
