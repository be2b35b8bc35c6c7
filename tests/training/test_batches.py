import numpy as np
import torch

from gan_augment.training.batches import ConditionalBatches


def test_every_class_is_seen_equally_often_with_its_own_rows():
    classes = np.repeat([0, 1, 2], [900, 90, 1])
    batches = ConditionalBatches(
        classes,
        n_classes=3,
        encode=lambda rows, rng: classes[rows, None].astype(np.float32),
        batch_size=32,
        rng=np.random.default_rng(0),
    )
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
    batches = ConditionalBatches(
        np.zeros(50, dtype=int),
        n_classes=1,
        encode=lambda rows, rng: rows[:, None].astype(np.float32),
        batch_size=64,
        rng=np.random.default_rng(0),
    )
    for _ in range(20):
        drawn |= set(batches.draw()[0].ravel().tolist())
    assert drawn == set(range(50))
