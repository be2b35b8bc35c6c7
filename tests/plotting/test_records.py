import numpy as np

from gan_augment.plotting import ClosestRecordDisplay


def test_the_curve_of_a_copier_rises_at_once():
    rng = np.random.default_rng(0)
    train, holdout = rng.normal(size=(2, 200, 3))
    display = ClosestRecordDisplay.from_tables(train, holdout, train)
    curves = {line.get_label(): line for line in display.ax_.lines}
    assert curves["synthetic rows"].get_xdata().max() == 0
    assert np.median(curves["unseen real rows"].get_xdata()) > 0.1
