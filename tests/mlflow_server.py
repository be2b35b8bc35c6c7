"""A real tracking server on loopback, that can be killed, stopped and started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import requests


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A program in a process group of its own, which ends as a whole."""

    def __init__(self, arguments, cwd, **env):
        self.arguments, self.cwd = [sys.executable, "-m", *arguments], cwd
        # MLflow looks for other programs of its environment there.
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.env = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"} | env
        self.env["PATH"] = programs
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.arguments,
            cwd=self.cwd,
            env=self.env,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=(self.cwd / "stderr.txt").open("w"),
        )

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def kill(self):
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


class Server(Process):
    """``mlflow server`` over a SQLite file."""

    def __init__(self, directory):
        port = free_port()
        self.uri = f"http://127.0.0.1:{port}"
        options = {
            "port": port,
            "workers": 1,
            "backend-store-uri": f"sqlite:///{directory}/mlflow.db",
            "artifacts-destination": directory / "artifacts",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        super().__init__(
            ["mlflow", "server", *arguments],
            directory,
            MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false",
        )

    def start(self):
        super().start()
        wait_for(f"{self.uri}/health", self)


def wait_for(url, process, seconds=120):
    """Until a server answers; fails if its process ends or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        errors = process.cwd / "stderr.txt"
        assert process.process.poll() is None, errors.read_text()
        time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")


def runs(client=None):
    """All runs of a store."""
    client = client or mlflow.MlflowClient()
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return client.search_runs(ids)
