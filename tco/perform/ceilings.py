"""A deployment at what was measured on the machine itself, instead of at shares of a datasheet's peaks.

Microbenchmarks give the ceilings; how much of them an engine reaches is a factor of its own, from rows measured on the
same machine where there are any, else from the fitted constants of the engine, on a processor from the runs below.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from tco.describe.hardware import Ceilings, Dtype, EngineShare, Hardware
from tco.describe.record import Figure
from tco.perform.deployment import Deployment
from tco.perform.effects import Multipliers, scaled
from tco.perform.peaks import HALF, NATIVE
from tco.units import BYTES_PER_GB, FLOPS_PER_TFLOPS

K = TypeVar("K", bound=str)
CPU_SOURCE = "llama.cpp on one thread of a 2.8 GHz Xeon against sgemv and sgemm on it, 2026-11"
CPU_SHARE = EngineShare(
    decode=Figure(value=0.635, low=0.60, high=0.67, unit="ratio", source=CPU_SOURCE, kind="measured"),
    prefill=Figure(value=0.34, unit="ratio", source=CPU_SOURCE, kind="measured"),
)


def replaces_fitted(hardware: Hardware) -> bool:
    """Whether the fitted constants, those of accelerators, are left out: on a processor with measured ceilings."""
    return hardware.ceilings is not None and hardware.category == "cpu"


def measured_tflops(*, ceilings: Ceilings, dtype: Dtype) -> Figure | None:
    """The measured TFLOPS weights of a format are computed at: its own, else 16 bit, else 32 bit."""
    formats, _ = NATIVE.get(dtype, (HALF, "16bit"))
    return next((found for name in (*formats, *HALF, "fp32") if (found := ceilings.tflops.get(name))), None)


def at_ceilings(*, deployment: Deployment, ceilings: Ceilings, dtype: Dtype) -> Deployment:
    """The deployment with weights read, and products computed, as fast as measured; what was not measured stays.

    Cache reads keep their ratio to weight reads, attention and head theirs to the products of 16-bit weights.
    """
    found = deployment
    if ceilings.bandwidth_gb_per_s is not None:
        bytes_per_s = ceilings.bandwidth_gb_per_s.value * BYTES_PER_GB
        ratio = bytes_per_s / deployment.bytes_per_s
        found = replace(
            found, bytes_per_s=bytes_per_s, peak_bytes_per_s=bytes_per_s,
            kv_bytes_per_s=deployment.kv_bytes_per_s * ratio,
        )  # fmt: skip
    own, half = (measured_tflops(ceilings=ceilings, dtype=name) for name in (dtype, "bf16"))
    if own is not None and half is not None:
        flop_per_s, half_per_s = own.value * FLOPS_PER_TFLOPS, half.value * FLOPS_PER_TFLOPS
        ratio = half_per_s / deployment.flop16_per_s
        found = replace(
            found, flop_per_s=flop_per_s, peak_flop_per_s=flop_per_s, flop16_per_s=half_per_s,
            attention_flop_per_s=deployment.attention_flop_per_s * ratio,
            mla_flop_per_s=deployment.mla_flop_per_s * ratio,
        )  # fmt: skip
    return found


def share_of(*, hardware: Hardware, engine: str) -> EngineShare | None:
    """The engine's share: from rows of the machine, on a processor else ``CPU_SHARE``; None: fitted constants."""
    assert hardware.ceilings is not None
    return hardware.ceilings.shares.get(engine) or (CPU_SHARE if replaces_fitted(hardware) else None)


def with_share(*, deployment: Deployment, share: EngineShare) -> Deployment:
    """The deployment at an engine's share: rates times it, host times divided by it.

    A share above 1 passes the ceiling: the engine's kernels are better than those of the microbenchmark.
    """
    decode, prefill = share.decode.value, share.prefill.value
    slower = 1.0 / decode
    by = Multipliers(
        flop=prefill, bytes=decode, kv=decode, layer=slower, moe_layer=slower, seq=slower, step=slower, link=slower,
        link_tok=slower,
    )  # fmt: skip
    free = replace(deployment, peak_bytes_per_s=np.inf, peak_flop_per_s=np.inf)
    found = scaled(deployment=free, by=by)
    return replace(found, peak_bytes_per_s=deployment.peak_bytes_per_s, peak_flop_per_s=deployment.peak_flop_per_s)


def reached(*, deployment: Deployment, hardware: Hardware, dtype: Dtype, engine: str) -> Deployment:
    """The deployment at the engine's share of what was measured here, noted; itself where nothing was."""
    if hardware.ceilings is None:
        return deployment
    share = share_of(hardware=hardware, engine=engine)
    found = deployment if share is None else with_share(deployment=deployment, share=share)
    return replace(found, notes=(note(hardware=hardware, dtype=dtype, engine=engine), *deployment.notes))


def measured_here(
    deployment: Deployment, by: Multipliers, missing: tuple[K, ...], *, hardware: Hardware, dtype: Dtype, engine: str
) -> tuple[Deployment, Multipliers, tuple[K, ...]]:
    """The prior at measured ceilings, the multipliers that still hold, and what no measurement shares; itself without.

    Where the engine's share was measured on the machine, neither the accelerator nor the engine is unseen.
    """
    held = hardware.ceilings
    if held is None:
        return deployment, by, missing
    if engine in held.shares:
        missing = tuple(kind for kind in missing if kind not in ("gpu", "engine"))
    at = at_ceilings(deployment=deployment, ceilings=held, dtype=dtype)
    return at, Multipliers() if replaces_fitted(hardware) else by, missing


def note(*, hardware: Hardware, dtype: Dtype, engine: str) -> str:
    """What was measured on the machine, and which share of it the engine is taken to reach and why."""
    ceilings = hardware.ceilings
    assert ceilings is not None
    held = ceilings.bandwidth_gb_per_s
    tflops = measured_tflops(ceilings=ceilings, dtype=dtype)
    reached = [f"{held.value:,.4g} GB/s"] if held else []
    reached += [f"{tflops.value:,.3g} TFLOPS"] if tflops else []
    threads = f" on {ceilings.n_threads} thread{'s' * (ceilings.n_threads > 1)}" if ceilings.n_threads else ""
    share = share_of(hardware=hardware, engine=engine)
    if share is None:
        part = f"engine efficiency: the fitted constants of {engine}, for no run of it was measured here"
    else:
        part = f"engine efficiency {share.decode.value:.2f} on answers, {share.prefill.value:.2f} on prompts"
        part += f" ({share.decode.source})"
    return f"ceilings measured here: {', '.join(reached) or 'none'}{threads}; {part}"
