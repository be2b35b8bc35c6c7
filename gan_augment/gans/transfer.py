"""Start a fit from the weights of a GAN that was fitted before."""

from __future__ import annotations

import copy
import re
from collections.abc import Hashable, Iterator
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any

from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn

from gan_augment.networks.tabular import Generator
from gan_augment.networks.transfer import Layout, carry_over
from gan_augment.networks.weights import load_weights
from gan_augment.seeding import make_rng, make_torch_generator

if TYPE_CHECKING:
    from gan_augment.gans.adversarial import BaseGAN
    from gan_augment.gans.tabular import TabularGAN

# What MLflow's addresses begin with; a drive of Windows has one letter.
ADDRESS = re.compile(r"[a-z][a-z-]+:/")
# A rule may change what is learned of a column without changing the column.
BY_RULE = "rule"


def find_origin(gan: BaseGAN) -> BaseGAN | None:
    """The fitted GAN that a fit goes on from.

    Parameters
    ----------
    gan : BaseGAN
        The GAN that is to be fitted.

    Returns
    -------
    origin : BaseGAN or None
        With `warm_start`, what `gan` has learned so far; otherwise what `init_from`
        names. None begins anew.

    Raises
    ------
    TypeError
        If `init_from` is no GAN of the same class.
    NotFittedError
        If `init_from` is not fitted.
    ModelFileError
        If it names a directory without an undamaged GAN of the same class.
    """
    if gan.warm_start and hasattr(gan, "sample_seed_"):
        return copy.copy(gan)
    origin = gan.init_from
    if origin is None:
        return None
    if isinstance(origin, FrozenEstimator):
        origin = origin.estimator
    elif isinstance(origin, str | PathLike):
        origin = _load(type(gan), origin)
    if type(origin) is not type(gan):
        raise TypeError(
            f"`init_from` must be a fitted {type(gan).__name__}, or name one. Got "
            f"{origin!r}."
        )
    try:
        check_is_fitted(origin, "sample_seed_")
    except NotFittedError as error:
        raise NotFittedError(
            f"`init_from` must be a fitted {type(gan).__name__}. Got one that is not. "
            "GANOverSampler and others clone it, which discards what it has learned: "
            "pass its directory, or wrap it in sklearn.frozen.FrozenEstimator."
        ) from error
    return origin


def _load(gan_class: type[BaseGAN], place: str | PathLike[str]) -> Any:
    """The GAN in a directory that we wrote or that MLflow did, or in a registry."""
    if isinstance(place, str) and ADDRESS.match(place):
        # Only a fit that asks for it loads mlflow, which stands above this package.
        return import_module("gan_augment.mlflow").load_model(place)
    from gan_augment.gans.loading import generator_files  # which imports this module

    return gan_class.load(generator_files(place))


def check_sizes(gan: BaseGAN, origin: BaseGAN) -> None:
    """Raise a ValueError if the networks of a GAN and its origin differ in size."""
    for name, found, wanted in (
        ("latent_dim", gan.latent_dim, origin.latent_dim),
        ("n_discriminators", gan.n_discriminators, origin.n_discriminators),
        ("hidden_dims", gan.recipe_.hidden_dims, origin.recipe_.hidden_dims),
    ):
        if found != wanted:
            raise ValueError(
                f"`{name}` must be that of `init_from`, {wanted}. Got {found}."
            )


def _differences(added: list[Hashable], missing: list[Hashable]) -> Iterator[str]:
    if missing:
        yield f"none of the columns {missing}"
    if added:
        yield f"the columns {added}, which it does not have"


def check_columns(gan: TabularGAN, origin: TabularGAN) -> None:
    """Raise a ValueError that names the columns in which two fitted GANs differ."""
    found, wanted = gan.encoder_.dtypes_, origin.encoder_.dtypes_
    added = [name for name in found if name not in wanted]
    missing = [name for name in wanted if name not in found]
    if added or missing:
        raise ValueError(
            "`X` must have the columns of `init_from`. Got "
            f"{' and '.join(_differences(added, missing))}. Train without `init_from`."
        )
    # Found by the encoder, in one table but not in the other.
    grouped = {
        name
        for of in (gan, origin)
        for group in of.encoder_.groups_
        for name in group.names
    }
    changed = [
        f"{name!r} ({wanted[name]}, now {kind})"
        for name, kind in found.items()
        if kind != wanted[name]
        and BY_RULE not in (kind, wanted[name])
        and name not in grouped
    ]
    if changed:
        raise ValueError(
            f"Columns of `X` must be of the kind that they are in `init_from`. Got "
            f"{', '.join(changed)}. Train without `init_from`, or set "
            "`categorical_features`, `max_categories` and `identifiers` so that they "
            "are."
        )


def carry_over_by_name(
    gan: TabularGAN,
    origin: TabularGAN,
    generator: Generator,
    discriminators: nn.ModuleList,
) -> None:
    """Give new networks the weights of a fitted GAN, column by column.

    Parameters
    ----------
    gan : TabularGAN
        The GAN that is trained; its encoder is fitted.
    origin : TabularGAN
        The fitted GAN.
    generator, discriminators : Module, ModuleList
        The networks of `gan`; changed in place.

    Raises
    ------
    ValueError
        If the two GANs have no class in common.
    """
    if origin.chains_ is not None:
        raise ValueError(
            "`init_from` must be a GAN whose rows a network draws. Got one with trees, "
            'which have no weights. Train without `init_from`, or set generator="auto".'
        )
    layouts = [_layout(of) for of in (gan, origin)]
    if not {*layouts[0].classes} & {*layouts[1].classes}:
        raise ValueError(
            "`y` must have a class in common with `init_from`, of "
            f"{origin.classes_.tolist()}. Got {gan.classes_.tolist()}."
        )
    unused = make_torch_generator(make_rng(0))
    before = origin._make_generator(unused)
    load_weights(before, origin.generator_weights_)
    carry_over(generator, before, *layouts)
    judges = origin._make_discriminators(unused)
    load_weights(judges, origin.discriminator_weights_)
    for judge, judge_before in zip(discriminators, judges, strict=True):
        carry_over(judge, judge_before, *layouts)


def _layout(gan: TabularGAN) -> Layout:
    return Layout(
        gan.encoder_.cell_names(),
        [("class", label) for label in gan.classes_.tolist()],
    )
