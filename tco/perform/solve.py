"""The highest rate a replica sustains within its latency targets, on a fixed grid of running sequences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from tco.perform.arrivals import LOAD_SPREAD, burst_spread, mean_seqs, wait_s
from tco.perform.batching import Batch, batch, itl_at, max_concurrency, ttft_at
from tco.perform.deployment import Deployment, merged
from tco.perform.load import Load, Slo
from tco.units import Num

Array = NDArray[np.float64]
N_GRID = 24
EXPONENTS: Array = np.linspace(0.0, 1.0, N_GRID)
MAX_BUSY_FRAC = 0.8  # interactive loads are planned below this share of the saturation rate
BINDINGS = ("limit", "ttft", "itl", "deadline", "headroom", "slots")
SHARES: Array = np.geomspace(1e-3, 1.0, 16)  # of the load of one sequence, where even that waits too long


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


def columns(held: Deployment) -> Deployment:
    """The deployment with an axis more, for the grid."""
    return merged([held], lambda values: np.asarray(values[0])[..., None])


def load_columns(held: Load) -> Load:
    """The load with an axis more."""
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


@dataclass(frozen=True, slots=True)
class _Open:
    """The grid as requests meet it that come when they like: sequences at the percentile, their mean, its rate."""

    load: Load
    slo: Slo
    most_seqs: Array
    mean_seqs: Array
    req_per_s: Array
    full_req_per_s: Array  # with every slot taken

    def wait_s(self, share: Num = 1.0) -> Array:
        """Wait for a slot at the percentile, with a share of each point's load."""
        found = wait_s(
            mean_seqs=share * self.mean_seqs, slots=self.most_seqs[..., -1:], arrival_scv=self.load.arrival_scv,
            req_per_s=share * self.req_per_s, most_req_per_s=self.full_req_per_s, percentile=self.slo.percentile,
        )  # fmt: skip
        return np.asarray(found)

    def within(self, *, values: Num, limit_s: float) -> Array:
        """Position up to which a latency and the wait before it keep a limit; in (-1, 0) a share of the first."""
        latency_s = np.broadcast_to(values, self.most_seqs.shape)
        position = crossing(values=latency_s + self.wait_s(), limit=limit_s)
        if np.all((position >= 0.0) | (latency_s[..., 0] > limit_s)):
            return position
        first = replace(self, mean_seqs=self.mean_seqs[..., :1], req_per_s=self.req_per_s[..., :1])
        below = crossing(values=latency_s[..., :1] + first.wait_s(SHARES), limit=limit_s)
        share = np.where(
            below < 0.0, 0.0, at_position(values=np.broadcast_to(SHARES, below.shape + SHARES.shape), position=below)
        )
        return np.where(position < 0.0, share - 1.0, position)

    def with_a_slot(self) -> Array:
        """Position up to which N + z sqrt(v c_a^2 N) <= C_max; in (-1, 0) a share of the first."""
        spread, slots = LOAD_SPREAD * self.load.arrival_scv, self.most_seqs[..., -1]
        allowed = np.asarray(mean_seqs(most_seqs=slots[..., None], spread=spread, percentile=self.slo.percentile))[
            ..., 0
        ]
        position = crossing(values=self.mean_seqs, limit=allowed)
        return np.where(position < 0.0, allowed / self.mean_seqs[..., 0] - 1.0, position)


def _open(*, load: Load, slo: Slo, grid: Array, rate: Array) -> _Open:
    spread = burst_spread(arrival_scv=load.arrival_scv)
    mean = np.broadcast_to(mean_seqs(most_seqs=grid, spread=spread, percentile=slo.percentile), grid.shape)
    bursty = bool(np.any(np.asarray(spread) > 0.0))
    open_rate = np.minimum(mean, 1.0) * at_seqs(values=rate, grid=grid, n_seqs=mean) if bursty else rate
    return _Open(load, slo, grid, mean if bursty else grid, open_rate, rate[..., -1:])


def at_seqs(*, values: Array, grid: Array, n_seqs: Array) -> Array:
    """Values on a log-spaced grid from 1 at other numbers of sequences, which share its axes; below 1 those of one."""
    reach = np.log(np.maximum(grid[..., -1:], 1.0 + 1e-12))
    position = np.clip((N_GRID - 1) * np.log(np.maximum(n_seqs, 1.0)) / reach, 0.0, N_GRID - 1.0)
    here = position.astype(np.int64)
    low = np.take_along_axis(values, here, axis=-1)
    high = np.take_along_axis(values, np.minimum(here + 1, N_GRID - 1), axis=-1)
    return np.asarray(low + (position - here) * (high - low))


def _positions(*, state: Batch, rate: Array, held: _Open, max_busy_frac: Num) -> Array:
    """Position each constraint allows, stacked in the order of BINDINGS."""
    slo, last = held.slo, np.full(rate.shape[:-1], float(N_GRID - 1))
    if not slo.interactive:
        best = np.argmax(rate, axis=-1).astype(np.float64)
        return np.stack([best, last, last, last, last, last])
    ttft, itl, deadline = last, last, last
    if slo.ttft_s is not None:
        ttft = held.within(values=ttft_at(state=state, percentile=slo.ttft_percentile), limit_s=slo.ttft_s)
    if slo.itl_s is not None:
        values = np.broadcast_to(itl_at(state=state, percentile=slo.itl_percentile), rate.shape)
        itl = crossing(values=values, limit=slo.itl_s)
    if slo.deadline_s is not None:
        deadline = held.within(values=state.e2e_s, limit_s=slo.deadline_s)
    busiest = max_busy_frac * rate[..., -1]
    headroom = crossing(values=held.req_per_s, limit=busiest)
    headroom = np.where(headroom < 0.0, busiest / held.req_per_s[..., 0] - 1.0, headroom)
    slots = held.with_a_slot() if slo.ttft_s is None else last  # else the wait counts in the TTFT
    return np.stack([last, ttft, itl, deadline, headroom, slots])


def solve(
    *, deployment: Deployment, load: Load, slo: Slo, max_busy_frac: Num = MAX_BUSY_FRAC,
    state_at: Callable[..., Batch] = batch,
) -> Solution:  # fmt: skip
    """Highest request rate with every latency target kept, for one deployment or arrays of them.

    24 log-spaced concurrencies from 1 to the memory limit; rates made non-decreasing; linear in between.
    Interactive loads come when they like: the mean number running is lower than the number at the percentile, who
    finds no slot waits, and the rate stays below ``max_busy_frac`` of saturation. Batch takes the best throughput.
    ``state_at`` gives the replica at a number of sequences: the step-time model, or that scaled to a measurement.
    """
    deployed, asked = columns(deployment), load_columns(load)
    limit = np.asarray(max_concurrency(deployment=deployed, load=asked))
    scv = np.asarray(asked.arrival_scv if slo.interactive else 1.0)
    usable = np.broadcast_to(np.maximum(limit, 1.0), np.broadcast_shapes(limit.shape, scv.shape))
    grid = usable**EXPONENTS
    state = state_at(deployment=deployed, load=asked, n_seqs=grid)
    rate = np.maximum.accumulate(np.broadcast_to(state.req_per_s, grid.shape), axis=-1)
    held = _open(load=replace(asked, arrival_scv=scv), slo=slo, grid=grid, rate=rate)
    positions = _positions(state=state, rate=rate, held=held, max_busy_frac=max_busy_frac)
    position, binding = positions.min(axis=0), positions.argmin(axis=0)
    fits = limit[..., 0] >= 1.0
    in_context = np.asarray(load.max_context_tok <= deployment.context_tok)
    feasible = fits & (position > -1.0) & in_context
    busiest = max_busy_frac if slo.interactive else 1.0
    share = np.clip(1.0 + position, 0.0, 1.0)
    n_batches = deployment.n_batches

    def read(values: Num) -> Array:
        return at_position(values=np.broadcast_to(values, grid.shape), position=position)

    wait = held.wait_s(share[..., None]) if slo.interactive else 0.0
    return Solution(
        feasible=feasible,
        fits=fits,
        req_per_s=np.where(feasible, n_batches * np.minimum(share * read(held.req_per_s), busiest * rate[..., -1]), 0),
        n_seqs=np.where(feasible, share, 1.0) * read(held.mean_seqs) * n_batches,
        ttft_s=read(ttft_at(state=state, percentile=slo.ttft_percentile) + wait),
        itl_s=read(itl_at(state=state, percentile=slo.itl_percentile)),
        e2e_s=read(state.e2e_s + wait),
        max_seqs=limit[..., 0] * n_batches,
        binding=binding,
    )
