"""One option of any kind as a ledger at any plan: the object that decisions compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tco.cost.ledger import CostLine, total_usd_per_month
from tco.cost.machine import Fleet, Machine, fleet, overhead_lines, owned_lines, rental_lines
from tco.cost.plans import outcome_lines, provisioned_lines, provisioned_units, subscription_lines
from tco.cost.tokens import token_lines
from tco.describe.offer import Adjustment, OutcomeOffer, SubscriptionOffer
from tco.describe.option import MachineOption, Option, PlanOption, TokenOption
from tco.describe.plan import Plan
from tco.describe.record import Figure
from tco.describe.scenario import Scenario
from tco.price.plans import n_seats, peak_per_s
from tco.price.rates import instant
from tco.price.tokens import quote
from tco.units import S_PER_MONTH, Num

Ledger = Callable[[Plan], tuple[CostLine, ...]]
Size = Callable[[Plan], Num]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """An option's ledger, count of replicas and purchase as functions of the plan.

    ``steps`` gives the volumes (requests a month, up to a bound) at which the ledger jumps; ``at_speed``
    the same machines with every replica faster by a factor.
    """

    option: Option
    ledger: Ledger
    n_replicas: Size
    utilisation: Callable[[Plan], Num | None]
    upfront_usd: Size
    steps: Callable[[Plan, float], np.ndarray]
    at_speed: Callable[[float], Costing] | None = None

    def usd_per_month(self, plan: Plan) -> Num:
        """The sum of the ledger."""
        return total_usd_per_month(self.ledger(plan))


def success_frac(scenario: Scenario, model_id: str) -> Figure | None:
    """The share of answers that are right: the model's own, else the workload's, else unknown."""
    quality = scenario.workload.quality
    return quality.success_frac_per_model.get(model_id, quality.success_frac)


def token_costing(option: TokenOption, scenario: Scenario) -> Costing:
    """A model by the token; the staircase has no steps."""
    adjustments = residency_adjustments(option, scenario)

    def ledger(plan: Plan) -> tuple[CostLine, ...]:
        found = quote(
            option.offer, scenario.as_of, prompt_tok=plan.input_tok, batch_frac=plan.batch_frac,
            allow_rumoured=scenario.allow_rumoured,
        )  # fmt: skip
        lines = token_lines(
            found, plan, cache_ttl=scenario.workload.tokens.cache_ttl, free_quota=option.offer.free_quota, adjustments=adjustments
        )
        return (*lines, *escalation_lines(option, scenario, plan))

    return Costing(
        option=option, ledger=ledger, n_replicas=_none, utilisation=_unknown, upfront_usd=_none, steps=_no_steps
    )


def residency_adjustments(option: TokenOption, scenario: Scenario) -> tuple[Adjustment, ...]:
    """Surcharges for keeping the data in a region the workload requires."""
    wanted = set(scenario.workload.constraints.residency)
    return tuple(
        each for each in option.offer.adjustments
        if each.when.data_residency in wanted and instant(each.since) <= instant(scenario.as_of)
    )  # fmt: skip


def plan_costing(option: PlanOption, scenario: Scenario) -> Costing:
    """Seats, successes or provisioned units."""
    offer = option.offer

    def ledger(plan: Plan) -> tuple[CostLine, ...]:
        if isinstance(offer, SubscriptionOffer):
            lines = subscription_lines(offer, plan)
        elif isinstance(offer, OutcomeOffer):
            lines = outcome_lines(offer, plan, success_frac(scenario, option.model_id))
        else:
            lines = provisioned_lines(offer, plan)
        return (*lines, *escalation_lines(option, scenario, plan))

    def n_replicas(plan: Plan) -> Num:
        if isinstance(offer, SubscriptionOffer):
            cap = offer.messages_per_day
            return n_seats(requests_per_month=plan.requests_per_month, messages_per_day=cap.value) if cap else 0.0
        return 0.0 if isinstance(offer, OutcomeOffer) else provisioned_units(offer, plan)

    def steps(plan: Plan, up_to: float) -> np.ndarray:
        if isinstance(offer, OutcomeOffer):
            return np.empty(0)
        largest = float(n_replicas(plan.at_volume(up_to)))
        per_unit = up_to / largest if largest else up_to
        return np.arange(1.0, min(largest, MAX_STEPS) + 1.0) * per_unit

    return Costing(
        option=option, ledger=ledger, n_replicas=n_replicas, utilisation=_unknown, upfront_usd=_none, steps=steps
    )


MAX_STEPS = 4096


def machine_costing(
    option: MachineOption, scenario: Scenario, held: Machine, capacity_req_per_s: Callable[[Plan], Num]
) -> Costing:
    """Machines, owned or rented, at the rate one replica sustains under a plan."""
    finance = scenario.workload.finance
    one_time_usd = sum(effort.usd.value for effort in finance.one_time)

    def need(plan: Plan) -> Fleet:
        return fleet(plan, held, capacity_req_per_s=capacity_req_per_s(plan), n_spare=finance.n_spare)

    def ledger(plan: Plan) -> tuple[CostLine, ...]:
        bought = need(plan)
        own = (
            owned_lines(plan, held, bought, method=finance.method, powered_when_idle=scenario.workload.site.powered_when_idle)
            if option.rental is None
            else rental_lines(plan, held, bought)
        )
        overhead = overhead_lines(plan, one_time_usd=one_time_usd, horizon_months=finance.horizon_months)
        return (*own, *overhead, *escalation_lines(option, scenario, plan))

    def upfront_usd(plan: Plan) -> Num:
        if option.rental is not None:
            return 0.0
        bought = need(plan)
        return (1.0 + plan.spares_frac) * (bought.n_gpus * held.gpu_usd + bought.n_machines * held.host_usd)

    def steps(plan: Plan, up_to: float) -> np.ndarray:
        per_request = float(peak_per_s(per_month=1.0, peak_to_mean_ratio=plan.peak_to_mean_ratio, batch_frac=plan.batch_frac))
        step = float(capacity_req_per_s(plan)) / per_request
        return np.arange(1.0, min(up_to / step, MAX_STEPS) + 1.0) * step

    return Costing(
        option=option,
        ledger=ledger,
        n_replicas=lambda plan: need(plan).n_replicas,
        utilisation=lambda plan: need(plan).utilisation_frac,
        upfront_usd=upfront_usd,
        steps=steps,
        at_speed=lambda factor: machine_costing(option, scenario, held, lambda plan: capacity_req_per_s(plan) * factor),
    )


def escalation_lines(option: Option, scenario: Scenario, plan: Plan) -> tuple[CostLine, ...]:
    """Requests this tier sends on, at the price of the tier they go to."""
    rule = scenario.workload.quality.escalation.get(option.tier)
    offer = scenario.escalation_offers.get(option.tier)
    if rule is None or offer is None:
        return ()
    there = scenario.plan(offer.model).at_volume(plan.requests_per_month)
    found = quote(offer, scenario.as_of, prompt_tok=there.input_tok, batch_frac=there.batch_frac)
    usd_per_request = total_usd_per_month(token_lines(found, there)) / plan.requests_per_month
    return (
        CostLine(
            name=f"escalation to {offer.provider}/{offer.model}",
            quantity=plan.requests_per_month * rule.frac.value,
            unit="request",
            usd_per_unit=usd_per_request,
            formula="requests x escalated share x price of a request there",
            inputs=plan.inputs("requests_per_month"),
            source=found.slices[0].rates["output"].row.source,
            as_of=found.slices[0].rates["output"].row.as_of,
            kind="assumed",
        ),
    )


def requests_per_s(plan: Plan) -> Num:
    """Mean request rate."""
    return plan.requests_per_month / S_PER_MONTH


def _none(plan: Plan) -> Num:
    return 0.0


def _unknown(plan: Plan) -> None:
    return None


def _no_steps(plan: Plan, up_to: float) -> np.ndarray:
    return np.empty(0)
