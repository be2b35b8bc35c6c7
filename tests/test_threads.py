"""Thread counts come back, also where fits overlap."""

import threading

import pytest
import torch

from gan_augment.threads import one_thread


def count_in_new_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("leaves_first", [0, 1])
def test_overlapping_guards_give_every_thread_its_setting_back(leaves_first):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    entered = [threading.Event(), threading.Event()]
    left = [threading.Event(), threading.Event()]
    inside, after = {}, {}

    def fit(number):
        if number == 1:
            entered[0].wait()
        with one_thread("cpu"):
            inside[number] = torch.get_num_threads()
            entered[number].set()
            entered[1 - number].wait()
            if number != leaves_first:
                left[leaves_first].wait()
        after[number] = torch.get_num_threads()
        left[number].set()

    threads = [threading.Thread(target=fit, args=(number,)) for number in (0, 1)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert inside == {0: 1, 1: 1}
        assert after == {0: 3, 1: 3}
        assert torch.get_num_threads() == count_in_new_thread() == 3
    finally:
        torch.set_num_threads(before)


def test_a_nested_guard_does_not_end_the_outer_one():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with one_thread("cpu"):
            with one_thread("cpu"):
                pass
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_a_gpu_leaves_the_threads_of_the_cpu_alone():
    before = torch.get_num_threads()
    with one_thread("cuda"):
        assert torch.get_num_threads() == before
