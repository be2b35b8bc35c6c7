"""PIL images and tensors as arrays and back; names of files are refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from gan_augment.encoding.pictures import (
    check_no_file_names,
    pictures_to_array,
    stack_pictures,
)

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "dtype", "mode"),
    [
        ((9, 12), np.uint8, "L"),
        ((9, 12), np.uint16, "I;16"),
        ((9, 12), np.bool_, "1"),
        ((9, 12, 2), np.uint8, "LA"),
        ((9, 12, 3), np.uint8, "RGB"),
        ((9, 12, 4), np.uint8, "RGBA"),
    ],
)
def test_pil_images_keep_their_mode_and_pixels(shape, dtype, mode):
    pixels = RNG.integers(0, 2, (3, *shape)).astype(dtype)
    images = [Image.fromarray(one) for one in pixels]
    assert {image.mode for image in images} == {mode}
    array = pictures_to_array(images)
    np.testing.assert_array_equal(array, pixels)
    stacked = stack_pictures(images, array[1:])
    assert stacked[:3] == images
    assert all(one is other for one, other in zip(stacked, images, strict=False))
    assert {image.mode for image in stacked} == {mode}
    np.testing.assert_array_equal(pictures_to_array(stacked[3:]), pixels[1:])


def test_a_tensor_comes_back_as_a_tensor():
    images = torch.randint(0, 255, (4, 3, 8, 8), dtype=torch.uint8)
    stacked = stack_pictures(images, pictures_to_array(images)[:2])
    assert stacked.dtype is torch.uint8
    assert torch.equal(stacked, torch.cat([images, images[:2]]))


def test_all_else_is_passed_on():
    for X in ([[1.0]], np.zeros(3), [], pd.DataFrame({"a": [1]})):
        assert pictures_to_array(X) is X


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([("L", (8, 8)), ("L", (9, 8))], r"8x8 \(1\), 8x9 \(1\).*load_images"),
        ([("L", (8, 8)), ("RGB", (8, 8))], r"Got L \(1\), RGB \(1\).*convert"),
        ([("P", (8, 8))], r"one mode of .* Got P \(1\)"),
    ],
)
def test_pil_images_that_are_not_alike_are_named(images, message):
    with pytest.raises(ValueError, match=message):
        pictures_to_array([Image.new(*image) for image in images])
    with pytest.raises(ValueError, match="Got a str among them"):
        pictures_to_array([Image.new("L", (8, 8)), "a.png"])


@pytest.mark.parametrize(
    ("X", "column"),
    [
        (pd.DataFrame({"age": [1, 2], "file": ["a.png", "b/c.JPG"]}), "'file'"),
        (pd.DataFrame({"file": pd.Series(["a.tif", None], dtype="string")}), "'file'"),
        (pd.DataFrame({"file": pd.Categorical(["a.webp"])}), "'file'"),
        (np.array([["a.png", 1], ["b.png", 2]], dtype=object), "0"),
        (np.array(["a.png", "b.png"]), "0"),
    ],
)
def test_a_column_of_file_names_is_refused_by_its_name(X, column):
    message = rf"image files in column {column}, such as 'a\..*load_images"
    with pytest.raises(ValueError, match=message):
        check_no_file_names(X)


def test_other_columns_of_text_pass():
    check_no_file_names(pd.DataFrame({"a": ["x.png", "y.txt"], "b": [1, 2]}))
    check_no_file_names(np.array([["x"], ["y.png"]]))
    check_no_file_names(pd.DataFrame({"a": [None, None]}))
