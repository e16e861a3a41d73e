"""The words of the chart: question, answer, names of lines and crossings, footer."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tco import __version__
from tco.decide.assess import Result
from tco.decide.verdict import TIER_NAMES
from tco.decide.versus import BreakEven
from tco.describe.option import MachineOption, TokenOption
from tco.evaluate import Comparison
from tco.report import facts
from tco.report.series import N_DRAWS, Dot, shown
from tco.report.text import short, usd

FOOTER_CHARS = 222
NEAR_FRAC = 0.12  # crossings closer than this share one label


def is_machine(result: Result) -> bool:
    """Whether an option is machines, owned or rented."""
    return isinstance(result.option, MachineOption)


def label(result: Result) -> tuple[str, str]:
    """The name of a line in two lines: what is bought, then the model and who sells it."""
    option = result.option
    if isinstance(option, MachineOption):
        per = f"{result.n_gpus}x " if result.n_gpus and result.n_gpus > 1 else ""
        model = option.id.rpartition("/")[2]
        if option.rental is None:
            return f"own {per}{option.hardware.id}", model
        return f"rent {per}{option.hardware.id}", f"{model}, {option.rental.provider}"
    kind = TIER_NAMES[option.tier] if isinstance(option, TokenOption) else option.kind
    return option.model_id or option.id, f"{kind}, {option.offer.provider}"


def name(result: Result) -> str:
    """A line's name on one line, for sentences."""
    option = result.option
    if isinstance(option, MachineOption):
        return f"{label(result)[0]} ({option.model_id})"
    return option.id


def question(compared: Comparison) -> str:
    """The title."""
    return f"{compared.scenario.workload.name}: API, budget cloud or own machines?"


def answer(compared: Comparison) -> list[str]:
    """The answer in at most two lines: the cheapest today, then when that changes."""
    by_id = {result.option.id: result for result in compared.results}
    winner = by_id.get(compared.verdict.cheapest or "")
    if winner is None:
        return ["No option can serve this workload; `tco compare` gives the reason for each."]
    base = float(compared.scenario.plan().requests_per_month)
    today = (
        f"At {short(base)} requests a month the cheapest is {name(winner)}, {usd(winner.usd_per_month)} USD a month."
    )
    of_winner = [each for each in compared.break_evens if winner.option.id in (each.own, each.versus)]
    later = [change(each, by_id) for each in (*of_winner, *compared.break_evens)[:1]]
    return [today, *later]


def change(each: BreakEven, by_id: dict[str, Result]) -> str:
    """When the answer of one duel changes."""
    own, versus = name(by_id[each.own]), name(by_id[each.versus])
    own = own[0].upper() + own[1:] if is_machine(by_id[each.own]) else own
    if each.requests_per_month is not None:
        return f"{own} beats {versus} from {short(each.requests_per_month)} requests a month."
    if each.cheaper_between:
        return f"{own} is cheaper than {versus} at every volume searched."
    return f"{own} is never cheaper than {versus} at any volume searched."


def groups(dots: Sequence[Dot]) -> list[list[Dot]]:
    """Crossings so near to each other that they share a label; dots rise in volume."""
    found: list[list[Dot]] = []
    for dot in dots:
        if found and dot.volume <= found[-1][0].volume * (1.0 + NEAR_FRAC) and _alike(dot.usd, found[-1][0].usd):
            found[-1].append(dot)
        else:
            found.append([dot])
    return found


def _alike(usd: float, other: float) -> bool:
    return abs(usd - other) <= 3.0 * NEAR_FRAC * max(usd, other)


def crossing(group: Sequence[Dot]) -> str:
    """The volume of a crossing, or of several as a span."""
    first, last = short(group[0].volume), short(group[-1].volume)
    return first if first == last else f"{first} – {last}"


def footer(compared: Comparison) -> list[str]:
    """Day, prices and their age, sheets, version: what a reader needs to check or repeat the chart."""
    scenario = compared.scenario
    days = [(name(result), facts.price_day(result, scenario.as_of)) for result in shown(compared)]
    prices = ", ".join(f"{label_} {day}" for label_, day in days if day)
    bands = f"Bands: p10 – p90 of {N_DRAWS} draws, seed {compared.seed}. " if compared.n_draws else ""
    money = scenario.currency
    rate = "" if money.code == "USD" else f", {money.code} at {money.source}"
    text = (
        f"{bands}Dots: crossings, in two colours and with the requests a month where machines first become cheaper. "
        f"Solid: machines; dashed: paid by use or by seat. Prices of: {prices}. "
        f"tco {__version__}, as of {scenario.as_of}, price sheets {', '.join(scenario.sheets) or 'none'}, "
        f"a month is 730 h{rate}."
    )
    return textwrap.wrap(text, FOOTER_CHARS, break_long_words=False, break_on_hyphens=False)
