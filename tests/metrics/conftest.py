from functools import partial

import pytest
from sklearn.ensemble import RandomForestClassifier


@pytest.fixture(scope="module", autouse=True)
def small_forest():
    """A quarter of the trees tell as well, and cost a quarter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "gan_augment.metrics.fidelity.RandomForestClassifier",
            partial(RandomForestClassifier, 25),
        )
        yield
