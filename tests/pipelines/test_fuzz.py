"""Damage: a few hundred inputs; and that the fuzzer would find what it looks for."""

import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pipelines import fuzz
from pipelines.limited import READ, run_limited
from pipelines.mutations import damage_arrays, damage_bytes, damage_header, damage_json


def _fuzz(names, n_inputs, seed=0):
    """Damage inputs; those read and refused by kind, as the command prints them."""
    # In a process of its own: a child that is forked from this one, in which other
    # tests have started threads, may wait forever for what one of them holds.
    flags = [part for name in names for part in ("--only", name)]
    flags += ["--mutations", str(n_inputs * len(names)), "--seed", str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.fuzz", *flags],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [re.findall(r"\w+", row) for row in done.stdout.replace(",", "").split("\n")]
    return {
        row[0]: (int(row[2]), int(row[3])) for row in rows if row and row[0] in names
    }


def test_a_damaged_input_is_read_or_refused():
    names = ["table", "array", "rows", "request"]
    found = _fuzz(names, 60)
    assert sorted(found) == sorted(names)
    for n_read, n_refused in found.values():
        assert n_read + n_refused == 60
        assert n_refused > 30


@pytest.mark.slow
@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_thousands_of_every_kind(name):
    assert sum(_fuzz([name], 2000, seed=1)[name]) == 2000


def _hang():
    time.sleep(60)


def _write():
    Path(os.devnull).write_text("x")


@pytest.mark.parametrize(
    ("read", "result", "event"),
    [
        (lambda: None, READ, ""),
        (lambda: [][1], "IndexError", ""),
        (lambda: os._exit(3), "died", ""),
        (_hang, "hang", ""),
        (lambda: bytearray(2**31), "MemoryError", ""),
        (lambda: exec("1"), READ, "exec"),
        (lambda: os.system("true"), READ, "os.system"),
        (_write, READ, "open"),
    ],
)
def test_the_child_tells_what_happened(read, result, event):
    first, second = run_limited(lambda i: i, read, 2, max_seconds=0.5)
    assert (first.number, second.number) == (0, 1)
    assert first.result == second.result == result
    assert first.event.startswith(event)
    assert bool(first.event) == bool(event)


def test_what_a_library_imports_late_is_let_pass_and_nothing_else(tmp_path):
    folder = tmp_path / "late"
    folder.mkdir()
    (folder / "__init__.py").write_text("def read(): import late.module\n")
    (folder / "module.py").write_text("from fractions import Fraction\n")
    program = compile("exec('1')", "input", "exec")
    sys.path.insert(0, str(tmp_path))
    try:
        import late

        for may_run in ([], ["late"], ["other"]):
            (found,) = run_limited(lambda i: i, late.read, 1, may_run=may_run)
            assert bool(found.event) == ("late" not in may_run), found
        (found,) = run_limited(lambda i: i, lambda: exec(program), 1, may_run=["late"])
        assert found.event.startswith("exec")
    finally:
        sys.path.remove(str(tmp_path))


def test_the_peak_of_memory_is_that_of_each_input():
    sizes = [200, 1, 50]
    read = [0]

    def prepare(index):
        read[0] = sizes[index]
        return 0

    found = run_limited(prepare, lambda: bytearray(b"x" * read[0] * 10**6), 3)
    peaks = [outcome.megabytes for outcome in found]
    assert peaks[0] > 150
    assert peaks[1] < 50
    assert peaks[2] > 40


def test_the_seed_makes_an_input_again():
    text = b'{"a": [1, 2.5, "x"], "b": {"$array": "array_0"}}'
    arrays = {"a": np.ones((2, 3)), "b": np.zeros(2, bool)}
    header = (2).to_bytes(8, "little") + b"{}"
    for damage, data in (
        (damage_bytes, text),
        (damage_json, text),
        (damage_header, header),
    ):
        made = [damage(data, random.Random(seed)) for seed in range(50)]
        assert made == [damage(data, random.Random(seed)) for seed in range(50)]
        assert len(set(made)) > 20
    before = {name: array.copy() for name, array in arrays.items()}
    for seed in range(50):
        damage_arrays(arrays, random.Random(seed))
    assert all((arrays[name] == before[name]).all() for name in arrays)


def test_the_command_refuses_other_names():
    command = typer.Typer()
    command.command()(fuzz.main)
    assert CliRunner().invoke(command, ["--only", "nothing"]).exit_code == 2
