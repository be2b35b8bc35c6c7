"""A generator behind HTTP, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def serve(
    model_uri: str,
    *,
    host: str = "127.0.0.1",
    port: int = 5001,
    workers: int = 1,
    tracking_uri: str | None = None,
    quiet: bool = False,
) -> subprocess.Popen[bytes]:
    """Serve a generator over HTTP, as ``mlflow models serve`` does here.

    The server runs in the current environment, in a process of its own, and accepts
    requests at ``/invocations`` after some seconds. This function does not wait for it.

    Parameters
    ----------
    model_uri : str
        URI of the model, such as ``"models:/churn-generator@champion"``, or its
        directory.
    host : str, default="127.0.0.1"
        Address to listen on. The default accepts requests of this machine only; the
        server has no passwords.
    port : int, default=5001
        Port to listen on.
    workers : int, default=1
        Number of processes that handle requests.
    tracking_uri : str, default=None
        Address of the MLflow server that has the registry. If None, use the one of the
        environment.
    quiet : bool, default=False
        Whether to drop what the server prints on standard output.

    Returns
    -------
    process : subprocess.Popen
        The server. Stop it with ``process.terminate()``.

    See Also
    --------
    load_model : Load a generator into this process.

    Examples
    --------
    >>> from gan_augment.mlflow import serve
    >>> server = serve("models:/churn-generator@champion")  # doctest: +SKIP
    >>> server.terminate()  # doctest: +SKIP
    """
    # MLflow starts its server by name, which a shell need not know.
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [sys.executable, "-m", "mlflow", "models", "serve"]
    command += ["--model-uri", model_uri, "--env-manager", "local", "--host", host]
    command += ["--port", str(port), "--workers", str(workers)]
    environment = os.environ | {"PATH": programs}
    if tracking_uri is not None:
        environment["MLFLOW_TRACKING_URI"] = tracking_uri
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL if quiet else None
    )
