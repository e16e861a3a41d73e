"""One option against a named competitor: volumes at which they cross, and when the purchase pays back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from tco.cost.option import Costing
from tco.decide.assess import Result
from tco.decide.breakeven import CHEAPER, Crossing, cheaper_intervals, find_crossings
from tco.decide.repay import payback_with_range
from tco.describe.plan import Plan
from tco.describe.scenario import Scenario

SEARCH_BELOW, SEARCH_ABOVE = 1e-3, 1e3  # volumes searched, as multiples of the workload's own


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Where own becomes cheaper than versus. Numbers are None when it never does; ``reason`` says why.

    The p10 and p90 of the payback are those of the trends' ranges, None for never.
    """

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
    payback_months_p10: float | None = None
    payback_months_p90: float | None = None
    payback_reason: str
    reason: str


def break_even(own: Result, versus: Result, scenario: Scenario) -> BreakEven:
    """Every crossing on the staircase from a thousandth to a thousand times the workload's volume, and the payback.

    Both options must have a ledger. The volume reported is the first from which own is cheaper.
    """
    if own.costing is None or versus.costing is None:
        raise ValueError("break_even needs two priced options")
    plan = own.plan
    lo, hi = _searched(plan)
    sides = _Sides(own, versus)
    found = crossings_by_volume(own, versus)
    cheaper = cheaper_intervals(own=sides.own_usd, versus=sides.versus_usd, lo=lo, hi=hi, found=found)
    first = next((crossing.volume for crossing in found if crossing.direction == CHEAPER), None)
    at = plan.at_volume(first) if first is not None else None
    used = own.costing.utilisation(at) if at else None
    paid = payback_with_range(own, versus, scenario)
    return BreakEven(
        own=own.option.id,
        versus=versus.option.id,
        versus_price_as_of=_price_day(versus, scenario.as_of),
        requests_per_month=first,
        tok_per_month=None if first is None else first * float(plan.tok_per_request),
        utilisation_frac=None if used is None else float(used),
        n_replicas=None if at is None else float(own.costing.n_replicas(at)),
        crossings=tuple(found),
        cheaper_between=tuple(cheaper),
        payback_months=paid.months,
        payback_discounted_months=paid.discounted_months,
        payback_months_p10=paid.p10_months,
        payback_months_p90=paid.p90_months,
        payback_reason=paid.reason,
        reason=_reason(own, versus, sides, first, cheaper, lo, hi),
    )


def crossings_by_volume(own: Result, versus: Result) -> list[Crossing]:
    """Every volume searched at which the two bills cross, rising; both options must have a ledger."""
    assert own.costing is not None
    assert versus.costing is not None
    lo, hi = _searched(own.plan)
    sides = _Sides(own, versus)
    steps = np.concatenate([own.costing.steps(own.plan, hi), versus.costing.steps(versus.plan, hi)])
    return find_crossings(own=sides.own_usd, versus=sides.versus_usd, lo=lo, hi=hi, steps=steps)


def _searched(plan: Plan) -> tuple[float, float]:
    base = float(plan.requests_per_month)
    return base * SEARCH_BELOW, base * SEARCH_ABOVE


class _Sides:
    """The two monthly bills as functions of volume."""

    def __init__(self, own: Result, versus: Result) -> None:
        assert own.costing is not None
        assert versus.costing is not None
        self._own: Costing = own.costing
        self._versus: Costing = versus.costing
        self._plans = own.plan, versus.plan

    def own_usd(self, volume: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(self._own.usd_per_month(self._plans[0].at_volume(volume))), np.shape(volume))

    def versus_usd(self, volume: np.ndarray) -> np.ndarray:
        return np.broadcast_to(
            np.asarray(self._versus.usd_per_month(self._plans[1].at_volume(volume))), np.shape(volume)
        )

    def own_energy_usd(self, volume: float) -> float:
        """The electricity of own machines at a volume."""
        lines = self._own.ledger(self._plans[0].at_volume(volume))
        return sum(float(line.usd_per_month) for line in lines if line.unit == "kWh")


def _price_day(result: Result, on: date) -> str:
    """The day of the competitor's price: when it was read, or the report's own day where that is earlier."""
    days = [str(min(line.as_of, on)) for line in result.lines if line.as_of is not None and line.is_price]
    return max(days, default="")


def _reason(
    own: Result,
    versus: Result,
    sides: _Sides,
    first: float | None,
    cheaper: list[tuple[float, float]],
    lo: float,
    hi: float,
) -> str:
    if first is not None:
        return ""
    if cheaper:
        return f"{own.option.id} is cheaper at every volume searched, {lo:,.0f} to {hi:,.0f} requests/month"
    far = np.array([hi])
    own_each, versus_each = float(sides.own_usd(far)[0]) / hi, float(sides.versus_usd(far)[0]) / hi
    energy = sides.own_energy_usd(hi) / hi
    if energy >= versus_each:
        return (
            f"never: the electricity of a request on {own.option.id} alone is {positional(energy)} USD, "
            f"a request on {versus.option.id} costs {positional(versus_each)} USD"
        )
    return (
        f"never: with machines as full as the SLO and the spare allow, a request costs {positional(own_each)} USD on "
        f"{own.option.id} and {positional(versus_each)} USD on {versus.option.id} "
        f"(searched to {hi:,.0f} requests/month)"
    )


def positional(value: float) -> str:
    """Four figures, never an exponent."""
    return np.format_float_positional(value, precision=4, fractional=False, trim="-")
