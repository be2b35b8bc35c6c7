"""Images in MLflow: grids of every epoch, the generator logged, loaded and asked."""

import re
from pathlib import Path

import mlflow
import numpy as np
import pytest
from sklearn.datasets import load_digits

import gan_augment.mlflow
from gan_augment import GANOverSampler, ImageGAN, ImageMixture


@pytest.fixture
def sampler():
    unguarded = ImageMixture(guard=False)
    gan = ImageGAN(generator="variation", max_steps=5)
    return GANOverSampler(gan, mixture=unguarded, random_state=0)


@pytest.fixture
def digits():
    data = load_digits()
    rows = np.flatnonzero(data.target < 2)[:80]
    return data.images[rows].astype(np.uint8), data.target[rows] * (rows % 3 == 0)


@pytest.mark.parametrize(
    "form",
    [
        "one channel",
        pytest.param("three channels", marks=pytest.mark.slow),
        pytest.param("rows", marks=pytest.mark.slow),
    ],
)
def test_large_images_are_described_as_a_tensor(store, monkeypatch, form):
    """MLflow's limit on a schema is less than a column for each of their pixels."""
    shape = (96, 96) if form == "one channel" else (96, 96, 3)
    pixels = np.random.default_rng(0).integers(0, 255, (12, *shape), dtype=np.uint8)
    X = pixels.reshape(12, -1) if form == "rows" else pixels
    gan = ImageGAN(max_steps=1, image_shape=shape if form == "rows" else None)
    sampler = GANOverSampler(gan, mixture=ImageMixture(guard=False), random_state=0)
    gan_augment.mlflow.autolog(log_figures=False, registered_model_name="large")
    try:
        sampler.fit_resample(X, np.arange(12) % 3 == 0)
    finally:
        gan_augment.mlflow.autolog(disable=True)
    (run,) = mlflow.search_runs(output_format="list")
    given = {
        data.tags[0].value: data.dataset.schema for data in run.inputs.dataset_inputs
    }
    assert given.keys() == {"training", "synthetic"}
    assert all("tensorspec" in schema for schema in given.values())
    assert all(len(schema) < 1000 for schema in given.values())
    gan_augment.mlflow.load_model("models:/large@candidate")
    assert gan_augment.mlflow.sync() == []  # nothing was refused


def test_a_run_has_a_grid_an_epoch_the_measures_and_the_generator(
    store, sampler, digits
):
    gan_augment.mlflow.autolog(registered_model_name="digits")
    try:
        sampler.fit_resample(*digits)
    finally:
        gan_augment.mlflow.autolog(disable=True)
    (run,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
    grids = mlflow.MlflowClient().list_artifacts(run.info.run_id, "images")
    steps = {int(re.search(r"step\D+(\d+)", grid.path)[1]) for grid in grids}
    assert steps == set(sampler.history_["step"])
    for measure in ("diversity", "coverage"):
        assert run.data.metrics[f"train/{measure}"] == sampler.history_[measure][-1]
    loaded = gan_augment.mlflow.load_model("models:/digits@candidate")
    images, _ = loaded.sample(6, label=1, random_state=4)
    again, _ = sampler.gan_.sample(6, label=1, random_state=4)
    np.testing.assert_array_equal(images, again)
    files = mlflow.artifacts.download_artifacts("models:/digits@candidate")
    n_kept = len(sampler.gan_.sources_.codes)
    card = Path(files, "README.md").read_text()
    assert f"The model contains {n_kept} real images." in card
    served = mlflow.pyfunc.load_model("models:/digits@candidate")
    params = {"n_rows": 6, "target_class": "1", "seed": 4}
    rows = served.predict(None, params=params)
    pixels = rows.drop(columns="target").to_numpy()
    np.testing.assert_array_equal(pixels, again.reshape(6, -1))
