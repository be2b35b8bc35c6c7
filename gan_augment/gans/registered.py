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
    """Register a GAN for the over-sampler and for the MLflow flavour.

    The over-sampler then creates the GAN by its name, and MLflow models of it can be
    loaded. A process that loads a saved GAN must register its class first, because no
    code is imported only because a file names it.

    Parameters
    ----------
    name : str
        Name of the GAN in ``GANOverSampler(gan=name)``.
    gan_class : subclass of BaseSynthesizer
        Class of the GAN. All parameters of its constructor must have defaults.

    Raises
    ------
    ValueError
        If another class is registered under `name`, or a class of the same name under
        another one.

    See Also
    --------
    BaseSynthesizer : Base class of the generative estimators.

    Examples
    --------
    >>> from gan_augment import GANOverSampler, TabularGAN
    >>> from gan_augment.gans import GANS, register_gan
    >>> class SmallGAN(TabularGAN):
    ...     _sample_chunk = 1024
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
