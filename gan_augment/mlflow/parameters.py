"""Parameters of a run: flat, each a text that is the same for the same value."""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator


def fit_parameters(sampler: Any, y: Any, y_resampled: Any) -> dict[str, str]:
    """Parameters of a sampler, of the GAN that it fitted, and class counts.

    Parameters
    ----------
    sampler : GANOverSampler
        After ``fit_resample``.
    y, y_resampled : array-like
        Classes of the real rows, and of all rows that came back.

    Returns
    -------
    parameters : dict of str to str
        Name -> value as a text.
    """
    params = sampler.get_params(deep=True) | {
        f"gan__{name}": value for name, value in sampler.gan_.get_params().items()
    }
    for name, labels in (("data", y), ("resampled", y_resampled)):
        for label, count in Counter(np.asarray(labels).ravel().tolist()).items():
            params[f"{name}/n_{label}"] = count
    return {name: as_text(value) for name, value in params.items()}


def flat_parameters(name: str, estimator: Any) -> dict[str, str]:
    """Parameters of an estimator and of those inside it, under a name.

    Parameters
    ----------
    name : str
        Name of the estimator, and first part of the names of its parameters.
    estimator : object
        The estimator; None has no parameters.

    Returns
    -------
    parameters : dict of str to str
        Name -> value as a text.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> flat_parameters("classifier", DummyClassifier())["classifier__strategy"]
    'prior'
    """
    if estimator is None:
        return {}
    own = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    nested = {f"{name}__{key}": as_text(value) for key, value in own.items()}
    return {name: as_text(estimator), **nested}


def as_text(value: Any) -> str:
    """A parameter as a text that two runs share if they share the value.

    A function is its name, and an estimator its class, since its own parameters follow
    by themselves; an object whose text would hold its address is its class, too.

    Examples
    --------
    >>> from gan_augment import TabularGAN
    >>> as_text([TabularGAN(max_steps=5), sorted, 0.5, "auto"])
    "[TabularGAN, builtins.sorted, 0.5, 'auto']"
    """
    if isinstance(value, str):
        return value
    return _nested(value)


def _nested(value: Any) -> str:
    if isinstance(value, functools.partial):
        given = [*map(_nested, value.args)]
        given += [f"{name}={as_text(each)}" for name, each in value.keywords.items()]
        return f"{_nested(value.func)}({', '.join(given)})"
    if inspect.isroutine(value) or inspect.isclass(value):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, BaseEstimator):
        return type(value).__name__
    if isinstance(value, list | tuple):
        opening, closing = "[]" if isinstance(value, list) else "()"
        return opening + ", ".join(map(_nested, value)) + closing
    if isinstance(value, dict):
        items = (f"{_nested(key)}: {_nested(each)}" for key, each in value.items())
        return "{" + ", ".join(items) + "}"
    text = repr(value)
    return type(value).__qualname__ if " at 0x" in text else text
