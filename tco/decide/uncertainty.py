"""Ranges and odds: every option through the same draws, so that differences are real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tco.cost.option import Costing
from tco.decide.assess import Result, machine_at
from tco.describe.option import MachineOption
from tco.describe.plan import draw
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError


def with_ranges(results: Sequence[Result], scenario: Scenario, *, n_draws: int, seed: int) -> list[Result]:
    """p10, p50, p90 of each option's month and the share of draws in which it is the cheapest.

    Draws share their random numbers over options: a draw in which power is dear is dear for all.
    Infeasible options get no odds; with ``n_draws`` of 0 nothing gets any.
    """
    if n_draws == 0:
        return list(results)
    drawn = {id(result): _drawn_usd(result, scenario, n_draws, seed) for result in results if result.feasible}
    odds = _odds({key: usd for key, usd in drawn.items() if usd is not None})
    return [
        _with_range(result, usd, odds[id(result)]) if (usd := drawn.get(id(result))) is not None else result
        for result in results
    ]


def _drawn_usd(result: Result, scenario: Scenario, n_draws: int, seed: int) -> NDArray[np.float64] | None:
    if result.costing is None:
        return None
    sampler = draw(n_draws=n_draws, seed=seed)
    try:
        costing: Costing = result.costing
        if isinstance(result.option, MachineOption) and result.sized is not None:
            costing = machine_at(result.option, result.sized, scenario, sampler)
        usd = costing.usd_per_month(scenario.plan(result.option.model_id, sampler))
    except MissingDataError:
        return None
    return np.broadcast_to(np.asarray(usd, dtype=np.float64), (n_draws,))


def _odds(drawn: dict[int, NDArray[np.float64]]) -> dict[int, float]:
    """Share of draws each option wins; a tie is shared out evenly."""
    if not drawn:
        return {}
    table = np.stack(list(drawn.values()))
    wins = table == table.min(axis=0)
    shares = np.mean(wins / wins.sum(axis=0), axis=1)
    return dict(zip(drawn, map(float, shares), strict=True))


def _with_range(result: Result, usd: NDArray[np.float64], win_frac: float) -> Result:
    low, mid, high = np.percentile(usd, (10, 50, 90))
    return replace(
        result, usd_per_month_p10=float(low), usd_per_month_p50=float(mid), usd_per_month_p90=float(high), win_frac=win_frac
    )
