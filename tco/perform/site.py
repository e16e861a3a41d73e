"""A site's own level: how a few measured points of it move its predictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tco.describe.measurement import Measurement
from tco.perform.runs import engine_of

Array = NDArray[np.float64]
# n points count n / (n + this) for the level of: site, engine, accelerator, model, metric; chosen on the source
# hold-out.
SHRINK_POINTS = (3.0, 3.0, 3.0, 0.5, 0.5)
# What moves together: +1 where a larger value is slower. Energy and first tokens have levels of their own.
TOGETHER: dict[str, tuple[str, float]] = {
    "itl_ms": ("serving", 1.0), "output_tok_s_total": ("serving", -1.0), "ttft_ms": ("first token", 1.0),
    "decode_tok_s_single": ("single", -1.0), "prefill_tok_s": ("prompt", -1.0), "joules_per_token": ("energy", 1.0),
}  # fmt: skip


def _levels(row: Measurement, family: str) -> tuple[tuple[str, ...], ...]:
    """From the whole site to one metric of one model on one accelerator."""
    parts = (family, TOGETHER[row.metric][0], engine_of(row.engine), row.gpu, row.model, row.metric)
    return tuple(parts[:n] for n in range(2, len(parts) + 1))


def moves(*, rows: Sequence[Measurement], points: Sequence[Measurement], miss: Array) -> Array:
    """Logarithm by which each row's prediction moves; ``miss`` is log measured - log predicted of the points.

    The median miss of the site, shrunk, then of what it leaves by engine, accelerator, model and metric, each shrunk.
    Points that name a source move the rows of that source only; points that name none move every row.
    """
    sign = np.array([TOGETHER[point.metric][1] for point in points])
    left = np.asarray(miss, dtype=np.float64) * sign
    keys = [_levels(point, point.family) for point in points]
    level_of: dict[tuple[str, ...], float] = {}
    for depth in range(len(keys[0]) if keys else 0):
        members: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, key in enumerate(keys):
            members[key[depth]].append(i)
        for name, held in members.items():
            level_of[name] = float(np.median(left[held])) * len(held) / (len(held) + SHRINK_POINTS[depth])
            left[held] -= level_of[name]

    def move(row: Measurement) -> float:
        found = {key: level_of.get(key, 0.0) for family in {row.family, ""} for key in _levels(row, family)}
        return sum(found.values()) * TOGETHER[row.metric][1]

    return np.array([move(row) for row in rows])


def is_measured(*, row: Measurement, points: Sequence[Measurement]) -> bool:
    """Whether a point of the row's own source has its model, accelerator, engine and kind of metric."""
    return any(point.family in (row.family, "") and _levels(point, "")[-2] == _levels(row, "")[-2] for point in points)


def chosen_points(*, rows: Sequence[Measurement], error: Array) -> list[int]:
    """One row of each pairing and metric of each source: its median by batch. What the one-point hold-out measures."""
    sites: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if np.isfinite(error[i]):
            sites[row.family, row.metric, row.model, row.gpu, engine_of(row.engine)].append(i)
    found = []
    for members in sites.values():
        ordered = sorted(members, key=lambda i: (rows[i].concurrency or np.inf, rows[i].id))
        found.append(ordered[len(ordered) // 2])
    return found


def after_points(*, rows: Sequence[Measurement], error: Array, points: Sequence[int]) -> Array:
    """Errors (log predicted - log measured) left after those points moved the rest; NaN for the points themselves."""
    chosen = np.array(points, dtype=np.int64)
    found = error + moves(rows=rows, points=[rows[i] for i in points], miss=-error[chosen])
    found[chosen] = np.nan
    return np.asarray(found)
