"""The table of the quality of images, on digits and short trainings."""

import re

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
    options = ["--data", "digits", "--n-train", "400", "--pictures", str(tmp_path)]
    result = CliRunner().invoke(app, [*options, *steps], catch_exceptions=False)
    assert result.exit_code == 0
    assert "digits, 400 images of 10 classes" in result.stdout
    assert re.search(r"2 steps.*4 steps.*real", result.stdout)
    assert (
        len(re.findall(r"(?:kid|novelty|CPU s) *(?:│ *[-.\d]* *)+", result.stdout)) == 3
    )
    assert {path.name for path in tmp_path.iterdir()} == {
        "digits-2.png",
        "digits-4.png",
    }
    assert Image.open(tmp_path / "digits-2.png").size == (2 * 132, 2 * 80)
