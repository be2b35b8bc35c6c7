"""The table of ``pipelines.vote`` is taken by its rule."""

import pytest

from pipelines.datasets import DATASETS
from pipelines.vote import FEWEST_RARE, TABLE


@pytest.mark.slow
def test_the_table_is_the_one_that_the_rule_says():
    counts = {name: int(load().is_rare.sum()) for name, load in DATASETS.items()}
    enough = {name: n for name, n in counts.items() if n >= FEWEST_RARE}
    assert min(enough, key=enough.get) == TABLE
