"""Spark: partitions as tasks of a job, rows as a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gan_augment.scaling.engines.base import PartitionFunction

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Types that Spark has not -> a wider one that it has.
_WIDER = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
}


class SparkEngine:
    """Run each partition as a Spark task.

    Parameters
    ----------
    session : pyspark.sql.SparkSession, default=None
        Session to run in. If None, use the active session, or a new one.

    See Also
    --------
    gan_augment.scaling.spark_ml.SparkOverSampler : For pipelines of Spark.

    Examples
    --------
    >>> from gan_augment.scaling import SparkEngine, draw_rows
    >>> rows = draw_rows(  # doctest: +SKIP
    ...     "models:/churn-generator@champion",
    ...     {"yes": 10**9},
    ...     engine=SparkEngine(spark),
    ... )
    >>> rows.write.parquet("s3://bucket/synthetic")  # doctest: +SKIP
    """

    def __init__(self, session: SparkSession | None = None) -> None:
        self.session = session

    def map(
        self, function: PartitionFunction, n_partitions: int, schema: pa.Schema
    ) -> DataFrame:
        """Call a function for each partition; a DataFrame of Spark, which is lazy.

        Levels of categories become plain values, unsigned numbers wider ones, and
        times have microseconds.
        """
        from pyspark.sql import SparkSession
        from pyspark.sql.pandas.types import from_arrow_schema

        session = self.session or SparkSession.builder.getOrCreate()
        plain = plain_schema(schema)

        def call(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    yield from _cast(function(number), plain).to_batches()

        numbers = session.range(0, n_partitions, 1, n_partitions)
        return numbers.mapInArrow(call, from_arrow_schema(plain))

    def tables(self, frame: DataFrame) -> Iterator[pa.Table]:
        """The rows, collected."""
        yield pa.Table.from_pandas(frame.toPandas(), preserve_index=False)


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema in types that Spark has.

    Parameters
    ----------
    schema : pyarrow.Schema
        Any schema.

    Returns
    -------
    plain : pyarrow.Schema
        The same names, all of which may be missing.
    """
    return pa.schema([(field.name, _plain_type(field.type)) for field in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    if pa.types.is_duration(kind):
        return pa.duration("us")
    if pa.types.is_large_string(kind):
        return pa.string()
    return _WIDER.get(kind, kind)


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns: list[Any] = []
    for column, field in zip(table.columns, schema, strict=True):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        columns.append(column.cast(field.type, safe=False))
    return pa.table(columns, schema=schema)
