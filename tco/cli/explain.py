"""``tco explain``: the ledger of one option."""

from __future__ import annotations

from typing import Annotated

import typer

from tco.cli.options import AsOf, Changes, DataDir, JsonFlag, Rumoured, WorkloadArg, read_scenario


def explain(
    workload: WorkloadArg,
    option: Annotated[str, typer.Argument(help="Id of the option, or a part of it that fits only one.")],
    as_json: JsonFlag = False,
    changes: Changes = None,
    as_of: AsOf = None,
    data: DataDir = None,
    allow_rumoured: Rumoured = False,
) -> None:
    """Show the ledger of one option: each figure with formula, inputs, source, date and kind."""
    from tco import evaluate

    scenario = read_scenario(workload, as_of=as_of, data=data, allow_rumoured=allow_rumoured, changes=changes)
    compared = evaluate.run(scenario, n_draws=0)
    result = evaluate.pick(compared, option)
    if as_json:
        from tco.report import record

        print(record.dumps(record.explanation(result, scenario)))
    else:
        from tco.report import ledger

        ledger.show(result, scenario)
