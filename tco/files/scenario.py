"""From a workload file and the catalogue to a scenario: every name resolved, every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from tco.describe.candidates import MachineCandidate, PlanCandidate, TokenCandidate
from tco.describe.hardware import Hardware
from tco.describe.model import Model
from tco.describe.offer import RentalOffer, Tier
from tco.describe.option import MachineOption, Option, TokenOption
from tco.describe.record import Figure
from tco.describe.scenario import Currency, Scenario
from tco.describe.workload import Workload
from tco.errors import InvalidInputError, MissingDataError, Problem, TcoError, UnknownNameError, unknown_name
from tco.files import checks, overlay, pinned, rentals, searches
from tco.files.catalogue import Catalogue
from tco.files.changed import changed, sourced
from tco.files.changed import warnings as set_here
from tco.files.checks import offers_named
from tco.files.explain import Loc, dotted, shown
from tco.files.marks import Document, read, validate
from tco.files.options import Maker
from tco.files.partial import readable, readable_candidates
from tco.files.rentals import InForce
from tco.files.site import exchange_rate, name_facility_rows, stale_tariff, tariff_figure
from tco.files.stated import stated_offer, stated_rental
from tco.files.traced import beside, measured, traced

T = TypeVar("T")

TIERS: tuple[Tier, ...] = ("api", "budget_cloud", "self_hosted")


def load(
    name: str, *, data: Path | None = None, as_of: date | None = None, only: Tier | None = None,
    allow_rumoured: bool = False, today: date, changes: Sequence[str] = (),
) -> Scenario:  # fmt: skip
    """Read a workload (path or catalogue name) and resolve it; raises InvalidInputError with all problems.

    ``changes``, each ``FIELD=VALUE``, come in place of what the file states.
    """
    catalogue = Catalogue(data)
    overlay.check(catalogue)
    _ = catalogue.sheet  # a lock that cannot be kept stops everything, and is no fault of the workload
    document = changed(read(catalogue.workload_path(name)), changes)
    name_facility_rows(document, catalogue)
    recorded = beside(document)
    try:
        workload, trace = measured(recorded, document, sourced(validate(document, Workload), document))
    except InvalidInputError as error:
        part = readable(document)
        resolver = Resolver(document, part, catalogue, as_of or part.as_of or today, allow_rumoured)
        raise InvalidInputError(sorted({*error.problems, *recorded.problems, *resolver.unknown_names()})) from None
    resolver = Resolver(document, workload, catalogue, as_of or workload.as_of or today, allow_rumoured)
    resolver.warnings += set_here(document)
    return traced(resolver.scenario(only), trace)


@dataclass
class Resolver:
    """Turns the names in one workload into records, collecting what it cannot find."""

    document: Document
    workload: Workload
    catalogue: Catalogue
    as_of: date
    allow_rumoured: bool = False
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    groups: list[tuple[MachineOption, ...]] = field(default_factory=list)

    def scenario(self, only: Tier | None) -> Scenario:
        """The scenario of all tiers, or of one."""
        tiers = [tier for tier in TIERS if only in (None, tier)]
        options = [option for tier in tiers for option in self._tier(tier)]
        electricity, currency = self._electricity(), self._currency()
        escalation = self._escalation()
        self._check(checks.names(self.workload, self.catalogue))
        if "self_hosted" in tiers:
            self._check(checks.site(self.workload))
        if self.workload.quality.task_classes:
            self.warnings.append(
                "quality.task_classes do not change this comparison: each option is costed for the whole mix"
            )
        if self.problems or electricity is None or currency is None:
            raise InvalidInputError(sorted(set(self.problems)))
        old = [*stale_tariff(electricity, self.as_of), *pinned.too_old(self.catalogue.sheet, self.as_of)]
        return Scenario(
            workload=self.workload,
            as_of=self.as_of,
            electricity=electricity,
            options=tuple(options),
            searched=tuple(self.groups),
            escalation=escalation,
            scores=self.catalogue.scores if self.workload.quality.floor else (),
            currency=currency,
            allow_rumoured=self.allow_rumoured,
            sheets=self.catalogue.sheet_ids,
            warnings=tuple(dict.fromkeys([*self.warnings, *overlay.warnings(self.catalogue), *old])),
            left_out=tuple(dict.fromkeys(self.left_out)),
            tiers=tuple(tier for tier in tiers if getattr(self.workload.candidates, tier) != ()),
        )

    def unknown_names(self) -> list[Problem]:
        """Problems of the names in a workload of which only a part can be read."""
        for loc, tier, candidate in readable_candidates(self.document):
            list(self._stated(candidate, tier, loc))
        for index, name in enumerate(self.workload.candidates.models):
            self._try_model(name, ("candidates", "models", index))
        self._electricity()
        self._escalation()
        self._currency()
        self._check(checks.names(self.workload, self.catalogue))
        return self.problems

    # --- candidates -------------------------------------------------------------------------------

    def _tier(self, tier: Tier) -> Iterator[Option]:
        stated = getattr(self.workload.candidates, tier)
        if stated is None:
            yield from self._everything(tier)
            return
        for index, candidate in enumerate(stated):
            yield from self._stated(candidate, tier, ("candidates", tier, index))

    def _stated(self, candidate: Any, tier: Tier, loc: Loc) -> Iterator[Option]:
        try:
            yield from self._candidate(candidate, tier, loc)
        except TcoError as error:
            self._problem(loc, str(error))
        except ValidationError as error:  # a name that came with a price of its own is no id
            for detail in error.errors(include_url=False):
                name = dotted(detail["loc"])
                self._problem(loc, f"{name}: got {shown(detail['input'])}; expected an id in lower case such as gpt-4o")

    def _candidate(self, candidate: Any, tier: Tier, loc: Loc) -> Iterator[Option]:
        if isinstance(candidate, PlanCandidate):
            yield self._make.plan(candidate.plan, tier)
        elif isinstance(candidate, TokenCandidate):
            yield from self._tokens(candidate, tier)
        elif tier == "api":
            self._problem(loc, "got a machine under api; put it under budget_cloud (rented) or self_hosted (owned)")
        else:
            model = self._try(self.catalogue.model, candidate.model, (*loc, "model"))
            hardware = self._try(self.catalogue.hardware, candidate.hardware, (*loc, "hardware"))
            if model is None or hardware is None:
                return
            if tier == "budget_cloud":
                self._rental(candidate, model, hardware)
            else:
                yield self._make.machine(candidate, model, hardware, None)

    def _everything(self, tier: Tier) -> Iterator[Option]:
        """The whole tier: token offers one by one; machines as searches, the cheapest of each kind reported."""
        if self.workload.constraints.local_only and tier != "self_hosted":
            return
        models = [] if tier == "api" else self._machine_models
        found = searches.everything(
            tier, self.catalogue, self._make, models=models, rentals=self._rentals, as_of=self.as_of
        )
        self.groups += found.groups
        self.left_out += found.left_out
        self.warnings += found.warnings
        yield from found.options

    @cached_property
    def _make(self) -> Maker:
        return Maker(self.catalogue)

    @cached_property
    def _rentals(self) -> InForce:
        return rentals.in_force(self.catalogue.rentals, self.as_of)

    @cached_property
    def _machine_models(self) -> list[Model]:
        """Models that machines serve where a tier is ``all``: named, else scored where there is a floor, else few."""
        named = self.workload.candidates.models
        if named:
            found = [self._try_model(name, ("candidates", "models", index)) for index, name in enumerate(named)]
            return [model for model in found if model is not None]
        if self.workload.quality.floor:
            models, left_out = searches.models_over_the_floor(self.catalogue)
            self.left_out += left_out
            return models
        models, warning = searches.default_models(self.catalogue)
        self.warnings.append(warning)
        return models

    # --- one candidate ----------------------------------------------------------------------------

    def _tokens(self, candidate: TokenCandidate, tier: Tier) -> Iterator[Option]:
        if candidate.price is not None:
            yield self._make.tokens(stated_offer(candidate, candidate.price, tier), tier, candidate)
            return
        offers = self.catalogue.offers_of(candidate.provider) if candidate.provider else self.catalogue.offers
        found = offers_named(offers, {candidate.model.lower()})
        if not found:
            found = offers_named(offers, {self._model_id(candidate.model.lower())})
        here = [offer for offer in found if candidate.provider or offer.tier == tier]
        if not here:
            raise checks.no_offer(candidate, tier, self.catalogue.offers, elsewhere=found)
        for offer in here:
            yield self._make.tokens(offer, tier, candidate)

    def _rental(self, candidate: MachineCandidate, model: Model, hardware: Hardware) -> None:
        """One candidate of every rental row that fits; without a provider, of the rows that are not old."""
        plan = candidate.plan or "on_demand"
        if candidate.usd_per_gpu_h is not None:
            row = stated_rental(candidate, hardware, candidate.usd_per_gpu_h, self.as_of)
            self.groups.append((self._make.machine(candidate, model, hardware, row),))
            return

        def fits(row: RentalOffer) -> bool:
            return (row.hardware, row.plan) == (hardware.id, plan) and candidate.provider in (None, row.provider)

        rows, old = list(filter(fits, self._rentals.fresh)), list(filter(fits, self._rentals.old))
        if candidate.provider is not None:
            rows, old = rows + old, []
        of_plan = list(filter(fits, self.catalogue.rentals))
        self.warnings += rentals.too_old(old)
        if rows:
            self.groups.append(tuple(self._make.machine(candidate, model, hardware, row) for row in rows))
        elif of_plan:
            row = max(of_plan, key=lambda each: each.since)
            days = f"{min(each.since for each in of_plan)} to {row.since}"
            why = f"no price in force on {self.as_of}: the {len(of_plan)} rows are of {days}"
            self.groups.append((replace(self._make.machine(candidate, model, hardware, row), unpriced=why),))
        else:
            raise checks.no_rental(candidate.provider, plan, hardware.id, self.as_of, self.catalogue)

    # --- everything else a workload names -------------------------------------------------------------

    def _model_id(self, name: str) -> str:
        model = self.catalogue.known_model(name)
        return model.id if model else name

    def _try_model(self, name: str, loc: Loc) -> Model | None:
        return self._try(self.catalogue.model, name, loc)

    def _try(self, find: Callable[[str], T], name: str, loc: Loc) -> T | None:
        try:
            return find(name)
        except UnknownNameError as error:
            self._problem(loc, str(error))
            return None

    def _check(self, found: Iterator[tuple[Loc, str]]) -> None:
        for loc, message in found:
            self._problem(loc, message)

    def _electricity(self) -> Figure | None:
        """The price of electricity; None when there is none, with a problem that says so."""
        stated = self.workload.site.electricity
        if isinstance(stated, Figure):
            return stated
        try:
            figure, doubts = tariff_figure(stated, self.catalogue, self.as_of)
        except TcoError as error:
            self._problem(("site", "electricity"), str(error))
            return None
        self.warnings += doubts
        return figure

    def _currency(self) -> Currency | None:
        """The currency of the report; None when nobody states its rate, with a problem that says so."""
        code = self.workload.currency
        try:
            rate = exchange_rate(code, self.catalogue, self.as_of)
        except MissingDataError as error:
            self._problem(("currency",), str(error))
            return None
        self.warnings += [rate.doubt] if rate.doubt else []
        return Currency(code, rate.usd_per_unit, rate.source.removeprefix("; "))

    def _escalation(self) -> dict[str, TokenOption]:
        found: dict[str, TokenOption] = {}
        for tier, rule in self.workload.quality.escalation.items():
            provider, _, model = rule.to.rpartition("/")
            held = self.catalogue.offers_of(provider) if provider else self.catalogue.offers
            offers = offers_named(held, {model.lower(), self._model_id(model.lower())})
            if offers:
                found[tier] = self._make.tokens(offers[0], offers[0].tier)
            else:
                names = [f"{offer.provider}/{offer.model}" for offer in self.catalogue.offers]
                loc = ("quality", "escalation", tier, "to")
                self._problem(loc, unknown_name("offer", rule.to, names, "tco list prices"))
        return found

    def _problem(self, loc: Loc, message: str) -> None:
        self.problems.append(self.document.problem(loc, message))
