"""A comparison in MLflow: one run, a child an arm, and nothing of its many fits."""

import mlflow
import pytest
from imblearn.over_sampling import RandomOverSampler
from sklearn.linear_model import LogisticRegression

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN, compare

SAMPLERS = {
    "random": RandomOverSampler(),
    "GAN": GANOverSampler(TabularGAN(max_steps=3), sample_filter=None),
}


@pytest.fixture
def logged(store, imbalanced):
    X, y = imbalanced
    mlflow.sklearn.autolog(log_models=False)
    gan_augment.mlflow.autolog(registered_model_name="generator")
    try:
        with mlflow.start_run() as above:
            comparison = compare(
                X[["age"]],
                y,
                LogisticRegression(),
                SAMPLERS,
                cv=2,
                random_state=0,
                verbose=False,
            )
        options = mlflow.utils.autologging_utils.AUTOLOGGING_INTEGRATIONS["sklearn"]
        assert options["log_models"] is False  # as the user has set it
        assert options["disable"] is False
    finally:
        gan_augment.mlflow.autolog(disable=True)
        mlflow.sklearn.autolog(disable=True)
    runs = mlflow.search_runs(output_format="list")
    return comparison, above, {run.info.run_name: run for run in runs}, len(runs)


def test_the_runs_are_the_comparison_and_its_arms(logged):
    comparison, above, runs, n_runs = logged
    arms = {"nothing", "class weights", "random", "GAN", "tuned threshold"}
    assert runs.keys() == {above.info.run_name, "compare", *arms}
    assert n_runs == 2 + len(arms)
    parent = runs["compare"]
    assert parent.data.tags["gan_augment.outcome"] == comparison.outcome
    assert parent.data.tags["gan_augment.verdict"] == comparison.verdict
    assert parent.data.params["class_counts"] == "{'common': 175, 'rare': 25}"
    assert parent.data.params["n_folds"] == "4"
    assert parent.data.params["classifier"] == "LogisticRegression"
    (data,) = parent.inputs.dataset_inputs
    assert data.tags[0].value == "comparison"
    assert "age" in data.dataset.schema
    assert comparison.verdict[:20] in parent.data.tags["mlflow.note.content"]
    above_of = {
        name: run.data.tags.get("mlflow.parentRunId") for name, run in runs.items()
    }
    assert above_of["compare"] == above.info.run_id
    assert {above_of[arm] for arm in arms} == {parent.info.run_id}
    means = comparison.table()
    for arm in arms:
        measured = runs[arm].data.metrics
        mean = means.loc[arm, "average_precision"]
        assert measured["cv/average_precision"] == pytest.approx(mean)
        assert all(name.startswith(("cv/", "cv_gain/")) for name in measured)
        assert runs[arm].data.params["classifier__C"] == "1.0"
    gain = comparison.differences().loc["GAN"]
    found = runs["GAN"].data.metrics
    assert found["cv_gain/average_precision_low"] == pytest.approx(gain["low"])
    assert runs["GAN"].data.params["sampler__gan__max_steps"] == "3"


def test_its_table_and_figure_are_artifacts(logged):
    comparison, _, runs, _ = logged
    run_id = runs["compare"].info.run_id
    client = mlflow.MlflowClient()
    paths = {
        file.path
        for folder in ("comparison", "figures")
        for file in client.list_artifacts(run_id, folder)
    }
    assert paths == {
        "comparison/folds.csv",
        "comparison/summary.html",
        "figures/comparison.png",
    }
    text = mlflow.artifacts.load_text(f"runs:/{run_id}/comparison/folds.csv")
    assert text == comparison.frame.to_csv(index=False)


def test_no_model_of_a_fold_is_kept(logged):
    assert mlflow.search_logged_models(output_format="list") == []
    assert mlflow.MlflowClient().search_registered_models() == []
