"""What stands behind a comparison: break-evens, refusals, assumptions, notes, provenance."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tco import __version__
from tco.decide.assess import Result
from tco.decide.breakeven import CHEAPER
from tco.decide.verdict import best_by_tier
from tco.decide.versus import BreakEven
from tco.describe.plan import FIELDS
from tco.describe.record import Figure
from tco.describe.scenario import Scenario
from tco.evaluate import Comparison
from tco.report.text import figures, percent, plain, plural, prose, section, usd
from tco.units import TOK_PER_MTOK

MAX_SPANS, MAX_IDS = 4, 6  # of a list, before "and … more"


def break_evens(found: Sequence[BreakEven], width: int) -> list[Text]:
    """Each duel: who against whom, from which volume, and when the purchase is paid back."""
    lines = [section("Break-even")] if found else []
    for each in found:
        day = each.versus_price_as_of or "an unstated day"
        sides = prose(f"{each.own} against {each.versus} (price of {day})", width)
        sides.stylize("bold", 2, 2 + len(each.own))
        lines.append(sides)
        lines.append(prose(volume_text(each), width, indent=4))
        lines.append(prose(f"payback: {payback_text(each)}", width, indent=4))
    return lines


def volume_text(each: BreakEven) -> str:
    """Where own is cheaper, on the staircase."""
    if each.requests_per_month is None or each.tok_per_month is None:
        return each.reason
    used = ""
    if each.utilisation_frac is not None and each.n_replicas is not None:
        used = f", {percent(each.utilisation_frac)} of {plural(each.n_replicas, 'replica')} used"
    start, below = "cheaper from", ""
    if each.cheaper_between and each.cheaper_between[0][0] < each.requests_per_month:
        below = f"below {figures(each.cheaper_between[0][1], 4)}"
        start = f"cheaper {below} requests a month and again from"
    mtok = figures(each.tok_per_month / TOK_PER_MTOK, 4)
    text = f"{start} {figures(each.requests_per_month, 4)} requests a month ({mtok} Mtok{used})"
    dearer = [
        crossing
        for crossing in each.crossings
        if crossing.direction != CHEAPER and crossing.volume > each.requests_per_month
    ]
    if not dearer:
        return text
    pieces = [(low, high) for low, high in each.cheaper_between if low >= each.requests_per_month]
    spans = "; ".join(f"{figures(low, 4)} to {figures(high, 4)}" for low, high in pieces[:MAX_SPANS])
    more = f" and in {len(pieces) - MAX_SPANS} more intervals" if len(pieces) > MAX_SPANS else ""
    only = f"only {below} and from" if below else "only from"
    return f"{text}; machines come whole, so {only} {spans}{more}"


def payback_text(each: BreakEven) -> str:
    """Months until the purchase is earned back, with the spread of the trends."""
    spread = _over_trends(each)
    if each.payback_months is None:
        return each.payback_reason + (f"; {spread}" if spread else "")
    late = each.payback_discounted_months
    discounted = f"{late:.1f} months discounted at the WACC" if late is not None else each.payback_reason
    return f"{each.payback_months:.1f} months{f' ({spread})' if spread else ''}, {discounted}"


def _over_trends(each: BreakEven) -> str:
    """The p10 and p90 of the payback; nothing where they say no more than the central case."""
    ends = each.payback_months_p10, each.payback_months_p90
    if ends == (each.payback_months, each.payback_months):
        return ""
    low, high = (f"{end:.1f}" if end is not None else "never" for end in ends)
    return f"{low} – {high} over the trends' range"


def infeasible(results: Sequence[Result], *, each: bool, width: int) -> list[Text]:
    """Options that cannot serve the workload: each with its reasons, or grouped by the first one."""
    out = [result for result in results if not result.feasible]
    if not out:
        return []
    lines = [section(f"Cannot serve this workload: {len(out)}")]
    if each:
        whole = (f"{result.option.id}{_would_cost(result)}: {'; '.join(_reasons(result))}" for result in out)
        return [*lines, *(prose(text, width) for text in whole)]
    groups: dict[str, list[str]] = {}
    for result in out:
        more = f" (and {len(result.reasons) - 1} more)" if len(result.reasons) > 1 else ""
        groups.setdefault(_reasons(result)[0] + more, []).append(result.option.id)
    for reason, ids in groups.items():
        more = f" and {len(ids) - MAX_IDS} more" if len(ids) > MAX_IDS else ""
        lines.append(prose(f"{', '.join(ids[:MAX_IDS])}{more}: {reason}", width))
    return [*lines, Text("  --include-infeasible shows each with all its reasons", style="dim")]


def _would_cost(result: Result) -> str:
    return "" if result.usd_per_month is None else f" (would cost {usd(result.usd_per_month)} USD a month)"


def _reasons(result: Result) -> list[str]:
    """The reasons without the option's own name in front, so that equal ones group."""
    return [reason.removeprefix(f"{result.option.id}: ").rstrip(".") for reason in result.reasons]


def assumed(scenario: Scenario, width: int) -> list[Text]:
    """Defaults that nobody stated, with their reasons: those that are something first, then those left at zero.

    The price of electricity comes last, under a heading of its own where the workload says where it is from.
    """
    held = scenario.plan().figures
    rows = [(FIELDS[name], figure) for name, figure in held.items() if figure.source.startswith("default:")]
    lines = [section(f"Assumed, because the workload does not say ({len(rows)})")] if rows else [section("Assumed")]
    counted = [(path, figure) for path, figure in rows if figure.value != 0 or figure.low is not None]
    for path, figure in counted:
        lines.append(prose(f"{path} = {quantity(figure)}: {figure.source.removeprefix('default: ')}", width))
    zero = [
        f"{path} ({figure.source.removeprefix('default: ')})" for path, figure in rows if (path, figure) not in counted
    ]
    if zero:
        lines.append(prose(f"left at zero: {'; '.join(zero)}", width))
    power = scenario.electricity
    if "electricity" in scenario.workload.site.model_fields_set:
        lines.append(section("Electricity, as the workload says"))
    day = f", {power.as_of}" if power.as_of else ""
    lines.append(
        prose(f"site.electricity = {quantity(power)} [{power.kind}{day}] {power.note} {power.source}".rstrip(), width)
    )
    return lines


def quantity(figure: Figure) -> str:
    """A figure with its unit and range; shares as percentages."""
    is_share = figure.unit.startswith("frac")
    per = figure.unit.removeprefix("frac").replace("/", " a ")
    unit = f"%{per}" if is_share else {"ratio": " x", "count": ""}.get(figure.unit, f" {figure.unit}")
    factor = 100.0 if is_share else 1.0
    between = ""
    if figure.low is not None and figure.high is not None:
        between = f" ({plain(factor * figure.low)} – {plain(factor * figure.high)})"
    return f"{plain(factor * figure.value)}{unit}{between}"


def notes(compared: Comparison, width: int) -> list[Text]:
    """What a reader should know about the cheapest option of each tier, then warnings."""
    best = best_by_tier(compared.results).values()
    noted = [result for result in best if result.notes]
    lines = [section("Notes on the cheapest of each tier")] if noted else []
    lines += [prose(f"{result.option.id}: {'; '.join(result.notes)}", width) for result in noted]
    for text in compared.scenario.warnings:
        line = prose(f"warning: {text}", width)
        line.stylize("yellow")
        lines.append(line)
    return lines


def footer(compared: Comparison, width: int) -> list[Text]:
    """What a reader needs to get the same report again."""
    scenario = compared.scenario
    draws = (
        f"{plural(compared.n_draws, 'draw')} with seed {compared.seed}"
        if compared.n_draws
        else "no draws, so no ranges"
    )
    text = (
        f"tco {__version__}, price sheets {', '.join(scenario.sheets) or 'none'}, as of {scenario.as_of}, {draws}, "
        "a month is 730 h. "
        "USD per Mtok counts all tokens, per Mtok output the whole bill over generated tokens alone. "
        "`tco explain WORKLOAD OPTION` shows formula, source and date behind each dollar."
    )
    line = prose(text, width, indent=0)
    line.stylize("dim")
    return [Text(""), line]
