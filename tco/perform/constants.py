"""Efficiencies, link constants and engine overheads of the step-time model, and where they come from.

Linear layers: fitted to NVIDIA's published per-GEMM timings (aiconfigurator-core 0.12.0, Apache-2.0).
Attention, all-reduce, overheads: fitted to published end-to-end measurements (InferenceX, NVIDIA AIC, ML.ENERGY).
A GPU that is not in a table gets the prior, which is an assumption and is noted on the deployment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

SOURCE = "tco performance model: GEMM timings of ai-dynamo/aiconfigurator 0.12.0; overheads of InferenceX and ML.ENERGY"
AS_OF = date(2026, 11, 22)

Engine = Literal["vllm", "tensorrt-llm", "sglang", "llama.cpp", "ollama", "other"]
ComputeClass = Literal["16bit", "8bit", "4bit"]
ENGINES: tuple[Engine, ...] = ("vllm", "tensorrt-llm", "sglang", "llama.cpp", "ollama", "other")


@dataclass(frozen=True, slots=True)
class Gemm:
    """Share of the peak FLOP/s and of the peak bandwidth GEMMs reach, and how the two limits mix."""

    compute_frac: float
    bandwidth_frac: float
    p_norm: float


PRIOR_GEMM = Gemm(0.60, 0.75, 2.0)  # assumed, for GPUs nobody fitted
GEMM: dict[tuple[str, ComputeClass], Gemm] = {
    ("h100", "16bit"): Gemm(0.81, 0.88, 3.1),
    ("h100", "8bit"): Gemm(0.50, 0.90, 1.2),
    ("h200", "16bit"): Gemm(0.81, 0.83, 3.5),
    ("h200", "8bit"): Gemm(0.57, 0.90, 0.9),
    ("a100", "16bit"): Gemm(0.85, 0.76, 1.7),
    ("l40s", "16bit"): Gemm(0.63, 0.77, 2.3),
    ("l40s", "8bit"): Gemm(0.53, 0.76, 1.2),
    ("b200", "16bit"): Gemm(0.71, 0.78, 2.8),
    ("b200", "8bit"): Gemm(0.57, 0.90, 1.2),  # assumed: not fitted, taken between Hopper's two
    ("b200", "4bit"): Gemm(0.47, 0.86, 1.3),
}

# Hardware id prefix -> the GPU whose constants it uses.
FAMILIES: tuple[tuple[str, str], ...] = (
    ("h100", "h100"), ("h200", "h200"), ("gh200", "h200"), ("a100", "a100"), ("l40s", "l40s"),
    ("b200", "b200"), ("gb200", "b200"), ("b300", "b200"), ("gb300", "b200"),
)  # fmt: skip

PRIOR_KV_FRAC = 0.75  # assumed
KV_FRAC = {"h100": 0.87, "h200": 0.82, "b200": 0.86, "l40s": 0.84}
PRIOR_KV8_FRAC = 0.65  # assumed, between the two measured
KV8_FRAC = {"h100": 0.74, "h200": 0.57}
PRIOR_PREFILL_ATTENTION_FRAC = 0.42  # assumed: the lowest of the measured
PREFILL_ATTENTION_FRAC = {"h100": 0.50, "h200": 0.50, "l40s": 0.44, "b200": 0.42}
MLA_COMPUTE_FRAC = 0.5
# Kernels of a layer with latent attention over one with grouped: 18 to 12, counted in open implementations (assumed).
LATENT_KERNEL_RATIO = 1.5
ROUTING_SPREAD = 0.7  # assumed: tokens of one text pick similar experts
PAD_TOK = 8.0  # assumed: half a tile of 16 rows

# All-reduce within one machine: n = 2, 4, 8; latency in s and bandwidth in bytes/s, vLLM custom with CUDA graphs.
ALL_REDUCE_N = (2.0, 4.0, 8.0)
ALL_REDUCE: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "h100": ((4.3e-6, 4.7e-6, 5.4e-6), (259e9, 180e9, 195e9)),
    "h200": ((4.3e-6, 4.7e-6, 5.4e-6), (259e9, 180e9, 195e9)),
    "a100": ((5.0e-6, 5.5e-6, 6.4e-6), (181e9, 119e9, 108e9)),
    "b200": ((7.0e-6, 7.2e-6, 8.1e-6), (453e9, 372e9, 313e9)),
}
# Elsewhere the H100's share of its 900 GB/s link is assumed.
PRIOR_LINK_SHARE = (259.0 / 900.0, 180.0 / 900.0, 195.0 / 900.0)
NVLINK_BYTES_PER_S = 200e9  # from here on a link counts as NVLink-like
PRIOR_NVLINK_S = (5.0e-6, 5.5e-6, 6.4e-6)  # assumed: A100's
PRIOR_PCIE_S = (20e-6, 25e-6, 30e-6)  # assumed: through the host
PCIE_BYTES_PER_S = 64e9  # assumed where no link is stated: PCIe 4.0 x16, both directions


@dataclass(frozen=True, slots=True)
class EngineOverheads:
    """Host and launch time: per layer, per mixture-of-experts layer, per step, per running sequence; front end."""

    layer_s: float
    moe_layer_s: float
    step_s: float
    seq_s: float
    frontend_s: float
    max_seqs: float
    max_seqs_large: float  # default on cards of 70 GB and more
    chunk_tok: float
    fitted: bool


_LLAMA_CPP = EngineOverheads(10e-6, 20e-6, 200e-6, 500e-6, 5e-3, 16.0, 16.0, 512.0, False)  # assumed
OVERHEADS: dict[str, EngineOverheads] = {
    "vllm": EngineOverheads(45e-6, 12e-6, 130e-6, 50e-6, 15.6e-3, 256.0, 1024.0, 8192.0, True),
    "tensorrt-llm": EngineOverheads(45e-6, 75e-6, 0.0, 37e-6, 15.6e-3, 256.0, 1024.0, 8192.0, True),
    "sglang": EngineOverheads(27e-6, 80e-6, 0.0, 16e-6, 15.6e-3, 256.0, 1024.0, 8192.0, True),
    "llama.cpp": _LLAMA_CPP,
    "ollama": _LLAMA_CPP,
    "other": EngineOverheads(45e-6, 75e-6, 130e-6, 50e-6, 15.6e-3, 256.0, 256.0, 2048.0, False),  # assumed
}

# p10 and p90 of actual over predicted speed. Fitted GPUs: 0.85 to 1.35 on 1,528 published rows, widened below since
# the constants were fitted to rows like them. Elsewhere assumed; llama.cpp on one sequence came out at 0.65 to 1.15.
BAND_FITTED = (0.75, 1.35)
BAND_PRIOR = (0.50, 1.50)


def family(hardware_id: str) -> str:
    """The GPU whose fitted constants a profile uses; empty where only priors apply."""
    return next((name for prefix, name in FAMILIES if hardware_id.startswith(prefix)), "")


def gemm(*, gpu: str, compute_class: ComputeClass) -> Gemm:
    """Fitted constants of a GPU family and compute class, or the prior."""
    return GEMM.get((gpu, compute_class), PRIOR_GEMM)


def kv_frac(*, gpu: str, eight_bit: bool) -> float:
    """Share of the peak bandwidth decode attention reaches; 8-bit caches save capacity more than time."""
    return KV8_FRAC.get(gpu, PRIOR_KV8_FRAC) if eight_bit else KV_FRAC.get(gpu, PRIOR_KV_FRAC)


def all_reduce(*, gpu: str, n_gpus: int, link_bytes_per_s: float) -> tuple[float, float]:
    """Latency (s) and bandwidth (bytes/s) of one all-reduce; log-interpolated in n, flat outside 2..8."""
    if gpu in ALL_REDUCE and link_bytes_per_s >= NVLINK_BYTES_PER_S:
        latencies, bandwidths = ALL_REDUCE[gpu]
    else:
        latencies = PRIOR_NVLINK_S if link_bytes_per_s >= NVLINK_BYTES_PER_S else PRIOR_PCIE_S
        first, second, third = PRIOR_LINK_SHARE
        bandwidths = (first * link_bytes_per_s, second * link_bytes_per_s, third * link_bytes_per_s)
    at, known = np.log2(n_gpus), np.log2(ALL_REDUCE_N)
    return float(np.interp(at, known, latencies)), float(np.interp(at, known, bandwidths))
