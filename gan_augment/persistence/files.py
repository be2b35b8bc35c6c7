"""The directory of a saved model: what is checked before anything is read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_augment.persistence.errors import ModelFileError
from gan_augment.persistence.tree import Reader, Writer

FORMAT_VERSION = 2
TREE_FILE = "model.json"
ARRAY_FILE = "model.safetensors"
SUMS_FILE = "SHA256SUMS"
# No model comes near these sizes; a hostile one must not take the memory.
MAX_TREE_BYTES = 2**28
MAX_HEADER_BYTES = 2**24
# A container of Python takes 60 to 200 bytes, and none of ours is written in fewer.
BYTES_PER_CONTAINER = 16
# What strings of a fixed width may take beside a few times the file.
SPARE_BYTES = 2**22


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
    >>> from gan_augment.persistence import load, save
    >>> with tempfile.TemporaryDirectory() as path:
    ...     save({"name": "demo", "weights": np.ones(2)}, path)
    ...     load(path)
    {'name': 'demo', 'weights': array([1., 1.])}
    """
    from safetensors.numpy import save_file

    writer = Writer()
    text = json.dumps(
        {"format_version": FORMAT_VERSION, "tree": writer.write(dict(tree))},
        indent=1,
        allow_nan=False,
    )
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    save_file(writer.arrays, path / ARRAY_FILE)
    (path / TREE_FILE).write_text(text, encoding="utf-8")
    seal(path)


def digest(tree: Mapping[str, Any]) -> str:
    """SHA-256 of what :func:`save` would write, in hexadecimal.

    Parameters
    ----------
    tree : mapping
        As for :func:`save`.

    Returns
    -------
    digest : str
        The same for trees of the same values, in every process.

    Raises
    ------
    TypeError
        If the tree holds a value that cannot be saved without running code at load.

    Examples
    --------
    >>> import numpy as np
    >>> from gan_augment.persistence import digest
    >>> digest({"weights": np.ones(2)}) == digest({"weights": np.ones(2)})
    True
    """
    writer = Writer()
    sum_of = hashlib.sha256(json.dumps(writer.write(dict(tree))).encode())
    for name, array in writer.arrays.items():
        sum_of.update(f"{name} {array.dtype.str} {array.shape}".encode())
        sum_of.update(np.ascontiguousarray(array).data)
    return sum_of.hexdigest()


def seal(path: str | Path) -> None:
    """Write the checksums of a model's files, which ``sha256sum --check`` reads too.

    Parameters
    ----------
    path : path-like
        The directory. Whoever changes a file in it by hand has to seal it again.
    """
    (Path(path) / SUMS_FILE).write_text(_sums(Path(path)), encoding="ascii")


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
        text = (path / TREE_FILE).read_bytes()
        _check_containers(text)
        document = json.loads(text, parse_constant=_refuse)
        version = document["format_version"]
        if version != FORMAT_VERSION:
            raise ModelFileError(
                f"The format version of {path} must be {FORMAT_VERSION}. "
                f"Got {version!r}. Load it with the version that wrote it."
            )
        arrays = load_file(path / ARRAY_FILE)
        room = 4 * len(text) + SPARE_BYTES
        del text
        return Reader(arrays, classes or {}, room).read(document["tree"])
    except ModelFileError:
        raise
    except Exception as error:  # a damaged file fails in ways nobody can list
        raise ModelFileError(
            f"{path} must be an undamaged model directory. Got "
            f"{type(error).__name__}: {str(error)[:200]}"
        ) from error


def _check_files(path: Path) -> None:
    """Raise unless all are plain files of a sensible size, as they were written.

    A pipe would block. That the arrays lie inside their file, and none over another,
    the safetensors library checks.
    """
    for name in (TREE_FILE, ARRAY_FILE, SUMS_FILE):
        if not (path / name).is_file():
            raise ModelFileError(
                f"{path} must hold {TREE_FILE}, {ARRAY_FILE} and {SUMS_FILE}. Got no "
                f"{name}."
            )
    size = (path / TREE_FILE).stat().st_size
    if size > MAX_TREE_BYTES:
        raise ModelFileError(
            f"{path / TREE_FILE} must have at most {MAX_TREE_BYTES} bytes. Got {size}."
        )
    with (path / ARRAY_FILE).open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if header > MAX_HEADER_BYTES:
        raise ModelFileError(
            f"The header of {path / ARRAY_FILE} must have at most {MAX_HEADER_BYTES} "
            f"bytes. Got {header}: the file is damaged."
        )
    sums = _sums(path).encode("ascii")
    with (path / SUMS_FILE).open("rb") as file:
        if file.read(len(sums) + 1) != sums:
            raise ModelFileError(
                f"{path} must be an undamaged model directory. Got files that do not "
                f"have the checksums in {SUMS_FILE}. Copy the directory again."
            )


def _sums(path: Path) -> str:
    lines = []
    for name in (TREE_FILE, ARRAY_FILE):
        with (path / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {name}\n")
    return "".join(lines)


def _check_containers(text: bytes) -> None:
    """Raise if lists and objects would take many times the memory of their text."""
    most = len(text) // BYTES_PER_CONTAINER + 1000
    if text.count(b"{") + text.count(b"[") <= most:
        return
    text = re.sub(rb'"(?:[^"\\]|\\.)*+"', b"", text)  # within strings they cost nothing
    n_containers = text.count(b"{") + text.count(b"[")
    if n_containers > most:
        raise ModelFileError(
            f"{TREE_FILE} must have at most {most} lists and objects for its size. Got "
            f"{n_containers}."
        )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON.")
