"""An over-sampler for Spark pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.ml import Estimator, Model
from pyspark.ml.param import Param, Params
from pyspark.ml.param.shared import HasLabelCol, HasSeed
from pyspark.sql.pandas.types import to_arrow_schema

from gan_augment.scaling.drawing import load_generator
from gan_augment.scaling.engines import SparkEngine
from gan_augment.scaling.run import draw_rows
from gan_augment.scaling.sources import SamplingStrategy, rows_wanted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class SparkOverSampler(Estimator[Any], HasLabelCol, HasSeed):
    """Over-sample the training rows of a Spark pipeline.

    As in imbalanced-learn, rows are added in ``fit`` only: the pipeline is fitted on
    real and synthetic rows, and any other frame passes through unchanged.

    Parameters
    ----------
    generator : estimator, path-like or str
        Fitted generator, as in :func:`~gan_augment.over_sample`. It must draw the
        columns of the frame: put this stage first.
    labelCol : str, default="label"
        Column of the classes.
    sampling_strategy : float, str, dict or callable, default="auto"
        As in :func:`~gan_augment.over_sample`.
    rows_per_partition : int, default=100_000
        Number of rows that a task draws.
    seed : int, default=0
        Seed of all rows.

    See Also
    --------
    gan_augment.scaling.draw_rows : Draw the synthetic rows alone.

    Examples
    --------
    >>> from pyspark.ml import Pipeline  # doctest: +SKIP
    >>> pipeline = Pipeline(  # doctest: +SKIP
    ...     stages=[SparkOverSampler("models:/churn@champion"), indexer, classifier]
    ... )
    >>> model = pipeline.fit(training)  # doctest: +SKIP
    """

    rows_per_partition: Param[int] = Param(
        Params._dummy(), "rows_per_partition", "number of rows that a task draws"
    )

    def __init__(
        self,
        generator: Any,
        *,
        labelCol: str = "label",
        sampling_strategy: SamplingStrategy = "auto",
        rows_per_partition: int = 100_000,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.generator = generator
        self.sampling_strategy = sampling_strategy
        self._set(labelCol=labelCol, rows_per_partition=rows_per_partition, seed=seed)

    def _fit(self, dataset: DataFrame) -> SparkOverSamplerModel:
        label = self.getLabelCol()
        counts = {
            row[label]: row["count"] for row in dataset.groupBy(label).count().collect()
        }
        if None in counts:
            raise ValueError(
                f"Column {label!r} must have a class in every row. Got "
                f"{counts[None]} missing ones. Drop these rows."
            )
        n_rows = rows_wanted(dict(sorted(counts.items())), self.sampling_strategy)
        if not n_rows:
            return SparkOverSamplerModel(dataset, None)
        drawn = draw_rows(
            load_generator(self.generator),
            n_rows,
            target=label,
            schema=_without_zones(to_arrow_schema(dataset.schema, timezone="UTC")),
            engine=SparkEngine(dataset.sparkSession),
            rows_per_partition=self.getOrDefault(self.rows_per_partition),
            seed=self.getSeed(),
        )
        # Times of no zone become those of the session, as they do where it reads them.
        columns = [drawn[field.name].cast(field.dataType) for field in dataset.schema]
        return SparkOverSamplerModel(dataset, drawn.select(columns))


class SparkOverSamplerModel(Model):
    """Add the rows to the frame that was fitted on; leave any other as it is.

    Parameters
    ----------
    fitted_on : pyspark.sql.DataFrame
        The training rows.
    drawn : pyspark.sql.DataFrame or None
        Synthetic rows. None if no class lacks any.
    """

    def __init__(self, fitted_on: DataFrame, drawn: DataFrame | None) -> None:
        super().__init__()
        self._fitted_on = fitted_on
        self._drawn = drawn

    def _transform(self, dataset: DataFrame) -> DataFrame:
        if self._drawn is None or not dataset.sameSemantics(self._fitted_on):
            return dataset
        return dataset.unionByName(self._drawn)


def _without_zones(schema: pa.Schema) -> pa.Schema:
    return pa.schema(
        [
            field.with_type(pa.timestamp("us"))
            if pa.types.is_timestamp(field.type)
            else field
            for field in schema
        ]
    )
