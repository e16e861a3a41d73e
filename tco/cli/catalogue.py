"""``tco list`` and ``tco show``: what the catalogue holds."""

from __future__ import annotations

from typing import Annotated

import typer

from tco.cli.options import AsOf, DataDir, JsonFlag

KINDS = "hardware, models, workloads, prices, rentals, plans, providers, quality, electricity, facility"


def list_items(
    what: Annotated[str, typer.Argument(help=f"One of: {KINDS}.")],
    hardware: Annotated[str | None, typer.Option(metavar="NAME", help="Only this accelerator: rentals.")] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this provider: prices, rentals, plans.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Only this model: prices, plans, quality.")] = None,
    as_json: JsonFlag = False,
    as_of: AsOf = None,
    data: DataDir = None,
) -> None:
    """List a part of the catalogue."""
    from tco.report import catalogue

    catalogue.show_list(
        what, as_of=as_of, data=data, as_json=as_json, hardware=hardware, provider=provider, model=model
    )


def show(
    what: Annotated[str, typer.Argument(help=f"One of: {KINDS}.")],
    name: Annotated[str, typer.Argument(help="Id or alias.")],
    as_json: JsonFlag = False,
    as_of: AsOf = None,
    data: DataDir = None,
) -> None:
    """Show one entry of the catalogue whole, each figure with source, date and kind."""
    from tco.report import catalogue

    catalogue.show_item(what, name, as_of=as_of, data=data, as_json=as_json)
