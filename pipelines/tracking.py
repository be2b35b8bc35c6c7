"""What tracking costs a training, and how fast a served generator answers.

    python -m pipelines.tracking overhead
    python -m pipelines.tracking serving

Both start their own server on loopback, over a SQLite file in a temporary directory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import requests
import typer
from rich.console import Console
from sklearn.datasets import make_classification

import gan_augment.mlflow
from gan_augment import TabularGAN
from gan_augment.mlflow import RunTracker

app = typer.Typer(add_completion=False, help=__doc__)
console = Console()
START_SECONDS = 120


@contextlib.contextmanager
def running(*arguments: str, health: str) -> Iterator[str]:
    """A program of MLflow on a free port; gives its address, and ends it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *arguments, "--port", str(port)],
        env=os.environ
        | {"PATH": programs, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    uri = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{uri}/{health}", timeout=5).ok:
                    break
            time.sleep(0.1)
        else:
            raise TimeoutError(f"No answer from mlflow {' '.join(arguments)}.")
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Timed(RunTracker):
    """A tracker that knows how long the training waited for it."""

    waits: list[float]

    def on_epoch_end(self, epoch: dict[str, float]) -> None:
        """Log the record, and note how long that took."""
        begin = time.perf_counter()
        super().on_epoch_end(epoch)
        self.waits.append(time.perf_counter() - begin)


@app.command()
def overhead(
    n_steps: Annotated[int, typer.Option(min=1, help="Steps of a fit.")] = 1000,
    n_pairs: Annotated[int, typer.Option(min=2, help="Fits with and without.")] = 10,
) -> None:
    """CPU time of fits with tracking over fits without, and how long steps waited."""
    X, y = make_classification(2000, 12, weights=[0.9], random_state=0)
    ratios, waits, closing = [], [], []
    with tempfile.TemporaryDirectory() as directory:
        store = f"sqlite:///{directory}/mlflow.db"
        with running("server", "--backend-store-uri", store, health="health") as uri:
            os.environ["MLFLOW_TRACKING_URI"] = uri
            for pair in range(n_pairs + 1):
                seconds = {}
                for tracked in (False, True) if pair % 2 else (True, False):
                    gan = TabularGAN(max_steps=n_steps, random_state=0)
                    tracker = Timed("overhead", spool=directory) if tracked else None
                    begin = time.process_time()
                    if tracker is not None:
                        tracker.waits = []
                        gan.set_params(callbacks=[tracker])
                    gan.fit(X, y)
                    seconds[tracked] = time.process_time() - begin
                    if tracker is not None:
                        begin = time.process_time()
                        tracker.close()
                        if pair:
                            closing.append(time.process_time() - begin)
                            waits += tracker.waits
                if pair:  # the first one warms up
                    ratios.append(seconds[True] / seconds[False] - 1)
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    console.print(
        f"CPU time of a fit of {n_steps} steps, with tracking over without, "
        f"{n_pairs} pairs: {middle:+.2%} (quartiles {low:+.2%} to {high:+.2%})"
    )
    console.print(
        f"A step's wait for tracking: median {np.median(waits) * 1e3:.2f} ms, longest "
        f"of {len(waits)} {max(waits) * 1e3:.2f} ms"
    )
    console.print(
        f"Sending it at the end: {np.median(closing) * 1e3:.0f} ms of CPU time"
    )


@app.command()
def serving(
    n_clients: Annotated[int, typer.Option(min=1)] = 8,
    n_requests: Annotated[int, typer.Option(min=1, help="Requests a client.")] = 25,
    n_rows: Annotated[int, typer.Option(min=1, help="Rows a request.")] = 100,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve.")] = 2,
) -> None:
    """Latency of ``mlflow models serve`` with clients that ask at the same time."""
    X, y = make_classification(2000, 6, weights=[0.9], random_state=0)
    directory = Path(tempfile.mkdtemp())
    try:
        gan = TabularGAN(random_state=0).fit(X, y)
        gan_augment.mlflow.save_model(gan, directory / "model")
        options = {
            "--model-uri": str(directory / "model"),
            "--env-manager": "local",
            "--workers": str(workers),
        }
        arguments = [text for option in options.items() for text in option]
        with running("models", "serve", *arguments, health="ping") as uri:

            def client(seed: int) -> list[tuple[float, bool, str]]:
                body: dict[str, Any] = {
                    "dataframe_records": [],
                    "params": {"n_rows": n_rows, "seed": seed, "target_class": "1"},
                }
                answers = []
                for _ in range(n_requests):
                    begin = time.perf_counter()
                    answer = requests.post(f"{uri}/invocations", json=body, timeout=60)
                    seconds = time.perf_counter() - begin
                    right = answer.ok and len(answer.json()["predictions"]) == n_rows
                    answers.append((seconds, right, answer.text))
                return answers

            client(0)  # warms up
            with ThreadPoolExecutor(n_clients) as pool:
                answered = list(pool.map(client, range(n_clients)))
    finally:
        shutil.rmtree(directory)
    everything = [answer for answers in answered for answer in answers]
    n_right = sum(right for _, right, _ in everything)
    same = all(len({text for _, _, text in answers}) == 1 for answers in answered)
    milliseconds = np.array([seconds for seconds, _, _ in everything]) * 1e3
    console.print(
        f"{n_clients} clients, {n_requests} requests each, {n_rows} rows a request, "
        f"{workers} workers: {n_right} of {len(everything)} right; same seed, same "
        f"rows: {same}; "
        f"median {np.median(milliseconds):.0f} ms, "
        f"95 % within {np.percentile(milliseconds, 95):.0f} ms"
    )


if __name__ == "__main__":
    app()
