"""The report of ``tco breakeven``."""

from __future__ import annotations

from dataclasses import asdict

from rich.text import Text

from tco.decide.duel import Duel, Solved
from tco.decide.versus import BreakEven
from tco.describe.scenario import Scenario
from tco.report import record
from tco.report.behind import payback_text, volume_text
from tco.report.table import console, heading, in_currency, price_line, say
from tco.report.text import figures, prose, usd

MAX_CROSSINGS = 20  # shown; the record has them all


def show(duel: Duel, scenario: Scenario, *, as_json: bool) -> None:
    """Print the duel as text or as one JSON object."""
    if as_json:
        print(
            record.dumps(
                {
                    "schema": "tco.breakeven/1",
                    "workload": record.workload(scenario),
                    "own": record.option(duel.own),
                    "versus": record.option(duel.versus),
                    "breakeven": record.break_even(duel.break_even),
                    "solved": asdict(duel.solved) if duel.solved else None,
                    "provenance": record.provenance(scenario),
                }
            )
        )
        return
    out, found = console(), duel.break_even
    width = out.width
    lines = [*heading(scenario, width), Text("")]
    for name, result in (("own", duel.own), ("versus", duel.versus)):
        cost = f"{usd(result.usd_per_month)} USD a month{in_currency(result, scenario)}, {price_line(result, scenario)}"
        no = f"; cannot serve this workload: {'; '.join(result.reasons)}" if result.reasons else ""
        lines.append(_labelled(name, f"{result.option.id}: {cost}{no}", width))
    lines += [Text(""), _labelled("volume", volume_text(found), width), *_crossings(found)]
    lines += [Text(""), _labelled("payback", payback_text(found), width)]
    if duel.solved is not None:
        lines += [Text(""), _labelled("solved", _solved(duel.solved), width)]
    say(out, lines)


def _labelled(label: str, text: str, width: int) -> Text:
    line = prose(f"{label}: {text}", width, indent=0)
    line.stylize("bold", 0, len(label) + 1)
    return line


def _crossings(found: BreakEven) -> list[Text]:
    """Each volume at which the cheaper side changes."""
    lines = []
    for crossing in found.crossings[:MAX_CROSSINGS]:
        at = "where a machine is added" if crossing.at_step else "between two steps"
        lines.append(Text(f"  {figures(crossing.volume, 4):>15} requests a month: {crossing.direction}, {at}"))
    if len(found.crossings) > MAX_CROSSINGS:
        lines.append(
            Text(f"  and {len(found.crossings) - MAX_CROSSINGS} more crossings; --json lists them", style="dim")
        )
    return lines


def _solved(solved: Solved) -> str:
    today = _number(solved.today, solved.unit) if solved.today is not None else "unknown"
    answer = _number(solved.value, solved.unit) if solved.value is not None else f"no value: {solved.reason}"
    return f"{solved.field} ({solved.target}): {answer}; today {today}"


def _number(value: float, unit: str) -> str:
    """Four figures and the unit; shares as percentages."""
    if unit.startswith("frac"):
        return f"{figures(100.0 * value, 4)} %{unit.removeprefix('frac')}"
    return f"{figures(value, 4)} {'x' if unit == 'ratio' else unit}"
