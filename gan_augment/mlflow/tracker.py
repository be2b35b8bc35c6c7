"""autolog(): every ``fit_resample`` is a run, with its curves and its generator."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import mlflow
import numpy as np
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Metric
from mlflow.utils.autologging_utils import (
    autologging_integration,
    disable_discrete_autologging,
    get_autologging_config,
    safe_patch,
)

import gan_augment
from gan_augment.encoding.container import to_frame
from gan_augment.gans import BaseSynthesizer
from gan_augment.mlflow.flavor import (
    FLAVOR_NAME,
    log_model,
    plain_frame,
    with_target,
    without_schema_hints,
)
from gan_augment.training.callbacks import Callback, watching

# Seconds between two batches of metrics: a call costs about 30 ms, whatever it carries.
FLUSH_SECONDS = 2.0
# MLflow refuses more characters in a parameter.
MAX_PARAM_LENGTH = 6000


class EpochTracker(Callback):
    """Send every epoch's record to a run, several in one call.

    Training goes on when sending fails: one warning, and no more metrics.

    Parameters
    ----------
    run_id : str
        The run.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._client = mlflow.MlflowClient()
        self._waiting: list[Metric] = []
        self._last_flush = time.monotonic()

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Keep the record, and send what is kept now and then."""
        now, step = int(time.time() * 1000), int(epoch["step"])
        self._waiting += [
            Metric(f"train/{name}", value, now, step)
            for name, value in epoch.items()
            if name != "step"
        ]
        if time.monotonic() - self._last_flush > FLUSH_SECONDS:
            self._flush()

    def on_train_end(self) -> None:
        """Send the rest."""
        self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._last_flush = time.monotonic()
        try:
            if waiting:
                self._client.log_batch(self._run_id, metrics=waiting)
        except Exception as error:  # whatever the store raises must not end a training
            self._last_flush = np.inf
            warnings.warn(
                f"MLflow did not take the training curves: {type(error).__name__}. "
                "The training goes on without them.",
                UserWarning,
                stacklevel=2,
            )


@autologging_integration(FLAVOR_NAME)
def autolog(
    *,
    log_models: bool = True,
    log_datasets: bool = True,
    registered_model_name: str | None = None,
    disable: bool = False,
    exclusive: bool = False,
    silent: bool = False,
) -> None:
    """Track every ``GANOverSampler.fit_resample`` from now on, wherever it is called.

    Each call becomes a run, a child of the active run if there is one: parameters,
    class counts, the training data (digest and schema, never the rows), losses of
    every epoch, seconds, and the fitted generator as a logged model. With nothing
    configured, MLflow keeps them in ``mlflow.db`` in the working directory.

    Parameters
    ----------
    log_models : bool, default=True
        Whether to log the generator.
    log_datasets : bool, default=True
        Whether to log the training data as an input.
    registered_model_name : str, default=None
        Register every logged generator under this name; the newest version has the
        alias ``candidate``.
    disable : bool, default=False
        Stop tracking.
    exclusive : bool, default=False
        Whether to leave runs alone that the user has started.
    silent : bool, default=False
        Whether to hide MLflow's own messages.

    Examples
    --------
    >>> import gan_augment.mlflow
    >>> gan_augment.mlflow.autolog(registered_model_name="churn-generator")
    >>> gan_augment.mlflow.autolog(disable=True)
    """
    safe_patch(
        FLAVOR_NAME, gan_augment.GANOverSampler, "fit_resample", _tracked_fit_resample
    )


def _tracked_fit_resample(
    original: Any, self: Any, X: Any, y: Any, **params: Any
) -> Any:
    """``fit_resample`` inside a run. What fails here and not there is a warning."""
    with mlflow.start_run(nested=True, run_name="fit_resample") as run:
        begin = time.perf_counter()
        # The filter's classifier is a part of this fit, not a run's subject.
        with (
            watching(EpochTracker(run.info.run_id)),
            disable_discrete_autologging(["sklearn"]),
        ):
            resampled = original(self, X, y, **params)
        seconds = time.perf_counter() - begin
        _log_fit(self, X, y, resampled, seconds)
    return resampled


def _log_fit(sampler: Any, X: Any, y: Any, resampled: Any, seconds: float) -> None:
    mlflow.set_tags(
        {
            "gan_augment.kind": "generator-fit",
            "gan_augment.version": gan_augment.__version__,
        }
    )
    mlflow.log_params(_params(sampler, y, resampled[1]))
    mlflow.log_metric("fit_resample_seconds", seconds)
    if get_autologging_config(FLAVOR_NAME, "log_datasets", True):
        with _warning_instead("the training data"), without_schema_hints():
            mlflow.log_input(_dataset(X, y), context="training")
    is_ours = isinstance(sampler.gan_, BaseSynthesizer)
    if is_ours and get_autologging_config(FLAVOR_NAME, "log_models", True):
        with _warning_instead("the generator"):
            info = log_model(
                sampler.gan_,
                registered_model_name=get_autologging_config(
                    FLAVOR_NAME, "registered_model_name"
                ),
            )
            sampler.gan_.mlflow_model_id_ = info.model_id


@contextlib.contextmanager
def _warning_instead(what: str) -> Iterator[None]:
    """Turn an error into a warning, so that the rest of the run is logged."""
    try:
        yield
    except Exception as error:
        warnings.warn(
            f"MLflow did not take {what}: {type(error).__name__}: {error}",
            UserWarning,
            stacklevel=2,
        )


def _params(sampler: Any, y: Any, y_resampled: Any) -> dict[str, Any]:
    """Parameters of the sampler, of the GAN that it fitted, and class counts."""
    params = sampler.get_params(deep=True) | {
        f"gan__{name}": value for name, value in sampler.gan_.get_params().items()
    }
    for name, labels in (("data", y), ("resampled", y_resampled)):
        for label, count in Counter(np.asarray(labels).ravel().tolist()).items():
            params[f"{name}/n_{label}"] = count
    return {
        _valid_name(name): str(value)[:MAX_PARAM_LENGTH]
        for name, value in params.items()
    }


def _valid_name(name: str) -> str:
    """The name with what MLflow refuses replaced."""
    return "".join(c if c.isalnum() or c in "_-. :/" else "_" for c in name)[:250]


def _dataset(X: Any, y: Any) -> Any:
    """The training table as an MLflow data set: digest and schema."""
    frame = plain_frame(to_frame(X).reset_index(drop=True))
    labels = np.asarray(y)
    if labels.ndim == 2:  # one column, or one-hot
        labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    name = str(getattr(y, "name", None) or "target")
    frame, target = with_target(frame, name, labels)
    return from_pandas(frame, targets=target, name="training")
