"""Files: the same model after loading; damage is a typed error."""

import datetime
import decimal
import json
import os
import shutil
import subprocess
import uuid
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from tables import make_mixed_frame

from gan_augment import TabularGAN, persistence
from gan_augment.persistence import ModelFileError


@pytest.fixture(scope="module")
def fitted():
    frame = make_mixed_frame()
    labels = np.where(np.arange(len(frame)) % 6 == 0, "rare", "common")
    return TabularGAN(max_steps=5, random_state=0).fit(frame, labels)


@pytest.fixture(scope="module")
def saved_once(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("once") / "gan"
    fitted.save(path)
    return path


@pytest.fixture
def saved(fitted, saved_once, tmp_path):
    shutil.copytree(saved_once, tmp_path / "gan")
    return fitted, tmp_path / "gan"


def test_a_loaded_gan_draws_the_same_rows(saved, mixed_frame):
    gan, path = saved
    loaded = TabularGAN.load(path)
    for label in (None, "rare"):
        rows, labels = gan.sample(30, label=label, random_state=3)
        rows_again, labels_again = loaded.sample(30, label=label, random_state=3)
        pd.testing.assert_frame_equal(rows, rows_again)
        assert labels.tolist() == labels_again.tolist()
    classes = ["rare"] * len(mixed_frame)
    np.testing.assert_array_equal(
        gan.score_samples(mixed_frame, classes),
        loaded.score_samples(mixed_frame, classes),
    )
    assert loaded.get_params() == gan.get_params()
    assert loaded.history_ == gan.history_


def test_only_tensors_and_json_are_written(saved):
    _, path = saved
    names = sorted(p.name for p in path.iterdir())
    assert names == ["SHA256SUMS", "model.json", "model.safetensors"]
    json.loads((path / "model.json").read_text())
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=path, check=True
    )


def test_every_kind_of_value_survives(tmp_path):
    tree = {
        "none": None,
        "flag": True,
        "whole": 2**70,
        "nan": np.nan,
        "text": "ü",
        "nested": [{"a": (1, 2.5)}],
        "numbers": np.arange(3, dtype=np.int16),
        "strings": np.array(["a", "b"], dtype=object),
        "index": pd.Index([pd.Timestamp("2020-01-01"), pd.NaT]),
        "category": pd.CategoricalDtype(pd.cut([1, 2, 3], 2).categories, ordered=True),
        "dtypes": [pd.Int64Dtype(), np.dtype("f4"), pd.DatetimeTZDtype(tz="UTC")],
        "dates": [datetime.date(2020, 1, 2), pd.Timedelta("3h")],
    }
    persistence.save(tree, tmp_path)
    loaded = persistence.load(tmp_path)
    assert loaded.keys() == tree.keys()
    for name in ("none", "flag", "whole", "text", "nested", "dtypes", "dates"):
        assert loaded[name] == tree[name], name
    assert np.isnan(loaded["nan"])
    assert loaded["numbers"].dtype == np.int16
    np.testing.assert_array_equal(loaded["numbers"], tree["numbers"])
    assert loaded["strings"].tolist() == ["a", "b"]
    pd.testing.assert_index_equal(loaded["index"], tree["index"])
    assert loaded["category"] == tree["category"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1j, r"numbers, strings.*complex"),
        (pd.ArrowDtype(pyarrow.list_(pyarrow.int8())), "list"),
        (np.array(["a" * 20_000]), "U20000"),
        (np.zeros(2, np.longdouble), "longdouble|float128"),
        (np.zeros((2, 2), "U1"), "2 dimensions"),
        (Fraction(1, 2), "Fraction"),
    ],
)
def test_what_cannot_be_loaded_without_code_is_not_saved(tmp_path, value, message):
    with pytest.raises(TypeError, match=message):
        persistence.save({"value": value}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def _edit(path, change):
    document = json.loads((path / "model.json").read_text())
    change(document)
    (path / "model.json").write_text(json.dumps(document))
    persistence.seal(path)


def _edit_arrays(path, change):
    file = path / "model.safetensors"
    arrays = load_file(file)
    change(arrays)
    save_file(arrays, file)
    persistence.seal(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "model.json").unlink(), "no model.json"),
        (lambda p: (p / "model.safetensors").unlink(), "no model.safetensors"),
        (lambda p: (p / "SHA256SUMS").unlink(), "no SHA256SUMS"),
        (lambda p: (p / "model.json").write_text("{"), "checksums"),
        (lambda p: (p / "SHA256SUMS").write_text(""), "checksums"),
        (lambda p: (p / "model.safetensors").write_bytes(b"\x80\x04N."), "header"),
        (lambda p: (p / "model.safetensors").write_bytes(b"\xff" * 80), "header"),
        (lambda p: _edit(p, lambda d: d.update(format_version=99)), "99"),
        (lambda p: _edit(p, lambda d: d.update(format_version=np.nan)), "NaN"),
        (lambda p: _edit(p, lambda d: d["tree"].update({"class": "os"})), "another"),
        (lambda p: _edit(p, lambda d: d.update(tree=[1])), "another"),
        (
            lambda p: _edit(
                p, lambda d: d["tree"].update({"class": {"$missing": "NA"}})
            ),
            "another",
        ),
        (
            lambda p: _edit(
                p, lambda d: d["tree"].update(x={"$class": "os.system", "fields": {}})
            ),
            "os.system",
        ),
        (lambda p: _edit(p, lambda d: d["tree"].update(junk=1)), "parts"),
        (lambda p: _edit(p, lambda d: d["tree"]["fitted"].update(junk=1)), "parts"),
        (
            lambda p: _edit(p, lambda d: d["tree"]["parameters"].update(latent_dim=7)),
            "must have the shapes",
        ),
        (
            lambda p: _edit(p, lambda d: d["tree"]["parameters"].update(eval="1")),
            "undamaged",
        ),
        (
            lambda p: _edit(p, lambda d: d["tree"]["fitted"].update(class_prior_=[2])),
            "class_prior_.*ndarray",
        ),
        (
            lambda p: _edit(p, lambda d: d["tree"]["fitted"].update(sample_seed_="0")),
            "sample_seed_.*int",
        ),
        (
            lambda p: _edit(
                p, lambda d: d["tree"]["fitted"]["classes_"]["$values"].reverse()
            ),
            None,  # other names for the classes: a model of the same shape
        ),
        (
            lambda p: _edit(
                p,
                lambda d: d["tree"]["fitted"]["classes_"].update(
                    {"$values": ["a"] * 2}
                ),
            ),
            "different labels",
        ),
        (lambda p: _edit_arrays(p, lambda a: a.clear()), "KeyError"),
        (
            lambda p: _edit_arrays(p, lambda a: [x.fill(0) for x in a.values()]),
            "undamaged",
        ),
    ],
)
def test_a_damaged_or_hostile_file_is_a_typed_error(saved, damage, message):
    _, path = saved
    damage(path)
    if message is None:
        TabularGAN.load(path)
        return
    with pytest.raises(ModelFileError, match=message):
        TabularGAN.load(path)


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=30, deadline=None)
def test_every_flipped_bit_is_found(saved_once, share, bit):
    path = saved_once
    for name in ("model.json", "model.safetensors"):
        before = (path / name).read_bytes()
        damaged = bytearray(before)
        damaged[int(share * len(damaged))] ^= 1 << bit
        (path / name).write_bytes(damaged)
        try:
            with pytest.raises(ModelFileError):
                TabularGAN.load(path)
        finally:
            (path / name).write_bytes(before)
    TabularGAN.load(path)


def _first(document, kind):
    """The fields of the first object of a class in a saved tree."""
    waiting = [document["tree"]]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, dict):
            if value.get("$class") == kind:
                return value["fields"]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda d: d["tree"]["parameters"].update(latent_dim=10**12),
            "must have the shapes",
        ),
        (
            lambda d: _first(d, "Recipe").update(
                hidden_dims={"$tuple": [10**9, 10**9]}
            ),
            "must have the shapes",
        ),
        (
            lambda d: _first(d, "Recipe").update(hidden_dims={"$tuple": [1] * 10**6}),
            "a layer of weights each",
        ),
        (lambda d: _first(d, "OneHotCells").update(n_levels=10**12), "levels"),
        (
            lambda d: d["tree"]["fitted"].update(
                classes_={"$values": ["a", "b"], "dtype": {"$dtype": "U400000000"}}
            ),
            "small and plain",
        ),
        (
            lambda d: d["tree"]["fitted"].update(
                classes_={"$values": ["a"], "dtype": {"$dtype": {"names": ["a"]}}}
            ),
            "A dtype must be text",
        ),
        (
            lambda d: d["tree"]["fitted"].update(
                classes_={
                    "$values": ["a"] * 1000,
                    "dtype": {"$dtype": "<U16384"},
                }
            ),
            "Strings of a fixed width",
        ),
        (
            lambda d: d["tree"]["fitted"].update(
                classes_={"$values": [["a"] * 1000], "dtype": {"$dtype": "<U16"}}
            ),
            "must be of type str",
        ),
        (lambda d: d["tree"].update(junk=[[]] * 50_000), "lists and objects"),
        (lambda d: d["tree"].update(junk=[{}] * 50_000), "lists and objects"),
        (lambda d: _first(d, "NumericDomain").update(decimals=10**9), "grid"),
        (lambda d: _first(d, "NumericDomain").update(step=2**64), "64-bit"),
        (
            lambda d: _first(d, "CategoricalDomain")["levels"]["$index"].append(7),
            "levels",
        ),
        (
            lambda d: _first(d, "RankCells").update(
                edges=_first(d, "RankCells")["distinct"]
            ),
            "KeyError",  # an array that is named twice
        ),
    ],
)
def test_sizes_are_refused_before_memory_is_taken(saved, damage, message):
    _, path = saved
    _edit(path, damage)
    with pytest.raises(ModelFileError, match=message):
        TabularGAN.load(path)


def test_a_file_that_is_too_large_is_not_read(saved):
    _, path = saved
    with (path / "model.json").open("r+b") as file:
        file.truncate(2**40)  # a hole: it takes no room on the disk
    with pytest.raises(ModelFileError, match="at most"):
        TabularGAN.load(path)


VALUES = [
    *(None, True, 2**70, -0.0, np.inf, "ü", "\ud800", "\x00", b"\x00\xff"),
    *(np.float32(0.1), np.int8(3), np.True_, np.datetime64("2020-01-01", "D")),
    *(np.timedelta64(3, "h"), np.datetime64("NaT"), np.longdouble("0.1")),
    *(pd.NA, pd.NaT, pd.Timestamp("2020-01-01"), pd.Timestamp("0001-01-01")),
    pd.Timestamp("2020-10-25 00:30", tz="UTC").tz_convert("Europe/Paris"),
    pd.Timestamp("2020-10-25 00:30", tz="+05:30"),
    pd.Timestamp("2020-01-01 00:00:00.123456789"),
    *(pd.Timedelta("3h"), pd.Timedelta(5, "ns"), pd.Period("2020-03", "M")),
    *(datetime.date(2020, 1, 2), datetime.time(3, 4), datetime.timedelta(1, 2, 3)),
    datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.UTC),
    *(decimal.Decimal("1.10"), decimal.Decimal("NaN"), uuid.UUID(int=7)),
    *((1, "a"), ((1,), ()), pd.Interval(0, 1, "left")),
    pd.Interval(pd.Timestamp("2020"), pd.Timestamp("2021")),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(tmp_path, value):
    tree = {"array": np.fromiter([value], object, 1)}
    tree["index"] = pd.Index(tree["array"], dtype=object, tupleize_cols=False)
    persistence.save(tree, tmp_path)
    loaded = persistence.load(tmp_path)
    for found in (loaded["array"][0], loaded["index"][0]):
        assert type(found) is type(value)
        assert repr(found) == repr(value)
    assert loaded["array"].shape == loaded["index"].shape == (1,)


DTYPES = [
    *(
        np.dtype(name)
        for name in ("f4", ">i8", "?", "U7", "S3", "M8[D]", "m8[ms]", "O")
    ),
    np.dtypes.StringDType(),
    *map(pd.api.types.pandas_dtype, ("Int64", "boolean", "string", "period[M]")),
    *map(pd.api.types.pandas_dtype, ("string[pyarrow]", "datetime64[s, Asia/Tokyo]")),
    pd.StringDtype(na_value=np.nan),
    pd.SparseDtype(np.int8, 3),
    pd.IntervalDtype("int64", "left"),
    pd.CategoricalDtype([(1, 2), (3, 4)], ordered=True),
    *(
        pd.ArrowDtype(of)
        for of in (
            *(pyarrow.string(), pyarrow.large_string(), pyarrow.date32()),
            *(pyarrow.timestamp("us", "Europe/Paris"), pyarrow.decimal128(8, 2)),
            *(pyarrow.bool_(), pyarrow.duration("ns"), pyarrow.null()),
        )
    ),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_dtype_comes_back_as_it_was(tmp_path, dtype):
    persistence.save({"dtype": dtype}, tmp_path)
    found = persistence.load(tmp_path)["dtype"]
    assert found == dtype
    assert type(found) is type(dtype)


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2020", periods=3, tz="Europe/Paris", name="when"),
        pd.period_range("2020", periods=2, freq="M"),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None]),
        pd.CategoricalIndex(["b", "a", None], categories=["a", "b"]),
        pd.interval_range(0, 3),
        pd.Index(["a", None], dtype="string[pyarrow]", name=("a", 1)),
        pd.Index([1, 2], dtype="int8"),
        pd.Index([], dtype=object),
        pd.Index([2**64 - 1, 0], dtype="uint64"),
        pd.Index([datetime.date(2020, 1, 1)], dtype=pd.ArrowDtype(pyarrow.date32())),
    ],
    ids=repr,
)
def test_an_index_comes_back_as_it_was(tmp_path, index):
    persistence.save({"index": index}, tmp_path)
    pd.testing.assert_index_equal(persistence.load(tmp_path)["index"], index)


@pytest.mark.parametrize("dtype", ["int64", "Int64"])
def test_a_number_of_a_billion_digits_is_not_computed(tmp_path, dtype):
    persistence.save({"index": pd.Index([1, 2], dtype=dtype)}, tmp_path)
    hostile = {"$decimal": "1E+999999999"}
    _edit(tmp_path, lambda d: d["tree"]["index"]["$index"].append(hostile))
    with pytest.raises(ModelFileError, match="must hold whole numbers"):
        persistence.load(tmp_path)


def test_a_value_that_cannot_be_saved_is_named_with_its_column(tmp_path):
    frame = pd.DataFrame({"n": range(8), "share": [Fraction(i, 3) for i in range(8)]})
    gan = TabularGAN(max_steps=1).fit(frame, [0, 1] * 4)
    with pytest.raises(TypeError, match=r"'share' .*Fraction\(.*Convert"):
        gan.save(tmp_path / "gan")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs OpenSSL")
def test_one_signature_covers_the_files_as_the_security_page_says(saved):
    _, path = saved
    page = (Path(__file__).parent.parent / "docs/security.md").read_text()
    commands = page.split("```bash")[1].split("```")[0]
    make, verify = commands.strip().split("\n\n")

    def run(command):
        return subprocess.run(
            ["sh", "-ec", command], cwd=path.parent, capture_output=True
        ).returncode

    assert run(make) == run(verify) == 0
    with (path / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelFileError, match="checksums"):
        TabularGAN.load(path)
    persistence.seal(path)
    assert run(verify) != 0


def test_a_pipe_in_place_of_a_file_does_not_block(saved):
    _, path = saved
    (path / "model.safetensors").unlink()
    os.mkfifo(path / "model.safetensors")
    with pytest.raises(ModelFileError, match=r"no model\.safetensors"):
        TabularGAN.load(path)
