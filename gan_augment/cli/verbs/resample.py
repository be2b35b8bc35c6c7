"""``resample``: the table with synthetic rows of the classes that are rare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from gan_augment.cli.console import Console, tracked
from gan_augment.cli.errors import UserError
from gan_augment.cli.files import PIPE, kind_of_output, write_table
from gan_augment.cli.options import (
    ColumnOptions,
    DryRun,
    FileArgument,
    Json,
    MaxSteps,
    Quiet,
    ReadingOptions,
    RegistryOptions,
    Seed,
)
from gan_augment.cli.table import Table, load_table, show_forecast, with_positive

# Fewer rows of a class are said to be too few.
FEWEST_ROWS = 10


def resample(
    file: FileArgument,
    columns: ColumnOptions,
    reading: ReadingOptions,
    tracking: RegistryOptions,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, in the format of its ending; a CSV is written like "
            "the one that was read; - is standard output.",
            show_default=False,
        ),
    ] = None,
    ratio: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Rows of a rare class for each of the most common one."
        ),
    ] = 1.0,
    mark: Annotated[
        str | None,
        typer.Option(
            help="Add a column of this name that says which rows are synthetic."
        ),
    ] = None,
    only_synthetic: Annotated[
        bool, typer.Option("--only-synthetic", help="Leave the real rows out.")
    ] = False,
    dry_run: DryRun = False,
    max_steps: MaxSteps = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the table with synthetic rows of the rare classes.

    The real rows come first, unchanged: the cells of a CSV are written as they were.
    Resample training rows only: hold out your test rows before.

    Example: `gan-augment resample train.csv --target churned -o more.csv --ratio 0.3`
    """
    if not dry_run:
        output = _checked_output(output, file)
    if output == PIPE and as_json:
        raise UserError("`--json` must not be mixed with rows. Got -o -. Pass one.")
    console = Console(quiet, as_json)
    # All classes are learned, and those of the real rows stay as they are.
    table = load_table(file, reading, replace(columns, positive=None), console)
    if mark in (*table.X, *table.aside, table.y.name):
        raise UserError(
            f"`--mark` must not be the name of another column. Got {mark!r}. Pass "
            "another."
        )
    wanted = rows_wanted(table.y, ratio, columns.positive)
    if not wanted:
        raise UserError(
            f"`--ratio` must ask for rows. Got {ratio}, which every class has already. "
            "Raise it."
        )
    for label, n_rows in table.y.value_counts().items():
        if label in wanted and n_rows < FEWEST_ROWS:
            console.say(
                f"Class {label!r} has {n_rows} {'row' if n_rows == 1 else 'rows'}: "
                "synthetic rows cannot show what these do not."
            )
    from gan_augment import GANOverSampler, TabularGAN

    gan = TabularGAN() if max_steps is None else TabularGAN(max_steps=max_steps)
    sampler = GANOverSampler(
        gan,
        sampling_strategy=wanted,
        verbose=console.shows_bars,
        random_state=seed,
    )
    if output is None or dry_run:
        show_forecast(sampler, table, console)
        return
    console.begin("Making rows")
    with tracked(tracking, console):
        X, y = sampler.fit_resample(table.X, table.y)
    synthetic = sampler.synthetic_mask_
    frame = _as_read(table, X, y)
    if mark is not None:
        frame[mark] = synthetic
    if only_synthetic:
        frame = frame[synthetic]
    cells, is_csv = None, kind_of_output(output) == "csv"
    if is_csv and table.file.cells and not (only_synthetic or columns.clean):
        cells = table.file.cells().iloc[table.positions].reindex(columns=frame.columns)
        if mark is not None:
            cells[mark] = False
    write_table(frame, output, table.file, cells)
    made = ", ".join(f"{n:,} of {label!r}" for label, n in sampler.n_synthetic_.items())
    where = "" if output == PIPE else f" Written to {output}."
    console.say(f"{int(synthetic.sum()):,} synthetic rows: {made}.{where}")
    console.show_json(
        {
            "real": int((~synthetic).sum()),
            "synthetic": sampler.n_synthetic_,
            "copies": sampler.n_copies_,
            "output": output,
        }
    )


def _checked_output(output: str | None, file: str) -> str:
    """The file to write, which must not be the one that is read."""
    if output is None:
        raise UserError("`--output` must be given. Got none. Pass -o and a file, or -.")
    if output != PIPE and Path(output).resolve() == Path(file).resolve():
        raise UserError(
            f"`--output` must be another file than FILE. Got {output!r}. Take another "
            "name."
        )
    kind_of_output(output)
    return output


def rows_wanted(y: pd.Series, ratio: float, positive: str | None) -> dict[Any, int]:
    """Rows of each class that has fewer than a ratio of the most common one.

    With a positive class, all others count as one class.
    """
    target = round(ratio * with_positive(y, positive).value_counts().max())
    return {
        label: target
        for label, count in y.value_counts().items()
        if count < target and (positive is None or str(label) == positive)
    }


def _as_read(table: Table, X: pd.DataFrame, y: Any) -> pd.DataFrame:
    """All columns in the order of the file; synthetic rows have none set aside."""
    frame = X.assign(**{str(table.y.name): np.asarray(y)})
    aside = table.aside.reindex(np.arange(len(frame)))
    for name, column in table.aside.items():
        if pd.api.types.is_integer_dtype(column):
            aside[name] = aside[name].astype("Int64")
    frame = frame.join(aside)
    return frame[[name for name in table.file.frame if name in frame]]
