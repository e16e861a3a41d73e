"""Token prices to check against: the sheet in use (locked, pulled or shipped), or the one that is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tco.describe.offer import RateRow, TokenOffer, When
from tco.errors import TcoError, UnknownNameError, UsageError
from tco.files.catalogue import Catalogue
from tco.price.rates import instant
from tco.sheets.diff import prices as prices_of
from tco.sheets.refs import find, names_of

Lookup = Callable[[str, str | None], TokenOffer]
_VERSION = re.compile(r"[-.]?v?\d[\w.]*")


@dataclass(frozen=True)
class Prices:
    """Offers by the names people use; ``label`` says which sheet answers, ``id`` which version of it."""

    label: str
    id: str
    lookup: Lookup
    of_provider: Callable[[str], Iterable[TokenOffer]]
    _known: dict[tuple[str, str | None], TokenOffer | TcoError] = field(default_factory=dict, repr=False)
    _names: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def offer(self, model: str, provider: str | None = None) -> TokenOffer:
        """The one offer of a model by a provider; raises UnknownNameError, UsageError or MissingDataError."""
        key = model.lower(), provider
        if key not in self._known:
            try:
                self._known[key] = self.lookup(model, provider)
            except TcoError as error:
                self._known[key] = error
        held = self._known[key]
        if isinstance(held, TcoError):
            raise held
        return held

    def sells(self, provider: str, model: str) -> bool:
        """Whether a provider has an offer of that name: told at once, however many names nobody has are asked for."""
        if provider not in self._names:
            self._names[provider] = {name for offer in self.of_provider(provider) for name in names_of(offer)}
        return model.lower() in self._names[provider]

    def known(self, model: str, provider: str | None = None) -> TokenOffer | None:
        """The same, or None."""
        try:
            return self.offer(model, provider)
        except TcoError:
            return None

    def family(self, offer: TokenOffer) -> Iterator[TokenOffer]:
        """Other models of the provider whose names differ only in version numbers."""
        stem = _VERSION.sub("", offer.model)
        for other in self.of_provider(offer.provider):
            if other.model != offer.model and _VERSION.sub("", other.model) == stem:
                yield other


def of_catalogue(catalogue: Catalogue) -> Prices:
    """Prices of the catalogue: an overlay's, then the locked or pulled sheet's, then the shipped ones."""
    sheet = catalogue.sheet
    label = f"price sheet {sheet.id[:12]}" if sheet else "shipped prices"
    return Prices(label, f"prices {', '.join(catalogue.sheet_ids)}", catalogue.offer, catalogue.offers_of)


def of_offers(label: str, offers: Iterable[TokenOffer], catalogue: Catalogue | None = None) -> Prices:
    """Prices of a list of offers; names of providers as the catalogue spells them."""
    held = tuple(offers)

    def lookup(model: str, provider: str | None) -> TokenOffer:
        seller = catalogue.provider_id(provider) if catalogue and provider else provider
        found = find(held, model, seller)
        if not found:
            raise UnknownNameError("offer of", model, (offer.model for offer in held), "tco prices show")
        if len(found) > 1:
            sellers = ", ".join(sorted(offer.provider for offer in found))
            raise UsageError(f"{model} is sold by several; name one with --provider: {sellers}")
        return found[0]

    return Prices(label, label, lookup, lambda provider: (offer for offer in held if offer.provider == provider))


def in_force(
    offer: TokenOffer, meter: str, when: When, on: date, *, rumoured: bool = False
) -> tuple[Decimal, RateRow] | None:
    """The price of a meter or an event on a day under exactly these conditions, with its row.

    A promotion comes before the list price; a rumour counts only when asked for, and only where nothing else holds.
    """
    rows = [row for row in _rows(offer, meter, when, on) if rumoured or row.kind != "rumoured"]
    rows = [row for row in rows if row.until is None or instant(on) < instant(row.until)]
    if not rows:
        return None
    row = max(rows, key=lambda each: (each.kind != "rumoured", each.promo, instant(each.since)))
    return prices_of(row)[meter], row


def past(offer: TokenOffer, meter: str, when: When, on: date) -> list[tuple[Decimal, RateRow]]:
    """Every price of a meter that began by a day, the newest first."""
    rows = sorted(_rows(offer, meter, when, on), key=lambda row: instant(row.since), reverse=True)
    return [(prices_of(row)[meter], row) for row in rows]


def _rows(offer: TokenOffer, meter: str, when: When, on: date) -> list[RateRow]:
    now = instant(on)
    return [row for row in offer.rates if row.when == when and meter in prices_of(row) and instant(row.since) <= now]
