"""Cross-checks of a workload against the catalogue: names in rules, models with counts of their own, the site."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from tco.describe.candidates import TokenCandidate
from tco.describe.offer import Tier, TokenOffer
from tco.describe.workload import Tariff, Workload
from tco.errors import MissingDataError, TcoError, UnknownNameError, UsageError, unknown_name
from tco.files import rentals
from tco.files.catalogue import Catalogue
from tco.files.explain import Loc

NO_SITE = "residency is required: state site.country, where own machines stand"

Found = Iterator[tuple[Loc, str]]


def names(workload: Workload, catalogue: Catalogue) -> Found:
    """Rules name a provider or a benchmark: one nobody knows would rule nothing, or everything, out unnoticed."""
    excluded, floor = workload.constraints.exclude_providers, workload.quality.floor
    sellers = catalogue.sellers if excluded else set()
    for index, name in enumerate(excluded):
        if name not in sellers:
            yield (
                ("constraints", "exclude_providers", index),
                unknown_name("provider", name, sellers, "tco list providers"),
            )
    known = benchmarks(catalogue) if floor else set()
    for name in floor:
        if name.replace("-", "_") not in known:
            yield ("quality", "floor", name), unknown_name("benchmark", name, known, "tco list quality")
    yield from _own_counts(workload, catalogue)


def no_offer(
    candidate: TokenCandidate, tier: Tier, offers: Iterable[TokenOffer], *, elsewhere: Sequence[TokenOffer]
) -> TcoError:
    """Why a tier has no offer of a candidate: it stands in another one, or nobody knows the name."""
    if elsewhere:
        return UsageError(f"{candidate.model!r} has offers of {elsewhere[0].tier} and none of {tier}; list it there")
    known = [name for offer in offers for name in (offer.model, f"{offer.provider}/{offer.model}")]
    name = f"{candidate.provider}/{candidate.model}" if candidate.provider else candidate.model
    return UnknownNameError(f"{tier} offer of", name, known, "tco list prices")


def no_rental(provider: str | None, plan: str, hardware: str, day: date, catalogue: Catalogue) -> TcoError:
    """Why a machine cannot be rented as asked: nobody knows the provider, or no row of it is of that plan."""
    if provider is not None and provider not in catalogue.sellers:
        return UnknownNameError("provider", provider, catalogue.sellers, "tco list providers")
    who, offered = provider or "anyone", rentals.offered(catalogue.rentals, hardware)
    return MissingDataError(f"no {plan} rental of {hardware} by {who} on {day}; {offered}")


def benchmarks(catalogue: Catalogue) -> set[str]:
    """Benchmarks of which any score is known, as a workload's floor spells them."""
    return {row.benchmark.replace("-", "_") for row in catalogue.scores}


def site(workload: Workload) -> Found:
    """Own machines keep data where they stand: under a residency rule that place is stated, never assumed."""
    stated, own = workload.site, workload.candidates.self_hosted
    tariff = "electricity" in stated.model_fields_set and isinstance(stated.electricity, Tariff)
    if workload.constraints.residency and own != () and stated.country is None and not tariff:
        yield ("constraints", "residency"), NO_SITE


def offers_named(offers: Iterable[TokenOffer], wanted: Collection[str]) -> list[TokenOffer]:
    """Offers that have one of the names as id or alias."""
    return [
        offer for offer in offers if offer.model in wanted or any(alias.lower() in wanted for alias in offer.aliases)
    ]


def _own_counts(workload: Workload, catalogue: Catalogue) -> Found:
    for name in workload.tokens.per_model:
        if catalogue.profiled(name) is None and not offers_named(catalogue.offers, {name}):
            known = {*catalogue.names("model_profiles"), *(offer.model for offer in catalogue.offers)}
            yield ("tokens", "per_model", name), unknown_name("model", name, known, "tco list models")
