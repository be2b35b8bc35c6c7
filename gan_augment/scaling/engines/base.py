"""The protocol of engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

# Number of a partition -> its table. It may be pickled and called on any machine.
PartitionFunction: TypeAlias = Callable[[int], pa.Table]


class Engine(Protocol):
    """Runs a function for each partition.

    See Also
    --------
    LocalEngine : Processes of this machine.
    SparkEngine, DaskEngine, RayEngine : Clusters.

    Examples
    --------
    >>> import pyarrow as pa
    >>> class OneAfterTheOther:
    ...     def map(self, function, n_partitions, schema):
    ...         return map(function, range(n_partitions))
    ...     def tables(self, frame):
    ...         return frame
    >>> frame = OneAfterTheOther().map(lambda k: pa.table({"k": [k]}), 3, pa.schema([]))
    >>> pa.concat_tables(frame)["k"].to_pylist()
    [0, 1, 2]
    """

    def map(
        self, function: PartitionFunction, n_partitions: int, schema: pa.Schema
    ) -> Any:
        """Call a function with 0, 1, ..., ``n_partitions - 1``.

        Parameters
        ----------
        function : callable
            Number of a partition -> its table.
        n_partitions : int
            How many partitions there are.
        schema : pyarrow.Schema
            Schema of every table.

        Returns
        -------
        frame : object
            All rows as the engine's own kind of frame. It may be lazy, and call the
            function when it is used and again if a worker is lost.
        """

    def tables(self, frame: Any) -> Iterator[pa.Table]:
        """Bring the rows of a frame that :meth:`map` returned to this process.

        Parameters
        ----------
        frame : object
            What :meth:`map` returned.

        Yields
        ------
        table : pyarrow.Table
            Some of the rows, in any order.
        """
