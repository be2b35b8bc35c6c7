"""``resample``: the table with synthetic rows of the classes that are rare."""

from __future__ import annotations

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
from gan_augment.cli.table import Table, load_table, show_forecast


def resample(
    file: FileArgument,
    columns: ColumnOptions,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="File to write, in the format of its ending; a CSV is written like "
            "the one that was read; - is standard output.",
            show_default=False,
        ),
    ],
    reading: ReadingOptions,
    tracking: RegistryOptions,
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

    The real rows come first, unchanged. Resample training rows only: hold out your test
    rows before.

    Example: `gan-augment resample train.csv --target churned -o more.csv --ratio 0.3`
    """
    if output == PIPE and as_json:
        raise UserError("`--json` must not be mixed with rows. Got -o -. Pass one.")
    if output == file != PIPE:
        raise UserError(
            f"`--output` must be another file than FILE. Got {output!r}. Take another "
            "name."
        )
    kind_of_output(output)
    console = Console(quiet, as_json)
    table = load_table(file, reading, columns, console)
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
    from gan_augment import GANOverSampler, TabularGAN

    gan = TabularGAN() if max_steps is None else TabularGAN(max_steps=max_steps)
    sampler = GANOverSampler(
        gan,
        sampling_strategy=wanted,
        verbose=console.shows_bars,
        random_state=seed,
    )
    if dry_run:
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
    write_table(frame, output, table.file)
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


def rows_wanted(y: pd.Series, ratio: float, positive: str | None) -> dict[Any, int]:
    """Rows of each class that has fewer than a ratio of the most common one."""
    counts = y.value_counts()
    target = round(ratio * counts.max())
    return {
        label: target
        for label, count in counts.items()
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
