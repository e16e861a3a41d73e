"""When a purchase has paid for itself: each month at its own volume and prices, with the spread of the trends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from tco.cost.finance import growth_factor, trend_factor
from tco.cost.ledger import Trend, running_usd_per_month
from tco.decide.assess import Result
from tco.decide.payback import payback_months
from tco.decide.percentiles import observed
from tco.describe.option import MachineOption
from tco.describe.plan import Plan, draw
from tco.describe.scenario import Scenario
from tco.units import Num

N_DRAWS, SEED = 200, 0  # of the trends; its own, so that a payback does not depend on the draws of a report
DRAWN = ("api_trend_frac_per_year", "rental_trend_frac_per_year", "hardware_trend_frac_per_year")
MOVED: dict[Trend, str] = {"api": "API prices", "rental": "GPU rents"}


class Repaid(NamedTuple):
    """Payback in months, undiscounted and discounted, and its p10 and p90 over the trends; None is never."""

    months: float | None
    discounted_months: float | None
    reason: str
    p10_months: float | None = None
    p90_months: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Own against versus, month by month at today's prices; trends move them afterwards."""

    upfront_usd: float
    bought_usd: np.ndarray
    saved_usd: Mapping[Trend, np.ndarray]

    def saving(self, plan: Plan) -> np.ndarray:
        """What is saved as each month runs, at that month's prices. Months are the last axis."""
        month = np.arange(len(self.bought_usd), dtype=np.float64)
        yearly: dict[Trend, Num] = {
            "api": plan.api_trend_frac_per_year, "rental": plan.rental_trend_frac_per_year, "none": 0.0,
        }  # fmt: skip
        total: np.ndarray = sum(
            (saved * _moved(yearly[trend], month) for trend, saved in self.saved_usd.items()), np.zeros(len(month))
        )
        return total

    def purchases(self, plan: Plan) -> np.ndarray:
        """What is bought after the first month, at that month's price of hardware."""
        month = np.arange(len(self.bought_usd), dtype=np.float64)
        bought: np.ndarray = self.bought_usd * _moved(plan.hardware_trend_frac_per_year, month) * (month > 0)
        return bought


def _moved(yearly_frac: Num, month: np.ndarray) -> np.ndarray:
    """The trend's factor of each month; draws, if any, are the axis before the months."""
    yearly = np.asarray(yearly_frac, dtype=np.float64)[..., None]
    return np.asarray(trend_factor(annual_change_frac=yearly, month=month))


def payback(own: Result, versus: Result, scenario: Scenario) -> Repaid:
    """Months until savings repay purchase and one-time effort, plain and discounted, over the hardware's life.

    Each month at its own volume and prices: demand grows, API, rental and hardware prices follow their
    trends, machines added later are bought when they are needed. What the other side would have to buy, or
    spend once, is spared. Central case only: ``payback_with_range`` adds the spread.
    """
    return _paid(flows(own, versus, scenario), own.plan)


def payback_with_range(own: Result, versus: Result, scenario: Scenario) -> Repaid:
    """``payback`` with its p10 and p90 over 200 draws of the trends' ranges."""
    held, plan = flows(own, versus, scenario), own.plan
    found = _paid(held, plan)
    if held.upfront_usd <= 0:
        return found
    drawn = _with_drawn_trends(plan)
    months = payback_months(
        upfront_usd=held.upfront_usd, saving_usd_by_month=held.saving(drawn) - held.purchases(drawn)
    ).months
    low, high = (observed(months, percent) for percent in (10, 90))
    return found._replace(p10_months=_finite(low), p90_months=_finite(high))


def flows(own: Result, versus: Result, scenario: Scenario) -> Flows:
    """The months of both sides over the life of the hardware, versus less own."""
    plan = own.plan
    month = np.arange(max(int(float(plan.life_months)), 1), dtype=np.float64)
    growth = growth_factor(monthly_growth_frac=plan.growth_frac_per_month, month=month)
    own_month = plan.at_volume(plan.requests_per_month * growth)
    versus_month = versus.plan.at_volume(own_month.requests_per_month)
    bought = _bought(own, own_month, month) - _bought(versus, versus_month, month)
    paid, spared = _running(own, own_month, month), _running(versus, versus_month, month)
    return Flows(
        upfront_usd=float(bought[0]) + _one_time_usd(own, scenario) - _one_time_usd(versus, scenario),
        bought_usd=bought,
        saved_usd={trend: spared[trend] - paid[trend] for trend in paid},
    )


def _paid(held: Flows, plan: Plan) -> Repaid:
    """The central case. No payback is an answer, with its reason."""
    if held.upfront_usd <= 0:
        return Repaid(None, None, "nothing is bought up front")
    saving = held.saving(plan) - held.purchases(plan)
    plain = payback_months(upfront_usd=held.upfront_usd, saving_usd_by_month=saving)
    discounted = payback_months(
        upfront_usd=held.upfront_usd, saving_usd_by_month=saving, wacc_frac=plan.wacc_frac
    )  # fmt: skip
    if not np.isfinite(plain.months):
        return Repaid(None, None, _why_never(held, plan))
    late = _finite(discounted.months)
    within = f"not within hardware life ({len(saving)} months) when discounted at the WACC"
    return Repaid(float(plain.months), late, "" if late is not None else within)


def _why_never(held: Flows, plan: Plan) -> str:
    """What is saved first, what by the end of life, against what, and which trend turns the saving round."""
    running, later = held.saving(plan), float(held.purchases(plan).sum())
    first, total = float(running[0]), float(running.sum())
    told = f"does not pay back within hardware life ({len(running)} months): "
    told += f"saves {first:,.2f} USD" if first > 0 else f"costs {-first:,.2f} USD more to run"
    told += " in the first month"
    if first > 0 or total > 0:
        told += f" and {'saves' if total >= 0 else 'loses'} {abs(total):,.2f} USD by the end of life"
    told += f", {held.upfront_usd:,.2f} USD up front"
    told += f" and {later:,.2f} USD for machines bought later" if later > 0 else ""
    losses = np.flatnonzero(running < 0)
    if first > 0 and losses.size:
        return f"{told}; the saving turns negative in month {int(losses[0]) + 1}{_cause(held, plan)}"
    return f"{told}; the saving shrinks{_cause(held, plan)}" if 0 < running[-1] < first else told


def _cause(held: Flows, plan: Plan) -> str:
    """The trend that takes most from what is saved, or the demand's where none takes anything."""
    month = np.arange(len(held.bought_usd), dtype=np.float64)
    yearly: dict[Trend, float] = {
        "api": float(plan.api_trend_frac_per_year), "rental": float(plan.rental_trend_frac_per_year),
    }  # fmt: skip
    taken = {trend: float(np.sum(held.saved_usd[trend] * (1.0 - _moved(yearly[trend], month)))) for trend in yearly}
    most = max(taken, key=lambda trend: taken[trend])
    if taken[most] > 0:
        return f" as {MOVED[most]} {'fall' if yearly[most] < 0 else 'rise'} {abs(yearly[most]) * 100:.3g} % a year"
    growth = float(plan.growth_frac_per_month)
    return f" as demand {'grows' if growth > 0 else 'falls'} {abs(growth) * 100:.3g} % a month" if growth else ""


def _with_drawn_trends(plan: Plan) -> Plan:
    sampler = draw(n_draws=N_DRAWS, seed=SEED)
    drawn: dict[str, Any] = {name: sampler(name, plan.figures[name]) for name in DRAWN}
    return replace(plan, **drawn)


def _finite(months: Any) -> float | None:
    return float(months) if np.isfinite(months) else None


def _bought(result: Result, plan: Plan, month: np.ndarray) -> np.ndarray:
    """Purchases of each month at today's price, the first fleet in month 0."""
    assert result.costing is not None
    capex = np.broadcast_to(np.asarray(result.costing.upfront_usd(plan), dtype=np.float64), month.shape)
    bought: np.ndarray = np.diff(np.maximum.accumulate(capex), prepend=0.0)
    return bought


def _one_time_usd(result: Result, scenario: Scenario) -> float:
    """Effort spent once to run machines; nothing for what is bought by the token, seat or outcome."""
    efforts = scenario.workload.finance.one_time if isinstance(result.option, MachineOption) else ()
    return sum(effort.usd.value for effort in efforts)


def _running(result: Result, plan: Plan, month: np.ndarray) -> dict[Trend, np.ndarray]:
    """What runs each month at today's prices, by the trend that will move it."""
    assert result.costing is not None
    lines = result.costing.ledger(plan)
    trends: tuple[Trend, ...] = ("none", "api", "rental")
    return {
        trend: np.broadcast_to(
            np.asarray(running_usd_per_month(line for line in lines if line.trend == trend), dtype=np.float64),
            month.shape,
        )
        for trend in trends
    }
