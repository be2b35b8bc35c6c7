"""Damaged models, journals and requests: every one is read, or refused by its name.

    python -m pipelines.fuzz                       # a thousand, about a minute
    python -m pipelines.fuzz --mutations 100000    # the slow run

Small generators are trained and saved, a run is journaled, requests are written. Each
is damaged in its bytes, its structure or its numbers, and read in a child process with
limits of memory and time. An input is right if it is read, or refused with the typed
error of its kind; whatever else happens is printed with the seed that makes it again.
The checksums of most models are made to fit, so that it is not they that refuse them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import random
import shutil
import tempfile
import traceback
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeGuard

import mlflow
import numpy as np
import pandas as pd
import typer
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server
from rich.console import Console
from rich.table import Table
from safetensors.numpy import load_file, save

import gan_augment.mlflow
from gan_augment import CTGAN, TVAE, GANOverSampler, ImageGAN, TabularGAN
from gan_augment.mlflow.spool import CHECKSUM
from gan_augment.persistence import ModelFileError, seal
from pipelines.limited import READ, Outcome, run_limited
from pipelines.mutations import (
    damage_arrays,
    damage_bytes,
    damage_header,
    damage_json,
)

console = Console()

# What reading may take beside a number of times the input, in MB. In a new process the
# code of torch and of its libraries is 90 MB of it.
SPARE_MB, TIMES = 128.0, 12.0
# Of a hundred damaged models, how many keep the checksums of the undamaged one.
N_UNSEALED = 10


class Target(ABC):
    """A kind of input: how one is damaged, and what reads it.

    Parameters
    ----------
    folder : Path
        Where inputs are written.
    """

    name: str
    # Classes of errors that refuse an input as they should.
    refusals: tuple[str, ...]
    may_write = False
    # Packages that import modules and write code as late as when they need it.
    may_run: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.folder.mkdir()

    @abstractmethod
    def damage(self, rng: random.Random) -> int:
        """Write a damaged input, and return its size in bytes."""

    @abstractmethod
    def read(self) -> None:
        """Read the input that was written last."""

    def is_wrong(self, outcome: Outcome) -> bool:
        """Whether this must not become of an input."""
        return (
            outcome.result not in (READ, *self.refusals)
            or bool(outcome.event)
            or outcome.megabytes > SPARE_MB + TIMES * outcome.size / 1e6
        )


class ModelTarget(Target):
    """A saved generator."""

    refusals = (ModelFileError.__name__,)

    def __init__(self, folder: Path, name: str, gan: Any) -> None:
        self.name = name
        super().__init__(folder)
        gan.save(self.folder)
        self._class = type(gan)
        self._tree, self._arrays, self._sums = (
            (self.folder / name).read_bytes()
            for name in ("model.json", "model.safetensors", "SHA256SUMS")
        )
        self._tensors = load_file(self.folder / "model.safetensors")
        self.read()  # what is imported late is imported now

    def damage(self, rng: random.Random) -> int:
        """Write a damaged input, and return its size in bytes."""
        tree, arrays = self._tree, self._arrays
        kind = rng.choice(["bytes", "tree", "tree", "tree", "tree", "header", "arrays"])
        if kind == "tree":
            tree = damage_json(tree, rng)
        elif kind == "header":
            arrays = damage_header(arrays, rng)
        elif kind == "arrays":
            arrays = save(damage_arrays(self._tensors, rng))
        elif rng.random() < 0.5:
            tree = damage_bytes(tree, rng)
        else:
            arrays = damage_bytes(arrays, rng)
        (self.folder / "model.json").write_bytes(tree)
        (self.folder / "model.safetensors").write_bytes(arrays)
        if rng.randrange(100) < N_UNSEALED:
            (self.folder / "SHA256SUMS").write_bytes(self._sums)
        else:
            seal(self.folder)
        return len(tree) + len(arrays)

    def read(self) -> None:
        """Read the input that was written last."""
        gan = self._class.load(self.folder)
        for label in (None, gan.classes_[0]):
            X, _ = gan.sample(20, label=label, random_state=1)
            if getattr(X, "dtype", None) == np.float64 and not np.isfinite(X).all():
                raise AssertionError("images of numbers that are not finite")


class JournalTarget(Target):
    """A run on disk, which is sent to a store."""

    name = "journal"
    refusals = ()  # what is wrong with a run is told, not raised
    may_write = True
    may_run = ("mlflow", "sqlalchemy", "alembic")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._spool = self.folder / "spool"
        self._uri = f"sqlite:///{self.folder / 'mlflow.db'}"
        kept, before = self.folder / "kept", mlflow.get_tracking_uri()
        mlflow.set_tracking_uri("sqlite:////dev/null/mlflow.db")  # cannot be made
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                gan_augment.mlflow.autolog(spool_dir=kept)
                sampler = GANOverSampler(TabularGAN(max_steps=2), random_state=0)
                sampler.fit_resample([[0.0], [1.0], [2.0]] * 8, [0, 1, 1] * 8)
        finally:
            gan_augment.mlflow.autolog(disable=True)
            mlflow.set_tracking_uri(before)
        (journal,) = kept.glob("*/journal.jsonl")
        self._run, self._journal = journal.parent, journal.read_bytes()
        records = [json.loads(line) for line in self._journal.splitlines()]
        for record in records:  # as an earlier release wrote them
            record.pop(CHECKSUM, None)
        self._without_checksums = "".join(
            f"{json.dumps(r)}\n" for r in records
        ).encode()
        self._put(self._journal)
        self.read()

    def damage(self, rng: random.Random) -> int:
        """Write a damaged input, and return its size in bytes."""
        journal = damage_bytes(self._journal, rng)
        if rng.random() < 0.5:
            lines = self._without_checksums.splitlines(keepends=True)
            position = rng.randrange(len(lines))
            lines[position] = damage_json(lines[position], rng) + b"\n"
            journal = b"".join(lines)
        self._put(journal)
        return len(journal)

    def _put(self, journal: bytes) -> None:
        shutil.rmtree(self._spool, ignore_errors=True)
        shutil.copytree(self._run, self._spool / self._run.name)
        (self._spool / self._run.name / "journal.jsonl").write_bytes(journal)

    def read(self) -> None:
        """Read the input that was written last."""
        gan_augment.mlflow.sync(self._spool, self._uri)


class RequestTarget(Target):
    """The body of a request to a served generator."""

    name = "request"
    refusals = (MlflowException.__name__,)
    BODIES = (
        {"dataframe_records": [{"n_rows": 3, "target_class": "1", "seed": 7}]},
        {"dataframe_records": [{"n_rows": 1}, {"n_rows": 2, "target_class": "0"}]},
        {"dataframe_split": {"columns": ["n_rows", "seed"], "data": [[2, 5]]}},
        {"inputs": [], "params": {"n_rows": 3, "target_class": "1", "seed": 7}},
    )

    def __init__(self, folder: Path, gan: Any) -> None:
        super().__init__(folder)
        gan_augment.mlflow.save_model(gan, self.folder / "model")
        self._model = mlflow.pyfunc.load_model(str(self.folder / "model"))
        for body in self.BODIES:
            self._put(json.dumps(body).encode())
            self.read()
        self._put(b'{"dataframe_records": [{"rows": 1}]}')
        with contextlib.suppress(MlflowException):
            self.read()  # what is imported to refuse

    def damage(self, rng: random.Random) -> int:
        """Write a damaged input, and return its size in bytes."""
        body = json.dumps(rng.choice(self.BODIES)).encode()
        body = (damage_bytes if rng.random() < 0.3 else damage_json)(body, rng)
        self._put(body)
        return len(body)

    def _put(self, body: bytes) -> None:
        (self.folder / "body").write_bytes(body)

    def read(self) -> None:
        """Read the input that was written last."""
        schema = self._model.metadata.get_input_schema()
        body = (self.folder / "body").read_bytes()
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return  # the server refuses it before anybody reads it
        try:
            scoring_server.invocations(text, "application/json", self._model, schema)
        except Exception as error:
            # What a model raises is the context of what MLflow makes of it.
            cause = error.__context__
            if _is_ours(cause) and not isinstance(cause, ValueError | MlflowException):
                raise cause from None
            # However MLflow itself refuses a body, it is refused.
            raise MlflowException(str(error)) from error


def _is_ours(error: BaseException | None) -> TypeGuard[BaseException]:
    """Whether an error came out of this package, and not of what calls it."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    package = str(Path(gan_augment.__file__).parent)
    return any(frame.filename.startswith(package) for frame in frames)


def _small_table() -> tuple[pd.DataFrame, np.ndarray]:
    """A table with a column of every kind, and the classes of its rows."""
    rng, n = np.random.default_rng(0), 240
    table = pd.DataFrame(
        {
            "amount": rng.gamma(2, 50, n).round(2),
            "children": pd.array(rng.integers(0, 5, n), dtype="Int64"),
            "city": pd.Categorical(rng.choice(["Köln", "Zürich", "東京"], n)),
            "when": pd.Timestamp("2024-01-01", tz="Europe/Berlin")
            + pd.to_timedelta(rng.integers(0, 500, n), "h"),
            "waited": pd.to_timedelta(rng.integers(0, 1000, n), "s"),
            "text": np.resize(np.array(["a", "b", None], object), n),
            "number": [f"n-{i}" for i in range(n)],
            "sparse": pd.arrays.SparseArray(rng.choice([0, 0, 1.5], n)),
            "part": pd.cut(rng.normal(size=n), 4),
            **{f"is_{k}": (np.arange(n) % 3 == k).astype(int) for k in range(3)},
        }
    )
    # Of each kind of arithmetic, and of a part of a date, one.
    table["hour"] = table["when"].dt.hour
    table["total"] = (table["amount"] * table["children"]).round(2)
    table["rate"] = rng.choice([0.0, 0.07, 0.19], n)
    table["gross"] = (table["amount"] * (1 + table["rate"])).round(2)
    table["log"] = np.log(table["gross"]).round(4)
    table.loc[::7, ["children", "city"]] = None
    return table, (np.arange(n) % 5 == 0).astype(int)


def _table_gan() -> TabularGAN:
    gan = TabularGAN(max_steps=3, hidden_dims=(8, 8), random_state=0)
    return gan.fit(*_small_table())


def _tree_gan() -> TabularGAN:
    gan = TabularGAN(generator="trees", n_candidates=2, random_state=0)
    return gan.fit(*_small_table())


def _array_gan() -> TabularGAN:
    array = np.random.default_rng(0).choice(["a", "bb"], (60, 2))
    gan = TabularGAN(max_steps=2, hidden_dims=(8,), random_state=0)
    return gan.fit(array, np.arange(60) % 2)


def _image_gan() -> ImageGAN:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    images[:, 0] = 0
    labels = np.where(np.arange(40) % 5 == 0, "rare", "common")
    return ImageGAN(max_steps=1, random_state=0).fit(images, labels)


def _row_gan() -> ImageGAN:
    rows = np.random.default_rng(0).normal(size=(40, 64))
    gan = ImageGAN(max_steps=1, image_shape=(8, 8), random_state=0)
    return gan.fit(rows, np.arange(40) % 2)


def _ctgan() -> CTGAN:
    table, labels = _small_table()
    gan = CTGAN(max_steps=1, latent_dim=4, hidden_dims=(8,), random_state=0)
    return gan.fit(table[["amount", "city"]], labels)


def _tvae() -> TVAE:
    table, labels = _small_table()
    gan = TVAE(max_steps=1, latent_dim=4, hidden_dims=(8,), random_state=0)
    return gan.fit(table[["amount", "city"]], labels)


# Every kind of input, and what makes its target in a folder.
TARGETS: dict[str, Callable[[Path], Target]] = {
    "table": lambda folder: ModelTarget(folder, "table", _table_gan()),
    "trees": lambda folder: ModelTarget(folder, "trees", _tree_gan()),
    "array": lambda folder: ModelTarget(folder, "array", _array_gan()),
    "images": lambda folder: ModelTarget(folder, "images", _image_gan()),
    "rows": lambda folder: ModelTarget(folder, "rows", _row_gan()),
    "ctgan": lambda folder: ModelTarget(folder, "ctgan", _ctgan()),
    "tvae": lambda folder: ModelTarget(folder, "tvae", _tvae()),
    "request": lambda folder: RequestTarget(folder, _table_gan()),
    "journal": JournalTarget,
}


@dataclass
class Tally:
    """What became of the inputs of one kind.

    Parameters
    ----------
    results : Counter
        Result -> number of inputs.
    wrong : list of str
        A line for every input that was neither read nor refused as it should be.
    seconds, megabytes : float
        The most that an input took.
    """

    results: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: float = 0.0

    def add(self, outcome: Outcome, target: Target) -> None:
        """Count an input."""
        self.results[outcome.result] += 1
        self.seconds = max(self.seconds, outcome.seconds)
        self.megabytes = max(self.megabytes, outcome.megabytes)
        if target.is_wrong(outcome):
            self.wrong.append(
                f"{target.name} {outcome.number}: {outcome.result} {outcome.detail} "
                f"{outcome.event} {outcome.seconds:.1f} s {outcome.megabytes:.0f} MB"
            )


def fuzz(target: Target, n_mutations: int, seed: int = 0) -> Tally:
    """Damage and read inputs.

    Parameters
    ----------
    target : Target
        The kind of input.
    n_mutations : int
        Number of inputs.
    seed : int, default=0
        Decides every input, together with its number.

    Returns
    -------
    tally : Tally
        What became of them.
    """
    tally = Tally()
    logging.disable(logging.CRITICAL)  # MLflow tells of each request that it refuses
    try:
        for outcome in run_limited(
            lambda i: target.damage(random.Random(f"{seed} {target.name} {i}")),
            target.read,
            n_mutations,
            may_write=target.may_write,
            may_run=target.may_run,
        ):
            tally.add(outcome, target)
    finally:
        logging.disable(logging.NOTSET)
    return tally


def main(
    mutations: Annotated[int, typer.Option(min=1, help="Inputs in all.")] = 1000,
    seed: Annotated[int, typer.Option(help="Decides every input.")] = 0,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Of {', '.join(TARGETS)}.")
    ] = None,
) -> None:
    """Damage models, journals and requests, and say what became of them."""
    names = only or list(TARGETS)
    unknown = sorted(set(names) - set(TARGETS))
    if unknown:
        raise typer.BadParameter(f"--only must be of {list(TARGETS)}. Got {unknown}.")
    table = Table("input", "number", "read", "refused", "wrong", "most s", "most MB")
    n_wrong = 0
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            target = TARGETS[name](Path(folder))
            tally = fuzz(target, mutations // len(names), seed)
            for line in tally.wrong:
                console.print(line, markup=False, highlight=False, soft_wrap=True)
            n_wrong += len(tally.wrong)
            table.add_row(
                name,
                f"{tally.results.total():,}",
                f"{tally.results[READ]:,}",
                f"{sum(tally.results[each] for each in target.refusals):,}",
                f"{len(tally.wrong):,}",
                f"{tally.seconds:.1f}",
                f"{tally.megabytes:.0f}",
            )
    console.print(table)
    if n_wrong:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
