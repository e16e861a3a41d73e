"""Sizing one model on one machine: the numbers of ``tco perform``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tco.describe.hardware import Dtype, Hardware, Throughput
from tco.describe.model import Model
from tco.describe.serving import Serving, Split
from tco.errors import UsageError
from tco.files.catalogue import Catalogue
from tco.files.options import engine_for
from tco.files.serving import NOTHING_ASKED, ServingAsked
from tco.perform.batching import Batch, batch, max_concurrency
from tco.perform.calibrated import Calibrated
from tco.perform.constants import BAND_PRIOR
from tco.perform.disaggregate import Pooled, pooled
from tco.perform.energy import joules_per_tok, serving_w
from tco.perform.forecast import gpu_busy_frac, prompt_s
from tco.perform.groups import LAYERED_ENGINES, LOCAL_ENGINES
from tco.perform.layout import splits
from tco.perform.load import Load, Slo
from tco.perform.memory import BYTES_PER_WEIGHT, param_count, shape_of
from tco.perform.points import matching_points
from tco.perform.runs import dtype_of, engine_of
from tco.perform.serving import served
from tco.perform.speculate import resident_bytes
from tco.units import BYTES_PER_GB, Num

CONTEXTS = (2048, 8192, 32768, 131072)
LAYOUTS = (1, 2, 4, 8)
ONE_OF_A_KIND = ("cpu", "phone", "laptop")  # machines that no engine splits a model over
MORE_GPUS = (16, 32, 64)  # tried for a model that no layout holds
SMALLER: tuple[Dtype, ...] = ("fp8", "int4")
SMALLER_LOCAL: tuple[Dtype, ...] = ("q8_0", "q4_k_m", "q2")
N_CURVE = 24
FINE = np.linspace(0.0, 1.0, 193)  # exponents of the batches among which the best rate is looked for
INTERACTIVE = Slo(deadline_s=np.inf)  # no limit, but below saturation


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
    """One way to split the model over some accelerators, at its largest batch."""

    split: Split
    margin_gb: float
    max_seqs: float
    at_limit: Point | None

    @property
    def n_gpus(self) -> int:
        """Accelerators of the replica."""
        return self.split.n_gpus

    @property
    def tok_per_s_per_gpu(self) -> float:
        """Output tokens a second of one accelerator, 0 where it does not fit."""
        return self.at_limit.output_tok_per_s / self.n_gpus if self.at_limit else 0.0


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
    alone: Point  # what one request would get, even where it does not fit
    curve: tuple[Point, ...]
    layouts: tuple[Layout, ...]
    best: int | None
    measured: tuple[Throughput, ...]
    serving: Serving
    splits: tuple[Layout, ...]  # of this number of accelerators
    fixes: tuple[str, ...]  # what would make it fit
    pooled: Pooled | None

    @property
    def bands(self) -> dict[str, tuple[float, float]]:
        """By metric, p10 and p90 of measured over predicted; no narrower than the prior's where none was."""
        serving, held = self.serving, self.held.bands
        if (serving.draft, self.held.deployment.host, serving.pools) == (None, None, None):
            return held
        low, high = 1.0 / BAND_PRIOR[1], 1.0 / BAND_PRIOR[0]
        return {name: (min(p10, low), max(p90, high)) for name, (p10, p90) in held.items()}

    @property
    def is_one_machine(self) -> bool:
        """Whether it is a whole machine, of which a replica has one, and no accelerator in one."""
        return self.hardware.category in ONE_OF_A_KIND

    @property
    def fits(self) -> bool:
        """Whether the weights and one request's cache fit."""
        return self.max_seqs >= 1.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stays the same over the layouts that are tried."""

    model: Model
    machine: Hardware
    reference: Hardware | None
    kv_dtype: Dtype
    engine: str
    load: Load
    serving: Serving

    def held_on(self, n_gpus: int, dtype: Dtype, serving: Serving | None = None) -> Calibrated:
        return served(
            model=self.model, hardware=self.machine, n_gpus=n_gpus, load=self.load, dtype=dtype,
            serving=serving or self.serving, kv_dtype=self.kv_dtype, engine=self.engine, reference=self.reference,
        )  # fmt: skip

    @property
    def is_layered(self) -> bool:
        """Whether the engine puts whole layers on each accelerator."""
        return self.engine in LAYERED_ENGINES

    def usual(self, n_gpus: int) -> Split:
        """How the engine splits a model unless told."""
        return Split(pipeline=n_gpus) if self.is_layered else Split(tensor=n_gpus)

    def layout(self, split: Split, dtype: Dtype) -> Layout:
        """One layout with the draft and the offload asked for."""
        plain = self.is_layered or split == Split(tensor=split.n_gpus)
        other = replace(self.serving, split=None if plain else split, pools=None)
        held = self.held_on(split.n_gpus, dtype, other)
        limit = _limit(held, self.load)
        at = point(held, self.machine, split.n_gpus, self.load, limit) if limit >= 1.0 else None
        return Layout(split, _gb(held.deployment.margin_bytes), limit, at)


def sized(
    *, model: str, hardware: str, n_gpus: int | None, dtype: str | None, kv_dtype: str, batch: int | None,
    input_tok: int, output_tok: int, engine: str | None, data: Path | None, serving: ServingAsked = NOTHING_ASKED,
) -> Perform:  # fmt: skip
    """Size a model on a machine; without a number of GPUs the fewest of 1, 2, 4 and 8 that hold one request."""
    catalogue = Catalogue(data)
    found_model, machine = catalogue.model(model), catalogue.hardware(hardware)
    weights: Dtype = dtype_of(dtype) if dtype else found_model.native_dtype or "bf16"
    reference = catalogue.hardware(machine.relative.to) if machine.relative else None
    load = Load(input_tok=float(input_tok), output_tok=float(output_tok))
    name = engine_of(engine or engine_for(machine))
    asked = _Asked(found_model, machine, reference, dtype_of(kv_dtype), name, load, serving.resolved(catalogue))
    layouts = tuple(asked.layout(asked.usual(n), weights) for n in _counts(machine))
    fitting = [each for each in layouts if each.at_limit is not None]
    split = asked.serving.split
    if split and n_gpus not in (None, split.n_gpus):
        raise UsageError(f"--n-gpus: got {n_gpus}; --tp, --pp and --ep make {split.n_gpus} accelerators")
    n = split.n_gpus if split else n_gpus or (fitting[0].n_gpus if fitting else _counts(machine)[-1])
    held = asked.held_on(n, weights)
    limit = _limit(held, load)
    if batch is not None and batch > limit >= 1.0:
        raise UsageError(f"--batch: got {batch}; expected at most {limit:,.0f}: the cache of no more sequences fits")
    best = max(fitting, key=lambda each: each.tok_per_s_per_gpu, default=None)
    ways = (
        (asked.usual(n),) if asked.is_layered else splits(
            n_gpus=n, n_layers=shape_of(model=found_model).n_layers,
            is_sparse=param_count(model=found_model).expert > 0,
        )
    )  # fmt: skip
    return Perform(
        model=found_model, hardware=machine, n_gpus=n, dtype=weights, kv_dtype=asked.kv_dtype, engine=asked.engine,
        load=load, held=held, weights_gb=_gb(held.deployment.weights_bytes),
        margin_gb=_gb(held.deployment.margin_bytes), max_seqs=limit,
        max_batch=tuple((tok, _limit_at(asked, held, n, weights, float(tok))) for tok in CONTEXTS),
        at=point(held, machine, n, load, float(batch or limit)) if limit >= 1.0 else None,
        alone=point(held, machine, n, load, 1.0),
        curve=tuple(point(held, machine, n, load, float(c)) for c in _curve(limit)),
        layouts=layouts, best=best.n_gpus if best else None,
        measured=_measured(catalogue, asked, n, weights),
        serving=asked.serving,
        splits=tuple(asked.layout(each, weights) for each in ways),
        fixes=() if limit >= 1.0 or load.max_context_tok > held.deployment.context_tok
        else _fixes(asked, held, n, weights),
        pooled=_pooled(asked, held, load) if limit >= 1.0 else None,
    )  # fmt: skip


def _counts(machine: Hardware) -> tuple[int, ...]:
    """Numbers of accelerators to try: of a whole machine one."""
    return LAYOUTS[:1] if machine.category in ONE_OF_A_KIND else LAYOUTS


def _measured(catalogue: Catalogue, asked: _Asked, n: int, dtype: Dtype) -> tuple[Throughput, ...]:
    """Measured operating points of this very deployment; none where it is served in a way that was not measured."""
    if asked.serving.label:
        return ()
    return matching_points(
        rows=catalogue.throughput, model_id=asked.model.id, hardware_id=asked.machine.id, n_gpus=n, dtype=dtype,
        load=asked.load, engine=asked.engine,
    )  # fmt: skip


def _fixes(asked: _Asked, held: Calibrated, n: int, dtype: Dtype) -> tuple[str, ...]:
    """What would make it fit: a smaller format, more accelerators, host memory."""
    found = []
    smaller = SMALLER_LOCAL if asked.engine in LOCAL_ENGINES else SMALLER
    for each in smaller:
        less = BYTES_PER_WEIGHT[each] < BYTES_PER_WEIGHT[dtype]
        if less and _limit(asked.held_on(n, each), asked.load) >= 1.0:
            found.append(f"{each} weights (--dtype {each})")
            break
    for more in () if asked.machine.category in ONE_OF_A_KIND else (*LAYOUTS, *MORE_GPUS):
        if more > n and asked.serving.split is None and _limit(asked.held_on(more, dtype), asked.load) >= 1.0:
            found.append(f"{more} accelerators (--n-gpus {more})")
            break
    room = resident_bytes(deployment=held.deployment, context_tok=asked.load.max_context_tok)
    short_gb = _gb(n * (room - held.deployment.margin_bytes))
    if asked.serving.offload is None and asked.machine.category not in ONE_OF_A_KIND:
        found.append(f"{short_gb:,.1f} GB of weights in the host's memory (--host-memory, --host-bandwidth), slower")
    return tuple(found)


def _pooled(asked: _Asked, held: Calibrated, load: Load) -> Pooled | None:
    pools = asked.serving.pools
    if pools is None:
        return None
    return pooled(
        prefill=held.deployment, decode=held.deployment, n_prefill=float(pools.prefill), n_decode=float(pools.decode),
        link_bytes_per_s=pools.link.value * BYTES_PER_GB, load=load, slo=INTERACTIVE,
    )  # fmt: skip


def _gb(n_bytes: Num) -> float:
    return float(n_bytes) / BYTES_PER_GB


def _limit(held: Calibrated, load: Load) -> float:
    """Sequences at once; none where one is longer than the model's context."""
    if load.max_context_tok > float(held.deployment.context_tok):
        return 0.0
    return float(max_concurrency(deployment=held.deployment, load=load) * held.deployment.n_batches)


def _limit_at(asked: _Asked, held: Calibrated, n: int, dtype: Dtype, context_tok: float) -> float:
    """Sequences of another context; an offload makes room for the one it is asked for."""
    load = Load(input_tok=context_tok - 1.0, output_tok=1.0)
    if asked.serving.offload is not None:
        held = replace(asked, load=load).held_on(n, dtype)
    return _limit(held, load)


def _curve(limit: float) -> list[float]:
    if limit < 1.0:
        return []
    found: list[float] = np.unique(np.floor(limit ** np.linspace(0.0, 1.0, N_CURVE))).tolist()
    return found


def point(held: Calibrated, machine: Hardware, n_gpus: int, load: Load, n_seqs: float) -> Point:
    """Speeds, power and energy of one replica with some sequences running, spread over its batches.

    The rate is the best of any number up to that: more than pay off could as well wait.
    """
    n_batches = float(held.deployment.n_batches)
    running = max(n_seqs / n_batches, 1.0)
    state: Batch = batch(deployment=held.deployment, load=load, n_seqs=running)
    rates = batch(deployment=held.deployment, load=load, n_seqs=running**FINE).req_per_s
    tok_per_s = float(np.max(rates) * load.request_output_tok) * min(n_batches, n_seqs)
    prefill = float(load.input_tok / prompt_s(deployment=held.deployment, load=load)) * n_batches
    busy_frac = gpu_busy_frac(deployment=held.deployment, n_seqs=running, itl_s=state.itl_s)
    watts = serving_w(
        hardware=machine, n_gpus=n_gpus, n_seqs=n_seqs, gpu_busy_frac=busy_frac, multiplier=held.power_multiplier
    )
    power = None if watts is None else float(watts)
    joules = None if power is None else float(joules_per_tok(power_w=power, tok_per_s=tok_per_s))
    return Point(n_seqs, tok_per_s, float(state.itl_s), float(state.ttft_s), prefill, power, joules)
