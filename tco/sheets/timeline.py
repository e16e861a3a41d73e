"""Prices over time: what a new snapshot adds to the rows known before. Nothing is overwritten."""

from __future__ import annotations

from datetime import date, datetime

from tco.describe.offer import RateRow, TokenOffer, When
from tco.price.rates import instant
from tco.sheets.upstream.common import NO_START


def started(row: RateRow, released: date | None) -> RateRow:
    """A row whose start no source states, from the day the model was released."""
    if row.note != NO_START or released is None or instant(released) >= instant(row.since):
        return row
    note = "its start is not stated: taken to hold since the model's release"
    return row.model_copy(update={"since": released, "kind": "assumed", "note": note})


def carried(offer: TokenOffer, previous: TokenOffer | None) -> TokenOffer:
    """An offer with the history of the sheet before: unchanged rows keep their start, changed ones come after it.

    A row that no source dates and whose price changed is observed between the two snapshots; one whose
    condition is gone ends on the day of the new snapshot.
    """
    if previous is None:
        return offer
    before = _by_when(previous)
    rows: list[RateRow] = []
    read = max((row.as_of for row in offer.rates), default=None)
    for when, stated in _by_when(offer).items():
        rows += _continued(stated, before.pop(when, []))
    for gone in before.values():
        rows += [_ended(row, read) for row in gone]
    return offer.model_copy(update={"rates": tuple(rows)})


def _continued(stated: list[RateRow], before: list[RateRow]) -> list[RateRow]:
    if not before:
        return stated
    last = before[-1]
    first, *rest = stated
    if first.observed is None:  # dated by its source: the source knows better, older rows stay
        return [*(row for row in before if instant(row.since) < instant(first.since)), *stated]
    if _same_price(first, last):
        return [*before[:-1], first.model_copy(update={"since": last.since, "observed": last.observed}), *rest]
    if instant(first.since) <= instant(last.since):
        return [*before[:-1], first, *rest]
    seen = last.observed[1] if last.observed else last.as_of
    return [*before, first.model_copy(update={"observed": (min(seen, first.as_of), first.as_of)}), *rest]


def _same_price(row: RateRow, other: RateRow) -> bool:
    return row.usd_per_mtok == other.usd_per_mtok and row.usd_each == other.usd_each


def _ended(row: RateRow, on: date | None) -> RateRow:
    if on is None or instant(row.since) >= instant(on) or (row.until is not None and instant(row.until) <= instant(on)):
        return row
    return row.model_copy(update={"until": on})


def _by_when(offer: TokenOffer) -> dict[When, list[RateRow]]:
    found: dict[When, list[RateRow]] = {}
    for row in sorted(offer.rates, key=_start):
        found.setdefault(row.when, []).append(row)
    return found


def _start(row: RateRow) -> datetime:
    return instant(row.since)
