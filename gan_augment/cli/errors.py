"""What a user can get wrong, said in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

# Exit codes; 0 is success, and 2 is the parser's for a command line it cannot read.
MISTAKE, NOT_JUDGED = 1, 3


class Mistake(ValueError):
    """Something in the file or in an option that the user can put right."""


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
    by_key = {name.strip().casefold(): name for name in known}
    near = difflib.get_close_matches(wanted.strip().casefold(), by_key, n=1)
    if near:
        return f"Did you mean {by_key[near[0]]!r}?"
    shown = ", ".join(repr(name) for name in known[:20])
    return f"There are {shown}{' and others' * (len(known) > 20)}."
