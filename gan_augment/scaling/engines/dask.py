"""Dask: partitions as tasks of a graph, rows as a Dask DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from gan_augment.scaling.engines.base import PartitionFunction


class DaskEngine:
    """Run partitions on the active Dask cluster, or on Dask's threads if there is none.

    Create a ``dask.distributed.Client`` first, because processes draw faster than
    threads.

    See Also
    --------
    LocalEngine, SparkEngine, RayEngine : The other engines.

    Examples
    --------
    >>> from gan_augment.scaling import DaskEngine, draw_rows
    >>> rows = draw_rows(  # doctest: +SKIP
    ...     "models:/churn-generator@champion", {"yes": 10**9}, engine=DaskEngine()
    ... )
    >>> rows.to_parquet("s3://bucket/synthetic")  # doctest: +SKIP
    """

    def map(
        self, function: PartitionFunction, n_partitions: int, schema: pa.Schema
    ) -> Any:
        """Call a function for each partition, as a Dask DataFrame of Arrow dtypes.

        Categories become plain values, because Dask would need to know all levels.
        """
        import dask.dataframe as dd

        numbers = pd.DataFrame({"number": range(n_partitions)})
        divided = dd.from_pandas(numbers, npartitions=n_partitions)
        return divided.map_partitions(
            _Frames(function), meta=_to_pandas(schema.empty_table())
        )

    def tables(self, frame: Any) -> Iterator[pa.Table]:
        """The rows, collected."""
        yield pa.Table.from_pandas(frame.compute(), preserve_index=False)


class _Frames:
    """Numbers of partitions -> their rows. Dask names it by the bytes of its pickle."""

    def __init__(self, function: PartitionFunction) -> None:
        self._function = function

    def __call__(self, numbers: pd.DataFrame) -> pd.DataFrame:
        tables = [self._function(int(number)) for number in numbers["number"]]
        return _to_pandas(pa.concat_tables(tables))


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """A frame whose dtypes follow from the schema, whatever is missing."""
    columns = [
        column.cast(column.type.value_type)
        if pa.types.is_dictionary(column.type)
        else column
        for column in table.columns
    ]
    plain = pa.table(columns, names=table.schema.names)
    return plain.to_pandas(types_mapper=pd.ArrowDtype)
