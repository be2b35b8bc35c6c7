"""A sample of a table that is read in chunks."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_augment.datasets import open_source, sample_dataset


def make_table(n_rows=3000, seed=0):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=n_rows)
    weight[rng.random(n_rows) < 0.2] = np.nan
    group = pd.array(rng.integers(0, 9, n_rows), dtype="Int64")
    group[rng.random(n_rows) < 0.1] = pd.NA
    return pd.DataFrame(
        {
            "weight": weight,
            "count": rng.integers(0, 50, n_rows),
            "group": group,
            "job": rng.choice(["cook", "nurse", None], n_rows),
            "size": pd.Categorical(rng.choice([*"sml"], n_rows), ["l", "m", "s"]),
            "day": np.datetime64("2020-01-01") + rng.integers(0, 99, n_rows),
            "label": rng.choice(["no", "maybe", "yes"], n_rows, p=[0.9, 0.08, 0.02]),
        }
    )


def cut(frame, sizes):
    """A frame in chunks whose sizes are repeated until it ends; empty ones too."""
    begin, number = 0, 0
    while begin < len(frame):
        end = begin + sizes[number % len(sizes)]
        yield frame[begin:end]
        begin, number = end, number + 1


TABLE = make_table()
SIZES = st.lists(st.integers(0, 120), min_size=1, max_size=6).filter(any)


@settings(max_examples=25, deadline=None)
@given(SIZES, SIZES, st.integers(6, 400), st.integers(0, 3))
def test_the_sample_does_not_depend_on_the_chunks(first, second, max_rows, seed):
    table = TABLE[:300]
    samples = [
        sample_dataset(chunks, "label", max_rows=max_rows, random_state=seed)
        for chunks in (
            cut(table, [*first, 30]),
            (pa.Table.from_pandas(part) for part in cut(table, [*second, 30])),
        )
    ]
    # A part has the levels that it holds, in arrow.
    pd.testing.assert_frame_equal(
        samples[0].X, samples[1].X, check_dtype=False, check_categorical=False
    )
    assert samples[0].y.tolist() == samples[1].y.tolist()
    assert samples[0].class_counts == samples[1].class_counts


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=5),
    st.integers(10, 1500),
    st.integers(30, 500),
)
def test_counts_are_exact_and_the_rarest_classes_complete(counts, max_rows, size):
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    frame = pd.DataFrame({"row": np.arange(len(y)), "y": y})
    sample = sample_dataset(cut(frame, [size]), "y", max_rows=max_rows, random_state=0)
    assert sample.class_counts == dict(enumerate(counts))
    kept = np.bincount(sample.y, minlength=len(counts))
    assert kept.sum() == len(sample.X) == len(set(sample.X["row"]))
    # No more rows fit, if they are divided fairly.
    assert min(sum(counts), max_rows - len(counts) + 1) <= kept.sum() <= max_rows
    quota = kept.max()
    assert (kept == np.minimum(counts, quota)).all()
    assert sample.X["row"].is_monotonic_increasing
    assert (frame["y"][sample.X["row"]].to_numpy() == sample.y).all()


def test_the_sample_of_a_class_is_uniform():
    """Each tenth of the table has a tenth of the rows, whatever the seed."""
    frame = pd.DataFrame({"row": np.arange(20_000), "y": 0})
    tenths = [
        sample_dataset(frame, "y", max_rows=2000, random_state=s).X["row"] // 2000
        for s in range(5)
    ]
    shares = np.stack([np.bincount(tenth, minlength=10) for tenth in tenths])
    # Hypergeometric: the standard deviation is 12.7.
    assert abs(shares - 200).max() < 60
    assert len({tuple(row) for row in shares}) == 5


def written(frame, folder, n_files=4):
    folder.mkdir()
    for number, part in enumerate(np.array_split(np.arange(len(frame)), n_files)):
        frame.iloc[part].to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(TABLE, tmp_path_factory.mktemp("table") / "files")


SOURCES = {
    "folder": lambda folder: folder,
    "pattern": lambda folder: str(folder / "part-?.parquet"),
    "URI": lambda folder: folder.as_uri(),
    "URI with a pattern": lambda folder: f"{folder.as_uri()}/*.parquet",
    "list of files": lambda folder: sorted(folder.iterdir()),
    "Dataset": lambda folder: ds.dataset(folder),
    "reader": lambda folder: ds.dataset(folder).scanner().to_reader(),
    "batches": lambda folder: ds.dataset(folder).to_batches(batch_size=100),
    "polars": lambda folder: pl.read_parquet(folder),
    "lazy polars": lambda folder: pl.scan_parquet(folder),
    "frame": lambda folder: TABLE,
    "list of frames": lambda folder: [*cut(TABLE, [700])],
    "generator": lambda folder: cut(TABLE, [700]),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_kind_of_source(source, folder):
    expected = sample_dataset(TABLE, "label", max_rows=500, random_state=0)
    found = sample_dataset(source(folder), "label", max_rows=500, random_state=0)
    assert found.class_counts == TABLE["label"].value_counts().to_dict()
    pd.testing.assert_frame_equal(found.X.isna(), expected.X.isna())
    for name in expected.X:
        assert found.X[name].dropna().tolist() == expected.X[name].dropna().tolist()


def test_files_are_read_in_the_order_of_a_list(folder):
    paths = sorted(folder.iterdir())[::-1]
    chunks = open_source(paths).chunks()
    assert [len(chunk) for chunk in chunks] == [
        pq.read_metadata(p).num_rows for p in paths
    ]
    first = next(open_source(paths).chunks(["count"]))
    assert first.column_names == ["count"]
    assert first["count"].to_pylist() == TABLE["count"][-len(first) :].tolist()


def test_partitions_of_a_folder_are_columns(tmp_path):
    pq.write_to_dataset(
        pa.Table.from_pandas(TABLE.drop(columns="size")),
        tmp_path / "table",
        partition_cols=["label"],
    )
    sample = sample_dataset(tmp_path / "table", "label", max_rows=200, random_state=0)
    assert sample.class_counts == TABLE["label"].value_counts().to_dict()


def test_an_iterator_is_consumed_once():
    read = []

    def chunks():
        for number, part in enumerate(cut(TABLE, [700])):
            read.append(number)
            yield part

    iterator = chunks()
    assert not open_source(iterator).is_repeatable
    assert open_source([TABLE]).is_repeatable
    sample_dataset(iterator, "label", max_rows=100, random_state=0)
    assert read == [0, 1, 2, 3, 4]


def test_numbers_of_chunks_are_promoted_as_a_csv_needs_it(tmp_path):
    """pandas guesses the dtypes of every chunk of a CSV anew."""
    frame = pd.DataFrame(
        {
            "whole": [1, 2, 3, np.nan, 5, 6],
            "text": [None, None, "a", "b", None, "c"],
            "y": [0, 1, 0, 1, 0, 1],
        }
    )
    frame.to_csv(tmp_path / "table.csv", index=False)
    for size in (1, 2, 3, 6):
        chunks = pd.read_csv(tmp_path / "table.csv", chunksize=size)
        sample = sample_dataset(chunks, "y", random_state=0)
        pd.testing.assert_frame_equal(
            sample.X, pd.read_csv(tmp_path / "table.csv")[["whole", "text"]]
        )


@pytest.mark.parametrize(
    "values",
    [[True, False], [1.5, 2.5], [1, 2], ["a", "b"], pd.to_datetime(["2020", "2021"])],
)
def test_a_column_may_be_missing_in_some_chunks(values):
    full = pd.DataFrame({"x": values, "y": [0, 1]})
    for lost in (np.nan, None):
        empty = pd.DataFrame({"x": [lost, lost], "y": [0, 1]})
        for chunks in ([full, empty], [empty, full], [full, empty, full]):
            found = sample_dataset(chunks, "y", random_state=0).X["x"]
            assert found.dropna().tolist() == [*values] * (len(chunks) - 1)
            assert found.isna().sum() == 2


def test_categories_of_chunks_are_joined():
    parts = [
        pd.DataFrame({"size": pd.Categorical([*sizes]), "y": [0, 1]})
        for sizes in ("ab", "bc")
    ]
    for chunks in (parts, [pa.Table.from_pandas(part) for part in parts]):
        sizes = sample_dataset(chunks, "y", random_state=0).X["size"]
        assert sizes.tolist() == [*"abbc"]
        assert sizes.cat.categories.tolist() == [*"abc"]


class TestRefused:
    def test_another_target(self):
        with pytest.raises(ValueError, match=r"must be a column.*'labels'.*job"):
            sample_dataset(TABLE, "labels")

    @pytest.mark.parametrize("source", [[], TABLE[:0], [TABLE[:0], TABLE[:0]]])
    def test_an_empty_source(self, source):
        with pytest.raises(ValueError, match="`source` must have at least one row"):
            sample_dataset(source, "label")

    def test_a_missing_class(self):
        frame = TABLE.assign(label=TABLE["label"].mask(TABLE.index == 1234))
        for chunks in (cut(frame, [500]), pa.Table.from_pandas(frame)):
            with pytest.raises(ValueError, match=r"every row.*'label', row 1,234\."):
                sample_dataset(chunks, "label")

    def test_amounts_as_classes(self):
        with pytest.raises(ValueError, match=r"must name classes.*'weight'"):
            sample_dataset(TABLE.dropna(), "weight", max_rows=500)

    def test_a_file_of_other_columns(self, tmp_path):
        folder = written(TABLE, tmp_path / "files")
        TABLE.rename(columns={"job": "work"}).to_parquet(folder / "part-2.parquet")
        with pytest.raises(ValueError, match=r"part-2.parquet without \['job'\].*work"):
            sample_dataset(folder, "label")

    def test_a_file_of_another_dtype(self, tmp_path):
        folder = written(TABLE, tmp_path / "files")
        TABLE.assign(count="7").to_parquet(folder / "part-2.parquet", index=False)
        with pytest.raises(ValueError, match=r"int64 and then .*'count'.*part-2"):
            sample_dataset(folder, "label")

    @pytest.mark.parametrize("convert", [lambda frame: frame, pa.Table.from_pandas])
    def test_a_chunk_of_another_schema(self, convert):
        for changed, message in (
            (TABLE.drop(columns="job"), r"frame 1 without \['job'\]"),
            (TABLE.assign(count="7"), "column 'count', from frame 1"),
        ):
            with pytest.raises(ValueError, match=message):
                sample_dataset([convert(TABLE), convert(changed)], "label")

    def test_no_file(self, tmp_path):
        folder = written(TABLE, tmp_path / "files")
        deeper = folder / "*" / "part-0.parquet"
        for path in (tmp_path / "none", folder / "*.csv", deeper):
            with pytest.raises(FileNotFoundError, match="`source` must be a Parquet"):
                sample_dataset(path, "label")

    def test_what_holds_no_frames(self):
        for source, message in (
            (7, "`source` must be a path.*Got int"),
            ([[1, 2]], "`source` must hold frames.*Got list"),
        ):
            with pytest.raises(TypeError, match=message):
                sample_dataset(source, "label")

    @pytest.mark.parametrize("max_rows", [1, 0, -1, 10.5, "many"])
    def test_a_size_that_is_none(self, max_rows):
        with pytest.raises(ValueError, match="`max_rows` must be a whole number"):
            sample_dataset(TABLE, "label", max_rows=max_rows)
