"""Latency limits of a request, and which share of requests keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tco.bench.endpoint.sample import Sample
from tco.describe import workload
from tco.units import MS_PER_S

Metric = Literal["ttft", "itl", "e2e"]
DEADLINE_PERCENTILE = 95


@dataclass(frozen=True, slots=True)
class Limit:
    """At the percentile, the metric is at most ``limit_s``. ``itl`` is a request's mean time between tokens (TPOT)."""

    metric: Metric
    percentile: int
    limit_s: float

    @property
    def text(self) -> str:
        """The limit for people."""
        name = {"ttft": "TTFT", "itl": "time between tokens", "e2e": "whole answer"}[self.metric]
        return f"{name} p{self.percentile} at most {self.limit_s * MS_PER_S:g} ms"

    def is_kept_by(self, sample: Sample) -> bool:
        """Whether one request keeps the limit, counted from when it was meant to be sent; a failed one does not."""
        if not sample.is_ok:
            return False
        since_s = sample.intended_s
        if self.metric == "itl":
            return sample.tpot_s is None or sample.tpot_s <= self.limit_s
        return (sample.first_s if self.metric == "ttft" else sample.last_s) - since_s <= self.limit_s


@dataclass(frozen=True, slots=True)
class Slo:
    """All limits of a workload; without any, every answered request is a good one."""

    limits: tuple[Limit, ...] = ()

    def is_met_by(self, sample: Sample) -> bool:
        """Whether a request keeps every limit."""
        return sample.is_ok and all(limit.is_kept_by(sample) for limit in self.limits)

    def kept_frac(self, limit: Limit, samples: Sequence[Sample]) -> float:
        """Share of requests that keep one limit; failed ones count against it."""
        return sum(limit.is_kept_by(sample) for sample in samples) / len(samples)

    def is_met(self, samples: Sequence[Sample]) -> bool:
        """Whether each limit is kept by as many requests as its percentile asks."""
        if not samples:
            return False
        return all(self.kept_frac(limit, samples) >= limit.percentile / 100 for limit in self.limits)


def of_workload(stated: workload.Slo) -> Slo:
    """The limits a workload file states."""
    named: list[tuple[str, Metric, int]] = [
        ("ttft_p95", "ttft", 95), ("ttft_p99", "ttft", 99), ("itl_p95", "itl", 95), ("itl_p99", "itl", 99),
        ("deadline", "e2e", DEADLINE_PERCENTILE),
    ]  # fmt: skip
    limits = ((metric, at, getattr(stated, name)) for name, metric, at in named)
    return Slo(tuple(Limit(metric, at, figure.value) for metric, at, figure in limits if figure is not None))
