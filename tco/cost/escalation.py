"""Requests that a tier cannot answer well and sends on: their cost on the ledger of the tier that sends them."""

from __future__ import annotations

from tco.cost.ledger import CostLine, total_usd_per_month
from tco.cost.tokens import token_lines
from tco.describe.option import Option
from tco.describe.plan import Plan
from tco.describe.scenario import Scenario
from tco.price.rates import adjustments_in_force
from tco.price.tokens import quote


def residency(scenario: Scenario) -> frozenset[str]:
    """The regions in which the workload's data must stay."""
    return frozenset(region.lower() for region in scenario.workload.constraints.residency)


def escalation_lines(option: Option, scenario: Scenario, plan: Plan) -> tuple[CostLine, ...]:
    """Requests this tier sends on, at the price of the tier they go to."""
    rule = scenario.workload.quality.escalation.get(option.tier)
    target = scenario.escalation.get(option.tier)
    if rule is None or target is None:
        return ()
    offer = target.offer
    own_counts = scenario.workload.tokens.per_model.keys() & {option.model_id, offer.model}
    there = scenario.plan(offer.model).at_volume(plan.requests_per_month) if own_counts else plan
    found = quote(
        offer, scenario.as_of, prompt_tok=there.input_tok, batch_frac=there.batch_frac,
        allow_rumoured=scenario.allow_rumoured, residency=residency(scenario),
    )  # fmt: skip
    lines = token_lines(
        found,
        there,
        cache_ttl=scenario.workload.tokens.cache_ttl,
        adjustments=adjustments_in_force(offer, scenario.as_of, residency(scenario)),
    )
    usd_per_request = total_usd_per_month(lines) / plan.requests_per_month
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
            trend="api",
        ),
    )
