"""Identifiers: fresh values of the same pattern, and nothing of the real ones saved."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment import GANOverSampler, TabularGAN
from gan_augment.encoding import TableEncoder
from gan_augment.encoding.identifiers import is_identifier, names_a_row
from gan_augment.encoding.patterns import IntegerPattern, TextPattern
from gan_augment.encoding.regions import Region, Share

N_ROWS = 300
# Column -> what its fresh values look like.
PATTERNS = {
    "customer": r"C\d{6}",
    "phone": r"\+44 7\d{3} \d{6}",
    "iban": r"DE\d{2} \d{4} \d{4} \d{4} \d{4} \d{2}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{12}",
    "plate": r"[A-Z]{2}-[A-Z]{2} \d{4}",
    "mail": r"user\d{5}@mail\.example",
    "remark": r"remark-\d{6}",
    "account": r"\d{10}",
    "hash": r"\d{18,19}",
}


def make_people(n_rows=N_ROWS, seed=0):
    rng = np.random.default_rng(seed)

    def digits(n):
        return ["".join(d) for d in rng.integers(0, 10, (n_rows, n)).astype(str)]

    words = ["late", "refund", "the", "asked", "for", "call", "again", "parcel"]
    return pd.DataFrame(
        {
            "customer": [f"C{100_000 + i}" for i in rng.permutation(n_rows)],
            "phone": [
                f"+44 7{a} {b}" for a, b in zip(digits(3), digits(6), strict=True)
            ],
            "iban": [
                f"DE{d[:2]} {d[2:6]} {d[6:10]} {d[10:14]} {d[14:18]} {d[18:]}"
                for d in digits(20)
            ],
            "uuid": [
                f"{a:08x}-{b:04x}-4{c:03x}-{d:012x}"
                for a, b, c, d in zip(
                    *(rng.integers(0, 16**k, n_rows) for k in (8, 4, 3, 12)),
                    strict=True,
                )
            ],
            "plate": [
                f"{a}{b}-{c}{d} {e}"
                for (a, b, c, d), e in zip(
                    rng.choice(list("ABCDEFGHKLMNPRSTUVWXYZ"), (n_rows, 4)),
                    digits(4),
                    strict=True,
                )
            ],
            "mail": [f"user{d}@mail.example" for d in digits(5)],
            "remark": [
                " ".join(rng.choice(words, rng.integers(3, 9))) + f" {i}"
                for i in range(n_rows)
            ],
            "account": rng.integers(10**9, 10**10, n_rows),
            "hash": rng.integers(2**60, 2**62, n_rows),
            "row": np.arange(n_rows),
            # A counter for each of three districts.
            "house": (1000 * (np.arange(n_rows) % 3) + np.arange(n_rows) // 3),
            "age": rng.integers(18, 90, n_rows),
            "plan": rng.choice(["basic", "gold"], n_rows),
        }
    )


NAMED = [*PATTERNS, "row", "house"]


def test_identifiers_take_no_cells_and_come_back_fresh_in_their_own_dtype():
    people = make_people()
    encoder = TableEncoder().fit(people)
    assert encoder.identifiers_ == NAMED
    assert encoder.width_ == TableEncoder().fit(people[["age", "plan"]]).width_
    decoded = encoder.inverse_transform(encoder.transform(people, random_state=0))
    pd.testing.assert_series_equal(decoded.dtypes, people.dtypes)
    for name in NAMED:
        assert not decoded[name].isin(people[name]).any(), name
        assert decoded[name].is_unique, name
    for name, pattern in PATTERNS.items():
        assert decoded[name].astype(str).str.fullmatch(pattern).all(), name


def test_the_same_rows_are_decoded_alike_and_others_otherwise():
    people = make_people()
    encoder = TableEncoder().fit(people)
    rows = encoder.transform(people, random_state=0)
    first, again = encoder.inverse_transform(rows), encoder.inverse_transform(rows)
    pd.testing.assert_frame_equal(first, again)
    other = encoder.inverse_transform(encoder.transform(people, random_state=1))
    assert first["phone"].isin(other["phone"]).mean() < 0.1


def test_nothing_of_the_real_values_is_saved(tmp_path):
    people = make_people()
    gan = TabularGAN(max_steps=3, random_state=0).fit(people, people["plan"] == "gold")
    gan.save(tmp_path / "gan")
    saved = b"".join(path.read_bytes() for path in (tmp_path / "gan").iterdir())
    for name in PATTERNS:
        for value in people[name]:
            assert str(value).encode() not in saved, name
            if not isinstance(value, str):
                assert int(value).to_bytes(8, "little") not in saved, name
    loaded = TabularGAN.load(tmp_path / "gan")
    pd.testing.assert_frame_equal(loaded.sample(20)[0], gan.sample(20)[0])


def test_an_over_sampler_never_repeats_an_identifier():
    people = make_people()
    people.loc[::5, "phone"] = None
    y = np.arange(N_ROWS) % 10
    y[y > 2] = 0
    sampler = GANOverSampler(
        TabularGAN(max_steps=3), sample_filter=None, random_state=0
    )
    resampled, _ = sampler.fit_resample(people, y)
    pd.testing.assert_frame_equal(resampled.iloc[:N_ROWS], people)
    for name in NAMED:
        synthetic = resampled[name].iloc[N_ROWS:].dropna()
        assert not synthetic.isin(people[name]).any(), name
        assert synthetic.is_unique, name
    assert 0 < resampled["phone"].iloc[N_ROWS:].isna().mean() < 0.6


def test_copies_of_rows_are_refused_whatever_their_identifier():
    people = make_people()[["customer", "age", "plan"]].assign(
        income=np.random.default_rng(1).normal(size=N_ROWS)
    )
    y = np.arange(N_ROWS) % 6 == 0

    class Copier(TabularGAN):
        def fit(self, X, y):
            self._rows = X
            return super().fit(X, y)

        def sample(self, n_samples=1, *, label=None, random_state=None):
            drawn, labels = super().sample(
                n_samples, label=label, random_state=random_state
            )
            copied = self._rows.iloc[: len(drawn) // 2].reset_index(drop=True)
            drawn.iloc[: len(copied), 1:] = copied.iloc[:, 1:]
            return drawn, labels

    sampler = GANOverSampler(Copier(max_steps=3), sample_filter=None, random_state=0)
    resampled, _ = sampler.fit_resample(people, y)
    columns = ["age", "plan", "income"]
    synthetic = resampled.iloc[N_ROWS:][columns]
    assert synthetic.merge(people[columns], how="inner").empty


def test_identifiers_are_kept_or_dropped_on_request():
    people, y = make_people(), np.arange(N_ROWS) % 4 == 0
    kept = TabularGAN(max_steps=3, identifiers="keep", random_state=0).fit(people, y)
    assert kept.sample(50)[0]["customer"].isin(people["customer"]).all()
    dropping = TabularGAN(max_steps=3, identifiers="drop", random_state=0)
    assert dropping.fit(people, y).sample(5)[0].columns.tolist() == ["age", "plan"]
    with pytest.raises(ValueError, match="Drop these columns from X"):
        GANOverSampler(dropping).fit_resample(people, y)
    with pytest.raises(ValueError, match="identifiers"):
        TabularGAN(identifiers="hash").fit(people, y)


def test_arrays_have_fresh_identifiers_too():
    people, y = make_people()[["customer", "age", "hash"]], np.arange(N_ROWS) % 4 == 0
    array = people.to_numpy()
    gan = TabularGAN(max_steps=3)
    resampled, _ = GANOverSampler(gan, sample_filter=None, random_state=0).fit_resample(
        array, y
    )
    synthetic = resampled[N_ROWS:]
    for position in (0, 2):
        assert not set(synthetic[:, position]) & set(array[:, position])
        assert len(set(synthetic[:, position])) == len(synthetic)
    assert {type(value) for value in synthetic[:, 2]} == {int}


def test_a_declared_column_and_a_categorical_one_are_levels():
    people = make_people()
    declared = TableEncoder(categorical_features=["customer"]).fit(people)
    assert declared.dtypes_["customer"] == "high-cardinality"
    category = people.astype({"customer": "category"})
    assert TableEncoder().fit(category).dtypes_["customer"] == "high-cardinality"


def test_a_table_of_identifiers_alone_is_refused():
    people = make_people()[["customer", "phone"]]
    with pytest.raises(ValueError, match="identifiers aside"):
        TabularGAN(max_steps=3).fit(people, np.arange(N_ROWS) % 2)


texts = st.one_of(
    st.lists(st.from_regex(r"[A-C]\d{1,3}", fullmatch=True), min_size=20, unique=True),
    st.lists(st.from_regex(r"\d{2}-\d{2}", fullmatch=True), min_size=20, unique=True),
    st.lists(st.from_regex(r"[a-f0-9]{2}", fullmatch=True), min_size=20, unique=True),
    st.lists(st.text(max_size=5), min_size=20, unique=True),
    st.integers(20, 2000).map(lambda n: [f"id-{i}" for i in range(n)]),
    st.integers(20, 999).map(lambda n: [f"{i:03d}" for i in range(n)]),
)


@settings(max_examples=80, deadline=None)
@given(texts, st.integers(0, 99))
def test_fresh_texts_are_never_those_of_the_table(values, seed):
    pattern = TextPattern.of(values, "Name of it")
    assert pattern.n_fresh >= 4 * len(values)
    drawn = pattern.draw(len(values), np.random.default_rng(seed))
    assert not set(drawn) & set(values)
    assert len(set(drawn)) == len(drawn)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=20, unique=True)
    | st.lists(st.integers(0, 300), min_size=20, unique=True)
    | st.integers(2**31, 2**63 - 5000).map(lambda low: list(range(low, low + 900, 3)))
    | st.just(list(range(2**63 - 500, 2**63))),
    st.integers(0, 99),
)
def test_fresh_numbers_are_never_those_of_the_table(values, seed):
    pattern = IntegerPattern.of(values, -(2**63), 2**63 - 1)
    assert pattern.n_fresh >= 4 * len(values)
    drawn = pattern.draw(len(values), np.random.default_rng(seed))
    assert not set(drawn) & set(values)
    assert len(set(drawn)) == len(drawn)
    assert max(drawn) < 2**63
    assert not {pattern.offset} & set(values)


def test_no_fresh_text_leaves_a_region_that_is_a_small_part_of_the_pattern():
    """A sixty-fourth of six digits: most of the leading ones are fixed."""
    rng = np.random.default_rng(0)
    values = [f"C-{i:06d}" for i in rng.choice(10**6, 300, replace=False)]
    pattern = TextPattern.of(values, "id")
    assert pattern.n_fresh < 10**5
    drawn = pattern.draw(pattern.n_fresh, rng)
    assert len(set(drawn)) == pattern.n_fresh
    assert not set(drawn) & set(values)


def test_every_position_of_a_long_text_varies():
    people = make_people()
    drawn = TextPattern.of(people["uuid"].tolist(), "uuid").draw(
        500, np.random.default_rng(0)
    )
    n_characters = [len(set(column)) for column in zip(*drawn, strict=True)]
    real = [len(set(column)) for column in zip(*people["uuid"], strict=True)]
    assert [n > 1 for n in n_characters] == [n > 1 for n in real]


@pytest.mark.parametrize("name", PATTERNS)
def test_the_shares_of_a_table_have_no_identifier_in_common(name):
    people = make_people()
    encoder = TableEncoder().fit(people)
    n_rows, drawn = 90_000, []  # more than there are fresh row numbers
    for first in range(0, n_rows, 40_000):
        stop = min(first + 40_000, n_rows)
        column = people[name].iloc[np.arange(first, stop) % len(people)]
        share = Share(first, stop, n_rows)
        drawn += encoder.draw_identifiers(name, column, first, share=share).tolist()
    assert len(set(drawn)) == n_rows
    assert not set(drawn) & set(people[name])


def test_row_numbers_go_on_above_where_a_pattern_has_too_few():
    frame = pd.DataFrame({"row_id": np.arange(1, 301), "x": np.arange(300) % 7})
    encoder = TableEncoder().fit(frame)
    column = frame["row_id"]
    drawn = [
        encoder.draw_identifiers(
            "row_id", column, 0, share=Share(first, first + 300, 10**9)
        )
        for first in (0, 10**9 - 300)
    ]
    assert len({*drawn[0], *drawn[1]}) == 600
    assert min(drawn[0].min(), drawn[1].min()) > 300


def test_a_share_of_more_rows_than_a_dtype_has_numbers_is_refused():
    frame = pd.DataFrame({"row_id": np.arange(1, 301, dtype=np.int16)})
    column = frame["row_id"]
    encoder = TableEncoder().fit(frame)
    with pytest.raises(ValueError, match="'row_id' must have a fresh identifier for"):
        encoder.draw_identifiers("row_id", column, 0, share=Share(0, 300, 10**6))


def test_numbers_that_leave_gaps_are_filled_up_and_give_no_row_away():
    """A synthetic row would be known by a number that is larger than all others."""
    rng = np.random.default_rng(0)
    values = rng.integers(10**9, 10**10, 2000).tolist()
    drawn = IntegerPattern.of(values, -(2**63), 2**63 - 1).draw(2000, rng).astype(float)
    assert min(values) < drawn.min()
    assert drawn.max() < max(values)
    assert abs(drawn.mean() / np.mean(values) - 1) < 0.05


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000), st.data())
def test_a_region_has_no_number_that_is_taken(size, data):
    taken = data.draw(
        st.lists(st.integers(0, size - 1), max_size=size - 1, unique=True)
    )
    for step in (1, 7 if size % 7 else 1):
        region = Region.free_of(np.array(taken, dtype=int), size, step)
        numbers = region.numbers(np.arange(len(region)))
        assert len(set(numbers.tolist())) == len(region) > 0
        assert not set(numbers.tolist()) & set(taken)
        assert ((numbers >= 0) & (numbers < size)).all()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("customer_id", True),
        ("CustomerID", True),
        ("Phone Number", True),
        ("E-Mail", True),
        ("order no", True),
        ("studyid", True),
        ("PID", True),
        ("rapid", False),
        ("paid", False),
        ("width", False),
        ("keyboard", False),
        ("idle_time", False),
        (7, False),
    ],
)
def test_names_of_columns_say_whether_they_name_rows(name, found):
    assert names_a_row(name) is found


@pytest.mark.parametrize("dtype", [object, "string", "string[pyarrow]"])
def test_text_of_any_dtype_may_name_rows(dtype):
    values = pd.Series([f"A{i:05d}" for i in range(100)], dtype=dtype)
    assert is_identifier(values)
    frame = pd.DataFrame({"id": values, "a": np.arange(100) % 7})
    encoder = TableEncoder().fit(frame)
    decoded = encoder.inverse_transform(encoder.transform(frame))
    assert decoded["id"].dtype == frame["id"].dtype
    assert all(re.fullmatch(r"A\d{5}", value) for value in decoded["id"])


def test_a_damaged_pattern_is_refused():
    with pytest.raises(ValueError, match="no range"):
        Region(2**40, 1, 0, 5)
    with pytest.raises(ValueError, match="no range"):
        Region(10, 5, 0, 5)


@pytest.mark.parametrize(
    ("dtype", "n_rows"),
    [("uint8", 100), ("int8", 100), ("int16", 10_000), ("Int8", 100), ("UInt16", 300)],
)
def test_identifiers_of_few_bits_are_fresh(dtype, n_rows):
    a = np.random.default_rng(0).normal(size=n_rows)
    X = pd.DataFrame({"id": pd.Series(range(n_rows), dtype=dtype), "a": a})
    encoder = TableEncoder().fit(X)
    drawn = encoder.inverse_transform(encoder.transform(X.head(20)))["id"]
    assert drawn.dtype == dtype
    assert not drawn.isin(X["id"]).any()
    assert drawn.is_unique


def test_a_dtype_without_room_for_an_identifier_is_named():
    X = pd.DataFrame({"id": np.arange(256, dtype=np.uint8), "a": np.arange(256) / 7})
    with pytest.raises(ValueError, match=r"'id' must have a dtype.*Got uint8.*int64"):
        TableEncoder().fit(X)
