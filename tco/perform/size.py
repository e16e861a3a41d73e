"""Sizing one machine option: the smallest layout that fits, and what its best-known source says it sustains."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np

from tco.describe.candidates import StatedSpeed
from tco.describe.hardware import Throughput
from tco.describe.option import MachineOption
from tco.describe.serving import Pools
from tco.errors import MissingDataError
from tco.perform.arrivals import burst_spread, seqs_at
from tco.perform.between import scaled, widened, with_ttft
from tco.perform.beyond import anchor, beyond, densest
from tco.perform.calibrated import Calibrated
from tco.perform.capacity import Capacity, from_stated, predicted
from tco.perform.curves import joined, points_curve, predicted_curve, serial_curve
from tco.perform.deployment import Deployment
from tco.perform.disaggregate import from_pools, pooled, prefill_s
from tco.perform.holdout import Kind
from tco.perform.load import Load, Slo
from tco.perform.memory import weights_bytes
from tco.perform.points import (
    LARGEST,
    LENGTH_FACTOR,
    SAME_LENGTH_FRAC,
    from_points,
    length_distance,
    matching_points,
    mean_frac,
)
from tco.perform.serving import served
from tco.perform.solve import solve
from tco.perform.speculate import resident_bytes
from tco.perform.trace import Curve
from tco.units import BYTES_PER_GB, Num

NEEDED: frozenset[Kind] = frozenset({"gpu", "engine"})  # the model must know them to go beyond published rows


@dataclass(frozen=True, slots=True)
class Sized:
    """A replica: its capacity at the workload's own load, and its rate at any other load (arrays too).

    ``curve`` gives its latencies at each batch, None where pools share the work; ``peak_factor`` is what replaying a
    trace makes of the peak rate, ``is_replayed`` that it was.
    """

    n_gpus: int
    capacity: Capacity
    rate_req_per_s: Callable[[Load], Num]
    percentile: int
    curve: Callable[[], Curve] | None = None
    peak_factor: float = 1.0
    is_replayed: bool = False


def size(option: MachineOption, load: Load, slos: tuple[Slo, ...]) -> Sized:
    """Capacity of one replica of an option: stated by the workload, else measured, else predicted.

    Every SLO must hold; the one that allows the lowest rate decides. A replica is the smallest power of
    two of GPUs that fits, unless stated. Raises MissingDataError when a needed specification is unknown.
    """
    candidates = (size_for(option, load, slo) for slo in slos)
    return min(candidates, key=lambda sized: (sized.capacity.feasible, sized.capacity.req_per_s))


def size_for(option: MachineOption, load: Load, slo: Slo) -> Sized:
    """``size`` under one SLO."""
    if option.speed is not None:
        return _stated(option, option.speed, load, slo)
    if option.serving.pools is not None:
        return _pooled(option, option.serving.pools, load, slo)
    built = built_for(option, option.n_gpus, load) if option.n_gpus else smallest_layout(option, load)
    n_gpus = int(built.n_gpus)
    rows = () if option.serving.label else matching_points(
        rows=option.measured, model_id=option.model_id, hardware_id=option.hardware.id, n_gpus=n_gpus,
        dtype=option.dtype or "bf16", load=load, engine=option.engine,
    )  # fmt: skip
    if rows:
        return _measured_and_beyond(option, rows, built, load, slo)
    capacity = predicted(deployment=built, load=load, slo=slo, hardware=option.hardware)
    return Sized(
        n_gpus, capacity, lambda other: solve(deployment=built, load=other, slo=slo).req_per_s, slo.ttft_percentile,
        partial(predicted_curve, deployment=built, load=load, slo=slo),
    )  # fmt: skip


def built_for(option: MachineOption, n_gpus: int, load: Load) -> Deployment:
    """The step-time model's numbers for one instance: a replica, unless prefill and decode are apart."""
    return _served(option, n_gpus, load).deployment


def _served(option: MachineOption, n_gpus: int, load: Load) -> Calibrated:
    return served(
        model=option.model, hardware=option.hardware, n_gpus=n_gpus, load=load, serving=option.serving,
        dtype=option.dtype or "bf16", kv_dtype=option.kv_dtype or "bf16", engine=option.engine,
        reference=option.reference,
    )  # fmt: skip


def smallest_layout(option: MachineOption, load: Load) -> Deployment:
    """A replica on the fewest GPUs, in powers of two up to a whole machine, that hold weights and one request's cache.

    Where not even a whole machine holds them, the machine is returned with its negative margin.
    """
    machine = option.rental.n_gpus if option.rental else option.hardware.host.max_gpus if option.hardware.host else 1
    memory_bytes = option.hardware.memory_gb.value * BYTES_PER_GB if option.hardware.memory_gb else math.inf
    offload = option.serving.offload
    on_gpus = weights_bytes(model=option.model, dtype=option.dtype or "bf16")
    n_least = (on_gpus - offload.memory.value * BYTES_PER_GB if offload else on_gpus) / memory_bytes
    n_gpus = 1
    while n_gpus < min(n_least, machine):
        n_gpus *= 2
    built = built_for(option, min(n_gpus, machine), load)
    while n_gpus < machine and not _holds_one(built, load):
        n_gpus *= 2
        built = built_for(option, min(n_gpus, machine), load)
    return built


def _holds_one(built: Deployment, load: Load) -> bool:
    return bool(built.margin_bytes > resident_bytes(deployment=built, context_tok=load.max_context_tok))


def _pooled(option: MachineOption, pools: Pools, load: Load, slo: Slo) -> Sized:
    prefill, decode = (built_for(option, n, load) for n in (pools.prefill_gpus, pools.decode_gpus))
    at = partial(
        pooled, prefill=prefill, decode=decode, n_prefill=float(pools.prefill), n_decode=float(pools.decode),
        link_bytes_per_s=pools.link.value * BYTES_PER_GB, slo=slo,
    )  # fmt: skip
    capacity = from_pools(at(load=load), prefill=prefill, decode=decode, load=load, slo=slo, pools=pools)
    return Sized(pools.n_gpus, capacity, lambda other: at(load=other).req_per_s, slo.ttft_percentile)


def _stated(option: MachineOption, speed: StatedSpeed, load: Load, slo: Slo) -> Sized:
    n_gpus = option.n_gpus or 1
    if speed.decode_tok_per_s is None:
        return _measured(n_gpus, _points(option, speed, n_gpus, load, slo), load, slo, speed.source)
    decode = speed.decode_tok_per_s.value
    prefill = speed.prefill_tok_per_s.value if speed.prefill_tok_per_s else None
    capacity = from_stated(decode_tok_per_s=decode, prefill_tok_per_s=prefill, load=load, slo=slo, source=speed.source)
    serial = partial(
        serial_curve, request_s=capacity.e2e_s or 0.0, ttft_s=capacity.ttft_s or 0.0, itl_s=capacity.itl_s or 0.0
    )
    return Sized(
        n_gpus, capacity, partial(_serial_rate, decode_tok_per_s=decode, prefill_tok_per_s=prefill),
        slo.ttft_percentile, serial,
    )  # fmt: skip


def _serial_rate(load: Load, *, decode_tok_per_s: float, prefill_tok_per_s: float | None) -> Num:
    reading_s = load.uncached_tok / prefill_tok_per_s if prefill_tok_per_s else 0.0
    return 1.0 / (load.request_output_tok / decode_tok_per_s + reading_s)


def _measured_and_beyond(
    option: MachineOption, rows: tuple[Throughput, ...], built: Deployment, load: Load, slo: Slo
) -> Sized:
    """What was measured, and where the densest point keeps every target what the model scaled to it says beyond.

    Beyond published rows only where the model was fitted to the accelerator and the engine; a machine of the user's own
    is known by its point, a model by its shape and the point. Else the capacity is that of the point, with a note.
    """
    found, full = _measured_near(rows, built, load, slo)
    if not found.capacity.feasible or found.capacity.binding != LARGEST:
        return found
    if not rows[0].is_local and (unseen := NEEDED & set(_served(option, found.n_gpus, load).unseen)):
        told = f"a higher concurrency was not measured, nor this {min(unseen)} for the model: it may do more"
        return replace(found, capacity=replace(found.capacity, notes=(*found.capacity.notes, told)))
    point = densest(rows=full, deployment=built, load=load, slo=slo)
    by = anchor(point=point, deployment=built, load=load, slo=slo)
    more = beyond(
        measured=found.capacity, point=point, by=by, deployment=built, load=load, slo=slo, hardware=option.hardware
    )
    if more is None:
        return found

    def rate(other: Load) -> Num:
        solved = solve(deployment=built, load=other, slo=slo, state_at=by.batch)
        return np.maximum(found.rate_req_per_s(other), solved.req_per_s)

    def curve() -> Curve:
        assert found.curve is not None
        return joined(low=found.curve(), high=predicted_curve(deployment=built, load=load, slo=slo, state_at=by.batch))

    return replace(found, capacity=more, rate_req_per_s=rate, curve=curve)


def _measured_near(
    rows: tuple[Throughput, ...], built: Deployment, load: Load, slo: Slo
) -> tuple[Sized, tuple[Throughput, ...]]:
    """Rows of this deployment; brought to the load's lengths by the model where theirs are not the same.

    A TTFT that a limit needs and nobody measured is the model's, noted. Also gives the rows as they were judged.
    """
    prompt_s = float(prefill_s(deployment=built, load=load)[1])
    ratio = length_distance(row=rows[0], load=load)
    is_scaled = ratio > 1.0 + SAME_LENGTH_FRAC
    near = tuple(scaled(row=row, deployment=built, load=load) for row in rows) if is_scaled else rows
    needs_ttft = slo.ttft_s is not None or slo.deadline_s is not None
    full = tuple(with_ttft(row=row, deployment=built, load=load) for row in near) if needs_ttft else near
    found = _measured(int(built.n_gpus), full, load, slo, prompt_s=prompt_s, is_scaled=is_scaled, deployment=built)
    capacity = found.capacity
    if full != near:
        capacity = replace(capacity, notes=(*capacity.notes, "TTFT not measured at every point: the model's there"))
    if is_scaled:
        band, model = (capacity.band_low_frac, capacity.band_high_frac), (built.band_low_frac, built.band_high_frac)
        low, high = widened(
            band=band, model=(float(model[0]), float(model[1])), length_ratio=ratio, length_factor=LENGTH_FACTOR
        )
        capacity = replace(capacity, band_low_frac=low, band_high_frac=high)
    return replace(found, capacity=capacity), full


def _measured(
    n_gpus: int, rows: tuple[Throughput, ...], load: Load, slo: Slo, source: str = "", *, prompt_s: float = 0.0,
    is_scaled: bool = False, deployment: Deployment | None = None,
) -> Sized:  # fmt: skip
    capacity = from_points(
        rows=rows, load=load, slo=slo, is_scaled=is_scaled, interpolate=not source, deployment=deployment
    )
    if source:
        capacity = replace(capacity, basis="stated", source=source, kind="assumed")
    spread = burst_spread(arrival_scv=load.arrival_scv) if slo.interactive else 0.0
    most = seqs_at(mean_seqs=capacity.concurrency, spread=spread, percentile=slo.percentile)
    free = mean_frac(n_seqs=most, load=load, slo=slo)
    work = capacity.req_per_s * load.request_output_tok / free

    def rate(other: Load) -> Num:
        return work * mean_frac(n_seqs=most, load=other, slo=slo) / other.request_output_tok

    curve = partial(points_curve, rows=rows, load=load, slo=slo, prompt_s=prompt_s, deployment=deployment)
    return Sized(n_gpus, capacity, rate, slo.ttft_percentile, curve)


def _points(option: MachineOption, speed: StatedSpeed, n_gpus: int, load: Load, slo: Slo) -> tuple[Throughput, ...]:
    """A stated table of operating points as measured rows at the workload's own lengths."""
    rows = []
    for point in speed.points:
        ttft_ms = point.ttft_p99_ms if point.ttft_p99_ms is not None else point.ttft_p95_ms
        if ttft_ms is None and slo.ttft_s is not None:
            raise MissingDataError(
                f"{option.id}: a point at concurrency {point.concurrency} has no TTFT, and the SLO needs one"
            )
        rows.append(
            Throughput(
                hardware=option.hardware.id, n_gpus=n_gpus, model=option.model_id, dtype=option.dtype or "bf16",
                engine=option.engine, concurrency=point.concurrency, input_tok=max(float(load.input_tok), 1.0),
                output_tok=float(load.output_tok), output_tok_per_s=point.output_tok_per_s, ttft_ms=ttft_ms,
                ttft_stat="p99" if point.ttft_p99_ms is not None else "p95", itl_ms=point.itl_ms,
                source=speed.source, as_of=date.min, kind="assumed",
            )
        )  # fmt: skip
    return tuple(rows)
