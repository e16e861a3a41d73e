"""Statistics of single requests."""

from __future__ import annotations

import math

from tco.describe.profile import Stat

QUANTILES: tuple[tuple[Stat, float], ...] = (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99))


def quantiles(values: list[float]) -> dict[Stat, float]:
    """Mean, ends and quantiles (linear between neighbours) of some values; nothing of none."""
    if not values:
        return {}
    held = sorted(values)
    found: dict[Stat, float] = {"mean": sum(held) / len(held), "min": held[0], "max": held[-1]}
    for stat, share in QUANTILES:
        at = share * (len(held) - 1)
        low = math.floor(at)
        found[stat] = held[low] + (held[min(low + 1, len(held) - 1)] - held[low]) * (at - low)
    return found
