"""Which options a workload's rules allow, and why not."""

from __future__ import annotations

from collections.abc import Iterator

from tco.cost.plans import subscription_seats
from tco.describe.offer import SubscriptionOffer
from tco.describe.option import MachineOption, Option, PlanOption, TokenOption
from tco.describe.quality import Score
from tco.describe.scenario import Scenario
from tco.describe.workload import Tariff

EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK EU27".split())  # noqa: SIM905
RENTAL_REMARKS = {
    "spot": ("a spot machine may be taken away at any time: restarts are not costed",),
    "serverless": ("a cold start is not in the latency of a serverless machine",),
}
SCORE_TRUST = {"assumed": 0, "published": 1, "measured": 2, "vendor": 2}


def objections(option: Option, scenario: Scenario) -> list[str]:
    """Every rule the option, or the offer it escalates to, breaks, in words; empty when it is eligible."""
    target = scenario.escalation.get(option.tier)
    further = [] if target is None else [f"escalates to {target.id}: {why}" for why in _own(target, scenario)]
    return [*_own(option, scenario), *further]


def _own(option: Option, scenario: Scenario) -> list[str]:
    return [*model_objections(option, scenario), *seller_objections(option, scenario)]


def model_objections(option: Option, scenario: Scenario) -> list[str]:
    """Rules that the model itself breaks, whoever serves it: quality floors, context, modality."""
    return [*_context(option, scenario), *(reason for reason, _ in _floors(option, scenario) if reason)]


def seller_objections(option: Option, scenario: Scenario) -> list[str]:
    """Rules that the provider, the place or the machine breaks."""
    return [
        *_provider_rules(option, scenario),
        *_residency(option, scenario),
        *_compliance(option, scenario),
        *_availability(option, scenario),
        *_free_seats(option, scenario),
    ]


def remarks(option: Option, scenario: Scenario) -> list[str]:
    """What a reader should know although it breaks no rule."""
    notes = [note for _, note in _floors(option, scenario) if note]
    rules = scenario.workload.constraints
    if option.kind == "owned" and rules.compliance:
        notes.append(
            f"{', '.join(rules.compliance)} is yours to attest: constraints.compliance_usd_per_month is its cost"
        )
    if isinstance(option, MachineOption) and option.rental is not None:
        notes += RENTAL_REMARKS.get(option.rental.plan, ())
    return notes


def _provider_rules(option: Option, scenario: Scenario) -> Iterator[str]:
    rules = scenario.workload.constraints
    provider = _provider_id(option)
    if rules.local_only and option.tier != "self_hosted":
        yield "the workload must stay on own machines (local_only)"
    if provider in rules.exclude_providers:
        yield f"provider {provider} is excluded"


def _provider_id(option: Option) -> str:
    if isinstance(option, MachineOption):
        return option.rental.provider if option.rental else ""
    return option.offer.provider


def _residency(option: Option, scenario: Scenario) -> Iterator[str]:
    wanted = {region.lower() for region in scenario.workload.constraints.residency}
    if not wanted:
        return
    if option.kind == "owned":
        country = _site_country(scenario)
        regions = {country, "eu" if country.upper() in EU else ""}
    else:
        offered = option.offer.residency if isinstance(option, TokenOption) else None
        regions = set(offered if offered is not None else option.provider.residency if option.provider else ())
    missing, known = sorted(wanted - regions), ", ".join(sorted(filter(None, regions))) or "nothing"
    if missing:
        yield f"no evidence that data can stay in {', '.join(missing)} (known: {known})"


def _site_country(scenario: Scenario) -> str:
    """Where owned machines stand, in lower case: as stated, else the tariff's country; empty when unknown."""
    site = scenario.workload.site
    named = site.electricity.country if isinstance(site.electricity, Tariff) else ""
    return (site.country or named).lower()


def _compliance(option: Option, scenario: Scenario) -> Iterator[str]:
    wanted = {name.lower() for name in scenario.workload.constraints.compliance}
    if not wanted or option.kind == "owned":
        return
    known = set(option.provider.compliance) if option.provider else set()
    missing = sorted(wanted - known)
    if missing:
        yield f"no evidence of {', '.join(missing)} at {_provider_id(option)}"


def _context(option: Option, scenario: Scenario) -> Iterator[str]:
    plan = scenario.plan(option.model_id)
    longest = float(plan.input_tok + plan.output_tok + plan.reasoning_tok)
    limits = [option.model.context_tok if option.model else None]
    if isinstance(option, TokenOption):
        limits.append(option.offer.context_tok)
    known = [limit for limit in limits if limit]
    if known and longest > min(known):
        yield f"needs a context of {longest:,.0f} tokens; the offer has {min(known):,}"
    answer = float(plan.output_tok + plan.reasoning_tok)
    if isinstance(option, TokenOption) and option.offer.max_output_tok and answer > option.offer.max_output_tok:
        yield f"needs answers of {answer:,.0f} tokens; the offer stops at {option.offer.max_output_tok:,}"
    if option.model and option.model.modality == "speech":
        yield f"{option.model.id} makes speech: it has no price per text token"


def _availability(option: Option, scenario: Scenario) -> Iterator[str]:
    if isinstance(option, TokenOption) and option.offer.retired and option.offer.retired <= scenario.as_of:
        yield f"the offer ended on {option.offer.retired}"
    if not isinstance(option, MachineOption):
        return
    hardware, country = option.hardware, _site_country(scenario)
    if hardware.status == "announced" and not (hardware.available_from and hardware.available_from <= scenario.as_of):
        yield f"{hardware.id} is announced, available from {hardware.available_from or 'an unknown date'}"
    if option.kind == "owned" and country in {each.lower() for each in hardware.not_for_sale_in}:
        yield f"{hardware.id} may not be sold to {country.upper()}"


def _free_seats(option: Option, scenario: Scenario) -> Iterator[str]:
    """A free seat is one person's: no number of them is an offer."""
    if not isinstance(option, PlanOption) or not isinstance(option.offer, SubscriptionOffer):
        return
    if option.offer.usd_per_seat_month.value == 0 and option.offer.messages_per_day is not None:
        seats = float(subscription_seats(option.offer, scenario.plan(option.model_id)))
        if seats > 1:
            yield f"a free seat is one person's; the workload needs {seats:,.0f}"


def _floors(option: Option, scenario: Scenario) -> Iterator[tuple[str, str]]:
    """For each floor of the workload (reason when missed, note when another row would turn it).

    A score reached with thinking counts for a workload that pays for thinking; where only such a score
    is known and no reasoning tokens are stated, a note says that the bill is then too low.
    """
    thinks = float(scenario.plan(option.model_id).reasoning_tok) > 0
    for name, floor in scenario.workload.quality.floor.items():
        benchmark = name.replace("_", "-")
        rows = [row for row in scenario.scores_of(option.model_id, benchmark) if row.metric == "pass@1"]
        if not rows:
            yield f"no pass@1 score on {benchmark} is known; the floor is {floor:g}", ""
            continue
        like = [row for row in rows if with_thinking(row) == thinks] or rows
        best = max(like, key=_trust)
        other = next((row for row in rows if (row.score >= floor) != (best.score >= floor)), None)
        turned = f"; {_cited(other)} would turn this" if other else ""
        if best.score < floor:
            yield f"{benchmark} {_cited(best)} is under the floor of {floor:g}{turned}", ""
            continue
        yield "", f"{benchmark} {_cited(best)}{turned}" if other else ""
        if with_thinking(best) and not thinks:
            said = "was reached with thinking; tokens.reasoning is 0: the bill may be far too low"
            yield "", f"{benchmark} {best.score:g} {said}"


def with_thinking(row: Score) -> bool:
    """Whether a score was reached with reasoning tokens, as its harness or note says."""
    said = f"{row.harness} {row.note}".lower()
    return "no thinking" not in said and any(word in said for word in ("thinking", "effort", "budget forcing"))


def _trust(row: Score) -> tuple[int, str]:
    return SCORE_TRUST[row.kind], row.as_of.isoformat()


def _cited(row: Score) -> str:
    return f"{row.score:g} ({row.kind}, {row.as_of}, {row.source})"
