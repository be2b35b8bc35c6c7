"""Changes of images, and how to find those that preserve the class."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import ndimage
from sklearn.base import clone
from sklearn.utils._param_validation import Interval

from gan_augment.encoding.marginals import Marginals
from gan_augment.images import ImageClassifier
from gan_augment.seeding import draw_seed

logger = logging.getLogger(__name__)

# A change of size by 1 would leave nothing of an image.
AFFINE_RANGES = {
    "shift": Interval(Real, 0, 1, closed="both"),
    "rotation": Interval(Real, 0, 180, closed="both"),
    "scale": Interval(Real, 0, 1, closed="left"),
}
# Larger and larger changes that are tried, each kind by itself.
TRIED: dict[str, tuple[Any, ...]] = {
    "shift": (0.1,),
    "rotation": (5.0, 10.0, 15.0),
    "scale": (0.1, 0.2),
    "flip": (True,),
}
# What the accuracy on held-out images, and the recall of a class, may lose.
MOST_LOST, MOST_LOST_OF_CLASS = 0.02, 0.1
# Held-out images of a class below which its own recall says nothing.
FEWEST_OF_CLASS = 20
# Images below which nothing is tried, and how many are enough.
FEWEST_IMAGES, MOST_IMAGES = 80, 4000
# A classifier that is right less often, or within so many standard errors of chance, is
# too weak to measure a change.
LEAST_ACCURACY, STANDARD_ERRORS = 0.6, 3.0
STEPS = 400


@dataclass(frozen=True)
class RandomAffine:
    """Shift, rotate, scale and mirror images at random.

    Parameters
    ----------
    shift : float, default=0.05
        Largest shift along each axis, as a share of that side, from 0 to 1.
    rotation : float, default=0.0
        Largest angle, in degrees, from 0 to 180.
    scale : float, default=0.0
        Largest change of size, as a share below 1.
    flip : bool, default=False
        Whether half of the images are mirrored, left to right.

    Raises
    ------
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.over_sampling import RandomAffine
    >>> images = np.eye(20).reshape(1, 1, 20, 20)
    >>> moved = RandomAffine(rotation=15)(images, np.random.default_rng(0))
    >>> moved.shape, bool((moved == images).all())
    ((1, 1, 20, 20), False)
    >>> print(RandomAffine(0.1, rotation=15))
    shifts by up to 10 % of a side, rotations by up to 15 degrees
    """

    shift: float = 0.05
    rotation: float = 0.0
    scale: float = 0.0
    flip: bool = False

    def __post_init__(self) -> None:
        for name, allowed in AFFINE_RANGES.items():
            value = getattr(self, name)
            if not allowed.is_satisfied_by(value):
                raise ValueError(f"`{name}` must be {allowed}. Got {value!r}.")

    def __str__(self) -> str:
        parts = {
            f"shifts by up to {100 * self.shift:.3g} % of a side": self.shift,
            f"rotations by up to {self.rotation:.3g} degrees": self.rotation,
            f"changes of size by up to {100 * self.scale:.3g} %": self.scale,
            "mirror images": self.flip,
        }
        return ", ".join(words for words, value in parts.items() if value) or "none"

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n, channels, h, w) images -> as many, each moved; edges are repeated."""
        centre = (np.array(images.shape[2:]) - 1) / 2
        most = np.maximum(self.shift * np.array(images.shape[2:]), self.shift > 0)
        moved = np.empty_like(images)
        for image, out in zip(images, moved, strict=True):
            angle = np.deg2rad(rng.uniform(-self.rotation, self.rotation))
            size = 1 + rng.uniform(-self.scale, self.scale)
            shift = rng.uniform(-most, most)
            if self.rotation == self.scale == 0:
                shift = np.rint(shift)  # by whole pixels, which blurs nothing
            turn = np.array(
                [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            )
            offset = centre - turn / size @ (centre + shift)
            for channel, channel_out in zip(image, out, strict=True):
                ndimage.affine_transform(
                    channel,
                    turn / size,
                    offset,
                    output=channel_out,
                    order=1,
                    mode="nearest",
                )
            if self.flip and rng.random() < 0.5:
                out[:] = out[..., ::-1].copy()
        return moved


def apply_change(
    augment: Callable[..., Any], images: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Change images with a function of this package or a transform of torchvision.

    Parameters
    ----------
    augment : callable
        ``augment(images, rng)`` of all images and a generator; or, if it takes one
        argument, a transform of one float32 tensor (channels, h, w) in [0, 1], such as
        those of ``torchvision.transforms.v2``, which may be random by torch's global
        generator. The state of that generator is put back.
    images : ndarray of shape (n, channels, h, w), dtype=float32
        Images in [-1, 1].
    rng : numpy.random.Generator
        Source of the changes.

    Returns
    -------
    changed : ndarray of shape (n, channels, h, w)
        As many images.

    Raises
    ------
    ValueError
        If the shape changes, or a pixel is no finite number.
    """
    if _takes_one(augment):
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(draw_seed(rng))
        try:
            halves = torch.from_numpy((images + 1) / 2)
            parts = [np.asarray(augment(image)) for image in halves]
        finally:
            torch.set_rng_state(before)
        shapes = {part.shape for part in parts} - {images.shape[1:]}
        if shapes:
            raise ValueError(
                "`augment` must give an image of the same shape as it gets, "
                f"{images.shape[1:]}. Got {shapes.pop()}."
            )
        changed = 2 * np.stack(parts).astype(images.dtype) - 1
    else:
        changed = np.asarray(augment(images.copy(), rng))
    if changed.shape != images.shape:
        raise ValueError(
            "`augment` must give as many images of the same shape as it gets, "
            f"{images.shape}. Got {changed.shape}."
        )
    if not np.isfinite(changed).all():
        raise ValueError(
            "`augment` must give finite numbers. Got NaN or infinity. Return images in "
            "[-1, 1]."
        )
    return changed


def _takes_one(augment: Callable[..., Any]) -> bool:
    """Whether a function takes one image, and no source of randomness."""
    if isinstance(augment, torch.nn.Module):
        return True
    try:
        parameters = inspect.signature(augment).parameters.values()
    except (TypeError, ValueError):  # some built-in functions have no signature
        return False
    positional = [p for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD]
    required = [p for p in positional if p.default is p.empty]
    several = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return len(required) == 1 and len(positional) == 1 and not several


def find_changes(
    images: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> tuple[RandomAffine, dict[str, dict[str, float]]]:
    """Find which changes preserve the class of an image.

    Each kind of change is first tried alone, from small to large: a classifier is
    trained on half of the images, and a change passes if the classifier predicts the
    classes of the other half nearly as often after the change as before it.

    The changes that passed are then tried together, in the way in which they are used:
    only the images of some classes are copies. The images of every second class are
    replaced by changed copies, and another classifier is trained. The changes are kept
    if it recognises these classes in unchanged images as often as after the default
    shift. Otherwise the last change is left out, and the others are tried again.

    Parameters
    ----------
    images : ndarray of shape (n, channels, h, w), dtype=float32
        Images in [-1, 1].
    y : ndarray of shape (n,)
        Their classes.
    rng : numpy.random.Generator
        Source of the choice of images, of the classifier and of the changes.

    Returns
    -------
    augment : RandomAffine
        The changes that are kept.
    report : dict
        Change in words -> accuracy on held-out images, the largest loss of recall of a
        class, and whether the change passed (1.0) or not (0.0). For one kind of change,
        the held-out images are changed. For changes together, which begin with the
        default shift, the training images of every second class are changed, and these
        classes are measured. Empty if there are too few images or classes, or if the
        classifier is too weak; `augment` is then the default, a small shift.

    See Also
    --------
    ImageMixture : Mix images; ``augment="auto"`` calls this function.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.over_sampling import find_changes
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=80)
    >>> brighter = y.reshape(-1, 1, 1, 1).astype(np.float32)
    >>> images = brighter + rng.uniform(-1, 0, (80, 1, 8, 8)).astype(np.float32)
    >>> augment, report = find_changes(images, y, rng)
    >>> augment.flip, report["mirror images"]["accuracy"]
    (True, 1.0)
    """
    kept = RandomAffine()
    order = rng.permutation(len(images))
    images, y = images[order], y[order]
    if len(images) < FEWEST_IMAGES or len(np.unique(y)) < 2:
        logger.info("Too few images to find changes that keep the class: %s.", kept)
        return kept, {}
    middle = len(images) // 2
    X_train, y_train = images[:middle], y[:middle]
    held_out, wanted = images[middle:], y[middle:]
    if min(len(np.unique(half)) for half in (y_train, wanted)) < 2:
        logger.info("Too few images of a class to find changes that keep it.")
        return kept, {}
    shifted = kept(X_train, rng)
    classifier = ImageClassifier(max_steps=STEPS, random_state=draw_seed(rng))
    classifier.fit(np.concatenate([X_train, shifted]), np.tile(y_train, 2))
    unchanged = _Found.of(classifier, held_out, wanted)
    report = {"none": {"accuracy": unchanged.accuracy, "lost": 0.0, "kept": 1.0}}
    chance = np.unique(wanted, return_counts=True)[1].max() / len(wanted)
    error = (chance * (1 - chance) / len(wanted)) ** 0.5
    if unchanged.accuracy < max(LEAST_ACCURACY, chance + STANDARD_ERRORS * error):
        logger.info("The classes are too alike to find changes that keep them.")
        return kept, {}

    def note(change: RandomAffine, found: _Found, before: _Found, loss: float) -> bool:
        lost = float((before.recalls - found.recalls).max())
        passes = found.accuracy >= before.accuracy - loss
        passes &= lost <= MOST_LOST_OF_CLASS
        report[str(change)] = {
            "accuracy": found.accuracy,
            "lost": lost,
            "kept": float(passes),
        }
        return passes

    steps = [kept]
    for name, sizes in TRIED.items():
        for size in sizes:
            alone = replace(RandomAffine(0), **{name: size})
            mirrored = held_out[..., ::-1].copy()
            changed = mirrored if alone.flip else alone(held_out, rng)
            found = _Found.of(classifier, changed, wanted)
            if not note(alone, found, unchanged, MOST_LOST):
                break
            steps.append(replace(steps[-1], **{name: size}))
    # A rare class may be in one half alone.
    some = np.intersect1d(y_train, wanted)[::2]
    if len(steps) > 1 and len(some):
        of_some = np.isin(wanted, some)

        def found_among_copies(change: RandomAffine) -> _Found:
            X_mixed = _with_copies(X_train, y_train, some, change, rng)
            learned = clone(classifier).fit(X_mixed, y_train)
            return _Found.of(learned, held_out[of_some], wanted[of_some])

        shifted_some = found_among_copies(kept)
        note(kept, shifted_some, shifted_some, 0.0)
        while len(steps) > 1 and not note(
            steps[-1], found_among_copies(steps[-1]), shifted_some, 0.0
        ):
            del steps[-1]
    kept = steps[-1]
    logger.info(
        "Changes that keep the class of an image, by a classifier of held-out images: "
        "%s.",
        kept,
    )
    return kept, report


def _with_copies(
    images: np.ndarray,
    y: np.ndarray,
    some: np.ndarray,
    change: RandomAffine,
    rng: np.random.Generator,
) -> np.ndarray:
    """Images, of which those of some classes are replaced by changed copies.

    The pixels of the copies are distributed as those of their class, as they are in a
    mixture.
    """
    mixed = images.copy()
    for label in some:
        real = images[y == label]
        copies = change(real, rng)
        only_class = np.zeros(len(real), dtype=np.intp)
        mixed[y == label] = Marginals.of([copies], [real]).match(copies, only_class)
    return mixed


class _Found(NamedTuple):
    """How often a classifier finds the class, of all images and class by class."""

    accuracy: float
    recalls: np.ndarray

    @classmethod
    def of(cls, classifier: ImageClassifier, X: np.ndarray, y: np.ndarray) -> _Found:
        right = classifier.predict(X) == y
        labels, counts = np.unique(y, return_counts=True)
        enough = labels[counts >= FEWEST_OF_CLASS]
        recalls = [right[y == label].mean() for label in enough]
        return cls(float(right.mean()), np.array(recalls or [0.0]))
