"""The generative estimators by name, and a way to add one."""

from __future__ import annotations

from gan_augment.gans.base import BaseSynthesizer
from gan_augment.gans.ctgan import CTGAN, TVAE
from gan_augment.gans.image import ImageGAN
from gan_augment.gans.tabular import TabularGAN

# Every generative estimator by the name that the over-sampler takes.
GANS: dict[str, type[BaseSynthesizer]] = {
    "tabular": TabularGAN,
    "image": ImageGAN,
    "ctgan": CTGAN,
    "tvae": TVAE,
}


def register_gan(name: str, gan_class: type[BaseSynthesizer]) -> None:
    """Let the over-sampler make a GAN by name, and the MLflow flavour load it.

    A process that loads a saved GAN registers its class first: a file names a class,
    and no code is imported because a file names it.

    Parameters
    ----------
    name : str
        What ``GANOverSampler(gan=name)`` takes.
    gan_class : subclass of BaseSynthesizer
        Its constructor needs no arguments.

    Raises
    ------
    ValueError
        If another class has the name, or a class of the same name is registered under
        another one.

    See Also
    --------
    BaseSynthesizer : What every generative estimator does.

    Examples
    --------
    >>> from gan_augment import GANOverSampler, TabularGAN
    >>> from gan_augment.gans import GANS, register_gan
    >>> class SmallGAN(TabularGAN):
    ...     _penalty_interval = 8
    >>> register_gan("small", SmallGAN)
    >>> sampler = GANOverSampler("small")
    >>> del GANS["small"]
    """
    for known, known_class in GANS.items():
        same_class_name = known_class.__name__ == gan_class.__name__
        if (known == name) != same_class_name:
            raise ValueError(
                "`name` and the name of `gan_class` must be those of no other GAN. Got "
                f"{name!r} and {gan_class.__name__}, but {known!r} is "
                f"{known_class.__name__}. Rename one."
            )
    GANS[name] = gan_class
