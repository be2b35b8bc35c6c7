"""MLflow repeats a call whose answer gets lost; what it makes then is there once."""

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED
from mlflow_server import runs

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN
from gan_augment.mlflow.making import experiment_of_name

NAME = "twice"


@pytest.fixture
def twice(monkeypatch):
    """Every call that makes something makes it twice, and tells of the second."""

    def repeat(name):
        make = getattr(MlflowClient, name)

        def made(self, *args, **kwargs):
            make(self, *args, **kwargs)
            return make(self, *args, **kwargs)

        monkeypatch.setattr(MlflowClient, name, made)

    for name in ("create_run", "create_logged_model", "create_model_version"):
        repeat(name)


def fit(autolog):
    X = np.random.default_rng(0).normal(size=(60, 2))
    autolog(log_figures=False, registered_model_name=NAME)
    sampler = GANOverSampler(TabularGAN(max_steps=2), sample_filter=None)
    sampler.fit_resample(X, np.arange(60) % 6 == 0)
    return sampler.gan_


def test_what_was_made_twice_is_there_once(autolog, twice):
    gan, client = fit(autolog), MlflowClient()
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.data.metrics["train/generator_loss"]
    (model,) = client.search_logged_models([run.info.experiment_id])
    assert model.model_id == gan.mlflow_model_id_
    assert [each.model_id for each in run.outputs.model_outputs] == [model.model_id]
    (version,) = client.search_model_versions(f"name = '{NAME}'")
    assert version.source == f"models:/{model.model_id}"
    newest = client.get_model_version_by_alias(NAME, "candidate")
    assert newest.version == version.version
    everything = client.search_runs(
        [run.info.experiment_id], run_view_type=ViewType.ALL
    )
    assert len(everything) == 2  # the other one is deleted
    loaded = gan_augment.mlflow.load_model(f"models:/{NAME}@candidate")
    rows = loaded.sample(5, random_state=0)[0]
    assert (rows == gan.sample(5, random_state=0)[0]).all()


def test_a_double_that_may_not_be_deleted_is_named(autolog, twice, monkeypatch, caplog):
    def refuse(self, run_id):
        raise MlflowException("no", error_code=PERMISSION_DENIED)

    monkeypatch.setattr(MlflowClient, "delete_run", refuse)
    fit(autolog)
    found = {run.info.run_id: run.info.status for run in runs()}
    (other,) = [run_id for run_id, status in found.items() if status == "RUNNING"]
    assert f"Delete the other one, {other}." in caplog.text
    assert gan_augment.mlflow.sync() == []


def test_an_experiment_that_another_process_makes_meanwhile_is_found(
    store, monkeypatch
):
    client = MlflowClient()
    answers = [None]
    find = client.get_experiment_by_name
    monkeypatch.setattr(
        client,
        "get_experiment_by_name",
        lambda name: answers.pop() if answers else find(name),
    )
    known = mlflow.get_experiment_by_name("test").experiment_id
    assert experiment_of_name(client, "test") == known
    assert not answers
    with pytest.raises(MlflowException, match="name"):
        experiment_of_name(client, "")
