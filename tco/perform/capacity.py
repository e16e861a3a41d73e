"""What one replica sustains: stated by the user or predicted. Measured points are in ``points``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np

from tco.describe.hardware import Hardware
from tco.describe.record import Kind
from tco.perform import constants
from tco.perform.arrivals import Percentile, burst_spread, seqs_at, wait_s
from tco.perform.batching import Batch, batch, itl_at, max_concurrency, ttft_at
from tco.perform.deployment import Deployment
from tco.perform.energy import busy_w
from tco.perform.load import Load, Slo
from tco.perform.solve import BINDINGS, EXPONENTS, MAX_BUSY_FRAC, Solution, solve
from tco.units import BYTES_PER_GB, MS_PER_S

Basis = Literal[
    "measured", "interpolated", "measured, scaled by the model", "interpolated, scaled by the model",
    "stated", "predicted", "predicted from a measurement",
]  # fmt: skip
REPORTED: tuple[Percentile, ...] = (95, 99)
STATED_BAND = (0.85, 1.15)  # assumed: lengths and engine versions differ from what was timed


@dataclass(frozen=True, slots=True)
class Capacity:
    """One replica at its latency targets. ``reasons`` say why it cannot serve the load; empty when it can.

    Latencies are at the targets' percentiles; None is unknown. The band is p10 to p90 of actual over given speed.
    """

    req_per_s: float
    concurrency: float
    output_tok_per_s: float
    ttft_s: float | None
    itl_s: float | None
    e2e_s: float | None
    binding: str
    basis: Basis
    band_low_frac: float
    band_high_frac: float
    busy_w: float | None = None  # the replica's GPUs while serving
    margin_gb: float | None = None  # free for the cache per GPU; negative when the weights do not fit
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""
    as_of: date | None = None
    kind: Kind = "assumed"
    percentiles_s: Mapping[str, float] = field(default_factory=dict)  # ttft_p95, itl_p95, ttft_p99, itl_p99 where known

    @property
    def feasible(self) -> bool:
        """Whether the replica serves the load within every target."""
        return not self.reasons


def _ms(seconds: float) -> str:
    return f"{seconds * MS_PER_S:,.0f} ms" if seconds < 10 else f"{seconds:,.0f} s"


def missed(*, slo: Slo, ttft_s: float | None, itl_s: float | None, e2e_s: float | None) -> tuple[str, ...]:
    """One sentence for each latency target that is missed or cannot be judged because the latency is unknown."""
    targets = (
        (f"TTFT p{slo.ttft_percentile}", slo.ttft_s, ttft_s),
        (f"ITL p{slo.itl_percentile}", slo.itl_s, itl_s),
        ("whole answer", slo.deadline_s, e2e_s),
    )
    found = []
    for name, limit_s, actual_s in targets:
        if limit_s is None:
            continue
        if actual_s is None:
            found.append(f"{name} is unknown; the limit is {_ms(limit_s)}")
        elif actual_s > limit_s:
            found.append(f"{name} is {_ms(actual_s)}; the limit is {_ms(limit_s)}")
    return tuple(found)


def from_stated(
    *,
    decode_tok_per_s: float,
    prefill_tok_per_s: float | None,
    load: Load,
    slo: Slo | None = None,
    source: str = "",
    as_of: date | None = None,
    kind: Kind = "assumed",
) -> Capacity:
    """One request at a time at stated speeds: 1/X = k O / decode + u / prefill, u the uncached prompt tokens.

    A prompt speed of None is left out of the time, noted; a TTFT target can then not be judged.
    """
    output_tok = float(load.request_output_tok)
    ttft_s = None if prefill_tok_per_s is None else float(load.uncached_tok) / prefill_tok_per_s
    itl_s = 1.0 / decode_tok_per_s
    request_s = output_tok / decode_tok_per_s + (ttft_s or 0.0)
    reasons = missed(slo=slo, ttft_s=ttft_s, itl_s=itl_s, e2e_s=request_s) if slo else ()
    notes: tuple[str, ...] = ("stated speed: requests run one after another; latencies exclude waiting",)
    if prefill_tok_per_s is None:
        notes += ("no prompt speed stated: the time to read prompts is left out",)
    return Capacity(
        req_per_s=0.0 if reasons else 1.0 / request_s,
        concurrency=1.0,
        output_tok_per_s=0.0 if reasons else output_tok / request_s,
        ttft_s=ttft_s,
        itl_s=itl_s,
        e2e_s=request_s,
        binding="stated speed",
        basis="stated",
        band_low_frac=STATED_BAND[0],
        band_high_frac=STATED_BAND[1],
        reasons=reasons,
        notes=notes,
        source=source,
        as_of=as_of,
        kind=kind,
    )


def _room_reasons(*, deployment: Deployment, load: Load, solution: Solution) -> tuple[str, ...]:
    margin_gb = float(deployment.margin_bytes) / BYTES_PER_GB
    context_tok = float(load.max_context_tok)
    found: tuple[str, ...] = ()
    if margin_gb < 0:
        weights_gb = float(deployment.weights_bytes) / BYTES_PER_GB
        memory_gb = float(deployment.memory_bytes) / BYTES_PER_GB
        size = f"{weights_gb:,.1f} GB of weights per GPU of {memory_gb:,.0f} GB"
        found += (f"does not fit: {size}, {-margin_gb:,.1f} GB short",)
    elif not solution.fits:
        found += (f"no room for the cache of {context_tok:,.0f} tokens: {margin_gb:,.1f} GB free per GPU",)
    if context_tok > float(deployment.context_tok):
        found += (f"needs a context of {context_tok:,.0f} tokens; the model has {float(deployment.context_tok):,.0f}",)
    return found


def _binding(*, deployment: Deployment, slo: Slo, solution: Solution) -> str:
    name = BINDINGS[int(solution.binding)]
    if name != "limit":
        return name
    if not slo.interactive and float(solution.n_seqs) < float(solution.max_seqs):
        return "throughput"
    return "engine limit" if float(solution.max_seqs) >= float(deployment.max_seqs * deployment.n_batches) else "memory"


def latencies_s(
    *, deployment: Deployment, load: Load, solution: Solution, state_at: Callable[..., Batch] = batch
) -> dict[str, float]:
    """p95 and p99 of TTFT and ITL of one scalar deployment at its operating point, waiting for a slot included."""
    slots = np.asarray(max_concurrency(deployment=deployment, load=load))
    mean, rate = solution.n_seqs / deployment.n_batches, solution.req_per_s / deployment.n_batches
    full = np.asarray(state_at(deployment=deployment, load=load, n_seqs=slots**EXPONENTS).req_per_s).max()
    found = {}
    for percentile in REPORTED:
        most = seqs_at(mean_seqs=mean, spread=burst_spread(arrival_scv=load.arrival_scv), percentile=percentile)
        state = state_at(deployment=deployment, load=load, n_seqs=np.clip(most, 1.0, slots))
        waits = wait_s(
            mean_seqs=mean, slots=slots, arrival_scv=load.arrival_scv, req_per_s=rate, most_req_per_s=full,
            percentile=percentile,
        )  # fmt: skip
        found[f"ttft_p{percentile}"] = float(ttft_at(state=state, percentile=percentile) + waits)
        found[f"itl_p{percentile}"] = float(itl_at(state=state, percentile=percentile))
    return found


def _power_w(*, hardware: Hardware | None, deployment: Deployment, n_seqs: float) -> float | None:
    if hardware is None:
        return None
    power_w = busy_w(hardware=hardware, n_gpus=int(deployment.n_gpus), n_seqs=n_seqs)
    return None if power_w is None else float(power_w)


def predicted(
    *,
    deployment: Deployment,
    load: Load,
    slo: Slo,
    hardware: Hardware | None = None,
    max_busy_frac: float = MAX_BUSY_FRAC,
    state_at: Callable[..., Batch] = batch,
) -> Capacity:
    """Capacity of one scalar deployment from the step-time model; ``hardware`` only adds the power hint.

    Highest rate within every target, and for interactive loads below ``max_busy_frac`` of saturation. ``state_at`` as
    in ``solve``.
    """
    solution = solve(deployment=deployment, load=load, slo=slo, max_busy_frac=max_busy_frac, state_at=state_at)
    reasons = _room_reasons(deployment=deployment, load=load, solution=solution)
    ttft_s, itl_s, e2e_s = float(solution.ttft_s), float(solution.itl_s), float(solution.e2e_s)
    fits = bool(solution.fits)
    if not reasons and not solution.feasible:
        reasons = tuple(f"at one sequence {text}" for text in missed(slo=slo, ttft_s=ttft_s, itl_s=itl_s, e2e_s=e2e_s))
    req_per_s, n_seqs = float(solution.req_per_s), float(solution.n_seqs)
    return Capacity(
        req_per_s=req_per_s,
        concurrency=n_seqs if fits else 0.0,
        output_tok_per_s=req_per_s * float(load.request_output_tok),
        ttft_s=ttft_s if fits else None,
        itl_s=itl_s if fits else None,
        e2e_s=e2e_s if fits else None,
        binding=_binding(deployment=deployment, slo=slo, solution=solution) if fits else "memory",
        basis="predicted",
        band_low_frac=float(deployment.band_low_frac),
        band_high_frac=float(deployment.band_high_frac),
        busy_w=_power_w(hardware=hardware, deployment=deployment, n_seqs=n_seqs) if fits else None,
        margin_gb=float(deployment.margin_bytes) / BYTES_PER_GB,
        reasons=reasons,
        percentiles_s=latencies_s(deployment=deployment, load=load, solution=solution, state_at=state_at)
        if fits and slo.interactive and not reasons
        else {},
        notes=deployment.notes,
        source=constants.SOURCE,
        as_of=constants.AS_OF,
    )
