"""The price sheet: offers, where they come from and the content address of both, as canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError

SCHEMA = "tco.sheet/1"
_PRICES = ("usd_per_mtok", "usd_each", "min_billed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSource:
    """One upstream of a sheet, at one version: what was read, from where, when, under which licence."""

    name: str
    version: str
    origin: str
    sha256: str
    retrieved_at: datetime
    licence: str


@dataclass(frozen=True, slots=True)
class Held:
    """An offer held for review: it is in the sheet to be looked at and is never used for a bill."""

    offer: TokenOffer
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Offers by provider and model, with sources; ``parent`` is the id of the sheet it was made from."""

    created_at: datetime
    parent: str | None = None
    sources: tuple[SheetSource, ...] = ()
    offers: tuple[TokenOffer, ...] = ()
    held: tuple[Held, ...] = ()


_OFFERS: TypeAdapter[tuple[TokenOffer, ...]] = TypeAdapter(tuple[TokenOffer, ...])
_INSTANT: TypeAdapter[datetime] = TypeAdapter(datetime)


def dumps(sheet: Sheet) -> bytes:
    """The canonical JSON of a sheet, its id included: sorted keys, no spaces, UTF-8, prices as text."""
    document = _document(sheet)
    return canonical({**document, "id": _address(document)})


def sheet_id(sheet: Sheet) -> str:
    """SHA-256 of the canonical JSON of everything but the id: the same content has the same id anywhere."""
    return _address(_document(sheet))


def loads(raw: bytes) -> Sheet:
    """Read a sheet; raises MissingDataError when it is no sheet, or when its content has another address."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise MissingDataError(f"no price sheet: not JSON ({error})") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise MissingDataError(f"no price sheet: expected a JSON object with schema {SCHEMA!r}")
    stated = document.pop("id", None)
    if stated != (found := _address(document)):
        raise MissingDataError(
            f"tampered: the sheet says it is {str(stated)[:12]}, its content is {found[:12]}; "
            "`tco prices pull` makes a new one"
        )
    try:
        return _sheet(document)
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise MissingDataError(f"no price sheet: {error}") from None


def canonical(document: object) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: one text for one content."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", errors="surrogatepass")


def offer_record(offer: TokenOffer) -> dict[str, Any]:
    """An offer as plain JSON values, defaults left out, rows by start and condition, prices as plain decimals."""
    record: dict[str, Any] = _plain(offer.model_dump(mode="json", exclude_defaults=True))
    if "rates" in record:
        record["rates"].sort(key=_row_order)
    return record


def read_offers(records: Iterable[Mapping[str, Any]]) -> tuple[TokenOffer, ...]:
    """Offers from the plain JSON values of `offer_record`; raises pydantic's ValidationError."""
    return _OFFERS.validate_json(json.dumps(list(records)))


def exact(price: Decimal) -> str:
    """A decimal in full, without exponent or trailing zeros."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _row_order(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row["since"]), json.dumps(row.get("when", {}), sort_keys=True), json.dumps(row, sort_keys=True)


def _plain(held: Any, *, prices: bool = False) -> Any:
    if isinstance(held, dict):
        return {name: _plain(part, prices=name in _PRICES or prices) for name, part in held.items()}
    if isinstance(held, list):
        return [_plain(part) for part in held]
    return exact(Decimal(held)) if prices else held


def _address(document: Mapping[str, Any]) -> str:
    return sha256(canonical(document)).hexdigest()


def _document(sheet: Sheet) -> dict[str, Any]:
    offers = sorted(sheet.offers, key=lambda offer: (offer.provider, offer.model))
    held = sorted(sheet.held, key=lambda part: (part.offer.provider, part.offer.model, part.why))
    return {
        "schema": SCHEMA,
        "parent": sheet.parent,
        "created_at": sheet.created_at.isoformat(),
        "sources": [_source_record(source) for source in sheet.sources],
        "offers": [offer_record(offer) for offer in offers],
        "held": [{"offer": offer_record(part.offer), "why": part.why} for part in held],
    }


def _source_record(source: SheetSource) -> dict[str, str]:
    return {
        "name": source.name,
        "version": source.version,
        "origin": source.origin,
        "sha256": source.sha256,
        "retrieved_at": source.retrieved_at.isoformat(),
        "licence": source.licence,
    }


def _sheet(document: Mapping[str, Any]) -> Sheet:
    held = document["held"]
    return Sheet(
        parent=document["parent"],
        created_at=_INSTANT.validate_python(document["created_at"]),
        sources=tuple(
            SheetSource(**{**source, "retrieved_at": _INSTANT.validate_python(source["retrieved_at"])})
            for source in document["sources"]
        ),
        offers=read_offers(document["offers"]),
        held=tuple(
            Held(offer, part["why"])
            for offer, part in zip(read_offers(part["offer"] for part in held), held, strict=True)
        ),
    )
