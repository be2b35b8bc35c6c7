"""``serve``: a generator behind HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_augment.cli.console import Console, mlflow_package
from gan_augment.cli.options import Quiet
from gan_augment.cli.verbs.sample import SourceArgument, TrackingUri, refuse_source


def serve(
    source: SourceArgument,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5001,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    tracking_uri: TrackingUri = None,
    quiet: Quiet = False,
) -> None:
    """Serve a generator, as `mlflow models serve` does in this environment.

    Example: `gan-augment serve models:/churn-generator@champion --port 5001`

    Ask it: `curl localhost:5001/invocations -H 'Content-Type: application/json' -d
    '{"dataframe_records": [], "params": {"n_rows": 5}}'`
    """
    if ":/" not in source and not (Path(source) / "MLmodel").is_file():
        refuse_source(source)
    Console(quiet).say(f"{source} answers at http://{host}:{port}/invocations")
    server = mlflow_package().serve(
        source,
        host=host,
        port=port,
        workers=workers,
        tracking_uri=tracking_uri,
        quiet=quiet,
    )
    try:
        status = server.wait()
    finally:
        server.terminate()
    raise typer.Exit(status)
