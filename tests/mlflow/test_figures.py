"""Figures of a fit: of any table, and of the classes that were generated."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from gan_augment.mlflow.figures import fit_figures

HISTORY = {"step": [1, 2], "seconds": [0.1, 0.2], "generator_loss": [2.0, 1.0]}


def test_any_table_has_figures(mixed_frame, tmp_path):
    sampler = SimpleNamespace(history_=HISTORY)
    classes = np.arange(len(mixed_frame)) % 3
    drawn = mixed_frame.iloc[classes == 1]
    made = dict(fit_figures(sampler, mixed_frame, classes, drawn, np.ones(len(drawn))))
    assert made.keys() == {"training_curves", "marginals", "projection"}
    for name, figure in made.items():
        figure.savefig(tmp_path / f"{name}.png")
    assert 2 <= len(made["marginals"].axes) <= 12


def test_only_generated_classes_are_compared():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [50.0, 60.0], [60.0, 50.0]])
    classes = np.array(["rare", "rare", "common", "common"])
    rare = np.array(["rare", "rare"])
    sampler = SimpleNamespace(history_={})
    made = dict(fit_figures(sampler, X, classes, X[:2] + 0.1, rare))
    assert "training_curves" not in made
    assert made["marginals"].axes[0].get_xlim()[1] < 2


def test_without_synthetic_rows_or_of_images_there_are_curves_alone():
    sampler, none = SimpleNamespace(history_=HISTORY), np.zeros(0)
    table = pd.DataFrame({"x": [1.0, 2.0]})
    classes = np.array([0, 1])
    assert list(dict(fit_figures(sampler, table, classes, table[:0], none))) == [
        "training_curves"
    ]
    images = np.zeros((2, 4, 4, 1))
    made = fit_figures(sampler, images, classes, images, classes)
    assert list(dict(made)) == ["training_curves"]
