"""Many deployments with fitted constants in one pass: ``calibrated`` for whole columns of models on machines.

The formulas are those of one deployment. Only what a search reads is built: no bands and no notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model
from tco.perform.calibrated import Placed, placed
from tco.perform.deployment import Deployment, stack
from tco.perform.effects import PARAMETERS, TERMS, Multipliers, effect_of, scaled
from tco.perform.fitted import Fitted, fitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One deployment to build; raises MissingDataError there, not here, where a specification is unknown."""

    model: Model
    hardware: Hardware
    n_gpus: int
    dtype: Dtype
    kv_dtype: Dtype
    engine: str
    reference: Hardware | None = None

    def placed(self, held: Fitted) -> Placed:
        """The deployment with its prior constants and the groups whose effects it gets."""
        return placed(
            model=self.model, hardware=self.hardware, n_gpus=self.n_gpus, dtype=self.dtype, kv_dtype=self.kv_dtype,
            engine=self.engine, reference=self.reference, held=held,
        )  # fmt: skip


def many(found: Sequence[Placed], shipped: Fitted | None = None) -> Deployment:
    """Deployments as one whose fields are arrays, each number multiplied as ``calibrated`` does."""
    held = shipped or fitted()
    return scaled(deployment=stack([each.prior for each in found]), by=_multipliers(found, held))


def _multipliers(found: Sequence[Placed], held: Fitted) -> Multipliers:
    """``effects.multipliers`` of each row: the effects of each term are looked up once for each of its labels."""
    columns: dict[str, tuple[list[str], NDArray[np.intp]]] = {}
    logs = {name: np.zeros(len(found)) for name in PARAMETERS}
    for term in TERMS:
        if term.grouping not in columns:
            columns[term.grouping] = _coded(each.labels.get(term.grouping, "") for each in found)
        labels, codes = columns[term.grouping]
        effects = np.array([effect_of(term, label, held.effects) for label in labels])
        if not effects.any():
            continue
        slope = np.array([each.covariates.get(term.covariate, 0.0) for each in found]) if term.covariate else 1.0
        logs[term.parameter] = logs[term.parameter] + effects[codes] * slope
    return Multipliers(**{name: np.exp(value) for name, value in logs.items()})


def _coded(labels: Iterable[str]) -> tuple[list[str], NDArray[np.intp]]:
    """Distinct labels in order of appearance, and the index of each row's among them."""
    index: dict[str, int] = {}
    codes = np.array([index.setdefault(label, len(index)) for label in labels], dtype=np.intp)
    return list(index), codes
