"""The catalogue: data files read when asked for, an overlay folder before the shipped one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from tco.describe.hardware import Hardware, Throughput
from tco.describe.model import Model
from tco.describe.offer import OutcomeOffer, ProvisionedOffer, Provider, RentalOffer, SubscriptionOffer, TokenOffer
from tco.describe.quality import Score
from tco.describe.site import FacilityRow, FxRow, TariffRow
from tco.errors import InvalidInputError, Problem, UnknownNameError
from tco.files.marks import read, validate
from tco.files.tables import read_table

R = TypeVar("R", bound=BaseModel)
Profile = TypeVar("Profile", Hardware, Model)
PlanOffer = SubscriptionOffer | OutcomeOffer | ProvisionedOffer


def shipped_folder() -> Path:
    """Where the data that comes with the tool lies: in the wheel beside the code, else in the checkout."""
    inside = Path(__file__).parents[1] / "data"
    return inside if inside.is_dir() else Path(__file__).parents[2]


def _digest(folder: Path) -> str:
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


class Catalogue:
    """Profiles, prices, tariffs and scores by name; each file is read at most once, when first needed."""

    def __init__(self, overlay: Path | None = None) -> None:
        if overlay is not None and not overlay.is_dir():
            raise InvalidInputError([Problem(str(overlay), 0, 0, "--data", "no such folder")])
        self.folders = [overlay, shipped_folder()] if overlay else [shipped_folder()]
        self._hardware: dict[str, Hardware] = {}
        self._models: dict[str, Model] = {}

    def hardware(self, name: str) -> Hardware:
        """A hardware profile by id or alias; raises UnknownNameError with suggestions."""
        return self._profile("hardware_profiles", name, Hardware, self._hardware, "tco list hardware")

    def model(self, name: str) -> Model:
        """A model profile by id or alias; raises UnknownNameError with suggestions."""
        return self._profile("model_profiles", name, Model, self._models, "tco list models")

    @cached_property
    def all_hardware(self) -> dict[str, Hardware]:
        """Every hardware profile by id."""
        return {name: self.hardware(name) for name in self.names("hardware_profiles")}

    @cached_property
    def all_models(self) -> dict[str, Model]:
        """Every model profile by id."""
        return {name: self.model(name) for name in self.names("model_profiles")}

    @cached_property
    def offers(self) -> tuple[TokenOffer, ...]:
        """Every per-token offer; an overlay's offer replaces the shipped one of the same provider and model."""
        found: dict[tuple[str, str], TokenOffer] = {}
        for path in self._paths("pricing/tokens"):
            document = read(path)
            provider = document.data.get("provider")
            for index in range(len(document.data.get("offers") or ())):
                document.data["offers"][index].setdefault("provider", provider)
                offer = validate(document, TokenOffer, at=("offers", index))
                found.setdefault((offer.provider, offer.model), offer)
        return tuple(found.values())

    @cached_property
    def plans(self) -> dict[str, PlanOffer]:
        """Subscriptions, outcome offers and provisioned units by plan id."""
        found: dict[str, PlanOffer] = {}
        kinds = (("subscriptions", SubscriptionOffer), ("outcomes", OutcomeOffer), ("provisioned", ProvisionedOffer))
        for path in self._files("pricing/plans.yaml"):
            document = read(path)
            for key, record_class in kinds:
                for index in range(len(document.data.get(key) or ())):
                    offer = validate(document, record_class, at=(key, index))
                    found.setdefault(offer.plan, offer)
        return found

    @cached_property
    def providers(self) -> dict[str, Provider]:
        """Every provider by id."""
        rows = self._listed("pricing/providers.yaml", "providers", Provider)
        return {row.id: row for row in reversed(rows)}

    @cached_property
    def facility(self) -> dict[str, FacilityRow]:
        """Every facility row by id."""
        rows = self._listed("pricing/facility.yaml", "facility", FacilityRow)
        return {row.id: row for row in reversed(rows)}

    @cached_property
    def rentals(self) -> tuple[RentalOffer, ...]:
        """Every rental row, the overlay's first."""
        return self._table("pricing/gpu_rental.csv", RentalOffer)

    @cached_property
    def tariffs(self) -> tuple[TariffRow, ...]:
        """Every electricity row, the overlay's first."""
        return self._table("pricing/electricity.csv", TariffRow)

    @cached_property
    def fx(self) -> tuple[FxRow, ...]:
        """Every exchange rate, the overlay's first."""
        return self._table("pricing/fx.csv", FxRow)

    @cached_property
    def throughput(self) -> tuple[Throughput, ...]:
        """Every measured operating point, the overlay's first."""
        return self._table("hardware_profiles/throughput.csv", Throughput)

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """Every quality score, the overlay's first."""
        return self._table("quality/scores.csv", Score)

    @cached_property
    def sheet_ids(self) -> tuple[str, ...]:
        """Each folder's price files as a content address: ``shipped@`` or ``overlay@`` and 12 digits of SHA-256."""
        names = ["overlay", "shipped"] if len(self.folders) > 1 else ["shipped"]
        return tuple(f"{name}@{_digest(folder / 'pricing')}" for name, folder in zip(names, self.folders, strict=True))

    def workload_path(self, name: str) -> Path:
        """The file of a workload given as a path or by its name in the catalogue."""
        path = Path(name)
        if path.exists() or path.suffix in (".yaml", ".yml") and not self._known_workload(path.stem):
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
        return (path for folder in self.folders if (path := folder / relative).is_file())

    def _paths(self, folder: str) -> Iterator[Path]:
        for root in self.folders:
            yield from sorted((root / folder).glob("*.yaml"))

    def _profile(self, folder: str, name: str, record_class: type[Profile], known: dict[str, Profile], listing: str) -> Profile:
        if name in known:
            return known[name]
        wanted = name.lower()
        path = next(self._files(f"{folder}/{wanted}.yaml"), None)
        if path is not None:
            known[name] = validate(read(path), record_class)
            return known[name]
        profiles = [self._profile(folder, stem, record_class, known, listing) for stem in self.names(folder)]
        for profile in profiles:
            if wanted in (alias.lower() for alias in (profile.name, *profile.aliases)):
                known[name] = profile
                return profile
        names = [alias.lower() for profile in profiles for alias in (profile.id, *profile.aliases)]
        raise UnknownNameError(folder.split("_")[0], name, names, listing)

    def _listed(self, relative: str, key: str, record_class: type[R]) -> list[R]:
        found: list[R] = []
        for path in self._files(relative):
            document = read(path)
            n_rows = len(document.data.get(key) or ())
            found += [validate(document, record_class, at=(key, index)) for index in range(n_rows)]
        return found

    def _table(self, relative: str, record_class: type[R]) -> tuple[R, ...]:
        return tuple(row for path in self._files(relative) for row in read_table(path, record_class))
