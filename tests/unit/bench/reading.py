"""Reading a file in tests: what an import of one file with enough options gives."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from tco.bench.importers.run import imported, stated
from tco.describe.profile import Profile, ProfileRow
from tco.files.catalogue import Catalogue

ENOUGH: dict[str, Any] = {
    "model": "qwen3-8b", "hardware": "h200-sxm", "dtype": "bf16", "kv_dtype": None, "engine": None,
    "measured_on": "2026-11-20", "n_gpus": 1,
}  # fmt: skip


@cache
def catalogue() -> Catalogue:
    return Catalogue(use_sheet=False)


def profile_of(path: Path, *, unit: Any = None, name: str | None = None, **given: Any) -> Profile:
    """The profile of one file under ``ENOUGH`` options and those given."""
    options = stated(catalogue(), **(ENOUGH | given))
    return imported([path], catalogue=catalogue(), given=options, unit=unit, name=name)


def row_of(path: Path, **given: Any) -> ProfileRow:
    """The only row of a file."""
    (row,) = profile_of(path, **given).rows
    return row


def write(folder: Path, held: Any, name: str = "result.json") -> Path:
    """A file of text, or of an object as JSON."""
    path = folder / name
    path.write_text(held if isinstance(held, str) else json.dumps(held), encoding="utf-8")
    return path
