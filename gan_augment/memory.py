"""How much memory there is, and a warning where more is needed."""

from __future__ import annotations

import warnings
from pathlib import Path

import psutil

# Limits of a container and what it holds: of cgroups, version 2 and version 1.
LIMITS = [
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
]


class MemoryWarning(UserWarning):
    """A computation needs more memory than is available.

    Examples
    --------
    >>> import warnings
    >>> from gan_augment import MemoryWarning
    >>> warnings.simplefilter("error", MemoryWarning)  # rather stop than swap
    >>> warnings.simplefilter("default", MemoryWarning)
    """


def available_memory() -> float:
    """Bytes that a process can take without swapping.

    Returns
    -------
    available : float
        What the machine has left, or the container if that is less.
    """
    left = [float(psutil.virtual_memory().available)]
    for limit, used in LIMITS:
        try:
            left.append(float(limit.read_text()) - float(used.read_text()))
        except (OSError, ValueError):  # there is no such file, or no limit: "max"
            continue
    return max(min(left), 0.0)


def warn_if_short(needed: float, what: str, *, stacklevel: int) -> None:
    """Warn if something needs more memory than is available.

    Parameters
    ----------
    needed : float
        Bytes that are needed.
    what : str
        What needs them, as the beginning of a sentence.
    stacklevel : int
        As of ``warnings.warn``, counted from the caller.
    """
    available = available_memory()
    if needed > available:
        warnings.warn(
            f"{what} needs about {in_words(needed)} of memory, but only "
            f"{in_words(available)} are available. Take fewer rows: `fit_dataset` "
            "trains on a part of a table, and `sampling_strategy` sets how many rows "
            "are drawn.",
            MemoryWarning,
            stacklevel=stacklevel + 1,
        )


def in_words(n_bytes: float) -> str:
    """Bytes as a person writes them."""
    if n_bytes < 1e9:
        return f"{n_bytes / 1e6:,.0f} MB"
    return f"{n_bytes / 1e9:,.1f} GB"
