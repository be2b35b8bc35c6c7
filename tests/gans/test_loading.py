"""A saved generator is read without its class being named."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import gan_augment.mlflow
from gan_augment import TabularGAN, load
from gan_augment.gans import GANS
from gan_augment.persistence import ModelFileError


@pytest.fixture(scope="module")
def gan():
    from sklearn.datasets import load_iris

    return TabularGAN(max_steps=2, random_state=0).fit(*load_iris(return_X_y=True))


@pytest.mark.parametrize("saved_by", ["itself", "MLflow"])
def test_it_draws_the_rows_that_it_drew_before(gan, saved_by, tmp_path):
    path = tmp_path / "saved"
    gan.save(path) if saved_by == "itself" else gan_augment.mlflow.save_model(gan, path)
    loaded = load(path)
    assert type(loaded) is TabularGAN
    assert (loaded.sample(20)[0] == gan.sample(20)[0]).all()


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([(1, "a"), (2, "b"), None] * 8),
        pd.Series([((1,), 2.5), (), "a"] * 8),
        pd.Series(["a", None, "b"] * 8, dtype="string[pyarrow]"),
        pd.Series(["a", None, "b"] * 8, dtype=pd.ArrowDtype(pa.string())),
        pd.Series(["a", None, "b"] * 8, dtype=pd.ArrowDtype(pa.large_string())),
        pd.Series(["a", None, "b"] * 8, dtype=pd.ArrowDtype(pa.string())).astype(
            "category"
        ),
    ],
    ids=lambda values: str(values.dtype),
)
def test_columns_of_tuples_and_of_arrow_text(values, tmp_path):
    X = pd.DataFrame({"a": np.arange(24.0), "values": values})
    gan = TabularGAN(max_steps=2, random_state=0).fit(X, np.arange(24) % 2)
    gan.save(tmp_path)
    rows = load(tmp_path).sample(20)[0]
    pd.testing.assert_frame_equal(rows, gan.sample(20)[0])
    assert rows["values"].dtype == values.dtype
    assert set(rows["values"].dropna()) <= set(values.dropna())


def test_neither_mlflow_nor_a_class_is_imported_for_it(gan, tmp_path):
    gan_augment.mlflow.save_model(gan, tmp_path / "saved")
    code = (
        "import sys; from gan_augment import load; load('saved');"
        "assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


class Own(TabularGAN):
    """A class that somebody derived."""


def test_what_is_not_registered_is_refused(tmp_path, monkeypatch):
    X = np.random.default_rng(0).normal(size=(20, 2))
    Own(max_steps=2).fit(X, np.arange(20) % 2).save(tmp_path)
    with pytest.raises(ModelFileError, match=r"Got 'Own'\. Register a class"):
        load(tmp_path)
    monkeypatch.setitem(GANS, "own", Own)
    assert type(load(tmp_path)) is Own
    with pytest.raises(ModelFileError, match=r"must hold model\.json"):
        load(tmp_path / "nowhere")
