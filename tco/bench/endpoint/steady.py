"""The part of a run in which the load was what it was meant to be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tco.bench.endpoint.sample import Sample

MIN_ROUNDS = 3  # requests per request in flight: one to fill, one to drain, one to measure


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, and why it is not a steady state (empty when it is one)."""

    start_s: float
    end_s: float
    reason: str = ""

    @property
    def seconds(self) -> float:
        """Length."""
        return self.end_s - self.start_s

    def holds(self, sample: Sample) -> bool:
        """Whether a request had its first token inside."""
        return bool(self.reason) or self.start_s < sample.first_s <= self.end_s


def mean_in_flight(answered: Sequence[Sample]) -> float:
    """Requests in flight on average (Little): time of all requests over time of the run."""
    span_s = max(each.last_s for each in answered) - min(each.sent_s for each in answered)
    return sum(each.e2e_s for each in answered) / span_s if span_s > 0 else 1.0


def most_in_flight(answered: Sequence[Sample]) -> int:
    """The most requests in flight at once; one that ends as another begins does not overlap it."""
    events = sorted([(each.sent_s, 1) for each in answered] + [(each.last_s, -1) for each in answered])
    return int(np.cumsum([step for _, step in events]).max())


def window(answered: Sequence[Sample], *, n_in_flight: float) -> Window:
    """Steady state: from when ``n_in_flight`` requests have a first token until that many have none yet.

    Both ends are first tokens, so that the window holds whole cycles of a server that works in step. The whole run,
    with a reason, when fewer than three requests per request in flight were answered.
    """
    n = max(math.ceil(n_in_flight - 1e-9), 1)
    whole = min(each.sent_s for each in answered), max(each.last_s for each in answered)
    if len(answered) < MIN_ROUNDS * n:
        need = f"{len(answered)} answered requests at {n} in flight; a steady state needs {MIN_ROUNDS * n}"
        return Window(*whole, f"too short a run: {need}, so filling and draining are in the numbers")
    firsts = sorted(each.first_s for each in answered)
    start_s, end_s = firsts[n - 1], firsts[len(answered) - n - 1]
    if end_s <= start_s:
        return Window(*whole, "too short a run: its first tokens came all at once")
    return Window(start_s, end_s)


def tokens_within(sample: Sample, held: Window) -> float:
    """A request's tokens that came inside: its chunks there, each an equal share of its tokens."""
    stamps = np.frombuffer(sample.stamps_s, dtype=np.float64)
    inside = np.searchsorted(stamps, held.end_s, "right") - np.searchsorted(stamps, held.start_s, "right")
    if held.reason:
        return float(sample.n_tok)
    return float(sample.n_tok * inside / len(stamps))
