"""Searches over many fits on joblib's Dask and Ray backends: those of one process."""

import os

import mlflow
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from joblib import parallel_config
from scaling.searched import MortalClassifier, TrackedClassifier, sampler
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from gan_augment import compare

pytestmark = pytest.mark.slow
FOLDS = StratifiedKFold(2)


@pytest.fixture(params=["dask", "ray"])
def cluster(request):
    request.getfixturevalue(
        {"dask": "dask_client", "ray": "ray_cluster"}[request.param]
    )
    return request.param


@pytest.fixture
def numbers(imbalanced):
    X, y = imbalanced
    return X[["age"]].assign(income=X["income"].fillna(0)), y


def test_compare_on_a_cluster_is_compare_in_one_process(cluster, numbers):
    def run(n_jobs):
        return compare(
            *numbers,
            LogisticRegression(),
            {"GAN": sampler()},
            cv=FOLDS,
            n_jobs=n_jobs,
            random_state=0,
            verbose=False,
        )

    expected = run(1)
    with parallel_config(backend=cluster):
        found = run(2)
    frames = [each.frame.drop(columns="seconds") for each in (found, expected)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)
    assert found.verdict == expected.verdict


def search(classifier=None, **options):
    pipeline = make_pipeline(sampler(), classifier or LogisticRegression())
    grid = {"ganoversampler__sampling_strategy": [0.3, 1.0]}
    return GridSearchCV(
        pipeline, grid, cv=FOLDS, scoring="roc_auc", error_score="raise", **options
    )


def scores(found):
    table = pd.DataFrame(found.cv_results_)
    return table[[name for name in table if name.endswith("test_score")]]


def test_a_search_on_a_cluster_is_a_search_in_one_process(cluster, numbers):
    expected = search().fit(*numbers)
    with parallel_config(backend=cluster):
        found = search(n_jobs=2).fit(*numbers)
    pd.testing.assert_frame_equal(scores(found), scores(expected), check_exact=True)
    assert (found.best_estimator_[-1].coef_ == expected.best_estimator_[-1].coef_).all()


def test_workers_track_their_fits(dask_client, numbers, store):
    uri = os.environ["MLFLOW_TRACKING_URI"]
    mlflow.set_experiment("search")
    tracked = TrackedClassifier(uri)
    options = {"cv": FOLDS, "scoring": "roc_auc", "n_jobs": 2, "error_score": "raise"}
    with parallel_config(backend="dask"):
        GridSearchCV(tracked, {"uri": [uri]}, **options).fit(*numbers)
    runs = mlflow.search_runs(experiment_names=["search"])
    assert (runs["status"] == "FINISHED").all()
    assert len(runs) == 3  # two folds, and the fit on all rows
    assert len({*runs["metrics.train/generator_loss"]}) == 3


def test_a_search_outlives_a_worker_that_dies(dask_client, numbers, tmp_path):
    expected = search().fit(*numbers)
    mortal = MortalClassifier(str(tmp_path / "died"), os.getpid())
    with parallel_config(backend="dask"):
        found = search(mortal, n_jobs=2).fit(*numbers)
    assert (tmp_path / "died").exists()
    pd.testing.assert_frame_equal(scores(found), scores(expected), check_exact=True)
