"""Processes of this machine, by joblib."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from joblib import delayed

from gan_augment.parallel import run_tasks
from gan_augment.scaling.engines.base import PartitionFunction


class LocalEngine:
    """Run partitions in processes of this machine, or of joblib's parallel backend.

    Parameters
    ----------
    n_workers : int, default=None
        Number of processes, as `n_jobs` of joblib. If None, use one for each core,
        unless ``joblib.parallel_config`` sets another number. With 1, everything runs
        in this process.

    See Also
    --------
    SparkEngine, DaskEngine, RayEngine : Clusters.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from gan_augment.scaling import LocalEngine
    >>> engine = LocalEngine(n_workers=1)
    >>> tables = engine.map(lambda k: pa.table({"k": [k]}), 3, pa.schema([]))
    >>> pa.concat_tables(tables)["k"].to_pylist()
    [0, 1, 2]
    """

    def __init__(self, n_workers: int | None = None) -> None:
        self.n_workers = n_workers

    def map(
        self, function: PartitionFunction, n_partitions: int, schema: pa.Schema
    ) -> Iterator[pa.Table]:
        """Call a function for each partition; an iterator of tables, in order."""
        n_workers = self.n_workers
        if n_workers is None:
            from joblib import effective_n_jobs

            n_workers = max(effective_n_jobs(None), effective_n_jobs(-1))
        tasks = (delayed(function)(number) for number in range(n_partitions))
        return run_tasks(tasks, n_workers, batch_size=1)

    def tables(self, frame: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """The tables, as they come."""
        return frame
