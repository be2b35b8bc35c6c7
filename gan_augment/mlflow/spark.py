"""Mass generation on Spark: a request a row, drawn wherever its partition is."""

from __future__ import annotations

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
    """Draw the rows of many requests, in parallel.

    Every request has its own seed, so that the same requests give the same rows
    however Spark cuts them into partitions, and when it draws one again. A request is
    held in memory where it is drawn: make many of some 10,000 rows, not one large one.
    MLflow's own ``spark_udf`` takes requests of one row only.

    Parameters
    ----------
    model_uri : str
        A logged generator, such as ``models:/churn-generator@champion``, which is
        loaded here and now. Workers need gan_augment, and no tracking server.
    requests : pyspark.sql.DataFrame
        One request a row: the columns ``n_rows`` and ``seed``, and ``target_class`` if
        the class matters, as of :meth:`GeneratorModel.predict`.

    Returns
    -------
    rows : pyspark.sql.DataFrame
        The columns of the training table, and the class as ``target``. Like every frame
        of Spark it is drawn when it is used, and again if it is used again.

    Raises
    ------
    ValueError
        If `requests` lacks a column; when the rows are drawn, if a request has no seed
        of at least 0.

    Examples
    --------
    >>> requests = spark.createDataFrame(  # doctest: +SKIP
    ...     [{"n_rows": 10_000, "target_class": "1", "seed": s} for s in range(100)]
    ... )
    >>> rows = generate_on_spark(  # doctest: +SKIP
    ...     "models:/churn-generator@champion", requests
    ... )
    >>> rows.write.parquet("synthetic.parquet")  # doctest: +SKIP
    """
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
