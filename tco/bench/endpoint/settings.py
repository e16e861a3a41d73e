"""Everything a measurement of a server is asked to do, checked before the first byte is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tco.bench.endpoint.address import Address
from tco.bench.endpoint.client import Timeouts
from tco.bench.endpoint.sample import Lengths
from tco.bench.endpoint.slo import Slo
from tco.errors import UsageError

Arrivals = Literal["constant", "poisson", "gamma"]
KneeOf = Literal["concurrency", "rate"]
MAX_CONCURRENCY = 4096
MAX_RATE_PER_S = 10_000.0
MAX_REQUESTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What to do. Exactly one of: levels of ``concurrency``, levels of ``rates_per_s``, a trace; or a knee of one."""

    address: Address
    lengths: Lengths
    slo: Slo = Slo()  # noqa: RUF009 - frozen and empty
    api_key: str = ""
    served_model: str = ""
    concurrency: tuple[int, ...] = ()
    rates_per_s: tuple[float, ...] = ()
    arrivals: Arrivals = "poisson"
    burstiness: float = 1.0
    trace: tuple[tuple[float, Lengths], ...] = ()
    speed_ratio: float = 1.0
    knee: KneeOf | None = None
    n_requests: int | None = None
    duration_s: float | None = None
    timeouts: Timeouts = Timeouts()  # noqa: RUF009 - frozen
    allow_prefix_cache: bool = False
    seed: int = 0
    self_test: bool = True
    n_gpus: int = 1  # accelerators of the server
    gpus: tuple[int, ...] = ()  # which of this machine's those are; empty where it has no others
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def most_in_flight(self) -> int:
        """Requests in flight to test this client with."""
        at_rates = (min(int(4 * rate) + 1, 64) for rate in self.rates_per_s)
        return max([*self.concurrency, *at_rates, 64 if self.knee or self.trace else 1])


def counts(text: str) -> tuple[int, ...]:
    """``1,8,64`` as rising counts; raises UsageError."""
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 < each <= MAX_CONCURRENCY for each in found):
        raise UsageError(
            f"--concurrency: got {text!r}; expected whole numbers from 1 to {MAX_CONCURRENCY}, such as 1,8,64"
        )
    return tuple(sorted(set(found)))


def rates(text: str) -> tuple[float, ...]:
    """``0.5,2`` as rising rates; raises UsageError."""
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(math.isfinite(each) and 0 < each <= MAX_RATE_PER_S for each in found):
        raise UsageError(f"--rate: got {text!r}; expected requests per second above 0, such as 0.5,2,8")
    return tuple(sorted(set(found)))


def one_of(name: str, value: str | None, known: Sequence[str]) -> str | None:
    """A word of a closed list; raises UsageError."""
    if value is not None and value not in known:
        raise UsageError(f"{name}: got {value!r}; expected one of: {', '.join(known)}")
    return value
