"""The protocol of DeepSMOTE: how many images are kept, and how many are filled up."""

import numpy as np
import pytest

from pipelines import long_tail

COUNTS = (12, 8, 3)


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (60, 12, 12)).astype(np.uint8), np.arange(60) % 3


def test_each_class_keeps_its_number_of_images(images):
    X, y = long_tail.long_tail(*images, COUNTS, seed=0)
    assert np.bincount(y).tolist() == list(COUNTS)
    own = {image.tobytes() for image in images[0]}
    assert {image.tobytes() for image in X} <= own
    assert (long_tail.long_tail(*images, COUNTS, seed=1)[0] != X).any()
    np.testing.assert_array_equal(long_tail.long_tail(*images, COUNTS, seed=0)[0], X)


def test_all_classes_are_filled_up_to_the_largest(images, monkeypatch):
    monkeypatch.setattr(long_tail, "STEPS", 2)
    asked = []

    def repeat(X, y, wanted, seed):
        asked.append(wanted)
        labels = np.repeat(list(wanted), list(wanted.values()))
        return X[: len(labels)], labels

    train = long_tail.long_tail(*images, COUNTS, seed=0)
    found = long_tail.measure(train, images, {"repeat": repeat}, "repeat", 0)
    assert asked == [{1: 4, 2: 9}]
    assert list(found) == long_tail.MEASURES
    assert all(0 <= found[name] <= 1 for name in long_tail.MEASURES[:-1])
    plain = long_tail.measure(train, images, {}, long_tail.NOTHING, 0)
    assert plain["CPU s"] == pytest.approx(0, abs=0.1)


def test_a_classifier_that_knows_all_classes_has_the_best_scores(images, monkeypatch):
    class Oracle:
        def __init__(self, **_):
            pass

        def fit(self, X, y):
            return self

        def predict(self, X):
            return images[1]

    monkeypatch.setattr(long_tail, "SmallCNN", Oracle)
    found = long_tail.measure(images, images, {}, long_tail.NOTHING, 0)
    assert [found[name] for name in long_tail.MEASURES[:-1]] == [1, 1, 1, 1]
