"""A deployment with the constants fitted to measurements, its error band, and what of it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from tco.describe.hardware import Dtype, Hardware
from tco.describe.measurement import Measurement
from tco.describe.model import Model
from tco.perform import ceilings
from tco.perform.constants import ENGINES
from tco.perform.deployment import Deployment, deployment
from tco.perform.effects import PARAMETERS, TERMS, Multipliers, multipliers, scaled
from tco.perform.fitted import Fitted, fitted
from tco.perform.groups import LAYERED_ENGINES, LOCAL_ENGINES, cell_of, groups_of, sparsity_of, width_of
from tco.perform.holdout import Kind, band_of, guessed_sd, unseen
from tco.perform.layout import layered
from tco.perform.memory import param_count
from tco.perform.peaks import peaks
from tco.perform.runs import REFERENCE_DAY, years_of

PRIOR_NOTES = ("not fitted to measurements", "host overheads are assumed")  # of the priors, replaced here
NAMES = {
    "flop": "compute efficiency", "bytes": "bandwidth efficiency", "kv": "cache read efficiency",
    "layer": "overhead per layer", "moe_layer": "overhead per expert layer", "seq": "overhead per sequence",
    "step": "overhead per step", "link": "all-reduce latency", "link_tok": "all-reduce time per token",
    "prefill": "prompt token cost", "frontend": "front end", "power": "power while serving",
    "pad": "expert tile padding", "spread": "expert routing spread", "attend": "prompt attention efficiency",
    "total": "level of the engine version",
}  # fmt: skip


BANDED = ("itl_ms", "ttft_ms", "prefill_tok_s", "joules_per_token")


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant: its multiplier on the prior, and the groups measured and not measured it is made of."""

    name: str
    multiplier: float
    measured: tuple[str, ...]
    prior: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A deployment with fitted constants; ``unseen`` says what of it no measurement shares."""

    deployment: Deployment
    unseen: tuple[Kind, ...]
    power_multiplier: float
    assumes: str
    by: Multipliers
    labels: Mapping[str, str]
    held: Fitted

    @property
    def constants(self) -> tuple[Constant, ...]:
        """Each constant with what of it was measured."""
        names = (name for name in PARAMETERS if name in NAMES)
        return tuple(_constant(name, getattr(self.by, name), self.labels, self.held) for name in names)

    @property
    def bands(self) -> dict[str, tuple[float, float]]:
        """By metric, p10 and p90 of measured over predicted."""
        return {metric: _band(metric, self.unseen, self.labels, self.held) for metric in BANDED}


@dataclass(frozen=True, slots=True)
class Placed:
    """A deployment with its prior constants, and what decides the effects it gets."""

    prior: Deployment
    labels: dict[str, str]
    covariates: dict[str, float]
    day: date


def placed(
    *, model: Model, hardware: Hardware, n_gpus: int, dtype: Dtype, kv_dtype: Dtype, engine: str,
    reference: Hardware | None, held: Fitted, n_groups: int = 1, n_expert_ranks: int = 1,
) -> Placed:  # fmt: skip
    """The prior deployment and its groups, as of the newest engine version measured."""
    known = engine if engine in ENGINES else "llama.cpp" if engine in LOCAL_ENGINES else "other"
    peak, n_tensor = peaks(hardware=hardware, dtype=dtype, reference=reference), n_gpus
    if engine in LAYERED_ENGINES:
        n_tensor = 1
    built = deployment(
        model=model, hardware=hardware, n_gpus=n_tensor, dtype=dtype, kv_dtype=kv_dtype, engine=known,
        reference=reference, n_groups=n_groups,
    )  # fmt: skip
    if n_gpus > n_tensor:
        built = layered(deployment=built, model=model, n_gpus=n_gpus, link_bytes_per_s=peak.link_bytes_per_s)
    newest, version = held.origin.get("newest", {}).get(engine, (REFERENCE_DAY.isoformat(), ""))
    day = date.fromisoformat(newest)
    labels = groups_of(
        model=model, hardware=hardware, dtype=dtype, kv_dtype=kv_dtype, engine=engine,
        peak=peak, is_sparse=param_count(model=model).expert > 0, n_groups=n_groups, n_expert_ranks=n_expert_ranks,
    ) | {"version": version, "era": f"{engine}/{day.year}"}  # fmt: skip
    labels["cell"] = cell_of(labels)
    width = width_of(model, n_tensor, n_expert_ranks)
    covariates = {"years": years_of(day), "width": width, "sparsity": sparsity_of(model)}
    return Placed(built, labels, covariates, day)


def calibrated(
    *, model: Model, hardware: Hardware, n_gpus: int = 1, dtype: Dtype = "bf16", kv_dtype: Dtype = "bf16",
    engine: str = "vllm", reference: Hardware | None = None, shipped: Fitted | None = None,
    n_groups: int = 1, n_expert_ranks: int = 1,
) -> Calibrated:  # fmt: skip
    """Prior deployment times the fitted multipliers of its groups, as of the newest engine version measured."""
    held = shipped or fitted()
    at = placed(
        model=model, hardware=hardware, n_gpus=n_gpus, dtype=dtype, kv_dtype=kv_dtype, engine=engine,
        reference=reference, held=held, n_groups=n_groups, n_expert_ranks=n_expert_ranks,
    )  # fmt: skip
    built, labels, day, version = at.prior, at.labels, at.day, at.labels["version"]
    by = multipliers(groups=labels, covariates=at.covariates, effects=held.effects)
    missing = tuple(kind for kind in unseen(row_groups=labels, known=held.known) if kind != "source")
    built, by, missing = ceilings.measured_here(built, by, missing, hardware=hardware, dtype=dtype, engine=engine)
    fast, slow = _band("itl_ms", missing, labels, held)
    assumes = version.replace("/", " ") or engine
    plain = (note for note in built.notes if not note.endswith(PRIOR_NOTES))
    notes = (*plain, f"speed as of {assumes}, {day.isoformat()[:7]}", *(_note(kind, labels) for kind in missing))
    found = replace(scaled(deployment=built, by=by), band_low_frac=1.0 / slow, band_high_frac=1.0 / fast, notes=notes)
    found = ceilings.reached(deployment=found, hardware=hardware, dtype=dtype, engine=engine)
    return Calibrated(found, missing, float(by.power), f"{assumes}, {day.isoformat()[:7]}", by, labels, held)


def _note(kind: Kind, labels: Mapping[str, str]) -> str:
    if kind == "pairing":
        parts = f"{labels['model']}, {labels['gpu']}, {labels['engine']}"
        return f"{parts}: each measured, but not together in this number format; wider band"
    return f"{labels[kind]}: no measurement of this {kind}; constants of the others, wider band"


def _band(metric: str, missing: tuple[Kind, ...], labels: Mapping[str, str], held: Fitted) -> tuple[float, float]:
    row = Measurement(
        id="-", source="", family="", engine="", model="-", dtype="", gpu="-", n_gpus=1, concurrency=16.0,
        input_tok=1.0, output_tok=1.0, metric=metric,  # type: ignore[arg-type]
    )  # fmt: skip
    guess = guessed_sd(row_groups=labels, known=held.known)
    low, high = band_of(row=row, missing=missing, tables=held.bands, guessed_sd=guess)
    return float(np.exp(low)), float(np.exp(high))


def _constant(name: str, multiplier: float, labels: Mapping[str, str], held: Fitted) -> Constant:
    terms = [term for term in TERMS if term.parameter == name and not term.covariate and labels.get(term.grouping)]
    measured = tuple(labels[term.grouping] for term in terms if term.key(labels[term.grouping]) in held.effects)
    prior = tuple(labels[term.grouping] for term in terms if term.key(labels[term.grouping]) not in held.effects)
    return Constant(NAMES[name], multiplier, measured, prior)
