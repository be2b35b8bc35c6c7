import numpy as np
import pytest
import torch

from gan_augment.training.batches import (
    FEWEST_SAMPLED,
    ConditionalBatches,
    PairedBatches,
    sample_rows,
)


def make(kind, classes, values, batch_size):
    """Batches whose encoded rows are one value each."""
    return kind(
        classes,
        n_classes=int(classes.max()) + 1,
        encode=lambda rows, rng: values[rows, None].astype(np.float32),
        batch_size=batch_size,
        rng=np.random.default_rng(0),
    )


def test_every_class_is_seen_equally_often_with_its_own_rows():
    classes = np.repeat([0, 1, 2], [900, 90, 1])
    batches = make(ConditionalBatches, classes, classes, 32)
    seen = torch.zeros(3)
    for _ in range(60):
        rows, condition = batches.draw()
        assert rows.shape == (32, 1)
        assert condition.shape == (32, 3)
        assert torch.equal(condition.argmax(dim=1), rows[:, 0].long())
        seen += condition.sum(dim=0)
    assert torch.all((seen - 640).abs() <= 60)


def test_every_row_of_a_class_is_drawn():
    drawn = set()
    batches = make(ConditionalBatches, np.zeros(50, dtype=int), np.arange(50), 64)
    for _ in range(20):
        drawn |= set(batches.draw()[0].ravel().tolist())
    assert drawn == set(range(50))


def test_the_pair_of_a_row_is_another_one_of_its_class_and_each_in_turn():
    classes = np.repeat([0, 1, 2], [50, 5, 1])
    batches = make(PairedBatches, classes, np.arange(56), 30)
    pairs = set()
    for _ in range(80):
        rows, others = (part[:, 0].long().numpy() for part in batches.draw())
        assert (classes[rows] == classes[others]).all()
        pairs |= set(zip(rows.tolist(), others.tolist(), strict=True))
    assert {pair for pair in pairs if pair[0] == pair[1]} == {(55, 55)}
    assert len([pair for pair in pairs if 50 <= pair[0] < 55]) == 5 * 4


def test_rows_of_a_class_are_as_many_positions_apart_as_there_are_classes():
    classes = np.repeat([0, 1, 2], [9, 4, 7])
    for kind in (ConditionalBatches, PairedBatches):
        batches = make(kind, classes, classes, 32)
        for _ in range(40):
            rows, _ = batches.draw()
            assert torch.equal(rows[3:], rows[:-3])


@pytest.mark.parametrize("most_rows", [10, 1000, 9999])
def test_a_sample_misses_no_class(most_rows):
    classes = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [4000, 7, 90]))
    chosen = sample_rows(classes, most_rows, np.random.default_rng(1))
    assert len(set(chosen)) == len(chosen) >= min(most_rows, len(classes))
    found = np.bincount(classes[chosen], minlength=3)
    assert (found >= np.minimum(np.bincount(classes), FEWEST_SAMPLED)).all()
    # The others are as common as they are.
    assert found[0] <= max(most_rows, FEWEST_SAMPLED)
