"""Tables that were one-hot encoded before they came."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OneHotEncoder

from gan_augment import GANOverSampler, TabularGAN
from gan_augment.encoding import TableEncoder
from gan_augment.encoding.one_hot import find_one_hot_groups
from gan_augment.over_sampling import CopyFilter


@pytest.fixture
def levels():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"a": rng.choice(list("xyz"), 300), "b": rng.choice(list("uvwt"), 300)}
    )


def encoded(levels, drop=None, dtype=float):
    names = OneHotEncoder(sparse_output=False, drop=drop, dtype=dtype)
    matrix = names.fit_transform(levels)
    frame = pd.DataFrame(matrix, columns=names.get_feature_names_out())
    frame["number"] = np.random.default_rng(1).normal(size=len(levels))
    return frame


@pytest.mark.parametrize(("drop", "sizes"), [(None, [3, 4]), ("first", [2, 3])])
@pytest.mark.parametrize("dtype", [float, np.int8, bool])
def test_every_category_is_found_by_itself(levels, drop, sizes, dtype):
    frame = encoded(levels, drop, dtype)
    groups = find_one_hot_groups(frame)
    assert [len(group.positions) for group in groups] == sizes
    assert [group.complete for group in groups] == [drop is None] * 2
    assert not find_one_hot_groups(frame, excluded=range(0, 7, 2))


def test_dummies_of_pandas_are_found(levels):
    frame = pd.get_dummies(levels, sparse=True)
    assert [len(group.names) for group in find_one_hot_groups(frame)] == [3, 4]


def test_flags_are_no_category_unless_the_data_says_so():
    rng = np.random.default_rng(0)
    often = pd.DataFrame(rng.integers(2, size=(200, 4)).astype(float))
    assert not find_one_hot_groups(often)
    # Two of a thousand each: that they never meet is no wonder.
    seldom = pd.DataFrame(np.zeros((1000, 3)))
    seldom.iloc[[1, 2], 0] = seldom.iloc[[3, 4], 1] = seldom.iloc[[5, 6], 2] = 1
    assert not find_one_hot_groups(seldom)


def test_a_meeting_that_is_expected_once_says_nothing_by_not_happening():
    flags = pd.DataFrame(np.zeros((400, 2)))
    flags.iloc[:20, 0] = flags.iloc[20:40, 1] = 1  # 20 * 20 / 400 are expected
    assert not find_one_hot_groups(flags)
    flags.iloc[40:100, 1] = 1
    assert find_one_hot_groups(flags)


@pytest.mark.parametrize("drop", [None, "first"])
@pytest.mark.parametrize("container", [pd.DataFrame, np.asarray])
def test_there_and_back(levels, drop, container):
    X = container(encoded(levels, drop))
    encoder = TableEncoder().fit(X)
    back = encoder.inverse_transform(encoder.transform(X, 0))
    np.testing.assert_allclose(np.asarray(back), np.asarray(X), atol=0.2)
    np.testing.assert_array_equal(np.asarray(back)[:, :-1], np.asarray(X)[:, :-1])
    copied = TableEncoder().set_state(encoder.get_state())
    np.testing.assert_array_equal(copied.quantize(X), encoder.quantize(X))


def test_the_columns_are_reported_as_what_they_are(levels):
    frame = encoded(levels)
    encoder = TableEncoder().fit(frame)
    assert [*encoder.dtypes_] == [*frame.columns]
    assert encoder.categorical_features_.tolist() == list(range(7))
    assert encoder.width_ == 8
    with pytest.raises(ValueError, match=r"must have 8 columns.*Got 7"):
        encoder.quantize(frame.iloc[:, :7])


@pytest.mark.parametrize("drop", [None, "first"])
def test_synthetic_rows_have_one_level_each(levels, drop):
    X = encoded(levels, drop)
    y = np.arange(300) % 6 == 0
    # The filter may leave out a rare level.
    gan = TabularGAN(max_steps=20)
    sampler = GANOverSampler(gan, sample_filter=None, random_state=0)
    rows = sampler.fit_resample(X, y)[0][sampler.synthetic_mask_]
    pd.testing.assert_series_equal(rows.dtypes, X.dtypes)
    for letter in "ab":
        sums = rows[[name for name in X if name.startswith(letter)]].sum(axis=1)
        assert set(sums) == ({1.0} if drop is None else {0.0, 1.0})


def test_rows_of_another_kind_are_understood(levels):
    """Interpolated rows of a peer, which the filter judges, have no clear level."""
    encoder = TableEncoder().fit(encoded(levels))
    mixed = encoded(levels)[:2] * 0.4
    mixed["b_u"] = np.nan
    assert (encoder.quantize(mixed)[:, :2] >= 0).all()


def test_a_full_factorial_table_repeats_itself_by_nature():
    levels = pd.DataFrame(
        [(a, b, c) for a in "pqrs" for b in "tuvw" for c in "xyz"], columns=[*"abc"]
    )
    frame = encoded(levels).drop(columns="number")
    assert CopyFilter().fit(frame).copies_are_natural
