"""``train``: a generator of this table, in a directory or in the registry."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gan_augment.cli.console import Console, mlflow_package, tracked
from gan_augment.cli.errors import UserError
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
from gan_augment.cli.table import load_table, show_forecast


def train(
    file: FileArgument,
    columns: ColumnOptions,
    reading: ReadingOptions,
    tracking: RegistryOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Directory of the generator; must not exist."
        ),
    ] = None,
    dry_run: DryRun = False,
    max_steps: MaxSteps = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train a generator of all classes, to draw rows from later.

    Example: `gan-augment train customers.csv --target churned -o generator`
    """
    if output is None and not tracking.registered_model and not dry_run:
        raise UserError(
            "`--output` or `--registered-model` must be given. Got neither. Pass one."
        )
    if output is not None and output.exists():
        raise UserError(
            f"`--output` must not exist. Got {str(output)!r}, which does. Take another "
            "name, or delete it."
        )
    console = Console(quiet, as_json)
    table = load_table(file, reading, columns, console)
    from gan_augment import TabularGAN

    gan = TabularGAN(verbose=console.shows_bars, random_state=seed)
    if max_steps is not None:
        gan.set_params(max_steps=max_steps)
    if dry_run:
        show_forecast(gan, table, console)
        return
    run_id = None
    with tracked(tracking, console) as logged:
        if logged is None:
            gan.fit(table.X, table.y)
        else:
            with logged.RunTracker("train") as run:
                gan.set_params(callbacks=[run])
                gan.fit(table.X, table.y)
                run.log_model(gan, registered_model_name=tracking.registered_model)
            run_id = run.run_id
    if output is not None:
        mlflow_package().save_model(gan, output)
        source, target = map(shlex.quote, (str(output), str(table.y.name)))
        console.say(
            f"Written to {output}. Draw rows: "
            f"gan-augment sample {source} -n 100 -t {target}"
        )
    console.show_json(
        {
            "classes": gan.classes_.tolist(),
            "steps": gan.history_["step"][-1],
            "seconds": gan.history_["seconds"][-1],
            "output": output,
            "run_id": run_id,
        }
    )
