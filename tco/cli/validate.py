"""``tco validate``: predictions against published measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli.options import DataDir, JsonFlag

File = Path | None


def validate(
    measurements: Annotated[File, typer.Option("--measurements", help="A file with the shipped one's columns.")] = None,
    predictions: Annotated[File, typer.Option("--predictions", help="Write id, predicted, p10, p90 here.")] = None,
    calibrate_with: Annotated[
        File, typer.Option("--calibrate-with", help="Measured rows of the same site, to set its level.")
    ] = None,
    chart: Annotated[File, typer.Option("--chart", help="Draw predicted against measured: .png, .svg, .pdf.")] = None,
    document: Annotated[File, typer.Option("--document", help="Write the tables as Markdown.")] = None,
    as_json: JsonFlag = False,
    data: DataDir = None,
) -> None:
    """Compare predictions with measurements the constants never saw: error and band coverage."""
    from tco.files import validation
    from tco.report import accuracy

    found = validation.validate(measurements, data=data, calibrate_with=calibrate_with)
    if predictions is not None:
        validation.write_predictions(found, predictions)
    accuracy.show(found, as_json=as_json, chart=chart, document=document)
