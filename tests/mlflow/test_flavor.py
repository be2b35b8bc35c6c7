"""The flavour: data-only files, the same rows in a new process, clear refusals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from tables_rules_planted import planted

import gan_augment.mlflow
from gan_augment import CTGAN, TVAE, TabularGAN
from gan_augment.mlflow import cards, flavor
from gan_augment.persistence import ModelFileError


@pytest.fixture
def logged(store, imbalanced):
    X, y = imbalanced
    gan = TabularGAN(max_steps=10, random_state=0).fit(X, y)
    with mlflow.start_run():
        info = gan_augment.mlflow.log_model(gan, registered_model_name="generator")
    return gan, info


def test_a_registered_generator_is_found_by_its_alias(logged):
    gan, _ = logged
    loaded = gan_augment.mlflow.load_model("models:/generator@candidate")
    rows, _ = loaded.sample(20, label="rare", random_state=3)
    pd.testing.assert_frame_equal(rows, gan.sample(20, label="rare", random_state=3)[0])


def test_a_model_tells_the_rules_that_its_rows_keep(store):
    X, words = planted("sum", 600, 0)
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, np.arange(600) % 3)
    with mlflow.start_run():
        info = gan_augment.mlflow.log_model(gan, registered_model_name="sums")
    assert set(info.metadata["rules"]) >= words
    served = mlflow.pyfunc.load_model("models:/sums@candidate")
    assert served.metadata.metadata["rules"] == [str(rule) for rule in gan.rules_]
    assert served.metadata.signature is not None
    root = Path(mlflow.artifacts.download_artifacts(info.model_uri))
    listed = json.loads((root / "rules.json").read_text(encoding="utf-8"))
    assert {rule["description"] for rule in listed} >= words
    assert all(rule["support"] > 0 for rule in listed)
    version = mlflow.MlflowClient().get_model_version("sums", "1")
    (rule,) = words
    assert f"- {rule}" in version.description
    assert "## Use" in version.description


def test_a_card_of_many_rules_still_says_how_to_use_it():
    rng = np.random.default_rng(0)
    X = pd.DataFrame()
    for i in range(cards.MOST_RULES + 2):
        X[f"a column whose name is long, {i}"] = low = rng.integers(0, 40, 600)
        X[f"a column that is not less than it, {i}"] = low + rng.poisson(2, 600)
    gan = TabularGAN(max_steps=3, random_state=0).fit(X, np.arange(600) % 2)
    card = cards.generator_card(gan, flavor.make_signature(gan).outputs)
    assert "- and 2 more in `rules.json`" in card
    assert card.rstrip().endswith("```")


def test_a_new_process_without_pickle_draws_the_same_rows(logged, tmp_path):
    gan, _ = logged
    code = (
        "import gan_augment.mlflow as m\n"
        "gan = m.load_model('models:/generator@candidate')\n"
        "X, y = gan.sample(20, label='rare', random_state=3)\n"
        "print(X.to_csv(), y.tolist())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    X, y = gan.sample(20, label="rare", random_state=3)
    assert other.stdout.strip() == f"{X.to_csv()} {y.tolist()}"


def test_no_file_of_the_model_needs_pickle(logged):
    _, info = logged
    root = Path(mlflow.artifacts.download_artifacts(info.model_uri))
    endings = {path.suffix for path in root.rglob("*") if path.is_file()}
    assert endings <= {".json", ".safetensors", ".yaml", ".txt", ".md", ""}
    assert list(root.rglob("*.safetensors"))


@pytest.mark.parametrize("model_class", [CTGAN, TVAE])
def test_the_models_of_the_ctgan_package_are_models_too(
    store, imbalanced, model_class, monkeypatch
):
    pytest.importorskip("ctgan")
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    X, y = imbalanced
    model = model_class(max_steps=2, hidden_dims=(8,), random_state=0).fit(X, y)
    with mlflow.start_run():
        info = gan_augment.mlflow.log_model(model)
    loaded = gan_augment.mlflow.load_model(info.model_uri)
    rows, _ = model.sample(5, label="rare", random_state=0)
    again, _ = loaded.sample(5, label="rare", random_state=0)
    pd.testing.assert_frame_equal(again, rows)
    requirements = mlflow.pyfunc.get_model_dependencies(info.model_uri)
    assert "ctgan==" in Path(requirements).read_text()


def test_pyfunc_draws_by_parameters(logged, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    model = mlflow.pyfunc.load_model("models:/generator@candidate")

    def draw(**params):
        return model.predict(pd.DataFrame(), params=params)

    rows = draw(n_rows=50, target_class="rare", seed=7)
    assert rows.columns.tolist() == ["age", "income", "job", "target"]
    assert (rows["target"] == "rare").all()
    assert len(rows) == 50
    pd.testing.assert_frame_equal(rows, draw(n_rows=50, target_class="rare", seed=7))
    assert not rows.equals(draw(n_rows=50, target_class="rare", seed=8))
    assert set(draw(n_rows=200, seed=1)["target"]) == {"rare", "common"}
    assert not draw(n_rows=50).equals(draw(n_rows=50))


def test_the_model_shows_the_last_epoch_not_the_first(logged, store):
    """MLflow links the run's metrics of one step, which is 0 unless it is told."""
    gan, _ = logged
    with mlflow.start_run():
        for step, loss in zip(
            gan.history_["step"], gan.history_["generator_loss"], strict=True
        ):
            mlflow.log_metric("train/generator_loss", loss, step=step)
        info = gan_augment.mlflow.log_model(gan)
    model = mlflow.get_logged_model(info.model_id)
    shown = {metric.key: metric.value for metric in model.metrics}
    assert shown["train/generator_loss"] == gan.history_["generator_loss"][-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gan_class": "os.system"}, "gan_class"),
        ({"data": "../../outside"}, "inside the model"),
        ({"data": "data/nothing"}, "must hold"),
        ({"data": "/etc"}, "inside the model"),
        ({"data": None}, "must hold"),
        ({"gan_class": ["TabularGAN"]}, "gan_class"),
    ],
)
def test_a_hostile_model_is_refused(logged, tmp_path, change, message):
    gan, _ = logged
    path = tmp_path / "model"
    gan_augment.mlflow.save_model(gan, path)
    description = yaml.safe_load((path / "MLmodel").read_text())
    description["flavors"]["gan_augment"] |= change
    (path / "MLmodel").write_text(yaml.safe_dump(description))
    with pytest.raises(ModelFileError, match=message):
        gan_augment.mlflow.load_model(str(path))
    with pytest.raises(ModelFileError, match=message):
        mlflow.pyfunc.load_model(str(path))


@pytest.mark.parametrize("text", ["", "[]", "flavors: 3", "flavors: {", "\x00"])
def test_a_damaged_description_is_a_typed_error(tmp_path, text):
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(ModelFileError, match="must hold a gan_augment model"):
        gan_augment.mlflow.load_model(str(tmp_path))


def test_every_dtype_has_a_signature(mixed_frame, tmp_path):
    labels = np.arange(len(mixed_frame)) % 2
    gan = TabularGAN(max_steps=2, random_state=0).fit(mixed_frame, labels)
    gan_augment.mlflow.save_model(gan, tmp_path / "model")
    rows = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(
        pd.DataFrame(), params={"n_rows": 20, "seed": 0}
    )
    assert rows.columns.tolist() == [*mixed_frame.columns, "target"]
    assert len(rows) == 20
