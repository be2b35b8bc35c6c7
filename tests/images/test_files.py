"""Folders, PIL images and data sets in; a folder for torchvision out."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image

from gan_augment.images import load_images, write_images

RNG = np.random.default_rng(0)


def save(folder, label, number, pixels, ending="png", **options):
    (folder / label).mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / label / f"{number}.{ending}", **options)


def noise(shape, dtype=np.uint8):
    return RNG.integers(0, np.iinfo(dtype).max, shape).astype(dtype)


@pytest.mark.parametrize(
    ("ending", "shape", "dtype"),
    [
        ("png", (9, 12), np.uint8),
        ("png", (9, 12, 3), np.uint8),
        ("png", (9, 12), np.uint16),
        ("tiff", (9, 12, 3), np.uint8),
        ("tiff", (9, 12), np.uint16),
        ("webp", (9, 12, 3), np.uint8),
        ("bmp", (9, 12), np.uint8),
    ],
)
def test_pixels_of_files_are_read_as_they_are(ending, shape, dtype, tmp_path):
    images = noise((4, *shape), dtype)
    options = {"lossless": True} if ending == "webp" else {}
    for number, image in enumerate(images):
        save(tmp_path, "ab"[number % 2], number, image, ending, **options)
    found = load_images(tmp_path)
    assert found.labels.tolist() == ["a", "a", "b", "b"]
    assert found.images.dtype == dtype
    np.testing.assert_array_equal(found.images, images[[0, 2, 1, 3]])


def test_big_endian_files_of_16_bits_are_read(tmp_path):
    pixels = noise((8, 8), np.uint16)
    for label in "ab":
        (tmp_path / label).mkdir()
        image = Image.frombytes("I;16B", (8, 8), pixels.astype(">u2").tobytes())
        image.save(tmp_path / label / "0.tiff")
    np.testing.assert_array_equal(load_images(tmp_path).images, [pixels, pixels])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_images_of_several_sizes_are_resized_or_refused(dtype, tmp_path):
    save(tmp_path, "a", 0, np.full((8, 8), 200, dtype))
    save(tmp_path, "b", 0, np.full((20, 16), 100, dtype))
    with pytest.raises(ValueError, match=r"8x8 \(1\), 20x16 \(1\).*size=\(8, 8\)"):
        load_images(tmp_path)
    found = load_images(tmp_path, size=(10, 12))
    assert found.images.shape == (2, 10, 12)
    assert found.images.dtype == dtype
    assert found.images.reshape(2, -1).mean(axis=1).tolist() == [200, 100]


def test_palettes_and_transparency_become_colour_and_so_do_grey_neighbours(tmp_path):
    colour = noise((8, 8, 3))
    (tmp_path / "a").mkdir()
    Image.fromarray(np.dstack([colour, noise((8, 8))])).save(tmp_path / "a/0.png")
    Image.fromarray(colour).quantize(64).save(tmp_path / "a/1.png")
    save(tmp_path, "b", 0, grey := noise((8, 8)))
    found = load_images(tmp_path).images
    assert found.shape == (3, 8, 8, 3)
    np.testing.assert_array_equal(found[0], colour)
    np.testing.assert_array_equal(found[2], np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a/1.png", "1.png must be an image"),
        ("a.png", "at least two classes. Got 1"),
        ("depth", "Got some of uint16 and some of uint8"),
        ("float", "whole numbers. Got an image of floats"),
        ("missing", "must be a directory"),
    ],
)
def test_what_cannot_be_read_is_named(name, message, tmp_path):
    save(tmp_path, "b", 0, noise((8, 8)))
    if name == "depth":
        save(tmp_path, "a", 0, noise((8, 8), np.uint16))
    elif name == "float":
        save(tmp_path, "a", 0, np.zeros((8, 8), np.float32), "tiff")
    elif name != "missing":
        (tmp_path / "a").mkdir()
        (tmp_path / name).write_text("no image")
    with pytest.raises(ValueError, match=message):
        load_images(tmp_path / ("none" if name == "missing" else ""))


class Pairs:
    """A data set as torch's: a length, and a pair for each position."""

    def __init__(self, images, labels):
        self.pairs = list(zip(images, labels, strict=True))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


@pytest.mark.parametrize(
    "view",
    [
        lambda images: [Image.fromarray(image) for image in images],
        lambda images: list(images),
        lambda images: list(torch.from_numpy(images).movedim(3, 1)),
    ],
    ids=["PIL", "array", "tensor"],
)
def test_a_data_set_is_read_pair_by_pair(view):
    images = noise((4, 8, 9, 3))
    found = load_images(Pairs(view(images), torch.tensor([0, 1, 1, 0])))
    np.testing.assert_array_equal(found.images, images)
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.paths == []
    resized = load_images(Pairs(view(images), range(4)), size=(16, 12))
    assert resized.images.shape == (4, 16, 12, 3)


def test_what_is_no_data_set_is_named():
    with pytest.raises(ValueError, match=r"folder, or a data set.*Got a int"):
        load_images(3)
    with pytest.raises(ValueError, match=r"pairs of an image and a label. Got a ndarr"):
        load_images([np.zeros((8, 8))])
    with pytest.raises(ValueError, match=r"Got an empty data set"):
        load_images([])


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 3), (3, 8, 8), (1, 8, 8)])
def test_what_is_written_is_what_is_read(shape, tmp_path):
    images, labels = noise((5, *shape)), [3, 3, 1, 1, 1]
    synthetic = np.arange(5) > 2
    manifest = write_images(images, labels, tmp_path / "out", synthetic=synthetic)
    found = load_images(tmp_path / "out")
    last = np.moveaxis(images, 1, 3) if shape[0] in (1, 3) else images
    np.testing.assert_array_equal(
        found.images,
        np.squeeze(last[[2, 3, 4, 0, 1]], -1)
        if shape[0] == 1
        else last[[2, 3, 4, 0, 1]],
    )
    assert found.labels.tolist() == ["1", "1", "1", "3", "3"]
    with (tmp_path / "out" / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == manifest["file"].tolist()
    assert [row["synthetic"] for row in rows] == ["False"] * 3 + ["True"] * 2
    assert all((tmp_path / "out" / row["file"]).exists() for row in rows)
    # torchvision's ImageFolder takes the folders as classes, and only images in them.
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.is_dir()) == [
        "1",
        "3",
    ]


@pytest.mark.parametrize("label", ["../up", "a/b", "", ".."])
def test_a_class_does_not_leave_the_folder(label, tmp_path):
    with pytest.raises(ValueError, match="must be names of folders"):
        write_images(noise((1, 8, 8)), [label], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_pixels_that_a_file_cannot_hold_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"uint8 with 1 to 4.*Got .*float64"):
        write_images(np.zeros((1, 8, 8)), ["a"], tmp_path)
    with pytest.raises(ValueError, match="Got 1, 2 and 2"):
        write_images(noise((1, 8, 8)), ["a", "b"], tmp_path)
