"""The formats of tables: how their names end, how they begin, how they are packed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from gan_augment.cli.errors import UserError

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
# How a file begins -> what it is.
BEGINNINGS = {
    b"PAR1": "parquet",
    b"ARROW1": "feather",
    b"PK\x03\x04": "excel",
    b"{": "json",
    b"[": "json",
}


def _unzipped(data: bytes) -> bytes:
    """The only file of an archive; an Excel file is an archive, too, and stays one."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [each for each in archive.namelist() if not each.endswith("/")]
        if "[Content_Types].xml" in names:
            return data
        if len(names) != 1:
            raise UserError(
                f"A zip archive must hold one file. Got {len(names)}. Unpack it, and "
                "name one of its files."
            )
        return archive.read(names[0])


DAMAGED = (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)
PACKED: dict[bytes, Callable[[bytes], bytes]] = {
    b"PK\x03\x04": _unzipped,
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
}


def unpacked(data: bytes, name: str) -> bytes:
    """What a packed file holds; other files as they are.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        Name of the file in messages.

    Returns
    -------
    data : bytes
        Not packed.

    Raises
    ------
    UserError
        If the file is damaged, or an archive of several.
    """
    for beginning, unpack in PACKED.items():
        if data.startswith(beginning):
            try:
                return unpack(data)
            except DAMAGED as error:
                raise UserError(
                    f"FILE must be whole. Got {name!r}, which cannot be unpacked: "
                    f"{error}. Copy it again."
                ) from error
    return data


def kind_of_input(path: str, data: bytes) -> str:
    """The format of a file: how it begins, else how its name ends."""
    for beginning, kind in BEGINNINGS.items():
        if kind not in ("json", "excel") and data.startswith(beginning):
            return kind
    endings = [suffix.lower() for suffix in Path(path).suffixes]
    known = [SUFFIXES[ending] for ending in endings if ending in SUFFIXES]
    if known:
        return known[-1]
    for beginning, kind in BEGINNINGS.items():
        if data.lstrip().startswith(beginning):
            return kind
    return "csv"
