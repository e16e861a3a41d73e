"""Time of a piece of work by the host's clock, where the library has no clock of the device that all share."""

from __future__ import annotations

import time
from collections.abc import Callable

BATCHES = 5
PAUSE_EVERY_S = 0.05


def best(synchronise: Callable[[], object], work: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Least time of one call among batches sized by a first one, and the slowest over the fastest."""

    def batch_s(n: int) -> float:
        synchronise()
        began = time.perf_counter()
        for _ in range(n):
            work()
        synchronise()
        return max(time.perf_counter() - began, 1e-9) / n

    batch_s(2)
    n = max(int(seconds / BATCHES / batch_s(3)), 1)
    found = [batch_s(n) for _ in range(BATCHES)]
    return min(found), max(found) / min(found)


def sustained(synchronise: Callable[[], object], work: Callable[[], object], seconds: float) -> float:
    """Mean time of one call repeated for a while, never far ahead of the device."""
    began = time.perf_counter()
    work()
    synchronise()
    n_each = max(int(PAUSE_EVERY_S / max(time.perf_counter() - began, 1e-4)), 1)
    began, n = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        for _ in range(n_each):
            work()
        synchronise()
        n += n_each
    return (time.perf_counter() - began) / n
