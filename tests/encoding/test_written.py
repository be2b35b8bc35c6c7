"""Text that is numbers or dates: learned as these, and written as it was."""

import warnings

import numpy as np
import pandas as pd
import pytest

from gan_augment import GANOverSampler, TableWarning, TabularGAN, check_table
from gan_augment.encoding import TableEncoder

N_ROWS = 400


def amounts(seed=0):
    return np.random.default_rng(seed).gamma(3, 900, N_ROWS).round(2)


STYLES = {
    "plain": [f"{v:.2f}" for v in amounts()],
    "as Python does": [str(v) for v in amounts()],
    "thousands": [f"{v:,.2f}" for v in amounts()],
    "euro": [f"{v:,.2f} €".translate(str.maketrans(",.", ".,")) for v in amounts()],
    "dollars": [f"${v:,.0f}" for v in amounts()],
    "per cent": [f"{v / 100:.1f}%" for v in amounts()],
    "Swiss": [f"{v:,.2f}".replace(",", "'") for v in amounts()],
    "negative": [f"{v - 2000:.1f}" for v in amounts()],
    "few decimals": [f"{v:.2f}".rstrip("0").rstrip(".") for v in amounts()],
    "dates": pd.date_range("2021-01-25", periods=N_ROWS).strftime("%d/%m/%Y").tolist(),
    "times": pd.date_range("2021-01-25", periods=N_ROWS, freq="97min")
    .strftime("%Y-%m-%dT%H:%M:%S")
    .tolist(),
    "dates without zeros": [
        f"{d.month}/{d.day}/{d.year}"
        for d in pd.date_range("2021-01-25", periods=N_ROWS)
    ],
    "times without zeros": [
        f"{d.day}.{d.month}.{d:%y} {d.hour}:{d:%M}"
        for d in pd.date_range("2021-01-25", periods=N_ROWS, freq="97min")
    ],
}


@pytest.mark.parametrize("dtype", [object, "string"])
@pytest.mark.parametrize("style", STYLES)
def test_texts_take_one_cell_and_come_back_as_they_are_written(style, dtype):
    frame = pd.DataFrame({"a": pd.Series(STYLES[style], dtype=dtype)})
    encoder = TableEncoder().fit(frame)
    assert encoder.dtypes_ == {"a": "written"}
    assert encoder.width_ == 1
    back = encoder.from_numbers(encoder.to_numbers(frame))
    pd.testing.assert_frame_equal(back, frame)
    wild = np.random.default_rng(1).normal(0, 2, (200, 1))
    drawn = encoder.inverse_transform(wild)
    again = encoder.from_numbers(encoder.to_numbers(drawn))
    pd.testing.assert_frame_equal(again, drawn)


@pytest.mark.parametrize("gap", ["", " ", "?", "NA", None])
def test_the_one_text_that_is_no_number_comes_back_as_missing_values_do(gap):
    texts = np.array(STYLES["thousands"], dtype=object)
    texts[::4] = gap
    frame = pd.DataFrame({"a": texts})
    encoder = TableEncoder().fit(frame)
    assert encoder.dtypes_ == {"a": "written"}
    back = encoder.inverse_transform(encoder.transform(frame, random_state=0))
    is_gap = frame["a"].isna() if gap is None else frame["a"] == gap
    found = back["a"].isna() if gap is None else back["a"] == gap
    assert found.tolist() == is_gap.tolist()


@pytest.mark.parametrize(
    "change",
    [
        lambda t: ["?", "-", *t[2:]],  # which of both was missing would be lost
        lambda t: [None, "-", *t[2:]],
        lambda t: ["1,2", *t[1:]],  # written in another way
        lambda t: ["many", *t[1:]],
    ],
)
def test_texts_that_are_not_written_alike_are_levels(change):
    frame = pd.DataFrame({"a": change(STYLES["thousands"])})
    encoder = TableEncoder(identifiers="keep").fit(frame)
    assert encoder.dtypes_ == {"a": "high-cardinality"}


def test_few_levels_and_codes_are_no_numbers():
    frame = pd.DataFrame(
        {
            "grade": [str(i % 9) for i in range(N_ROWS)],
            "zip": [f"{i % 200:05d}" for i in range(N_ROWS)],
        }
    )
    assert TableEncoder().fit(frame).dtypes_ == {
        "grade": "categorical",
        "zip": "high-cardinality",
    }


def test_a_text_that_is_written_otherwise_than_in_fit_is_named():
    encoder = TableEncoder().fit(pd.DataFrame({"a": STYLES["plain"]}))
    with pytest.raises(ValueError, match=r"'a'.*written as in fit.*'lots'"):
        encoder.transform(pd.DataFrame({"a": ["lots"]}))


def test_what_goes_with_the_numbers_is_learned_and_saved(tmp_path):
    rng = np.random.default_rng(0)
    months = rng.integers(1, 73, N_ROWS)
    total = [
        f"{m * p:.2f}" for m, p in zip(months, rng.uniform(40, 60, N_ROWS), strict=True)
    ]
    frame = pd.DataFrame({"months": months, "total": total})
    gan = TabularGAN(max_steps=60, random_state=0).fit(
        frame, np.arange(N_ROWS) % 4 == 0
    )
    drawn, _ = gan.sample(300)
    assert np.corrcoef(drawn["months"], drawn["total"].astype(float))[0, 1] > 0.6
    assert drawn["total"].str.fullmatch(r"\d+\.\d\d").all()
    gan.save(tmp_path / "gan")
    loaded, _ = TabularGAN.load(tmp_path / "gan").sample(300)
    pd.testing.assert_frame_equal(loaded, drawn)


def test_an_over_sampler_says_what_it_took_for_levels():
    """Numbers whose missing values are spelled in two ways."""
    texts = ["?", "-", *STYLES["thousands"][2:]]
    frame = pd.DataFrame({"a": texts, "b": np.arange(N_ROWS) % 50})
    y = np.arange(N_ROWS) % 4 == 0
    gan = TabularGAN(max_steps=3, identifiers="keep")
    sampler = GANOverSampler(gan, sample_filter=None, random_state=0)
    with pytest.warns(TableWarning, match="Column 'a' holds numbers as text"):
        sampler.fit_resample(frame, y)
    cleaned = check_table(frame, y).clean(frame, y).X
    with warnings.catch_warnings():
        warnings.simplefilter("error", TableWarning)
        sampler.fit_resample(cleaned, y)
