"""Many clients of a scoring server, some of whose requests are malformed.

Every good request must have as many rows as it asks for, the same request the same
answer, and every malformed one a 4xx. No process of the server may die, and their
memory may not grow once the first tenth of the requests has been answered.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import requests
from rich.console import Console

import gan_augment.mlflow
from gan_augment import TabularGAN
from pipelines.servers import MlflowProgram

MALFORMED_SHARE, N_WORKERS = 0.05, 2
# Seeds of good requests: few, so that requests repeat.
N_SEEDS = 50
# What the memory of all processes may grow by, and how many wrong answers are shown.
MAX_MORE_MB, MAX_SHOWN = 48.0, 10
JSON = "application/json"
MALFORMED: list[tuple[bytes, str]] = [
    (b"", JSON),
    (b"{", JSON),
    (b"\xff\xfe", JSON),
    (b"null", JSON),
    (b"[1]", JSON),
    (b'{"instances": 5}', JSON),
    (b'{"dataframe_records": [1, 2]}', JSON),
    (b'{"dataframe_split": {"columns": ["n_rows"], "data": [[1, 2]]}}', JSON),
    (b'{"dataframe_records": [{"rows": 1}]}', JSON),
    (b'{"dataframe_records": [{"n_rows": 1, "x": "%s"}]}' % (b"a" * 100_000), JSON),
    (b"n_rows\n1,2\n3", "text/csv"),
    (b"<rows/>", "application/xml"),
    *(
        (b'{"dataframe_records": [{"n_rows": %s}]}' % value, JSON)
        for value in (b"0", b"-1", b"1e9", b"1.5", b'"3"', b"null", b"NaN", b"[1]")
    ),
    *(
        (b'{"dataframe_records": [{"n_rows": 1, %s}]}' % rest, JSON)
        for rest in (b'"target_class": "none"', b'"seed": -2', b'"seed": "x"')
    ),
]


@dataclass
class Answers:
    """What a server has answered.

    Parameters
    ----------
    seconds : list of float
        How long each took.
    statuses : Counter
        Status of malformed requests -> how many there were.
    wrong : list of str
        A line for every answer that is wrong.
    seen : dict of bytes to int
        Good request -> hash of its answer.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seen: dict[bytes, int] = field(default_factory=dict)
    n_good: int = 0


def serve_and_ask(n_requests: int, n_clients: int, seed: int, console: Console) -> bool:
    """Start a scoring server, ask it, and print what came of it.

    Parameters
    ----------
    n_requests, n_clients : int
        Requests in all, and how many ask at the same time.
    seed : int
        Decides the requests.
    console : Console
        Where to print.

    Returns
    -------
    is_well : bool
        Whether every answer was right, no process died and memory did not grow.
    """
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        folder = Path(name)
        gan_augment.mlflow.save_model(_gan(), folder / "model")
        arguments = ["models", "serve", "--model-uri", str(folder / "model")]
        arguments += ["--env-manager", "local", "--workers", str(N_WORKERS)]
        with MlflowProgram(arguments, folder, "ping") as server:
            return _ask(server, n_requests, n_clients, seed, console)


def _ask(
    server: MlflowProgram, n_requests: int, n_clients: int, seed: int, console: Console
) -> bool:
    answers, numbers, lock = Answers(), itertools.count(), threading.Lock()
    before = _processes(server)
    megabytes: list[float] = []

    def client(_: int) -> None:
        session = requests.Session()
        while (number := next(numbers)) < n_requests:
            rng = random.Random(f"{seed} {number}")
            _ask_once(session, server.uri, rng, answers, lock)
            if number % max(n_requests // 100, 1) == 0:
                used = sum(_megabytes(pid) for pid in before)
                with lock:
                    megabytes.append(used)
                    if number % max(n_requests // 10, 1) == 0:
                        console.log(f"{number:,} requests, {used:.0f} MB")

    begin = time.monotonic()
    with ThreadPoolExecutor(n_clients) as pool:
        list(pool.map(client, range(n_clients)))
    seconds, died = time.monotonic() - begin, before - _processes(server)
    after_a_tenth = megabytes[len(megabytes) // 10]
    growth = max(megabytes) - after_a_tenth
    median, late = np.percentile(answers.seconds, [50, 99])
    console.print(
        f"{len(answers.seconds):,} requests of {n_clients} clients in {seconds:.0f} s, "
        f"{N_WORKERS} workers: {answers.n_good:,} good, "
        f"{answers.statuses.total():,} malformed ({dict(answers.statuses)}), "
        f"{len(answers.wrong)} answered wrong. Median {median * 1e3:.0f} ms, 99 % "
        f"within {late * 1e3:.0f} ms, longest {max(answers.seconds) * 1e3:.0f} ms. "
        f"Memory {after_a_tenth:.0f} MB after a tenth, at most {max(megabytes):.0f} "
        f"MB later. Processes that died: {len(died)} of {len(before)}."
    )
    for line in answers.wrong[:MAX_SHOWN]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return not answers.wrong and not died and growth <= MAX_MORE_MB


def _ask_once(
    session: requests.Session,
    uri: str,
    rng: random.Random,
    answers: Answers,
    lock: threading.Lock,
) -> None:
    """Send one request, and note what came of it."""
    is_good = rng.random() >= MALFORMED_SHARE
    n_rows, kind = rng.randint(1, 20), JSON
    if is_good:
        label = rng.choice(["", "False", "True"])
        record = {
            "n_rows": n_rows,
            "target_class": label,
            "seed": rng.randrange(N_SEEDS),
        }
        body = json.dumps({"dataframe_records": [record]}).encode()
    else:
        body, kind = rng.choice(MALFORMED)
    begin = time.perf_counter()
    try:
        answer = session.post(
            f"{uri}/invocations", data=body, headers={"Content-Type": kind}, timeout=300
        )
        status, content = answer.status_code, answer.content
    except requests.RequestException as error:
        status, content = 0, repr(error).encode()
    seconds = time.perf_counter() - begin
    if is_good:
        is_right = status == 200 and len(json.loads(content)["predictions"]) == n_rows
    else:
        is_right = 400 <= status < 500
    with lock:
        answers.seconds.append(seconds)
        if is_good:
            answers.n_good += 1
            is_right &= answers.seen.setdefault(body, hash(content)) == hash(content)
        else:
            answers.statuses[status] += 1
        if not is_right:
            answers.wrong.append(f"{body[:200]!r}: {status} {content[:200]!r}")


def _gan() -> TabularGAN:
    """A generator of numbers, levels and missing values."""
    rng, n = np.random.default_rng(0), 400
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": np.where(rng.random(n) < 0.2, np.nan, rng.gamma(2, 900, n).round(2)),
            "job": pd.Categorical(rng.choice(["a", "b", "c"], n)),
        }
    )
    return TabularGAN(max_steps=50, random_state=0).fit(X, np.arange(n) % 5 == 0)


def _processes(server: MlflowProgram) -> set[int]:
    """The processes of a server."""
    assert server.process is not None
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == server.process.pid:
                found.add(int(path.name))
        except ProcessLookupError:
            continue
    return found


def _megabytes(pid: int) -> float:
    """Memory of a process, 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    line = next((row for row in status.splitlines() if row.startswith("VmRSS")), "")
    return int(line.split()[1]) / 1024 if line else 0.0
