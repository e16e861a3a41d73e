"""The pulled sheet that answers before the curated prices do: the one a project locks, else the current one."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date
from typing import TYPE_CHECKING

from tco.describe.offer import TokenOffer
from tco.price.rates import instant
from tco.sheets.home import is_pinned

if TYPE_CHECKING:
    from tco.sheets.quick import Quick


def sheet_in_use() -> Quick | None:
    """The sheet to use, its hash verified; None when none is locked and none was pulled. Raises MissingDataError."""
    if not is_pinned():
        return None
    from tco.sheets import lock

    return lock.opened()


def repriced(
    sheet: Quick | None, provider: str, offers: Mapping[str, TokenOffer], own: Set[str]
) -> tuple[TokenOffer, ...]:
    """A provider's offers as the sheet has them, but for those that an overlay states (``own``)."""
    newer = sheet.offers_of(provider, offers.keys() - own) if sheet else ()
    return tuple({**offers, **{offer.model: offer for offer in newer}}.values())


def too_old(sheet: Quick | None, on: date) -> list[str]:
    """A warning when the sheet is old on a day."""
    if sheet is None:
        return []
    from tco.sheets import lock

    warning = lock.old(sheet.created_at, instant(on))
    return [warning] if warning else []
