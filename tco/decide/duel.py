"""Backwards: which value of one input makes two options cost the same, or makes a purchase pay back in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tco.cost.ledger import total_usd_per_month
from tco.decide.assess import Result
from tco.decide.breakeven import solve_for
from tco.decide.versus import BreakEven, payback
from tco.describe.plan import FIELDS
from tco.describe.scenario import Scenario
from tco.errors import UnknownNameError, UsageError

FACTORS = {
    "price": "USD per million tokens of the competitor, as blended by this workload",
    "throughput": "output tokens per second of one replica of the option",
    "utilisation": "share of the fleet's capacity used at the mean",
}
UNIT_FIELDS = ("frac", "frac/month", "frac/year")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The value that makes the two equal, beside today's; None with a reason when no value does."""

    field: str
    unit: str
    target: str
    today: float | None
    value: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """Two options head to head."""

    own: Result
    versus: Result
    break_even: BreakEven
    solved: Solved | None


def solve(own: Result, versus: Result, scenario: Scenario, *, field: str, payback_months: float | None) -> Solved:
    """Solve one field for equal monthly bills, or for a payback of ``payback_months``.

    Fields are the workload's own (``demand.requests``, ``site.staff_fte`` …) and ``price`` (of the
    competitor), ``throughput`` and ``utilisation``. Raises UnknownNameError for any other.
    """
    by_path = {path: name for name, path in FIELDS.items()}
    if field in FACTORS:
        return _solve_factor(own, versus, field)
    if field not in by_path:
        raise UnknownNameError("field", field, [*by_path, *FACTORS], "tco breakeven --help")
    name = by_path[field]
    figure = own.plan.figures[name]
    today = float(getattr(own.plan, name))
    lo, hi = _bounds(figure.unit, today)

    def gap(value: float) -> float:
        changed = tuple(_with(result, name, value) for result in (own, versus))
        if payback_months is not None:
            months = payback(*changed, scenario).months
            return min(months if months is not None else 1e6, 1e6)
        return _usd(changed[0]) - _usd(changed[1])

    found = solve_for(f=gap, lo=lo, hi=hi, target=payback_months or 0.0)
    target = "equal monthly bills" if payback_months is None else f"payback in {payback_months:g} months"
    return Solved(field=field, unit=figure.unit, target=target, today=today, value=found.root, reason=found.reason)


def _bounds(unit: str, today: float) -> tuple[float, float]:
    if unit in UNIT_FIELDS:
        return (0.0, 1.0) if unit == "frac" else (-0.9, 1.0)
    return (today * 1e-5, today * 1e5) if today > 0 else (0.0, 1e6)


def _with(result: Result, name: str, value: float) -> Result:
    plan = replace(result.plan, **{name: value})
    return replace(result, plan=plan, lines=result.costing.ledger(plan) if result.costing else ())


def _usd(result: Result) -> float:
    return float(total_usd_per_month(result.lines))


def _solve_factor(own: Result, versus: Result, field: str) -> Solved:
    """Scale one side: the competitor's price, the option's speed, or its use through the volume."""
    assert own.costing is not None
    if field == "price":
        factor = _usd(own) / _usd(versus) if _usd(versus) else np.inf
        today = versus.usd_per_mtok
        value = None if today is None else today * factor
        return _factor(field, "USD/Mtok", today, value, "scales every meter of the competitor alike")
    if own.sized is None:
        raise UsageError(f"--solve-for {field} needs a machine as --own, got {own.option.id}")
    if field == "throughput":
        speed = own.sized.capacity.output_tok_per_s
        found = solve_for(f=_bill_at_speed(own, versus), lo=1e-3, hi=1e3)
        value = None if found.root is None else found.root * speed
        return _factor(field, "tok/s", speed, value, found.reason)
    base = float(own.plan.requests_per_month)

    def gap(volume: float) -> float:
        return _usd(_with(own, "requests_per_month", volume)) - _usd(_with(versus, "requests_per_month", volume))

    found = solve_for(f=gap, lo=base * 1e-4, hi=base * 1e4)
    used = [None if at is None else own.costing.utilisation(own.plan.at_volume(at)) for at in (base, found.root)]
    today_used, value_used = (None if each is None else float(each) for each in used)
    return _factor(field, "frac", today_used, value_used, found.reason)


def _bill_at_speed(own: Result, versus: Result) -> Callable[[float], float]:
    """Own minus versus when a replica is faster by a factor: the same volume keeps it busy for less time."""
    costing = own.costing
    assert costing is not None and costing.at_speed is not None
    at_speed = costing.at_speed

    def gap(factor: float) -> float:
        return float(at_speed(factor).usd_per_month(own.plan)) - _usd(versus)

    return gap


def _factor(field: str, unit: str, today: float | None, value: float | None, reason: str) -> Solved:
    return Solved(field=field, unit=unit, target=FACTORS[field], today=today, value=value, reason=reason)

