"""The reports of ``tco prices``: sheets, prices in force, history, disagreements and findings, as text and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from tco.describe.offer import RateRow, TokenOffer
from tco.price.rates import effective
from tco.report import record
from tco.report.bill import exact
from tco.report.grid import Column, Row, grid, layout
from tco.report.table import console, say
from tco.report.text import figures, plural, prose
from tco.sheets.diff import condition, prices
from tco.sheets.pull import Pulled
from tco.sheets.reconcile import Disagreement
from tco.sheets.sheet import Sheet, SheetSource
from tco.sheets.steps import Step, known_by
from tco.sheets.verify import Finding

SHOWN = 10
ID_DIGITS = 12


def warn(messages: Iterable[str]) -> None:
    """Warnings for people, on standard error."""
    for message in messages:
        print(f"warning: {message}", file=sys.stderr)


def show_pull(pulled: Pulled, *, as_json: bool) -> None:
    """What a pull made and what it changed."""
    if as_json:
        print(record.dumps(_pull_record(pulled)))
        return
    warn(pulled.warnings)
    sheet, changes = pulled.sheet, pulled.changes
    sources = ", ".join(f"{source.name} {source.version}" for source in sheet.sources)
    n_offers = plural(len(sheet.offers), "offer")
    print(f"Sheet {pulled.id[:ID_DIGITS]} is current: {n_offers} from {sources} and the curated rows.")
    if changes and pulled.parent:
        counts = f"{len(changes.added):,} new, {len(changes.removed):,} gone, {len(changes.changed):,} changed"
        between = f"{pulled.parent[:ID_DIGITS]} {pulled.id[:ID_DIGITS]}"
        print(f"Against {pulled.parent[:ID_DIGITS]}: prices {counts}; `tco prices diff {between}` shows them.")
    if pulled.rejected:
        n_rows = plural(len(pulled.rejected), "row")
        print(f"{n_rows} of the sources left out, for want of a price or a meaning (--json lists them).")
    if sheet.held:
        print(f"{plural(len(sheet.held), 'offer')} held for review and not used:")
        for part in sheet.held[:SHOWN]:
            print(f"  {part.offer.provider}/{part.offer.model}: {part.why}")
        if len(sheet.held) > SHOWN:
            print(f"  and {len(sheet.held) - SHOWN:,} more (--json lists them)")


def _pull_record(pulled: Pulled) -> dict[str, Any]:
    sheet, changes = pulled.sheet, pulled.changes
    names = ("added", "removed", "changed", "announced")
    return {
        "schema": "tco.prices.pull/1",
        **sheet_record(pulled.id, sheet),
        "changes": {name: len(getattr(changes, name)) for name in names} if changes else None,
        "held": [{"provider": part.offer.provider, "model": part.offer.model, "why": part.why} for part in sheet.held],
        "rejected": [{"source": source, "row": row, "why": why} for source, row, why in pulled.rejected],
        "warnings": list(pulled.warnings),
    }


def sheet_record(held: str, sheet: Sheet) -> dict[str, Any]:
    """A sheet in a few lines."""
    return {
        "id": held,
        "parent": sheet.parent,
        "created_at": sheet.created_at.isoformat(),
        "sources": [_source(source) for source in sheet.sources],
        "n_offers": len(sheet.offers),
        "n_held": len(sheet.held),
    }


def _source(source: SheetSource) -> dict[str, Any]:
    return {name: getattr(source, name) for name in ("name", "version", "origin", "sha256", "retrieved_at", "licence")}


def show_list(
    sheets: Sequence[tuple[str, Sheet | str]], current: str | None, locked: str | None, *, as_json: bool
) -> None:
    """The sheets held, the newest first; one that is damaged says so."""
    if as_json:
        listed = [
            sheet_record(held, sheet) if isinstance(sheet, Sheet) else {"id": held, "error": sheet}
            for held, sheet in sheets
        ]
        print(record.dumps({"schema": "tco.prices.list/1", "current": current, "locked": locked, "sheets": listed}))
        return
    table = _table("sheet", "created", "from", right=("offers", "held"), last=("",))
    for held, sheet in sheets:
        marks = ", ".join(mark for mark, which in (("current", current), ("locked", locked)) if which == held)
        if isinstance(sheet, str):
            add(table, held[:ID_DIGITS], "", sheet, "", "", marks)
            continue
        sources = ", ".join(f"{source.name} {source.version}" for source in sheet.sources)
        created = f"{sheet.created_at:%Y-%m-%d %H:%M}"
        add(table, held[:ID_DIGITS], created, sources, f"{len(sheet.offers):,}", f"{len(sheet.held):,}", marks)
    if sheets:
        console().print(table)
    else:
        print(
            "Nothing was pulled yet: the sheet that comes with the tool answers. `tco prices pull` fetches a newer one."
        )


def show_offers(offers: Sequence[TokenOffer], on: date | datetime, label: str, *, as_json: bool) -> None:
    """Every price in force of one model, by seller and condition."""
    held = [(offer, row) for offer in offers for row in effective(offer, on)]
    if as_json:
        found = [{"provider": offer.provider, "model": offer.model, **_row(row)} for offer, row in held]
        print(record.dumps({"schema": "tco.prices.show/1", "as_of": str(on), "sheet": label, "rates": found}))
        return
    out = console()
    if not held:
        names = " or ".join(f"{offer.provider}/{offer.model}" for offer in offers)
        say(out, [prose(f"No price of {names} in force on {on}.", out.width, indent=0)])
        return
    columns = [Column(("USD",)), Column(("per",), left=True)]
    say(out, grid(columns, [part for offer, row in held for part in _priced(offer, row)], width=out.width, key="price"))


def _priced(offer: TokenOffer, row: RateRow) -> list[Row]:
    """An offer under one condition: who sells it and when, since when and by whom it is known, its prices."""
    head = f"{offer.provider}/{offer.model}, {condition(row.when) or 'standard'}"
    since = f"since {row.since}, {known_by(row)[1]}: {row.source}"
    each = [
        Row(f"  {meter}", (exact(usd), "million tokens" if meter in row.usd_per_mtok else "unit"))
        for meter, usd in prices(row).items()
    ]
    return [Row(head, below=(since,)), *each]


def _row(row: RateRow) -> dict[str, Any]:
    how, known = known_by(row)
    return {
        "condition": condition(row.when), "when": row.when.model_dump(mode="json", exclude_defaults=True),
        "promo": row.promo,
        "usd_per_mtok": _exact(row.usd_per_mtok), "usd_each": _exact(row.usd_each), "since": str(row.since),
        "until": None if row.until is None else str(row.until), "how": how, "known": known,
        "source": row.source, "as_of": row.as_of, "kind": row.kind,
    }  # fmt: skip


def _exact(held: Any) -> dict[str, str]:
    return {str(meter): exact(usd) for meter, usd in held.items()}


def show_history(steps: Sequence[Step], *, as_json: bool) -> None:
    """A model's prices over time, each step with how it is known."""
    if as_json:
        print(record.dumps({"schema": "tco.prices.history/1", "steps": [step_record(step) for step in steps]}))
        return
    out = console()
    rows: list[Row] = []
    group: tuple[str, str, str] | None = None
    for step in steps:
        now = (step.provider, step.model, step.when)
        rows += [] if now == group else [Row(f"{step.provider}/{step.model}, {step.when or 'standard'}")]
        group = now
        since = (str(step.since)[:10] if step.since else "?") + (" promo" if step.promo else "")
        both = [exact(step.usd[meter]) if meter in step.usd else "" for meter in ("input", "output")]
        others = ", ".join(
            f"{meter} {exact(usd)}" for meter, usd in step.usd.items() if meter not in ("input", "output")
        )
        rows.append(Row(f"  {since}", (*both, step.known, others)))
    columns = [
        Column(("input",)),
        Column(("output",)),
        Column(("known",), left=True),
        Column(("others",), 1, left=True),
    ]
    if layout(columns, rows, width=out.width, key="since", may_drop=1).dropped:  # too narrow: below each price
        rows = [Row(row.key, row.cells[:3], below=row.cells[3:]) for row in rows]
        columns = columns[:3]
    say(out, grid(columns, rows, width=out.width, key="since"))


def step_record(step: Step) -> dict[str, Any]:
    """A step with its prices as text."""
    return {
        "provider": step.provider, "model": step.model, "condition": step.when, "promo": step.promo,
        "since": None if step.since is None else str(step.since),
        "until": None if step.until is None else str(step.until),
        "usd": _exact(step.usd), "how": step.how, "known": step.known, "source": step.source,
    }  # fmt: skip


def show_disagreements(found: Sequence[Disagreement], on: date, *, top: int, as_json: bool) -> None:
    """Where sources differ, undecided ones and the widest apart first."""
    if as_json:
        rows = [disagreement_record(each) for each in found]
        print(record.dumps({"schema": "tco.prices.reconcile/1", "as_of": on, "disagreements": rows}))
        return
    n_open = sum(not each.decided for each in found)
    print(f"{plural(len(found), 'price')} on which sources differ on {on}, {n_open:,} of them undecided.")
    table = _table("offer", "condition", "meter", right=("ratio",), last=("said", "chosen", "why"))
    for each in found[:top]:
        said = "; ".join(
            f"{part.source} {exact(part.usd)}{'' if part.dated else ' (undated)'}" for part in each.opinions
        )
        chosen = exact(each.chosen_usd) if each.chosen_usd is not None else "none"
        add(table, f"{each.provider}/{each.model}", each.when, each.meter, figures(each.ratio), said, chosen, each.why)
    if found:
        console().print(table)
    if len(found) > top:
        print(f"and {len(found) - top:,} more; --top {len(found)} shows them")


def disagreement_record(each: Disagreement) -> dict[str, Any]:
    """A disagreement with prices as text."""
    return {
        "provider": each.provider, "model": each.model, "condition": each.when, "meter": each.meter,
        "ratio": each.ratio,
        "opinions": [
            {
                "source": part.source, "usd": exact(part.usd), "since": part.since, "dated": part.dated,
                "reference": part.reference,
            }
            for part in each.opinions
        ],
        "chosen_usd": None if each.chosen_usd is None else exact(each.chosen_usd),
        "chosen_source": each.chosen_source or None, "why": each.why, "decided": each.decided,
    }  # fmt: skip


def show_findings(label: str, found: Sequence[Finding], *, as_json: bool) -> None:
    """What a verification found."""
    if as_json:
        rows = [{"rule": each.rule, "where": each.where, "message": each.message} for each in found]
        print(record.dumps({"schema": "tco.prices.verify/1", "sheet": label, "ok": not found, "findings": rows}))
        return
    print(
        f"Sheet {label}: "
        + (f"{plural(len(found), 'finding')}." if found else "sound: hash, schema, sources and plausibility.")
    )
    for each in found:
        print(f"  {each.where}: {each.rule}: {each.message}")


def _table(*left: str, right: Sequence[str] = (), last: Sequence[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", overflow="fold")
    for name in last:
        table.add_column(name, overflow="fold")
    return table


def add(table: Table, *cells: str) -> None:
    """A row of plain text: names and reasons from a registry are data, never markup."""
    table.add_row(*(Text(cell) for cell in cells))
