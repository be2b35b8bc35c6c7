"""The command line: ``gan-augment VERB``, one verb a module in ``verbs``.

Exit codes: 0 for success, 1 for a mistake in the file or in an option, 2 for a command
line that cannot be read, 3 where the rows cannot be judged, or where ``check --strict``
found something. ``GAN_AUGMENT_DEBUG=1`` shows where an error was raised.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from gan_augment.cli.errors import USER_ERROR, UserError

DEBUG_VARIABLE = "GAN_AUGMENT_DEBUG"
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : list of str, default=None
        The command line. If None, that of the process.

    Returns
    -------
    status : int
        Exit code.
    """
    from gan_augment.cli.app import app

    try:
        with warnings.catch_warnings():
            warnings.showwarning = _once_in_one_line()
            app(args=arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    # Ours and those of libraries alike say what they need, in these.
    except (ValueError, TypeError, OSError, ImportError, RuntimeError) as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        hint = f" ({DEBUG_VARIABLE}=1 shows where.)"
        say(one_line(error) + ("" if isinstance(error, UserError) else hint))
        return USER_ERROR
    return 0


def one_line(error: BaseException | str) -> str:
    """What an error or a warning says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def say(text: str) -> None:
    """Print a line on standard error."""
    print(f"gan-augment: {text}", file=sys.stderr)  # noqa: T201


def _once_in_one_line() -> Callable[..., None]:
    """What shows a warning once, without the line of code that it comes from."""
    shown: set[str] = set()

    def show(message: Warning | str, *args: Any, **kwargs: Any) -> None:
        text = one_line(str(message))
        if text not in shown:
            shown.add(text)
            say(f"warning: {text}")

    return show


def run() -> None:
    """Run the command of the process, and end it with its exit code."""
    sys.exit(main())
