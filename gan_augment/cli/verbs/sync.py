"""``sync``: bring in the runs that wait on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_augment.cli.console import Console, mlflow_package
from gan_augment.cli.errors import USER_ERROR, UserError
from gan_augment.cli.options import Json, Quiet


def sync(
    spool: Annotated[
        Path | None,
        typer.Argument(
            help="Directory where runs wait. If not given, GAN_AUGMENT_SPOOL, or "
            ".gan_augment_spool in the working directory."
        ),
    ] = None,
    tracking_uri: Annotated[
        str | None,
        typer.Option(help="Address of MLflow. If not given, that of each run."),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(help="Name of an experiment. If not given, that of each run."),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Send the runs that wait on disk to MLflow.

    Example: `gan-augment sync --tracking-uri http://localhost:5000`
    """
    if spool is not None and not spool.is_dir():
        raise UserError(
            f"SPOOL must be a directory. Got {str(spool)!r}. Leave it out for the "
            "usual one."
        )
    console = Console(quiet, as_json)
    results = mlflow_package().sync(spool, tracking_uri, experiment)
    for result in results:
        outcome = f"kept: {result.error}" if result.error else "sent"
        told = "; ".join([outcome, *result.notes])
        console.show(f"{result.directory.name} -> {result.tracking_uri}: {told}")
    if not results:
        console.say("Nothing waits on disk.")
    console.show_json({"runs": [result._asdict() for result in results]})
    if any(result.error and not result.in_use for result in results):
        raise typer.Exit(USER_ERROR)
