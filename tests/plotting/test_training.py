import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from gan_augment import GANOverSampler
from gan_augment.plotting import TrainingCurvesDisplay


def test_the_curves_are_the_history_of_the_sampler(imbalanced, fast_gan):
    sampler = GANOverSampler(fast_gan, sample_filter=None)
    sampler.fit_resample(*imbalanced)
    display = TrainingCurvesDisplay.from_estimator(sampler, linewidth=3)
    history = sampler.history_
    # Other measures, such as norms of gradients, have other scales.
    assert len(display.lines_) == sum(n.endswith(("loss", "penalty")) for n in history)
    for line in display.lines_:
        name = line.get_label().replace(" ", "_")
        assert np.array_equal(line.get_data(), [history["step"], history[name]])
        assert line.get_linewidth() == 3


def test_what_was_not_trained_is_a_clear_error(fast_sampler):
    with pytest.raises(NotFittedError, match=r"must be fitted.*Got GANOverSampler"):
        TrainingCurvesDisplay.from_estimator(fast_sampler)
