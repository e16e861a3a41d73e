"""The report of ``tco breakeven``."""

from __future__ import annotations

from dataclasses import asdict

from rich.text import Text

from tco.decide.duel import Duel
from tco.describe.scenario import Scenario
from tco.report import record
from tco.report.table import console, heading, payback_text, volume_text
from tco.report.text import figures, usd


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
    out.print(heading(scenario))
    for result in (duel.own, duel.versus):
        out.print(Text(f"  {result.option.id}: {usd(result.usd_per_month)} USD/month", style="bold"))
    out.print(f"\nvolume: {volume_text(found)}")
    for crossing in found.crossings[:20]:
        at = "when a machine is added" if crossing.at_step else "on the slope"
        out.print(f"  {figures(crossing.volume, 5)} requests/month: {crossing.direction}, {at}")
    if len(found.crossings) > 20:
        out.print(f"  … {len(found.crossings) - 20} more; --json lists them")
    out.print(f"payback: {payback_text(found)}")
    if duel.solved is not None:
        solved = duel.solved
        today = f"today {figures(solved.today, 4)}" if solved.today is not None else "unknown today"
        answer = f"{figures(solved.value, 5)} {solved.unit}" if solved.value is not None else f"no value ({solved.reason})"
        out.print(f"{solved.field}: {answer} for {solved.target} ({today} {solved.unit})")
