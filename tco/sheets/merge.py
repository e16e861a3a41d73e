"""One list of offers from several sources: whom to believe, and what is held for review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tco.describe.offer import RateRow, TokenOffer, When
from tco.sheets.plausible import disagreement, latest, long_context, row_problems, steps
from tco.sheets.sheet import Held, Sheet
from tco.sheets.timeline import carried, started

CURATED = "curated"
Product = tuple[str | None, str | None, str | None]
STANDARD: Product = (None, None, None)


@dataclass(frozen=True, slots=True)
class Merged:
    """The offers to use and those held for review."""

    offers: tuple[TokenOffer, ...]
    held: tuple[Held, ...]


@dataclass(slots=True)
class _Model:
    """What all sources say of one model of one provider."""

    ident: str
    by_source: dict[str, TokenOffer] = field(default_factory=dict)


def merge(
    curated: Iterable[TokenOffer], converted: Mapping[str, Sequence[TokenOffer]], *, parent: Sheet | None = None
) -> Merged:
    """Offers of all sources as one list.

    ``converted`` holds the offers by source, the most trusted first. The rows of a product (standard, batch,
    flex, ...) come from one source as a whole: curated ones where there are any, else those of the first
    source whose rows are plausible. Curated rows are never held. History in ``parent`` is kept.
    """
    held: list[Held] = []
    models: dict[tuple[str, str], _Model] = {}
    names: dict[tuple[str, str], str] = {}
    for source, offers in ((CURATED, tuple(curated)), *converted.items()):
        _take(source, offers, models, names, held)
    before = {(offer.provider, offer.model): offer for offer in parent.offers} if parent else {}
    merged: dict[tuple[str, str], TokenOffer] = {}
    for key, model in models.items():
        offer = _joined(model, names, before.get(key), held)
        if offer is not None:
            merged[key] = carried(offer, before.get(key))
    for key, offer in before.items():  # what the sources no longer list stays as it was last seen
        merged.setdefault(key, offer)
    return Merged(tuple(merged[key] for key in sorted(merged)), tuple(held))


def product_of(row: RateRow) -> Product:
    """What is bought: standard, batch, flex, priority or fast."""
    return row.when.processing, row.when.service_tier, row.when.speed


def _take(
    source: str, offers: Sequence[TokenOffer], models: dict[tuple[str, str], _Model], names: dict[tuple[str, str], str],
    held: list[Held],
) -> None:  # fmt: skip
    """Give each offer of a source to the model that has its name, ids before aliases."""
    claimed = {(offer.provider, offer.model) for offer in offers}
    for offer in sorted(offers, key=lambda offer: (offer.provider, offer.model) not in models):
        owner = _owner(offer, names, models)
        if owner is not None and _is_another(offer, models[(offer.provider, owner)]):
            owner = None
            names[(offer.provider, offer.model)] = offer.model
        ident = owner or offer.model
        key = (offer.provider, ident)
        model = models.setdefault(key, _Model(ident))
        twin = model.by_source.get(source)
        if twin is not None and twin.rates != offer.rates:
            own = (offer.provider, offer.model)
            if ident == offer.model or own in models:
                held.append(
                    Held(offer, f"{source} has two prices for {offer.provider}/{ident}: {twin.model} and {offer.model}")
                )
                continue
            key, ident = own, offer.model
            model = models.setdefault(own, _Model(ident))
            names[(offer.provider, ident.lower())] = ident
            twin = None
        model.by_source[source] = offer if twin is None else _with_names(twin, offer)
        for name in _names(offer):
            if name == offer.model or (offer.provider, name) not in claimed:
                names.setdefault((offer.provider, name), ident)


def _owner(
    offer: TokenOffer, names: Mapping[tuple[str, str], str], models: Mapping[tuple[str, str], _Model]
) -> str | None:
    if (offer.provider, offer.model) in models:
        return offer.model
    for name in _names(offer):
        if (offer.provider, name) in names:
            return names[(offer.provider, name)]
    return None


def _is_another(offer: TokenOffer, model: _Model) -> bool:
    """Whether a spelling that only another registry gives to a curated model has a price of its own."""
    curated = model.by_source.get(CURATED)
    if curated is None or set(_names(offer)) & set(_names(curated)):
        return False
    mine, theirs = latest(offer.rates).get(When()), latest(curated.rates).get(When())
    if mine is None or theirs is None:
        return True
    return any(usd != theirs.usd_per_mtok.get(meter, usd) for meter, usd in mine.usd_per_mtok.items())


def _names(offer: TokenOffer) -> list[str]:
    """Everything an offer is called, in lower case: its id, its aliases, the seller's own name first."""
    return list(dict.fromkeys((offer.model, *(alias.lower() for alias in offer.aliases))))


def _with_names(offer: TokenOffer, other: TokenOffer) -> TokenOffer:
    aliases = tuple(dict.fromkeys((*offer.aliases, other.model, *other.aliases)))
    return offer.model_copy(update={"aliases": tuple(alias for alias in aliases if alias != offer.model)})


def _joined(
    model: _Model, names: Mapping[tuple[str, str], str], previous: TokenOffer | None, held: list[Held]
) -> TokenOffer | None:
    """One offer of what the sources say; None when no product of it has rates that can be used."""
    rows: dict[Product, tuple[str, tuple[RateRow, ...]]] = {}
    doubted: list[Held] = []
    for source, offer in model.by_source.items():
        for product, stated in _products(offer).items():
            if product in rows and rows[product][0] == CURATED:
                continue  # what another source says of it is a matter of `tco prices reconcile`
            why = [] if source == CURATED else _why_held(offer, stated, previous)
            if why:
                held.append(Held(offer.model_copy(update={"rates": stated}), "; ".join(why)))
            elif product not in rows:
                rows[product] = (source, stated)
            elif product == STANDARD:
                apart = "; ".join(disagreement(rows[product][1], stated))
                doubted += [Held(offer.model_copy(update={"rates": stated}), apart)] if apart else []
    held += doubted
    if doubted and all(row.observed for row in rows[STANDARD][1]):  # nobody dates it: not decided by precedence alone
        source, stated = rows[STANDARD]
        held.append(Held(model.by_source[source].model_copy(update={"rates": stated}), doubted[0].why))
        return None
    if STANDARD not in rows and any(offer.rates for offer in model.by_source.values()):
        return None
    return _offer(model, names, tuple(row for _, stated in rows.values() for row in stated))


def _products(offer: TokenOffer) -> dict[Product, tuple[RateRow, ...]]:
    found: dict[Product, list[RateRow]] = {}
    for row in offer.rates:
        found.setdefault(product_of(row), []).append(row)
    return {product: tuple(rows) for product, rows in found.items()}


def _why_held(offer: TokenOffer, rows: tuple[RateRow, ...], previous: TokenOffer | None) -> list[str]:
    why = [part for row in rows for part in row_problems(row, free=offer.free)]
    why += long_context(rows)
    if previous is not None:
        why += steps(rows, previous.rates)
    return list(dict.fromkeys(why))


def _offer(model: _Model, names: Mapping[tuple[str, str], str], rows: tuple[RateRow, ...]) -> TokenOffer:
    """The first source's offer with the rows chosen, every spelling that is this model's, and what it leaves open."""
    offers = list(model.by_source.values())
    first = offers[0]
    spelt = [name for offer in offers for name in (*offer.aliases, offer.model)]
    aliases = [
        name
        for name in dict.fromkeys(spelt)
        if names.get((first.provider, name.lower())) == model.ident and name != model.ident
    ]
    released = next((offer.released for offer in offers if offer.released), None)
    return first.model_copy(
        update={
            "model": model.ident,
            "rates": tuple(started(row, released) for row in rows),
            "aliases": tuple(aliases),
            "released": released,
            "adjustments": next((offer.adjustments for offer in offers if offer.adjustments), ()),
            **{
                name: _first(offers, name)
                for name in ("name", "context_tok", "max_output_tok", "retired", "free_quota")
            },
        }
    )


def _first(offers: Iterable[TokenOffer], name: str) -> object:
    stated = [getattr(offer, name) for offer in offers]
    return next((value for value in stated if value), stated[0] if stated else None)
