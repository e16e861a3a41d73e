"""Which offers ``tco prices`` looks at: an overlay, the locked or current sheet, what came with the tool."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError, UnknownNameError
from tco.files.catalogue import Catalogue, shipped_folder
from tco.files.instants import parse_day
from tco.sheets import lock, shipped
from tco.sheets.home import LOCK
from tco.sheets.refs import Named, find, of_sheet, resolve
from tco.sheets.sheet import Sheet
from tco.sheets.store import Store


def curated(data: Path | None = None) -> tuple[TokenOffer, ...]:
    """The curated offers, an overlay's first."""
    return Catalogue(data, use_sheet=False).offers


def shipped_offers() -> tuple[TokenOffer, ...]:
    """Everything that came with the tool."""
    return shipped.with_curated(curated(), shipped_folder() / "pricing" / "sheet")


def day(as_of: str | None) -> date:
    """The day asked for, or today."""
    return parse_day(as_of) if as_of else datetime.now(UTC).date()


def moment(as_of: str | None) -> datetime:
    """The first instant of the day asked for, or now."""
    asked = parse_day(as_of) if as_of else None
    return (
        datetime(asked.year, asked.month, asked.day, tzinfo=UTC) if asked else datetime.now(UTC).replace(microsecond=0)
    )


def named(name: str, store: Store) -> Named:
    """Offers by ``current``, ``shipped``, ``curated``, an id or a file."""
    if name == "curated":
        return Named(label="curated", id=None, created_at=None, offers=curated())
    return resolve(name, store, shipped=shipped_offers)


def in_use(store: Store, data: Path | None = None) -> tuple[Named, list[str]]:
    """The offers that answer, an overlay's before the sheet's, and warnings about their age."""
    held = lock.pinned(store)
    if held is None:
        return Named(label="shipped", id=None, created_at=None, offers=_overlaid(shipped_offers(), data)), []
    sheet = store.load(held)
    label = f"locked {held[:12]}" if lock.read_lock(LOCK) else f"current {held[:12]}"
    old = lock.old(sheet.created_at, datetime.now(UTC))
    found = of_sheet(label, held, sheet)
    offers = _overlaid(shipped.merged(found.offers, shipped_offers()), data)
    return Named(label=label, id=held, created_at=sheet.created_at, offers=offers), [old] if old else []


def _overlaid(offers: Iterable[TokenOffer], data: Path | None) -> tuple[TokenOffer, ...]:
    if data is None:
        return tuple(offers)
    own = [offer for offer in curated(data) if (data / "pricing" / "tokens" / f"{offer.provider}.yaml").is_file()]
    return shipped.merged(own, offers)


def sellers(offers: Iterable[TokenOffer], model: str, provider: str | None) -> list[TokenOffer]:
    """The offers of a model. Raises UnknownNameError with suggestions when nobody sells it."""
    held = tuple(offers)
    found = find(held, model, provider)
    if not found:
        known = (offer.model for offer in held if provider in (None, offer.provider))
        raise UnknownNameError(f"offer of {provider}:" if provider else "offer of", model, known, "tco prices show")
    return found


def everywhere(model: str, provider: str | None, store: Store) -> list[TokenOffer]:
    """The offers of a model in every list there is, the curated first, then sheets from the newest to the oldest."""
    curated_first = shipped_offers()
    lists = [curated_first, *(sheet.offers for _, sheet in sheets(store) if isinstance(sheet, Sheet))]
    found = [offer for offers in lists for offer in find(offers, model, provider)]
    return found or sellers(curated_first, model, provider)


def sheets(store: Store) -> list[tuple[str, Sheet | str]]:
    """Every sheet held, the newest first; what is wrong with it in place of one that cannot be used."""
    found: list[tuple[str, Sheet | str]] = []
    for held in store.ids():
        try:
            found.append((held, store.load(held)))
        except MissingDataError as error:
            found.append((held, str(error)))
    return sorted(
        found, key=lambda each: each[1].created_at.isoformat() if isinstance(each[1], Sheet) else "", reverse=True
    )
