import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from gan_augment.filtering import ClassFilter, CopyFilter


def test_the_most_likely_rows_are_kept_in_their_order():
    X = np.arange(100.0)[:, None]
    y = np.arange(100) >= 50
    fitted = ClassFilter(random_state=0).fit(X, y)
    kept = fitted.select(X[::-1], True, 40)
    assert kept.tolist() == sorted(kept.tolist())
    assert (X[::-1][kept] >= 50).all()
    assert (X[::-1][fitted.select(X[::-1], False, 40)] < 50).all()


def test_mixed_tables_with_missing_values_are_no_obstacle(mixed_frame):
    y = np.arange(len(mixed_frame)) % 3
    fitted = ClassFilter(DecisionTreeClassifier(), random_state=0).fit(mixed_frame, y)
    assert len(fitted.select(mixed_frame, 2, 10)) == 10


def test_copies_are_found_cell_by_cell(mixed_frame):
    copies = CopyFilter(mixed_frame)
    assert copies.is_copy(mixed_frame).all()
    changed = mixed_frame.assign(int=mixed_frame["int"] + 1)
    assert not copies.is_copy(changed).any()
    assert not copies.copies_are_natural
    assert copies.refused(mixed_frame).all()


@pytest.mark.parametrize(
    ("frame", "natural"),
    [
        (pd.DataFrame({"a": list("xyz") * 10}), True),
        (pd.DataFrame({"a": np.arange(30) % 5, "b": list("xyz") * 10}), True),
        (pd.DataFrame({"a": np.random.default_rng(0).normal(size=30)}), False),
        (pd.DataFrame({"a": np.arange(30) * 1.37e-5, "b": list("xyz") * 10}), False),
    ],
)
def test_copies_are_natural_where_few_rows_are_possible(frame, natural):
    copies = CopyFilter(frame)
    assert copies.copies_are_natural == natural
    assert copies.refused(frame).any() != natural
