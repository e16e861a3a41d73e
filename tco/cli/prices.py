"""``tco prices``: what a request costs, exactly, and the sheets that say so."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tco.cli import sheets
from tco.cli.options import AsOf, DataDir, JsonFlag, Rumoured

app = typer.Typer(help="Dated prices and exact bills.", no_args_is_help=True, rich_markup_mode=None)
app.command("pull")(sheets.pull)
app.command("list")(sheets.list_sheets)
app.command("show")(sheets.show)
app.command("history")(sheets.history)
app.command("diff")(sheets.diff)
app.command("reconcile")(sheets.reconcile)
app.command("verify")(sheets.verify)
app.command("lock")(sheets.lock)


@app.command()
def cost(
    model: Annotated[str, typer.Argument(help="Model id or alias of the provider.")],
    input_tok: Annotated[int, typer.Option("--input", min=0, help="Prompt tokens in all, cached ones included.")],
    output_tok: Annotated[int, typer.Option("--output", min=0, help="Generated tokens in all, reasoning included.")],
    provider: Annotated[str | None, typer.Option(help="Who bills.")] = None,
    cache_read: Annotated[int, typer.Option(min=0, help="Part of the input read from the cache.")] = 0,
    cache_write: Annotated[int, typer.Option(min=0, help="Part of the input written to the cache.")] = 0,
    cache_ttl: Annotated[str, typer.Option(help="How long that part is kept: 5m, 1h or 12h.")] = "5m",
    cache_write_1h: Annotated[int, typer.Option("--cache-write-1h", min=0, help="Part written to be kept 1 h.")] = 0,
    reasoning: Annotated[int, typer.Option(min=0, help="Part of the output that is reasoning.")] = 0,
    requests: Annotated[int, typer.Option(min=1, help="How many such requests.")] = 1,
    unit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=N", help="Anything else used: image=3, audio_input=1200, page=2.")
    ] = None,
    batch: Annotated[bool, typer.Option("--batch", help="Batch processing.")] = False,
    service_tier: Annotated[str | None, typer.Option(help="standard, flex or priority.")] = None,
    speed: Annotated[str | None, typer.Option(help="standard or fast.")] = None,
    region: Annotated[str | None, typer.Option(help="Region in which the data must stay.")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="ISO 8601 instant; a day is its first in UTC.")
    ] = None,
    as_json: JsonFlag = False,
    as_of: AsOf = None,
    data: DataDir = None,
    allow_rumoured: Rumoured = False,
) -> None:
    """The exact bill of a request: a decimal amount and the lines that add up to it."""
    from tco.files.catalogue import Catalogue
    from tco.files.counts import SPEEDS, TIERS, chosen, parse_counts
    from tco.files.instants import parse_instant
    from tco.files.pinned import too_old
    from tco.price.bill import Usage, bill
    from tco.report import bill as report

    counts = parse_counts(unit or ())
    written = {"1h": cache_write_1h, cache_ttl: cache_write + (cache_write_1h if cache_ttl == "1h" else 0)}
    usage = Usage(
        input_tok=input_tok, output_tok=output_tok, cache_read_tok=cache_read, reasoning_tok=reasoning,
        n_requests=requests, cache_write_tok=written, media_tok=counts.media_tok, events=counts.events,
        citation_tok=counts.citation_tok,
    )  # fmt: skip
    catalogue, moment = Catalogue(data), parse_instant(at or as_of)
    residency = frozenset({region.lower()} if region else ())
    offer = catalogue.offer(model, provider)
    if region:
        catalogue.check_region(offer, region.lower())
    for warning in too_old(catalogue.sheet, moment.date()):
        print(f"warning: {warning}", file=sys.stderr)
    billed = bill(
        offer, usage, moment, processing="batch" if batch else None, residency=residency,
        service_tier=chosen("--service-tier", service_tier, TIERS), speed=chosen("--speed", speed, SPEEDS),
        allow_rumoured=allow_rumoured,
    )  # fmt: skip
    report.show(billed, offer, moment, as_json=as_json)
