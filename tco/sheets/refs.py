"""Lists of offers by the names a person gives them: ``current``, ``shipped``, a sheet id, a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.sheets.sheet import Held, Sheet, SheetSource, sheet_id
from tco.sheets.store import PREFIX, Store, unpacked

NOTHING_PULLED = (
    "nothing was pulled yet; `tco prices pull` fetches a sheet, `shipped` names the one that comes with the tool"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A list of offers with what is known about it; the shipped one has no id, for it is several files."""

    label: str
    id: str | None
    created_at: datetime | None
    offers: tuple[TokenOffer, ...]
    sources: tuple[SheetSource, ...] = ()
    held: tuple[Held, ...] = ()


def resolve(name: str, store: Store, *, shipped: Callable[[], Iterable[TokenOffer]]) -> Named:
    """The offers of ``current``, ``shipped``, a file, or an id (at least six digits). Raises MissingDataError."""
    if name == "shipped":
        return Named(label="shipped", id=None, created_at=None, offers=tuple(shipped()))
    if name == "current":
        held = store.current_id()
        if held is None:
            raise MissingDataError(NOTHING_PULLED)
        return of_sheet(f"current {held[:12]}", held, store.load(held))
    if not Path(name).is_file() and PREFIX.fullmatch(name):
        held = store.full_id(name)
        return of_sheet(held[:12], held, store.load(held))
    sheet = unpacked(Path(name))
    return of_sheet(name, sheet_id(sheet), sheet)


def of_sheet(label: str, held: str, sheet: Sheet) -> Named:
    """A sheet under a label."""
    return Named(
        label=label, id=held, created_at=sheet.created_at, offers=sheet.offers, sources=sheet.sources, held=sheet.held
    )


def find(offers: Iterable[TokenOffer], model: str, provider: str | None = None) -> list[TokenOffer]:
    """The offers of a model by id, else by alias or provider/model; of one provider or all. Exact, case aside."""
    wanted = model.lower()
    held = [offer for offer in offers if provider in (None, offer.provider)]
    by_id = [offer for offer in held if wanted == offer.model]
    return by_id or [offer for offer in held if wanted in names_of(offer)]


def names_of(offer: TokenOffer) -> set[str]:
    """Every name an offer goes by, in lower case."""
    return {offer.model, f"{offer.provider}/{offer.model}", *map(str.lower, offer.aliases)}
