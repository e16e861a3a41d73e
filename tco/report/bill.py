"""The report of ``tco prices cost``: exact decimal strings and the lines that add up to them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.table import Table

from tco.describe.offer import TokenOffer
from tco.price.bill import Bill, BillLine
from tco.report import record
from tco.report.table import console


def show(billed: Bill, offer: TokenOffer, at: datetime, *, as_json: bool) -> None:
    """Print the bill as a table or as one JSON object."""
    if as_json:
        print(record.dumps(as_record(billed, offer, at)))
        return
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_footer=True,
        title=f"{offer.provider}/{offer.model} at {at.isoformat()}",
    )
    table.add_column("meter", footer="total")
    table.add_column("quantity", justify="right")
    table.add_column("unit")
    table.add_column("USD/unit", justify="right")
    table.add_column("USD", justify="right", footer=exact(billed.usd))
    table.add_column("price since")
    for line in billed.lines:
        since = str(line.row.since) if line.row else ""
        table.add_row(line.meter, exact(line.quantity), line.unit, exact(line.usd_per_unit), exact(line.usd), since)
    console().print(table)


def as_record(billed: Bill, offer: TokenOffer, at: datetime) -> dict[str, Any]:
    """The record of ``tco prices cost``; money is text, so that no digit is lost."""
    return {
        "schema": "tco.prices.cost/1",
        "provider": offer.provider,
        "model": offer.model,
        "at": at.isoformat(),
        "usd": exact(billed.usd),
        "lines": [_line(line) for line in billed.lines],
    }


def _line(line: BillLine) -> dict[str, Any]:
    row = line.row
    return {
        "meter": line.meter,
        "quantity": exact(line.quantity),
        "unit": line.unit,
        "usd_per_unit": exact(line.usd_per_unit),
        "usd": exact(line.usd),
        "since": str(row.since) if row else None,
        "source": row.source if row else None,
        "as_of": row.as_of if row else None,
        "kind": row.kind if row else None,
    }


def exact(value: Decimal) -> str:
    """A decimal in full, without exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
