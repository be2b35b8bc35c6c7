"""Rows of a request from a fitted generator, as a table of one schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.utils import _safe_indexing
from threadpoolctl import threadpool_limits

from gan_augment.encoding import TableEncoder
from gan_augment.encoding.container import to_frame
from gan_augment.gans import GANS
from gan_augment.gans.base import Synthesizer
from gan_augment.over_sampling import CopyFilter, GANOverSampler, Refinement
from gan_augment.over_sampling.identifiers import FreshIdentifiers
from gan_augment.over_sampling.kept_rules import NewCombinations
from gan_augment.over_sampling.refinement import draw_refined
from gan_augment.persistence import ModelFileError
from gan_augment.persistence.files import TREE_FILE
from gan_augment.scaling.files import parquet_bytes
from gan_augment.scaling.plan import Plan, Request
from gan_augment.tables.rules import Rules
from gan_augment.tables.rules.keeping import dropping_later

# Rows of a class that tell whether two generators are the same.
N_PROBES = 256


def load_generator(generator: Any) -> Any:
    """Load a generator, or return a fitted one unchanged.

    Parameters
    ----------
    generator : estimator, path-like or str
        A fitted estimator; a directory that ``save`` or ``gan-augment train`` wrote; or
        an address in MLflow, such as ``models:/churn-generator@champion``.

    Returns
    -------
    generator : estimator
        The fitted estimator.

    Raises
    ------
    ModelFileError
        If there is no generator, or a damaged one.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_breast_cancer
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.scaling import load_generator
    >>> gan = TabularGAN(max_steps=20, random_state=0)
    >>> gan = gan.fit(*load_breast_cancer(return_X_y=True, as_frame=True))
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     gan.save(f"{directory}/generator")
    ...     load_generator(f"{directory}/generator").classes_
    array([0, 1])
    """
    if not isinstance(generator, str | PathLike):
        return generator
    path = Path(generator)
    if not (path / TREE_FILE).is_file():
        from gan_augment.mlflow import load_model

        return load_model(str(generator))
    name = json.loads((path / TREE_FILE).read_bytes())["tree"].get("class")
    known = {gan_class.__name__: gan_class for gan_class in GANS.values()}
    if name not in known:
        raise ModelFileError(
            f"{path} must hold one of {sorted(known)}. Got {name!r}. Register its "
            "class first, with gan_augment.gans.register_gan."
        )
    return known[name].load(path)


class RulesKept(Refinement):
    """Drop rows that break a rule; a GAN that knows its rules draws hardly any."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def refine(self, X: Any, label: Any, n_rows: int, rng: np.random.Generator) -> Any:
        """Keep the rows that keep every rule."""
        return _safe_indexing(X, np.flatnonzero(~self.rules.violations(to_frame(X))))


class RowDrawer:
    """Draw the rows of requests, each independently of the others.

    The rows of a request depend only on the generator and the request. Therefore any
    worker may draw any request, in any order and repeatedly.

    Parameters
    ----------
    generator : estimator, path-like or str
        As in :func:`load_generator`. If it is a fitted
        :class:`~gan_augment.GANOverSampler`, its refinements are applied, too: the
        filters of classes and of copies, and the rules. If it is another estimator that
        has rules, rows that break one are drawn again; copies of real rows are not
        detected.
    target : str, default="target"
        Column of the classes.
    schema : pyarrow.Schema, default=None
        Names, types and order of the columns, `target` included. If None, use the
        columns that the generator draws, then the classes.

    Attributes
    ----------
    schema : pyarrow.Schema
        Schema of every table that is drawn.
    classes : list
        Classes that can be drawn.

    See Also
    --------
    draw_rows : Draw all rows of a plan.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.scaling import Plan, RowDrawer
    >>> gan = TabularGAN(max_steps=20, random_state=0)
    >>> gan = gan.fit(*load_breast_cancer(return_X_y=True, as_frame=True))
    >>> drawer = RowDrawer(gan, target="malignant")
    >>> rows = drawer.draw(Plan({0: 30}, rows_per_partition=20)[1])
    >>> rows.num_rows, rows.column_names[-1]
    (10, 'malignant')
    """

    def __init__(
        self, generator: Any, target: str = "target", schema: pa.Schema | None = None
    ) -> None:
        generator = load_generator(generator)
        self.target = target
        self._gan, self._refinements = _parts(generator)
        self.classes = _classes(self._gan)
        self.schema = self._make_schema(schema)

    def draw(self, request: Request) -> pa.Table:
        """Draw the rows of a request.

        Parameters
        ----------
        request : Request
            Which rows.

        Returns
        -------
        rows : pyarrow.Table of shape (n_rows, n_features + 1)
            The rows and their classes. Identifiers differ from those of the training
            rows, and from those of all other requests of the plan.

        Raises
        ------
        ValueError
            If too few rows keep the rules, a column has too few fresh identifiers, or
            the values of a column do not fit the schema.
        """
        rng = request.rng()
        copies = [r for r in self._refinements if isinstance(r, CopyFilter)]
        # Sums of several threads differ in the last bit.
        with threadpool_limits(1), dropping_later():
            rows = draw_refined(
                self._gan,
                self._refinements,
                request.label,
                request.n_rows,
                rng,
                last_resort=[r for r in self._refinements if r not in copies],
            )
        frame = _plain_frame(rows)
        encoder = getattr(self._gan, "encoder_", None)
        if isinstance(encoder, TableEncoder):
            # By position: the names of an array are numbers, those of the frame texts.
            names = list(to_frame(_safe_indexing(rows, np.arange(1))).columns)
            for name in (n for n in encoder.identifiers_ if n in names):
                column = frame.columns[names.index(name)]
                frame[column] = encoder.draw_identifiers(
                    name, frame[column], rng, share=request.share
                ).array
        return self._to_arrow(frame, request.label)

    def fingerprint(self, plan: Plan) -> str:
        """Compute a digest of everything that determines the rows of a plan.

        Two generators have the same digest if they draw the same rows.

        Parameters
        ----------
        plan : Plan
            The plan.

        Returns
        -------
        fingerprint : str
            Hexadecimal digits, different for another generator, plan or schema.
        """
        plain = [list(plan.n_rows.items()), plan.rows_per_partition, plan.seed]
        digest = hashlib.sha256(json.dumps(plain, default=str).encode())
        for label in plan.n_rows:
            probe = Request(0, label, N_PROBES, plan.seed, 0, max(N_PROBES, plan.total))
            digest.update(parquet_bytes(self.draw(probe), {}))
        return digest.hexdigest()

    def check(self, plan: Plan) -> None:
        """Raise a ValueError if the generator does not know a class of the plan."""
        unknown = [label for label in plan.n_rows if label not in self.classes]
        if unknown:
            raise ValueError(
                f"`generator` must have the classes that are requested. Got {unknown}, "
                f"and a generator of {self.classes}."
            )

    def _make_schema(self, schema: pa.Schema | None) -> pa.Schema:
        with threadpool_limits(1):
            rows, _ = self._gan.sample(1000, random_state=0)
        frame = _plain_frame(rows)
        if schema is None:
            return self._schema_of(frame)
        encoder = getattr(self._gan, "encoder_", None)
        left_out = [str(name) for name in getattr(encoder, "left_out_", [])]
        wanted = [name for name in schema.names if name != self.target]
        lacking = [n for n in wanted if n not in frame and n not in left_out]
        beyond = [name for name in frame if name not in wanted]
        if lacking or beyond:
            raise ValueError(
                "`generator` must draw the columns of `source`. Got none for "
                f"{lacking}, and further columns {beyond}."
            )
        return schema.remove_metadata()

    def _schema_of(self, frame: pd.DataFrame) -> pa.Schema:
        if self.target in frame:
            raise ValueError(
                f"`target` must not be the name of another column. Got {self.target!r}."
            )
        labelled = frame.assign(**{self.target: np.resize(self.classes, len(frame))})
        schema = pa.Schema.from_pandas(labelled, preserve_index=False)
        # Of a column that is always missing, nothing is known.
        fields = [
            field.with_type(pa.string()) if pa.types.is_null(field.type) else field
            for field in schema
        ]
        return pa.schema(fields)

    def _to_arrow(self, frame: pd.DataFrame, label: Any) -> pa.Table:
        position = self.schema.get_field_index(self.target)
        others = self.schema.remove(position)
        if list(frame) != others.names:
            frame = frame.reindex(columns=others.names)
        try:
            labels = pa.array([label], self.schema.field(position).type)
            table = pa.Table.from_pandas(frame, others, preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ValueError(
                "`source` must have types that hold what the generator draws. Got "
                f"{error}. Train it on rows that were read from `source`."
            ) from error
        repeated = labels.take(pa.repeat(pa.scalar(0), len(frame)))
        return table.add_column(position, self.schema.field(position), repeated)


def _parts(generator: Any) -> tuple[Synthesizer, Sequence[Refinement]]:
    """A GAN, and what refines its rows without knowing what was drawn before."""
    if isinstance(generator, GANOverSampler):
        kept = [
            refinement
            for refinement in generator.refinements_
            if not isinstance(refinement, FreshIdentifiers | NewCombinations)
        ]
        return generator.gan_, kept
    encoder = getattr(generator, "encoder_", None)
    rules = getattr(generator, "rules_", None) or getattr(encoder, "rules_", None)
    return generator, [RulesKept(rules)] if rules else []


def _classes(gan: Any) -> list[Any]:
    classes = getattr(gan, "classes_", None)
    if classes is None:
        raise ValueError(
            "`generator` must be fitted, and have `classes_`. Got "
            f"{type(gan).__name__}."
        )
    return np.asarray(classes).tolist()


def _plain_frame(rows: Any) -> pd.DataFrame:
    """Rows as a frame whose columns have texts as names."""
    if np.ndim(rows) != 2:
        raise ValueError(
            "`generator` must draw tables. Got a generator of images, which have no "
            "columns."
        )
    frame = to_frame(rows).copy(deep=False)
    frame.columns = [str(name) for name in frame.columns]
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.SparseDtype):
            frame[name] = frame[name].sparse.to_dense()
    return frame
