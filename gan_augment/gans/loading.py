"""Read a generator of any registered class."""

from __future__ import annotations

from collections import ChainMap
from os import PathLike
from pathlib import Path

from gan_augment import persistence
from gan_augment.gans.base import BaseSynthesizer
from gan_augment.gans.registered import GANS

# What makes a directory an MLflow model, and where in it the generator is.
MLFLOW_FILE, MLFLOW_DATA = "MLmodel", Path("data") / "generator"


def load(path: str | Path) -> BaseSynthesizer:
    """Read a generator of any registered class from a directory.

    Loading runs no code from the directory, and does not need MLflow.

    Parameters
    ----------
    path : path-like
        A directory that ``save`` of a generator wrote, or an MLflow model on disk, as
        :func:`gan_augment.mlflow.save_model` or ``gan-augment train`` writes.

    Returns
    -------
    gan : BaseSynthesizer
        The fitted generator; ``sample`` returns the same rows as before.

    Raises
    ------
    ModelFileError
        If the directory is damaged, or holds a class that is not registered.

    See Also
    --------
    gan_augment.mlflow.load_model : Load a generator from the registry.
    gan_augment.gans.register_gan : Register a class of your own.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from gan_augment import TabularGAN, load
    >>> gan = TabularGAN(max_steps=5, random_state=0).fit(*load_iris(return_X_y=True))
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     gan.save(directory)
    ...     loaded = load(directory)
    >>> bool((loaded.sample(9)[0] == gan.sample(9)[0]).all())
    True
    """
    path = generator_files(path)
    known = {each.__name__: each for each in GANS.values()}
    classes = ChainMap(*(dict(each._saved_classes) for each in known.values()))
    tree = persistence.load(path, classes)
    name = str(tree.get("class")) if isinstance(tree, dict) else ""
    if name not in known:
        raise persistence.ModelFileError(
            f"{path} must hold a generator of a registered class, one of "
            f"{sorted(known)}. Got {name!r}. Register a class of your own with "
            "gan_augment.gans.register_gan."
        )
    return known[name]._from_tree(tree, path)


def generator_files(path: str | PathLike[str]) -> Path:
    """Directory of a generator's files, given it or that of an MLflow model."""
    path = Path(path)
    return path / MLFLOW_DATA if (path / MLFLOW_FILE).is_file() else path
