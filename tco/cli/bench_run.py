"""``tco bench run``: measure this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli.options import DataDir, JsonFlag


def run(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer kernels, under 8 s.")] = False,
    gpu: Annotated[
        str | None, typer.Option("--gpu", help="GPU by number, several by comma, or all; the first.")
    ] = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="Measure the CPU even where there is a GPU.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the profile to this file.")] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Measure the local accelerator, or the CPU, and write a profile that compare prefers to any prediction."""
    from tco.bench.device import command
    from tco.bench.report import show
    from tco.report.progress import progress

    with progress() as say:
        profile, path = command.measured(quick=quick, gpu=gpu, cpu=cpu, out=out, data=data, say=say)
    show(profile, path, as_json=as_json)
