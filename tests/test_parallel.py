"""Every backend of joblib gives the results, in the order of the tasks."""

import operator

import pytest
from joblib import delayed, parallel_config

from gan_augment.parallel import run_tasks


# That of processes gives all results at the end, as Ray's does.
@pytest.mark.parametrize("backend", ["sequential", "threading", "multiprocessing"])
def test_results_come_in_the_order_of_the_tasks(backend):
    tasks = (delayed(operator.neg)(number) for number in range(9))
    with parallel_config(backend=backend):
        assert list(run_tasks(tasks, 2)) == [-number for number in range(9)]
