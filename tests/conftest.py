"""Shared data: small tables with every kind of column, and GANs that train at once."""

import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from tables import make_mixed_frame

from gan_augment import GANOverSampler, TabularGAN


@pytest.fixture
def mixed_frame():
    return make_mixed_frame()


@pytest.fixture
def imbalanced():
    """A frame whose rare class sits apart, and its labels."""
    rng = np.random.default_rng(0)
    rare = np.arange(200) % 8 == 0
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 200) - 15 * rare,
            "income": np.where(rng.random(200) < 0.1, np.nan, rng.gamma(2, 900, 200)),
            "job": pd.Categorical(rng.choice(["a", "b", "c"], 200)),
        }
    )
    frame["job"] = frame["job"].where(~rare, "c")
    return frame, pd.Series(np.where(rare, "rare", "common"), name="target")


@pytest.fixture
def fast_gan():
    return TabularGAN(max_steps=10)


@pytest.fixture
def fast_sampler(fast_gan):
    return GANOverSampler(fast_gan, random_state=0)


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    """A new MLflow store's SQLite file; to make one takes seconds, to copy it none."""
    import mlflow

    file = tmp_path_factory.mktemp("database") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def store(database, tmp_path, monkeypatch):
    """An empty MLflow store in a directory of its own."""
    import mlflow

    shutil.copy(database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    # What a command of an earlier test has set names an experiment of its own.
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    # An experiment that another test had active is not in this store.
    mlflow.set_experiment("test")
    return tmp_path


@pytest.fixture(scope="module")
def spark():
    """A session of Spark with two cores of this machine."""
    sql = pytest.importorskip("pyspark.sql", reason="needs the extra spark, of 400 MB")
    if shutil.which("java") is None:
        pytest.skip("needs Java 17")
    options = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
    }
    # A task that fails is tried again: up to four times.
    builder = sql.SparkSession.builder.master("local[2,4]").config(map=options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = builder.getOrCreate()
        yield session
        session.stop()


@pytest.fixture(scope="module")
def dask_client():
    """A cluster of Dask with two processes of this machine."""
    reason = "needs the extra dask"
    pytest.importorskip("dask.dataframe", reason=reason)
    distributed = pytest.importorskip("distributed", reason=reason)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def ray_cluster():
    """Ray on two cores of this machine, also as a backend of joblib."""
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    pytest.importorskip("ray.data", reason="needs the extra ray")
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False)
    register_ray()
    yield ray
    ray.shutdown()
