"""Which options a workload's rules allow, and why not."""

from __future__ import annotations

from collections.abc import Iterator

from tco.describe.option import MachineOption, Option, TokenOption
from tco.describe.quality import Score
from tco.describe.scenario import Scenario
from tco.describe.workload import Tariff

EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK EU27".split())
SCORE_TRUST = {"assumed": 0, "published": 1, "measured": 2, "vendor": 2}


def objections(option: Option, scenario: Scenario) -> list[str]:
    """Every rule the option breaks, in words; empty when it is eligible."""
    return [
        *_provider_rules(option, scenario),
        *_residency(option, scenario),
        *_compliance(option, scenario),
        *_context(option, scenario),
        *_availability(option, scenario),
        *(reason for reason, _ in _floors(option, scenario) if reason),
    ]


def remarks(option: Option, scenario: Scenario) -> list[str]:
    """What a reader should know although it breaks no rule."""
    return [note for _, note in _floors(option, scenario) if note]


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
        place = scenario.workload.site.electricity
        country = place.country.upper() if isinstance(place, Tariff) else None
        regions = {country.lower(), "eu" if country in EU else ""} if country else wanted
    else:
        offered = option.offer.residency if isinstance(option, TokenOption) else None
        regions = set(offered if offered is not None else option.provider.residency if option.provider else ())
    missing = sorted(wanted - regions)
    if missing:
        yield f"no evidence that data can stay in {', '.join(missing)} (known: {', '.join(sorted(filter(None, regions))) or 'nothing'})"


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
    if option.model and option.model.modality == "speech":
        yield f"{option.model.id} makes speech: it has no price per text token"


def _availability(option: Option, scenario: Scenario) -> Iterator[str]:
    if not isinstance(option, MachineOption):
        return
    hardware, place = option.hardware, scenario.workload.site.electricity
    if hardware.status == "announced" and not (hardware.available_from and hardware.available_from <= scenario.as_of):
        yield f"{hardware.id} is announced, available from {hardware.available_from or 'an unknown date'}"
    country = place.country.lower() if isinstance(place, Tariff) else ""
    if option.kind == "owned" and country in {each.lower() for each in hardware.not_for_sale_in}:
        yield f"{hardware.id} may not be sold to {country.upper()}"


def _floors(option: Option, scenario: Scenario) -> Iterator[tuple[str, str]]:
    """For each floor of the workload (reason when missed, note when another row would turn it)."""
    for name, floor in scenario.workload.quality.floor.items():
        benchmark = name.replace("_", "-")
        rows = [
            row
            for row in scenario.scores
            if (row.model, row.benchmark, row.metric) == (option.model_id, benchmark, "pass@1")
        ]
        if not rows:
            yield f"no pass@1 score on {benchmark} is known; the floor is {floor:g}", ""
            continue
        best = max(rows, key=_trust)
        other = next((row for row in rows if (row.score >= floor) != (best.score >= floor)), None)
        turned = f"; {_cited(other)} would turn this" if other else ""
        if best.score < floor:
            yield f"{benchmark} {_cited(best)} is under the floor of {floor:g}{turned}", ""
        else:
            yield "", f"{benchmark} {_cited(best)}{turned}" if other else ""


def _trust(row: Score) -> tuple[int, str]:
    return SCORE_TRUST[row.kind], row.as_of.isoformat()


def _cited(row: Score) -> str:
    return f"{row.score:g} ({row.kind}, {row.as_of}, {row.source})"
