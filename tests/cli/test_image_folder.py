"""Folders of images in, folders of images out."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gan_augment.cli import main
from gan_augment.cli.errors import UserError
from gan_augment.cli.image_folder import read_folder


def write_folder(folder, endings, counts, shape=(8, 8), dtype=np.uint8):
    rng = np.random.default_rng(0)
    for label, n_images in counts.items():
        (folder / label).mkdir(parents=True)
        for number in range(n_images):
            pixels = rng.integers(0, 256, shape).astype(dtype)
            ending = endings[number % len(endings)]
            Image.fromarray(pixels).save(folder / label / f"{number}.{ending}")


@pytest.mark.parametrize(
    ("endings", "shape", "dtype"),
    [
        (["png", "tiff"], (8, 8), np.uint8),
        (["png", "jpg", "webp"], (8, 9, 3), np.uint8),
        (["png", "tif"], (8, 8), np.uint16),
    ],
)
def test_a_folder_becomes_a_folder(endings, shape, dtype, tmp_path, capsys):
    folder, out = tmp_path / "photos", tmp_path / "more"
    write_folder(folder, endings, {"cat": 12, "dog": 6}, shape, dtype)
    arguments = ["images", str(folder), "-o", str(out), "--max-steps", "2", "--json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["synthetic"] == {"dog": 6}
    # As torchvision's ImageFolder reads it: every folder is a class.
    found = read_folder(out)
    assert found.images.shape == (24, *shape)
    assert found.images.dtype == dtype
    manifest = pd.read_csv(out / "manifest.csv")
    assert sorted(manifest["file"]) == sorted(
        path.relative_to(out).as_posix() for path in found.paths
    )
    synthetic = manifest[manifest["synthetic"]]
    assert set(synthetic["class"]) == {"dog"}
    assert len(synthetic) == 6
    for name in manifest.loc[~manifest["synthetic"], "file"]:
        assert (out / name).read_bytes() == (folder / name).read_bytes()


def test_sizes_must_agree_or_be_given(tmp_path, capsys):
    write_folder(tmp_path / "photos", ["png"], {"cat": 3}, (8, 8))
    write_folder(tmp_path / "photos", ["png"], {"dog": 2}, (9, 12))
    with pytest.raises(UserError, match=r"8x8 \(3\), 9x12 \(2\). Pass --size"):
        read_folder(tmp_path / "photos")
    assert read_folder(tmp_path / "photos", (10, 8)).images.shape == (5, 10, 8)


@pytest.mark.parametrize(
    ("name", "expected"), [("cat/1.png", "must be an image"), ("a.png", "two classes")]
)
def test_what_is_no_folder_of_images_is_named(name, expected, tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "dog").mkdir()
    (tmp_path / name).write_text("no image")
    if name.startswith("cat"):
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "dog" / "1.png")
    with pytest.raises(UserError, match=expected):
        read_folder(tmp_path)
