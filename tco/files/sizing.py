"""Sizing one model on one machine: the numbers of ``tco perform``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tco.describe.hardware import Dtype, Hardware, Throughput
from tco.describe.model import Model
from tco.errors import UsageError
from tco.files.catalogue import Catalogue
from tco.perform.batching import Batch, batch, max_concurrency
from tco.perform.calibrated import Calibrated, calibrated
from tco.perform.energy import busy_w, joules_per_tok
from tco.perform.forecast import prompt_s
from tco.perform.load import Load
from tco.perform.points import matching_points
from tco.perform.runs import dtype_of, engine_of
from tco.units import BYTES_PER_GB, Num

CONTEXTS = (2048, 8192, 32768, 131072)
LAYOUTS = (1, 2, 4, 8)
N_CURVE = 24


@dataclass(frozen=True, slots=True)
class Point:
    """Speeds at one number of sequences; totals of the replica."""

    n_seqs: float
    output_tok_per_s: float
    itl_s: float
    ttft_s: float
    prefill_tok_per_s: float
    power_w: float | None
    joules_per_tok: float | None


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to split the model: tensor parallel over some accelerators, at its largest batch."""

    n_gpus: int
    margin_gb: float
    max_seqs: float
    at_limit: Point | None


@dataclass(frozen=True, slots=True)
class Perform:
    """Everything ``tco perform`` shows of one replica."""

    model: Model
    hardware: Hardware
    n_gpus: int
    dtype: Dtype
    kv_dtype: Dtype
    engine: str
    load: Load
    held: Calibrated
    weights_gb: float
    margin_gb: float
    max_seqs: float
    max_batch: tuple[tuple[int, float], ...]
    at: Point | None
    alone: Point
    curve: tuple[Point, ...]
    layouts: tuple[Layout, ...]
    best: int | None
    measured: tuple[Throughput, ...]

    @property
    def fits(self) -> bool:
        """Whether the weights and one request's cache fit."""
        return self.max_seqs >= 1.0


def sized(
    *, model: str, hardware: str, n_gpus: int | None, dtype: str | None, kv_dtype: str, batch: int | None,
    input_tok: int, output_tok: int, engine: str, data: Path | None,
) -> Perform:  # fmt: skip
    """Size a model on a machine; without a number of GPUs the fewest of 1, 2, 4 and 8 that hold one request."""
    catalogue = Catalogue(data)
    found_model, machine = catalogue.model(model), catalogue.hardware(hardware)
    weights: Dtype = dtype_of(dtype) if dtype else found_model.native_dtype or "bf16"
    cache, name = dtype_of(kv_dtype), engine_of(engine)
    reference = catalogue.hardware(machine.relative.to) if machine.relative else None
    load = Load(input_tok=float(input_tok), output_tok=float(output_tok))

    def held_on(n: int) -> Calibrated:
        return calibrated(
            model=found_model, hardware=machine, n_gpus=n, dtype=weights, kv_dtype=cache, engine=name,
            reference=reference,
        )  # fmt: skip

    layouts = tuple(_layout(held_on(n), n, machine, load) for n in LAYOUTS)
    fitting = [each for each in layouts if each.at_limit is not None]
    n = n_gpus or (fitting[0].n_gpus if fitting else LAYOUTS[-1])
    held = held_on(n)
    limit = _limit(held, load)
    if batch is not None and batch > limit >= 1.0:
        raise UsageError(f"--batch: got {batch}; expected at most {limit:,.0f}: the cache of no more sequences fits")
    best = max(fitting, key=_per_gpu, default=None)
    rows = matching_points(
        rows=catalogue.throughput, model_id=found_model.id, hardware_id=machine.id, n_gpus=n, dtype=weights, load=load,
        engine=name,
    )  # fmt: skip
    return Perform(
        model=found_model, hardware=machine, n_gpus=n, dtype=weights, kv_dtype=cache, engine=name, load=load, held=held,
        weights_gb=_gb(held.deployment.weights_bytes), margin_gb=_gb(held.deployment.margin_bytes),
        max_seqs=limit,
        max_batch=tuple((tok, _limit(held, Load(input_tok=float(tok), output_tok=1.0))) for tok in CONTEXTS),
        at=point(held, machine, n, load, float(batch or limit)) if limit >= 1.0 else None,
        alone=point(held, machine, n, load, 1.0),
        curve=tuple(point(held, machine, n, load, float(c)) for c in _curve(limit)),
        layouts=layouts, best=best.n_gpus if best else None, measured=rows,
    )  # fmt: skip


def _gb(n_bytes: Num) -> float:
    return float(n_bytes) / BYTES_PER_GB


def _limit(held: Calibrated, load: Load) -> float:
    return float(max_concurrency(deployment=held.deployment, load=load))


def _curve(limit: float) -> list[float]:
    if limit < 1.0:
        return []
    found: list[float] = np.unique(np.floor(limit ** np.linspace(0.0, 1.0, N_CURVE))).tolist()
    return found


def _per_gpu(each: Layout) -> float:
    return each.at_limit.output_tok_per_s / each.n_gpus if each.at_limit else 0.0


def _layout(held: Calibrated, n: int, machine: Hardware, load: Load) -> Layout:
    limit = _limit(held, load)
    at = point(held, machine, n, load, limit) if limit >= 1.0 else None
    return Layout(n, float(held.deployment.margin_bytes) / BYTES_PER_GB, limit, at)


def point(held: Calibrated, machine: Hardware, n_gpus: int, load: Load, n_seqs: float) -> Point:
    """Speeds, power and energy of one replica with some sequences running."""
    state: Batch = batch(deployment=held.deployment, load=load, n_seqs=n_seqs)
    tok_per_s = float(state.req_per_s * load.request_output_tok)
    prefill = float(load.input_tok / prompt_s(deployment=held.deployment, load=load))
    watts = busy_w(hardware=machine, n_gpus=n_gpus, n_seqs=n_seqs)
    power = None if watts is None else float(watts)
    joules = None if power is None else float(joules_per_tok(power_w=power, tok_per_s=tok_per_s))
    return Point(n_seqs, tok_per_s, float(state.itl_s), float(state.ttft_s), prefill, power, joules)
