"""The protocol of engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

# Number of a partition -> its table. It may be pickled and called on any machine.
PartitionFunction: TypeAlias = Callable[[int], pa.Table]


class Engine(Protocol):
    """Interface of engines, which run a function for each partition.

    See Also
    --------
    LocalEngine : Processes of this machine.
    SparkEngine, DaskEngine, RayEngine : Clusters.

    Examples
    --------
    An engine that does one partition after the other, in this process:

    >>> from sklearn.datasets import load_breast_cancer
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.scaling import draw_rows
    >>> class InTurn:
    ...     def map(self, function, n_partitions, schema):
    ...         return (function(number) for number in range(n_partitions))
    ...     def tables(self, frame):
    ...         return frame
    >>> gan = TabularGAN(max_steps=20, random_state=0)
    >>> gan = gan.fit(*load_breast_cancer(return_X_y=True, as_frame=True))
    >>> rows = draw_rows(gan, {0: 30}, rows_per_partition=20, engine=InTurn())
    >>> [table.num_rows for table in rows]
    [20, 10]
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
            All rows as a frame of the engine. It may be lazy, that is, call the
            function when it is used, and again if a worker is lost.
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
