"""What is assumed of machines and engines that the shipped measurements do not contain, as effects of ``effects``.

Multipliers relative to what the measured accelerators have in common: NVIDIA from Ampere to Blackwell, and Apple. Rates
(flop, bytes, kv) below 1 are slower, times (all others) above 1 are slower. They come from microbenchmarks and
architecture, never from served throughput: reached share of the peak over the share NVIDIA's reach. Where measurements
exist, the fit moves on from here; where none do, ``SPREAD`` widens the band. As of 2026-11; ROCm 6.x, SynapseAI 1.18+.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Guess(NamedTuple):
    """Multipliers of one label of one grouping, as "parameter factor" pairs, and why."""

    grouping: str
    label: str
    multipliers: str
    why: str


GUESSES: tuple[Guess, ...] = (
    Guess(
        "arch", "cdna", "flop .66, bytes .88, kv .85, layer 1.3, moe_layer 1.3, link 1.8, link_tok 1.3, prefill 1.1",
        "MI300X best GEMM 0.54 of the 16-bit and 0.49 of the 8-bit peak (rocm.blogs.amd.com, Measuring Max-Achievable "
        "FLOPs part 2, figures recalled), typical shapes 0.74-0.81 of the best (Typical Attained FLOPs, MI325X): 0.40 "
        "against the 0.60 of the prior; streams reach 0.81 of the peak bandwidth, H100's 0.92 (recalled); two GPUs "
        "share one link of a full mesh; launches and all-reduce: guessed",
    ),
    Guess(
        "arch", "gaudi",
        "flop 1.1, bytes .9, kv .75, layer 1.5, moe_layer 1.5, seq 2, link 3, link_tok 1.3, frontend 1.5",
        "thin GEMMs use more of the peak than NVIDIA's (arxiv.org/abs/2502.01070); batches are padded to buckets and "
        "collectives go over Ethernet: factors guessed",
    ),
    Guess(
        "arch", "tpu", "bytes .9, layer .8, seq 2, frontend 1.5", "compiled steps of fixed shapes, padded: guessed"
    ),
    Guess(
        "arch", "ascend", "flop .8, bytes .85, kv .8, layer 1.5, moe_layer 1.5, link 2, link_tok 1.3",
        "cores load tiles explicitly; eager launches: guessed",
    ),
    Guess(
        "arch", "rdna", "flop .6, bytes .8, kv .8, layer 1.3, prefill 1.3",
        "llama.cpp reaches a smaller share of matrix units and bandwidth than with CUDA: guessed",
    ),
    Guess("arch", "arc", "flop .45, bytes .7, kv .7, layer 1.5, seq 1.5", "as rdna, younger drivers: guessed"),
    Guess(
        "arch", "jetson", "flop .6, bytes .82, kv .8, layer 2, moe_layer 2, seq 1.7, frontend 2",
        "the CPU shares the memory bus and launches kernels about half as fast as a server's; power-capped clocks: "
        "guessed",
    ),
    Guess(
        "arch", "cpu", "flop .4, bytes .9",
        "llama.cpp unpacks weights to 8 bit and keeps well below the vector units' peak on prompts; channels and NUMA "
        "nodes are rarely all busy: guessed",
    ),
    Guess("arch", "volta", "flop .9, bytes .95, kv .8, prefill 1.3", "no kernels of recent attention: guessed"),
    Guess("arch", "turing", "flop .75, bytes .95, kv .8, prefill 1.3", "as volta: guessed"),
    Guess("gpu", "t4", "flop .6, bytes .9", "70 W hold less than half of the boost clock: guessed"),
    Guess("arch", "pascal", "flop .7, bytes .9, kv .8, prefill 1.5", "no matrix units: guessed"),
    Guess(
        "host", "vllm/before-0.6", "seq 8",
        "vLLM 0.6.0 release note (blog.vllm.ai, 2024-09-05): before it the GPU computed 38% of the time on an 8B model "
        "at about 2,000 tok/s, so that a token cost some 300 us of host time, against 36 fitted to versions since",
    ),
)  # fmt: skip

SPREAD = 0.25  # standard deviation of the logarithm a guess of an architecture adds (assumed)


def _effects() -> dict[str, float]:
    found: dict[str, float] = {}
    for guess in GUESSES:
        for pair in guess.multipliers.split(","):
            parameter, factor = pair.split()
            found[f"{parameter}|{guess.grouping}|{guess.label}"] = float(np.log(float(factor)))
    return found


ASSUMED: dict[str, float] = _effects()
