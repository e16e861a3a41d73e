"""The files of the catalogue that hold more than one record: how each is read, wherever it lies."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from tco.describe.offer import OutcomeOffer, ProvisionedOffer, SubscriptionOffer, TokenOffer
from tco.errors import InvalidInputError
from tco.files.lists import entries, records
from tco.files.marks import Document, read

R = TypeVar("R", bound=BaseModel)
PlanOffer = SubscriptionOffer | OutcomeOffer | ProvisionedOffer
PLANS: tuple[tuple[str, type[PlanOffer]], ...] = (
    ("subscriptions", SubscriptionOffer), ("outcomes", OutcomeOffer), ("provisioned", ProvisionedOffer),
)  # fmt: skip


def token_offers(path: Path) -> list[TokenOffer]:
    """The offers of one provider's file, which is named after it."""
    document = read(path)
    for stated in entries(document, "offers", ("provider", "offers")):
        stated.setdefault("provider", document.data.get("provider"))
    return [_of_provider(offer, path.stem, document) for offer in records(document, "offers", TokenOffer)]


def plan_offers(path: Path) -> list[PlanOffer]:
    """Subscriptions, outcome offers and provisioned units of one file."""
    document = read(path)
    found: list[PlanOffer] = []
    for key, record_class in PLANS:
        entries(document, key, [name for name, _ in PLANS])
        found += records(document, key, record_class)
    return found


def listed(path: Path, key: str, record_class: type[R]) -> list[R]:
    """The records under the one key of a file."""
    document = read(path)
    entries(document, key, [key])
    return records(document, key, record_class)


def _of_provider(offer: TokenOffer, provider: str, document: Document) -> TokenOffer:
    if offer.provider != provider:
        message = f"got {offer.provider!r}; expected {provider!r}, the name of the file"
        raise InvalidInputError([document.problem(("provider",), message)])
    return offer


def plan_id(offer: PlanOffer) -> str:
    """A plan's name; units of capacity, sold under one name for many models, with the model behind it."""
    return f"{offer.plan}-{offer.model}" if isinstance(offer, ProvisionedOffer) else offer.plan
