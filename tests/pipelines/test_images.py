"""The benchmark of images: splits, arms, resuming; on digits and short trainings."""

import re

import mlflow
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from gan_augment import ImageGAN
from pipelines import image_arms, image_sets, images


@pytest.fixture(scope="module")
def cut():
    return image_sets.split(image_sets.load_digits(), 0, 10, 60, 40, 2)


def test_a_split_shares_no_image_and_hides_the_rare_ones(cut):
    parts = [
        {image.tobytes() for image in part}
        for part in (cut.X, cut.X_hidden, cut.X_test)
    ]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    counts = np.bincount(cut.y)
    assert counts[cut.rare].tolist() == [10, 10]
    assert (np.delete(counts, cut.rare) == 60).all()
    assert set(cut.y_hidden) == set(cut.rare)
    other = image_sets.split(image_sets.load_digits(), 1, 10, 60, 40, 2)
    assert set(other.rare) != set(cut.rare)


def test_held_out_patches_come_from_the_other_half_of_the_picture():
    data = image_sets.load_patches()
    assert data.images.shape[1:] == (32, 32, 3)
    assert set(data.labels) == set(range(8))
    cut = image_sets.split(data, 0, 20, 100, 50, 3)
    right = {image.tobytes() for image in data.images[data.n_train :]}
    assert {image.tobytes() for image in cut.X_test} <= right


@pytest.mark.parametrize(
    "name",
    [
        # What changes leave a class what it is takes a search.
        pytest.param(name, marks=pytest.mark.slow) if name == "auto" else name
        for name in image_arms.make_arms("", 1, ImageGAN(), image_sets.UPRIGHT)
    ],
)
def test_every_arm_gives_what_was_wanted(name, cut, tmp_path):
    gan = ImageGAN(max_steps=3)
    arm = image_arms.make_arms(str(tmp_path), 3, gan, cut.augment)[name]
    wanted = dict.fromkeys(cut.rare.tolist(), 12)
    images_, labels = arm(cut.X, cut.y, wanted, 0)
    assert images_.shape == (24, 8, 8)
    assert images_.dtype == cut.X.dtype
    assert {label: int((labels == label).sum()) for label in wanted} == wanted


def test_the_gap_closed_is_pooled_over_splits():
    results = pd.DataFrame(
        {
            "set": "a",
            "n_rare": 20,
            "seed": [0, 0, 0, 1, 1, 1],
            "arm": ["nothing", "ours", "oracle"] * 2,
            "recall": [0.0, 0.5, 1.0, 0.8, 0.8, 0.9],
        }
    )
    closed = images.gap_closed(results, "recall")
    assert closed["ours"] == pytest.approx(0.5 / 1.1)
    assert closed["nothing"] == 0
    assert closed["oracle"] == 1


def test_harm_is_counted_against_repeated_images():
    results = pd.DataFrame(
        {
            "seed": [0, 0, 1, 1],
            "arm": ["random", "ours"] * 2,
            "LR recall": [0.5, 0.495, 0.5, 0.48],
            "RF recall": [0.5, 0.4, 0.5, 0.9],
            "LR worst_recall": [0.5, 0.0, 0.5, 0.0],
        }
    )
    assert images.harmed(results).to_dict() == {"random": "0/4", "ours": "2/4"}


@pytest.mark.slow
def test_the_command_ends_with_a_table_a_figure_and_a_run(store, monkeypatch):
    monkeypatch.setattr(images, "make_classifiers", lambda augment, seed: _quick(seed))
    import typer

    app = typer.Typer()
    app.command()(images.main)
    command = "--data digits --arm random --n-common 40 --n-test 30 --max-steps 20"
    first = CliRunner().invoke(app, command.split(), catch_exceptions=False)
    assert first.exit_code == 0
    for text in ("nothing", "random", "oracle", "images.png", "image"):
        assert text in first.stdout
    results = pd.read_csv("images.csv")
    assert results["arm"].tolist() == ["nothing", "random", "oracle"]
    assert (store / "images.png").stat().st_size > 0
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    (fit,) = (run for run in runs if run.info.run_name == "fit_resample")
    grids = mlflow.MlflowClient().list_artifacts(fit.info.run_id, "images")
    steps = {re.search(r"step\D+(\d+)", grid.path)[1] for grid in grids}
    assert steps == {str(step) for step in range(1, 21)}
    # Nothing is run again.
    monkeypatch.setattr(images, "run_arm", None)
    again = CliRunner().invoke(app, command.split(), catch_exceptions=False)
    assert again.exit_code == 0


def _quick(seed):
    from sklearn.neighbors import KNeighborsClassifier

    from pipelines.image_classifiers import OnPixels

    return {"KNN": OnPixels(KNeighborsClassifier(1))}


def test_a_folder_of_images_is_read_by_class(tmp_path):
    from skimage.io import imsave

    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for k in range(3):
            image = np.full((9, 9, 3), k, np.uint8)
            imsave(tmp_path / name / f"{k}.png", image, check_contrast=False)
    data = image_sets.load_folder(tmp_path)
    assert data.images.shape == (6, 9, 9, 3)
    assert data.labels.tolist() == ["cat"] * 3 + ["dog"] * 3
    imsave(
        tmp_path / "dog" / "9.png", np.zeros((8, 9, 3), np.uint8), check_contrast=False
    )
    with pytest.raises(ValueError, match="images of one size"):
        image_sets.load_folder(tmp_path)


def test_missing_data_say_what_to_install(tmp_path):
    with pytest.raises(FileNotFoundError, match="apt-get install"):
        image_sets.load_fashion(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", list(image_sets.DAMAGES))
def test_images_of_low_quality_keep_their_layout(damage):
    images = image_sets.load_digits().images[:20] * np.uint8(16)
    damaged = image_sets.DAMAGES[damage](images)
    assert damaged.shape == images.shape
    assert damaged.dtype == images.dtype
    assert (damaged == images).all() == (damage == "none")
    if damage == "8 levels":
        assert len(np.unique(damaged)) == 8
