"""The numbers behind the chart: each option's bill over a range of volumes, its range, and where bills cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tco.cost.option import Costing
from tco.decide.assess import Result, machine_at
from tco.decide.verdict import best_by_tier
from tco.describe.option import MachineOption
from tco.describe.plan import Sampler, draw
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError
from tco.evaluate import Comparison

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
else:
    Array = object

AROUND = 100.0  # volumes shown, as a multiple and a fraction of the workload's own
N_VOLUMES, N_BAND_VOLUMES, N_DRAWS = 241, 97, 200
MAX_STEPS = 300  # shown; a later step changes a bill by less than a line's width
EDGE_FRAC = 1e-6  # how far from a step its two sides are sampled
MAX_CURVES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One option's monthly bill over volume, and the p10 and p90 of draws on a coarser grid (empty without any)."""

    result: Result
    volume: Array
    usd: Array
    band_volume: Array
    p10_usd: Array
    p90_usd: Array


@dataclass(frozen=True, slots=True)
class Dot:
    """A volume at which two of the drawn bills cross; ``first`` where own becomes the cheaper one."""

    volume: float
    usd: float
    own: str
    versus: str
    first: bool


def shown(compared: Comparison) -> list[Result]:
    """Cheapest of each tier, sides of the break-evens, cheapest of other ways to pay: at most five, each once."""
    by_id = {result.option.id: result for result in compared.results}
    found = {result.option.id: result for result in best_by_tier(compared.results).values()}
    for each in compared.break_evens:
        found |= {name: by_id[name] for name in (each.own, each.versus)}
    for result in compared.results:
        is_new_kind = result.option.kind not in {each.option.kind for each in found.values()}
        if result.feasible and result.lines and is_new_kind:
            found[result.option.id] = result
    priced = [result for result in found.values() if result.costing is not None]
    return priced[:MAX_CURVES]


def volume_range(compared: Comparison, held: Sequence[Result]) -> tuple[float, float]:
    """From a hundredth to a hundred times the workload's volume, wider where a first crossing lies outside."""
    base = float(compared.scenario.plan().requests_per_month)
    ids = {result.option.id for result in held}
    firsts = [
        each.requests_per_month
        for each in compared.break_evens
        if each.requests_per_month is not None and {each.own, each.versus} <= ids
    ]
    return min([base / AROUND, *(each / 2 for each in firsts)]), max([base * AROUND, *(each * 2 for each in firsts)])


def volumes(result: Result, lo: float, hi: float) -> Array:
    """A rising grid in equal ratios with both sides of each step; ``lo`` and ``hi`` belong to it."""
    assert result.costing is not None
    steps = np.sort(result.costing.steps(result.plan, hi))
    steps = steps[(steps > lo) & (steps < hi)][:MAX_STEPS]
    grid = np.geomspace(lo, hi, N_VOLUMES)
    grid[[0, -1]] = lo, hi
    both = np.concatenate([grid, steps * (1.0 - EDGE_FRAC), steps * (1.0 + EDGE_FRAC)])
    return np.unique(np.clip(both, lo, hi))


def curve(result: Result, scenario: Scenario, *, lo: float, hi: float, sampler: Sampler | None = None) -> Curve:
    """An option's bill from ``lo`` to ``hi`` requests a month; its range through ``sampler``, of ``N_DRAWS`` draws."""
    assert result.costing is not None
    volume = volumes(result, lo, hi)
    usd = _bill(result.costing, result, volume)
    band_volume = np.geomspace(lo, hi, N_BAND_VOLUMES)
    drawn = _drawn(result, scenario, band_volume, sampler) if sampler else None
    if drawn is None:
        none = np.empty(0)
        return Curve(result, volume, usd, none, none, none)
    p10, p90 = np.percentile(drawn, (10, 90), axis=1)
    return Curve(result, volume, usd, band_volume, p10, p90)


def curves(compared: Comparison, held: Sequence[Result], *, lo: float, hi: float) -> list[Curve]:
    """The curves of several options through the same draws; without bands where the comparison has none."""
    sampler = draw(n_draws=N_DRAWS, seed=compared.seed) if compared.n_draws else None
    return [curve(result, compared.scenario, lo=lo, hi=hi, sampler=sampler) for result in held]


def _bill(costing: Costing, result: Result, volume: Array) -> Array:
    usd = costing.usd_per_month(result.plan.at_volume(volume))
    return np.broadcast_to(np.asarray(usd, dtype=np.float64), volume.shape)


def _drawn(result: Result, scenario: Scenario, volume: Array, sampler: Sampler) -> Array | None:
    """Bills by volume and draw, through the same draws as the ranges of the table; None where a figure is missing."""
    try:
        costing = result.costing
        if isinstance(result.option, MachineOption) and result.sized is not None:
            costing = machine_at(result.option, result.sized, scenario, sampler)
        assert costing is not None
        plan = scenario.plan(result.option.model_id, sampler).at_volume(volume[:, None])
        usd = costing.usd_per_month(plan)
    except MissingDataError:
        return None
    return np.broadcast_to(np.asarray(usd, dtype=np.float64), (len(volume), N_DRAWS))


def dots(compared: Comparison, held: Sequence[Result], *, lo: float, hi: float) -> list[Dot]:
    """The break-evens' crossings between the options drawn, rising; bills are own's."""
    by_id = {result.option.id: result for result in held}
    found: list[Dot] = []
    for each in compared.break_evens:
        own = by_id.get(each.own)
        if own is None or own.costing is None or each.versus not in by_id:
            continue
        inside = [crossing for crossing in each.crossings if lo <= crossing.volume <= hi]
        if not inside:
            continue
        versus = by_id[each.versus]
        assert versus.costing is not None
        usd = _bill(versus.costing, versus, np.array([crossing.volume for crossing in inside]))
        found += [
            Dot(
                crossing.volume, float(bill), each.own, each.versus, _is_first(crossing.volume, each.requests_per_month)
            )
            for crossing, bill in zip(inside, usd, strict=True)
        ]
    return sorted(found, key=lambda dot: dot.volume)


def _is_first(volume: float, first: float | None) -> bool:
    return first is not None and volume == first


def cheapest_spans(curves: Sequence[Curve], *, lo: float, hi: float) -> list[tuple[float, float, int]]:
    """Volume intervals with the index of the curve that is cheapest there."""
    if not curves:
        return []
    grid = np.unique(np.concatenate([np.geomspace(lo, hi, N_VOLUMES), *(each.volume for each in curves)]))
    grid = grid[(grid >= lo) & (grid <= hi)]
    bills = np.stack([np.interp(grid, each.volume, each.usd) for each in curves])
    best = np.argmin(bills, axis=0)
    edges = np.flatnonzero(np.diff(best)) + 1
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(grid) - 1]])
    return [
        (float(grid[a]), float(grid[b]), int(best[a])) for a, b in zip(starts, ends, strict=True) if grid[b] > grid[a]
    ]
