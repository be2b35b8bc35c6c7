"""Fits in several processes, and a ledger of what each of them has done."""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
import os
import time
import traceback
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Any

import numpy as np

import gan_augment.mlflow
from gan_augment import GANOverSampler, TabularGAN
from gan_augment.training.callbacks import Callback

MODEL, FIT_TAG = "soak-generator", "soak.fit"
N_STEPS = 16
# Seconds that fits take besides their training: some end before a first delivery.
PAUSES = (0.0, 2.0, 6.0, 9.0)
N_PROCESSES = 4


class Ledger:
    """What a fit has done, written where nothing breaks.

    Parameters
    ----------
    folder : Path
        One file a fit.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(self, fit: int, **entry: Any) -> None:
        """Add to what is known of a fit."""
        with (self.folder / f"{fit}.jsonl").open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def begun(self) -> set[int]:
        """The fits that have begun."""
        return {int(path.stem) for path in self.folder.glob("*.jsonl")}

    def over(self) -> set[int]:
        """The fits that returned or raised."""
        found = self.read().items()
        return {fit for fit, entry in found if "ended" in entry or "raised" in entry}

    def read(self) -> dict[int, dict[str, Any]]:
        """Fit -> all that is known of it; lists of what it said more than once."""
        found = {}
        for path in self.folder.glob("*.jsonl"):
            entry: dict[str, Any] = {"epochs": [], "messages": []}
            for line in path.read_text().splitlines():
                new = json.loads(line)
                entry["epochs"] += new.pop("epochs", [])
                entry["messages"] += new.pop("messages", [])
                entry |= new
            found[int(path.stem)] = entry
        return found


class Note(Callback):
    """Write every epoch into the ledger, and take one's time."""

    def __init__(self, ledger: Ledger, fit: int) -> None:
        self.ledger, self.fit = ledger, fit
        self.pause = PAUSES[fit % len(PAUSES)] / N_STEPS

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Before the tracker hears of it."""
        self.ledger.note(self.fit, epochs=[int(epoch["step"])])
        time.sleep(self.pause)


class _Messages(logging.Handler):
    """Keep what MLflow's loggers say."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.texts.append(record.getMessage())


def fit_all(fits: list[int], allowed: Semaphore, folder: Path, output: Path) -> None:
    """Fit one after another under autolog; this is what each process does.

    Parameters
    ----------
    fits : list of int
        Numbers of the fits; a number decides a fit's data.
    allowed : Semaphore
        Each fit takes one of it.
    folder : Path
        Of the ledger.
    output : Path
        File to which this process prints.
    """
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    ledger, messages = Ledger(folder), _Messages()
    logging.getLogger("mlflow").addHandler(messages)
    for fit in fits:
        rng = np.random.default_rng(fit)
        X = np.round(rng.normal(size=(60, 2)), 2)
        gan = TabularGAN(
            max_steps=N_STEPS, hidden_dims=(8,), callbacks=[Note(ledger, fit)]
        )
        sampler = GANOverSampler(gan, sample_filter=None, random_state=fit)
        gan_augment.mlflow.autolog(
            registered_model_name=MODEL,
            extra_tags={FIT_TAG: str(fit)},
            log_figures=False,
        )
        allowed.acquire()
        ledger.note(fit, begun=True)
        messages.texts.clear()
        try:
            sampler.fit_resample(X, np.arange(60) % 6 == 0)
        except Exception:
            ledger.note(fit, raised=traceback.format_exc())
            continue
        ledger.note(
            fit,
            ended=sampler.history_["step"],
            rows=digest(sampler.gan_),
            messages=messages.texts,
            n_files=len(os.listdir("/proc/self/fd")),
        )


def digest(gan: Any) -> str:
    """What tells a generator from others: a checksum of rows that it draws."""
    rows, _ = gan.sample(5, random_state=0)
    return hashlib.sha256(np.asarray(rows).tobytes()).hexdigest()


class Processes:
    """The processes that fit; one that was killed is followed by another.

    A fit begins when it is allowed to, so that as many fits meet each fault on a fast
    machine and on a slow one.

    Parameters
    ----------
    ledger : Ledger
        What they write into.
    n_fits : int
        Number of fits.
    output : Path
        File to which they print.
    """

    def __init__(self, ledger: Ledger, n_fits: int, output: Path) -> None:
        self._ledger, self._output = ledger, output
        self._context = multiprocessing.get_context("spawn")
        self._allowed = self._context.Semaphore(0)
        self._fits = [list(range(i, n_fits, N_PROCESSES)) for i in range(N_PROCESSES)]
        self._workers = [self._start(fits) for fits in self._fits]
        self.killed: set[int] = set()

    def _start(self, fits: list[int]) -> Any:
        arguments = (fits, self._allowed, self._ledger.folder, self._output)
        worker = self._context.Process(target=fit_all, args=arguments)
        worker.start()
        return worker

    def allow(self, n_fits: int) -> None:
        """Let more fits begin."""
        for _ in range(n_fits):
            self._allowed.release()

    def kill_one(self) -> None:
        """Kill a process amid a fit, and start one for the fits that it had left."""
        begun, over = self._ledger.begun(), self._ledger.over()
        for place, (worker, fits) in enumerate(
            zip(self._workers, self._fits, strict=True)
        ):
            amid = [fit for fit in fits if fit in begun - over - self.killed]
            if amid:
                worker.kill()
                worker.join()
                # It may have ended this fit and begun the next one meanwhile.
                begun, over = self._ledger.begun(), self._ledger.over()
                self.killed |= set(fits) & begun - over
                left = [fit for fit in fits if fit not in begun]
                self._workers[place] = self._start(left)
                return

    @property
    def n_begun(self) -> int:
        """Number of fits that have begun."""
        return len(self._ledger.begun())

    @property
    def n_over(self) -> int:
        """Number of fits that came to an end of any kind."""
        return len(self._ledger.over() | self.killed)

    def end(self) -> None:
        """Let those that are left come to their end."""
        for worker in self._workers:
            worker.join()

    def kill(self) -> None:
        """Kill them all."""
        for worker in self._workers:
            worker.kill()
            worker.join()
