"""Tasks on joblib's active backend, whose results are used as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from joblib import Parallel
from joblib.parallel import get_active_backend


def run_tasks(
    tasks: Iterable[Any], n_jobs: int | None, **options: Any
) -> Iterator[Any]:
    """Run tasks in parallel.

    Parameters
    ----------
    tasks : iterable
        What ``joblib.delayed`` returns.
    n_jobs : int or None
        Number of jobs, as of joblib.
    **options : object
        Further parameters of :class:`joblib.Parallel`.

    Returns
    -------
    results : iterator
        The results in the order of the tasks; each as soon as it is there, unless the
        backend gives all at the end, as that of Ray does.
    """
    backend, _ = get_active_backend()
    each = getattr(backend, "supports_return_generator", False)
    options["return_as"] = "generator" if each else "list"
    return iter(Parallel(n_jobs=n_jobs, **options)(tasks))
