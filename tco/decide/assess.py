"""One option assessed: eligible or not and why, sized, costed, with its latencies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tco.cost.build import machine, metered
from tco.cost.ledger import CostLine, total_usd_per_month
from tco.cost.option import Costing, machine_costing, plan_costing, success_frac, token_costing
from tco.cost.scaling import ignored, missed_cold, told
from tco.decide.eligible import objections, remarks
from tco.describe.option import MachineOption, Option, TokenOption
from tco.describe.plan import Plan, Sampler, base_value
from tco.describe.record import Figure
from tco.describe.scenario import STALE_AFTER_DAYS, Scenario
from tco.errors import MissingDataError
from tco.perform.capacity import Capacity
from tco.perform.load import Load, Slo
from tco.perform.replayed import size_on
from tco.perform.size import Sized
from tco.units import TOK_PER_MTOK, Num

SLOW_TTFT_S, SLOW_ITL_S = 10.0, 0.2  # a reader has left, or reads faster: said where no limit is stated


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came out for one option. Numbers are None where ``reasons`` say that there are none.

    ``slow`` says how long answers take where no limit is stated and somebody would mind.
    """

    option: Option
    plan: Plan
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    costing: Costing | None = None
    lines: tuple[CostLine, ...] = ()
    sized: Sized | None = None
    n_gpus: int | None = None
    success: Figure | None = None
    usd_per_month_p10: float | None = None
    usd_per_month_p50: float | None = None
    usd_per_month_p90: float | None = None
    win_frac: float | None = None
    slow: str = ""

    @property
    def feasible(self) -> bool:
        """Whether the option can serve the workload within its rules, at a known price."""
        return not self.reasons

    @property
    def usd_per_month(self) -> float | None:
        """The sum of the ledger; None when the option has no price."""
        return float(total_usd_per_month(self.lines)) if self.lines else None

    @property
    def capacity(self) -> Capacity | None:
        """What one replica sustains, for machines."""
        return self.sized.capacity if self.sized else None

    @property
    def usd_per_mtok(self) -> float | None:
        """USD per million tokens, prompt and generated together."""
        return self._per(float(self.plan.tok_per_request) / TOK_PER_MTOK)

    @property
    def usd_per_mtok_output(self) -> float | None:
        """USD per million generated tokens: the whole bill over the output side alone."""
        return self._per(float(self.plan.generated_tok) / TOK_PER_MTOK)

    @property
    def usd_per_request(self) -> float | None:
        """USD per answer."""
        return self._per(1.0)

    @property
    def usd_per_correct(self) -> float | None:
        """USD per right answer; None when the success share is unknown."""
        return self._per(self.success.value) if self.success else None

    def _per(self, units_per_request: float) -> float | None:
        total = self.usd_per_month
        return None if total is None else total / (float(self.plan.requests_per_month) * units_per_request)


def assess(option: Option, scenario: Scenario) -> Result:
    """Check, size and cost one option at the central case."""
    plan = scenario.plan(option.model_id)
    result = Result(
        option=option,
        plan=plan,
        reasons=tuple(objections(option, scenario)),
        notes=tuple(remarks(option, scenario)),
        success=success_frac(scenario, option.model_id),
    )
    try:
        if isinstance(option, MachineOption):
            return _assess_machine(result, option, scenario)
        costing = token_costing(option, scenario) if isinstance(option, TokenOption) else plan_costing(option, scenario)
        priced = replace(result, costing=costing, lines=costing.ledger(plan))
    except MissingDataError as error:
        return replace(result, reasons=(*result.reasons, str(error)))
    return _with_token_notes(priced, option, scenario) if isinstance(option, TokenOption) else priced


def _assess_machine(result: Result, option: MachineOption, scenario: Scenario) -> Result:
    if option.unpriced:
        raise MissingDataError(option.unpriced)
    sized = size_on(option, load_of(result.plan), slos(scenario), scenario.trace)
    reasons = (*result.reasons, *sized.capacity.reasons)
    notes = (*result.notes, *sized.capacity.notes)
    result = replace(result, sized=sized, n_gpus=sized.n_gpus, reasons=reasons, notes=notes)
    if sized.capacity.req_per_s <= 0:
        return result
    costing = machine_at(option, sized, scenario, base_value)
    if costing.scaled is not None:
        need, rule = costing.scaled(result.plan)
        notes, reasons = (*notes, *told(need, rule)), (*reasons, *missed_cold(need, rule, slos(scenario)))
    stale = (*ignored(option, scenario), *_stale(option, scenario))
    lines, slow = costing.ledger(result.plan), _slow(sized, scenario)
    notes = (*notes, *stale, *filter(None, (slow,)))
    return replace(result, costing=costing, lines=lines, notes=notes, reasons=reasons, slow=slow)


def _slow(sized: Sized, scenario: Scenario) -> str:
    """What nobody waiting for an answer expects, where no limit is stated and not all of the work may wait."""
    if scenario.workload.slo.model_fields_set or scenario.workload.batch_frac.value >= 1.0:
        return ""
    capacity, at = sized.capacity, sized.percentile
    ttft_s, itl_s = capacity.ttft_s or 0.0, capacity.itl_s or 0.0
    if ttft_s <= SLOW_TTFT_S and itl_s <= SLOW_ITL_S:
        return ""
    return f"No latency limit is stated: TTFT p{at} is {ttft_s:,.1f} s, ITL p{at} {itl_s:,.2f} s"


def machine_at(option: MachineOption, sized: Sized, scenario: Scenario, sampler: Sampler) -> Costing:
    """The costing of a sized machine with its prices, watts and speed through ``sampler``.

    The speed factor is lognormal around 1, p10 and p90 those of the capacity's band.
    """
    capacity = sized.capacity
    drawing = metered(option, capacity, n_gpus=sized.n_gpus)
    held = machine(drawing, n_gpus=sized.n_gpus, on=scenario.as_of, sampler=sampler)
    speed = sampler(f"speed.{option.model_id}.{option.hardware.id}", speed_figure(capacity))
    base = load_of(scenario.plan(option.model_id))

    def rate(plan: Plan) -> Num:
        load = load_of(plan)
        same = all(np.array_equal(a, b) for a, b in zip(_numbers(load), _numbers(base), strict=True))
        return (capacity.req_per_s if same else np.maximum(sized.rate_req_per_s(load), 1e-12)) * speed

    return machine_costing(option, scenario, held, rate, sampler, peak_factor=sized.peak_factor)


def _numbers(load: Load) -> tuple[Num, ...]:
    return load.input_tok, load.output_tok, load.cached_input_frac, load.n_samples, load.arrival_scv


def speed_figure(capacity: Capacity) -> Figure:
    """Actual over given speed: 1, between the p10 and p90 of the capacity's band."""
    return Figure(
        value=1.0, low=min(capacity.band_low_frac, 1.0), high=max(capacity.band_high_frac, 1.0),
        distribution="lognormal",
        unit="ratio", source=capacity.source or capacity.basis, kind=capacity.kind,
    )  # fmt: skip


def load_of(plan: Plan) -> Load:
    """The plan's request as a replica sees it."""
    return Load(
        input_tok=plan.input_tok,
        output_tok=plan.output_tok + plan.reasoning_tok,
        cached_input_frac=plan.cached_input_frac,
        n_samples=float(plan.n_samples),
        arrival_scv=plan.burstiness_ratio,
        output_scv=plan.output_scv,
        input_bias_frac=plan.input_bias_frac,
    )


def slos(scenario: Scenario) -> tuple[Slo, ...]:
    """The latency targets by percentile; none for pure batch work but a deadline."""
    stated = scenario.workload.slo
    deadline_s = stated.deadline.value if stated.deadline else None
    if scenario.workload.batch_frac.value >= 1.0:
        return (Slo(deadline_s=deadline_s),)
    by_percentile = (
        Slo(
            stated.ttft_p95.value if stated.ttft_p95 else None,
            95,
            stated.itl_p95.value if stated.itl_p95 else None,
            95,
            deadline_s,
        ),
        Slo(
            stated.ttft_p99.value if stated.ttft_p99 else None,
            99,
            stated.itl_p99.value if stated.itl_p99 else None,
            99,
            deadline_s,
        ),
    )
    kept = tuple(slo for slo in by_percentile if slo.ttft_s is not None or slo.itl_s is not None)
    return kept or by_percentile[:1]


def _with_token_notes(result: Result, option: TokenOption, scenario: Scenario) -> Result:
    plan, offer = result.plan, option.offer
    assert result.costing is not None
    assert result.costing.quote is not None
    found = result.costing.quote
    notes = [*result.notes, *found.notes]
    rows = {id(rate.row): rate.row for part in found.slices for rate in part.rates.values()}.values()
    if any(row.kind == "rumoured" for row in rows):
        notes.append("rumoured price: nobody has published it")
    if any(row.promo for row in rows):
        ends = min((str(row.until)[:10] for row in rows if row.promo and row.until), default="further notice")
        notes.append(f"promotional price until {ends}")
    if np.any(np.asarray(plan.cached_input_frac) > 0) and not any("cache_read" in part.rates for part in found.slices):
        notes.append("no cache-read price: the cached share pays the input rate")
    age = (scenario.as_of - max(row.as_of for row in rows)).days
    if age > STALE_AFTER_DAYS["price"]:
        notes.append(f"price is {age} days old (limit {STALE_AFTER_DAYS['price']})")
    reasons = tuple(dict.fromkeys((*result.reasons, *_missed_latency(option, plan, scenario))))
    if scenario.workload.slo.model_fields_set and offer.ttft_s is None:
        notes.append("latency of this API is unknown: the SLO could not be checked")
    return replace(result, notes=tuple(notes), reasons=reasons)


def _missed_latency(option: TokenOption, plan: Plan, scenario: Scenario) -> list[str]:
    """Targets a published speed of the API misses; nothing where no speed is published."""
    missed: list[str] = []
    offer = option.offer
    for slo in slos(scenario):
        if offer.ttft_s and slo.ttft_s and offer.ttft_s.value > slo.ttft_s:
            missed.append(f"TTFT is {offer.ttft_s.value:g} s; the limit is {slo.ttft_s:g} s")
        if offer.output_tok_per_s and slo.itl_s and 1.0 / offer.output_tok_per_s.value > slo.itl_s:
            missed.append(f"ITL is {1.0 / offer.output_tok_per_s.value:.3g} s; the limit is {slo.itl_s:g} s")
        if offer.output_tok_per_s and slo.deadline_s:
            answer_s = float(plan.output_tok + plan.reasoning_tok) / offer.output_tok_per_s.value
            if answer_s > slo.deadline_s:
                missed.append(f"an answer takes {answer_s:.3g} s; the deadline is {slo.deadline_s:g} s")
    return missed


def _stale(option: MachineOption, scenario: Scenario) -> list[str]:
    if option.rental is not None:
        age, what, limit = (scenario.as_of - option.rental.since).days, "rent", STALE_AFTER_DAYS["price"]
    else:
        begun = [price for price in option.hardware.prices if price.since <= scenario.as_of]
        if option.stated is not None or not begun:
            return []
        age, what, limit = (
            (scenario.as_of - max(price.since for price in begun)).days,
            "machine price",
            STALE_AFTER_DAYS["hardware"],
        )
    return [f"{what} is {age} days old (limit {limit})"] if age > limit else []
