"""Text files as people have them: read, or refused in one line."""

import io
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from cli.files_of_users import make_files, make_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.cli.dialect import sniff_encoding
from gan_augment.cli.errors import UserError
from gan_augment.cli.files import read_table, write_table
from gan_augment.cli.options import ReadingOptions

FILES = make_files()
READABLE = [name for name in FILES if FILES[name][1] == 0 and name != "three.csv"]


@pytest.mark.parametrize("name", READABLE)
def test_whatever_the_dialect_the_table_is_the_same(name, tmp_path):
    (tmp_path / name).write_bytes(FILES[name][0])
    table = read_table(str(tmp_path / name))
    rows = make_rows()
    first = table.frame[rows.columns].iloc[: len(rows)]  # of one they are repeated
    pd.testing.assert_frame_equal(
        first, rows, check_dtype=False, check_column_type=False
    )
    assert FILES[name][2] in "; ".join(table.remarks)


@pytest.mark.parametrize("name", READABLE)
def test_what_is_written_like_it_is_read_again(name, tmp_path):
    (tmp_path / name).write_bytes(FILES[name][0])
    table = read_table(str(tmp_path / name))
    write_table(table.frame, str(tmp_path / "again.csv"), table)
    again = read_table(str(tmp_path / "again.csv"))
    pd.testing.assert_frame_equal(again.frame, table.frame)
    assert again.dates == table.dates


@pytest.mark.parametrize("ending", ["parquet", "feather", "xlsx", "jsonl"])
def test_other_formats_come_back(ending, tmp_path):
    if ending == "xlsx":
        pytest.importorskip("openpyxl")
    path = str(tmp_path / f"rows.{ending}")
    rows = make_rows()
    write_table(rows, path)
    pd.testing.assert_frame_equal(
        read_table(path).frame, rows, check_dtype=False, check_column_type=False
    )


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "rows.xlsx", "w") as book:
        book.writestr("[Content_Types].xml", "")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UserError, match=r"pip install 'gan-augment\[excel\]'"):
        read_table(str(tmp_path / "rows.xlsx"))


def test_what_is_given_is_not_guessed(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes("née#prix\n?#1,5\nä#2,5\n".encode("cp1252"))
    options = ReadingOptions(sep="#", decimal=",", encoding="cp1252", na=["?"])
    frame = read_table(str(path), options).frame
    assert frame["prix"].tolist() == [1.5, 2.5]
    assert frame["née"].isna().tolist() == [True, False]


def test_days_and_months_are_told_apart_where_a_column_tells(tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text("a,b\n01/02/2024,03/04/2024\n13/02/2024,05/06/2024\n")
    frame = read_table(str(path)).frame
    assert frame["b"][0] == pd.Timestamp("2024-04-03")
    path.write_text("a,b\n01/02/2024,03/04/2024\n")
    table = read_table(str(path))
    assert "--dates month-first" in table.remarks[-1]
    table = read_table(str(path), ReadingOptions(dates="month-first"))
    assert table.frame["b"][0] == pd.Timestamp("2024-03-04")
    table = read_table(str(path), ReadingOptions(dates="text"))
    assert table.frame["b"][0] == "03/04/2024"


@pytest.mark.parametrize(
    "cells",
    [
        ["2012-04-01T08:01:37Z"],
        ["2012-04-01T08:01:37.123456Z", ""],
        ["4/1/2012 8:01", "", "11/12/2012 8:30"],
        ["04/01/2012 08:01", "11/12/2012 08:30"],
        ["1.4.12 8:01", "12.11.12 8:30"],
    ],
)
def test_dates_are_written_as_they_were(cells, tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("\n".join(["n,sent", *(f"{i},{c}" for i, c in enumerate(cells))]))
    table = read_table(str(path))
    assert table.frame["sent"][0].hour == 8
    write_table(table.frame, str(tmp_path / "out.csv"), table)
    written = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert [line.partition(",")[2] for line in written] == cells


def test_whole_numbers_with_gaps_stay_whole(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("n,x\n1,0.5\n,1.5\n9007199254740991,2\n")
    table = read_table(str(path))
    write_table(table.frame, str(tmp_path / "out.csv"), table)
    assert (tmp_path / "out.csv").read_text().split()[1:] == [
        "1,0.5",
        ",1.5",
        "9007199254740991,2.0",
    ]


def test_points_between_thousands_are_not_taken_out_of_other_columns(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("amount;version\n1.234,5;1.2.3\n2.345,5;10.20.30\n")
    frame = read_table(str(path)).frame
    assert frame["version"].tolist() == ["1.2.3", "10.20.30"]
    assert frame["amount"].tolist() == [1234.5, 2345.5]


def test_a_missing_file_is_named_with_its_neighbour(tmp_path):
    (tmp_path / "customers.csv").write_text("a\n1\n")
    with pytest.raises(UserError, match=r"Did you mean 'customers\.csv'\?$"):
        read_table(str(tmp_path / "custmers.csv"))


@settings(max_examples=40, deadline=None)
@given(
    sep=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    numbers=st.lists(
        st.floats(-1e6, 1e6).map(lambda x: round(x, 2)), min_size=2, max_size=20
    ),
    word=st.text("abcäöüß ,;|'\"", min_size=1, max_size=9).filter(str.strip),
)
def test_any_quoted_text_survives(tmp_path_factory, sep, encoding, numbers, word):
    rows = pd.DataFrame({"x": numbers, "word": f"w{word}"})
    rows["y"] = np.arange(len(rows))
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_bytes(rows.to_csv(sep=sep, index=False).encode(encoding))
    read = read_table(str(path)).frame
    pd.testing.assert_frame_equal(
        read, rows, check_dtype=False, check_column_type=False
    )


def test_standard_input(monkeypatch):
    class Pipe(io.StringIO):
        buffer = io.BytesIO(b"a;b\n1;2\n")

    monkeypatch.setattr("sys.stdin", Pipe())
    assert read_table("-").frame.to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    "words",
    [
        ["Zürich"],
        ["München"],
        ["Köln", "Bern"],
        ["Montréal", "Québec"],
        ["São Paulo"],
        ["25 °C"],
        ["£5", "€7"],
        ["Ærø", "Malmö", "Ängelholm"],
        ["“naïve”"],
        ["Straße", "größer"],
    ],
)
def test_a_few_accents_are_those_of_western_europe(words):
    assert sniff_encoding("\n".join(["town", *words]).encode("cp1252")) == "cp1252"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1251", ["Москва", "Санкт-Петербург", "Нижний Новгород", "Казань"]),
        ("cp1253", ["Αθήνα", "Θεσσαλονίκη", "Πάτρα", "Ηράκλειο", "Λάρισα"]),
        ("gb18030", ["北京市", "上海市", "广州市", "深圳市", "重庆市"]),
        ("euc_kr", ["서울", "부산", "인천", "대구", "광주광역시"]),
    ],
)
def test_words_of_other_alphabets_are_not(encoding, words):
    text = "\n".join(["town,x", *(f"{word},1" for word in words)])
    assert text.encode(encoding).decode(sniff_encoding(text.encode(encoding))) == text
