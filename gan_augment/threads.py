"""How many threads a fit may use. The setting of every thread is given back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from threadpoolctl import threadpool_limits


class _Guard:
    """Which threads are inside :func:`one_thread`, and the setting to go back to.

    A thread that starts takes over torch's last setting. While a fit runs in another
    thread that is 1, which such a thread must not take for its own.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n_inside = 0
        self.outside = 1
        self.of_thread = threading.local()


_GUARD = _Guard()


@contextlib.contextmanager
def one_thread(device: str) -> Iterator[None]:
    """Run torch on one thread of the CPU, for small matrix products.

    More threads only cost time there, and sums, and so the rows, would depend on their
    number. Guards may be nested, and may overlap in several threads.

    Parameters
    ----------
    device : str
        Torch device. On another one than the CPU nothing is changed.
    """
    if device != "cpu" or getattr(_GUARD.of_thread, "inside", False):
        yield
        return
    import torch

    with _GUARD.lock:
        before = torch.get_num_threads()
        if _GUARD.n_inside == 0:
            _GUARD.outside = before
        elif before == 1:  # taken over from a fit in another thread
            before = _GUARD.outside
        _GUARD.n_inside += 1
        torch.set_num_threads(1)
    _GUARD.of_thread.inside = True
    try:
        yield
    finally:
        _GUARD.of_thread.inside = False
        with _GUARD.lock:
            _GUARD.n_inside -= 1
            torch.set_num_threads(before)


def one_openmp_thread() -> threadpool_limits:
    """Run OpenMP on one thread: those of boosted trees wait for each other by spinning.

    Returns
    -------
    limits : threadpool_limits
        A context manager.
    """
    return threadpool_limits(1, user_api="openmp")
