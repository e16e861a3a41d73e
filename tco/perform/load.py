"""What a replica is asked to do: the load, and the latencies it must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tco.units import Num


@dataclass(frozen=True, slots=True)
class Load:
    """One request: a prompt, partly cached, and ``n_samples`` answers of ``output_tok`` each, reasoning included.

    Of how requests differ: ``arrival_scv`` is the variance over the mean of their number (1 is Poisson),
    ``output_scv`` the squared coefficient of variation of the output tokens, ``input_bias_frac`` how much longer the
    prompts of long answers are, E[IO] / (E[I] E[O]) - 1. Zero for both is what a benchmark of equal requests does.
    """

    input_tok: Num
    output_tok: Num
    cached_input_frac: Num = 0.0
    n_samples: Num = 1.0
    arrival_scv: Num = 1.0
    output_scv: Num = 0.0
    input_bias_frac: Num = 0.0

    @property
    def uncached_tok(self) -> Num:
        """Prompt tokens to compute; at least one, since the last is never cached."""
        return np.maximum(self.input_tok * (1.0 - self.cached_input_frac), 1.0)

    @property
    def request_output_tok(self) -> Num:
        """Output tokens of a request over all samples."""
        return self.output_tok * self.n_samples

    @property
    def running_input_tok(self) -> Num:
        """Prompt of a sequence seen running, where long answers are seen more often: E[IO]/E[O]."""
        return self.input_tok * (1.0 + self.input_bias_frac)

    @property
    def running_output_tok(self) -> Num:
        """Tokens written so far of a sequence seen running: E[O^2] / (2 E[O]), half of O where all are equal."""
        return self.output_tok * (1.0 + self.output_scv) / 2.0

    @property
    def mean_context_tok(self) -> Num:
        """Context of a sequence seen running: I + E[O^2] / (2 E[O]), plus the bias of its prompt."""
        return self.running_input_tok + self.running_output_tok

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
    def percentile(self) -> Literal[50, 95, 99]:
        """Percentile at which the wait for a slot is judged: that of the TTFT, else that of the ITL."""
        return self.itl_percentile if self.ttft_s is None and self.itl_s is not None else self.ttft_percentile

    @property
    def interactive(self) -> bool:
        """Whether any latency matters; a batch job takes the throughput-optimal point instead."""
        return self.ttft_s is not None or self.itl_s is not None or self.deadline_s is not None
