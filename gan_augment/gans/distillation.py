"""A small generator that is trained on the draws of a large one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gan_augment.seeding import RandomState, draw_seed, make_rng
from gan_augment.threads import one_thread

if TYPE_CHECKING:
    from gan_augment.gans.tabular import TabularGAN

# Rows whose classes the training goes through; the rows themselves are drawn anew for
# every batch.
N_ROWS = 20_000


def distill(
    teacher: TabularGAN,
    *,
    hidden_dims: Sequence[int],
    max_steps: int | None,
    random_state: RandomState,
) -> TabularGAN:
    """Train a small generator on the draws of a large one.

    Parameters
    ----------
    teacher : TabularGAN
        The fitted GAN.
    hidden_dims : sequence of int
        Widths of the hidden layers of the small generator.
    max_steps : int or None
        Training steps; None takes those of the teacher.
    random_state : int, RandomState instance or None
        Source of the training.

    Returns
    -------
    student : TabularGAN
        A fitted GAN with the encoder of the teacher.
    """
    recipe = teacher.recipe_
    student = type(teacher)(**teacher.get_params(deep=False))
    student.set_params(
        hidden_dims=hidden_dims,
        max_steps=max_steps or recipe.max_steps,
        n_candidates=1,
        checkpoint_dir=None,
        init_from=None,
        random_state=random_state,
    )
    student._validate_params()
    student.classes_ = teacher.classes_
    student.class_prior_ = teacher.class_prior_
    student.encoder_ = teacher.encoder_
    # Draws do not run out, so the discriminator may be as large as it was.
    judge_dims = recipe.discriminator_dims or recipe.hidden_dims
    student.recipe_ = replace(recipe, discriminator_dims=judge_dims).chosen_by(student)
    rng = make_rng(random_state)
    counts = np.maximum(1, np.rint(teacher.class_prior_ * N_ROWS)).astype(int)
    classes = np.repeat(np.arange(len(counts)), counts)
    with one_thread(student.device):
        student._train_networks(classes, classes, rng, teacher._generate)
    student.sample_seed_ = draw_seed(rng)
    return student
