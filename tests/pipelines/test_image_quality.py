"""The table of the quality of images, on digits and short trainings."""

import re

import numpy as np
import pandas as pd
from PIL import Image
from typer.testing import CliRunner

from gan_augment.images import ImageClassifier
from gan_augment.over_sampling import image_changes
from pipelines import image_quality


def test_every_training_has_a_column_beside_that_of_real_images(tmp_path, monkeypatch):
    monkeypatch.setattr(image_quality, "N_SYNTHETIC", 200)
    monkeypatch.setitem(ImageClassifier.__init__.__kwdefaults__, "max_steps", 5)
    monkeypatch.setattr(image_changes, "STEPS", 5)
    app = image_quality.typer.Typer()
    app.command()(image_quality.main)
    steps = ["--max-steps", "2", "--max-steps", "4"]
    picture = tmp_path / "images.png"
    curve = tmp_path / "curve.png"
    options = ["--data", "digits", "--n-train", "400"]
    options += ["--picture", str(picture), "--curve", str(curve)]
    result = CliRunner().invoke(app, [*options, *steps], catch_exceptions=False)
    assert result.exit_code == 0
    assert "digits, 400 images of 10 classes" in result.stdout
    assert re.search(r"2 steps.*4 steps.*real", result.stdout)
    assert (
        len(re.findall(r"(?:kid|novelty|CPU s) *(?:│ *[-.\d]* *)+", result.stdout)) == 3
    )
    with Image.open(picture) as drawn:
        # A row of panels for each training.
        assert drawn.height > drawn.width
    with Image.open(curve) as drawn:
        assert drawn.width > drawn.height


def test_curves_have_a_point_for_each_training_and_a_line_for_real_images():
    table = pd.DataFrame(
        {
            "4 steps": {"CPU s": 2.0, "fid": 1.0, "label_accuracy": 0.9},
            "2 steps": {"CPU s": 1.0, "fid": 3.0, "label_accuracy": 0.7},
            "real": {"fid": 0.5, "label_accuracy": 0.8},
        }
    )
    left, right = image_quality.draw_curves({"digits": table}).axes
    assert left.lines[0].get_xydata().tolist() == [[1, 3], [2, 1]]
    assert right.lines[0].get_xydata().tolist() == [[1, 0.7], [2, 0.9]]
    assert list(right.lines[1].get_ydata()) == [0.8, 0.8]


def test_a_grid_shows_every_class_in_a_row():
    images = np.arange(6, dtype=np.uint8).repeat(64).reshape(6, 8, 8)
    shown = image_quality.grid(images, np.array([1, 0, 1, 0, 0, 1]))
    assert shown[::8, ::8].tolist() == [[1, 3, 4], [0, 2, 5]]
