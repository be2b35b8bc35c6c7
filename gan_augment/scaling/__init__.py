"""Over-sampling of data that does not fit into memory, on any engine."""

from gan_augment.scaling.drawing import RowDrawer, load_generator
from gan_augment.scaling.engines import (
    DaskEngine,
    Engine,
    LocalEngine,
    RayEngine,
    SparkEngine,
)
from gan_augment.scaling.plan import Plan, Request
from gan_augment.scaling.run import WrittenRows, draw_rows, over_sample, write_rows

__all__ = [
    "DaskEngine",
    "Engine",
    "LocalEngine",
    "Plan",
    "RayEngine",
    "Request",
    "RowDrawer",
    "SparkEngine",
    "WrittenRows",
    "draw_rows",
    "load_generator",
    "over_sample",
    "write_rows",
]
