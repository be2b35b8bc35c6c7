"""Errors of a user, in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

# Exit codes; 0 is success, and 2 is the parser's for a command line it cannot read.
USER_ERROR, NOT_JUDGED = 1, 3
MOST_SHOWN = 20


class UserError(ValueError):
    """Something in the file or in an option that the user can put right."""


def nearest(wanted: str, names: Iterable[Any], cutoff: float = 0.6) -> str | None:
    """The name that was meant, as far as one is alike; capitals and blanks aside."""
    by_key = {str(name).strip().casefold(): str(name) for name in names}
    near = difflib.get_close_matches(wanted.strip().casefold(), by_key, 1, cutoff)
    return by_key[near[0]] if near else None


def listed(names: Iterable[Any]) -> str:
    """Names in quotes, in a sentence."""
    quoted = [repr(str(name)) for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)


def suggestion(wanted: str, names: Iterable[Any]) -> str:
    """End a message with the nearest name, or with all names where none is near.

    Parameters
    ----------
    wanted : str
        What was given.
    names : iterable
        What could have been given.

    Returns
    -------
    text : str
        A sentence.
    """
    known = [str(name) for name in names]
    near = nearest(wanted, known)
    if near is not None:
        return f"Did you mean {near!r}?"
    shown = known if len(known) <= MOST_SHOWN else [*known[:MOST_SHOWN], "others"]
    return f"There are {listed(shown)}." if known else ""
