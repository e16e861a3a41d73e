"""The report of ``tco compare`` in a terminal: the tiers side by side, then what stands behind them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from tco import __version__
from tco.decide.assess import Result
from tco.decide.verdict import TIER_NAMES
from tco.decide.versus import BreakEven
from tco.describe.option import MachineOption
from tco.describe.plan import FIELDS
from tco.describe.scenario import Scenario
from tco.evaluate import Comparison
from tco.report.record import joules_per_tok
from tco.report.text import age, figures, milliseconds, percent, span, usd

MIN_WIDTH = 132  # a redirected report is as wide as its table needs


def console() -> Console:
    """Standard output, as wide as the terminal, or wide enough for the table when redirected."""
    wide = Console(file=sys.stdout, highlight=False)
    return wide if wide.is_terminal else Console(file=sys.stdout, highlight=False, width=max(wide.width, MIN_WIDTH))


def show(compared: Comparison, *, top: int, include_infeasible: bool) -> None:
    """Print the whole report."""
    out = console()
    out.print(heading(compared.scenario))
    out.print(options(compared, top=top))
    out.print(Text("\nVerdict: ", style="bold") + Text(compared.verdict.text, style="none"))
    out.print(break_evens(compared.break_evens))
    out.print(infeasible(compared.results, each=include_infeasible))
    out.print(assumed(compared.scenario))
    out.print(footer(compared))


def heading(scenario: Scenario) -> Text:
    """What is asked, in two lines."""
    plan, workload = scenario.plan(), scenario.workload
    samples = f" x {plan.n_samples} samples" if plan.n_samples > 1 else ""
    cached = f" ({percent(float(plan.cached_input_frac))} cached)" if float(plan.cached_input_frac) else ""
    text = Text(f"{workload.name}", style="bold")
    text.append(
        f"  {figures(float(plan.requests_per_month), 4)} requests/month, each {figures(float(plan.input_tok), 4)} prompt tokens{cached} "
        f"and {figures(float(plan.output_tok + plan.reasoning_tok), 4)} generated{samples}; "
        f"{figures(float(plan.requests_per_month * plan.tok_per_request) / 1e6, 4)} Mtok/month; prices of {scenario.as_of}\n",
        style="none",
    )
    limits = {name: figure for name in type(workload.slo).model_fields if (figure := getattr(workload.slo, name))}
    if limits:
        text.append("SLO: " + ", ".join(f"{name} {milliseconds(figure.value)}" for name, figure in limits.items()) + "\n")
    return text


def options(compared: Comparison, *, top: int) -> Table:
    """The feasible options, the cheapest of each tier first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("option", overflow="fold", min_width=30)
    for name in ("USD/month", "p10 – p90", "USD/Mtok", "USD/Mtok out", "USD/request", "machines", "used", "TTFT / ITL", "J/tok", "price of"):
        table.add_column(name, justify="right", no_wrap=True)
    shown = 0
    for tier, name in TIER_NAMES.items():
        results = [result for result in compared.results if result.feasible and result.option.tier == tier]
        if not results:
            continue
        table.add_row(Text(name, style="bold"), *[""] * 10)
        for result in results[:top]:
            table.add_row(*_row(result, compared))
            shown += 1
        if len(results) > top:
            table.add_row(Text(f"  … {len(results) - top} more; --top {len(results)} shows them", style="dim"), *[""] * 10)
    return table


def _row(result: Result, compared: Comparison) -> tuple[str | Text, ...]:
    capacity = result.capacity
    best = result.option.id == compared.verdict.cheapest
    return (
        Text(f"  {result.option.id}", style="bold green" if best else ""),
        usd(result.usd_per_month),
        span(result.usd_per_month_p10, result.usd_per_month_p90),
        figures(result.usd_per_mtok),
        figures(result.usd_per_mtok_output),
        figures(result.usd_per_request),
        _machines(result),
        percent(_used(result)),
        f"{milliseconds(capacity.ttft_s)} / {milliseconds(capacity.itl_s)}" if capacity else "–",
        figures(joules_per_tok(result)),
        age(_price_day(result), compared.scenario.as_of),
    )


def _machines(result: Result) -> str:
    if result.costing is None or not isinstance(result.option, MachineOption):
        return "–"
    n = float(result.costing.n_replicas(result.plan))
    return f"{n:,.0f} x {result.n_gpus} GPU"


def _used(result: Result) -> float | None:
    used = result.costing.utilisation(result.plan) if result.costing else None
    return None if used is None else float(used)


def _price_day(result: Result):  # type: ignore[no-untyped-def]
    names = ("input", "output", "rental", "capital: accelerators", "subscription", "outcomes", "provisioned")
    return max((line.as_of for line in result.lines if line.as_of and line.name.startswith(names)), default=None)


def break_evens(found: Sequence[BreakEven]) -> Group | Text:
    """Each duel in a line or two."""
    if not found:
        return Text("")
    lines = [Text("\nBreak-even", style="bold")]
    for each in found:
        lines.append(Text(f"  {each.own} against {each.versus} (price of {each.versus_price_as_of or 'an unstated day'}):"))
        lines.append(Text(f"    {volume_text(each)}"))
        lines.append(Text(f"    payback: {payback_text(each)}"))
    return Group(*lines)


def volume_text(each: BreakEven) -> str:
    """Where own is cheaper, on the staircase."""
    if each.requests_per_month is None or each.tok_per_month is None:
        return each.reason
    text = (
        f"cheaper from {figures(each.requests_per_month, 4)} requests/month ({figures(each.tok_per_month / 1e6, 4)} Mtok, "
        f"{percent(each.utilisation_frac)} of {figures(each.n_replicas, 4)} replicas used)"
    )
    dearer = [crossing for crossing in each.crossings if crossing.direction != "own becomes cheaper"]
    if dearer:
        spans = "; ".join(f"{figures(low, 4)} to {figures(high, 4)}" for low, high in each.cheaper_between[:4])
        more = f" and {len(each.cheaper_between) - 4} more intervals" if len(each.cheaper_between) > 4 else ""
        text += f"; whole machines make it cheaper only from {spans}{more}"
    return text


def payback_text(each: BreakEven) -> str:
    """Months until the purchase is earned back."""
    if each.payback_months is None:
        return each.payback_reason
    discounted = f"{each.payback_discounted_months:.1f} discounted" if each.payback_discounted_months else each.payback_reason
    return f"{each.payback_months:.1f} months, {discounted}"


def infeasible(results: Sequence[Result], *, each: bool) -> Group | Text:
    """Options that cannot serve the workload: each with its reason, or grouped by reason."""
    out = [result for result in results if not result.feasible]
    if not out:
        return Text("")
    lines = [Text(f"\nCannot serve this workload: {len(out)}", style="bold")]
    if each:
        for result in out:
            cost = f" (would cost {usd(result.usd_per_month)} USD/month)" if result.usd_per_month is not None else ""
            lines.append(Text(f"  {result.option.id}{cost}: {'; '.join(result.reasons)}"))
        return Group(*lines)
    groups: dict[str, list[str]] = {}
    for result in out:
        groups.setdefault(_general(result.reasons[0], result.option.id), []).append(result.option.id)
    for reason, ids in groups.items():
        more = f" and {len(ids) - 6} more" if len(ids) > 6 else ""
        lines.append(Text(f"  {reason}: {', '.join(ids[:6])}{more}"))
    lines.append(Text("  --include-infeasible shows each with its reason", style="dim"))
    return Group(*lines)


def _general(reason: str, name: str) -> str:
    """The reason without the option's own name, so that equal ones group."""
    return reason.removeprefix(f"{name}: ")


def assumed(scenario: Scenario) -> Group | Text:
    """Defaults that nobody stated, with their reasons."""
    figures_of = scenario.plan().figures
    rows = [(name, figure) for name, figure in figures_of.items() if figure.source.startswith("default:")]
    lines = [Text(f"\nAssumed, because the workload does not say ({len(rows)})", style="bold")] if rows else []
    for name, figure in rows:
        between = f" ({figures(figure.low)} – {figures(figure.high)})" if figure.low is not None else ""
        why = figure.source.removeprefix("default: ")
        lines.append(Text(f"  {FIELDS[name]}: {figures(figure.value)} {figure.unit}{between}: {why}"))
    power = scenario.electricity
    lines.append(Text(f"  electricity: {figures(power.value)} USD/kWh, {power.kind}, {power.note} {power.source}".rstrip()))
    return Group(*lines)


def footer(compared: Comparison) -> Group:
    """Notes of the options shown first, warnings, provenance."""
    lines: list[Text] = []
    best = [next((r for r in compared.results if r.feasible and r.option.tier == tier), None) for tier in TIER_NAMES]
    noted = [(result.option.id, result.notes) for result in best if result is not None and result.notes]
    if noted:
        lines.append(Text("\nNotes on the cheapest of each tier", style="bold"))
        lines += [Text(f"  {name}: {'; '.join(notes)}") for name, notes in noted]
    lines += [Text(f"warning: {text}", style="yellow") for text in compared.scenario.warnings]
    lines.append(
        Text(
            f"\ntco {__version__}, price sheets {', '.join(compared.scenario.sheets)}, as of {compared.scenario.as_of}, "
            f"{compared.n_draws} draws with seed {compared.seed}, a month is 730 h. "
            "`tco explain WORKLOAD OPTION` shows the formula, source and date behind each dollar.",
            style="dim",
        )
    )
    return Group(*lines)
