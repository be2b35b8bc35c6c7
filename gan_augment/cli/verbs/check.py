"""``check``: what is wrong with a table and what it keeps, before any training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from gan_augment.cli.console import Console
from gan_augment.cli.errors import NOT_JUDGED, UserError
from gan_augment.cli.files import kind_of_output, read_table, write_table
from gan_augment.cli.options import FileArgument, Json, Quiet, ReadingOptions
from gan_augment.cli.table import (
    checked_column,
    checked_columns,
    describe,
    refuse_amounts,
)

if TYPE_CHECKING:
    from gan_augment import Rules

# The most rules that are printed.
MOST_RULES = 30


def check(
    file: FileArgument,
    reading: ReadingOptions,
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="Column of the classes.")
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Column to leave out; may be repeated."),
    ] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Apply the remedies that are safe.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="File to write the cleaned table to."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 3 if something is found.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find problems and rules of a table, and fix what is safe.

    Example: `gan-augment check customers.csv --target churned --clean -o clean.csv`
    """
    from gan_augment import Rules, check_table

    if clean != (output is not None):
        raise UserError(
            "`--clean` and `--output` go together: the cleaned table is written there. "
            "Pass both, or neither."
        )
    if output is not None:
        kind_of_output(output)
    console = Console(quiet, as_json)
    table = read_table(file, reading)
    describe(table, console)
    frame = table.frame.drop(columns=checked_columns("--drop", drop, table.frame))
    y: pd.Series | None = None
    X = frame
    if target is not None:
        y = frame[checked_column("--target", target, frame)]
        refuse_amounts(y)
        X = frame.drop(columns=target)
    found = check_table(X, y)
    console.show(str(found))
    rules = Rules().fit(X)
    console.show(_listed(rules))
    done: list[str] = []
    if output is not None:
        X, y, done = found.clean(X, y)
        for each in done:
            console.say(f"Cleaned: {each}")
        cleaned = X if y is None else X.assign(**{str(target): y})
        order = [name for name in frame if name in cleaned]
        write_table(cleaned[order], output, table)
        console.say(f"{len(cleaned):,} rows written to {output}.")
    console.show_json(
        {
            "rows": len(frame),
            "columns": frame.shape[1],
            "findings": found.to_frame().to_dict("records"),
            "rules": rules.to_frame().to_dict("records"),
            "cleaned": done,
        }
    )
    if strict and found.findings:
        raise typer.Exit(NOT_JUDGED)


def _listed(rules: Rules) -> str:
    """The rules as text, as many as a person reads."""
    lines = str(rules).splitlines()
    if len(lines) - 1 > MOST_RULES:
        left_out = len(lines) - 1 - MOST_RULES
        lines[MOST_RULES + 1 :] = [f"  and {left_out} more, which --json lists"]
    return "\n".join([f"{lines[0]} that every row keeps", *lines[1:]])
