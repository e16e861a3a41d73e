"""``tco compare``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli.options import AsOf, Changes, DataDir, JsonFlag, OneMachine, Rumoured, WorkloadArg, read_scenario


def compare(
    workload: WorkloadArg,
    as_json: JsonFlag = False,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw cost against volume (png, svg or pdf).")
    ] = None,
    draws: Annotated[
        int, typer.Option(min=0, max=1_000_000, envvar="TCO_DRAWS", help="Draws behind ranges and odds.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, envvar="TCO_SEED", help="Seed of the draws.")] = 0,
    only: Annotated[str | None, typer.Option(metavar="TIER", help="api, budget_cloud or self_hosted.")] = None,
    hardware: OneMachine = None,
    top: Annotated[int, typer.Option(min=1, help="Rows of each tier to show.")] = 5,
    include_infeasible: Annotated[bool, typer.Option(help="Show each infeasible option on its own row.")] = False,
    changes: Changes = None,
    as_of: AsOf = None,
    data: DataDir = None,
    allow_rumoured: Rumoured = False,
) -> None:
    """Compare every eligible option of every tier: priced, sized, costed, ranked."""
    from tco import evaluate
    from tco.errors import EXIT_NO

    scenario = read_scenario(
        workload,
        as_of=as_of,
        data=data,
        only=only,
        allow_rumoured=allow_rumoured,
        hardware=hardware,
        changes=changes,
    )
    compared = evaluate.run(scenario, n_draws=draws, seed=seed)
    if chart is not None:
        from tco.report import chart as charts

        charts.draw(compared, chart)
    if as_json:
        from tco.report import record

        print(record.dumps(record.comparison(compared)))
    else:
        from tco.report import table

        table.show(compared, top=top, include_infeasible=include_infeasible)
    if compared.verdict.cheapest is None:
        raise typer.Exit(EXIT_NO)
