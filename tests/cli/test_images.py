"""Folders of images in, folders of images out."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gan_augment.cli import main
from gan_augment.images import load_images


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
    found = load_images(out)
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


def test_torchvision_opens_the_folder(tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    folder, out = tmp_path / "photos", tmp_path / "more"
    write_folder(folder, ["png", "jpg", "webp"], {"cat": 6, "dog": 4}, (8, 9, 3))
    steps = ["--max-steps", "2", "--quiet"]
    assert main(["images", str(folder), "-o", str(out), *steps]) == 0
    found = datasets.ImageFolder(out)
    assert found.classes == ["cat", "dog"]
    assert found.targets == [0] * 6 + [1] * 6
    assert {image.size for image, _ in found} == {(9, 8)}


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(8, 8), (9, 12)], r"Got 8x8 (3), 9x12 (2). Pass --size, such as --size 8x8."),
        ([(300, 8), (300, 8)], "8 to 256 pixels a side. Got 300x8. Pass --size"),
        ([(8, 8)], "FOLDER must have a folder of images for each of at least two"),
    ],
)
def test_what_cannot_be_used_is_said_in_the_words_of_the_command(
    shapes, message, tmp_path, capsys
):
    for label, count, shape in zip(("cat", "dog"), (3, 2), shapes, strict=False):
        write_folder(tmp_path / "photos", ["png"], {label: count}, shape)
    out = str(tmp_path / "more")
    assert main(["images", str(tmp_path / "photos"), "-o", out]) == 1
    assert message in capsys.readouterr().err


def test_images_of_several_sizes_become_one_size(tmp_path):
    write_folder(tmp_path / "photos", ["png"], {"cat": 3}, (8, 8))
    write_folder(tmp_path / "photos", ["png"], {"dog": 2}, (9, 12))
    out = tmp_path / "more"
    steps = ["--max-steps", "2", "--size", "10x8", "--quiet"]
    assert main(["images", str(tmp_path / "photos"), "-o", str(out), *steps]) == 0
    assert load_images(out).images.shape == (6, 10, 8)
