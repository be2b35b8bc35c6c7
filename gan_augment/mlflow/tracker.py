"""A run that is written to the disk as it happens and sent from a thread."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import mlflow
import numpy as np
from mlflow.data.dataset import Dataset
from mlflow.tracking.context.registry import resolve_tags

from gan_augment.gans import BaseSynthesizer
from gan_augment.mlflow.flavor import last_step, save_model
from gan_augment.mlflow.names import (
    ValidNames,
    check_registered_name,
    valid_text,
)
from gan_augment.mlflow.sender import Sender
from gan_augment.mlflow.spool import Journal, default_spool
from gan_augment.training.callbacks import Callback

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# MLflow refuses more characters in a parameter, and in a tag.
MAX_PARAM_LENGTH, MAX_TAG_LENGTH = 6000, 8000
# Pixels of the small copy of an image that the page of a run shows.
THUMBNAIL = (256, 256)


class RunTracker(Callback):
    """Write a run to the spool, and send it to MLflow from a thread.

    Every call writes a line to a file; no call waits for a server or fails because of
    one. As a callback, the tracker logs the record of every epoch. :meth:`close` waits
    a limited time for the delivery; records that have not arrived by then stay on the
    disk for :func:`~gan_augment.mlflow.sync`. At the end of a ``with`` block the run is
    closed, as failed if the block raised an error.

    Parameters
    ----------
    name : str
        Name of the run.
    tags : dict of str to str, default=None
        Tags of the run, in addition to those that MLflow sets.
    spool : path-like, default=None
        The spool directory. If None, use
        :func:`~gan_augment.mlflow.spool.default_spool`.

    Attributes
    ----------
    run_id, model_id : str or None
        Ids in MLflow, if the run had arrived when :meth:`close` returned.

    Examples
    --------
    >>> from gan_augment import TabularGAN
    >>> from gan_augment.mlflow import RunTracker
    >>> with RunTracker("by hand") as tracker:  # doctest: +SKIP
    ...     TabularGAN(callbacks=[tracker]).fit(X, y)
    """

    def __init__(
        self,
        name: str,
        *,
        tags: dict[str, str] | None = None,
        spool: str | Path | None = None,
    ) -> None:
        self.run_id: str | None = None
        self.model_id: str | None = None
        self._params, self._metrics = ValidNames(), ValidNames()
        self._tags = ValidNames()
        self._journal = Journal.new(default_spool() if spool is None else Path(spool))
        tags, parent = dict(tags or {}), mlflow.active_run()
        experiment_id = os.environ.get("MLFLOW_EXPERIMENT_ID")  # as set_experiment does
        if parent is not None:
            tags.setdefault("mlflow.parentRunId", parent.info.run_id)
            experiment_id = parent.info.experiment_id
        self._append(
            "create",
            name=name,
            tracking_uri=mlflow.get_tracking_uri(),
            registry_uri=mlflow.get_registry_uri(),
            experiment_id=experiment_id,
            experiment_name=os.environ.get("MLFLOW_EXPERIMENT_NAME"),
            tags=resolve_tags(self._valid_tags(tags)),
        )
        self._sender = Sender(self._journal)
        self._sender.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the run, as what it has come to."""
        if error is None:
            self.close()
        else:
            self.close("FAILED" if isinstance(error, Exception) else "KILLED")

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Log the record under ``train/``."""
        values = {f"train/{name}": epoch[name] for name in epoch if name != "step"}
        self.log_metrics(values, step=int(epoch["step"]))

    def on_picture(self, step: int, picture: np.ndarray) -> None:
        """Log the picture of drawn images, shown with a slider over the steps."""
        self.log_image(picture, "samples/grid", step)

    def log_metrics(self, values: dict[str, float], step: int = 0) -> None:
        """Log the finite metrics of one step; others would break the chart.

        Characters that MLflow refuses in a name are replaced by underscores.
        """
        finite = {
            self._metrics[name]: float(value)
            for name, value in values.items()
            if math.isfinite(value)
        }
        self._append("metrics", step=step, values=finite)

    def log_params(self, values: dict[str, str]) -> None:
        """Log parameters, each once.

        Characters that MLflow refuses in a name are replaced by underscores, and values
        are cut to the largest length that MLflow accepts.
        """
        valid = {
            self._params[name]: valid_text(value, MAX_PARAM_LENGTH)
            for name, value in values.items()
        }
        self._append("params", values=valid)

    def set_tags(self, values: dict[str, str]) -> None:
        """Set tags.

        Characters that MLflow refuses in a name are replaced by underscores, and values
        are cut to the largest length that MLflow accepts.
        """
        self._append("tags", values=self._valid_tags(values))

    def log_dataset(self, dataset: Dataset, context: str) -> None:
        """Log the input of the run: name, digest and schema, never the rows."""
        self._append("dataset", description=dataset.to_dict(), context=context)

    def log_text(self, text: str, path: str) -> None:
        """Log a text as an artifact; `path` is relative to the run's artifacts.

        Raises
        ------
        ValueError
            If `path` leads out of the artifacts of the run.
        """
        self._save(
            path, lambda local: local.write_text(text, "utf-8", "backslashreplace")
        )

    def log_figure(self, figure: Figure, name: str) -> None:
        """Log a figure as ``figures/<name>.png``."""
        self._save(f"figures/{name}.png", lambda local: figure.savefig(local, dpi=120))

    def log_image(self, image: np.ndarray, name: str, step: int = 0) -> None:
        """Log an image; images of the same name are shown with a slider over the steps.

        Parameters
        ----------
        image : ndarray of shape (height, width) or (height, width, 3), dtype=uint8
            The image.
        name : str
            Name of the slider, such as ``"samples/grid"``.
        step : int, default=0
            Training step.
        """
        from PIL import Image

        # The names are those of MlflowClient.log_image, but for its random part, so
        # that what is sent twice is there once.
        stem = f"images/{name.replace('/', '~')}+step+{step}+timestamp+{_now()}"
        picture = Image.fromarray(image)
        self._save(f"{stem}+image.png", picture.save)
        picture.thumbnail(THUMBNAIL)
        self._save(f"{stem}+image+compressed.webp", picture.save)
        self.set_tags({"mlflow.loggedImages": "True"})

    def log_model(
        self,
        gan: BaseSynthesizer,
        *,
        name: str = "generator",
        registered_model_name: str | None = None,
        tags: dict[str, str] | None = None,
        class_counts: Mapping[Any, int] | None = None,
    ) -> None:
        """Save a fitted GAN, to be logged and registered.

        A generator whose columns differ from those of the earlier versions is logged
        with a warning and not registered.

        Parameters
        ----------
        gan : BaseSynthesizer
            The fitted GAN.
        name : str, default="generator"
            Name of the logged model.
        registered_model_name : str, default=None
            Name in the registry. If None, the generator is not registered.
        tags : dict of str to str, default=None
            Tags of the logged model, and of its version.
        class_counts : mapping, default=None
            Class -> number of training rows, for the model card.

        Raises
        ------
        ValueError
            If `registered_model_name` is not a valid name of a registered model.
        """
        if registered_model_name is not None:
            check_registered_name(registered_model_name)

        def save(local: Path) -> None:
            save_model(gan, local, class_counts=class_counts)

        if not self._journal.save("model", save):
            warnings.warn(
                "The generator is not saved, because no disk could be written. Save it "
                "with `gan.save(directory)`.",
                UserWarning,
                stacklevel=2,
            )
            self.set_tags({"gan_augment.model": "not saved: no disk could be written"})
            return
        self._append(
            "model",
            path="model",
            name=name,
            step=last_step(gan),
            registered_model_name=registered_model_name,
            tags=self._valid_tags(tags or {}),
        )

    def close(self, status: str = "FINISHED") -> None:
        """End the run, and wait a limited time until it is in MLflow.

        Parameters
        ----------
        status : {"FINISHED", "FAILED", "KILLED"}, default="FINISHED"
            Status of the run.
        """
        self._append("end", status=status)
        problem = self._sender.finish()
        delivery = self._sender.delivery
        if delivery is not None:
            self.run_id = delivery.run_id or None
            self.model_id = delivery.model_id or None
            for note in delivery.notes:
                warnings.warn(note, UserWarning, stacklevel=2)
        if problem:
            warnings.warn(
                f"A run was not sent to MLflow ({type(problem).__name__}: {problem}). "
                + self._whereabouts(),
                UserWarning,
                stacklevel=2,
            )

    def _whereabouts(self) -> str:
        """What becomes of a run that MLflow did not take."""
        if not self._journal.is_on_disk:
            return (
                "It is lost, because no disk could be written either. The generator is "
                "not lost: save it with `gan.save(directory)` where there is space."
            )
        spool = self._journal.directory.parent
        return (
            f"It is kept in {spool}. When MLflow is available, send it with: "
            f"python -m gan_augment.mlflow sync {spool}"
        )

    def _append(self, kind: str, **content: Any) -> None:
        self._journal.append({"kind": kind, "time": _now(), **content})

    def _valid_tags(self, tags: dict[str, str]) -> dict[str, str]:
        return {
            self._tags[name]: valid_text(value, MAX_TAG_LENGTH)
            for name, value in tags.items()
        }

    def _save(self, path: str, write: Callable[[Path], object]) -> None:
        """An artifact, unless the disk does not take it."""
        if self._journal.save(path, write):
            self._append("file", path=path)


def _now() -> int:
    return int(time.time() * 1000)
