"""A small generator that learns from a large one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch.nn import functional as F

from gan_augment.networks.tabular import Generator, SpanActivation
from gan_augment.networks.weights import load_weights, weights_of
from gan_augment.seeding import RandomState, draw_seed, make_rng, make_torch_generator
from gan_augment.threads import one_thread
from gan_augment.training.optimizers import Learner

if TYPE_CHECKING:
    from gan_augment.gans.tabular import TabularGAN

    GAN = TypeVar("GAN", bound=TabularGAN)

BATCH_SIZE = 512
LEARNING_RATE = 4e-3
# Rows of trees that networks learn from.
N_DRAWN = 20_000
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
    student = type(teacher)(**teacher.get_params(deep=False) | OF_FIT)
    student.set_params(
        hidden_dims=hidden_dims, max_steps=max_steps, random_state=random_state
    )
    student._validate_params()
    student.acceptance_ = student.chains_ = None
    student.classes_ = teacher.classes_
    student.class_prior_ = teacher.class_prior_
    student.encoder_ = teacher.encoder_
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
    with one_thread("cpu"):
        student.history_ = _imitate(
            small, large, len(teacher.classes_), max_steps, noise
        )
    student.generator_weights_ = weights_of(small)
    student.discriminator_weights_ = teacher.discriminator_weights_
    student.sample_seed_ = draw_seed(rng)
    return student


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
    small: Generator,
    large: Generator,
    n_classes: int,
    max_steps: int,
    rng: torch.Generator,
) -> dict[str, list[float]]:
    """Train the small generator in place; how far it was from the large one."""
    _begin_alike(small, large)
    learner = Learner(small, optimizer="adam", learning_rate=LEARNING_RATE)
    condition = torch.eye(n_classes)[torch.arange(BATCH_SIZE) % n_classes]
    history: dict[str, list[float]] = {"step": [], "seconds": [], "generator_loss": []}
    begin, distances = time.perf_counter(), []
    for step in range(1, max_steps + 1):
        same = torch.Generator()
        same.set_state(rng.get_state())
        with torch.no_grad():
            wanted = large.outputs(condition, rng)
        distance = _distance(small.outputs(condition, same), wanted, small.activation)
        learner.minimise(distance, min(1.0, 2.0 * (1.0 - (step - 1) / max_steps)))
        distances.append(float(distance.detach()))
        if step % REPORTED == 0 or step == max_steps:
            history["step"].append(step)
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
