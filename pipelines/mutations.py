"""Damage to files and requests: of their bytes, their structure and their numbers."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

Path_ = tuple[Any, ...]

# Larger documents take longer to parse than an input may.
MOST_BYTES = 2**25
# What stands where something else was written: values of every other type, sizes that
# no machine has, names of files and of code, and every kind of value in a saved model.
STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**18, 10**30),
    *(1e308, -1e308, 0.5, "", "x", "1", "NaN", "a" * 10_000, "\x00", "\ud800"),
    *("../../../etc/passwd", "/etc/passwd", "__import__('os').system('id')"),
    *([], {}, [[]], [None] * 10, [0] * 20_000, [[0] * 1000] * 20),
    *({"$array": "array_0"}, {"$array": "none"}, {"$array": ["a"]}),
    *({"$tuple": [1, 2]}, {"$tuple": 5}, {"$missing": "NA"}, {"$missing": 1}),
    *({"$float": "nan"}, {"$float": "inf"}, {"$float": {}}, {"$unknown": 1}),
    *(
        {"$dtype": name}
        for name in (
            *("object", "V1000000000", "|V1000000000", "<U500000000", "<U16384"),
            *("(30000,30000)f8", "f8,f8", "category", "period[D]", "interval[int64]"),
            *("Sparse[float64, 1]", "datetime64[ns, dateutil//dev/zero]", "arrow:x"),
            *("(" * 200 + "1" + ")" * 200 + "f8", "arrow:list<item: int8>", "<f8"),
        )
    ),
    *(
        {kind: [0], "dtype": {"$dtype": dtype}}
        for kind in ("$values", "$index")
        for dtype in ("<U67108864", "|S2000000000", "(8000,4000)f8", "object", "<i8")
    ),
    {"$values": [[0] * 1000] * 100, "dtype": {"$dtype": "<U100"}},
    {"$values": ["a"] * 1000, "dtype": {"$dtype": "<U16384"}},
    {"$index": [], "dtype": {"$dtype": "object"}, "names": [None]},
    {"$multi_index": [[1], [2, 3]], "names": [None, None]},
    {"$class": "os.system", "fields": {}},
    {"$class": "Marginals", "fields": {}},
    {"$class": "RankCells", "fields": {"a": 1}},
    {"$categories": [1, 1], "ordered": 1},
    {"$sparse": {"$dtype": "<i8"}, "fill": "x"},
    {"$interval": [2, 1], "closed": "x"},
    *({"$timestamp": [10**30, "ns", None]}, {"$timestamp": "now"}),
    *({"$period": [1, "x" * 1000]}, {"$decimal": "1e999999999"}, {"$date": 5}),
    *({"$timedelta": [2**62, "Y", 1]}, {"$numpy": ["<f8", "00"]}, {"$uuid": ""}),
]


def damage_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut out, insert or append some bytes."""
    changed = bytearray(data)
    kind, where = rng.random(), rng.randrange(max(len(data), 1))
    if kind < 0.6 and data:
        for _ in range(rng.choice([1, 1, 2, 5, 50])):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    elif kind < 0.75:
        del changed[where:]
    elif kind < 0.85:
        changed[where:where] = rng.randbytes(rng.choice([1, 8, 1000]))
    elif kind < 0.95:
        del changed[where : where + rng.choice([1, 8, 1000])]
    else:
        changed += bytes(rng.choice([1, 8, 100_000]))
    return bytes(changed)


def damage_tree(tree: Any, rng: random.Random) -> Any:
    """Change a few values of a tree of JSON, which is taken apart."""
    for _ in range(rng.choice([1, 1, 1, 1, 2, 3])):
        paths = list(_paths(tree))
        # As often near the root as in the long lists far below.
        depth = rng.choice(sorted({len(path) for path in paths}))
        path = rng.choice([path for path in paths if len(path) == depth])
        value = copy.deepcopy(_get(tree, rng.choice(paths)))
        if rng.random() > 0.15:
            value = _changed(_get(tree, path), rng)
        tree = _put(tree, path, value)
    return tree


def damage_json(text: bytes, rng: random.Random) -> bytes:
    """Change a few values of a JSON document, which stays below a size."""
    try:
        tree = damage_tree(json.loads(text), rng)
        damaged = json.dumps(tree).encode("utf-8", "surrogatepass")
    except RecursionError:  # deeper than Python writes: then it is very deep
        return b"[" * 100_000
    return damaged if len(damaged) < MOST_BYTES else damage_bytes(text, rng)


def damage_arrays(
    arrays: dict[str, np.ndarray], rng: random.Random
) -> dict[str, np.ndarray]:
    """Change the values, the shape, the dtype or the name of an array."""
    arrays = {name: array.copy() for name, array in arrays.items()}
    name = rng.choice(sorted(arrays))
    array, kind = arrays[name], rng.random()
    if kind < 0.4 and array.size:
        low = array.dtype.kind == "f"
        strange = [np.nan, np.inf, -np.inf, 1e38, -1, 0] if low else [0, 1, 127]
        where = slice(None) if rng.random() < 0.5 else rng.randrange(array.size)
        with np.errstate(all="ignore"):
            array.reshape(-1)[where] = rng.choice(strange)
    elif kind < 0.6:
        shape = rng.choice([(-1,), (-1, 1), (1, -1), (-1, 1, 1, 1), array.shape[::-1]])
        arrays[name] = array.reshape(shape)
    elif kind < 0.75:
        dtype = rng.choice(["f8", "f4", "f2", "i8", "u1", "?"])
        with np.errstate(all="ignore"):
            arrays[name] = array.astype(dtype)
    elif kind < 0.85:
        shape = rng.choice([(0,), (), (200_000, 1, 1, 1), (2, 300_000), (1000, 1)])
        arrays[name] = np.zeros(shape, array.dtype)
    elif kind < 0.95:
        other = rng.choice(sorted(arrays))
        arrays[name], arrays[other] = arrays[other], arrays[name]
    else:
        del arrays[name]
    return arrays


def damage_header(data: bytes, rng: random.Random) -> bytes:
    """Change the header of a safetensors file."""
    size = int.from_bytes(data[:8], "little")
    header = damage_json(data[8 : 8 + size], rng)
    if rng.random() < 0.1:
        size = rng.choice([0, 1, size + 1, 2**63, 2**64 - 1, 10**8, len(data)])
    else:
        size = len(header)
    return size.to_bytes(8, "little") + header + data[8 + len(header) :]


def _paths(tree: Any, path: Path_ = ()) -> Iterator[Path_]:
    yield path
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from _paths(item, (*path, key))
    elif isinstance(tree, list):
        for position, item in enumerate(tree[:40]):
            yield from _paths(item, (*path, position))


def _get(tree: Any, path: Path_) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def _put(tree: Any, path: Path_, value: Any) -> Any:
    if not path:
        return value
    _get(tree, path[:-1])[path[-1]] = value
    return tree


def _changed(value: Any, rng: random.Random) -> Any:
    """Another value in place of one: near it, or strange."""
    near: list[Any] = []
    if isinstance(value, int | float) and not isinstance(value, bool):
        near = [-value, value + 1, value * 1000, value + 0.5, str(value), [value]]
        near += [10 ** rng.randint(1, 17), value * 10**9]
    elif isinstance(value, str):
        near = [
            f"{value}x",
            value[:-1],
            value.upper(),
            value * 50,
            [value],
            value[::-1],
        ]
    elif isinstance(value, list) and value:
        near = [value[:-1], [*value, value[0]], value[::-1], value * 2, []]
        near += [value * 1000] if len(value) < 100 else []
        near += [[rng.choice(STRANGE), *value[1:]]]
    elif isinstance(value, dict) and value:
        key, other = rng.choice(list(value)), rng.choice(list(value))
        rest = {k: v for k, v in value.items() if k != key}
        near = [rest, {**rest, f"{key}_": value[key]}, {**rest, f"${key}": value[key]}]
        near += [{**value, key: value[other], other: value[key]}]
        near += [{**value, "extra": rng.choice(STRANGE)}]
    if rng.random() > 0.97:
        return _deep(rng.choice([50, 500, 900]))
    if near and rng.random() < 0.5:
        return copy.deepcopy(rng.choice(near))
    return copy.deepcopy(rng.choice(STRANGE))


def _deep(n_levels: int) -> Any:
    value: Any = 0
    for _ in range(n_levels):
        value = [value]
    return value
