"""Run a function in a process of its own, and measure its time and memory."""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

SIZE, PEAK = "VmRSS", "VmHWM"


class Measured(NamedTuple):
    """What a function returned, and what it took.

    Parameters
    ----------
    result : object
        What it returned.
    seconds : float
        Its wall-clock time.
    cpu_seconds : float
        Its time on the processor.
    peak_mb : float
        Largest size of its process, libraries included.
    risen_mb : float
        The same above the size of the process when it began.
    """

    result: Any
    seconds: float
    cpu_seconds: float
    peak_mb: float
    risen_mb: float


def measured(
    function: Callable[..., Any],
    *arguments: Any,
    prepare: Callable[..., Any] | None = None,
) -> Measured:
    """Run a function in a new process. Needs Linux.

    Parameters
    ----------
    function : callable
        A function of a module. Its result and its arguments can be pickled.
    *arguments : object
        Its arguments, or those of `prepare`.
    prepare : callable, default=None
        Called before with the arguments. What it returns is the only argument of
        `function`, and what it takes is not measured.

    Returns
    -------
    measured : Measured
        The result and the cost.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_run, args=(theirs, function, arguments, prepare), daemon=True
    )
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    except EOFError as error:
        process.join()
        raise MemoryError(
            f"{function.__name__} was ended, by signal {-(process.exitcode or 0)}."
        ) from error
    process.join()
    if isinstance(found, str):
        raise RuntimeError(found)
    return found


def _run(
    to: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    prepare: Callable[..., Any] | None,
) -> None:
    try:
        if prepare is not None:
            arguments = (prepare(*arguments),)
        # Libraries are loaded when they are first used.
        _warm_up()
        before = _memory(SIZE)
        # What was the most until now, forgotten.
        Path("/proc/self/clear_refs").write_text("5")
        begin, cpu = time.perf_counter(), time.process_time()
        result = function(*arguments)
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        peak = _memory(PEAK)
        to.send(Measured(result, seconds, cpu, peak, peak - before))
    except Exception:
        to.send(traceback.format_exc())


def _warm_up() -> None:
    import numpy as np
    import torch

    from gan_augment import GANOverSampler, TabularGAN

    torch.set_num_threads(1)
    rows = np.random.default_rng(0).normal(size=(40, 2))
    sampler = GANOverSampler(TabularGAN(max_steps=2), random_state=0)
    sampler.fit_resample(rows, np.arange(40) % 5 == 0)


def _memory(name: str) -> float:
    """Megabytes of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return float(line.split()[1]) * 1024 / 1e6
    raise OSError(f"/proc/self/status has no {name}.")
