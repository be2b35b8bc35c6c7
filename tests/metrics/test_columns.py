"""Any columns become cells in which equal rows are equal, and others are not."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.metrics import encode_rows
from gan_augment.metrics.columns import MAX_LEVELS, is_numeric, plain_frames


def test_every_dtype_becomes_numbers_or_strings(mixed_frame):
    (plain,) = plain_frames(mixed_frame)
    kinds = {name: is_numeric(plain[name]) for name in plain}
    strings = {name for name, numeric in kinds.items() if not numeric}
    assert strings == {
        *("bool", "boolean", "category", "interval", "string", "object"),
        *("all_none", "date_objects", "identifier"),
    }
    assert np.array_equal(plain.isna(), mixed_frame.isna())


def test_dates_are_days_since_1970_and_durations_days():
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["1970-01-03", None]),
            "zone": pd.to_datetime(["1970-01-03 01:00+01:00", None]),
            "span": pd.to_timedelta(["36h", None]),
        }
    )
    (plain,) = plain_frames(frame)
    assert plain.iloc[0].tolist() == [2, 2, 1.5]
    assert plain.iloc[1].isna().all()


def test_a_column_is_of_the_same_kind_in_every_table():
    real, synthetic = plain_frames(
        pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": ["x", None]})
    )
    assert real["a"].tolist() == ["1", "2"]
    assert synthetic["a"].isna().tolist() == [False, True]


def test_equal_rows_are_equal_and_others_differ(mixed_frame):
    distinct = mixed_frame.drop(columns="identifier")
    one, other = encode_rows(distinct, distinct.iloc[::-1])
    assert np.array_equal(one, other[::-1])
    assert len(np.unique(one, axis=0)) == len(distinct)


def test_units_do_not_count_and_an_outlier_hardly_does():
    values = np.random.default_rng(0).normal(size=(500, 1))
    outlier = np.concatenate([values, [[1e6]]])
    (cells,) = encode_rows(values)
    assert (cells.mean(), cells.std()) == pytest.approx((0, 1))
    assert np.allclose(cells, encode_rows(1000 * values + 7)[0])
    assert np.abs(cells - encode_rows(outlier)[0][:500]).max() < 0.1


def test_a_small_difference_stays_small_however_many_rows_lie_near():
    values = np.random.default_rng(0).normal(size=(500, 1))
    cells, moved = encode_rows(values, values + 1e-6)
    assert 0 < np.abs(cells - moved).max() < 1e-4


def test_missing_numbers_sit_in_the_middle_and_say_so():
    (cells,) = encode_rows(pd.DataFrame({"a": [1.0, np.nan, 3.0]}))
    assert cells[1, 0] == pytest.approx(0)
    assert cells[:, 1].tolist() == [0, 1, 0]


def test_constant_and_empty_columns_are_no_numbers_that_blow_up():
    (cells,) = encode_rows(pd.DataFrame({"a": [1, 1], "b": [np.nan, np.nan]}))
    assert np.isfinite(cells).all()
    assert np.array_equal(cells[0], cells[1])


def test_the_number_of_cells_of_a_category_is_bounded():
    levels = np.arange(1000).astype(str)
    (cells,) = encode_rows(pd.DataFrame({"id": levels}))
    assert cells.shape == (1000, MAX_LEVELS)


def test_other_columns_are_a_clear_error():
    with pytest.raises(ValueError, match=r"same columns.*Got \['a'\] and \['b'\]"):
        encode_rows(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}))
