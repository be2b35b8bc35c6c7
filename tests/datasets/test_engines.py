"""Data sets of Dask, Ray and Spark, where these are installed."""

import numpy as np
import pandas as pd
import pytest

from gan_augment.datasets import open_source, sample_dataset


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "row": np.arange(2000),
            "job": rng.choice([*"abc"], 2000),
            "rare": rng.random(2000) < 0.05,
        }
    )


def is_sampled_alike(source, frame):
    assert open_source(source).is_repeatable
    found, expected = (
        sample_dataset(s, "rare", max_rows=300, random_state=0) for s in (source, frame)
    )
    assert found.class_counts == expected.class_counts
    assert found.X["row"].tolist() == expected.X["row"].tolist()
    assert found.X["job"].tolist() == expected.X["job"].tolist()


def test_dask(frame):
    dask = pytest.importorskip("dask.dataframe")
    is_sampled_alike(dask.from_pandas(frame, npartitions=3), frame)


@pytest.mark.slow
def test_ray(ray_cluster, frame):
    context = ray_cluster.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    dataset = ray_cluster.data.from_pandas(np.array_split(frame, 3))
    is_sampled_alike(dataset, frame)


@pytest.mark.slow
def test_spark(spark, frame):
    is_sampled_alike(spark.createDataFrame(frame).repartition(1), frame)
