"""Save and load: tensors as safetensors, everything else as JSON. Loading runs no code.

A model is a directory of two files. ``model.json`` holds a tree of plain values, in
which an array is named by its key in ``model.safetensors``, a pandas value or dtype is
spelled out, and an object is the name of its class with its fields. Only classes that
the caller lists can be named.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FORMAT_VERSION = 1
TREE_FILE = "model.json"
ARRAY_FILE = "model.safetensors"
# No model of ours comes near these; a hostile one must not take the memory.
MAX_TREE_BYTES = 2**28
MAX_VALUES_BYTES = 2**28


class ModelFileError(ValueError):
    """A model directory is missing, damaged, or not one of ours."""


def save(tree: Mapping[str, Any], path: str | Path) -> None:
    """Write a tree of plain values, arrays, pandas values and dataclasses.

    Parameters
    ----------
    tree : mapping
        What to save.
    path : path-like
        Directory; made if it does not exist.

    Raises
    ------
    TypeError
        If the tree holds a value that cannot be saved without running code at load.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as path:
    ...     save({"name": "demo", "weights": np.ones(2)}, path)
    ...     load(path)
    {'name': 'demo', 'weights': array([1., 1.])}
    """
    from safetensors.numpy import save_file

    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(
        {"format_version": FORMAT_VERSION, "tree": _encode(dict(tree), arrays)},
        indent=1,
        allow_nan=False,
    )
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    save_file(arrays, path / ARRAY_FILE)
    (path / TREE_FILE).write_text(text, encoding="utf-8")


def load(path: str | Path, classes: Mapping[str, type] | None = None) -> dict[str, Any]:
    """Read what :func:`save` wrote.

    Parameters
    ----------
    path : path-like
        The directory.
    classes : mapping of str to type, default=None
        Dataclasses that the file may name.

    Returns
    -------
    tree : dict
        What was saved.

    Raises
    ------
    ModelFileError
        If a file is missing or damaged, was written in another format, or names a
        class that is not listed.
    """
    from safetensors.numpy import load_file

    path = Path(path)
    try:
        _check_files(path)
        document = json.loads((path / TREE_FILE).read_text(encoding="utf-8"))
        version = document["format_version"]
        if version != FORMAT_VERSION:
            raise ModelFileError(
                f"The format version of {path} must be {FORMAT_VERSION}. "
                f"Got {version!r}. Load it with the version that wrote it."
            )
        arrays = load_file(path / ARRAY_FILE)
        return _decode(document["tree"], arrays, classes or {})
    except ModelFileError:
        raise
    except Exception as error:  # a damaged file fails in ways nobody can list
        raise ModelFileError(
            f"{path} must be an undamaged model directory. Got "
            f"{type(error).__name__}: {error}"
        ) from error


def _check_files(path: Path) -> None:
    """Raise unless both are plain files of a sensible size: a pipe would block.

    That the arrays lie inside their file, the safetensors library checks.
    """
    for name in (TREE_FILE, ARRAY_FILE):
        if not (path / name).is_file():
            raise ModelFileError(
                f"{path} must hold {TREE_FILE} and {ARRAY_FILE}. Got no {name}."
            )
    size = (path / TREE_FILE).stat().st_size
    if size > MAX_TREE_BYTES:
        raise ModelFileError(
            f"{path / TREE_FILE} must have at most {MAX_TREE_BYTES} bytes. Got {size}."
        )


def _encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if isinstance(value, str):  # before anything else: np.str_ is a str
        return str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, list):
        return [_encode(item, arrays) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": _encode(list(value), arrays)}
    if isinstance(value, Mapping):
        return {str(key): _encode(item, arrays) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        name = f"array_{len(arrays)}"
        arrays[name] = np.ascontiguousarray(value)
        return {"$array": name}
    if isinstance(value, pd.Index | np.ndarray):
        items = [_encode(item, arrays) for item in value.tolist()]
        kind = "$index" if isinstance(value, pd.Index) else "$values"
        return {kind: items, "dtype": _encode(value.dtype, arrays)}
    if isinstance(value, pd.CategoricalDtype):
        categories = _encode(value.categories, arrays)
        return {"$categories": categories, "ordered": bool(value.ordered)}
    if isinstance(value, pd.SparseDtype):
        subtype, fill = (
            _encode(value.subtype, arrays),
            _encode(value.fill_value, arrays),
        )
        return {"$sparse": subtype, "fill_value": fill}
    if isinstance(value, np.dtype | pd.api.extensions.ExtensionDtype):
        return {"$dtype": _spelling(value)}
    if value is pd.NA:
        return {"$missing": "NA"}
    if isinstance(value, pd.Timestamp) or value is pd.NaT:
        return {"$timestamp": str(value)}
    if isinstance(value, pd.Timedelta):
        return {"$timedelta": value.isoformat()}
    if type(value) is datetime.date:
        return {"$date": value.isoformat()}
    if isinstance(value, pd.Interval):
        ends = [_encode(value.left, arrays), _encode(value.right, arrays)]
        return {"$interval": ends, "closed": value.closed}
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: getattr(value, field.name) for field in fields(value)}
        return {"$class": type(value).__name__, "fields": _encode(members, arrays)}
    raise TypeError(
        "A saved model must hold numbers, strings, dates and intervals only. Got "
        f"{value!r} of type {type(value).__name__}. Convert the column that holds it, "
        "for example to strings."
    )


def _spelling(dtype: Any) -> str:
    """The name that gives a dtype back; a TypeError if there is none."""
    name = str(dtype)
    if isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA:
        name = f"string[{dtype.storage}]"
    try:
        found = pd.api.types.pandas_dtype(name)
    except Exception:  # pandas and pyarrow refuse a name in ways of their own
        found = None
    if found != dtype:
        raise TypeError(
            f"A saved model must hold dtypes that their name gives back. Got {dtype}. "
            "Convert the column, for example to strings."
        )
    return name


def _decode(
    value: Any, arrays: Mapping[str, np.ndarray], classes: Mapping[str, type]
) -> Any:
    if isinstance(value, list):
        return [_decode(item, arrays, classes) for item in value]
    if not isinstance(value, dict):
        return value
    kind = next((key for key in value if key.startswith("$")), None)
    if kind is None:
        return {key: _decode(item, arrays, classes) for key, item in value.items()}
    content = value[kind]
    if kind == "$float":
        return float(content)
    if kind == "$tuple":
        return tuple(_decode(content, arrays, classes))
    if kind == "$array":
        return arrays[content]
    if kind == "$dtype" and isinstance(content, str):
        return pd.api.types.pandas_dtype(content)
    if kind == "$missing":
        return pd.NA
    if kind == "$sparse":
        fill = _decode(value["fill_value"], arrays, classes)
        return pd.SparseDtype(_decode(content, arrays, classes), fill)
    if kind == "$timestamp":
        return pd.Timestamp(content)
    if kind == "$timedelta":
        return pd.Timedelta(content)
    if kind == "$date":
        return datetime.date.fromisoformat(content)
    if kind == "$interval":
        left, right = _decode(content, arrays, classes)
        return pd.Interval(left, right, closed=value["closed"])
    if kind == "$categories":
        categories = _decode(content, arrays, classes)
        return pd.CategoricalDtype(categories, ordered=value["ordered"])
    if kind == "$index":
        dtype = _decode(value["dtype"], arrays, classes)
        return pd.Index(_decode(content, arrays, classes), dtype=dtype)
    if kind == "$values":
        dtype = _decode(value["dtype"], arrays, classes)
        if len(content) * dtype.itemsize > MAX_VALUES_BYTES:
            raise ModelFileError(
                f"An array of {dtype} must take at most {MAX_VALUES_BYTES} bytes. Got "
                f"{len(content)} values."
            )
        return np.array(_decode(content, arrays, classes), dtype=dtype)
    if kind == "$class" and content in classes:
        return classes[content](**_decode(value["fields"], arrays, classes))
    raise ModelFileError(
        f"A model file must name known kinds of values. Got {kind} {content!r}."
    )
