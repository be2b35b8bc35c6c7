"""What runs the partitions of a plan: processes of this machine, Spark, Dask, Ray.

Scheduling, retries and moving data are the engine's. Here each is told one thing: to
call a function with the numbers 0, 1, ... and to put the tables together.
"""

from gan_augment.scaling.engines.base import Engine, PartitionFunction
from gan_augment.scaling.engines.dask import DaskEngine
from gan_augment.scaling.engines.local import LocalEngine
from gan_augment.scaling.engines.ray import RayEngine
from gan_augment.scaling.engines.spark import SparkEngine

__all__ = [
    "DaskEngine",
    "Engine",
    "LocalEngine",
    "PartitionFunction",
    "RayEngine",
    "SparkEngine",
]
