"""Spark, Dask and Ray in local mode, on two cores: the rows of one process, exactly."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scaling.conftest import N_ROWS, hashes

from gan_augment.scaling import (
    DaskEngine,
    LocalEngine,
    RayEngine,
    SparkEngine,
    draw_rows,
    write_rows,
)

pytestmark = pytest.mark.slow
OPTIONS = {"rows_per_partition": 40, "seed": 5}


def as_frame(table):
    """Rows in one order and in the plainest dtypes that hold them."""
    frame = table.to_pandas() if isinstance(table, pa.Table) else pd.DataFrame(table)
    frame = frame.sort_values("account", ignore_index=True)
    return frame.assign(
        job=frame["job"].astype(str),
        since=frame["since"].astype("datetime64[us]"),
        income=frame["income"].astype(float),
        target=frame["target"].astype(str),
        account=frame["account"].astype(str),
        **{n: frame[n].astype(np.int64) for n in ("customer_id", "net", "gross")},
        small=frame["small"].astype(np.int64),
    )


@pytest.fixture(scope="module")
def expected(generator):
    tables = draw_rows(generator, N_ROWS, engine=LocalEngine(1), **OPTIONS)
    return as_frame(pa.concat_tables(tables))


def check(engine, generator, expected, tmp_path, collect):
    """Rows and files of an engine are those of one process; a second call keeps all."""
    frame = draw_rows(generator, N_ROWS, engine=engine, **OPTIONS)
    rows = as_frame(collect(frame))
    pd.testing.assert_frame_equal(rows, expected)
    assert rows["target"].value_counts().to_dict() == N_ROWS
    written = write_rows(
        generator, N_ROWS, out=tmp_path / "a", engine=engine, **OPTIONS
    )
    assert written.n_kept == 0
    write_rows(generator, N_ROWS, out=tmp_path / "b", n_workers=1, **OPTIONS)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    again = write_rows(generator, N_ROWS, out=tmp_path / "b", engine=engine, **OPTIONS)
    assert again.n_kept == len(again.report)
    return frame


def test_spark_draws_the_rows_of_one_process(spark, generator, expected, tmp_path):
    frame = check(
        SparkEngine(spark), generator, expected, tmp_path, lambda f: f.toPandas()
    )
    assert frame.rdd.getNumPartitions() == 11
    frame.write.parquet(str(tmp_path / "spark"))
    rows = as_frame(pd.read_parquet(tmp_path / "spark"))
    pd.testing.assert_frame_equal(rows, expected)


def test_dask_draws_the_rows_of_one_process(dask_client, generator, expected, tmp_path):
    frame = check(DaskEngine(), generator, expected, tmp_path, lambda f: f.compute())
    assert frame.npartitions == 11
    frame.to_parquet(tmp_path / "dask")
    rows = as_frame(pd.read_parquet(tmp_path / "dask"))
    pd.testing.assert_frame_equal(rows, expected)


def test_ray_draws_the_rows_of_one_process(ray_cluster, generator, expected, tmp_path):
    frame = check(RayEngine(), generator, expected, tmp_path, lambda f: f.to_pandas())
    frame.write_parquet(str(tmp_path / "ray"))
    rows = as_frame(pd.read_parquet(tmp_path / "ray"))
    pd.testing.assert_frame_equal(rows, expected)


def test_a_pipeline_of_spark_is_fitted_on_real_and_synthetic_rows(
    spark, table, generator, expected
):
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import StringIndexer, VectorAssembler

    from gan_augment.scaling.spark_ml import SparkOverSampler

    training = spark.createDataFrame(table.assign(job=table["job"].astype(str)))
    sampler = SparkOverSampler(generator, labelCol="target", rows_per_partition=40)
    fitted = sampler.fit(training)
    counts = fitted.transform(training).groupBy("target").count().toPandas()
    assert counts["count"].tolist() == [210, 210]
    # Frames that it was not fitted on keep their rows: those to be predicted.
    assert fitted.transform(training.limit(50)).count() == 50
    pipeline = Pipeline(
        stages=[
            sampler,
            StringIndexer(inputCol="target", outputCol="label"),
            VectorAssembler(inputCols=["net", "gross"], outputCol="features"),
            LogisticRegression(maxIter=5),
        ]
    )
    model = pipeline.fit(training)
    assert model.stages[-1].summary.predictions.count() == 420
    assert model.transform(training.limit(50)).count() == 50
