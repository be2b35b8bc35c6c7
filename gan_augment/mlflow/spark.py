"""Mass generation on Spark: a request a row, drawn wherever its partition is."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd
from mlflow.types.schema import DataType, Schema

from gan_augment.mlflow.flavor import load_model, make_signature
from gan_augment.mlflow.serving import GeneratorModel

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType


def generate_on_spark(model_uri: str, requests: DataFrame) -> DataFrame:
    """Draw the rows of many requests in parallel on Spark.

    .. deprecated:: 0.2
        Call ``gan_augment.scaling.draw_rows(model_uri, n_rows, engine=SparkEngine())``,
        which divides any number of rows of each class into requests automatically.

    Every request has its own seed. The same requests therefore give the same rows in
    any partitioning, and if Spark draws a request again. The rows of a request are held
    in the memory of one worker: use many requests of about 10,000 rows rather than a
    large one. MLflow's own ``spark_udf`` accepts requests of one row only.

    Parameters
    ----------
    model_uri : str
        URI of a logged generator, such as ``models:/churn-generator@champion``. The
        generator is loaded on the driver by this call. Workers need gan_augment, but no
        tracking server.
    requests : pyspark.sql.DataFrame
        One request in each row: the columns ``n_rows`` and ``seed``, and optionally
        ``target_class``, as in :meth:`GeneratorModel.predict`.

    Returns
    -------
    rows : pyspark.sql.DataFrame
        The columns of the training table, and the class as ``target``. Like every frame
        of Spark, it is computed when it is used, and again with every further use.

    Raises
    ------
    ValueError
        If `requests` lacks a column, or the signature of the generator has no type for
        a column. When the rows are drawn: if a request has no seed, or a seed below 0.

    See Also
    --------
    gan_augment.scaling.draw_rows : Draw rows on Spark, Dask or Ray.
    GeneratorModel.predict : Draw the rows of requests in this process.

    Examples
    --------
    >>> from gan_augment.mlflow import generate_on_spark
    >>> requests = spark.createDataFrame(  # doctest: +SKIP
    ...     [{"n_rows": 10_000, "target_class": "1", "seed": s} for s in range(100)]
    ... )
    >>> rows = generate_on_spark(  # doctest: +SKIP
    ...     "models:/churn-generator@champion", requests
    ... )
    >>> rows.write.parquet("synthetic.parquet")  # doctest: +SKIP
    """
    warnings.warn(
        "generate_on_spark is deprecated since version 0.2 and will be removed in "
        "version 0.3. Call gan_augment.scaling.draw_rows with engine=SparkEngine().",
        FutureWarning,
        stacklevel=2,
    )
    missing = [name for name in ("n_rows", "seed") if name not in requests.columns]
    if missing:
        raise ValueError(
            f"`requests` must have the columns n_rows and seed. Got no {missing}. "
            "Without a seed a partition that is drawn again has other rows."
        )
    gan = load_model(model_uri)
    model = GeneratorModel(gan)

    # Spark takes the model to where it draws: no worker needs the tracking server.
    def generate(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            if not (batch["seed"] >= 0).all():
                raise ValueError(
                    "`seed` must be at least 0 in every request. Got a missing or a "
                    "negative one. Without it a request that is drawn again has other "
                    "rows."
                )
            for row in range(len(batch)):
                yield model.predict(batch[row : row + 1])

    schema = _spark_schema(make_signature(gan).outputs)
    return requests.mapInPandas(generate, schema)


def _spark_schema(outputs: Schema) -> StructType:
    """Columns as Spark knows them. Any may be missing: the signature saw few rows."""
    from pyspark.sql.types import StructField, StructType

    unknown = [
        name
        for name, kind in zip(outputs.input_names(), outputs.input_types(), strict=True)
        if not isinstance(kind, DataType)
    ]
    if unknown or not outputs.has_input_names():
        raise ValueError(
            "`model_uri` must name a generator whose signature has a type for every "
            f"column. Got {outputs}. Convert the training columns that have none, such "
            "as unsigned 64-bit numbers; large images have none."
        )
    fields = outputs.as_spark_schema().fields
    return StructType([StructField(field.name, field.dataType) for field in fields])
