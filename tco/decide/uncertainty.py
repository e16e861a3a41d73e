"""Ranges and odds: every option through the same draws, so that differences are real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tco.cost.option import Costing, plan_costing
from tco.decide.assess import Result, machine_at
from tco.decide.percentiles import percentiles
from tco.describe.option import MachineOption, PlanOption
from tco.describe.plan import Plan, Sampler, draw
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError

BILLED_BY_USE = ("per_token", "subscription")
BILLED = (
    "requests_per_month", "input_tok", "output_tok", "reasoning_tok",
    "cached_input_frac", "cache_write_frac", "batch_frac",
)  # fmt: skip


def with_ranges(results: Sequence[Result], scenario: Scenario, *, n_draws: int, seed: int) -> list[Result]:
    """p10, p50, p90 of each option's month and the share of draws in which it is the cheapest.

    Draws share their random numbers over options: a draw in which power is dear is dear for all.
    Infeasible options get no odds; with ``n_draws`` of 0 nothing gets any.
    """
    if n_draws == 0:
        return list(results)
    sampler = draw(n_draws=n_draws, seed=seed)
    drawn = {id(result): _drawn_usd(result, scenario, sampler, n_draws) for result in results if result.feasible}
    priced = {key: usd for key, usd in drawn.items() if usd is not None}
    if not priced:
        return list(results)
    table = np.stack(list(priced.values()))
    ranges = dict(zip(priced, _ranges(table), strict=True))
    return [replace(result, **ranges[id(result)]) if id(result) in ranges else result for result in results]


def _ranges(table: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Percentiles and share of wins of each row of draws; a tie is shared out evenly."""
    wins = table == table.min(axis=0)
    shares = np.mean(wins / wins.sum(axis=0), axis=1)
    names = ("usd_per_month_p10", "usd_per_month_p50", "usd_per_month_p90", "win_frac")
    columns = (*percentiles(table, (10, 50, 90)), shares)
    return [dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)]


def _drawn_usd(result: Result, scenario: Scenario, sampler: Sampler, n_draws: int) -> NDArray[np.float64] | None:
    if result.costing is None:
        return None
    plan = scenario.plan(result.option.model_id, sampler)
    if result.option.kind in BILLED_BY_USE and not _drawn(plan):
        return np.full(n_draws, result.usd_per_month)
    try:
        costing: Costing = result.costing
        if isinstance(result.option, MachineOption) and result.sized is not None:
            costing = machine_at(result.option, result.sized, scenario, sampler)
        elif isinstance(result.option, PlanOption):
            costing = plan_costing(result.option, scenario, sampler)
        usd = costing.usd_per_month(plan)
    except MissingDataError:
        return None
    return np.broadcast_to(np.asarray(usd, dtype=np.float64), (n_draws,))


def _drawn(plan: Plan) -> bool:
    """Whether anything that a vendor bills by is uncertain in this plan."""
    return any(np.ndim(getattr(plan, name)) for name in BILLED)
