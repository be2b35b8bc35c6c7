"""Two processes with half of the batch each train as one with all of it."""

import re
import subprocess
import sys

import pytest


def train(n_processes):
    """The losses that are printed; the program itself compares all weights."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += [f"--nproc-per-node={n_processes}", "-m", "pipelines.distributed"]
    command += ["--width", "32", "--batch-size", "128", "--n-steps", "200"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    (row,) = [line for line in found.stdout.splitlines() if "32 wide" in line]
    processes, *_, discriminator, generator = re.findall(r"-?\d[\d.,]*", row)[2:]
    assert int(processes) == n_processes
    return float(discriminator), float(generator)


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_joint_batch():
    assert train(2) == pytest.approx(train(1), rel=0.15)
