"""Backwards: which value of one input makes two options cost the same, or makes a purchase pay back in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tco.cost.ledger import total_usd_per_month
from tco.cost.option import Costing
from tco.decide.assess import Result
from tco.decide.breakeven import Solution, solve_for
from tco.decide.repay import payback
from tco.decide.versus import BreakEven, crossings_by_volume, positional
from tco.describe.plan import FIELDS
from tco.describe.scenario import Scenario
from tco.errors import UsageError, unknown_name
from tco.units import TOK_PER_MTOK

PATHS = {path: name for name, path in FIELDS.items()}
LATER = (
    "growth_frac_per_month",
    "api_trend_frac_per_year",
    "rental_trend_frac_per_year",
    "hardware_trend_frac_per_year",
)
RATES_OF_CHANGE = ("frac/month", "frac/year")
OF_A_REPLAY = ("input_tok", "output_tok", "reasoning_tok", "cached_input_frac")  # each changes who waits for whom
NEVER_MONTHS = 1e6  # stands for a purchase that never pays back, so that a bisection can rank it

Sides = tuple[Result, Result]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One input that may change: its range, and both sides at a value of it.

    ``shown`` turns the number that is varied into the one reported, where they differ.
    """

    unit: str
    today: float
    lo: float
    hi: float
    turned: Callable[[float], Sides]
    shown: Callable[[float], float] = float


def solve(own: Result, versus: Result, scenario: Scenario, *, field: str, payback_months: float | None) -> Solved:
    """Solve one field for equal monthly bills, or for a payback of ``payback_months``.

    Fields are the workload's own (``demand.requests``, ``site.staff_fte`` …) and those of ``FACTORS``. Raises
    UsageError for any other, for one that does not move these two options or this month's bill, and for one that a
    trace sets or that a replayed machine would have to be replayed for at every value. For equal bills a volume
    is the first at which ``break_even`` finds that they cross.
    """
    if field not in PATHS and field not in FACTORS:
        known = (*FACTORS, *PATHS)
        raise UsageError(f"{unknown_name('field', field, known, 'tco breakeven --help')}: {', '.join(known)}")
    if PATHS.get(field) in LATER and payback_months is None:
        what = "growth" if field == "demand.growth" else "a trend"
        raise UsageError(f"--solve-for {field}: {what} does not move this month's bill: add --payback MONTHS")
    _refuse_what_a_trace_settles((own, versus), scenario, field)
    knob = FACTORS[field](own, versus) if field in FACTORS else _plan_knob(own, versus, PATHS[field])

    def gap(value: float) -> float:
        sides = knob.turned(value)
        if payback_months is None:
            return _usd(sides[0]) - _usd(sides[1])
        months = payback(*sides, scenario).months
        return NEVER_MONTHS if months is None else min(months, NEVER_MONTHS)

    crossed = _first_crossing(own, versus) if field in VOLUMES and payback_months is None else None
    found = crossed or solve_for(f=gap, lo=knob.lo, hi=knob.hi, target=payback_months or 0.0)
    reason = found.reason if found.root is not None else _no_value(found, gap, knob, scenario, payback_months)
    return Solved(
        field=field,
        unit=knob.unit,
        target="equal monthly bills" if payback_months is None else f"payback in {payback_months:g} months",
        today=knob.shown(knob.today),
        value=None if found.root is None else knob.shown(found.root),
        reason=reason,
    )


def _first_crossing(own: Result, versus: Result) -> Solution | None:
    """The lowest volume at which the bills cross; None where they do not between the volumes that break-even searches.

    A scan of equal ratios would step over two crossings that lie close together.
    """
    first = next(iter(crossings_by_volume(own, versus)), None)
    if first is None:
        return None
    return Solution(first.volume, "jumps over the target" if first.at_step else "meets the target", first.at_step)


def _refuse_what_a_trace_settles(sides: Sides, scenario: Scenario, field: str) -> None:
    """Raise UsageError for what the trace measures, and for what changes how a machine replays it."""
    name, trace = PATHS.get(field, ""), scenario.trace
    if trace is None:
        return
    if name in ("burstiness_ratio", "peak_to_mean_ratio"):
        raise UsageError(f"--solve-for {field}: the trace {trace.name} sets it; drop demand.trace to vary it")
    replayed = next((side.option.id for side in sides if side.sized and side.sized.is_replayed), None)
    if name in OF_A_REPLAY and replayed is not None:
        raise UsageError(
            f"--solve-for {field}: {replayed} is sized by a replay of {trace.name}, which is of today's lengths; "
            "compare workloads with other values of it, or drop demand.trace"
        )


def _no_value(
    found: Solution, gap: Callable[[float], float], knob: Knob, scenario: Scenario, payback_months: float | None
) -> str:
    """Why no value does, with the best that comes out and where."""
    if knob.lo == knob.hi:
        return "nothing on the competitor's bill is charged at a vendor's price: no factor makes it larger"
    nearest = found.nearest if found.nearest is not None else knob.today
    at, best = in_unit(knob.shown(nearest), knob.unit), gap(nearest)
    searched = f"searched {in_unit(knob.shown(knob.lo), knob.unit)} to {in_unit(knob.shown(knob.hi), knob.unit)}"
    if payback_months is None:
        side = f"own is {abs(best):,.2f} USD/month {'dearer' if best > 0 else 'cheaper'}"
        return f"{side} {'at best' if best > 0 else 'at least'}, at {at} ({searched})"
    if best >= NEVER_MONTHS:
        return f"no payback at any value; today: {payback(*knob.turned(knob.today), scenario).reason} ({searched})"
    end = "soonest" if best > payback_months else "latest"
    return f"pays back in {best:,.1f} months at the {end}, at {at} ({searched})"


def in_unit(value: float, unit: str) -> str:
    """A value and its unit in words: shares as percentages, no exponent."""
    if unit.startswith("frac"):
        return f"{positional(100.0 * value)} %{unit.removeprefix('frac')}"
    number = f"{value:,.0f}" if abs(value) >= 1000 else positional(value)
    return f"{number} {'x' if unit == 'ratio' else unit}".removesuffix(" count")


def _plan_knob(own: Result, versus: Result, name: str) -> Knob:
    """A number of the workload file, the same for both sides."""
    unit, today = own.plan.figures[name].unit, float(getattr(own.plan, name))
    lo, hi = (0.0, 0.9) if name == "tax_frac" else _bounds(unit, today)  # a tax of 1 leaves nothing
    return Knob(
        unit=unit, today=today, lo=lo, hi=hi,
        turned=lambda value: (_with_number(own, name, value), _with_number(versus, name, value)),
    )  # fmt: skip


def _bounds(unit: str, today: float) -> tuple[float, float]:
    if unit == "frac":
        return (0.0, 1.0)
    if unit in RATES_OF_CHANGE:
        return (-0.9, 1.0)
    if unit == "ratio":
        return (1.0, today * 1e5)
    return (today * 1e-5, today * 1e5) if today > 0 else (0.0, 1e6)


def _price_knob(own: Result, versus: Result) -> Knob:
    """The competitor's price of a mean token; all that its vendor bills moves alike."""
    billed = float(total_usd_per_month(line for line in versus.lines if line.is_price))
    tok = float(versus.plan.requests_per_month * versus.plan.tok_per_request)
    today = billed / tok * TOK_PER_MTOK
    costing = _costing(versus)
    return Knob(
        unit="USD/Mtok", today=today, lo=today * 1e-5, hi=today * 1e5,
        turned=lambda usd: (own, _with_costing(versus, costing.at_price(usd / today if today else 1.0))),
    )  # fmt: skip


def _throughput_knob(own: Result, versus: Result) -> Knob:
    """Output tokens a second of one replica: the same volume keeps a faster one busy for less time."""
    at_speed = _costing(own).at_speed
    if own.sized is None or at_speed is None:
        raise UsageError(f"--solve-for throughput needs a machine as --own, got {own.option.id}")
    today = own.sized.capacity.output_tok_per_s
    return Knob(
        unit="tok/s", today=today, lo=today * 1e-3, hi=today * 1e3,
        turned=lambda tok_per_s: (_with_costing(own, at_speed(tok_per_s / today)), versus),
    )  # fmt: skip


def _utilisation_knob(own: Result, versus: Result) -> Knob:
    """Share of the fleet's capacity used at the mean, moved by the volume of both sides."""
    if own.sized is None:
        raise UsageError(f"--solve-for utilisation needs a machine as --own, got {own.option.id}")
    volume = _plan_knob(own, versus, "requests_per_month")
    used = _costing(own).utilisation
    return replace(
        volume, unit="frac", lo=volume.today * 1e-4, hi=volume.today * 1e4,
        shown=lambda requests: float(used(own.plan.at_volume(requests)) or 0.0),
    )  # fmt: skip


def _gpu_usd_knob(own: Result, versus: Result) -> Knob:
    """The purchase price of one accelerator; what it stands in costs the same."""
    costing = _costing(own)
    at_gpu_usd = costing.at_gpu_usd
    if at_gpu_usd is None or not costing.gpu_usd:
        raise UsageError(f"--solve-for machine.gpu_usd needs a machine that is bought as --own, got {own.option.id}")
    today = float(costing.gpu_usd)
    return Knob(
        unit="USD", today=today, lo=today * 1e-5, hi=today * 1e5,
        turned=lambda usd: (_with_costing(own, at_gpu_usd(usd)), versus),
    )  # fmt: skip


VOLUMES = ("demand.requests", "utilisation")
FACTORS: dict[str, Callable[[Result, Result], Knob]] = {
    "price": _price_knob,
    "throughput": _throughput_knob,
    "utilisation": _utilisation_knob,
    "machine.gpu_usd": _gpu_usd_knob,
}


def _costing(result: Result) -> Costing:
    assert result.costing is not None
    return result.costing


def _with_number(result: Result, name: str, value: float) -> Result:
    changed: dict[str, Any] = {name: value}
    plan = replace(result.plan, **changed)
    return replace(result, plan=plan, lines=result.costing.ledger(plan) if result.costing else ())


def _with_costing(result: Result, costing: Costing) -> Result:
    return replace(result, costing=costing, lines=costing.ledger(result.plan))


def _usd(result: Result) -> float:
    return float(total_usd_per_month(result.lines))
