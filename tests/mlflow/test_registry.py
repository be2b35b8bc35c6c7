"""Aliases, figures on versions, and the gate between candidate and champion."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR

import gan_augment.mlflow
from gan_augment.mlflow import PromotionError, registry

NAME = "generator"
GOOD = {"utility/gain": 0.01, "privacy/closest_record_ratio": 0.97}


@pytest.fixture
def register(autolog, fast_sampler, imbalanced):
    """Fit, track and register; the id of the logged generator."""
    autolog(registered_model_name=NAME, log_figures=False)

    def fit():
        fast_sampler.fit_resample(*imbalanced)
        return fast_sampler.gan_.mlflow_model_id_

    return fit


def aliases():
    return MlflowClient().get_registered_model(NAME).aliases


def test_a_candidate_becomes_the_champion_and_then_the_previous_one(register):
    gan_augment.mlflow.log_quality(register(), GOOD)
    champion = gan_augment.mlflow.promote(NAME)
    assert champion.version == 1
    assert aliases() == {"candidate": 1, "champion": 1}
    assert gan_augment.mlflow.promote(NAME).version == 1
    assert aliases() == {"candidate": 1, "champion": 1}
    gan_augment.mlflow.log_quality(register(), GOOD)
    assert gan_augment.mlflow.promote(NAME).version == 2
    assert aliases() == {"candidate": 2, "champion": 2, "previous": 1}
    gan_augment.mlflow.load_model(f"models:/{NAME}@previous")


@pytest.mark.parametrize(
    ("figures", "missing"),
    [
        ({}, "utility/gain"),
        (GOOD | {"utility/gain": -0.01}, "utility/gain"),
        (GOOD | {"privacy/closest_record_ratio": 0.3}, "privacy/closest_record_ratio"),
        ({"utility/gain": 1.0}, "privacy/closest_record_ratio"),
    ],
)
def test_the_gate_looks_at_utility_and_privacy(register, figures, missing):
    gan_augment.mlflow.log_quality(register(), figures)
    with pytest.raises(PromotionError, match=missing):
        gan_augment.mlflow.promote(NAME)
    assert aliases() == {"candidate": 1}


def test_requirements_of_ones_own(register):
    gan_augment.mlflow.log_quality(register(), {"fidelity/coverage": 0.8})
    with pytest.raises(PromotionError, match="fidelity/coverage"):
        gan_augment.mlflow.promote(NAME, {"fidelity/coverage": 0.9})
    assert gan_augment.mlflow.promote(NAME, {"fidelity/coverage": 0.8}).version == 1


def test_no_requirements_are_not_the_usual_ones(register):
    register()
    assert gan_augment.mlflow.promote(NAME, {}).version == 1


def test_only_what_does_not_exist_is_none(store, monkeypatch):
    def broken(*_):
        raise mlflow.MlflowException("no answer", error_code=INTERNAL_ERROR)

    client = MlflowClient()
    client.create_registered_model(NAME)
    assert registry.by_alias(client, NAME, "champion") is None
    assert registry.by_alias(client, "nothing", "champion") is None
    monkeypatch.setattr(client, "get_model_version_by_alias", broken)
    with pytest.raises(mlflow.MlflowException, match="no answer"):
        registry.by_alias(client, NAME, "champion")


def test_a_name_with_a_quote_is_registered_once(store, fast_gan, imbalanced):
    gan = fast_gan.fit(*imbalanced)
    with gan_augment.mlflow.RunTracker("quote") as run:
        run.log_model(gan, registered_model_name="churn's")
    (version,) = MlflowClient().search_model_versions('name = "churn\'s"')
    assert version.run_id == run.run_id


def test_figures_are_on_the_model_the_data_and_the_version(register):
    model_id = register()
    gan_augment.mlflow.log_quality(model_id, GOOD)
    model = mlflow.get_logged_model(model_id)
    (metric,) = [metric for metric in model.metrics if metric.key == "utility/gain"]
    run = mlflow.get_run(model.source_run_id)
    digests = {
        data.dataset.name: data.dataset.digest for data in run.inputs.dataset_inputs
    }
    assert (metric.value, metric.dataset_name) == (0.01, "training")
    assert metric.dataset_digest == digests["training"]
    assert run.data.metrics["utility/gain"] == 0.01
    version = MlflowClient().get_model_version(NAME, "1")
    assert version.tags["utility.gain"] == "0.01"
    assert version.tags["gan_augment.data_digest"] == digests["training"]
    assert str(version.current_stage) in ("None", "")
    # The model shows the last epoch beside them.
    assert "train/generator_loss" in {metric.key for metric in model.metrics}


def test_the_newest_figure_counts(register):
    model_id = register()
    gan_augment.mlflow.log_quality(model_id, GOOD)
    gan_augment.mlflow.log_quality(model_id, {"utility/gain": -1.0})
    with pytest.raises(PromotionError, match=r"utility/gain': -1\.0"):
        gan_augment.mlflow.promote(NAME)


def test_a_figure_must_be_finite(store):
    with pytest.raises(ValueError, match="must be finite"):
        gan_augment.mlflow.log_quality("m-0", {"utility/gain": float("nan")})
