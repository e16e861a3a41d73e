"""What a replica is asked to do: the load, and the latencies it must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tco.units import Num


@dataclass(frozen=True, slots=True)
class Load:
    """One request: a prompt, partly cached, and ``n_samples`` answers of ``output_tok`` each, reasoning included."""

    input_tok: Num
    output_tok: Num
    cached_input_frac: Num = 0.0
    n_samples: Num = 1.0

    @property
    def uncached_tok(self) -> Num:
        """Prompt tokens to compute; at least one, since the last is never cached."""
        return np.maximum(self.input_tok * (1.0 - self.cached_input_frac), 1.0)

    @property
    def request_output_tok(self) -> Num:
        """Output tokens of a request over all samples."""
        return self.output_tok * self.n_samples

    @property
    def mean_context_tok(self) -> Num:
        """Context of a sequence half way through its answer: I + O/2."""
        return self.input_tok + self.output_tok / 2.0

    @property
    def max_context_tok(self) -> Num:
        """Context at the end of an answer: I + O."""
        return self.input_tok + self.output_tok


@dataclass(frozen=True, slots=True)
class Slo:
    """Latency targets; None is no target. ``deadline_s`` bounds the whole answer."""

    ttft_s: float | None = None
    ttft_percentile: Literal[50, 95, 99] = 95
    itl_s: float | None = None
    itl_percentile: Literal[50, 95, 99] = 95
    deadline_s: float | None = None

    @property
    def interactive(self) -> bool:
        """Whether any latency matters; a batch job takes the throughput-optimal point instead."""
        return self.ttft_s is not None or self.itl_s is not None or self.deadline_s is not None
