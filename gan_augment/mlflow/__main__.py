"""``python -m gan_augment.mlflow sync``: bring in what waits on disk."""

from __future__ import annotations

import argparse
import signal
import sys

from gan_augment.mlflow.spool import SPOOL_VARIABLE, default_spool
from gan_augment.mlflow.syncing import sync

# What shells give for a command that Ctrl-C has ended.
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gan_augment.mlflow")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser(
        "sync", help="bring the runs that wait on disk into MLflow"
    )
    command.add_argument(
        "spool", nargs="?", help=f"spool directory (default: {SPOOL_VARIABLE} or here)"
    )
    command.add_argument("--tracking-uri", help="default: where each run was meant for")
    command.add_argument(
        "--experiment", help="name; default: where each run was meant for"
    )
    given = parser.parse_args(arguments)
    try:
        results = sync(given.spool, given.tracking_uri, given.experiment)
    except KeyboardInterrupt:
        # The process ends now: another Ctrl-C would only interrupt its exit.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return INTERRUPTED
    for result in results:
        outcome = f"kept: {result.error}" if result.error else "sent"
        lines = [outcome, *result.notes]
        print(f"{result.directory.name} -> {result.tracking_uri}: {'; '.join(lines)}")  # noqa: T201
    if not results:
        print(f"Nothing waits in {given.spool or default_spool()}.")  # noqa: T201
    return int(any(result.error and not result.in_use for result in results))


if __name__ == "__main__":
    sys.exit(main())
