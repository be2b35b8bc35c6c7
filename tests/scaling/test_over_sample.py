"""Synthetic rows as files: the same whoever writes them, in the types of the table."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from imblearn.over_sampling import RandomOverSampler
from joblib import parallel_config
from scaling.conftest import N_ROWS, hashes

import gan_augment.mlflow
from gan_augment import GANOverSampler, ImageGAN, TabularGAN, over_sample
from gan_augment.scaling import LocalEngine, Plan, draw_rows, write_rows

KILL_AT = Path(__file__).with_name("kill_at.py")


@pytest.fixture(scope="module")
def source(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    for number, part in enumerate(np.array_split(np.arange(len(table)), 3)):
        table.iloc[part].to_parquet(path / f"{number}.parquet", index=False)
    return path


def write(generator, out, **options):
    options = {"rows_per_partition": 40, "n_workers": 1, "seed": 5} | options
    return write_rows(generator, N_ROWS, out=out, **options)


@pytest.mark.parametrize(
    "backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)]
)
def test_files_are_the_same_for_one_two_and_seven_workers(saved, tmp_path, backend):
    found = []
    for n_workers in (1, 2, 7):
        out = tmp_path / str(n_workers)
        with parallel_config(backend=backend):
            write(saved, out, n_workers=n_workers)
        found.append(hashes(out))
    assert len(found[0]) == 7 + 4 + 1  # two classes, and the manifest
    assert found[0] == found[1] == found[2]


def test_another_seed_gives_other_rows_and_each_partition_has_its_own(saved, tmp_path):
    write(saved, tmp_path / "a")
    write(saved, tmp_path / "b", seed=6)
    a, b = hashes(tmp_path / "a"), hashes(tmp_path / "b")
    assert not set(a.values()) & set(b.values())
    assert len(set(a.values())) == len(a)


@pytest.mark.parametrize(
    "strategy", ["auto", 0.5, {"rare": 90}, lambda y: {"rare": 77}]
)
def test_the_classes_are_those_that_imbalanced_learn_asks_for(
    table, source, generator, tmp_path, strategy
):
    X, y = table[["net"]], table["target"]
    expected = RandomOverSampler(sampling_strategy=strategy).fit_resample(X, y)[1]
    written = over_sample(
        source,
        "target",
        strategy,
        out=tmp_path / "out",
        generator=generator,
        n_workers=1,
    )
    both = pd.concat([table, written.dataset().to_table().to_pandas()])
    assert both["target"].value_counts().to_dict() == expected.value_counts().to_dict()
    assert written.n_synthetic == {"rare": len(expected) - len(table)}


def test_source_and_synthetic_rows_are_one_table(table, source, generator, tmp_path):
    out = tmp_path / "out"
    over_sample(source, "target", out=out, generator=generator, n_workers=1)
    rows = pd.read_parquet(out)
    real = pd.read_parquet(source)
    assert rows.dtypes.to_dict() == real.dtypes.to_dict()
    assert pq.read_schema(out / "part-00000000.parquet").names == list(table)
    assert (rows["net"] <= rows["gross"]).all()
    assert rows["income"].isna().any()


def test_a_frame_a_table_and_counts_are_sources_too(table, generator, tmp_path):
    found = []
    sources = [table, pa.Table.from_pandas(table), {"common": 210, "rare": 30}]
    for number, source in enumerate(sources):
        out = tmp_path / str(number)
        over_sample(source, "target", out=out, generator=generator, n_workers=1)
        found.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])


def test_identifiers_differ_among_all_files_and_from_the_real_ones(
    table, generator, tmp_path
):
    write(generator, tmp_path / "out")
    rows = pd.read_parquet(tmp_path / "out")
    for name in ("customer_id", "account"):
        assert rows[name].is_unique
        assert not rows[name].isin(table[name]).any()


def test_a_saved_directory_a_registered_model_and_an_estimator_draw_the_same(
    saved, generator, store, tmp_path
):
    gan_augment.mlflow.log_model(generator, registered_model_name="generator")
    found = []
    for number, each in enumerate([generator, saved, "models:/generator@candidate"]):
        write(each, tmp_path / str(number))
        found.append(hashes(tmp_path / str(number)))
    assert found[0] == found[1] == found[2]


def test_an_over_sampler_refuses_copies_of_what_it_was_trained_on():
    """The GAN of three levels would draw the single real row of a class again."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {name: rng.integers(0, 6, 300) for name in ("a", "b", "c", "d", "e", "f")}
    )
    y = np.arange(300) % 10 == 0
    sampler = GANOverSampler(
        TabularGAN(max_steps=200), rules=None, sample_filter=None, random_state=0
    ).fit(X, y)
    sampler.fit_resample(X, y)
    real = set(X[~X.duplicated(keep=False)].itertuples(index=False, name=None))

    def n_copies(generator):
        tables = draw_rows(generator, {True: 20_000}, n_workers=1)
        rows = pa.concat_tables(tables).to_pandas().drop(columns="target")
        return sum(row in real for row in rows.itertuples(index=False, name=None))

    assert n_copies(sampler.gan_) > 0
    assert n_copies(sampler) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("whom", "n_workers"), [("worker", 2), ("driver", 2), ("driver", 1)]
)
def test_a_killed_call_goes_on_where_it_was(saved, tmp_path, whom, n_workers):
    def call(out, victim):
        command = [sys.executable, KILL_AT, saved, out, str(n_workers), "9", victim]
        with (tmp_path / "stderr").open("w") as errors:
            # Workers outlive a killed driver for a while: they are in its session.
            process = subprocess.Popen(command, stderr=errors, start_new_session=True)
            process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.returncode

    out = tmp_path / "out"
    assert call(out, whom) != 0
    if whom == "worker":
        message = "Repeat the call to write the others"
        assert message in (tmp_path / "stderr").read_text()
    before = {
        file.name: file.stat().st_mtime_ns
        for file in out.iterdir()
        if file.name.startswith("part")
    }
    assert 0 < len(before) < 14
    assert not (out / "_manifest.json").exists()
    # What a writer leaves that is killed while it writes.
    (out / ".part-00000013.parquet.0").write_bytes(b"PAR1")
    assert call(out, "nobody") == 0
    after = {name: (out / name).stat().st_mtime_ns for name in before}
    assert after == before
    assert call(tmp_path / "whole", "nobody") == 0
    assert hashes(out) == hashes(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["cut", "page", "empty"])
def test_a_damaged_file_is_written_again(saved, tmp_path, damage):
    write(saved, tmp_path)
    expected = hashes(tmp_path)
    file = tmp_path / "part-00000002.parquet"
    content = bytearray(file.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "empty":
        content.clear()
    else:
        content[100] ^= 255
    file.write_bytes(content)
    written = write(saved, tmp_path)
    assert hashes(tmp_path) == expected
    assert written.n_kept == len(written.report) - 1


def test_files_of_another_call_are_not_overwritten(saved, tmp_path):
    write(saved, tmp_path)
    expected = hashes(tmp_path)
    with pytest.raises(ValueError, match="`out` must be empty, or hold files of the"):
        write(saved, tmp_path, seed=6)
    assert hashes(tmp_path) == expected


def test_a_full_disk_leaves_no_part_of_a_file(saved, tmp_path, monkeypatch):
    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write(saved, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert "Repeat the call to write the others" in caught.value.__notes__[0]


def test_addresses_of_other_file_systems_are_read_and_written(table, saved, tmp_path):
    write(saved, tmp_path)
    written = write(saved, "memory://bucket/rows")
    assert (
        written.dataset().to_table().equals(write(saved, tmp_path).dataset().to_table())
    )
    from fsspec.core import url_to_fs

    filesystem, root = url_to_fs("memory://bucket/rows")
    for name, digest in hashes(tmp_path).items():
        content = filesystem.cat_file(f"{root}/{name}")
        assert hashlib.sha256(content).hexdigest() == digest


def test_the_manifest_lists_what_sha256sum_says(saved, tmp_path):
    write(saved, tmp_path)
    manifest = json.loads((tmp_path / "_manifest.json").read_text())
    found = hashes(tmp_path)
    del found["_manifest.json"]
    assert {f["file"]: f["sha256"] for f in manifest["files"]} == found
    n_rows = pd.DataFrame(manifest["files"]).groupby("class")["n_rows"].sum()
    assert n_rows.to_dict() == N_ROWS


def test_a_plan_of_a_trillion_rows_takes_no_memory():
    plan = Plan({"a": 10**12, "b": 5}, rows_per_partition=10**6)
    assert len(plan) == 10**6 + 1
    assert plan[10**6].label == "b"
    assert plan[10**6].n_rows == 5
    assert plan[999_999].share == (10**12 - 10**6, 10**12, 10**12 + 5)


def test_the_requests_of_a_plan_are_all_rows_once():
    plan = Plan({"a": 7, "b": 0, "c": 10, "d": 5}, rows_per_partition=5)
    assert [(r.label, r.n_rows) for r in plan] == [
        *[("a", 5), ("a", 2), ("c", 5), ("c", 5), ("d", 5)]
    ]
    assert [r.share.first for r in plan] == [0, 5, 7, 12, 17]
    assert len({r.rng().integers(2**62) for r in plan}) == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows_per_partition": 0}, "`rows_per_partition` must be a whole number"),
        ({"seed": -1}, "`seed` must be a whole number"),
        ({"engine": "spark"}, "`engine` must be 'local' or an engine"),
        ({"engine": LocalEngine()}, "`n_workers` must be None unless"),
        ({"target": "job"}, "`target` must not be the name of another column"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_is_written(
    generator, tmp_path, options, message
):
    with pytest.raises(ValueError, match=message):
        write(generator, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_sources_that_do_not_fit_are_refused(table, generator, tmp_path):
    def call(source, target="target", strategy="auto"):
        over_sample(source, target, strategy, out=tmp_path / "out", generator=generator)

    with pytest.raises(ValueError, match="`target` must be a column of `source`"):
        call(table, "class")
    with pytest.raises(ValueError, match="Got none for \\['more'\\]"):
        call(table.assign(more=1))
    with pytest.raises(ValueError, match="further columns \\['job'\\]"):
        call(table.drop(columns="job"))
    with pytest.raises(ValueError, match="must have a class in every row"):
        call(table.assign(target=table["target"].where(table["target"] == "rare")))
    with pytest.raises(ValueError, match="`sampling_strategy` must name classes"):
        call(table, strategy={"rarest": 300})
    with pytest.raises(ValueError, match="`generator` must have the classes"):
        call({"common": 9, "other": 5})
    schema = pa.Schema.from_pandas(table)
    at = schema.get_field_index("income")
    narrow = schema.set(at, pa.field("income", pa.int8()))
    with pytest.raises(ValueError, match="must have types that hold"):
        write(generator, tmp_path / "out", schema=narrow)
    with pytest.raises(TypeError, match="`source` must be a path"):
        call(3)


def test_a_column_that_the_generator_leaves_out_is_missing(table, tmp_path):
    gan = TabularGAN(max_steps=3, identifiers="drop", random_state=0)
    gan.fit(table.drop(columns="target"), table["target"])
    over_sample(table, "target", out=tmp_path, generator=gan, n_workers=1)
    rows = pd.read_parquet(tmp_path)
    assert list(rows) == list(table)
    assert rows[["customer_id", "account"]].isna().all(axis=None)


def test_arrays_are_written_by_position_and_images_are_refused(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 3))
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, np.arange(60) % 2)
    write_rows(gan, {1: 10}, out=tmp_path / "rows", n_workers=1)
    assert list(pd.read_parquet(tmp_path / "rows")) == ["0", "1", "2", "target"]
    images = np.random.default_rng(0).integers(0, 9, (40, 8, 8), dtype=np.uint8)
    gan = ImageGAN(max_steps=1, random_state=0).fit(images, np.arange(40) % 2)
    with pytest.raises(ValueError, match="`generator` must draw tables"):
        write_rows(gan, {1: 10}, out=tmp_path / "images", n_workers=1)
