"""The quick tests with the oldest and the newest dependencies, on every Python here.

    make test-versions                                    # all that can be run here
    python -m pipelines.versions --python 3.12 --with newest

Of every Python from 3.11 to 3.14 that is found, and of every set of dependencies, a
virtual environment is made in ``.venv-versions`` and the quick tests are run in it.
The sets are

- ``lowest``: the lower bounds of ``pyproject.toml``, in ``constraints-lowest.txt``;
- ``newest``: the newest versions that all dependencies allow together;
- ``pandas3``: the newest ones and pandas 3, without the extra ``ctgan``, whose package
  needs pandas 2.

It needs nothing but the standard library. A Python that is not found is named.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ROOT / ".venv-versions"
TOOLS = ["hypothesis", "polars", "pytest", "pytest-xdist", "selenium"]
# What pip installs for each set, besides the package itself.
SETS = {
    "lowest": [".[test]", "-c", "constraints-lowest.txt"],
    "newest": [".[test]"],
    "pandas3": [".[excel,pipelines]", *TOOLS, "pandas>=3"],
}
NOT_FOUND = "not found"


def run_one(python: str, chosen: str, tests: list[str], pip: list[str]) -> str:
    """Install a set of dependencies, run the tests, and say how they ended.

    Parameters
    ----------
    python : str
        Version of Python, such as "3.12".
    chosen : str
        Key of `SETS`.
    tests : list of str
        Arguments of pytest.
    pip : list of str
        Further arguments of ``pip install``.

    Returns
    -------
    outcome : str
        ``"passed"``, or what failed.
    """
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    program = sys.executable if python == here else shutil.which(f"python{python}")
    if program is None:
        return NOT_FOUND
    environment = ENVIRONMENTS / f"{python}-{chosen}"
    own_python = str(environment / "bin" / "python")
    if not Path(own_python).exists():
        subprocess.run([program, "-m", "venv", environment], check=True)
    install = [own_python, "-m", "pip", "install", "-q", "-e", *SETS[chosen], *pip]
    if subprocess.run(install, cwd=ROOT, check=False).returncode:
        return "dependencies could not be installed"
    limits = {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [own_python, "-m", "pytest", *tests]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | limits, check=False)
    return "failed" if ended.returncode else "passed"


def main() -> int:
    """Run the sets that the command line asks for.

    Returns
    -------
    status : int
        0 if all that could be run passed.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", action="append", choices=PYTHONS)
    parser.add_argument("--with", action="append", choices=SETS, dest="chosen")
    parser.add_argument("--pip", action="append", help="argument of pip install")
    parser.add_argument("tests", nargs="*", help="arguments of pytest, after --")
    given = parser.parse_args()
    outcomes = {}
    for python in given.python or PYTHONS:
        for chosen in given.chosen or SETS:
            begin = time.monotonic()
            outcome = run_one(
                python, chosen, given.tests or ["-n", "2"], given.pip or []
            )
            outcomes[python, chosen] = outcome
            seconds = time.monotonic() - begin
            print(f"Python {python}, {chosen}: {outcome} ({seconds:.0f} s)", flush=True)
    print("\n| Python | dependencies | tests |\n|---|---|---|")
    for (python, chosen), outcome in outcomes.items():
        print(f"| {python} | {chosen} | {outcome} |")
    return int(not set(outcomes.values()) <= {"passed", NOT_FOUND})


if __name__ == "__main__":
    sys.exit(main())
