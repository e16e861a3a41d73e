"""The report of ``tco compare`` in a terminal: the answer, the tiers side by side, every option, what stands behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from tco.decide.assess import Result
from tco.decide.verdict import TIER_NAMES, best_by_tier
from tco.describe.scenario import Currency, Scenario
from tco.evaluate import Comparison
from tco.report import behind, facts
from tco.report.grid import Column, Row, grid, side_by_side
from tco.report.record import joules_per_tok
from tco.report.text import (
    DASH,
    age,
    days_old,
    figures,
    milliseconds,
    percent,
    plain,
    plural,
    price,
    prose,
    section,
    span,
    usd,
)
from tco.units import TOK_PER_MTOK

FILE_WIDTH = 120  # of a report redirected to a file, unless COLUMNS says otherwise

COLUMNS = (
    Column(("USD", "/month")),
    Column(("local", "/month"), 1),
    Column(("p10 – p90", "USD/month"), 2),
    Column(("wins", "draws"), 5),
    Column(("USD", "/Mtok"), 1),
    Column(("USD/Mtok", "output"), 3),
    Column(("USD", "/request"), 4),
    Column(("replicas", "x GPUs"), 2),
    Column(("used",), 3),
    Column(("latency", "TTFT / ITL"), 6),
    Column(("latency", "is"), 7),
    Column(("J/tok", "output"), 9),
    Column(("price", "age"), 8),
)


def console() -> Console:
    """Standard output, as wide as the terminal; redirected, as wide as a page unless COLUMNS says otherwise."""
    wide = Console(file=sys.stdout, highlight=False)
    if wide.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return wide
    return Console(file=sys.stdout, highlight=False, width=FILE_WIDTH)


def say(out: Console, lines: Sequence[Text]) -> None:
    """Print lines as they are: they were made for the width, and a long word is the terminal's to wrap."""
    for line in lines:
        out.print(line, soft_wrap=True)


def show(compared: Comparison, *, top: int, include_infeasible: bool) -> None:
    """Print the whole report."""
    out = console()
    width = out.width
    parts = [
        *heading(compared.scenario, width),
        *answer(compared, width),
        *tiers(compared, width),
        *options(compared, top=top, width=width),
        *behind.break_evens(compared.break_evens, width),
        *behind.infeasible(compared.results, each=include_infeasible, width=width),
        *left_out(compared, each=include_infeasible, width=width),
        *behind.assumed(compared.scenario, width),
        *behind.notes(compared, width),
        *behind.footer(compared, width),
    ]
    say(out, parts)


def heading(scenario: Scenario, width: int) -> list[Text]:
    """What is asked: the workload in one sentence, its limits in another."""
    plan, workload = scenario.plan(), scenario.workload
    samples = f", {plan.n_samples} samples each" if plan.n_samples > 1 else ""
    cached = f" ({percent(float(plan.cached_input_frac))} cached)" if float(plan.cached_input_frac) else ""
    asked = (
        f"{plural(float(plan.requests_per_month), 'request')} a month, each of {figures(float(plan.input_tok))} "
        f"prompt tokens{cached} and {figures(float(plan.output_tok + plan.reasoning_tok))} generated{samples}: "
        f"{figures(float(plan.requests_per_month * plan.tok_per_request) / TOK_PER_MTOK)} million tokens a month, "
        f"at prices of {scenario.as_of}."
    )
    lines = [Text(workload.name, style="bold"), prose(asked, width, indent=0)]
    names = {name: figure for name in type(workload.slo).model_fields if (figure := getattr(workload.slo, name))}
    if names:
        limits = ", ".join(f"{_limit(name)} at most {milliseconds(figure.value)}" for name, figure in names.items())
        lines.append(prose(f"Latency limits: {limits}.", width, indent=0))
    return lines


def _limit(name: str) -> str:
    kind, _, at = name.partition("_")
    return f"{kind.upper()} {at}" if at else "whole answer"


def answer(compared: Comparison, width: int) -> list[Text]:
    """The verdict."""
    text = prose(f"Verdict: {compared.verdict.text}", width, indent=0)
    text.stylize("bold", 0, len("Verdict:"))
    return [Text(""), text]


def tiers(compared: Comparison, width: int) -> list[Text]:
    """The cheapest option of each tier in columns; nothing when no tier has one."""
    best = best_by_tier(compared.results)
    if not best:
        return []
    held = [best[tier] for tier in TIER_NAMES if tier in best]
    heads = [(TIER_NAMES[result.option.tier], result.option.id) for result in held]
    winner = next((i for i, result in enumerate(held) if result.option.id == compared.verdict.cheapest), None)
    rows = [
        (label, [str(cell) for cell in cells]) for label, cells in _measures(held, compared) if set(cells) != {DASH}
    ]
    lines = side_by_side(heads, rows, width=width, best=winner)
    absent = (f"{name}: {why_absent(tier, compared)}." for tier, name in TIER_NAMES.items() if tier not in best)
    lines += [prose(text, width, indent=0) for text in absent]
    money = compared.scenario.currency
    if money.code != "USD":
        lines.append(prose(f"{money.code} at {exchange_rate(money)}", width, indent=0))
    return [section("Cheapest of each tier"), *lines]


def why_absent(tier: str, compared: Comparison) -> str:
    """Why a tier has no option to show: none was asked for, a rule leaves none, or none can serve."""
    scenario = compared.scenario
    if tier not in scenario.tiers:
        return "no option was asked for"
    if scenario.workload.constraints.local_only and tier != "self_hosted":
        return "constraints.local_only leaves no option"
    n_refused = sum(result.option.tier == tier for result in compared.results)
    if n_refused == 0:
        return "no option of the catalogue can serve this workload"
    who = "its only option cannot" if n_refused == 1 else f"none of its {n_refused} options can"
    return f"{who} serve this workload; the reasons are below"


def _measures(held: Sequence[Result], compared: Comparison) -> list[tuple[str, list[str]]]:
    on, money = compared.scenario.as_of, compared.scenario.currency
    days = [facts.price_day(result, on) for result in held]
    at = sorted({facts.percentile(result) for result in held if result.sized}) or [95]
    p = "/".join(f"p{each}" for each in at)
    return [
        ("USD per month", [usd(result.usd_per_month) for result in held]),
        (f"{money.code} per month", [converted(result.usd_per_month, compared.scenario) for result in held]),
        ("  p10 – p90", [span(result.usd_per_month_p10, result.usd_per_month_p90) for result in held]),
        ("  median of draws", [price(result.usd_per_month_p50) for result in held]),
        ("  wins, of draws", [percent(result.win_frac) for result in held]),
        ("USD per Mtok, all", [price(result.usd_per_mtok) for result in held]),
        ("USD per Mtok, output", [price(result.usd_per_mtok_output) for result in held]),
        ("USD per request", [price(result.usd_per_request) for result in held]),
        ("USD per right answer", [price(result.usd_per_correct) for result in held]),
        ("replicas x GPUs", [facts.machines(result) for result in held]),
        ("utilisation", [percent(facts.used_frac(result)) for result in held]),
        (f"TTFT {p}", [milliseconds(facts.latency_s(result)[0]) for result in held]),
        (f"ITL {p}", [milliseconds(facts.latency_s(result)[1]) for result in held]),
        ("latency is", [facts.basis(result) for result in held]),
        ("J per output token", [figures(joules_per_tok(result)) for result in held]),
        ("price of", [str(day or DASH) for day in days]),
        ("  its age", [days_old(day, on) for day in days]),
    ]


def options(compared: Comparison, *, top: int, width: int) -> list[Text]:
    """The feasible options, the cheapest of each tier first."""
    rows: list[Row] = []
    for tier, name in TIER_NAMES.items():
        results = [result for result in compared.results if result.feasible and result.option.tier == tier]
        if not results:
            continue
        rows.append(Row(name))
        shown = shortlist(results, top)
        rows += [_row(result, compared) for result in shown]
        if len(results) > len(shown):
            rows.append(Row(f"  and {len(results) - len(shown)} more; --top {len(results)} shows them", style="dim"))
    if not rows:
        return []
    used = [i for i in range(len(COLUMNS)) if {row.cells[i] for row in rows if row.cells} != {DASH}]
    kept = [Row(row.key, tuple(row.cells[i] for i in used) if row.cells else (), row.style) for row in rows]
    code = compared.scenario.currency.code
    named = [replace(each, header=tuple(code if part == "local" else part for part in each.header)) for each in COLUMNS]
    return [section("Options"), *grid([named[i] for i in used], kept, width=width, key="option")]


def left_out(compared: Comparison, *, each: bool, width: int) -> list[Text]:
    """Entries of the catalogue that a tier of `all` does not show: searched and refused, or not on offer."""
    entries = compared.left_out
    if not entries:
        return []
    if not each:
        counted = plural(float(len(entries)), "offer or machine")
        return [prose(f"{counted} of the catalogue fell out; --include-infeasible lists each with its reason.", width)]
    return [section("Fell out of a search"), *(prose(f"{name}: {why}", width) for name, why in entries)]


def shortlist(results: Sequence[Result], top: int) -> list[Result]:
    """The cheapest options of a tier, and the cheapest of every way of paying that is not among them."""
    kinds = {result.option.kind for result in results[:top]}
    others: dict[str, Result] = {}
    for result in results[top:]:
        if result.option.kind not in kinds:
            others.setdefault(result.option.kind, result)
    return [*results[:top], *others.values()]


def _row(result: Result, compared: Comparison) -> Row:
    best = result.option.id == compared.verdict.cheapest
    day = facts.price_day(result, compared.scenario.as_of)
    cells = (
        usd(result.usd_per_month),
        converted(result.usd_per_month, compared.scenario),
        span(result.usd_per_month_p10, result.usd_per_month_p90),
        percent(result.win_frac),
        price(result.usd_per_mtok),
        price(result.usd_per_mtok_output),
        price(result.usd_per_request),
        facts.machines(result),
        percent(facts.used_frac(result)),
        facts.latency(result),
        facts.basis(result),
        figures(joules_per_tok(result)),
        days_old(day, compared.scenario.as_of),
    )
    return Row(f"  {result.option.id}", cells, "bold green" if best else "")


def price_line(result: Result, scenario: Scenario) -> str:
    """Since when an option's price has been in force, and the day it was last read where that is later."""
    since, seen = facts.price_day(result, scenario.as_of), facts.price_seen(result, scenario.as_of)
    text = age(since, scenario.as_of)
    return f"price in force since {text}, last seen {age(seen, scenario.as_of)}" if seen else f"price of {text}"


def converted(value: float | None, scenario: Scenario) -> str:
    """A bill in the workload's own currency; a dash where that is USD."""
    money = scenario.currency
    return DASH if value is None or money.code == "USD" else usd(value / money.usd_per_unit)


def in_currency(result: Result, scenario: Scenario) -> str:
    """A bill in the workload's own currency with its rate, for a heading; nothing where that is USD."""
    money = scenario.currency
    if money.code == "USD" or result.usd_per_month is None:
        return ""
    return f"; {converted(result.usd_per_month, scenario)} {money.code} a month at {exchange_rate(money)}"


def exchange_rate(money: Currency) -> str:
    """The dated rate between a currency and USD, with its source."""
    return money.source or f"{plain(money.usd_per_unit)} USD/{money.code}"
