"""How good predictions are: median and p90 absolute error, bias and band coverage, by any grouping of the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.describe.measurement import Measurement
from tco.perform.holdout import load_class

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of one group of rows: shares of the measured value, and the share within the p10-p90 band."""

    label: str
    n: int
    median_frac: float
    p90_frac: float
    bias_frac: float
    covered_frac: float


def score(*, label: str, error: Array, covered: NDArray[np.bool_]) -> Score:
    """Score of log errors: quantiles of |exp(e) - 1|, bias exp(median e) - 1; at least one row."""
    size = np.abs(np.expm1(error))
    median, p90 = (float(value) for value in np.quantile(size, (0.5, 0.9)))
    return Score(label, len(error), median, p90, float(np.expm1(np.median(error))), float(np.mean(covered)))


GROUPINGS: dict[str, Callable[[Measurement], str]] = {
    "metric": lambda row: row.metric,
    "source family": lambda row: row.family or "not stated",
    "GPU": lambda row: row.gpu,
    "model": lambda row: row.model,
    "engine": lambda row: row.engine,
    "batch": load_class,
}


def scores(
    *, rows: Sequence[Measurement], error: Array, covered: NDArray[np.bool_], by: Callable[[Measurement], str]
) -> tuple[Score, ...]:
    """Scores of each group, largest first; rows without an error (not predicted, no value) do not count."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if np.isfinite(error[i]):
            groups[by(row)].append(i)
    found = [score(label=label, error=error[held], covered=covered[held]) for label, held in groups.items()]
    return tuple(sorted(found, key=lambda each: (-each.n, each.label)))
