"""Content addresses of data folders: what an answer was made from, in 12 digits a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

DATA_FOLDERS = ("hardware_profiles", "model_profiles", "pricing", "quality")
SHEET_INDEX = "index.json"
EMPTY = "empty"


def address(root: Path) -> str:
    """12 digits of the SHA-256 of names, sizes and bytes of every data file of a folder; ``empty`` without any.

    Workloads are no data. A price sheet of the folder counts by its index, which holds the sheet's own address.
    """
    digest, n_files = sha256(), 0
    for name in DATA_FOLDERS:
        for path in _files(os.path.join(root, name)):  # noqa: PTH118 - four times as fast as Path over 250 files
            with open(path, "rb", buffering=0) as held:  # noqa: PTH123
                data = held.read()
            digest.update(f"{path[len(str(root)) + 1 :]}\0{len(data)}\0".replace(os.sep, "/").encode())
            digest.update(data)
            n_files += 1
    return digest.hexdigest()[:12] if n_files else EMPTY


def _files(folder: str) -> Iterator[str]:
    if not os.path.isdir(folder):  # noqa: PTH112
        return
    with os.scandir(folder) as found:
        held = sorted(found, key=lambda each: each.name)
    index = next((each.path for each in held if each.name == SHEET_INDEX), None)
    if index is not None:
        yield index
        return
    for each in held:
        if each.is_dir():
            yield from _files(each.path)
        elif each.is_file() and not each.name.startswith("."):
            yield each.path
