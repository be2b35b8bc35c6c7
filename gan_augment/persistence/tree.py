"""A tree of values, arrays and dataclasses as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_integer_dtype

from gan_augment.persistence.declared import check_fields
from gan_augment.persistence.errors import ModelFileError
from gan_augment.persistence.values import (
    SCALARS,
    parse_dtype,
    spell_dtype,
    write_scalar,
)

# NumPy's dtypes that the safetensors library writes.
TENSOR_DTYPES = (
    *("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"),
)
_MISSING = {"NA": pd.NA, "NaT": pd.NaT}


class Writer:
    """Turn a tree into JSON and named arrays.

    Attributes
    ----------
    arrays : dict of str to ndarray
        The arrays of the trees written so far.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def write(self, value: Any, where: str = "A saved model") -> Any:
        """A value as JSON; `where` it is begins the message of an error."""
        if value is None or type(value) in (bool, int, str):
            return value
        if isinstance(value, np.generic) and value.dtype.kind in "biufUS":
            item = value.item()
            if not isinstance(item, np.generic):  # as a longdouble's is
                return self.write(item, where)
        if type(value) is float:
            return value if np.isfinite(value) else {"$float": repr(value)}
        if isinstance(value, list):
            return [self.write(item, where) for item in value]
        if isinstance(value, tuple):
            return {"$tuple": [self.write(item, where) for item in value]}
        if isinstance(value, Mapping):
            return {str(k): self.write(item, f"`{k}`") for k, item in value.items()}
        if isinstance(value, pd.Index):
            return self._write_index(value, where)
        if isinstance(value, np.ndarray):
            return self._write_array(value, where)
        if isinstance(value, np.dtype | pd.api.extensions.ExtensionDtype):
            return self._write_dtype(value, where)
        if value is pd.NA or value is pd.NaT:
            return {"$missing": "NA" if value is pd.NA else "NaT"}
        if isinstance(value, pd.Interval):
            ends = [self.write(value.left, where), self.write(value.right, where)]
            return {"$interval": ends, "closed": value.closed}
        if is_dataclass(value) and not isinstance(value, type):
            return self._write_dataclass(value, where)
        scalar = write_scalar(value)
        if scalar is None:
            raise TypeError(
                f"{where} must hold numbers, strings, dates and intervals only. Got "
                f"{value!r} of type {type(value).__name__}. Convert what holds it, for "
                "example to strings."
            )
        return scalar

    def _write_dataclass(self, value: Any, where: str) -> dict[str, Any]:
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        if "name" in members:
            where = f"Column {members['name']!r}"
        members = {name: self.write(item, where) for name, item in members.items()}
        return {"$class": type(value).__name__, "fields": members}

    def _write_array(self, value: np.ndarray, where: str) -> dict[str, Any]:
        if value.ndim == 1 and value.dtype.kind in "OUST":
            items = self._write_items(value.tolist(), where)
            return {"$values": items, "dtype": self._write_dtype(value.dtype, where)}
        plain = value.view("i8") if value.dtype.kind in "mM" else value
        plain = np.asarray(plain, plain.dtype.newbyteorder("="), order="C")
        if plain.dtype not in TENSOR_DTYPES:
            raise TypeError(
                f"{where} must hold arrays of numbers of at most 64 bits, or lists of "
                f"values. Got {value.ndim} dimensions of {value.dtype}. Convert it, "
                "for example to float64."
            )
        name = f"array_{len(self.arrays)}"
        self.arrays[name] = plain
        if plain.dtype == value.dtype:
            return {"$array": name}
        return {"$array": name, "dtype": self._write_dtype(value.dtype, where)}

    def _write_index(self, value: pd.Index, where: str) -> dict[str, Any]:
        names = self.write(list(value.names), where)
        if isinstance(value, pd.MultiIndex):
            levels = range(value.nlevels)
            arrays = [value.get_level_values(level).rename(None) for level in levels]
            return {"$multi_index": self.write(arrays, where), "names": names}
        return {
            "$index": self._write_items(value.tolist(), where),
            "dtype": self._write_dtype(value.dtype, where),
            "names": names,
        }

    def _write_items(self, items: list[Any], where: str) -> list[Any]:
        """Values of an array of objects, which keep NumPy's classes."""
        return [
            write_scalar(item)
            if isinstance(item, np.generic) and item.dtype.kind in "biufmM"
            else self.write(item, where)
            for item in items
        ]

    def _write_dtype(self, dtype: Any, where: str) -> dict[str, Any]:
        if isinstance(dtype, pd.CategoricalDtype):
            categories = self.write(dtype.categories, where)
            return {"$categories": categories, "ordered": bool(dtype.ordered)}
        if isinstance(dtype, pd.SparseDtype):
            subtype = self._write_dtype(dtype.subtype, where)
            return {"$sparse": subtype, "fill": self.write(dtype.fill_value, where)}
        spelling = spell_dtype(dtype)
        if spelling is None:
            raise TypeError(
                f"{where} must have a dtype that its name gives back. Got {dtype}. "
                "Convert it, for example to strings."
            )
        return {"$dtype": spelling}


class Reader:
    """Turn JSON and named arrays into the tree that was written.

    No array is named twice, so all that is made of them takes no more than they do.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The arrays by name.
    classes : mapping of str to type
        Dataclasses that may be named.
    room : int
        Bytes that strings of a fixed width may take, all together.
    """

    def __init__(
        self, arrays: dict[str, np.ndarray], classes: Mapping[str, type], room: int
    ) -> None:
        self._arrays = arrays
        self._classes = classes
        self._room = room

    def read(self, value: Any) -> Any:
        """The value that was written as this JSON, which is taken apart on the way."""
        if isinstance(value, list):
            for position, item in enumerate(value):
                value[position] = self.read(item)
            return value
        if not isinstance(value, dict):
            return value
        for key, item in value.items():
            value[key] = self.read(item)
        kind = next((key for key in value if key.startswith("$")), None)
        if kind is None:
            return value
        content = value.pop(kind)
        if kind in SCALARS:
            return SCALARS[kind].read(content)
        make = getattr(self, f"_make_{kind[1:]}", None) if kind in _KINDS else None
        if make is None:
            raise ModelFileError(
                f"A model file must name known kinds of values. Got {kind[:40]!r}."
            )
        return make(content, **value)

    def _make_float(self, content: str) -> float:
        return float(content)

    def _make_tuple(self, content: list[Any]) -> tuple[Any, ...]:
        return tuple(content)

    def _make_missing(self, content: str) -> Any:
        return _MISSING[content]

    def _make_interval(self, content: list[Any], closed: Any) -> pd.Interval:
        left, right = content
        return pd.Interval(left, right, closed=closed)

    def _make_dtype(self, content: Any) -> Any:
        return parse_dtype(content)

    def _make_sparse(self, content: Any, fill: Any) -> pd.SparseDtype:
        return pd.SparseDtype(content, fill)

    def _make_categories(self, content: Any, ordered: bool) -> pd.CategoricalDtype:
        return pd.CategoricalDtype(content, ordered=ordered)

    def _make_array(self, content: str, dtype: Any = None) -> np.ndarray:
        array = self._arrays.pop(content)
        if dtype is None:
            return array
        if np.dtype(dtype).kind in "mM":
            return array.view(dtype)
        return array.astype(dtype, casting="equiv")

    def _make_values(self, content: list[Any], dtype: Any) -> np.ndarray:
        kind = getattr(dtype, "kind", None)
        if kind == "O":
            return _objects(content)
        wanted = {"U": str, "T": str, "S": bytes}[kind]  # type: ignore[index]
        if any(type(item) is not wanted for item in content):
            raise ValueError(f"Values of {dtype} must be of type {wanted.__name__}.")
        self._room -= len(content) * dtype.itemsize
        if self._room < 0:
            raise ModelFileError(
                "Strings of a fixed width must take at most a few times the file. Got "
                f"{len(content)} of {dtype}."
            )
        return np.array(content, dtype=dtype)

    def _make_index(self, content: list[Any], dtype: Any, names: list[Any]) -> pd.Index:
        if isinstance(dtype, np.dtype) and dtype.kind not in "biufmMO":
            raise ValueError(f"An index must have a dtype of pandas. Got {dtype}.")
        items = _objects(content)
        # Anything else would be converted: a Decimal of many digits for hours.
        if is_integer_dtype(dtype) and any(
            type(item) is not int and item is not pd.NA for item in items
        ):
            raise ValueError(f"An index of dtype {dtype} must hold whole numbers.")
        (name,) = names
        index = pd.Index(items, dtype=dtype, tupleize_cols=False)
        return index.rename(name)

    def _make_multi_index(self, content: list[Any], names: list[Any]) -> pd.MultiIndex:
        return pd.MultiIndex.from_arrays(content, names=names)

    def _make_class(self, content: str, fields: dict[str, Any]) -> Any:
        cls = self._classes.get(content)
        if cls is None:
            raise ModelFileError(
                f"A model file must name known classes. Got {content!r}."
            )
        check_fields(cls, fields)
        return cls(**fields)


_KINDS = {
    "$" + name.removeprefix("_make_")
    for name in vars(Reader)
    if name.startswith("_make_")
}


def _objects(items: list[Any]) -> np.ndarray:
    """An array of dtype object of one dimension, whatever it holds."""
    if not isinstance(items, list):
        raise ValueError(f"Values must be a list. Got {type(items).__name__}.")
    return np.fromiter(items, dtype=object, count=len(items))
