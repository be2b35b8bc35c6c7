"""Files: the same model after loading; damage is a typed error."""

import datetime
import json
import os

import numpy as np
import pandas as pd
import pyarrow
import pytest
from safetensors.numpy import save_file

from gan_augment import TabularGAN, persistence
from gan_augment.persistence import ModelFileError


@pytest.fixture
def saved(mixed_frame, tmp_path):
    labels = np.where(np.arange(len(mixed_frame)) % 6 == 0, "rare", "common")
    gan = TabularGAN(max_steps=10, random_state=0).fit(mixed_frame, labels)
    gan.save(tmp_path / "gan")
    return gan, tmp_path / "gan"


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
    assert sorted(p.name for p in path.iterdir()) == ["model.json", "model.safetensors"]
    json.loads((path / "model.json").read_text())


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
        (pd.ArrowDtype(pyarrow.decimal128(5, 2)), "decimal128"),
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


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "model.json").unlink(), "no model.json"),
        (lambda p: (p / "model.safetensors").unlink(), "model.safetensors"),
        (lambda p: (p / "model.json").write_text("{"), "undamaged"),
        (lambda p: (p / "model.safetensors").write_bytes(b"\x80\x04N."), "undamaged"),
        (
            lambda p: (p / "model.safetensors").write_bytes(
                (p / "model.safetensors").read_bytes()[:-100]
            ),
            "undamaged",
        ),
        (lambda p: _edit(p, lambda d: d.update(format_version=99)), "99"),
        (lambda p: _edit(p, lambda d: d["tree"].update({"class": "os"})), "another"),
        (lambda p: _edit(p, lambda d: d.update(tree=[1])), "another"),
        (
            lambda p: _edit(
                p, lambda d: d["tree"].update(x={"$class": "os.system", "fields": {}})
            ),
            "os.system",
        ),
        (
            lambda p: _edit(p, lambda d: d["tree"]["parameters"].update(latent_dim=7)),
            "undamaged",
        ),
        (
            lambda p: _edit(p, lambda d: d["tree"]["parameters"].update(eval="1")),
            "undamaged",
        ),
        (lambda p: save_file({}, p / "model.safetensors"), "undamaged"),
        (lambda p: (p / "model.safetensors").write_bytes(b"\xff" * 80), "undamaged"),
        (
            lambda p: _edit(p, lambda d: d["tree"]["fitted"].update(class_prior_=[2])),
            "undamaged",
        ),
        (
            lambda p: _edit(p, lambda d: d["tree"]["fitted"].update(sample_seed_="0")),
            "undamaged",
        ),
    ],
)
def test_a_damaged_or_hostile_file_is_a_typed_error(saved, damage, message):
    _, path = saved
    damage(path)
    with pytest.raises(ModelFileError, match=message):
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
            lambda d: _first(d, "Recipe").update(hidden_dims=[10**9, 10**9]),
            "must have the shapes",
        ),
        (
            lambda d: _first(d, "Recipe").update(hidden_dims=[1] * 10**6),
            "a layer of weights each",
        ),
        (lambda d: _first(d, "OneHotCells").update(n_levels=10**12), "levels"),
        (
            lambda d: d["tree"]["fitted"].update(
                classes_={"$values": ["a", "b"], "dtype": {"$dtype": "U400000000"}}
            ),
            "at most",
        ),
        (
            lambda d: d["tree"]["fitted"].update(
                classes_={"$values": ["a"], "dtype": {"$dtype": {"names": ["a"]}}}
            ),
            "known kinds",
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


def test_a_pipe_in_place_of_a_file_does_not_block(saved):
    _, path = saved
    (path / "model.safetensors").unlink()
    os.mkfifo(path / "model.safetensors")
    with pytest.raises(ModelFileError, match=r"no model\.safetensors"):
        TabularGAN.load(path)
