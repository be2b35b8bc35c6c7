"""A progress bar on standard error of what runs, by what it tells its listeners."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Literal

from gan_augment.events import Listener, Task, listening

Verbose = bool | Literal["auto"]

# Seconds after which a bar that nobody asked for appears.
DELAY = 3.0
# Event that has the total of a bar -> label and unit of the bar.
COUNTED = {"steps": ("Training GAN", "step"), "arms": ("Comparing", "fit")}

# Whether a bar is shown in this block; None where nobody has decided yet.
_shown: ContextVar[bool | None] = ContextVar("shown", default=None)


class ProgressBar(Listener):
    """Show the outermost task that counts as a bar, and none of those inside it.

    Parameters
    ----------
    delay : float, default=0.0
        Seconds after which the bar appears.
    trials : bool, default=True
        Whether to show the fits of a search or a cross-validation, too.
    """

    def __init__(self, delay: float = 0.0, *, trials: bool = True) -> None:
        self._delay = delay
        self._trials = trials
        self._task: Task | None = None
        self._bar: Any = None

    def on_progress(self, task: Task, kind: str, value: Any) -> None:
        """Make the bar when the total is known, and advance it."""
        if self._task is None:
            if kind in COUNTED and (self._trials or not task.is_trial):
                self._begin(task, *COUNTED[kind], total=value)
            return
        n_done = 0  # for what runs inside: only the time goes on
        if task is self._task and kind == "arm":
            n_done = 1
        elif task is self._task and kind == "epoch":
            losses = {name: f"{value[name]:.3f}" for name in value if "loss" in name}
            self._bar.set_postfix(losses, refresh=False)
            n_done = int(value["step"]) - self._bar.n
        self._bar.update(n_done)

    def on_end(self, task: Task) -> None:
        """Close the bar."""
        if task is self._task:
            self._task = None
            self._bar.close()

    def _begin(self, task: Task, doing: str, unit: str, total: int) -> None:
        from tqdm.auto import tqdm

        self._task = task
        self._bar = tqdm(
            total=total, desc=doing, unit=unit, delay=self._delay, miniters=0
        )


@contextlib.contextmanager
def progress_bar(verbose: Verbose) -> Iterator[None]:
    """Show a bar of what runs in the ``with`` block, unless one is shown already.

    Parameters
    ----------
    verbose : bool or "auto"
        Whether to show a bar. ``"auto"`` leaves it to the block around this one; if
        there is none, a bar appears after some seconds where somebody looks.
    """
    outer = _shown.get()
    if verbose == "auto":
        wanted = outer is None and is_watched()
        bar = ProgressBar(DELAY, trials=False)
    else:
        wanted = bool(verbose) and not outer
        bar = ProgressBar()
    token = _shown.set(wanted or bool(outer))
    try:
        with listening(*[bar] * wanted):
            yield
    finally:
        _shown.reset(token)


def is_watched() -> bool:
    """Whether somebody sees standard error: in a terminal or in a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    in_notebook = shell is not None and "IPKernelApp" in shell.config
    return in_notebook or (sys.stderr is not None and sys.stderr.isatty())
