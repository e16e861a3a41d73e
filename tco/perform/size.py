"""Sizing one machine option: the smallest layout that fits, and what its best-known source says it sustains."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from tco.describe.hardware import Throughput
from tco.describe.option import MachineOption
from tco.describe.workload import StatedSpeed
from tco.errors import MissingDataError
from tco.perform.calibrated import calibrated
from tco.perform.capacity import Capacity, from_stated, predicted
from tco.perform.deployment import Deployment
from tco.perform.load import Load, Slo
from tco.perform.memory import weights_bytes
from tco.perform.points import from_points, matching_points
from tco.perform.solve import solve
from tco.units import BYTES_PER_GB, Num


@dataclass(frozen=True, slots=True)
class Sized:
    """A replica: its capacity at the workload's own load, and its rate at any other load (arrays too)."""

    n_gpus: int
    capacity: Capacity
    rate_req_per_s: Callable[[Load], Num]
    percentile: int


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
    built = built_for(option, option.n_gpus) if option.n_gpus else smallest_layout(option, load)
    n_gpus = int(built.n_gpus)
    rows = matching_points(
        rows=option.measured, model_id=option.model_id, hardware_id=option.hardware.id, n_gpus=n_gpus,
        dtype=option.dtype or "bf16", load=load, engine=option.engine,
    )  # fmt: skip
    if rows:
        return _measured(n_gpus, rows, load, slo)
    capacity = predicted(deployment=built, load=load, slo=slo, hardware=option.hardware)
    return Sized(
        n_gpus, capacity, lambda other: solve(deployment=built, load=other, slo=slo).req_per_s, slo.ttft_percentile
    )


def built_for(option: MachineOption, n_gpus: int) -> Deployment:
    """The step-time model's numbers for one replica."""
    return calibrated(
        model=option.model, hardware=option.hardware, n_gpus=n_gpus, dtype=option.dtype or "bf16",
        kv_dtype=option.kv_dtype or "bf16", engine=option.engine, reference=option.reference,
    ).deployment  # fmt: skip


def smallest_layout(option: MachineOption, load: Load) -> Deployment:
    """A replica on the fewest GPUs, in powers of two up to a whole machine, that hold weights and one request's cache.

    Where not even a whole machine holds them, the machine is returned with its negative margin.
    """
    machine = option.rental.n_gpus if option.rental else option.hardware.host.max_gpus if option.hardware.host else 1
    memory_bytes = option.hardware.memory_gb.value * BYTES_PER_GB if option.hardware.memory_gb else math.inf
    n_least = weights_bytes(model=option.model, dtype=option.dtype or "bf16") / memory_bytes
    n_gpus = 1
    while n_gpus < min(n_least, machine):
        n_gpus *= 2
    built = built_for(option, min(n_gpus, machine))
    while n_gpus < machine and not _holds_one(built, load):
        n_gpus *= 2
        built = built_for(option, min(n_gpus, machine))
    return built


def _holds_one(built: Deployment, load: Load) -> bool:
    one = built.kv_full_bytes_per_tok * load.max_context_tok + built.kv_state_bytes
    return bool(built.margin_bytes > one)


def _stated(option: MachineOption, speed: StatedSpeed, load: Load, slo: Slo) -> Sized:
    n_gpus = option.n_gpus or 1
    if speed.decode_tok_per_s is None:
        return _measured(n_gpus, _points(option, speed, n_gpus, load, slo), load, slo, speed.source)
    decode = speed.decode_tok_per_s.value
    prefill = speed.prefill_tok_per_s.value if speed.prefill_tok_per_s else None
    capacity = from_stated(decode_tok_per_s=decode, prefill_tok_per_s=prefill, load=load, slo=slo, source=speed.source)
    return Sized(
        n_gpus, capacity, partial(_serial_rate, decode_tok_per_s=decode, prefill_tok_per_s=prefill), slo.ttft_percentile
    )


def _serial_rate(load: Load, *, decode_tok_per_s: float, prefill_tok_per_s: float | None) -> Num:
    reading_s = load.uncached_tok / prefill_tok_per_s if prefill_tok_per_s else 0.0
    return 1.0 / (load.request_output_tok / decode_tok_per_s + reading_s)


def _measured(n_gpus: int, rows: tuple[Throughput, ...], load: Load, slo: Slo, source: str = "") -> Sized:
    capacity = from_points(rows=rows, load=load, slo=slo)
    if source:
        capacity = replace(capacity, basis="stated", source=source, kind="assumed")
    work = capacity.req_per_s * load.request_output_tok
    return Sized(n_gpus, capacity, lambda other: work / other.request_output_tok, slo.ttft_percentile)


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
