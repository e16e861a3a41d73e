"""The report of ``tco explain``: one option's ledger, each dollar with formula, inputs, source, date, kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rich.text import Text

from tco.cost.ledger import CostLine, total_usd_per_month
from tco.decide.assess import Result
from tco.describe.plan import Input
from tco.describe.scenario import Scenario
from tco.perform.capacity import Capacity
from tco.report import facts
from tco.report.grid import Column, Row, grid
from tco.report.table import console, heading, in_currency, price_line, say
from tco.report.text import DASH, age, figures, milliseconds, percent, plain, price, prose, section, usd

COLUMNS = (
    Column(("quantity",), 2),
    Column(("unit",), 2, left=True),
    Column(("USD", "per unit"), 2),
    Column(("USD", "per month")),
    Column(("share",), 1),
    Column(("kind",), 3, left=True),
)


def show(result: Result, scenario: Scenario) -> None:
    """Print the ledger and everything that went into it."""
    out = console()
    width = out.width
    say(
        out,
        [
            *heading(scenario, width),
            *_what(result, scenario, width),
            *ledger(result.lines, width),
            *_formulas(result.lines, width),
            *_inputs(result, scenario, width),
            *_performance(result.capacity, facts.percentile(result), width),
            *_notes(result.notes, width),
        ],
    )


def _what(result: Result, scenario: Scenario, width: int) -> list[Text]:
    lines = [section(result.option.id)]
    if result.lines:
        lines.append(
            prose(
                f"{usd(result.usd_per_month)} USD a month; {price(result.usd_per_mtok)} USD per million tokens, "
                f"{price(result.usd_per_mtok_output)} per million generated, "
                f"{price(result.usd_per_request)} per request{in_currency(result, scenario)}; "
                f"{price_line(result, scenario)}",
                width, indent=0,
            )
        )  # fmt: skip
    for reason in result.reasons:
        line = prose(f"cannot serve this workload: {reason}", width, indent=0)
        line.stylize("red")
        lines.append(line)
    return lines


def ledger(lines: Sequence[CostLine], width: int) -> list[Text]:
    """Lines and their exact sum; nothing where there is no price."""
    if not lines:
        return []
    total = float(total_usd_per_month(lines))
    rows = [
        Row(
            line.name,
            (
                plain(float(line.quantity)), line.unit, plain(float(line.usd_per_unit)), usd(float(line.usd_per_month)),
                percent(float(line.usd_per_month) / total) if total else DASH, line.kind,
            ),
            "dim" if float(line.usd_per_month) == 0.0 else "",
        )
        for line in lines
    ]  # fmt: skip
    footer = Row("total", ("", "", "", usd(total), "100%", ""), "bold")
    return [Text(""), *grid(COLUMNS, rows, width=width, key="line", footer=footer)]


def _formulas(lines: Sequence[CostLine], width: int) -> list[Text]:
    """How each line comes about, and from which inputs."""
    found = [section("How each line comes about")] if lines else []
    for line in lines:
        text = prose(f"{line.name} = {line.formula}", width)
        text.stylize("bold", 2, 2 + len(line.name))
        found.append(text)
        if line.inputs:
            found.append(prose(f"from {', '.join(part.name for part in line.inputs)}", width, indent=4))
        else:
            found.append(prose(_origin(line.kind, line.as_of, line.source), width, indent=4))
    return found


def _inputs(result: Result, scenario: Scenario, width: int) -> list[Text]:
    """Each number that went in, once, with its kind, day, age and source; a purchase price with its first day."""
    unique: dict[tuple[str, float], Input] = {}
    since = facts.price_day(result, scenario.as_of) if facts.price_seen(result, scenario.as_of) else None
    for part in (part for line in result.lines for part in line.inputs):
        unique.setdefault((part.name, float(part.value)), part)
    found = [section("What went in")] if unique else []
    for part in unique.values():
        start = f"{part.name} = {plain(float(part.value))} {part.unit}".rstrip()
        day = f", {age(part.as_of, scenario.as_of)}" if part.as_of else ""
        if since is not None and part.name == "machine.gpu_usd":
            day = f", in force since {age(since, scenario.as_of)}, last seen {age(part.as_of, scenario.as_of)}"
        text = prose(f"{start}  [{part.kind}{day}] {part.source}", width)
        text.stylize("bold", 2, 2 + len(part.name))
        found.append(text)
    return found


def _origin(kind: str, day: date | None, source: str) -> str:
    return f"[{kind}{f', {day}' if day else ''}] {source}"


def _performance(capacity: Capacity | None, percentile: int, width: int) -> list[Text]:
    if capacity is None:
        return []
    speed = (
        f"{figures(capacity.req_per_s)} requests/s, {figures(capacity.output_tok_per_s)} output tokens/s with "
        f"{figures(capacity.concurrency)} requests at once; {capacity.basis}, bound by {capacity.binding}"
    )
    latency = (
        f"TTFT p{percentile} {milliseconds(capacity.ttft_s)}, ITL p{percentile} {milliseconds(capacity.itl_s)}, "
        f"whole answer {milliseconds(capacity.e2e_s)}"
    )
    band = (
        f"actual speed is {percent(capacity.band_low_frac)} to {percent(capacity.band_high_frac)} of that (p10 – p90)"
    )
    source = f"source: {capacity.source or 'the step-time model'}"
    return [section("Performance of one replica"), *(prose(text, width) for text in (speed, latency, band, source))]


def _notes(notes: Sequence[str], width: int) -> list[Text]:
    return [section("Notes"), *(prose(note, width) for note in notes)] if notes else []
