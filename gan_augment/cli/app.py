"""The verbs of the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

import gan_augment
from gan_augment.cli.options import verb
from gan_augment.cli.verbs.check import check
from gan_augment.cli.verbs.compare import compare
from gan_augment.cli.verbs.images import images
from gan_augment.cli.verbs.report import report
from gan_augment.cli.verbs.resample import resample
from gan_augment.cli.verbs.sample import sample
from gan_augment.cli.verbs.serve import serve
from gan_augment.cli.verbs.sync import sync
from gan_augment.cli.verbs.train import train

# To add a verb, write a function and list it here.
VERBS: dict[str, tuple[Callable[..., None], ...]] = {
    "A table": (check, compare, report, resample),
    "A generator": (train, sample, serve, sync),
    "Images": (images,),
}

app = typer.Typer(
    name="gan-augment",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["--help", "-h"]},
)
for panel, functions in VERBS.items():
    for function in functions:
        app.command(rich_help_panel=panel)(verb(function))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(gan_augment.__version__)
        raise typer.Exit


@app.callback()
def _about(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Draw synthetic rows of a rare class, and measure whether they help.

    Start with `gan-augment check customers.csv --target churned`, then `compare`, which
    says whether over-sampling helps on your table, or `report`, which writes a page.
    """
