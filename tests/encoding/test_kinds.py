"""Kinds of columns: one that a user adds, and what is exact whatever its size."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from gan_augment import TabularGAN
from gan_augment.encoding import Span, TableEncoder
from gan_augment.encoding.kinds import (
    COLUMN_KINDS,
    KIND_CLASSES,
    ColumnKind,
    register_kind,
)


@dataclass(eq=False)
class AngleKind(ColumnKind):
    """Degrees that end where they begin, as sine and cosine."""

    n_rows: int

    name = "angle"
    is_discrete = False

    @classmethod
    def accepts(cls, sample):
        return str(sample.values.name).endswith("_deg")

    @classmethod
    def fit(cls, sample):
        return cls(len(sample.values))

    @property
    def nullable(self):
        return False

    @property
    def width(self):
        return 2

    def spans(self, column, start):
        return [Span(column, "scalar", start + i, 1) for i in range(2)]

    def to_numbers(self, values):
        return values.to_numpy(float)

    def to_values(self, numbers, rng):
        return pd.Series(numbers)

    def quantize(self, numbers):
        return np.rint(numbers * 100).astype(np.int32)

    def dequantize(self, codes, rng):
        angle = np.deg2rad(codes / 100)
        return np.column_stack([np.sin(angle), np.cos(angle)])

    def restore(self, cells):
        return np.rad2deg(np.arctan2(cells[:, 0], cells[:, 1])) % 360


@pytest.fixture
def angles():
    register_kind(AngleKind)
    yield
    COLUMN_KINDS.remove(AngleKind)
    del KIND_CLASSES["AngleKind"]


def test_a_kind_of_the_users_own_is_encoded_trained_saved_and_loaded(angles, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"wind_deg": rng.uniform(0, 360, 80), "speed": rng.gamma(2, 3, 80)}
    )
    encoder = TableEncoder().fit(frame)
    assert encoder.dtypes_ == {"wind_deg": "angle", "speed": "numeric"}
    assert encoder.width_ == 3
    back = encoder.inverse_transform(encoder.transform(frame, random_state=0))
    np.testing.assert_allclose(back["wind_deg"], frame["wind_deg"], atol=0.01)

    gan = TabularGAN(max_steps=3, random_state=0).fit(frame, np.arange(80) % 2)
    gan.save(tmp_path / "gan")
    expected, _ = gan.sample(9)
    assert expected["wind_deg"].between(0, 360).all()
    loaded, _ = TabularGAN.load(tmp_path / "gan").sample(9)
    pd.testing.assert_frame_equal(loaded, expected)


@pytest.mark.parametrize(
    "values",
    [
        np.array([0, 1, 2**53 + 1, 2**60 + 1, 2**62 + 3]),
        np.array([2**63 + 1, 2**63 + 2, 2**64 - 1], dtype=np.uint64),
        np.array([-(2**63), -1, 2**63 - 1]),
        pd.to_datetime([1, 1_600_000_000_123_456_789, 1_700_000_000_987_654_321]),
        pd.to_timedelta([3, 10**18 + 1]),
    ],
    ids=["int64", "uint64", "whole range", "nanoseconds", "durations"],
)
@pytest.mark.parametrize("dtype", [None, "Int64", "int64[pyarrow]"])
def test_values_that_repeat_come_back_exactly_however_large(values, dtype):
    rng = np.random.default_rng(0)
    column = pd.Series(values[rng.integers(0, len(values), 300)])
    if dtype is not None:
        if column.dtype != np.int64:
            pytest.skip("not a signed integer")
        column = column.astype(dtype)
    frame = pd.DataFrame({"key": column})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame, random_state=0))
    pd.testing.assert_frame_equal(back, frame)
    wild = encoder.inverse_transform(rng.normal(0, 3, (400, encoder.width_)))
    assert wild["key"].isin(frame["key"]).all()


def test_large_numbers_that_differ_are_not_all_of_one_remainder():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"at": pd.to_datetime(rng.integers(10**18, 2 * 10**18, 6000))})
    encoder = TableEncoder().fit(frame)
    drawn = encoder.inverse_transform(rng.normal(size=(3000, 1)))["at"]
    low_bits = drawn.astype("int64") % 64
    assert low_bits.value_counts(normalize=True).max() < 0.1
    assert drawn.between(frame["at"].min(), frame["at"].max()).all()
    back = encoder.inverse_transform(encoder.transform(frame, spread=False))["at"]
    error = (back.astype("int64") - frame["at"].astype("int64")).abs()
    assert error.median() < 1e-3 * 10**18
