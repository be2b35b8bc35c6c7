"""A small generator that learns from a large one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gan_augment.gans.base import are_counts
from gan_augment.networks import image
from gan_augment.networks.tabular import Generator, SpanActivation
from gan_augment.networks.variation import VariationGenerator
from gan_augment.networks.weights import load_weights, weights_of
from gan_augment.seeding import RandomState, draw_seed, make_rng, make_torch_generator
from gan_augment.threads import one_thread
from gan_augment.training.optimizers import Learner

if TYPE_CHECKING:
    from gan_augment.gans.adversarial import BaseGAN
    from gan_augment.gans.image import ImageGAN
    from gan_augment.gans.tabular import TabularGAN

    AnyGAN = TypeVar("AnyGAN", bound=BaseGAN)
    GAN = TypeVar("GAN", bound=TabularGAN)
    OfImages = TypeVar("OfImages", bound=ImageGAN)

# Of a condition and noise: what a network draws.
Draw = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
# Of what the small and the large generator draw: how far they are from each other.
Distance = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

BATCH_SIZE, LEARNING_RATE = 512, 4e-3
IMAGE_BATCH_SIZE, IMAGE_LEARNING_RATE = 64, 2e-3
# Rows of trees that networks learn from.
N_DRAWN = 20_000
# Fewest channels of a stage of a small generator of images, unless its user wants it.
FEWEST_CHANNELS = 8
# Steps whose mean distance is one entry of the history.
REPORTED = 100
# What belongs to fits that end in another way.
OF_FIT = {
    "callbacks": (),
    "checkpoint_dir": None,
    # To draw rows of which some are refused takes several times as long.
    "n_candidates": 1,
    "init_from": None,
    "warm_start": False,
}


def distill(
    teacher: GAN, hidden_dims: Sequence[int], max_steps: int, random_state: RandomState
) -> GAN:
    """Train a small generator to draw what a large one draws.

    It learns the outputs of a network, and the rows that trees draw.

    Parameters
    ----------
    teacher : TabularGAN
        The fitted GAN.
    hidden_dims : sequence of int
        Widths of the hidden layers of the small generator.
    max_steps : int
        Training steps.
    random_state : int, RandomState instance or None
        Source of the training.

    Returns
    -------
    student : TabularGAN
        A fitted GAN with the encoder and the discriminators of the teacher.

    Raises
    ------
    ValueError
        If a parameter is not valid.
    TypeError
        If the generator of a subclass is another one.
    """
    student = _student_of(
        teacher, random_state, max_steps=max_steps, hidden_dims=hidden_dims
    )
    student.acceptance_ = student.chains_ = None
    if teacher.chains_ is not None:
        return _train_on_drawn(student, teacher, make_rng(random_state))
    recipe = teacher.recipe_
    student.recipe_ = replace(
        recipe.chosen_by(student),
        discriminator_dims=recipe.discriminator_dims or recipe.hidden_dims,
    )
    rng = make_rng(random_state)
    noise = make_torch_generator(rng)
    large, small = (gan._make_generator(noise) for gan in (teacher, student))
    if not isinstance(large, Generator) or not isinstance(small, Generator):
        raise TypeError(
            f"The generator must be that of TabularGAN. Got {type(large).__name__}, "
            "whose outputs cannot be compared."
        )
    load_weights(large, teacher.generator_weights_)
    _begin_alike(small, large)
    activation = small.activation
    with one_thread("cpu"):
        student.history_ = _imitate(
            small,
            draw=small.outputs,
            wanted=large.outputs,
            distance=lambda found, wanted: _distance(found, wanted, activation),
            learning_rate=LEARNING_RATE,
            batch_size=BATCH_SIZE,
            n_classes=len(teacher.classes_),
            condition=lambda classes: teacher._condition(classes, rng),
            max_steps=max_steps,
            rng=noise,
        )
    student.generator_weights_ = weights_of(small)
    student.sample_seed_ = draw_seed(rng)
    return student


def distill_images(
    teacher: OfImages,
    widths: Sequence[int] | None,
    max_steps: int,
    random_state: RandomState,
) -> OfImages:
    """Train a small generator to draw the images that a large one draws.

    Parameters
    ----------
    teacher : ImageGAN
        The fitted GAN.
    widths : sequence of int or None
        Channels of each stage of the small generator.
    max_steps : int
        Training steps.
    random_state : int, RandomState instance or None
        Source of the training.

    Returns
    -------
    student : ImageGAN
        A fitted GAN with the encoder and the discriminators of the teacher.

    Raises
    ------
    ValueError
        If a parameter is not valid.
    TypeError
        If the generator of a subclass is another one.
    """
    student = _student_of(teacher, random_state, max_steps=max_steps)
    rng = make_rng(random_state)
    noise = make_torch_generator(rng)
    # The real images that a generator varies, if it does; both vary the same ones.
    student.sources_ = teacher.sources_
    large = teacher._make_generator(noise)
    if not isinstance(large, image.Generator | VariationGenerator):
        raise TypeError(
            f"The generator must be that of ImageGAN. Got {type(large).__name__}, "
            "of which no smaller one can be made."
        )
    student.recipe_ = replace(
        teacher.recipe_.chosen_by(student),
        hidden_dims=_checked_widths(widths, large.widths),
    )
    small = student._make_generator(noise)
    load_weights(large, teacher.generator_weights_)
    if isinstance(large, image.Generator) and isinstance(small, image.Generator):
        load_weights(small.embedding, weights_of(large.embedding))
    with one_thread("cpu"):
        student.history_ = _imitate(
            small,
            draw=small.eval(),  # whose images are not clamped
            wanted=large.eval(),
            distance=F.mse_loss,
            learning_rate=IMAGE_LEARNING_RATE,
            batch_size=IMAGE_BATCH_SIZE,
            n_classes=len(teacher.classes_),
            condition=lambda classes: teacher._condition(classes, rng),
            max_steps=max_steps,
            rng=noise,
        )
        student.generator_weights_ = weights_of(small)
        student._match(teacher._draw_encoded(rng), rng)
    student.sample_seed_ = draw_seed(rng)
    return student


def _student_of(teacher: AnyGAN, random_state: RandomState, **params: object) -> AnyGAN:
    """Make an unfitted GAN that knows what another one does, except its generator."""
    if params["max_steps"] == "auto":  # which a GAN itself takes
        raise ValueError(
            "`max_steps` must be a whole number of at least 1. Got 'auto'."
        )
    own = teacher.get_params(deep=False)
    of_fit = {name: value for name, value in OF_FIT.items() if name in own}
    student = type(teacher)(**own | of_fit)
    student.set_params(random_state=random_state, **params)
    student._validate_params()
    student.classes_ = teacher.classes_
    student.class_prior_ = teacher.class_prior_
    student.encoder_ = teacher.encoder_
    student.discriminator_weights_ = teacher.discriminator_weights_
    return student


def _checked_widths(
    widths: Sequence[int] | None, large: tuple[int, ...]
) -> tuple[int, ...]:
    """Channels of the stages of a small generator."""
    if widths is None:
        return tuple(max(FEWEST_CHANNELS, n // 3) for n in large)
    if len(widths) != len(large) or not are_counts(widths):
        raise ValueError(
            f"`widths` must hold {len(large)} whole numbers of at least 1, one a "
            f"stage. Got {widths!r}. Those of the large generator are {large}."
        )
    return tuple(int(n) for n in widths)


def _train_on_drawn(student: GAN, teacher: GAN, rng: np.random.Generator) -> GAN:
    """Train the networks of a small GAN on rows that the trees of another draw."""
    student.set_params(generator="network")
    student._origin = None
    classes = np.arange(N_DRAWN) % len(teacher.classes_)
    with one_thread("cpu"):
        student._train(teacher._draw(classes, rng), classes, rng)
    student.sample_seed_ = draw_seed(rng)
    return student


def _imitate(
    small: nn.Module,
    *,
    draw: Draw,
    wanted: Draw,
    distance: Distance,
    learning_rate: float,
    batch_size: int,
    n_classes: int,
    condition: Callable[[np.ndarray], torch.Tensor],
    max_steps: int,
    rng: torch.Generator,
) -> dict[str, list[float]]:
    """Train the small generator in place; how far it was from the large one."""
    learner = Learner(small, optimizer="adam", learning_rate=learning_rate)
    history: dict[str, list[float]] = {"step": [], "seconds": [], "generator_loss": []}
    begin, distances = time.perf_counter(), []
    for step in range(max_steps):
        classes = np.arange(step * batch_size, (step + 1) * batch_size) % n_classes
        told = condition(classes)
        same = torch.Generator()
        same.set_state(rng.get_state())
        with torch.no_grad():
            target = wanted(told, rng)
        loss = distance(draw(told, same), target)
        learner.minimise(loss, min(1.0, 2.0 * (1.0 - step / max_steps)))
        distances.append(float(loss.detach()))
        if (step + 1) % REPORTED == 0 or step + 1 == max_steps:
            history["step"].append(step + 1)
            history["seconds"].append(time.perf_counter() - begin)
            history["generator_loss"].append(float(np.mean(distances)))
            distances = []
    return history


@torch.no_grad()
def _begin_alike(small: Generator, large: Generator) -> None:
    """Copy what both have; hidden units of the small generator add nothing at first."""
    known = large.state_dict()
    small.output.weight.zero_()
    for name, tensor in small.state_dict().items():
        if name in known and tensor.shape == known[name].shape:
            tensor.copy_(known[name])


def _distance(
    outputs: torch.Tensor, wanted: torch.Tensor, activation: SpanActivation
) -> torch.Tensor:
    """Squared differences of scalars, and Kullback-Leibler divergences of levels."""
    sizes = [n_spans * width for n_spans, width in activation.groups]
    first = activation.n_scalars
    scalars, *levels = outputs.split([first, *sizes], dim=1)
    wanted_scalars, *wanted_levels = wanted.split([first, *sizes], dim=1)
    distance = F.mse_loss(scalars, wanted_scalars, reduction="sum")
    for found, target, group in zip(
        levels, wanted_levels, activation.groups, strict=True
    ):
        distance = distance + F.kl_div(
            found.unflatten(1, group).log_softmax(dim=-1),
            target.unflatten(1, group).log_softmax(dim=-1),
            reduction="sum",
            log_target=True,
        )
    n_spans = first + sum(n for n, _ in activation.groups)
    return distance / (len(outputs) * n_spans)
