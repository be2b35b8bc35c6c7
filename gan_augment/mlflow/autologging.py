"""autolog(): a listener for which every ``fit_resample`` and ``compare`` is a run."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mlflow
import numpy as np
from mlflow.utils.autologging_utils import (
    AUTOLOGGING_INTEGRATIONS,
    autologging_integration,
    autologging_is_disabled,
    disable_autologging,
)
from mlflow.utils.autologging_utils.logging_and_warnings import (
    MlflowEventsAndWarningsBehaviorGlobally,
    NonMlflowWarningsBehaviorForCurrentThread,
)
from mlflow.utils.autologging_utils.safety import _AutologgingSessionManager
from sklearn.utils import _safe_indexing

import gan_augment
from gan_augment.events import Listener, Task, add_listener
from gan_augment.gans import BaseSynthesizer
from gan_augment.mlflow.comparisons import log_comparison
from gan_augment.mlflow.flavor import FLAVOR_NAME
from gan_augment.mlflow.frames import make_dataset, plain_labels, without_schema_hints
from gan_augment.mlflow.names import KIND_TAG, VERSION_TAG, check_registered_name
from gan_augment.mlflow.parameters import fit_parameters
from gan_augment.mlflow.rules import RULES_FILE, rules_as_json, rules_of
from gan_augment.mlflow.tracker import RunTracker


class AutologScope(contextlib.AbstractContextManager["AutologScope"]):
    """Context manager that ends the tracking which :func:`autolog` began.

    Parameters
    ----------
    before : dict
        Options of the tracking before; empty if nothing was tracked.
    """

    def __init__(self, before: dict[str, Any]) -> None:
        self._before = before

    def __exit__(self, *error: object) -> None:
        """Track as before the block, or not at all."""
        _configure(**(self._before or {"disable": True}))

    def __repr__(self) -> str:
        return "<autolog of gan_augment>"


def autolog(
    *,
    log_models: bool = True,
    log_datasets: bool = True,
    log_figures: bool = True,
    registered_model_name: str | None = None,
    extra_tags: dict[str, str] | None = None,
    spool_dir: str | Path | None = None,
    disable: bool = False,
    exclusive: bool = False,
    silent: bool = False,
) -> AutologScope:
    """Track every ``GANOverSampler.fit_resample`` from now on, wherever it is called.

    Each call becomes a run, a child of the active run if there is one. The run holds
    the parameters, class counts, the training data (digest and schema, never the rows),
    losses of every epoch, seconds, figures, the rules that the rows keep as
    ``rules.json``, and the fitted generator as a logged model. If nothing is
    configured, MLflow keeps runs in ``mlflow.db`` in the working directory. A call of
    :func:`~gan_augment.compare` becomes one run with a child for every arm; its fits do
    not become runs.

    In a ``with`` statement, the calls inside the block are tracked, and the settings
    before the block are restored after it. Otherwise calls are tracked until
    ``autolog(disable=True)``.

    A fit on a fold of a search or a cross-validation becomes a run without data,
    figures and model, so that a search of 200 fits does not register 200 models.

    Fits in parallel threads are tracked; ``mlflow.sklearn.autolog`` leaves out fits of
    other threads. In MLflow, a run is active only in the thread that started it. Fits
    in other processes (``n_jobs``) are not tracked, as with ``mlflow.sklearn.autolog``,
    unless each process calls this function when it starts::

        with joblib.parallel_config("loky", initializer=gan_augment.mlflow.autolog):
            GridSearchCV(pipeline, grid, n_jobs=2).fit(X, y)

    A training neither waits for a tracking server nor fails because of it. The end of a
    fit waits at most 30 seconds for a server that answers. Records that MLflow does not
    accept stay in the spool directory; ``python -m gan_augment.mlflow sync`` sends them
    later.

    Parameters
    ----------
    log_models : bool, default=True
        Whether to log the generator.
    log_datasets : bool, default=True
        Whether to log the training data as an input.
    log_figures : bool, default=True
        Whether to log figures of the training curves, and of real against synthetic
        rows.
    registered_model_name : str, default=None
        Name under which every logged generator is registered. The newest version has
        the alias ``candidate``. A generator whose columns differ from those of the
        earlier versions is logged with a warning and not registered. If None, no
        generator is registered.
    extra_tags : dict of str to str, default=None
        Tags of every run. Characters that MLflow does not accept in a name are replaced
        by underscores. If None, no tags are added.
    spool_dir : path-like, default=None
        Directory where runs wait until they are sent. If None, use the environment
        variable ``GAN_AUGMENT_SPOOL`` or, if that is not set, ``.gan_augment_spool`` in
        the working directory.
    disable : bool, default=False
        Whether to stop tracking.
    exclusive : bool, default=False
        Whether to skip fits inside a run that the user has started.
    silent : bool, default=False
        Whether to hide MLflow's own messages, and warnings about tracking.

    Returns
    -------
    scope : AutologScope
        Context manager that restores the earlier settings at the end of its block.

    Raises
    ------
    ValueError
        If `registered_model_name` is not a valid name of a registered model.

    See Also
    --------
    gan_augment.events : Send the same events to a tracker of your own.

    Examples
    --------
    >>> import gan_augment.mlflow
    >>> with gan_augment.mlflow.autolog(registered_model_name="churn-generator"):
    ...     pass  # fits here are tracked
    >>> scope = gan_augment.mlflow.autolog()  # fits from here on are tracked
    >>> scope = gan_augment.mlflow.autolog(disable=True)
    """
    if registered_model_name is not None:
        check_registered_name(registered_model_name)
    before = AUTOLOGGING_INTEGRATIONS[FLAVOR_NAME]
    enabled = {} if before.get("disable", True) else dict(before)
    _configure(
        log_models=log_models,
        log_datasets=log_datasets,
        log_figures=log_figures,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
        spool_dir=spool_dir,
        disable=disable,
        exclusive=exclusive,
        silent=silent,
    )
    return AutologScope(enabled)


@autologging_integration(FLAVOR_NAME)
def _configure(*, disable: bool = False, silent: bool = False, **options: Any) -> None:
    """Keep the options where MLflow keeps those of its own integrations."""
    add_listener(_autologger)


# Options of autolog when the task began: another thread may change them meanwhile.
Options = dict[str, Any]


class FitRun(NamedTuple):
    """The run of a ``fit_resample`` that goes on."""

    tracker: RunTracker
    begin: float
    session: contextlib.ExitStack
    options: Options


class Autologger(Listener):
    """Track as the options of :func:`autolog` say."""

    def __init__(self) -> None:
        self._runs: dict[Task, FitRun] = {}
        self._comparisons: dict[Task, tuple[contextlib.ExitStack, Options]] = {}

    def on_begin(self, task: Task) -> None:
        """Begin a run for a resampling; for a comparison, none of its fits is a run."""
        if task.name not in ("fit_resample", "compare"):
            return
        options = dict(AUTOLOGGING_INTEGRATIONS[FLAVOR_NAME])
        if not _is_tracked(task, options):
            return
        stack = contextlib.ExitStack()
        if task.name == "compare":
            stack.enter_context(disable_autologging())
            self._comparisons[task] = stack, options
            return
        with _messages(options):
            tags = {
                KIND_TAG: "trial-fit" if task.is_trial else "generator-fit",
                VERSION_TAG: gan_augment.__version__,
                **(options["extra_tags"] or {}),
            }
            tracker = RunTracker("fit_resample", tags=tags, spool=options["spool_dir"])
            # The filter's classifier is a part of this fit, not a run's subject.
            stack.enter_context(_no_sklearn_runs(task.subject))
            self._runs[task] = FitRun(tracker, time.perf_counter(), stack, options)

    def on_progress(self, task: Task, kind: str, value: Any) -> None:
        """Log the records and pictures of the training of the GAN."""
        runs = (self._runs.get(each) for each in task.lineage())
        run = next((run for run in runs if run is not None), None)
        if run is None:
            return
        if kind == "epoch":
            run.tracker.on_epoch_end(value)
        elif kind == "picture":
            run.tracker.on_picture(*value)

    def on_end(self, task: Task) -> None:
        """Log the result."""
        if task in self._comparisons:
            stack, options = self._comparisons.pop(task)
            stack.close()
            if task.error is None and not task.is_trial:
                with _messages(options), _warning_instead("the comparison"):
                    _log_comparison(task, options)
        elif task in self._runs:
            run = self._runs.pop(task)
            # Of the figures, too, no part is a run.
            with _messages(run.options), contextlib.closing(run.session):
                _end_fit(task, run)


_autologger = Autologger()


def _is_tracked(task: Task, options: Options) -> bool:
    """Whether the options let a task be a run."""
    if autologging_is_disabled(FLAVOR_NAME):
        return False
    if any(each.name in ("compare", "fold") for each in _enclosing(task)):
        return False
    is_users = mlflow.active_run() and not _AutologgingSessionManager.active_session()
    return not (is_users and options["exclusive"])


def _enclosing(task: Task) -> list[Task]:
    return list(task.lineage())[1:]


@contextlib.contextmanager
def _messages(options: Options) -> Iterator[None]:
    """Warnings of tracking are MLflow's messages, which `silent` hides.

    MLflow does so around the patches of its own integrations.
    """
    silent = bool(options["silent"])
    with (
        MlflowEventsAndWarningsBehaviorGlobally(
            reroute_warnings=True, disable_event_logs=silent, disable_warnings=silent
        ),
        NonMlflowWarningsBehaviorForCurrentThread(
            reroute_warnings=True, disable_warnings=silent
        ),
    ):
        yield


def _no_sklearn_runs(estimator: Any) -> contextlib.AbstractContextManager[Any]:
    """What ``mlflow.sklearn.autolog`` does around the parts of a meta-estimator.

    A private name, because ``disable_autologging`` is for the whole process.
    """
    from mlflow.sklearn import _SklearnTrainingSession

    return _SklearnTrainingSession(estimator=estimator, allow_children=False)


def _end_fit(task: Task, run: FitRun) -> None:
    """Log what came of a fit, and end its run whatever that costs."""
    tracker, sampler = run.tracker, task.subject
    if task.error is not None:
        tracker.__exit__(type(task.error), task.error, None)
        return
    try:
        seconds = time.perf_counter() - run.begin
        tracker.log_metrics({"seconds/fit_resample": seconds})
        with _warning_instead("the parameters"):
            params = fit_parameters(sampler, task.inputs["y"], task.result[1])
            tracker.log_params(params)
        if not task.is_trial:
            _log_fit(tracker, sampler, task.inputs, task.result, run.options)
    finally:
        tracker.close()
    if tracker.model_id is not None:
        sampler.gan_.mlflow_model_id_ = tracker.model_id


def _log_fit(
    tracker: RunTracker,
    sampler: Any,
    inputs: dict[str, Any],
    resampled: tuple[Any, Any],
    options: Options,
) -> None:
    """What only a fit that is kept has: data, figures, rules, the generator."""
    X, y = inputs["X"], inputs["y"]
    synthetic = np.flatnonzero(sampler.synthetic_mask_)
    X_synthetic = _safe_indexing(resampled[0], synthetic)
    labels = plain_labels(y)
    synthetic_labels = plain_labels(resampled[1])[synthetic]
    tags = {VERSION_TAG: gan_augment.__version__}
    if options["log_datasets"]:
        with _warning_instead("the data"), without_schema_hints():
            target = str(getattr(y, "name", None) or "target")
            real = make_dataset("training", X, labels, target)
            tags["gan_augment.data_digest"] = real.digest
            tracker.log_dataset(real, context="training")
            drawn = make_dataset("synthetic", X_synthetic, synthetic_labels, target)
            tracker.log_dataset(drawn, context="synthetic")
    if options["log_figures"]:
        with _warning_instead("the figures"):
            # Here, because it takes half a second to import matplotlib.
            from gan_augment.mlflow.figures import fit_figures

            rows = (X, labels, X_synthetic, synthetic_labels)
            for title, figure in fit_figures(sampler, *rows):
                tracker.log_figure(figure, title)
    if (rules := rules_of(sampler)) is not None:
        with _warning_instead("the rules"):
            tracker.log_text(rules_as_json(rules), RULES_FILE)
    if options["log_models"] and isinstance(sampler.gan_, BaseSynthesizer):
        with _warning_instead("the generator"):
            tracker.log_model(
                sampler.gan_,
                registered_model_name=options["registered_model_name"],
                tags=tags,
                class_counts=Counter(labels.tolist()),
            )


@contextlib.contextmanager
def _warning_instead(what: str) -> Iterator[None]:
    """Turn an error into a warning, so that the rest of the run is logged."""
    try:
        yield
    except Exception as error:
        warnings.warn(
            f"The run has not {what}: {type(error).__name__}: {error}",
            UserWarning,
            stacklevel=2,
        )


def _log_comparison(task: Task, options: Options) -> None:
    inputs = task.inputs
    log_comparison(
        task.result,
        data=(inputs["X"], inputs["y"]) if options["log_datasets"] else None,
        classifier=task.subject,
        samplers=inputs["samplers"],
        tags=options["extra_tags"],
        spool=options["spool_dir"],
    )
