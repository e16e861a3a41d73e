"""The accuracy the performance model aims for, hold-out by hold-out, and what it reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tco.describe.measurement import Measurement
from tco.files.validation import GIVEN, Validation

SERVING = ("itl_ms", "output_tok_s_total")


@dataclass(frozen=True, slots=True)
class Target:
    """A hold-out, the rows of it that count, and the median absolute error aimed for."""

    name: str
    kind: str
    counts: Callable[[Measurement], bool]
    target_frac: float
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """What a target's hold-out came to."""

    name: str
    n: int
    target_frac: float
    median_frac: float

    @property
    def verdict(self) -> str:
        """Whether the target is met; a hold-out without rows says so."""
        if not self.n:
            return "no rows"
        return "met" if self.median_frac <= self.target_frac else "missed"


def _serving(row: Measurement) -> bool:
    return row.metric in SERVING


def _prompt_alone(row: Measurement) -> bool:
    return row.metric == "prefill_tok_s" or (row.metric == "ttft_ms" and row.output_tok <= 1.0)


def _first_token(row: Measurement) -> bool:
    return row.metric == "ttft_ms" and row.output_tok > 1.0


def _single(row: Measurement) -> bool:
    return row.metric == "decode_tok_s_single"


def _energy(row: Measurement) -> bool:
    return row.metric == "joules_per_token"


def _other_vendor(row: Measurement) -> bool:
    return _serving(row) and row.gpu.lower().startswith(("mi", "amd", "intel", "gaudi"))


TARGETS: tuple[Target, ...] = (
    Target("random operating points", "random", _serving, 0.08),
    Target("whole GPU unseen", "gpu", _serving, 0.12),
    Target(
        "whole model unseen", "model", _serving, 0.12,
        remark="dense models are off by 6-15%, sparse ones by 10-26%: each is the only one of its kind in the file "
        "(latent attention, experts in mxfp4, eight large experts), and without one nothing tells how efficient its "
        "kernels are. Tried: routing skew, tile padding, width of experts, kernels per layer of latent attention.",
    ),
    Target(
        "whole source unseen", "source", _serving, 0.18,
        remark="two sources hold most rows; without InferenceX most engine versions and Blackwell are unseen as well, "
        "and the band of an unseen source is wide for it. Latency alone misses by more than throughput.",
    ),
    Target("whole source, one measured point of each pairing", "site", _serving, 0.10),
    Target("known parts, pairing unseen", "pairing", _serving, 0.12),
    Target("single-stream decode, random", "random", _single, 0.10),
    Target("single-stream decode, whole GPU unseen", "gpu", _single, 0.10),
    Target(
        "AMD and Gaudi", "gpu", _other_vendor, 0.20,
        remark="the shipped file has no row of either: they get guesses of `assumed.py` and a wide band.",
    ),
    Target("prompt alone, batch 1", "random", _prompt_alone, 0.18),
    Target("joules per token, throughput given", f"random{GIVEN}", _energy, 0.12),
    Target("joules per token, throughput given, whole GPU unseen", f"gpu{GIVEN}", _energy, 0.12),
    Target("joules per token, end to end, random", "random", _energy, 0.18),
    Target("joules per token, end to end, whole GPU unseen", "gpu", _energy, 0.18),
    Target(
        "joules per token, end to end, source unseen", "source", _energy, 0.18,
        remark="one source, bound by the CPU of a server with vLLM 0.5: without it the host time of that version is "
        "the guess made from its successor's release note.",
    ),
    Target("first token under a burst, random", "random", _first_token, 0.30),
    Target("first token under a burst, whole GPU unseen", "gpu", _first_token, 0.30),
)  # fmt: skip


def reached(found: Validation) -> tuple[Reached, ...]:
    """Median absolute error of each target's hold-out."""
    result = []
    for target in TARGETS:
        error, _ = found.held_out[target.kind]
        counts = np.array([target.counts(row) for row in found.runs.rows]) & np.isfinite(error)
        held = np.abs(np.expm1(error[counts]))
        result.append(
            Reached(target.name, len(held), target.target_frac, float(np.median(held)) if len(held) else float("nan"))
        )
    return tuple(result)
