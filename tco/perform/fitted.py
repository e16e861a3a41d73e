"""The shipped constants: effects fitted to the shipped measurements, their origin, and the bands of their errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tco.perform.holdout import Band

HERE = Path(__file__).parent
FITTED, FOLDS = HERE / "fitted.json", HERE / "folds.json"


@dataclass(frozen=True, slots=True)
class Fitted:
    """Constants with where they come from. ``known`` lists the labels that were measured, by grouping."""

    effects: dict[str, float]
    bands: dict[str, dict[str, Band]]
    known: dict[str, list[str]]
    origin: dict[str, Any]
    widening: dict[str, dict[str, float]]


@lru_cache(maxsize=1)
def fitted() -> Fitted:
    """The constants this version ships."""
    held = json.loads(FITTED.read_text(encoding="utf-8"))
    bands = {kind: {name: Band(*values) for name, values in table.items()} for kind, table in held["bands"].items()}
    return Fitted(held["effects"], bands, held["known"], held["origin"], held["widening"])


@lru_cache(maxsize=1)
def folds_fitted() -> dict[str, dict[str, dict[str, float]]]:
    """Constants fitted without each fold, by hold-out and fold; only validation reads them."""
    held = json.loads(FOLDS.read_text(encoding="utf-8"))
    names = held["names"]
    return {
        kind: {
            label: {names[index]: value for index, value in zip(*pairs, strict=True)} for label, pairs in table.items()
        }
        for kind, table in held["folds"].items()
    }
