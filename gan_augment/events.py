"""Notify listeners of a resampling, the training of a GAN, a fit or a comparison.

A tracker, a progress bar or a log is a :class:`Listener`. It is added for the whole
process by :func:`add_listener`, or for a block of code by :func:`listening`. The code
that runs does not depend on them: it opens a task, which notifies the listeners.

==================  ==============  ============================  =================
name                subject         inputs                        result
==================  ==============  ============================  =================
``"fit_resample"``  the sampler     ``X``, ``y``                  resampled X and y
``"train"``         the GAN         ``X``, ``y``                  the GAN
``"fit"``           the classifier  ``X``, ``y``                  the classifier
``"compare"``       the classifier  ``X``, ``y``, ``samplers``    the Comparison
``"fold"``          None            ``fold``                      scores of the arms
==================  ==============  ============================  =================
"""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from types import FrameType
from typing import Any

__all__ = [
    "Listener",
    "Task",
    "add_listener",
    "listening",
    "muted",
    "progress",
    "remove_listener",
    "task",
]

# Where scikit-learn fits on the folds of a search or a cross-validation.
_VALIDATION_MODULE = "sklearn.model_selection._validation"


class Task:
    """A computation that runs, such as a fit, from its beginning to its end.

    Attributes
    ----------
    name : str
        Name of the task, such as ``"fit_resample"``.
    subject : object
        The estimator that runs, or None.
    inputs : dict of str to object
        Arguments of the call, as the caller passed them.
    parent : Task or None
        The task inside which it runs, in the same thread.
    is_trial : bool
        Whether the fit is one of many that are not kept: on a fold of ``compare``, of a
        cross-validation or of a search of scikit-learn.
    result : object
        Result of the task. None until it ends, and if it fails.
    error : BaseException or None
        Error with which it failed. None otherwise.

    See Also
    --------
    task : Open a task.

    Examples
    --------
    >>> from gan_augment.events import task
    >>> with task("search", n_trials=3) as outer, task("trial") as inner:
    ...     [each.name for each in inner.lineage()], outer.inputs
    (['trial', 'search'], {'n_trials': 3})
    """

    def __init__(
        self,
        name: str,
        subject: Any,
        inputs: dict[str, Any],
        parent: Task | None,
        listeners: tuple[Listener, ...],
    ) -> None:
        self.name = name
        self.subject = subject
        self.inputs = inputs
        self.parent = parent
        inherited = parent is not None and parent.is_trial
        self.is_trial: bool = name == "fold" or inherited or _is_in_validation()
        self.result: Any = None
        self.error: BaseException | None = None
        self._listeners = listeners

    def lineage(self) -> Iterator[Task]:
        """The task itself, the one inside which it runs, and so on."""
        task: Task | None = self
        while task is not None:
            yield task
            task = task.parent


class Listener:
    """Base class with three empty hooks; override the ones you need.

    An error in a hook becomes a warning, and the task goes on. Hooks may be called from
    several threads at the same time.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from gan_augment import GANOverSampler, TabularGAN
    >>> from gan_augment.events import Listener, listening
    >>> class Diary(Listener):
    ...     def on_begin(self, task):
    ...         print(task.name, "begins")
    ...
    ...     def on_end(self, task):
    ...         print(task.name, "failed" if task.error else "ends")
    >>> X, y = make_classification(100, weights=[0.8], random_state=0)
    >>> with listening(Diary()):
    ...     resampled = GANOverSampler(TabularGAN(max_steps=2)).fit_resample(X, y)
    fit_resample begins
    train begins
    train ends
    fit_resample ends
    """

    def on_begin(self, task: Task) -> None:
        """Receive a task before it begins."""

    def on_progress(self, task: Task, kind: str, value: Any) -> None:
        """Receive an event while a task runs.

        A training sends the kinds ``"steps"`` with the largest number of steps that can
        follow, ``"epoch"`` with the record of an epoch, and ``"picture"`` with its step
        and the picture of drawn images; see
        :class:`~gan_augment.training.callbacks.Callback`. A comparison sends ``"arms"``
        with the number of arms of all folds, and ``"arm"`` with a dict: the ``arm``,
        and either its ``scores`` on a fold or the ``error`` with which it failed.
        """

    def on_end(self, task: Task) -> None:
        """Receive a task after it has ended or failed."""


_current: ContextVar[Task | None] = ContextVar("current", default=None)
_scoped: ContextVar[tuple[Listener, ...]] = ContextVar("scoped", default=())
_muted: ContextVar[bool] = ContextVar("muted", default=False)
_added: tuple[Listener, ...] = ()
_lock = threading.Lock()


def add_listener(listener: Listener) -> None:
    """Notify a listener of every task of this process that begins from now on.

    Parameters
    ----------
    listener : Listener
        The listener. One that was added already is not added again.

    See Also
    --------
    listening : Notify listeners of the tasks of a block of code.

    Examples
    --------
    >>> from gan_augment.events import Listener, add_listener, remove_listener, task
    >>> class Names(Listener):
    ...     def on_begin(self, task):
    ...         print(task.name)
    >>> names = Names()
    >>> add_listener(names)
    >>> with task("search"):
    ...     pass
    search
    >>> remove_listener(names)
    """
    global _added
    with _lock:
        if all(other is not listener for other in _added):
            _added = (*_added, listener)


def remove_listener(listener: Listener) -> None:
    """Stop notifying a listener of new tasks.

    Parameters
    ----------
    listener : Listener
        The listener. It is still notified of the end of the tasks that had begun
        before. Nothing happens if it was not added.

    See Also
    --------
    add_listener : Add a listener; has an example.

    Examples
    --------
    >>> from gan_augment.events import Listener, remove_listener
    >>> remove_listener(Listener())
    """
    global _added
    with _lock:
        _added = tuple(other for other in _added if other is not listener)


@contextlib.contextmanager
def listening(*listeners: Listener) -> Iterator[None]:
    """Notify listeners of every task that begins inside the ``with`` block.

    This holds only for the current thread or asynchronous task.

    Parameters
    ----------
    *listeners : Listener
        The listeners.

    See Also
    --------
    add_listener : Notify a listener of all tasks of the process.

    Examples
    --------
    >>> from gan_augment.events import Listener, listening, task
    >>> class Names(Listener):
    ...     def on_begin(self, task):
    ...         print(task.name)
    >>> with listening(Names()), task("search"):
    ...     pass
    search
    """
    token = _scoped.set((*_scoped.get(), *listeners))
    try:
        yield
    finally:
        _scoped.reset(token)


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Notify no listener of the tasks that begin inside the ``with`` block.

    Use this for fits of which nothing is kept, such as those that are only timed. It
    holds only for the current thread or asynchronous task.

    See Also
    --------
    listening : Notify listeners of the tasks of a block.

    Examples
    --------
    >>> from gan_augment.events import Listener, listening, muted, task
    >>> class Names(Listener):
    ...     def on_begin(self, task):
    ...         print(task.name)
    >>> with listening(Names()), muted(), task("search"):
    ...     pass
    """
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


@contextlib.contextmanager
def task(name: str, subject: Any = None, **inputs: Any) -> Iterator[Task]:
    """Open a task: notify the listeners of its beginning and its end.

    Parameters
    ----------
    name : str
        Name of the task.
    subject : object, default=None
        The estimator that runs.
    **inputs : dict
        Arguments of the call.

    Yields
    ------
    task : Task
        Set its ``result`` before the block ends.

    See Also
    --------
    progress : Notify the listeners of an event of the task.

    Examples
    --------
    >>> from gan_augment.events import Listener, listening, task
    >>> class Results(Listener):
    ...     def on_end(self, task):
    ...         print(task.name, task.result)
    >>> with listening(Results()), task("search") as search:
    ...     search.result = 7
    search 7
    """
    listeners = () if _muted.get() else (*_added, *_scoped.get())
    opened = Task(name, subject, inputs, _current.get(), listeners)
    _tell(listeners, "on_begin", opened)
    token = _current.set(opened)
    try:
        yield opened
    except BaseException as error:
        opened.error = error
        raise
    finally:
        _current.reset(token)
        _tell(listeners[::-1], "on_end", opened)


def progress(kind: str, value: Any) -> None:
    """Notify the listeners of the task that runs here, if one runs, of an event.

    Parameters
    ----------
    kind : str
        Kind of the event, such as ``"epoch"``.
    value : object
        Value of the event.

    See Also
    --------
    Listener.on_progress : Lists the events of a training and of a comparison.

    Examples
    --------
    >>> from gan_augment.events import Listener, listening, progress, task
    >>> class Steps(Listener):
    ...     def on_progress(self, task, kind, value):
    ...         print(task.name, kind, value)
    >>> with listening(Steps()), task("search"):
    ...     progress("trial", 1)
    search trial 1
    """
    current = _current.get()
    if current is not None:
        _tell(current._listeners, "on_progress", current, kind, value)


def _tell(listeners: tuple[Listener, ...], hook: str, *arguments: Any) -> None:
    for listener in listeners:
        try:
            getattr(listener, hook)(*arguments)
        except Exception as error:
            warnings.warn(
                f"{type(listener).__name__}.{hook} failed; the task goes on: "
                f"{type(error).__name__}: {error}",
                UserWarning,
                stacklevel=2,
            )


def _is_in_validation() -> bool:
    """Whether scikit-learn calls from a fold of a search or a cross-validation.

    scikit-learn tells an estimator nothing of this: its callbacks reach those alone
    that a search was given, and ``cross_validate`` has none. So the callers are looked
    at, here and nowhere else.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") != _VALIDATION_MODULE:
        frame = frame.f_back
    return frame is not None
