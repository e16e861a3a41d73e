"""Test-time compute as load: what a strategy asks of a replica for one answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tco.perform.load import Load
from tco.units import Num


def sampled(*, load: Load, n_samples: Num) -> Load:
    """Majority vote, best of n, or beams: n answers to a prompt that is read once and whose cache they share."""
    return replace(load, n_samples=n_samples)


def revised(*, load: Load, n_rounds: Num) -> Load:
    """Sequential revision: each round reads all before it from the cache, so r answers are one of r O tokens."""
    return replace(load, output_tok=load.output_tok * n_rounds)


def verified(*, load: Load) -> Load:
    """What one sample costs a verifier, on its own model: the prompt and the answer are read, one token is written."""
    return Load(input_tok=load.input_tok + load.output_tok, output_tok=1.0)


def verified_req_per_s(*, req_per_s: Num, verdicts_per_s: Num, n_samples: Num) -> Num:
    """Answers a second where samples and their verdicts take turns on one replica: 1 / (1/X + n/V)."""
    return 1.0 / (1.0 / req_per_s + n_samples / verdicts_per_s)


def longest_ratio(*, n_samples: Num, output_scv: Num) -> Num:
    """Mean of the longest of n answers over the mean of one: exp(s z - s^2/2), s^2 = ln(1 + scv), at least 1.

    Lengths are taken as lognormal. z = 4.91 (p^0.14 - (1-p)^0.14) with p = (n - 3/8) / (n + 1/4): Blom's position and
    Tukey's lambda, within 0.08 of the expected maximum of n <= 1,000 normal values. 1 where all are equal.
    """
    position = (n_samples - 0.375) / (n_samples + 0.25)
    z = 4.91 * (position**0.14 - (1.0 - position) ** 0.14)
    sigma = np.sqrt(np.log1p(output_scv))
    return np.maximum(np.exp(sigma * z - sigma**2 / 2.0), 1.0)
