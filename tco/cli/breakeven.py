"""``tco breakeven``: crossings, payback, and the input that would make two options equal."""

from __future__ import annotations

from typing import Annotated

import typer

from tco.cli.options import AsOf, Changes, DataDir, JsonFlag, Rumoured, WorkloadArg, read_scenario


def breakeven(
    workload: WorkloadArg,
    own: Annotated[str, typer.Option(metavar="OPTION", help="The option to justify (id or a part of it).")],
    versus: Annotated[str, typer.Option(metavar="OPTION", help="The competitor it must beat (id or a part of it).")],
    solve_for: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Input to solve for; docs/commands.md lists them.")
    ] = None,
    payback: Annotated[
        float | None, typer.Option(min=0, metavar="MONTHS", help="With --solve-for: pay back in this time.")
    ] = None,
    as_json: JsonFlag = False,
    changes: Changes = None,
    as_of: AsOf = None,
    data: DataDir = None,
    allow_rumoured: Rumoured = False,
) -> None:
    """Find every volume at which one option overtakes another, and when a purchase pays back."""
    from tco import evaluate
    from tco.report import versus as report

    scenario = read_scenario(workload, as_of=as_of, data=data, allow_rumoured=allow_rumoured, changes=changes)
    duel = evaluate.duel(scenario, own=own, versus=versus, solve_for=solve_for, payback_months=payback)
    report.show(duel, scenario, as_json=as_json)
