"""Real servers on loopback, which can be stopped, killed and started again.

An MLflow tracking server with users and passwords, over SQLite or over a PostgreSQL of
its own; a scoring server; and a proxy in front of either that answers as broken
networks and overloaded servers do.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import requests

START_SECONDS = 120.0
# Who may do everything on a tracking server of ours.
ADMINISTRATOR, PASSWORD = "soak", "a-password-of-twelve"
# Headers of one connection, which a proxy does not pass on.
HOP_HEADERS = {"transfer-encoding", "content-length", "connection"}
# PostgreSQL refuses to run as root, and runs as this user then.
UNPRIVILEGED = "nobody"


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(is_ready: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait for something.

    Raises
    ------
    TimeoutError
        If it does not happen in time.
    """
    end = time.monotonic() + seconds
    while not is_ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} must be ready in {seconds:.0f} s. It was not.")
        time.sleep(0.1)


class Program:
    """A program in a process group of its own, which ends as a whole.

    Parameters
    ----------
    arguments : sequence of str
        The command.
    folder : Path
        Its working directory; its output goes to ``output.txt`` there.
    environment : mapping of str to str, default=None
        Variables besides those of this process.
    user : str, default=None
        User that it runs as; None is that of this process.
    """

    def __init__(
        self,
        arguments: list[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.arguments, self.folder, self._user = arguments, folder, user
        self._environment = os.environ | dict(environment or {})
        self.process: subprocess.Popen[bytes] | None = None

    def is_ready(self) -> bool:
        """Whether it does its work by now."""
        return True

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with (self.folder / "output.txt").open("ab") as output:
            self.process = subprocess.Popen(
                self.arguments,
                cwd=self.folder,
                env=self._environment,
                user=self._user,
                extra_groups=None if self._user is None else [],
                start_new_session=True,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(self.is_ready, " ".join(self.arguments[:5]), START_SECONDS)

    def signal(self, number: int) -> None:
        """Send a signal to all its processes."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()
            self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class MlflowProgram(Program):
    """A server of MLflow's: ``mlflow server`` or ``mlflow models serve``.

    Parameters
    ----------
    arguments : list of str
        What follows ``mlflow``, without the port.
    folder : Path
        Its working directory.
    health : {"health", "ping"}
        Path that answers when it is ready.
    environment : mapping of str to str, default=None
        Variables besides those of this process.

    Attributes
    ----------
    uri : str
        Its address.
    """

    def __init__(
        self,
        arguments: list[str],
        folder: Path,
        health: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        port = free_port()
        self.uri, self._health = f"http://127.0.0.1:{port}", health
        # MLflow looks for other programs of its environment there.
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        super().__init__(
            [sys.executable, "-m", "mlflow", *arguments, "--port", str(port)],
            folder,
            {
                "PATH": programs,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                **(environment or {}),
            },
        )

    def is_ready(self) -> bool:
        """Whether it answers."""
        if self.process is not None and self.process.poll() is not None:
            output = (self.folder / "output.txt").read_text(errors="replace")
            raise RuntimeError(f"mlflow has ended: {output[-2000:]}")
        try:
            return requests.get(f"{self.uri}/{self._health}", timeout=5).ok
        except requests.RequestException:
            return False


def tracking_server(folder: Path, store: str, n_workers: int = 2) -> MlflowProgram:
    """A tracking server with users and passwords; needs the extra ``soak``.

    Parameters
    ----------
    folder : Path
        Directory of its artifacts and its users.
    store : str
        Address of its database.
    n_workers : int, default=2
        Processes that answer.

    Returns
    -------
    server : MlflowProgram
        It is not started yet. Its user is :data:`ADMINISTRATOR`.
    """
    users = folder / "users.ini"
    users.write_text(
        "[mlflow]\n"
        "default_permission = NO_PERMISSIONS\n"
        f"database_uri = sqlite:///{folder / 'users.db'}\n"
        f"admin_username = {ADMINISTRATOR}\n"
        f"admin_password = {PASSWORD}\n"
        # To compare a password takes longer than anything else that is asked here.
        "auth_cache_ttl_seconds = 3600\n"
    )
    options = {
        "--app-name": "basic-auth",
        "--host": "127.0.0.1",
        "--workers": str(n_workers),
        "--backend-store-uri": store,
        "--artifacts-destination": str(folder / "artifacts"),
    }
    return MlflowProgram(
        ["server", *(text for option in options.items() for text in option)],
        folder,
        "health",
        {"MLFLOW_AUTH_CONFIG_PATH": str(users), "MLFLOW_FLASK_SERVER_SECRET_KEY": "x"},
    )


class Postgres(Program):
    """A PostgreSQL server over a directory of its own.

    Parameters
    ----------
    folder : Path
        Directory that exists, and that other users may enter.

    Attributes
    ----------
    uri : str
        Address of its database, as SQLAlchemy writes it.
    """

    def __init__(self, folder: Path) -> None:
        port, user = free_port(), UNPRIVILEGED if os.geteuid() == 0 else None
        self._port, data = port, folder / "data"
        self.uri = f"postgresql+psycopg2://soak@127.0.0.1:{port}/postgres"
        if user is not None:
            shutil.chown(folder, user)
        make = [_of_postgres("initdb"), "-D", str(data), "--auth", "trust", "-U"]
        subprocess.run(
            [*make, "soak", "--no-sync"],
            cwd=folder,
            user=user,
            extra_groups=None if user is None else [],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        arguments = [_of_postgres("postgres"), "-D", str(data), "-p", str(port)]
        arguments += ["-c", "listen_addresses=127.0.0.1"]
        arguments += ["-c", "unix_socket_directories=", "-c", "fsync=off"]
        super().__init__(arguments, folder, user=user)

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        asked = [_of_postgres("pg_isready"), "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(asked, stdout=subprocess.DEVNULL).returncode == 0

    def kill(self) -> None:
        """End it as a crash does: nothing is saved, and it recovers when started."""
        if self.process is not None:
            # Its children have process groups of their own; the first one ends them.
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None


def _of_postgres(name: str) -> str:
    """A program of PostgreSQL, which Debian keeps out of the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join(map(str, places))) or shutil.which(
        name
    )
    if found is None:
        raise FileNotFoundError(
            f"PostgreSQL must be installed. Got no {name}. Install it, for example by "
            "`apt install postgresql`, or pass --store sqlite."
        )
    return found


class Proxy(ThreadingHTTPServer):
    """What stands between clients and a server, and spoils their talk if it is told to.

    Parameters
    ----------
    uri : str
        Address of the server.
    seed : int, default=0
        Decides which answers are late or lost.

    Attributes
    ----------
    uri : str
        Address of the proxy.
    status : int
        Status with which it answers everything by itself, but for ``/health``; 0
        passes requests on.
    delay : float
        Seconds by which an answer is late at most.
    lost : float
        Share of the answers that are lost: the server has done what it was asked, and
        its client does not hear of it.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, uri: str, seed: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.uri = f"http://127.0.0.1:{self.server_port}"
        self.server_uri = uri
        self.random = random.Random(seed)
        self.status, self.delay, self.lost = 0, 0.0, 0.0

    def handle_error(self, *_: Any) -> None:
        """Say nothing: clients that hang up are what is tried here."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def answer(self) -> None:
        """Pass a request on, and its answer back, or not."""
        body, proxy = self._body(), self.server
        if proxy.status and self.path != "/health":
            self._send(proxy.status, {"Content-Type": "application/json"}, b"{}")
            return
        time.sleep(proxy.random.uniform(0, proxy.delay))
        address = proxy.server_uri.removeprefix("http://")
        connection = HTTPConnection(address, timeout=600)
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in HOP_HEADERS
        }
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            return  # the client finds the connection closed
        finally:
            connection.close()
        if proxy.random.random() >= proxy.lost or self.path == "/health":
            self._send(answer.status, dict(answer.headers), content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in (
                "transfer-encoding",
                "content-length",
                "connection",
            ):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
