"""check_table: every planted problem is found, clean tables are left in peace."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment import check_table
from gan_augment.tables.check import CHECKS, Finding, Table


def kinds_of(check):
    return {(found.kind, found.column) for found in check}


def make_clean_table(n_rows=600, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "income": rng.lognormal(10, 0.4, n_rows).round(2),
            "age": rng.integers(18, 90, n_rows),
            "job": rng.choice(["clerk", "nurse", "pilot"], n_rows),
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n_rows), "D"),
            "owner": rng.random(n_rows) > 0.5,
        }
    )
    y = pd.Series(rng.random(n_rows) < 0.2, name="left")
    return X, y


def make_hotel_bookings(n_rows=3000, seed=5):
    """A messy export: everything is text, and everything is wrong somewhere."""
    rng = np.random.default_rng(seed)
    cancelled = rng.random(n_rows) < 0.12

    def unknown(values, share):
        values = np.array(values, dtype=object)
        hit = rng.random(n_rows) < share
        values[hit] = rng.choice(["", "n/a", "?", "--"], hit.sum())
        return values

    def in_any_case(values):
        change = rng.integers(0, 6, n_rows)
        return [
            value.upper() if c == 0 else f" {value}" if c == 1 else value
            for value, c in zip(values, change, strict=True)
        ]

    arrival = pd.Timestamp("2023-03-01") + pd.to_timedelta(
        rng.integers(0, 700, n_rows), "D"
    )
    X = pd.DataFrame(
        {
            "booking": [f"BK-{i:07d}" for i in rng.permutation(n_rows * 40)[:n_rows]],
            "guest mail": [f"g{i}@mail.example" for i in rng.permutation(n_rows)],
            "arrival": unknown(arrival.strftime("%d.%m.%Y"), 0.02),
            "nights": unknown(rng.integers(1, 21, n_rows).astype(str), 0.03),
            "price": unknown([f"€ {p:,.2f}" for p in rng.gamma(3, 700, n_rows)], 0.03),
            "distance": [
                f"{d:.1f}".replace(".", ",") for d in rng.gamma(2, 300, n_rows)
            ],
            "discount": [f"{d} %" for d in rng.integers(0, 31, n_rows)],
            "returning": rng.choice(["True", "False"], n_rows),
            "room": unknown(
                in_any_case(rng.choice(["single", "double", "suite"], n_rows)), 0.02
            ),
            "postcode": [f"{c:05d}" for c in rng.integers(1000, 1200, n_rows)],
            "children": np.where(
                rng.random(n_rows) < 0.05, -999, rng.integers(0, 4, n_rows)
            ),
            "refund on": np.where(cancelled, "12.05.2024", ""),
            "hotel": "Seaview",
        }
    )
    X["nights again"] = X["nights"]
    y = pd.Series(np.where(cancelled, "cancelled", "kept"), name="outcome")
    twice = rng.choice(n_rows, 60, replace=False)
    X = pd.concat([X, X.iloc[twice]], ignore_index=True)
    y = pd.concat([y, y.iloc[twice]], ignore_index=True)
    return X, y


PLANTED = {
    ("leak", "refund on"),
    ("identifier", "booking"),
    ("identifier", "guest mail"),
    *(("missing value", c) for c in ("arrival", "nights", "price", "room", "children")),
    ("missing value", "nights again"),
    *(
        ("number as text", c)
        for c in ("nights", "price", "distance", "discount", "nights again")
    ),
    ("date as text", "arrival"),
    ("boolean as text", "returning"),
    ("spelling", "room"),
    ("duplicated rows", None),
    ("constant column", "hotel"),
    ("duplicate column", "nights again"),
}


def test_every_planted_problem_is_found_and_nothing_else():
    assert kinds_of(check_table(*make_hotel_bookings())) == PLANTED


def test_cleaning_leaves_what_needs_a_decision_and_nothing_else():
    X, y = make_hotel_bookings()
    before = X.copy()
    cleaned = check_table(X, y).clean(X, y)
    pd.testing.assert_frame_equal(X, before)
    assert kinds_of(check_table(cleaned.X, cleaned.y)) == {
        ("leak", "refund on"),
        ("identifier", "booking"),
        ("identifier", "guest mail"),
        ("missing value", "children"),
    }
    assert cleaned.X["price"].dtype == float
    assert cleaned.X["arrival"].dtype.kind == "M"
    assert set(cleaned.X["room"].dropna()) == {"single", "double", "suite"}
    assert cleaned.X["postcode"].equals(X["postcode"].iloc[: len(cleaned.X)])
    assert len(cleaned.X) == len(cleaned.y) == 3000
    assert len(cleaned.done) == len(PLANTED) - 4


def test_a_clean_table_has_no_findings():
    check = check_table(*make_clean_table())
    assert check.findings == []
    assert str(check) == "Nothing in 600 rows and 5 columns."


def test_no_value_that_names_a_person_is_shown():
    X, y = make_hotel_bookings()
    check = check_table(X, y)
    text = str(check) + check._repr_html_() + check.to_frame().to_csv()
    for name in ("booking", "guest mail"):
        assert not any(value in text for value in X[name])


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,234.50", "7.25", "12,000,000.00"], [1234.5, 7.25, 12e6]),
        (["1705,13", "2,5", "1.234,50"], [1705.13, 2.5, 1234.5]),
        (["$5", "-$1,200", "€ 3.50", "4 EUR"], [5, -1200, 3.5, 4]),
        (["12 %", "7.5%"], [12, 7.5]),
        (["1 000", "25 000,5"], [1000, 25000.5]),
        (["(120.00)", "80.00"], [-120, 80]),
        (["1e3", "2.5E-1"], [1000, 0.25]),
    ],
)
def test_numbers_are_read_as_people_write_them(texts, numbers):
    X = pd.DataFrame({"n": texts * 5})
    check = check_table(X, checks=CHECKS)
    assert ("number as text", "n") in kinds_of(check)
    assert check.clean(X).X["n"].head(len(numbers)).tolist() == numbers


@pytest.mark.parametrize(
    "texts",
    [
        ["01234", "00017", "99999"],  # postcodes
        ["E1", "E2", "E10"],
        ["1.2.3", "1.2.4", "2.0.0"],
        ["10-12", "13-15", "16-18"],
        ["yes", "no"],
        ["none", "some", "unknown"],
        ["-1 to 0", "0 to 200", "over 200"],
    ],
)
def test_codes_and_words_are_neither_numbers_nor_dates_nor_missing(texts):
    assert check_table(pd.DataFrame({"c": texts * 10})).findings == []


@pytest.mark.parametrize(
    "date_format",
    [
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%d %b %Y",
    ],
)
def test_dates_are_found_and_converted(date_format):
    days = pd.date_range("2021-01-25", periods=90, freq="D")
    X = pd.DataFrame({"day": days.strftime(date_format)})
    check = check_table(X)
    assert kinds_of(check) == {("date as text", "day")}
    assert (check.clean(X).X["day"] == days).all()


def test_dates_whose_month_is_unclear_are_left_to_the_user():
    X = pd.DataFrame(
        {"day": [f"{d:02d}/{m:02d}/2022" for d in range(1, 12) for m in (1, 3)]}
    )
    (found,) = check_table(X).findings
    assert found.kind == "date as text"
    assert not found.is_safe
    assert "%d/%m/%Y" in found.message
    assert "%m/%d/%Y" in found.message


def test_a_column_that_states_the_class_is_a_leak_and_a_good_one_is_not():
    rng = np.random.default_rng(0)
    y = rng.random(2000) < 0.05
    good = rng.normal(size=2000) + 2.5 * y
    X = pd.DataFrame(
        {
            "good": good,
            "fee": np.where(y, rng.gamma(3, 9, 2000) + 50, rng.random(2000)),
            "rate": np.where(y, np.inf, rng.random(2000)),
            "state": np.where(
                y, rng.choice(["x", "y"], 2000), rng.choice(["a", "b"], 2000)
            ),
            "noise": rng.choice(list("abcd"), 2000),
        }
    )
    assert check_table(X, y).leaking_columns == ["fee", "rate", "state"]


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_column_missing_with_the_class_is_a_leak(n_classes):
    rng = np.random.default_rng(1)
    y = np.where(rng.random(800) < 0.6, 0, rng.integers(1, n_classes, 800))
    X = pd.DataFrame({"a": rng.normal(size=800), "b": rng.normal(size=800)})
    X.loc[y == 1, "b"] = np.nan
    X.loc[rng.random(800) < 0.2, "a"] = np.nan
    (found,) = check_table(X, y).findings
    assert (found.kind, found.column) == ("leak", "b")
    assert found.evidence["missing_in_class"] == 1.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(30, 200), st.integers(2, 60))
def test_columns_of_chance_never_leak(seed, n_rows, n_levels):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "levels": [f"v{v}" for v in rng.integers(0, n_levels, n_rows)],
            "number": rng.normal(size=n_rows),
            "gaps": np.where(rng.random(n_rows) < 0.3, np.nan, 1.5),
        }
    )
    assert check_table(X, rng.random(n_rows) < 0.3).leaking_columns == []


def make_names(kind, n, rng):
    number = rng.permutation(10**6)[:n]
    return {
        "uuid": [
            f"{i:08x}-{j:04x}-4abc" for i, j in enumerate(rng.integers(0, 65536, n))
        ],
        "iban": [
            f"DE{40 + i % 50}{5000 + i:04d}{v:014d}" for i, v in enumerate(number)
        ],
        "phone": [
            f"+44 7{v // 1000:03d} {v % 1000:03d}{i % 10}{i % 7}"
            for i, v in enumerate(number)
        ],
        "person": [
            f"Person {a} of {b}" for a, b in zip(number, number[::-1], strict=True)
        ],
        "free text": [f"the {v}th guest liked room {v % 7}" for v in number],
        "row number": np.arange(n) + 1,
        "account": rng.integers(10**9, 10**10, n),
        "hash": rng.integers(2**60, 2**62, n),
        "any 64 bits": rng.integers(0, 2**62, n),
        "message": (1_600_000_000_000 + rng.gamma(2, 10**9, n).astype(int)) << 22,
        "customer_id": rng.lognormal(9, 1, n).astype(int) * n + np.arange(n),
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "uuid",
        "iban",
        "phone",
        "person",
        "free text",
        "row number",
        "account",
        "hash",
        "any 64 bits",
        "message",
        "customer_id",
    ],
)
def test_columns_that_name_rows_are_identifiers(kind):
    rng = np.random.default_rng(2)
    X = pd.DataFrame({kind: make_names(kind, 400, rng), "a": rng.normal(size=400)})
    assert check_table(X).identifiers == [kind]


def make_measure(kind, n, rng):
    return {
        "float": rng.normal(size=n),
        "salary": np.unique(rng.lognormal(12, 1, 4 * n).astype(int))[:n],
        "year": np.arange(n) % 200 + 1800,
        "epoch": 1_600_000_000 + rng.permutation(10**7)[:n],
        "total": [f"{v:.2f}" for v in rng.gamma(3, 5000, n)],
        "category": pd.Categorical(rng.choice(list("abc"), n)),
        "word": rng.choice(["red", "green", "blue"], n),
        "level ids": rng.integers(2**60, 2**62, 20)[rng.integers(0, 20, n)],
    }[kind]


@pytest.mark.parametrize(
    "kind",
    ["float", "salary", "year", "epoch", "total", "category", "word", "level ids"],
)
def test_measures_and_levels_are_no_identifiers(kind):
    rng = np.random.default_rng(3)
    values = rng.permutation(np.asarray(make_measure(kind, 200, rng)))
    assert check_table(pd.DataFrame({kind: values})).identifiers == []


def test_several_rows_of_one_person_are_groups():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"patient_id": rng.integers(0, 80, 400), "pulse": rng.normal(size=400)}
    )
    (found,) = check_table(X).findings
    assert (found.kind, found.column) == ("groups", "patient_id")


def test_classes_are_looked_at_too():
    X, _ = make_clean_table(60)
    y = ["yes", "no", "No", "YES "] * 14 + ["maybe", None, "", "no"]
    check = check_table(X, y)
    assert kinds_of(check) == {
        ("class of one row", "y"),
        ("missing label", "y"),
        ("spelling", "y"),
    }
    cleaned = check.clean(X, y)
    assert sorted(set(cleaned.y)) == ["maybe", "no", "yes"]
    assert len(cleaned.X) == len(cleaned.y) == 58


def test_many_classes_of_one_row_are_one_finding():
    X = pd.DataFrame({"a": np.arange(300) % 7})
    (found,) = check_table(X, [f"k{i}" for i in range(200)] + ["many"] * 100).of_kind(
        "class of one row"
    )
    assert found.message == "200 classes have one row each."
    assert found.example.count("'k") == 3


def test_rows_repeated_across_classes_are_named():
    X, y = make_clean_table(300)
    X, y = pd.concat([X, X.head(5)], ignore_index=True), [*y, *~y.head(5)]
    (found,) = check_table(X, y).findings
    assert found.kind == "duplicated rows across classes"
    assert found.evidence["rows"] == 10


def test_rows_of_few_categories_repeat_by_nature():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.integers(0, 3, 500) for name in "abcd"})
    assert check_table(X, rng.integers(0, 2, 500)).findings == []


@pytest.mark.parametrize("value", [-999, 9999, 99999.0])
def test_a_lonely_extreme_value_that_repeats_is_a_sentinel(value):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(20, 5, 500).round(1)})
    X.loc[::50, "a"] = value
    (found,) = check_table(X).findings
    assert found.kind == "missing value"
    assert found.evidence == {"value": value, "rows": 10.0}


def test_a_check_of_the_users_own_is_one_function():
    def find_negative_ages(table: Table):
        n_rows = int((table.frame["age"] < 0).sum())
        if n_rows:
            yield Finding("negative age", "age", f"{n_rows} ages are below 0.")

    X, y = make_clean_table()
    X.loc[3, "age"] = -4
    check = check_table(X, y, checks=[*CHECKS, find_negative_ages])
    assert str(check).endswith("[negative age] 1 ages are below 0. ")


@pytest.mark.parametrize("columns", [[], ["a"]])
@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_tables_of_nearly_nothing_are_looked_at(columns, n_rows):
    X = pd.DataFrame({name: [1.5] * n_rows for name in columns}, index=range(n_rows))
    check = check_table(X, [0] * n_rows)
    assert len(check.to_frame()) == len(check)


def test_any_dtype_is_looked_at(mixed_frame):
    mixed_frame["lists"] = [[i % 3] for i in range(len(mixed_frame))]
    y = np.random.default_rng(3).integers(0, 2, len(mixed_frame))
    check = check_table(mixed_frame, y)
    assert kinds_of(check) >= {
        ("identifier", "identifier"),
        ("constant column", "constant"),
        ("constant column", "all_nan"),
        ("constant column", "all_none"),
    }
    assert not check.leaking_columns
    check.clean(mixed_frame)


def test_arrays_are_looked_at_and_the_result_is_shown_in_a_notebook():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=200), np.ones(200)])
    check = check_table(X, rng.integers(0, 2, 200))
    assert kinds_of(check) == {("constant column", 1)}
    html = check._repr_html_()
    assert "<b>1 finding in 200 rows and 2 columns.</b>" in html
    assert html.count("<table") == html.count("</table>") == 1


def test_html_is_escaped():
    X = pd.DataFrame({"<script>": ["<b>"] * 30})
    assert "<script>" not in check_table(X)._repr_html_()


def test_the_work_grows_with_the_rows_alone():
    """Twice the rows cost at most about twice the calls, of any kind."""
    counts = []
    for n_rows in (1000, 2000):
        X, y = make_hotel_bookings(n_rows)
        counts.append(_n_calls(lambda X=X, y=y: check_table(X, y)))
    assert counts[1] < 2.5 * counts[0]


def _n_calls(run):
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.runcall(run)
    return pstats.Stats(profile).total_calls


def test_frames_of_polars_and_pyarrow_are_looked_at_and_cleaned():
    pa = pytest.importorskip("pyarrow")
    X, y = make_hotel_bookings(900)
    table = pa.Table.from_pandas(X, preserve_index=False)
    check = check_table(table, pa.array(y))
    assert {kind for kind, _ in kinds_of(check)} >= {"leak", "identifier", "spelling"}
    assert check.clean(table, y).X["price"].dtype == float


def test_a_number_of_a_row_that_gives_the_class_away_is_not_shown():
    """A file that is sorted by class."""
    numbers = [f"K-{i:06d}" for i in range(5000, 9000)]
    X = pd.DataFrame({"row": np.arange(70_000, 74_000), "key": numbers})
    check = check_table(X, np.arange(4000) > 3500)
    assert check.leaking_columns == ["row"]
    assert not any(str(value) in str(check) for value in X["row"])
