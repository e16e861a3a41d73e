"""The highest rate a replica sustains within its latency targets, on a fixed grid of running sequences."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tco.perform.batching import Batch, batch, itl_at, max_concurrency, ttft_at
from tco.perform.deployment import NUM_FIELDS, Deployment
from tco.perform.load import Load, Slo
from tco.units import Num

Array = NDArray[np.float64]
N_GRID = 24
EXPONENTS: Array = np.linspace(0.0, 1.0, N_GRID)
MAX_BUSY_FRAC = 0.8  # interactive loads are planned below this share of the saturation rate
BINDINGS = ("limit", "ttft", "itl", "deadline", "headroom")


@dataclass(frozen=True, slots=True)
class Solution:
    """Operating point per deployment; rates are 0 and latencies those of one sequence where infeasible."""

    feasible: NDArray[np.bool_]
    fits: NDArray[np.bool_]
    req_per_s: Array
    n_seqs: Array
    ttft_s: Array
    itl_s: Array
    e2e_s: Array
    max_seqs: Array
    binding: NDArray[np.int64]  # index into BINDINGS


def _columns(held: Deployment) -> Deployment:
    return Deployment(**{name: np.asarray(getattr(held, name))[..., None] for name in NUM_FIELDS}, notes=held.notes)


def _load_columns(held: Load) -> Load:
    return Load(**{field.name: np.asarray(getattr(held, field.name))[..., None] for field in fields(held)})


def crossing(*, values: Array, limit: Num) -> Array:
    """Position on the grid axis up to which rising values stay within the limit, linear between points.

    -1 where the first value already exceeds it, the last index where none does.
    """
    within = np.logical_and.accumulate(values <= np.asarray(limit)[..., None], axis=-1)
    last = within.sum(axis=-1) - 1
    here, after = np.maximum(last, 0)[..., None], np.minimum(last + 1, values.shape[-1] - 1)[..., None]
    low = np.take_along_axis(values, here, axis=-1)[..., 0]
    rise = np.take_along_axis(values, after, axis=-1)[..., 0] - low
    part = np.where(rise > 0, (limit - low) / np.where(rise > 0, rise, 1.0), 0.0)
    return np.where(last < 0, -1.0, last + np.clip(part, 0.0, 1.0))


def at_position(*, values: Array, position: Array) -> Array:
    """Values on the grid axis at a fractional position, linear between points; positions below 0 read the first."""
    inside = np.maximum(position, 0.0)
    here = inside.astype(np.int64)
    after = np.minimum(here + 1, values.shape[-1] - 1)
    low = np.take_along_axis(values, here[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(values, after[..., None], axis=-1)[..., 0]
    return np.asarray(low + (inside - here) * (high - low))


def _positions(*, state: Batch, rate: Array, slo: Slo, max_busy_frac: Num) -> Array:
    """Position each constraint allows, stacked in the order of BINDINGS."""
    last = np.full(rate.shape[:-1], float(N_GRID - 1))
    if not slo.interactive:
        best = np.argmax(rate, axis=-1).astype(np.float64)
        return np.stack([best, last, last, last, last])
    latencies = (
        (ttft_at(state=state, percentile=slo.ttft_percentile), slo.ttft_s),
        (itl_at(state=state, percentile=slo.itl_percentile), slo.itl_s),
        (state.e2e_s, slo.deadline_s),
    )
    kept = [
        last if limit is None else crossing(values=np.broadcast_to(value, rate.shape), limit=limit)
        for value, limit in latencies
    ]
    # Where one sequence is already too busy, the rate is capped instead of the concurrency.
    headroom = np.maximum(crossing(values=rate, limit=max_busy_frac * rate[..., -1]), 0.0)
    return np.stack([last, *kept, headroom])


def solve(*, deployment: Deployment, load: Load, slo: Slo, max_busy_frac: Num = MAX_BUSY_FRAC) -> Solution:
    """Highest request rate with every latency target kept, for one deployment or arrays of them.

    24 log-spaced concurrencies from 1 to the memory limit; rates made non-decreasing; linear in between.
    Interactive loads also stay below ``max_busy_frac`` of the saturation rate; batch takes the best throughput.
    """
    deployed, asked = _columns(deployment), _load_columns(load)
    limit = np.asarray(max_concurrency(deployment=deployed, load=asked))
    usable = np.maximum(limit, 1.0)
    grid = usable**EXPONENTS
    state = batch(deployment=deployed, load=asked, n_seqs=grid)
    rate = np.maximum.accumulate(np.broadcast_to(state.req_per_s, grid.shape), axis=-1)
    positions = _positions(state=state, rate=rate, slo=slo, max_busy_frac=max_busy_frac)
    position, binding = positions.min(axis=0), positions.argmin(axis=0)
    fits = limit[..., 0] >= 1.0
    in_context = np.asarray(load.max_context_tok <= deployment.context_tok)
    feasible = fits & (position >= 0.0) & in_context
    busiest = max_busy_frac if slo.interactive else 1.0

    def read(values: Num) -> Array:
        return at_position(values=np.broadcast_to(values, grid.shape), position=position)

    return Solution(
        feasible=feasible,
        fits=fits,
        req_per_s=np.where(feasible, np.minimum(read(rate), busiest * rate[..., -1]), 0.0),
        n_seqs=read(grid),
        ttft_s=read(ttft_at(state=state, percentile=slo.ttft_percentile)),
        itl_s=read(itl_at(state=state, percentile=slo.itl_percentile)),
        e2e_s=read(state.e2e_s),
        max_seqs=limit[..., 0],
        binding=binding,
    )
