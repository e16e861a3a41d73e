"""What a machine costs to buy on a day: the last price begun, and what that price includes."""

from __future__ import annotations

from datetime import date

from tco.describe.hardware import DatedPrice, Hardware
from tco.errors import MissingDataError


def bought_at(hardware: Hardware, on: date) -> DatedPrice:
    """The last purchase price begun by the day; raises MissingDataError when there is none."""
    begun = [price for price in hardware.prices if price.since <= on and price.kind != "rumoured"]
    if not begun:
        why = hardware.unpriced or f"no row begun by {on}"
        raise MissingDataError(f"{hardware.id}: no price: {why}; state machine.usd")
    return max(begun, key=lambda price: price.since)
