"""The catalogue: data files read when asked for, an overlay folder before the shipped one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from tco.describe.hardware import Hardware, Throughput
from tco.describe.model import Model
from tco.describe.offer import Discount, Provider, RentalOffer, TokenOffer
from tco.describe.quality import Score
from tco.describe.site import FacilityRow, FxRow, TariffRow
from tco.errors import InvalidInputError, MissingDataError, Problem, UnknownNameError, UsageError
from tco.files.addresses import address
from tco.files.marks import read, validate
from tco.files.pinned import repriced, sheet_in_use
from tco.files.profiles import load_all, local_hardware, local_ids, throughput_of
from tco.files.readers import PlanOffer, listed, plan_id, plan_offers, token_offers
from tco.files.shipped import find
from tco.files.tables import read_table

if TYPE_CHECKING:
    from tco.describe.profile import Profile as LocalProfile
    from tco.sheets.quick import Quick

R = TypeVar("R", bound=BaseModel)
Profile = TypeVar("Profile", Hardware, Model)
_WITHIN = re.compile(r"(?:[a-z_]+/)+[^./\\\0][^/\\\0]{0,120}")
# Registries list a cloud's resold models under the vendor of its own.
SOLD_ALSO_BY = {"google": "gcp"}


def shipped_folder() -> Path:
    """Where the data that comes with the tool lies: in the wheel beside the code, else in the checkout."""
    inside = Path(__file__).parents[1] / "data"
    return inside if inside.is_dir() else Path(__file__).parents[2]


class Catalogue:
    """Profiles, prices, tariffs and scores by name; each file is read at most once, when first needed."""

    def __init__(self, overlay: Path | None = None, *, use_sheet: bool = True) -> None:
        if overlay is not None and not overlay.is_dir():
            raise InvalidInputError([Problem(str(overlay), 0, 0, "--data", "no such folder")])
        self.overlay = overlay
        self.folders = [overlay, shipped_folder()] if overlay else [shipped_folder()]
        self.use_sheet = use_sheet
        self._hardware: dict[str, Hardware] = {}
        self._models: dict[str, Model] = {}
        self._offers: dict[str, tuple[TokenOffer, ...]] = {}

    def hardware(self, name: str) -> Hardware:
        """A hardware profile by id or alias, or the machine measured here; raises UnknownNameError with suggestions."""
        if name.lower() == "local" and "local" not in self._hardware:
            self._hardware["local"] = local_hardware(self)
        return self._profile("hardware_profiles", name, Hardware, self._hardware, "tco list hardware")

    def model(self, name: str) -> Model:
        """A model profile by id or alias; raises UnknownNameError with suggestions."""
        return self._profile("model_profiles", name, Model, self._models, "tco list models")

    def profiled(self, model_id: str) -> Model | None:
        """The profile of a model by its id, or None: not every priced model has one."""
        known = model_id in self._models or any(self._files(f"model_profiles/{model_id}.yaml"))
        return self.model(model_id) if known else None

    def known_model(self, name: str) -> Model | None:
        """A model profile by id or alias, or None."""
        return self.profiled(name) or (self._models.get(name.lower()) if self.all_models else None)

    @cached_property
    def all_hardware(self) -> dict[str, Hardware]:
        """Every hardware profile by id."""
        return {name: self.hardware(name) for name in self.names("hardware_profiles")}

    @cached_property
    def all_models(self) -> dict[str, Model]:
        """Every model profile by id; their aliases are known from then on."""
        found = {name: self.model(name) for name in self.names("model_profiles")}
        for model in found.values():
            for alias in (model.name, *model.aliases):
                self._models.setdefault(alias.lower(), model)
        return found

    @cached_property
    def offers(self) -> tuple[TokenOffer, ...]:
        """Every per-token offer; an overlay's offer replaces the shipped one of the same provider and model."""
        return tuple(offer for provider in self.names("pricing/tokens") for offer in self.offers_of(provider))

    def offers_of(self, provider: str) -> tuple[TokenOffer, ...]:
        """The per-token offers of one provider, from its own file."""
        if provider not in self._offers:
            found: dict[str, TokenOffer] = {}
            own: set[str] = set()  # of the overlay, which comes before any sheet
            for path in self._files(f"pricing/tokens/{provider}.yaml"):
                for offer in token_offers(path):
                    found.setdefault(offer.model, offer)
                own |= set(found) if path.parents[2] != shipped_folder() else set()
            offers = repriced(self.sheet, provider, found, own)
            self._offers[provider] = tuple(self._discounted(offer) for offer in offers)
        return self._offers[provider]

    @cached_property
    def discounts(self) -> tuple[Discount, ...]:
        """What providers granted under contract: rows of an overlay's ``pricing/discounts.yaml``."""
        return tuple(self._listed("pricing/discounts.yaml", "discounts", Discount))

    @cached_property
    def sheet(self) -> Quick | None:
        """The sheet the project locks, else the one pulled last; without one, curated and shipped prices answer."""
        return sheet_in_use() if self.use_sheet else None

    def offer(self, model: str, provider: str | None = None) -> TokenOffer:
        """The one offer of a model (id or alias, matched exactly) by a provider.

        A registry's prefix of the seller (``together_ai/``) may stand before the name. Raises UnknownNameError
        when nobody sells it and UsageError when several do and none is named.
        """
        provider = self.provider_id(provider) if provider else None
        held = self.offers_of(provider) if provider else self.offers
        wanted = model.lower()
        prefix, _, rest = wanted.partition("/")
        also = SOLD_ALSO_BY.get(provider or "")
        found = self._called(wanted, provider, held)
        if not found and rest and (seller := self.provider_id(prefix)) in (provider or seller, also):
            found = self._called(rest, seller, self.offers_of(seller))
        if not found and also:
            found = self._called(wanted, also, self.offers_of(also))
        if not found:
            known = [name for offer in held or self.offers for name in (offer.model, *offer.aliases)]
            raise UnknownNameError(f"offer of {provider}:" if provider else "offer of", model, known, "tco list prices")
        if len(found) > 1:
            sellers = ", ".join(sorted(offer.provider for offer in found))
            raise UsageError(f"{model} is sold by several; name one with --provider: {sellers}")
        return found[0]

    def check_region(self, offer: TokenOffer, region: str) -> None:
        """Raise MissingDataError where nothing says that an offer can keep data in a region: no price is implied."""
        provider = self.providers.get(offer.provider)
        held = offer.residency if offer.residency is not None else provider.residency if provider else ()
        conditions = [row.when for row in offer.rates] + [surcharge.when for surcharge in offer.adjustments]
        priced = {name for when in conditions for name in (when.data_residency, when.region) if name}
        known = sorted({name.lower() for name in (*held, *priced)} - {"regional"})
        if region not in known:
            where = f"known: {', '.join(known)}" if known else "no region is known"
            raise MissingDataError(f"{offer.provider}/{offer.model}: no price for data kept in {region!r}; {where}")

    def _called(self, wanted: str, provider: str | None, held: tuple[TokenOffer, ...]) -> list[TokenOffer]:
        """Offers by id, else by alias, else in the shipped sheet."""
        found = [offer for offer in held if wanted == offer.model] or [
            offer for offer in held if wanted in (f"{offer.provider}/{offer.model}", *map(str.lower, offer.aliases))
        ]
        pulled = self.sheet.named(wanted) if self.sheet and not found else ()
        found = found or [self._discounted(offer) for offer in pulled if provider in (None, offer.provider)]
        shipped = find(shipped_folder() / "pricing" / "sheet", wanted, provider, held) if not found else []
        return found or [self._discounted(offer) for offer in shipped]

    def _discounted(self, offer: TokenOffer) -> TokenOffer:
        """The offer with what its provider granted under contract."""
        granted = [
            each for each in self.discounts if each.provider == offer.provider and each.model in (None, offer.model)
        ]
        return offer.model_copy(update={"adjustments": (*offer.adjustments, *granted)}) if granted else offer

    def provider_id(self, name: str) -> str:
        """The id of a seller by its id or another registry's spelling of it; the spelling itself when nobody has it."""
        wanted = name.lower()
        if any(self._files(f"pricing/tokens/{wanted}.yaml")):
            return wanted
        return next((row.id for row in self.providers.values() if wanted in row.aliases), wanted)

    @cached_property
    def plans(self) -> dict[str, PlanOffer]:
        """Subscriptions, outcome offers and provisioned units by plan id."""
        found: dict[str, PlanOffer] = {}
        for path in self._files("pricing/plans.yaml"):
            for offer in plan_offers(path):
                found.setdefault(plan_id(offer), offer)
        return found

    @cached_property
    def providers(self) -> dict[str, Provider]:
        """Every provider by id."""
        rows = self._listed("pricing/providers.yaml", "providers", Provider)
        return {row.id: row for row in reversed(rows)}

    @property
    def sellers(self) -> set[str]:
        """Everyone who is known to sell anything, by id."""
        rows = (*self.rentals, *self.plans.values())
        return {*self.providers, *self.names("pricing/tokens"), *(row.provider for row in rows)}

    @cached_property
    def facility(self) -> dict[str, FacilityRow]:
        """Every facility row by id."""
        rows = self._listed("pricing/facility.yaml", "facility", FacilityRow)
        return {row.id: row for row in reversed(rows)}

    @cached_property
    def rentals(self) -> tuple[RentalOffer, ...]:
        """Every rental row, the overlay's first."""
        return self._table("pricing/gpu_rental.csv", RentalOffer, "provider", "instance", "hardware", "region", "plan")

    @cached_property
    def tariffs(self) -> tuple[TariffRow, ...]:
        """Every electricity row, the overlay's first."""
        return self._table("pricing/electricity.csv", TariffRow, "country", "region", "sector", "band")

    @cached_property
    def fx(self) -> tuple[FxRow, ...]:
        """Every exchange rate, the overlay's first."""
        return self._table("pricing/fx.csv", FxRow, "currency")

    @cached_property
    def local(self) -> tuple[LocalProfile, ...]:
        """What was measured on machines of the user's own, the newest first."""
        return load_all(self.overlay)

    @cached_property
    def throughput(self) -> tuple[Throughput, ...]:
        """Every measured operating point: those measured here, then the overlay's, then the shipped ones."""
        return (*throughput_of(self.local), *self._table("hardware_profiles/throughput.csv", Throughput))

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """Every quality score, the overlay's first."""
        return self._table("quality/scores.csv", Score)

    @cached_property
    def sheet_ids(self) -> tuple[str, ...]:
        """Each folder's data files, and the sheet in use, by content: a name and 12 digits of SHA-256, or ``empty``."""
        names = ["overlay", "shipped"] if self.overlay else ["shipped"]
        ids = [f"{name}@{address(folder)}" for name, folder in zip(names, self.folders, strict=True)]
        return (*ids, *local_ids(self.local), *([f"sheet@{self.sheet.id[:12]}"] if self.sheet else []))

    def workload_path(self, name: str) -> Path:
        """The file of a workload given as a path or by its name in the catalogue."""
        path = Path(name)
        if os.path.exists(path) or (path.suffix in (".yaml", ".yml") and not self._known_workload(path.stem)):  # noqa: PTH110 - a name too long for a file is none
            return path
        found = self._known_workload(path.stem)
        if found is None:
            raise UnknownNameError("workload", name, self.names("workloads"), "tco list workloads")
        return found

    def _known_workload(self, stem: str) -> Path | None:
        return next(self._files(f"workloads/{stem}.yaml"), None)

    def names(self, folder: str) -> list[str]:
        """File stems of a folder, over the overlay and the shipped data."""
        return sorted({path.stem for path in self._paths(folder)})

    def _files(self, relative: str) -> Iterator[Path]:
        if not _WITHIN.fullmatch(relative):  # a name someone wrote is no path to somewhere else
            return iter(())
        return (path for folder in self.folders if (path := folder / relative).is_file())

    def _paths(self, folder: str) -> Iterator[Path]:
        for root in self.folders:
            yield from sorted((root / folder).glob("*.yaml"))

    def _profile(
        self, folder: str, name: str, record_class: type[Profile], known: dict[str, Profile], listing: str
    ) -> Profile:
        """One profile: by its file name without opening any other, else by name or alias over all of them."""
        wanted = name.lower()
        if wanted in known:
            return known[wanted]
        path = next(self._files(f"{folder}/{wanted}.yaml"), None)
        if path is not None:
            known[wanted] = validate(read(path), record_class)
            return known[wanted]
        for stem in self.names(folder):
            profile: Profile = known.get(stem) or self._profile(folder, stem, record_class, known, listing)
            for alias in (profile.name, *profile.aliases):
                known.setdefault(alias.lower(), profile)
        if wanted not in known:
            raise UnknownNameError(folder.split("_")[0], name, known, listing)
        return known[wanted]

    def _listed(self, relative: str, key: str, record_class: type[R]) -> list[R]:
        return [row for path in self._files(relative) for row in listed(path, key, record_class)]

    def _table(self, relative: str, record_class: type[R], *identity: str) -> tuple[R, ...]:
        """Rows of a table; a row of the overlay replaces every shipped one of the same identity, whatever its date."""
        own, *rest = [read_table(path, record_class) for path in self._files(relative)] or [[]]
        if rest and identity:
            replaced = {tuple(getattr(row, name) for name in identity) for row in own}
            rest = [
                [row for row in rows if tuple(getattr(row, name) for name in identity) not in replaced] for rows in rest
            ]
        return tuple(row for rows in (own, *rest) for row in rows)
