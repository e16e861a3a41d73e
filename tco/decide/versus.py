"""One option against a named competitor: volumes at which they cross, and when the purchase pays back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tco.cost.finance import growth_factor, trend_factor
from tco.cost.ledger import running_usd_per_month
from tco.cost.option import Costing
from tco.decide.assess import Result
from tco.decide.breakeven import CHEAPER, Crossing, cheaper_intervals, find_crossings
from tco.decide.payback import payback_months
from tco.describe.plan import Plan
from tco.describe.scenario import Scenario
from tco.units import Num

SEARCH_BELOW, SEARCH_ABOVE = 1e-4, 1e3  # volumes searched, as multiples of the workload's own


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Where own becomes cheaper than versus. Numbers are None when it never does; ``reason`` says why."""

    own: str
    versus: str
    versus_price_as_of: str
    requests_per_month: float | None
    tok_per_month: float | None
    utilisation_frac: float | None
    n_replicas: float | None
    crossings: tuple[Crossing, ...]
    cheaper_between: tuple[tuple[float, float], ...]
    payback_months: float | None
    payback_discounted_months: float | None
    payback_reason: str
    reason: str


class Repaid(NamedTuple):
    """Payback in months, undiscounted and discounted; None with a reason."""

    months: float | None
    discounted_months: float | None
    reason: str


def break_even(own: Result, versus: Result, scenario: Scenario) -> BreakEven:
    """Every crossing on the staircase from 1/10,000 to 1,000 times the workload's volume, and the payback.

    Both options must have a ledger. The volume reported is the first from which own is cheaper.
    """
    if own.costing is None or versus.costing is None:
        raise ValueError("break_even needs two priced options")
    plan = own.plan
    base = float(plan.requests_per_month)
    lo, hi = base * SEARCH_BELOW, base * SEARCH_ABOVE
    sides = _Sides(own, versus)
    steps = np.concatenate([own.costing.steps(plan, hi), versus.costing.steps(versus.plan, hi)])
    found = find_crossings(own=sides.own_usd, versus=sides.versus_usd, lo=lo, hi=hi, steps=steps)
    cheaper = cheaper_intervals(own=sides.own_usd, versus=sides.versus_usd, lo=lo, hi=hi, found=found)
    first = next((crossing.volume for crossing in found if crossing.direction == CHEAPER), None)
    at = plan.at_volume(first) if first is not None else None
    used = own.costing.utilisation(at) if at else None
    paid = payback(own, versus, scenario)
    return BreakEven(
        own=own.option.id,
        versus=versus.option.id,
        versus_price_as_of=_price_day(versus),
        requests_per_month=first,
        tok_per_month=None if first is None else first * float(plan.tok_per_request),
        utilisation_frac=None if used is None else float(used),
        n_replicas=None if at is None else float(own.costing.n_replicas(at)),
        crossings=tuple(found),
        cheaper_between=tuple(cheaper),
        payback_months=paid.months,
        payback_discounted_months=paid.discounted_months,
        payback_reason=paid.reason,
        reason=_reason(own, versus, sides, first, cheaper, lo, hi),
    )


class _Sides:
    """The two monthly bills as functions of volume."""

    def __init__(self, own: Result, versus: Result) -> None:
        assert own.costing is not None and versus.costing is not None
        self._own: Costing = own.costing
        self._versus: Costing = versus.costing
        self._plans = own.plan, versus.plan

    def own_usd(self, volume: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(self._own.usd_per_month(self._plans[0].at_volume(volume))), np.shape(volume))

    def versus_usd(self, volume: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(self._versus.usd_per_month(self._plans[1].at_volume(volume))), np.shape(volume))


def _price_day(result: Result) -> str:
    days = [str(line.as_of) for line in result.lines if line.as_of is not None and line.name.startswith(("input", "output", "rental"))]
    return max(days, default="")


def _reason(
    own: Result, versus: Result, sides: _Sides, first: float | None, cheaper: list[tuple[float, float]], lo: float, hi: float
) -> str:
    if first is not None:
        return ""
    if cheaper:
        return f"{own.option.id} is cheaper at every volume searched, {lo:,.3g} to {hi:,.3g} requests/month"
    far = np.array([hi])
    own_each, versus_each = float(sides.own_usd(far)[0]) / hi, float(sides.versus_usd(far)[0]) / hi
    energy = sum(float(line.usd_per_month) for line in own.lines if line.name == "energy: busy") / float(own.plan.requests_per_month)
    if energy >= versus_each:
        return (
            f"never: the electricity of a request on {own.option.id} alone is {energy:.4g} USD, "
            f"a request on {versus.option.id} costs {versus_each:.4g} USD"
        )
    return (
        f"never: with machines as full as the SLO and the spare allow, a request costs {own_each:.4g} USD on "
        f"{own.option.id} and {versus_each:.4g} USD on {versus.option.id} (searched to {hi:,.3g} requests/month)"
    )


def payback(own: Result, versus: Result, scenario: Scenario) -> Repaid:
    """Months until savings repay purchase and one-time effort, plain and discounted, over the hardware's life.

    Each month at its own volume and prices: demand grows, API, rental and hardware prices follow their
    trends, machines added later are bought when they are needed.
    """
    assert own.costing is not None and versus.costing is not None
    plan = own.plan
    life = int(float(plan.life_months))
    one_time = sum(effort.usd.value for effort in scenario.workload.finance.one_time)
    month = np.arange(life, dtype=np.float64)
    own_month = plan.at_volume(plan.requests_per_month * growth_factor(monthly_growth_frac=plan.growth_frac_per_month, month=month))
    versus_month = versus.plan.at_volume(own_month.requests_per_month)
    capex = np.broadcast_to(np.asarray(own.costing.upfront_usd(own_month)), month.shape)
    bought = np.diff(np.maximum.accumulate(capex), prepend=capex[0])
    bought = bought * trend_factor(annual_change_frac=plan.hardware_trend_frac_per_year, month=month)
    own_usd = _running(own, own_month, month) + bought
    saving = _running(versus, versus_month, month) - own_usd
    upfront = float(capex[0]) + one_time
    if upfront == 0:
        return Repaid(None, None, "nothing is bought up front")
    plain = payback_months(upfront_usd=upfront, saving_usd_by_month=saving)
    discounted = payback_months(upfront_usd=upfront, saving_usd_by_month=saving, wacc_frac=plan.wacc_frac)
    if not np.isfinite(plain.months):
        first = float(saving[0])
        why = f"saves {first:,.2f} USD in the first month" if first > 0 else f"costs {-first:,.2f} USD more to run in the first month"
        return Repaid(None, None, f"does not pay back within hardware life ({life} months): {why}, {upfront:,.2f} USD up front")
    late = "" if np.isfinite(discounted.months) else f"not within hardware life ({life} months) when discounted at the WACC"
    return Repaid(float(plain.months), float(discounted.months) if np.isfinite(discounted.months) else None, late)


def _running(result: Result, plan: Plan, month: Num) -> np.ndarray:
    """What runs each month, at that month's prices: API and rental prices follow their trends."""
    assert result.costing is not None
    lines = result.costing.ledger(plan)
    kind = result.option.kind
    trend = {"owned": 0.0, "rental": plan.rental_trend_frac_per_year}.get(kind, plan.api_trend_frac_per_year)
    moving = [line for line in lines if kind != "rental" or line.name == "rental"]
    fixed = [line for line in lines if kind == "rental" and line.name != "rental"]
    factor = trend_factor(annual_change_frac=trend, month=month)
    total = running_usd_per_month(moving) * factor + running_usd_per_month(fixed)
    return np.broadcast_to(np.asarray(total, dtype=np.float64), np.shape(month))

