"""Whether values are of the types that a class declares for them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from gan_augment.persistence.errors import ModelFileError


def check_fields(cls: type, values: Mapping[str, Any]) -> None:
    """Raise a ModelFileError unless a dataclass can be made of these values."""
    unknown = sorted(values.keys() - cls.__dataclass_fields__.keys())  # type: ignore[attr-defined]
    if unknown:
        raise ModelFileError(f"A {cls.__name__} must have known fields. Got {unknown}.")
    _check(cls, values)


def check_attributes(fitted: Any) -> None:
    """Raise a ModelFileError if an attribute is not what its annotation says.

    Parameters
    ----------
    fitted : object
        What was loaded. Attributes that its class does not annotate are not looked at.

    Raises
    ------
    ModelFileError
        If the value of an annotated attribute is of another type.

    Examples
    --------
    >>> from gan_augment.persistence import check_attributes
    >>> class Scale:
    ...     factor_: float
    >>> scale = Scale()
    >>> scale.factor_ = "2"
    >>> check_attributes(scale)
    Traceback (most recent call last):
        ...
    gan_augment.persistence.errors.ModelFileError: `factor_` of Scale must be ...
    """
    _check(type(fitted), vars(fitted))


def _check(cls: type, values: Mapping[str, Any]) -> None:
    for name, declared in _declared(cls).items():
        if name in values and not _is(values[name], declared):
            found = type(values[name]).__name__
            raise ModelFileError(
                f"`{name}` of {cls.__name__} must be {_spelled(declared)}. Got a value "
                f"of type {found}."
            )


@functools.cache
def _declared(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _spelled(declared: Any) -> str:
    return declared.__name__ if isinstance(declared, type) else str(declared)


def _is(value: Any, declared: Any) -> bool:
    """Whether a value is of a declared type, and all that it holds."""
    origin, of = get_origin(declared), get_args(declared)
    if declared is Any:
        return True
    if origin in (Union, UnionType):
        return any(_is(value, one) for one in of)
    if origin is Literal:
        return any(type(value) is type(one) and value == one for one in of)
    if origin is dict:
        return isinstance(value, dict) and all(
            _is(key, of[0]) and _is(item, of[1]) for key, item in value.items()
        )
    if origin is tuple and of[-1] is not Ellipsis:
        return (
            isinstance(value, tuple)
            and len(value) == len(of)
            and all(map(_is, value, of))
        )
    if origin in (list, tuple):
        return isinstance(value, origin) and all(_is(item, of[0]) for item in value)
    if origin is not None:  # of another generic, only what holds the values
        return isinstance(value, origin)
    if declared is None or declared is NoneType:
        return value is None
    if declared is bool:
        return isinstance(value, bool | np.bool_)
    if declared in (int, float):
        numbers = (int, np.integer) if declared is int else (int, float, np.number)
        return isinstance(value, numbers) and not isinstance(value, bool)
    return isinstance(value, declared)
