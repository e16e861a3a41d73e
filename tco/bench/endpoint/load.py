"""Shapes of load: requests in flight (closed loop), or arrivals at a rate whatever the server does (open loop)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tco.bench.endpoint.sample import Lengths

Kind = Literal["single", "closed", "constant", "poisson", "gamma", "trace"]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Load:
    """One level: ``concurrency`` in flight, or ``at_s`` of each request from the start of the level.

    ``lengths`` has one entry a request; a closed loop may end before all are asked, when its time is up.
    """

    kind: Kind
    lengths: Sequence[Lengths]
    concurrency: int | None = None
    request_per_s: float | None = None
    at_s: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The level in a few words."""
        if self.concurrency is not None:
            return f"{self.concurrency} in flight"
        return f"{self.request_per_s:.4g}/s {self.kind}"

    @property
    def short(self) -> str:
        """The level as a number, for a chart."""
        return str(self.concurrency) if self.concurrency is not None else f"{self.request_per_s:.3g}/s"


def closed(concurrency: int, lengths: Sequence[Lengths]) -> Load:
    """``concurrency`` requests at any time: an answer's end sends the next request."""
    return Load("single" if concurrency == 1 else "closed", lengths, concurrency=concurrency)


def arriving(
    kind: Literal["constant", "poisson", "gamma"], request_per_s: float, lengths: Sequence[Lengths], *,
    burstiness: float, rng: np.random.Generator,
) -> Load:  # fmt: skip
    """Requests at a mean rate. Gaps are 1/rate; exponential; or gamma of shape ``burstiness`` (under 1 is burstier).

    The drawn gaps are scaled to the mean asked for, so that a short run has the rate it is named after.
    """
    gaps = gaps_s(kind, request_per_s, len(lengths), burstiness=burstiness, rng=rng)
    at_s = np.concatenate([[0.0], np.cumsum(gaps)])[: len(lengths)]
    return Load(kind, lengths, request_per_s=request_per_s, at_s=tuple(float(each) for each in at_s))


def gaps_s(
    kind: Literal["constant", "poisson", "gamma"], request_per_s: float, n: int, *, burstiness: float,
    rng: np.random.Generator,
) -> Array:  # fmt: skip
    """Gaps between ``n`` arrivals whose mean is 1 / rate exactly; empty for a single one."""
    if n < 2:
        return np.empty(0)
    shape = {"poisson": 1.0, "gamma": burstiness}.get(kind)
    drawn = np.ones(n - 1) if shape is None else rng.gamma(shape, 1.0 / shape, n - 1)
    return drawn * ((n - 1) / request_per_s / float(np.sum(drawn)))


def replayed(at_s: Sequence[float], lengths: Sequence[Lengths], *, speed_ratio: float) -> Load:
    """A trace's requests at their times, ``speed_ratio`` times as fast."""
    scaled = tuple((each - at_s[0]) / speed_ratio for each in at_s)
    rate = (len(scaled) - 1) / scaled[-1] if scaled[-1] > 0 else float(len(scaled))
    return Load("trace", lengths, request_per_s=rate, at_s=scaled)
