"""What is printed: the result on standard output, all else on standard error."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import rich.console
from rich.table import Table

from gan_augment.cli.options import RegistryOptions, TrackingOptions

WIDTH_OF_A_FILE = 100


class Console:
    """Standard output for the result, and standard error for what is said meanwhile.

    Parameters
    ----------
    quiet : bool, default=False
        Whether to print the result and errors alone.
    as_json : bool, default=False
        Whether to print the result as JSON.
    """

    def __init__(self, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json
        # Tables are cut off where nobody looks at them, as in a file.
        self._out, self._err = (
            rich.console.Console(
                stderr=stderr,
                width=None if stream.isatty() else WIDTH_OF_A_FILE,
                highlight=False,
                markup=False,
            )
            for stderr, stream in ((False, sys.stdout), (True, sys.stderr))
        )

    @property
    def shows_bars(self) -> bool:
        """Whether somebody looks who would see how far a computation is."""
        return not self.quiet and sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Print a line that is not the result."""
        if not self.quiet:
            self._err.print(text, soft_wrap=True)

    def show(self, text: str | Table, style: str = "") -> None:
        """Print a part of the result, unless it is printed as JSON."""
        if not self.as_json:
            self._out.print(text, style=style, soft_wrap=isinstance(text, str))

    def show_json(self, result: dict[str, Any]) -> None:
        """Print the result, if it is to be JSON."""
        if self.as_json:
            print(json.dumps(plain(result), indent=2, ensure_ascii=False))  # noqa: T201

    def begin(self, doing: str) -> None:
        """Say what is done now, if somebody looks who would have to wait."""
        if self.shows_bars:
            self.say(f"{doing} ...")


def plain(value: Any) -> Any:
    """A value as JSON has it; what is no finite number is null."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, pd.DataFrame):
        return plain(value.to_dict("index"))
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def mlflow_package(tracking_uri: str | None = None) -> ModuleType:
    """Import ``gan_augment.mlflow``, which takes seconds, without MLflow's messages.

    Parameters
    ----------
    tracking_uri : str, default=None
        Where MLflow is. If None, as its environment says.

    Returns
    -------
    package : module
        ``gan_augment.mlflow``.
    """
    if tracking_uri is not None:
        # MLflow reads its environment; nothing else of this process does.
        os.environ["MLFLOW_TRACKING_URI"] = tracking_uri
    import gan_augment.mlflow

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    return gan_augment.mlflow


@contextlib.contextmanager
def tracked(options: TrackingOptions, console: Console) -> Iterator[Any]:
    """Keep fits and comparisons in MLflow within the block, if that is wanted.

    Parameters
    ----------
    options : TrackingOptions
        Where to.
    console : Console
        Where it is said.

    Yields
    ------
    tracking : module or None
        ``gan_augment.mlflow``, or None if nothing is tracked.
    """
    if not options.wanted:
        yield None
        return
    os.environ["MLFLOW_EXPERIMENT_NAME"] = options.experiment
    tracking = mlflow_package(options.tracking_uri)
    name = options.registered_model if isinstance(options, RegistryOptions) else None
    with tracking.autolog(registered_model_name=name, silent=console.quiet):
        yield tracking
    where = options.tracking_uri or "mlflow.db in this directory"
    registered = f"; the generator is registered as {name!r}" if name else ""
    console.say(f"Tracked in {where}, experiment {options.experiment!r}{registered}.")


@contextlib.contextmanager
def silent_workers() -> Iterator[None]:
    """Keep processes that are started in the block from printing warnings.

    Each would print its own, with the line of code; `check` says what is wrong with a
    table once.
    """
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before
