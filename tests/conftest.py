"""Shared data: small tables with every kind of column, and GANs that train at once."""

import shutil

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
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    # An experiment that another test had active is not in this store.
    mlflow.set_experiment("test")
    return tmp_path
