"""Keep the state of a training on disk, so that a killed fit can be resumed."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError

import gan_augment
from gan_augment import persistence
from gan_augment.seeding import make_rng

if TYPE_CHECKING:
    from gan_augment.gans.adversarial import BaseGAN

logger = logging.getLogger(__name__)

# Each checkpoint is a directory of this name and its step. Others are left alone.
PREFIX = "gan-checkpoint-"
# Rows that stand for an encoder that cannot be saved.
ENCODED_ROWS = 1000
# Parameters that may change between a killed fit and the one that goes on from it.
FREE = {"callbacks", "checkpoint_dir", "checkpoint_interval", "max_time", "verbose"}
# Parameters that say what it goes on from, of which the weights count.
ORIGIN = {"init_from", "warm_start"}


def identity_of(
    gan: BaseGAN, codes: np.ndarray, classes: np.ndarray, origin: BaseGAN | None
) -> dict[str, str]:
    """What a training follows from, by name.

    Parameters
    ----------
    gan : BaseGAN
        The GAN, whose encoder is fitted.
    codes : ndarray
        Its training rows, quantized.
    classes : ndarray of shape (n_rows,)
        Their class indices.
    origin : BaseGAN or None
        The fitted GAN that it goes on from.

    Returns
    -------
    identity : dict of str to str
        Versions, parameters and a digest of the rows.
    """
    parameters = gan.get_params(deep=False)
    weights = {} if origin is None else origin.generator_weights_
    return {
        **{
            module.__name__: str(module.__version__)
            for module in (gan_augment, np, torch)
        },
        "class": type(gan).__name__,
        **{
            f"`{name}`": _as_text(value)
            for name, value in sorted(parameters.items())
            if name not in FREE | ORIGIN
        },
        "number of rows": str(len(codes)),
        "class labels": _as_text(gan.classes_.tolist()),
        "`init_from`": persistence.digest(weights)[:16],
        "rows": _digest_of(gan, codes, classes)[:16],
    }


def _digest_of(gan: BaseGAN, codes: np.ndarray, classes: np.ndarray) -> str:
    """Digest of the rows, and of what the encoder has learned of them."""
    rows = {"codes": codes, "classes": classes}
    try:
        return persistence.digest(rows | {"encoding": gan.encoder_.get_state()})
    except (
        TypeError,
        ValueError,
    ):  # no file holds it, such as rules that are functions
        encoded = gan.encoder_.dequantize(codes[:ENCODED_ROWS], make_rng(0))
        return persistence.digest(rows | {"encoding": encoded})


def _as_text(value: Any) -> str:
    """A parameter as a text that is the same in every process."""
    if isinstance(value, np.ndarray | tuple):
        value = list(value)
    text = repr(value)
    return type(value).__qualname__ if " at 0x" in text else text


class DirectoryCheckpoint:
    """The newest state of one training, in a directory.

    A state is written beside the one before and takes its place by a rename, so that a
    complete one is there at every moment.

    Parameters
    ----------
    directory : path-like
        Where the state is kept; made when the first one is written.
    interval : float
        Seconds between two states.
    identity : mapping of str to str
        What the training follows from, by name. The state of another training is
        refused.
    rng : numpy.random.Generator
        What the training draws from. If a state is found, it is moved to where that of
        the killed training was in the beginning.

    Raises
    ------
    ValueError
        If the directory holds the state of another training.
    ModelFileError
        If the state is damaged.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        interval: float,
        identity: Mapping[str, str],
        rng: np.random.Generator,
    ) -> None:
        self.directory = Path(directory)
        self.interval = interval
        self._identity = dict(identity)
        self._found = self._find()
        if self._found is not None:
            rng.bit_generator.state = self._found["rng"]
        self._rng_state = rng.bit_generator.state
        self._last = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """The state of the training that was killed; None if there was none."""
        found, self._found = self._found, None
        if found is None:
            return None
        logger.info(
            "The training resumes from step %d, which was stored in %s.",
            found["training"]["step"],
            self.directory,
        )
        return found["training"]

    def is_due(self) -> bool:
        """Whether the last state was kept so many seconds ago."""
        return time.monotonic() - self._last >= self.interval

    def save(self, state: dict[str, Any]) -> None:
        """Keep the state in place of the one before; a full disk is a warning."""
        tree = {"identity": self._identity, "rng": self._rng_state, "training": state}
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            before = self._kept()
            with tempfile.TemporaryDirectory(
                prefix=f".{PREFIX}", dir=self.directory, ignore_cleanup_errors=True
            ) as temporary:
                written = Path(temporary) / "written"
                persistence.save(tree, written)
                for path in (*written.iterdir(), written):
                    _flush(path)
                written.rename(self.directory / f"{PREFIX}{state['step']}")
            _flush(self.directory)
            for path in before:
                shutil.rmtree(path)
        except (OSError, SafetensorError) as error:
            warnings.warn(
                f"No checkpoint could be written in {self.directory}; the training "
                f"goes on without one: {error}",
                UserWarning,
                stacklevel=2,
            )
        self._last = time.monotonic()

    def remove(self) -> None:
        """Delete the state, and what killed trainings left of theirs."""
        if self.directory.is_dir():
            for path in (*self._kept(), *self.directory.glob(f".{PREFIX}*")):
                shutil.rmtree(path, ignore_errors=True)

    def _kept(self) -> list[Path]:
        """The states, the newest one last."""
        found = [
            path
            for path in self.directory.glob(f"{PREFIX}*")
            if path.name.removeprefix(PREFIX).isdecimal()
        ]
        return sorted(found, key=lambda path: int(path.name.removeprefix(PREFIX)))

    def _find(self) -> dict[str, Any] | None:
        kept = self._kept()
        if not kept:
            return None
        try:
            found = persistence.load(kept[-1])
            identity, _, _ = (found[part] for part in ("identity", "rng", "training"))
        except (persistence.ModelFileError, KeyError) as error:
            raise persistence.ModelFileError(
                f"The checkpoint {kept[-1]} must be undamaged. Got {error} Remove it "
                "to train from the beginning."
            ) from error
        differing = [
            f"{name} ({identity.get(name)}, now {self._identity.get(name)})"
            for name in {**identity, **self._identity}
            if identity.get(name) != self._identity.get(name)
        ]
        if differing:
            raise ValueError(
                "`checkpoint_dir` must hold no checkpoint of another training. Got "
                f"{kept[-1]}, which differs in {', '.join(differing)}. Remove it to "
                "train from the beginning, or pass another directory."
            )
        return found


def _flush(path: Path) -> None:
    """Have the system write a file or, where that is possible, a directory to disk."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
