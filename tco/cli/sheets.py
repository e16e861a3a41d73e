"""The commands of ``tco prices`` about sheets: pull, list, show, history, diff, reconcile, verify, lock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tco.cli.options import AsOf, DataDir, JsonFlag

Model = Annotated[str, typer.Argument(help="Model id or alias of the provider.")]
Seller = Annotated[str | None, typer.Option("--provider", help="Only this provider.")]
SheetName = Annotated[str, typer.Argument(help="current, shipped, curated, a sheet id or a file.")]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="genai-prices, litellm, models.dev, openrouter, with @VERSION, =FILE, #sha256=HASH; an address; a file.",
    ),
]
Past = Annotated[
    list[str] | None,
    typer.Option(
        "--backfill", metavar="FILE", help="Past prices: litellm@VERSION, a wheel, a registry, change points."
    ),
]
DEFAULT_SOURCES = ["genai-prices", "litellm"]


def pull(
    source: Sources = None,
    as_of: AsOf = None,
    timeout: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds a source may take.")] = 60.0,
    allow_shrunken: Annotated[
        bool, typer.Option("--allow-shrunken", help="Take a feed with far fewer offers.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Fetch prices and make them the current sheet; nothing is ever overwritten, and all or nothing is done."""
    from tco.cli import lookup
    from tco.report import prices as report
    from tco.report.progress import progress
    from tco.sheets import origin
    from tco.sheets import pull as sheets
    from tco.sheets.store import Store

    origins = [origin.parse_origin(text) for text in source or DEFAULT_SOURCES]
    with progress() as say:
        pulled = sheets.pull(
            Store(), origins, now=lookup.moment(as_of), curated=lookup.curated(), say=say, timeout_s=timeout,
            allow_shrunken=allow_shrunken, shipped=lookup.shipped_offers,
        )  # fmt: skip
    report.show_pull(pulled, as_json=as_json)


def list_sheets(as_json: JsonFlag = False) -> None:
    """The sheets that were pulled, the newest first."""
    from tco.cli import lookup
    from tco.report import prices as report
    from tco.sheets import home, lock
    from tco.sheets.store import Store

    store = Store()
    report.show_list(lookup.sheets(store), store.current_id(), lock.read_lock(home.LOCK), as_json=as_json)


def show(
    model: Model, provider: Seller = None, as_of: AsOf = None,
    sheet: Annotated[str | None, typer.Option(help="current, shipped, curated, a sheet id or a file.")] = None,
    data: DataDir = None, as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """Every price in force of a model, by seller and condition, with how it is known."""
    from tco.cli import lookup
    from tco.report import prices as report
    from tco.sheets.store import Store

    used, warnings = (lookup.named(sheet, Store()), []) if sheet else lookup.in_use(Store(), data)
    report.warn(warnings)
    report.show_offers(lookup.sellers(used.offers, model, provider), lookup.day(as_of), used.label, as_json=as_json)


def history(
    model: Annotated[str | None, typer.Argument(help="Model id or alias; none with --tier.")] = None,
    provider: Seller = None, as_of: AsOf = None,
    backfill: Past = None,
    tier: Annotated[str | None, typer.Option(help="api, budget_cloud, or such as mmlu>=80.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Write a .png, .svg or .pdf.")] = None,
    as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """A model's prices over time, each step with how it is known; or how fast a tier's prices fall."""
    from tco.cli import past
    from tco.errors import UsageError

    if (model is None) == (tier is None):
        raise UsageError("got both or neither of a model and --tier; name one: `tco prices history MODEL`")
    if tier is not None:
        past.show_decline(tier, provider=provider, as_of=as_of, chart=chart, as_json=as_json)
    else:
        past.show_model(
            str(model), provider=provider, as_of=as_of, backfill=backfill or [], chart=chart, as_json=as_json
        )


def diff(
    old: SheetName, new: SheetName = "current", as_of: AsOf = None, as_json: JsonFlag = False,
    form: Annotated[str, typer.Option("--format", help="text, json, markdown or comment.")] = "text",
) -> None:  # fmt: skip
    """What changed between two sheets, by how much."""
    from tco.cli import lookup
    from tco.errors import UsageError
    from tco.report import price_diff
    from tco.sheets.diff import diff as compared
    from tco.sheets.store import Store

    if form not in price_diff.FORMATS:
        raise UsageError(f"--format: got {form!r}; expected one of: {', '.join(price_diff.FORMATS)}")
    store, on = Store(), lookup.day(as_of)
    before, after = lookup.named(old, store), lookup.named(new, store)
    found = compared(before.offers, after.offers, on=on)
    price_diff.show(before, after, found, on, form="json" if as_json else form)


def reconcile(
    as_of: AsOf = None, source: Sources = None,
    top: Annotated[int, typer.Option(min=1, help="How many to show.")] = 40,
    fail: Annotated[bool, typer.Option("--fail", help="Leave with 1 when one is undecided.")] = False,
    as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """Where sources disagree on a price: by how much, who is dated, what was chosen and why."""
    from tco.cli import opinions
    from tco.report import prices as report

    found, on = opinions.disagreements(source or [], as_of)
    report.show_disagreements(found, on, top=top, as_json=as_json)
    if fail and any(not each.decided for each in found):
        raise typer.Exit(1)


def verify(
    sheet: Annotated[str | None, typer.Argument(help="current, shipped, curated, a sheet id or a file.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Whether a sheet is what it says: hash, schema, sources, and prices that can be true."""
    from tco.cli import lookup
    from tco.report import prices as report
    from tco.sheets import verify as rules
    from tco.sheets.store import Store

    store = Store()
    if sheet in ("shipped", "curated"):
        label, found = sheet, rules.offers(lookup.named(sheet, store).offers)
    else:
        label, found = rules.verify(store, sheet)
    report.show_findings(label, found, as_json=as_json)
    if found:
        raise typer.Exit(3 if any(each.rule == "hash" for each in found) else 1)


def lock(
    sheet: Annotated[str, typer.Argument(help="A sheet id, or current.")] = "current", as_json: JsonFlag = False
) -> None:
    """Pin a sheet for the project in this folder: tco.lock names it, and reports and CI use it."""
    from tco.report import record
    from tco.sheets import home
    from tco.sheets import lock as locking
    from tco.sheets.store import Store

    held = locking.lock(Store(), sheet)
    done = {"schema": "tco.prices.lock/1", "sheet": held, "file": str(home.LOCK)}
    print(record.dumps(done) if as_json else f"{home.LOCK} pins sheet {held[:12]}.")
