"""Percentiles of draws as ``numpy.percentile`` gives them, to the bit; NumPy's own imports ``numpy.ma`` on the way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tco.units import Num

Array = NDArray[np.float64]


def percentiles(values: Array, percents: Sequence[float]) -> list[Array]:
    """Percentiles over the last axis, linear between neighbours; one array for each. No NaN, at least one value."""
    ordered, last = np.sort(values, axis=-1), values.shape[-1] - 1
    found = []
    for percent in percents:
        at = last * (percent / 100.0)
        below = int(at)
        share = at - below
        low, high = ordered[..., below], ordered[..., min(below + 1, last)]
        rise = high - low
        found.append(low + rise * share if share < 0.5 else high - rise * (1.0 - share))
    return found


def observed(values: Num, percent: float) -> float:
    """The smallest value that at least a share of them does not exceed: no value in between is made up."""
    ordered = np.sort(np.ravel(values))
    at = len(ordered) * (percent / 100.0) - 1.0
    below = int(np.floor(at))
    return float(ordered[max(below if at == below else below + 1, 0)])
