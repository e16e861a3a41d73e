"""One option of any kind as a ledger at any plan: the object that decisions compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tco.cost import plans
from tco.cost.escalation import escalation_lines, residency
from tco.cost.ledger import CostLine, total_usd_per_month
from tco.cost.machine import Fleet, Machine, fleet, overhead_lines, owned_lines, peak_req_per_s, rental_lines
from tco.cost.scaling import Rule, rule_of, scaled_fleet
from tco.cost.tokens import token_lines
from tco.describe.offer import OutcomeOffer, SubscriptionOffer
from tco.describe.option import MachineOption, Option, PlanOption, TokenOption
from tco.describe.plan import STATED, Input, Plan, Sampler, base_value
from tco.describe.record import Figure
from tco.describe.scenario import Scenario
from tco.errors import MissingDataError
from tco.price.plans import TOLERANCE_FRAC
from tco.price.rates import adjustments_in_force
from tco.price.tokens import Quote, quote
from tco.units import DAYS_PER_MONTH, Num

Ledger = Callable[[Plan], tuple[CostLine, ...]]
Size = Callable[[Plan], Num]


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """An option's ledger, count of replicas and purchase as functions of the plan.

    ``steps`` gives the volumes (requests a month, up to a bound) at which the ledger jumps; ``at_speed``
    the same machines with every replica faster by a factor; ``at_gpu_usd`` the same owned machines at
    another price of an accelerator, today's being ``gpu_usd``; ``n_gpus_paid`` the GPUs of whole machines;
    ``scaled`` the fleet and the rule by which its replicas follow the load; ``quote`` the rates behind a token offer.
    """

    option: Option
    ledger: Ledger
    n_replicas: Size
    utilisation: Callable[[Plan], Num | None]
    upfront_usd: Size
    steps: Callable[[Plan, float], np.ndarray]
    at_speed: Callable[[float], Costing] | None = None
    at_gpu_usd: Callable[[float], Costing] | None = None
    gpu_usd: Num | None = None
    n_gpus_paid: Callable[[Plan], Num] | None = None
    scaled: Callable[[Plan], tuple[Fleet, Rule]] | None = None
    quote: Quote | None = None

    def usd_per_month(self, plan: Plan) -> Num:
        """The sum of the ledger."""
        return total_usd_per_month(self.ledger(plan))

    def at_price(self, factor: float) -> Costing:
        """The same option with everything its vendor bills dearer by a factor."""

        def ledger(plan: Plan) -> tuple[CostLine, ...]:
            return tuple(
                replace(line, usd_per_unit=line.usd_per_unit * factor) if line.is_price else line
                for line in self.ledger(plan)
            )

        return replace(self, ledger=ledger)


def success_frac(scenario: Scenario, model_id: str) -> Figure | None:
    """The share of answers that are right: the model's own, else the workload's, else unknown."""
    quality = scenario.workload.quality
    return quality.success_frac_per_model.get(model_id, quality.success_frac)


def token_costing(option: TokenOption, scenario: Scenario) -> Costing:
    """A model by the token; the staircase has no steps."""
    adjustments = adjustments_in_force(option.offer, scenario.as_of, residency(scenario))
    base = scenario.plan(option.model_id)
    at_base = token_quote(option, scenario, base)

    def ledger(plan: Plan) -> tuple[CostLine, ...]:
        same = plan.input_tok is base.input_tok and plan.batch_frac is base.batch_frac
        found = at_base if same else token_quote(option, scenario, plan)
        lines = token_lines(
            found,
            plan,
            cache_ttl=scenario.workload.tokens.cache_ttl,
            free_quota=option.offer.free_quota,
            adjustments=adjustments,
        )
        return (*lines, *escalation_lines(option, scenario, plan))

    return Costing(
        option=option, ledger=ledger, n_replicas=_none, utilisation=_unknown, upfront_usd=_none, steps=_no_steps,
        quote=at_base,
    )  # fmt: skip


def token_quote(option: TokenOption, scenario: Scenario, plan: Plan) -> Quote:
    """The offer's rates for the plan's requests on the scenario's day."""
    return quote(
        option.offer, scenario.as_of, prompt_tok=plan.input_tok, batch_frac=plan.batch_frac,
        allow_rumoured=scenario.allow_rumoured, residency=residency(scenario),
    )  # fmt: skip


def plan_costing(option: PlanOption, scenario: Scenario, sampler: Sampler = base_value) -> Costing:
    """Seats, successes or provisioned units. Raises MissingDataError where no price is in force on the day."""
    offer = option.offer
    success = success_frac(scenario, option.model_id)
    share = sampler("quality.success_frac", success) if success else None
    if not offer.since <= scenario.as_of or (offer.until is not None and offer.until <= scenario.as_of):
        raise MissingDataError(f"{offer.plan}: no price in force on {scenario.as_of}")
    if offer.kind == "rumoured" and not scenario.allow_rumoured:
        raise MissingDataError(f"{offer.plan}: no price but a rumoured one; --allow-rumoured uses it, labelled")

    def ledger(plan: Plan) -> tuple[CostLine, ...]:
        if isinstance(offer, SubscriptionOffer):
            lines = plans.subscription_lines(offer, plan)
        elif isinstance(offer, OutcomeOffer):
            lines = plans.outcome_lines(offer, plan, success, share)
        else:
            lines = plans.provisioned_lines(offer, plan)
        return (*lines, *escalation_lines(option, scenario, plan))

    def n_replicas(plan: Plan) -> Num:
        if isinstance(offer, SubscriptionOffer):
            return plans.subscription_seats(offer, plan)
        return 0.0 if isinstance(offer, OutcomeOffer) else plans.provisioned_units(offer, plan)

    def steps(plan: Plan, up_to: float) -> np.ndarray:
        if isinstance(offer, OutcomeOffer):
            return np.empty(0)
        if isinstance(offer, SubscriptionOffer):
            assert offer.messages_per_day is not None
            first = step = offer.messages_per_day.value * DAYS_PER_MONTH / plan.n_samples
        else:
            per_request = float(plans.busy_units(offer, plan.at_volume(1.0)))
            first, step = offer.min_units / per_request, offer.unit_step / per_request
        return staircase(first=first, step=step, up_to=up_to)

    return Costing(
        option=option, ledger=ledger, n_replicas=n_replicas, utilisation=_unknown, upfront_usd=_none, steps=steps
    )


MAX_STEPS = 1024


def staircase(*, first: float, step: float, up_to: float) -> np.ndarray:
    """Volumes first, first + step, … up to a bound, where one more whole thing is due; at most 1,024.

    Each lies higher by the tolerance that counts of whole things allow.
    """
    n_steps = min(max((up_to - first) // step + 1.0, 0.0), MAX_STEPS)
    volumes: np.ndarray = (first + step * np.arange(n_steps)) / (1.0 - TOLERANCE_FRAC)
    return volumes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machines:
    """Machines, owned or rented, at the rate that one replica sustains under a plan."""

    option: MachineOption
    scenario: Scenario
    held: Machine
    capacity_req_per_s: Callable[[Plan], Num]
    one_time_usd: Num
    peak_factor: float = 1.0
    rule: Rule | None = None

    def costing(self) -> Costing:
        """These machines as functions of the plan."""
        is_owned = self.option.rental is None
        return Costing(
            option=self.option,
            ledger=self.ledger,
            n_replicas=lambda plan: self.need(plan).n_replicas,
            utilisation=lambda plan: (
                self.need(plan).utilisation_frac if is_owned else self.need(plan).paid_utilisation_frac
            ),
            n_gpus_paid=lambda plan: self.need(plan).n_gpus,
            scaled=self.scaled if self.rule else None,
            upfront_usd=self.upfront_usd if is_owned else _none,
            steps=self.steps,
            at_speed=self.at_speed,
            at_gpu_usd=self.at_gpu_usd if is_owned else None,
            gpu_usd=self.held.gpu_usd if is_owned else None,
        )

    def need(self, plan: Plan) -> Fleet:
        """The fleet of a plan."""
        rate, n_spare = self.capacity_req_per_s(plan), self.scenario.workload.finance.n_spare
        need = fleet(plan, self.held, capacity_req_per_s=rate, n_spare=n_spare, peak_factor=self.peak_factor)
        if self.rule is None:
            return need
        return scaled_fleet(
            plan, self.held, need, self.rule, capacity_req_per_s=rate, n_spare=n_spare, peak_factor=self.peak_factor
        )

    def scaled(self, plan: Plan) -> tuple[Fleet, Rule]:
        """The fleet of a plan and the rule its replicas follow; only where there is one."""
        assert self.rule is not None
        return self.need(plan), self.rule

    def ledger(self, plan: Plan) -> tuple[CostLine, ...]:
        """Everything paid for the fleet in a month, spread capital and effort included."""
        finance, need = self.scenario.workload.finance, self.need(plan)
        own = rental_lines(plan, self.held, need)
        if self.option.rental is None:
            is_powered = self.scenario.workload.site.powered_when_idle
            own = owned_lines(plan, self.held, need, method=finance.method, powered_when_idle=is_powered)
        overhead = overhead_lines(
            plan, one_time_usd=self.one_time_usd, horizon_months=finance.horizon_months,
            one_time_inputs=one_time_inputs(self.scenario),
        )  # fmt: skip
        return (*own, *overhead, *escalation_lines(self.option, self.scenario, plan))

    def upfront_usd(self, plan: Plan) -> Num:
        """The purchase of the whole fleet, spares included."""
        need = self.need(plan)
        return (1.0 + plan.spares_frac) * (need.n_gpus * self.held.gpu_usd + need.n_machines * self.held.host_usd)

    def steps(self, plan: Plan, up_to: float) -> np.ndarray:
        """The volumes that fill one replica more at the peak."""
        step = float(self.capacity_req_per_s(plan)) / float(peak_req_per_s(plan.at_volume(1.0), self.peak_factor))
        return staircase(first=step, step=step, up_to=up_to)

    def at_speed(self, factor: float) -> Costing:
        """The same machines, each replica faster by a factor."""
        return replace(self, capacity_req_per_s=lambda plan: self.capacity_req_per_s(plan) * factor).costing()

    def at_gpu_usd(self, gpu_usd: float) -> Costing:
        """The same machines at another price of an accelerator."""
        return replace(self, held=replace(self.held, gpu_usd=gpu_usd)).costing()


def machine_costing(
    option: MachineOption, scenario: Scenario, held: Machine, capacity_req_per_s: Callable[[Plan], Num],
    sampler: Sampler = base_value, *, peak_factor: float = 1.0,
) -> Costing:  # fmt: skip
    """Machines, owned or rented, at the rate one replica sustains under a plan, its peak times a factor."""
    one_time_usd: Num = 0.0
    for effort in scenario.workload.finance.one_time:
        one_time_usd = one_time_usd + sampler(f"finance.one_time.{effort.name}", effort.usd)
    return _Machines(
        option=option, scenario=scenario, held=held, capacity_req_per_s=capacity_req_per_s, one_time_usd=one_time_usd,
        peak_factor=peak_factor, rule=rule_of(option, scenario, sampler),
    ).costing()  # fmt: skip


def one_time_inputs(scenario: Scenario) -> tuple[Input, ...]:
    """Provenance of the efforts paid once."""
    return tuple(
        Input(f"finance.one_time: {effort.name}", usd.value, usd.unit, usd.source or STATED, usd.as_of, usd.kind)
        for effort in scenario.workload.finance.one_time
        for usd in (effort.usd,)
    )


def _none(_: Plan) -> Num:
    return 0.0


def _unknown(_: Plan) -> None:
    return None


def _no_steps(_: Plan, _up_to: float) -> np.ndarray:
    return np.empty(0)
