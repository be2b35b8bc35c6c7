"""From an empty environment to a report: the seconds of each step.

    python -m pipelines.front_door
    python -m pipelines.front_door --csv customers.csv --target churned --pip=-v

A wheel of this clone is built and installed into an empty virtual environment, as the
README says, and ``gan-augment report`` is called on a table of 8,000 customers, which
is made here, or on a CSV of your own. Printed are the seconds that passed, and those
that processors worked. It needs nothing but the standard library.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
N_ROWS, SHARE = 8_000, 0.06


def write_customers(path: Path, n_rows: int = N_ROWS) -> None:
    """Write a table of customers, a few of whom leave; some cells are empty."""
    rng = random.Random(0)
    rows = []
    for _ in range(n_rows):
        tenure, calls = round(rng.gammavariate(2, 18)), int(rng.expovariate(0.6))
        plan = rng.choices(["Basic", "Gold", "Platinum"], [6, 3, 1])[0]
        charge = round(rng.gammavariate(3, 20) + 60 * (plan == "Platinum"), 2)
        age = round(min(max(rng.gauss(44, 14), 18), 92))
        leaning = 0.35 * calls - 0.03 * tenure + 0.004 * charge + rng.gauss(0, 1)
        cells = [age, tenure, calls, plan, charge]
        rows.append((leaning, ["" if rng.random() < 0.02 else c for c in cells]))
    limit = sorted(leaning for leaning, _ in rows)[math.floor(n_rows * (1 - SHARE))]
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["age", "tenure", "calls", "plan", "charge", "churned"])
        for leaning, cells in rows:
            table.writerow([*cells, "yes" if leaning >= limit else "no"])


def timed(step: str, *command: str | Path, cwd: Path) -> None:
    """Run a command, and print how long it took."""
    begin, before = time.monotonic(), _worked()
    subprocess.run(command, cwd=cwd, check=True, env=_environment())
    passed, worked = time.monotonic() - begin, _worked() - before
    print(f"{passed:6.0f} s, {worked:4.0f} s of a processor: {step}", flush=True)


def _environment() -> dict[str, str]:
    """The environment of this process, without what a new one would not have."""
    return {name: os.environ[name] for name in os.environ if name != "PYTHONPATH"}


def _worked() -> float:
    """Seconds that processors worked for the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run the steps."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--csv", type=Path, help="a table of your own")
    parser.add_argument("--target", default="churned")
    parser.add_argument(
        "--pip", action="append", default=[], help="argument of pip install"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        here = Path(directory)
        table = here / "customers.csv"
        if given.csv is None:
            write_customers(table)
        else:
            table = given.csv.resolve()
        pip = [sys.executable, "-m", "pip"]
        build: list[str | Path] = [*pip, "wheel", "-q", "--no-deps", "-w", here, ROOT]
        timed("pip wheel", *build, cwd=here)
        venv.create(here / "empty", with_pip=True)
        programs = here / "empty" / "bin"
        wheel = next(here.glob("*.whl"))
        install: list[str | Path] = [
            programs / "pip",
            "install",
            "-q",
            *given.pip,
            wheel,
        ]
        timed("pip install", *install, "-c", ROOT / "constraints.txt", cwd=here)
        report: list[str | Path] = [
            programs / "gan-augment",
            "report",
            table,
            "--target",
            given.target,
        ]
        timed("gan-augment report", *report, cwd=here)
        installed = sum(each.lstat().st_size for each in (here / "empty").rglob("*"))
        print(f"{installed / 1e9:.1f} GB of environment, ", end="")
        print(f"{os.path.getsize(here / 'report.html'):,} bytes of report.html")


if __name__ == "__main__":
    main()
