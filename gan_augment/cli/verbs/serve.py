"""``serve``: a generator behind HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from gan_augment.cli.console import Console
from gan_augment.cli.options import Quiet
from gan_augment.cli.verbs.sample import SourceArgument, TrackingUri, check_source


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
    check_source(source)
    Console(quiet).say(f"{source} answers at http://{host}:{port}/invocations")
    # MLflow starts its server by name, which a shell need not know.
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [sys.executable, "-m", "mlflow", "models", "serve"]
    command += ["--model-uri", source, "--env-manager", "local", "--host", host]
    command += ["--port", str(port), "--workers", str(workers)]
    environment = os.environ | {"PATH": programs}
    if tracking_uri is not None:
        environment["MLFLOW_TRACKING_URI"] = tracking_uri
    finished = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.DEVNULL if quiet else None,
        check=False,
    )
    raise typer.Exit(finished.returncode)
