"""Ray: partitions as blocks of a Ray Dataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from gan_augment.scaling.engines.base import PartitionFunction


class RayEngine:
    """Run partitions as blocks of Ray Data, on the cluster that ``ray.init`` joined.

    See Also
    --------
    LocalEngine, SparkEngine, DaskEngine : The other engines.

    Examples
    --------
    >>> from gan_augment.scaling import RayEngine, draw_rows
    >>> rows = draw_rows(  # doctest: +SKIP
    ...     "models:/churn-generator@champion", {"yes": 10**9}, engine=RayEngine()
    ... )
    >>> rows.write_parquet("s3://bucket/synthetic")  # doctest: +SKIP
    """

    def map(
        self, function: PartitionFunction, n_partitions: int, schema: pa.Schema
    ) -> Any:
        """Call a function for each partition; a Ray Dataset, which is lazy."""
        import ray

        # Ray takes what is put to each node once, not with each block.
        held = ray.put(function)

        def call(numbers: pa.Table) -> Iterator[pa.Table]:
            function = ray.get(held)
            for number in numbers["id"].to_pylist():
                yield function(number)

        numbers = ray.data.range(n_partitions, override_num_blocks=n_partitions)
        return numbers.map_batches(call, batch_size=None, batch_format="pyarrow")

    def tables(self, frame: Any) -> Iterator[pa.Table]:
        """The rows, block after block."""
        return iter(frame.iter_batches(batch_size=None, batch_format="pyarrow"))
