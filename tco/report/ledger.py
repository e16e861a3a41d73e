"""The report of ``tco explain``: one option's ledger, each dollar with formula, inputs, source, date, kind."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from tco.cost.ledger import CostLine
from tco.decide.assess import Result
from tco.describe.scenario import Scenario
from tco.report.table import console, heading
from tco.report.text import figures, percent, usd


def show(result: Result, scenario: Scenario) -> None:
    """Print the ledger and everything that went into it."""
    out = console()
    out.print(heading(scenario))
    state = "" if result.feasible else "  cannot serve this workload: " + "; ".join(result.reasons)
    out.print(Text(result.option.id, style="bold") + Text(state, style="red"))
    if result.lines:
        out.print(ledger(result))
        out.print(Text("Where each line comes from", style="bold"))
        for line in result.lines:
            out.print(_behind(line))
    if result.capacity is not None:
        capacity = result.capacity
        out.print(Text("Performance of one replica", style="bold"))
        out.print(
            f"  {figures(capacity.req_per_s)} requests/s, {figures(capacity.output_tok_per_s)} output tok/s at "
            f"{figures(capacity.concurrency)} at once; {capacity.basis}, bound by {capacity.binding}; "
            f"actual speed {figures(capacity.band_low_frac)} to {figures(capacity.band_high_frac)} times that (p10 – p90)"
        )
        out.print(f"  source: {capacity.source or 'the step-time model'}")
    for note in result.notes:
        out.print(Text(f"  note: {note}"))


def ledger(result: Result) -> Table:
    """Lines and their exact sum."""
    total = result.usd_per_month or 0.0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("line", footer="total")
    table.add_column("quantity", justify="right")
    table.add_column("unit")
    table.add_column("USD/unit", justify="right")
    table.add_column("USD/month", justify="right", footer=usd(total))
    table.add_column("share", justify="right", footer="100%")
    table.add_column("kind")
    for line in result.lines:
        part = float(line.usd_per_month)
        table.add_row(
            line.name, figures(float(line.quantity), 5), line.unit, figures(float(line.usd_per_unit), 4), usd(part),
            percent(part / total) if total else "–", line.kind,
        )  # fmt: skip
    return table


def _behind(line: CostLine) -> Text:
    text = Text(f"  {line.name}: ", style="bold")
    text.append(f"{line.formula}\n", style="none")
    for part in line.inputs:
        day = f", {part.as_of}" if part.as_of else ""
        text.append(f"      {part.name} = {figures(float(part.value), 5)} {part.unit}  [{part.kind}{day}] {part.source}\n", style="none")
    if not line.inputs:
        day = f", {line.as_of}" if line.as_of else ""
        text.append(f"      [{line.kind}{day}] {line.source}\n", style="none")
    return text
