"""autolog(): every ``fit_resample`` is a run, with its curves and its generator."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from mlflow.data.dataset import Dataset
from mlflow.data.numpy_dataset import from_numpy
from mlflow.data.pandas_dataset import from_pandas
from mlflow.utils.autologging_utils import (
    autologging_integration,
    disable_autologging,
    get_autologging_config,
    safe_patch,
)
from sklearn.utils import _safe_indexing

import gan_augment
from gan_augment.comparison import run
from gan_augment.gans import BaseSynthesizer
from gan_augment.mlflow.comparisons import log_comparison
from gan_augment.mlflow.flavor import FLAVOR_NAME
from gan_augment.mlflow.frames import (
    MAX_COLUMNS,
    as_table,
    with_target,
    without_schema_hints,
)
from gan_augment.mlflow.names import KIND_TAG, VERSION_TAG
from gan_augment.mlflow.tracker import RunTracker
from gan_augment.training.callbacks import watching

# A fit that these call is one of many, of which none is kept: cross_validate and every
# search fit through it. compare is not among them, for it has a run of its own.
TRIAL_MODULES = {"sklearn.model_selection._validation"}


@autologging_integration(FLAVOR_NAME)
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
) -> None:
    """Track every ``GANOverSampler.fit_resample`` from now on, wherever it is called.

    Each call becomes a run, a child of the active run if there is one: parameters,
    class counts, the training data (digest and schema, never the rows), losses of
    every epoch, seconds, figures, and the fitted generator as a logged model. With
    nothing configured, MLflow keeps them in ``mlflow.db`` in the working directory.
    A :func:`~gan_augment.compare` becomes a run with a child for every arm; its fits
    are no runs.

    A fit on a fold of a search or a cross-validation is a run without data, figures and
    model: a search of 200 fits does not register 200 models.

    Fits in parallel threads are tracked, but for those that begin while a ``compare``
    runs; ``mlflow.sklearn.autolog`` leaves out what other threads fit meanwhile. MLflow
    knows an active run in its own thread alone. Fits in other processes
    (``n_jobs``) are not, as with ``mlflow.sklearn.autolog``, unless each of them calls
    this function when it starts::

        with joblib.parallel_config("loky", initializer=gan_augment.mlflow.autolog):
            GridSearchCV(pipeline, grid, n_jobs=2).fit(X, y)

    No training waits for a server, or fails for it; the end of a fit waits for one that
    answers, at most half a minute. What MLflow does not take stays in the spool
    directory, for ``python -m gan_augment.mlflow sync``.

    Parameters
    ----------
    log_models : bool, default=True
        Whether to log the generator.
    log_datasets : bool, default=True
        Whether to log the training data as an input.
    log_figures : bool, default=True
        Whether to draw the training curves, and real against synthetic rows.
    registered_model_name : str, default=None
        Register every logged generator under this name; the newest version has the
        alias ``candidate``.
    extra_tags : dict of str to str, default=None
        Tags of every run. What MLflow refuses in a name is replaced by an underscore.
    spool_dir : path-like, default=None
        Where runs wait until they are sent. None takes ``GAN_AUGMENT_SPOOL`` or, where
        that is not set, ``.gan_augment_spool`` in the working directory.
    disable : bool, default=False
        Stop tracking.
    exclusive : bool, default=False
        Whether to leave fits alone for which the user has started a run.
    silent : bool, default=False
        Whether to hide MLflow's own messages, and warnings about tracking.

    Examples
    --------
    >>> import gan_augment.mlflow
    >>> gan_augment.mlflow.autolog(registered_model_name="churn-generator")
    >>> gan_augment.mlflow.autolog(disable=True)
    """
    safe_patch(
        FLAVOR_NAME, gan_augment.GANOverSampler, "fit_resample", _tracked_fit_resample
    )
    safe_patch(FLAVOR_NAME, run, "cross_validate_arms", _tracked_comparison)


def _tracked_fit_resample(
    original: Any, self: Any, X: Any, y: Any, **params: Any
) -> Any:
    """``fit_resample`` watched by a run. What fails here and not there is a warning."""
    is_trial = _is_trial()
    with RunTracker(
        "fit_resample",
        tags={
            KIND_TAG: "trial-fit" if is_trial else "generator-fit",
            VERSION_TAG: gan_augment.__version__,
            **(_option("extra_tags") or {}),
        },
        spool=_option("spool_dir"),
    ) as tracker:
        begin = time.perf_counter()
        # The filter's classifier is a part of this fit, not a run's subject.
        with watching(tracker), _no_sklearn_runs(self):
            resampled = original(self, X, y, **params)
        tracker.log_metrics({"fit_resample_seconds": time.perf_counter() - begin})
        with _warning_instead("the parameters"):
            tracker.log_params(_params(self, y, resampled[1]))
        if not is_trial:
            with _no_sklearn_runs(self):  # nor is a figure's PCA
                _log_fit(tracker, self, X, y, resampled)
    if tracker.model_id is not None:
        self.gan_.mlflow_model_id_ = tracker.model_id
    return resampled


def _tracked_comparison(original: Any, *args: Any, **params: Any) -> Any:
    """``compare`` as one run with a child an arm; its fits are no runs of their own."""
    with disable_autologging():
        comparison = original(*args, **params)
    if _is_trial():
        return comparison
    with _warning_instead("the comparison"):
        log_comparison(
            comparison, tags=_option("extra_tags"), spool=_option("spool_dir")
        )
    return comparison


def _no_sklearn_runs(estimator: Any) -> contextlib.AbstractContextManager[Any]:
    """What ``mlflow.sklearn.autolog`` does around the parts of a meta-estimator.

    A private name, because ``disable_autologging`` is for the whole process: a
    ``fit_resample`` that began in another thread meanwhile would not be tracked.
    """
    from mlflow.sklearn import _SklearnTrainingSession

    return _SklearnTrainingSession(estimator=estimator, allow_children=False)


def _is_trial() -> bool:
    """Whether the fit is on a fold of a search or a cross-validation."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") not in TRIAL_MODULES:
        frame = frame.f_back
    return frame is not None


def _log_fit(
    tracker: RunTracker, sampler: Any, X: Any, y: Any, resampled: tuple[Any, Any]
) -> None:
    """What only a fit that is kept has: data, figures, the generator."""
    synthetic = np.flatnonzero(sampler.synthetic_mask_)
    X_synthetic = _safe_indexing(resampled[0], synthetic)
    labels = _plain_labels(y)
    synthetic_labels = _plain_labels(resampled[1])[synthetic]
    tags = {VERSION_TAG: gan_augment.__version__}
    if _option("log_datasets"):
        with _warning_instead("the data"), without_schema_hints():
            target = str(getattr(y, "name", None) or "target")
            real = _dataset("training", X, labels, target)
            tags["gan_augment.data_digest"] = real.digest
            tracker.log_dataset(real, context="training")
            drawn = _dataset("synthetic", X_synthetic, synthetic_labels, target)
            tracker.log_dataset(drawn, context="synthetic")
    if _option("log_figures"):
        with _warning_instead("the figures"):
            # Here, because it takes half a second to import matplotlib.
            from gan_augment.mlflow.figures import fit_figures

            rows = (X, labels, X_synthetic, synthetic_labels)
            for title, figure in fit_figures(sampler, *rows):
                tracker.log_figure(figure, title)
    if _option("log_models") and isinstance(sampler.gan_, BaseSynthesizer):
        with _warning_instead("the generator"):
            tracker.log_model(
                sampler.gan_,
                registered_model_name=_option("registered_model_name"),
                tags=tags,
            )


def _option(name: str) -> Any:
    return get_autologging_config(FLAVOR_NAME, name)


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


def _params(sampler: Any, y: Any, y_resampled: Any) -> dict[str, str]:
    """Parameters of the sampler, of the GAN that it fitted, and class counts."""
    params = sampler.get_params(deep=True) | {
        f"gan__{name}": value for name, value in sampler.gan_.get_params().items()
    }
    for name, labels in (("data", y), ("resampled", y_resampled)):
        for label, count in Counter(np.asarray(labels).ravel().tolist()).items():
            params[f"{name}/n_{label}"] = count
    return {name: _text(value) for name, value in params.items()}


def _text(value: Any) -> str:
    """A parameter as text: a function by its name, as its address says nothing."""
    if isinstance(value, functools.partial):
        given = [*map(_text, value.args)]
        given += [f"{name}={_text(each)}" for name, each in value.keywords.items()]
        return f"{_text(value.func)}({', '.join(given)})"
    if inspect.isfunction(value):
        return f"{value.__module__}.{value.__qualname__}"
    return str(value)


def _plain_labels(y: Any) -> np.ndarray:
    """Labels in one dimension; a one-hot row is the position of its 1."""
    labels = np.asarray(y)
    if labels.ndim == 2:
        labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    return labels


def _dataset(name: str, X: Any, labels: np.ndarray, target: str) -> Dataset:
    """Rows as MLflow describes them: digest and schema, of images a single tensor."""
    if np.ndim(X) > 2:
        return from_numpy(np.asarray(X), targets=labels, name=name)
    frame = as_table(X)
    if frame.shape[1] > MAX_COLUMNS:
        return from_numpy(frame.to_numpy(), targets=labels, name=name)
    frame, target = with_target(frame, target, labels)
    return from_pandas(frame, targets=target, name=name)
