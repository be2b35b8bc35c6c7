"""A generator of a table with every kind of column, and the rows that it draws."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan_augment import TabularGAN

N_ROWS = {"rare": 250, "common": 130}


@pytest.fixture(scope="session")
def table():
    """Numbers, dates, categories, missing values, identifiers and a rule."""
    rng = np.random.default_rng(0)
    rare = np.arange(240) % 8 == 0
    net = rng.integers(1, 500, 240)
    return pd.DataFrame(
        {
            "customer_id": rng.permutation(240) + 10_001,
            "account": [f"AB-{i:06d}" for i in rng.choice(10**6, 240, replace=False)],
            "net": net,
            "gross": net + rng.integers(0, 99, 240),
            "income": np.where(rng.random(240) < 0.2, np.nan, rng.gamma(2, 900, 240)),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(range(240), unit="D"),
            "job": pd.Categorical(rng.choice(["a", "b", "c"], 240)),
            "small": rng.integers(0, 9, 240).astype(np.uint8),
            "target": np.where(rare, "rare", "common"),
        }
    )


@pytest.fixture(scope="session")
def generator(table):
    gan = TabularGAN(max_steps=10, random_state=0)
    return gan.fit(table.drop(columns="target"), table["target"])


@pytest.fixture(scope="session")
def saved(generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("generator")
    generator.save(path)
    return path


def hashes(out):
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in Path(out).iterdir()
    }
