"""A call that is killed: run by a test as a process of its own.

    python kill_at.py GENERATOR OUT N_WORKERS NUMBER WHOM

WHOM is the worker, the driver or nobody; NUMBER is the partition before which it dies.
"""

import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

from gan_augment.scaling import LocalEngine, write_rows


@dataclass
class KillAt:
    function: Any
    number: int
    victim: int | None

    def __call__(self, number):
        if number == self.number and self.victim is not None:
            os.kill(self.victim or os.getpid(), signal.SIGKILL)
        return self.function(number)


class DeadlyEngine(LocalEngine):
    def __init__(self, n_workers, number, victim):
        super().__init__(n_workers)
        self.number, self.victim = number, victim

    def map(self, function, n_partitions, schema):
        deadly = KillAt(function, self.number, self.victim)
        return super().map(deadly, n_partitions, schema)


if __name__ == "__main__":
    generator, out, n_workers, number, whom = sys.argv[1:]
    victims = {"worker": 0, "driver": os.getpid(), "nobody": None}
    engine = DeadlyEngine(int(n_workers), int(number), victims[whom])
    write_rows(
        generator,
        {"rare": 900, "common": 500},
        out=out,
        engine=engine,
        rows_per_partition=100,
        seed=3,
    )
