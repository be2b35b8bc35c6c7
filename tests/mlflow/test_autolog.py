"""autolog, log_pipeline, lineage: what is in the store after a fit in a pipeline."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import joblib
import mlflow
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from mlflow.tracking.client import MlflowClient
from mlflow_server import runs
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline as sklearn_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import gan_augment.mlflow
from gan_augment import GANOverSampler, ResampledClassifier, TabularGAN
from gan_augment.mlflow import autologging, tracker
from gan_augment.mlflow.parameters import as_text
from gan_augment.tables.rules import Predicate
from gan_augment.training.callbacks import Callback


@pytest.fixture
def pipeline(fast_sampler):
    prepare = make_column_transformer(
        (OneHotEncoder(), ["job"]), (StandardScaler(), ["age"])
    )
    return make_pipeline(fast_sampler, prepare, LogisticRegression())


def test_a_function_among_the_parameters_is_logged_by_its_name(
    autolog, fast_sampler, imbalanced
):
    autolog()
    fast_sampler.set_params(sampling_strategy=twice_as_many)
    fast_sampler.fit_resample(*imbalanced)
    (run,) = runs()
    assert run.data.params["sampling_strategy"] == f"{__name__}.twice_as_many"
    fast_sampler.set_params(sampling_strategy=partial(twice_as_many, label="rare"))
    fast_sampler.fit_resample(*imbalanced)
    logged = runs()[0].data.params["sampling_strategy"]
    assert logged == f"{__name__}.twice_as_many(label=rare)"


def twice_as_many(y, label="rare"):
    return {label: 2 * (y == label).sum()}


def test_a_fit_in_a_pipeline_becomes_a_run(autolog, pipeline, imbalanced):
    autolog(registered_model_name="generator")
    pipeline.fit(*imbalanced)
    (run,) = runs()
    sampler = pipeline[0]
    assert run.info.status == "FINISHED"
    assert run.data.params["gan__max_steps"] == "10"
    assert run.data.params["sample_filter"] == "class"
    assert run.data.params["data/n_rare"] == "25"
    assert run.data.params["resampled/n_rare"] == "175"
    assert run.data.metrics["seconds/fit_resample"] > 0
    contexts = [dataset.tags[0].value for dataset in run.inputs.dataset_inputs]
    assert sorted(contexts) == ["synthetic", "training"]
    for dataset in run.inputs.dataset_inputs:
        assert dataset.dataset.digest
        assert "age" in dataset.dataset.schema
    client = MlflowClient()
    curve = client.get_metric_history(run.info.run_id, "train/generator_loss")
    curve.sort(key=lambda metric: metric.step)
    assert [metric.step for metric in curve] == sampler.history_["step"]
    assert [metric.value for metric in curve] == sampler.history_["generator_loss"]
    assert run.data.metrics["train/diversity"] > 0
    assert run.data.metrics["train/generator_gradient_norm"] > 0
    figures = [file.path for file in client.list_artifacts(run.info.run_id, "figures")]
    names = ["marginals", "projection", "training_curves"]
    assert figures == [f"figures/{name}.png" for name in names]
    version = client.get_model_version_by_alias("generator", "candidate")
    assert version.tags["gan_augment.data_digest"] in [
        dataset.dataset.digest for dataset in run.inputs.dataset_inputs
    ]
    model = mlflow.get_logged_model(sampler.gan_.mlflow_model_id_)
    shown = {metric.key: metric.value for metric in model.metrics}
    last = sampler.history_["generator_loss"][-1]
    assert shown["train/generator_loss"] == last
    assert model.params["gan__max_steps"] == "10"
    assert version.source == f"models:/{sampler.gan_.mlflow_model_id_}"
    assert version.run_id == run.info.run_id


def test_the_classifier_points_at_its_generator(autolog, pipeline, imbalanced):
    X, y = imbalanced
    autolog()
    with mlflow.start_run(run_name="classifier") as outer:
        pipeline.fit(X, y)
        info = gan_augment.mlflow.log_pipeline(
            pipeline, registered_model_name="classifier", X=X
        )
    model_id = pipeline[0].gan_.mlflow_model_id_
    run = mlflow.get_run(outer.info.run_id)
    assert [model.model_id for model in run.inputs.model_inputs] == [model_id]
    assert [model.model_id for model in run.outputs.model_outputs] == [info.model_id]
    given = {
        data.tags[0].value: data.dataset.name for data in run.inputs.dataset_inputs
    }
    assert given == {"training": "training", "synthetic": "synthetic"}
    generator = mlflow.get_run(mlflow.get_logged_model(model_id).source_run_id)
    assert generator.data.tags[f"gan_augment.used_by.{run.info.run_id}"] == "classifier"
    assert info.signature.inputs.input_names() == list(X)
    (found,) = mlflow.search_runs(
        filter_string=f"tags.`gan_augment.generator_model_id` = '{model_id}'",
        output_format="list",
    )
    assert found.info.run_id == outer.info.run_id
    (fit,) = [r for r in runs() if r.data.tags.get("mlflow.parentRunId")]
    assert fit.data.tags["mlflow.parentRunId"] == outer.info.run_id
    loaded = mlflow.sklearn.load_model("models:/classifier@candidate")
    assert (loaded.predict(X) == pipeline.predict(X)).all()
    assert not hasattr(loaded[0], "gan_")
    assert hasattr(pipeline[0], "gan_")


@pytest.mark.parametrize("inside", [lambda model: model, sklearn_pipeline])
def test_a_resampled_classifier_is_logged_and_linked(
    autolog, fast_sampler, imbalanced, inside
):
    X, y = imbalanced
    numbers = X[["age"]]
    model = inside(ResampledClassifier(LogisticRegression(), fast_sampler, n_draws=2))
    autolog(log_figures=False)
    with mlflow.start_run() as run:
        model.fit(numbers, y)
        info = gan_augment.mlflow.log_pipeline(model)
    classifier = model if inside is not sklearn_pipeline else model[-1]
    linked = mlflow.get_run(run.info.run_id).inputs.model_inputs
    assert {entry.model_id for entry in linked} == {
        sampler.gan_.mlflow_model_id_ for sampler in classifier.samplers_
    }
    loaded = mlflow.sklearn.load_model(info.model_uri)
    expected = model.predict_proba(numbers)
    np.testing.assert_allclose(loaded.predict_proba(numbers), expected)
    loaded = loaded if inside is not sklearn_pipeline else loaded[-1]
    assert not any(hasattr(sampler, "gan_") for sampler in loaded.samplers_)


def test_a_sampler_in_a_nested_pipeline_is_linked(autolog, fast_sampler, imbalanced):
    X, y = imbalanced
    nested = make_pipeline(fast_sampler, StandardScaler(), LogisticRegression())
    search = GridSearchCV(nested, {"logisticregression__C": [1.0]}, cv=2)
    autolog(log_figures=False)
    with mlflow.start_run() as run:
        search.fit(X[["age"]], y)
        gan_augment.mlflow.log_pipeline(search)
    (linked,) = mlflow.get_run(run.info.run_id).inputs.model_inputs
    assert linked.model_id == search.best_estimator_[0].gan_.mlflow_model_id_


def test_a_search_registers_the_generator_of_its_refit_alone(
    autolog, pipeline, imbalanced
):
    autolog(registered_model_name="generator")
    mlflow.sklearn.autolog(log_models=False)
    try:
        search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2)
        search.fit(*imbalanced)
    finally:
        mlflow.sklearn.autolog(disable=True)
    kinds = Counter(run.data.tags.get("gan_augment.kind") for run in runs())
    assert kinds["trial-fit"] == 4
    assert kinds["generator-fit"] == 1
    (search_run,) = [run for run in runs() if "best_cv_score" in run.data.metrics]
    for run in runs():
        if "gan_augment.kind" in run.data.tags:
            assert run.data.tags["mlflow.parentRunId"] == search_run.info.run_id
            assert run.info.status == "FINISHED"
            assert "train/generator_loss" in run.data.metrics
    versions = MlflowClient().search_model_versions("name = 'generator'")
    assert len(versions) == 1
    assert len(mlflow.search_logged_models(output_format="list")) == 1


def test_cross_validation_keeps_no_model(autolog, pipeline, imbalanced):
    autolog(registered_model_name="generator")
    cross_validate(pipeline, *imbalanced, cv=2)
    assert {run.data.tags["gan_augment.kind"] for run in runs()} == {"trial-fit"}
    assert mlflow.search_logged_models(output_format="list") == []


def test_exclusive_leaves_a_run_of_the_user_alone(autolog, pipeline, imbalanced):
    autolog(exclusive=True)
    with mlflow.start_run(run_name="mine"):
        pipeline.fit(*imbalanced)
    assert [run.info.run_name for run in runs()] == ["mine"]


def test_tags_of_ones_own(autolog, fast_sampler, imbalanced):
    tags = {"team": "risk", "a@b": "c"}
    autolog(log_models=False, log_figures=False, extra_tags=tags)
    fast_sampler.fit_resample(*imbalanced)
    (run,) = runs()
    assert run.data.tags["team"] == "risk"
    assert run.data.tags["a_b"] == "c"
    assert run.data.tags["mlflow.source.name"]


def test_disable_stops_it(autolog, pipeline, imbalanced):
    autolog()
    autolog(disable=True)
    pipeline.fit(*imbalanced)
    assert runs() == []


def test_a_block_tracks_what_is_inside_and_then_goes_on_as_before(
    autolog, fast_sampler, imbalanced
):
    quick = {"log_models": False, "log_figures": False}

    def tags_of(fit):
        before = {run.info.run_id for run in runs()}
        fit(*imbalanced)
        new = [run for run in runs() if run.info.run_id not in before]
        return [run.data.tags["team"] for run in new]

    fit = fast_sampler.fit_resample
    with autolog(extra_tags={"team": "inner"}, **quick):
        assert tags_of(fit) == ["inner"]
    assert tags_of(fit) == []
    autolog(extra_tags={"team": "outer"}, **quick)
    with pytest.raises(KeyError), autolog(extra_tags={"team": "inner"}, **quick):
        raise KeyError
    assert tags_of(fit) == ["outer"]
    with autolog(disable=True):
        assert tags_of(fit) == []
    assert tags_of(fit) == ["outer"]


@pytest.mark.parametrize("name", ["team/generator", "a:b", "", " ", '"x"'])
def test_a_name_that_cannot_be_registered_is_found_at_the_start(autolog, name):
    with pytest.raises(ValueError, match="must be a name without '/', ':'"):
        autolog(registered_model_name=name)


def test_silent_hides_what_tracking_says(
    autolog, fast_sampler, imbalanced, caplog, unsaved
):
    autolog(silent=True, log_figures=False)
    fast_sampler.fit_resample(*imbalanced)
    assert "generator: TypeError" not in caplog.text
    assert len(runs()) == 1


def test_models_and_datasets_can_be_left_out(autolog, pipeline, imbalanced):
    autolog(log_models=False, log_datasets=False)
    pipeline.fit(*imbalanced)
    (run,) = runs()
    assert not run.inputs.dataset_inputs
    assert mlflow.search_logged_models(output_format="list") == []
    assert not hasattr(pipeline[0].gan_, "mlflow_model_id_")


def test_the_same_rows_with_and_without(autolog, fast_sampler, imbalanced):
    plain, _ = fast_sampler.fit_resample(*imbalanced)
    autolog()
    tracked, _ = fast_sampler.fit_resample(*imbalanced)
    assert tracked.equals(plain)


def test_the_classifier_of_the_filter_is_not_logged(autolog, fast_sampler, imbalanced):
    autolog(log_models=False)
    mlflow.sklearn.autolog(log_models=False)
    try:
        fast_sampler.fit_resample(*imbalanced)
    finally:
        mlflow.sklearn.autolog(disable=True)
    (run,) = runs()
    assert "n_estimators" not in run.data.params


def test_fits_in_parallel_threads_are_tracked(autolog, imbalanced):
    """Each begins while the other is in the middle of its training."""
    both = threading.Barrier(2, timeout=60)

    class Meet(Callback):
        def on_train_begin(self, max_steps):
            both.wait()

    def fit(seed):
        gan = TabularGAN(max_steps=2, callbacks=[Meet()])
        GANOverSampler(gan, random_state=seed).fit_resample(*imbalanced)

    autolog(log_models=False, log_figures=False)
    mlflow.sklearn.autolog(log_models=False)
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(fit, range(2)))
    finally:
        mlflow.sklearn.autolog(disable=True)
    assert {run.data.params["random_state"] for run in runs()} == {"0", "1"}
    assert len(runs()) == 2  # none of them of the filter's classifier


@pytest.mark.slow
def test_workers_that_start_with_autolog_track_their_fits(autolog, imbalanced):
    X, y = imbalanced
    pipeline = make_pipeline(
        GANOverSampler(TabularGAN(max_steps=2)), LogisticRegression()
    )
    with joblib.parallel_config("loky", initializer=gan_augment.mlflow.autolog):
        cross_validate(pipeline, X[["age"]], y, cv=2, n_jobs=2)
    kinds = [run.data.tags["gan_augment.kind"] for run in runs()]
    assert kinds == ["trial-fit"] * 2


def test_an_error_of_the_fit_is_the_users_and_fails_the_run(autolog, imbalanced):
    class Stop(Callback):
        def on_epoch_end(self, epoch):
            raise RuntimeError("stop")

    autolog()
    sampler = GANOverSampler(TabularGAN(max_steps=2, callbacks=[Stop()]))
    with pytest.raises(RuntimeError, match="stop"):
        sampler.fit_resample(*imbalanced)
    (run,) = runs()
    assert run.info.status == "FAILED"


def test_class_names_that_mlflow_refuses_are_logged(autolog, fast_sampler):
    X = np.random.default_rng(0).normal(size=(40, 2))
    autolog(log_models=False)
    y = np.array(["f1@a=b%"] * 6 + ["f1=a@b%"] * 10 + ["no"] * 24)
    fast_sampler.fit_resample(X, y)
    (run,) = runs()
    counts = [run.data.params[f"data/n_f1_a_b_{more}"] for more in ("", " 2")]
    assert counts == ["6", "10"]


def test_a_refit_without_tracking_is_not_linked(autolog, pipeline, imbalanced):
    autolog()
    pipeline.fit(*imbalanced)
    autolog(disable=True)
    pipeline.fit(*imbalanced)
    with mlflow.start_run() as run:
        gan_augment.mlflow.log_pipeline(pipeline)
    assert not mlflow.get_run(run.info.run_id).inputs.model_inputs


@pytest.fixture
def unsaved(monkeypatch):
    """No model can be saved."""

    def fail(*_, **__):
        raise TypeError("columns of tuples")

    monkeypatch.setattr(tracker, "save_model", fail)


def test_a_model_that_cannot_be_saved_is_a_warning(
    autolog, fast_sampler, imbalanced, caplog, unsaved
):
    autolog()
    fast_sampler.fit_resample(*imbalanced)
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.data.metrics["seconds/fit_resample"] > 0
    assert "generator: TypeError" in caplog.text


def test_rules_are_logged_and_one_that_is_a_function_costs_the_model_alone(
    autolog, imbalanced, caplog
):
    X, y = imbalanced
    X = X.assign(older=X["age"] + np.arange(len(X)) % 9)
    adults = Predicate(lambda frame: frame["age"] < 100, "nobody is 100")
    gan = TabularGAN(max_steps=10, rules=["auto", adults])
    sampler = GANOverSampler(gan, random_state=0)
    autolog()
    resampled, _ = sampler.fit_resample(X, y)
    assert len(resampled) > len(X)
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.outputs is None or not run.outputs.model_outputs
    assert "generator: TypeError" in caplog.text
    assert "nobody is 100" in caplog.text
    rules = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/rules.json")
    described = {rule["description"]: rule["support"] for rule in rules}
    assert described["age <= older"] > 20
    assert described["nobody is 100"] == 0


def test_what_fails_while_a_fit_is_logged_ends_its_run(
    autolog, fast_sampler, imbalanced, monkeypatch
):
    def fail(*_, **__):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(autologging, "_log_fit", fail)
    autolog()
    with pytest.warns(UserWarning, match=r"Autologger\.on_end failed.*a fault of ours"):
        fast_sampler.fit_resample(*imbalanced)
    (run,) = runs()
    assert run.info.status == "FINISHED"


def test_a_feature_called_target_is_not_overwritten(autolog, fast_sampler, imbalanced):
    X, y = imbalanced
    autolog(log_models=False)
    fast_sampler.fit_resample(X.rename(columns={"age": "target"}), y)
    (run,) = runs()
    schema = run.inputs.dataset_inputs[0].dataset.schema
    assert '"target"' in schema
    assert '"target_"' in schema


def test_whole_numbers_that_may_be_missing_are_served(store, imbalanced):
    X, y = imbalanced
    X = X[["age"]].assign(n=pd.array([1, None] * 100, dtype="Int64"))
    model = HistGradientBoostingClassifier(max_iter=3).fit(X, y)
    warns = pytest.warns(UserWarning, match="without a signature.*NA to integer")
    with mlflow.start_run() as run, warns:
        info = gan_augment.mlflow.log_pipeline(model, X=X, y=y)
    served = mlflow.pyfunc.load_model(info.model_uri)
    assert (served.predict(X) == model.predict(X)).all()
    as_json = X.astype("float64")
    assert (served.predict(as_json) == model.predict(X)).all()
    (data,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert data.tags[0].value == "training"
    assert '"age"' in data.dataset.schema


def test_a_signature_takes_the_rows_that_it_is_of(store, imbalanced):
    X, y = imbalanced  # one column has categories, another whole numbers
    encode = make_column_transformer(
        (OneHotEncoder(), ["job"]), remainder="passthrough"
    )
    model = sklearn_pipeline(encode, HistGradientBoostingClassifier(max_iter=3))
    model.fit(X, y)
    with mlflow.start_run():
        info = gan_augment.mlflow.log_pipeline(model, X=X)
    served = mlflow.pyfunc.load_model(info.model_uri)
    assert (served.predict(X) == model.predict(X)).all()
    plain = X.astype({"job": object})
    assert (served.predict(plain) == model.predict(X)).all()
    assert info.signature.inputs.input_names() == ["age", "income", "job"]


def test_parameters_say_nothing_of_addresses():
    class Own:
        pass

    texts = {
        as_text(value())
        for value in (Own, lambda: [Own()], lambda: {"a": Own()}, lambda: twice_as_many)
        for _ in range(2)
    }
    assert len(texts) == 4
    assert not any(" at 0x" in text for text in texts)
