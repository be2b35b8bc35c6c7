"""Figures of a run: of any table, and saying what they show."""

import numpy as np
import pandas as pd
from matplotlib import colors

from gan_augment.mlflow import figures


def test_any_table_has_figures(mixed_frame, tmp_path):
    classes = np.arange(len(mixed_frame)) % 3
    drawn = mixed_frame.iloc[classes == 1]
    made = dict(figures.table_figures(mixed_frame, classes, drawn, np.ones(len(drawn))))
    assert made.keys() == {"marginals", "projection"}
    for name, figure in made.items():
        figure.savefig(tmp_path / f"{name}.png")
    assert 2 <= len(made["marginals"].axes) <= figures.MOST_COLUMNS


def test_the_columns_that_differ_most_come_first():
    rng = np.random.default_rng(0)
    real = pd.DataFrame(rng.normal(size=(200, 20))).add_prefix("x")
    synthetic = pd.DataFrame(rng.normal(size=(200, 20))).add_prefix("x")
    synthetic["x7"] += 3
    real["level"] = "a"
    synthetic["level"] = "b"
    panels = figures.marginals(real, synthetic).axes
    assert panels[0].get_title() == "level (1.00)"
    assert panels[1].get_title().startswith("x7 (0.8")
    assert len(panels) == figures.MOST_COLUMNS


def test_only_generated_classes_are_compared():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [50.0, 60.0], [60.0, 50.0]])
    classes = np.array(["rare", "rare", "common", "common"])
    made = figures.table_figures(X, classes, X[:2] + 0.1, np.array(["rare", "rare"]))
    panel = dict(made)["marginals"].axes[0]
    assert panel.get_xlim()[1] < 2


def test_curves_of_every_measure():
    history = {
        "step": [1, 2],
        "seconds": [0.1, 0.2],
        "generator_loss": [2.0, 1.0],
        "discriminator_loss": [1.0, 1.5],
        "diversity": [0.5, 0.9],
    }
    losses, diversity = figures.training_curves(history).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in losses.lines}
    assert drawn == {
        "generator loss": [2.0, 1.0],
        "discriminator loss": [1.0, 1.5],
    }
    assert list(diversity.lines[0].get_ydata()) == [0.5, 0.9]


def test_real_and_synthetic_rows_lie_on_each_other_if_they_are_alike():
    rng = np.random.default_rng(0)
    real, synthetic = (pd.DataFrame(rng.normal(size=(300, 3))) for _ in range(2))
    (panel,) = figures.projection(real, synthetic).axes
    centres = [cloud.get_offsets().mean(axis=0) for cloud in panel.collections]
    assert np.abs(centres[0] - centres[1]).max() < 0.3
    names = [label.get_text() for label in panel.get_legend().get_texts()]
    assert names == ["real", "synthetic"]
    shown = [colors.to_hex(c.get_facecolor()[0]) for c in panel.collections]
    assert shown == [figures.REAL, figures.SYNTHETIC]
