"""From a workload file and the catalogue to a scenario: every name resolved, every problem at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model
from tco.describe.offer import RateRow, RentalOffer, Tier, TokenOffer, When
from tco.describe.option import MachineOption, Option, PlanOption, TokenOption
from tco.describe.record import Figure
from tco.describe.scenario import Scenario
from tco.describe.workload import MachineCandidate, PlanCandidate, StatedPrice, Tariff, TokenCandidate, Workload
from tco.errors import InvalidInputError, MissingDataError, Problem, TcoError, UnknownNameError, unknown_name
from tco.files.catalogue import Catalogue
from tco.files.marks import Document, read, validate

TIERS: tuple[Tier, ...] = ("api", "budget_cloud", "self_hosted")
MAX_RENTAL_AGE_DAYS = 365
FACILITY_FIELDS = (("site", "pue"), ("site", "colocation"), ("finance", "maintenance_frac_per_year"))
SMALL_ENGINES = ("apple", "soc", "cpu", "phone", "laptop")


def load(
    name: str, *, data: Path | None = None, as_of: date | None = None, only: Tier | None = None,
    allow_rumoured: bool = False, today: date,
) -> Scenario:  # fmt: skip
    """Read a workload (path or catalogue name) and resolve it; raises InvalidInputError with all problems."""
    catalogue = Catalogue(data)
    document = read(catalogue.workload_path(name))
    _name_facility_rows(document, catalogue)
    workload = validate(document, Workload)
    return Resolver(document, workload, catalogue, as_of or workload.as_of or today, allow_rumoured).scenario(only)


def _name_facility_rows(document: Document, catalogue: Catalogue) -> None:
    """Put the figure of a facility row where a workload names it by its id (``pue: pue-global-mean``)."""
    for section, key in FACILITY_FIELDS:
        held = document.data.get(section)
        text = held.get(key) if isinstance(held, dict) else None
        if isinstance(held, dict) and isinstance(text, str) and text in catalogue.facility:
            row = catalogue.facility[text].figure()
            held[key] = row.model_dump(exclude={"unit"} if row.unit == "frac/year" else None)


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
    groups: list[tuple[MachineOption, ...]] = field(default_factory=list)

    def scenario(self, only: Tier | None) -> Scenario:
        """The scenario of all tiers, or of one."""
        options = [option for tier in TIERS if only in (None, tier) for option in self._tier(tier)]
        electricity = self._electricity()
        escalation = self._escalation()
        self._check_own_counts()
        if self.problems:
            raise InvalidInputError(sorted(set(self.problems)))
        return Scenario(
            workload=self.workload,
            as_of=self.as_of,
            electricity=electricity,
            options=_distinct(options),
            searched=tuple(self.groups),
            escalation_offers=escalation,
            scores=self.catalogue.scores if self.workload.quality.floor else (),
            allow_rumoured=self.allow_rumoured,
            sheets=self.catalogue.sheet_ids,
            warnings=tuple(dict.fromkeys(self.warnings)),
        )

    # --- candidates -------------------------------------------------------------------------------

    def _tier(self, tier: Tier) -> Iterator[Option]:
        stated = getattr(self.workload.candidates, tier)
        if stated is None:
            yield from self._everything(tier)
            return
        for index, candidate in enumerate(stated):
            loc = ("candidates", tier, index)
            try:
                yield from self._candidate(candidate, tier, loc)
            except TcoError as error:
                self._problem(loc, str(error))

    def _candidate(self, candidate: Any, tier: Tier, loc: tuple[str | int, ...]) -> Iterator[Option]:
        if isinstance(candidate, PlanCandidate):
            yield self._plan(candidate.plan, tier)
        elif isinstance(candidate, TokenCandidate):
            yield from self._tokens(candidate, tier)
        elif tier == "budget_cloud":
            self._rental(candidate)
        elif tier == "self_hosted":
            yield self._owned(candidate)
        else:
            self._problem(loc, "got a machine under api; put it under budget_cloud (rented) or self_hosted (owned)")

    def _everything(self, tier: Tier) -> Iterator[Option]:
        """The whole tier: token offers one by one; machines as searches, the cheapest of each kind reported."""
        if self.workload.constraints.local_only and tier != "self_hosted":
            return
        for offer in self.catalogue.offers:
            if offer.tier == tier and offer.modality != "speech" and not self._over(offer):
                yield self._token_option(offer, tier, None)
        if tier == "api":
            yield from (self._plan(plan, tier) for plan in self.catalogue.plans)
            return
        for model in self._machine_models():
            self._search(model, tier)

    def _over(self, offer: TokenOffer) -> bool:
        return offer.retired is not None and offer.retired <= self.as_of

    def _machine_models(self) -> list[Model]:
        named = self.workload.candidates.models
        if named:
            return [model for index, name in enumerate(named) if (model := self._try_model(name, ("candidates", "models", index)))]
        return [
            model for model in self.catalogue.all_models.values()
            if model.weights == "open" and model.status == "released" and model.modality != "speech" and model.shape
        ]  # fmt: skip

    def _search(self, model: Model, tier: Tier) -> None:
        if tier == "self_hosted":
            group = [
                self._machine(MachineCandidate(model=model.id, hardware=name), model, hardware, None)
                for name, hardware in self.catalogue.all_hardware.items()
                if hardware.status == "shipping" and hardware.memory_gb
            ]
            self.groups.append(tuple(group))
            return
        by_plan: dict[str, list[MachineOption]] = {}
        for rental in self._rentals_in_force():
            candidate = MachineCandidate(model=model.id, hardware=rental.hardware)
            option = self._machine(candidate, model, self.catalogue.hardware(rental.hardware), rental)
            by_plan.setdefault(rental.plan, []).append(option)
        self.groups += [tuple(group) for group in by_plan.values()]

    # --- one candidate ----------------------------------------------------------------------------

    def _tokens(self, candidate: TokenCandidate, tier: Tier) -> Iterator[Option]:
        if candidate.price is not None:
            yield self._token_option(_stated_offer(candidate, candidate.price, tier), tier, candidate)
            return
        wanted = candidate.model.lower()
        names = {wanted, self._model_id(wanted)}
        found = [
            offer for offer in self.catalogue.offers
            if names & {offer.model, *(alias.lower() for alias in offer.aliases)}
            and candidate.provider in (None, offer.provider)
            and (candidate.provider is not None or offer.tier == tier)
        ]  # fmt: skip
        if not found:
            known = [name for offer in self.catalogue.offers for name in (offer.model, f"{offer.provider}/{offer.model}")]
            name = f"{candidate.provider}/{candidate.model}" if candidate.provider else candidate.model
            raise UnknownNameError(f"{tier} offer of", name, known, "tco list prices")
        for offer in found:
            yield self._token_option(offer, tier, candidate)

    def _token_option(self, offer: TokenOffer, tier: Tier, candidate: TokenCandidate | None) -> TokenOption:
        if candidate is not None:
            own = {"output_tok_per_s": candidate.output_tok_per_s, "ttft_s": candidate.ttft}
            offer = offer.model_copy(update={name: figure for name, figure in own.items() if figure is not None})
        return TokenOption(
            id=f"{offer.provider}/{offer.model}",
            tier=tier,
            model_id=offer.model,
            model=self._known_model(offer.model),
            provider=self.catalogue.providers.get(offer.provider),
            offer=offer,
        )

    def _plan(self, name: str, tier: Tier) -> PlanOption:
        offer = self.catalogue.plans.get(name)
        if offer is None:
            raise UnknownNameError("plan", name, self.catalogue.plans, "tco list prices")
        return PlanOption(
            id=f"{offer.provider}/{offer.plan}",
            tier=tier,
            model_id=offer.model or "",
            model=self._known_model(offer.model) if offer.model else None,
            provider=self.catalogue.providers.get(offer.provider),
            offer=offer,
        )

    def _owned(self, candidate: MachineCandidate) -> MachineOption:
        model, hardware = self.catalogue.model(candidate.model), self.catalogue.hardware(candidate.hardware)
        return self._machine(candidate, model, hardware, None)

    def _rental(self, candidate: MachineCandidate) -> None:
        model, hardware = self.catalogue.model(candidate.model), self.catalogue.hardware(candidate.hardware)
        if candidate.usd_per_gpu_h is not None:
            rows = [_stated_rental(candidate, hardware, candidate.usd_per_gpu_h, self.as_of)]
        else:
            rows = [
                row for row in self._rentals_in_force(named=candidate.provider is not None)
                if row.hardware == hardware.id
                and candidate.provider in (None, row.provider)
                and (candidate.plan or "on_demand") == row.plan
            ]  # fmt: skip
        if not rows:
            known = sorted({f"{row.provider} ({row.plan})" for row in self.catalogue.rentals if row.hardware == hardware.id})
            offered = f"it is offered by {', '.join(known)}" if known else "nobody in the sheet rents it out"
            plan = candidate.plan or "on_demand"
            raise MissingDataError(
                f"no {plan} rental of {hardware.id} by {candidate.provider or 'anyone'} on {self.as_of}; {offered}; "
                "state usd_per_gpu_h, or see `tco list rentals`"
            )
        self.groups.append(tuple(self._machine(candidate, model, hardware, row) for row in rows))

    def _machine(
        self, candidate: MachineCandidate, model: Model, hardware: Hardware, rental: RentalOffer | None
    ) -> MachineOption:
        engine = candidate.engine
        if hardware.category in SMALL_ENGINES and "engine" not in candidate.model_fields_set:
            engine = "llama.cpp"
        dtype = candidate.dtype or default_dtype(model, hardware, engine)
        layout = f"{candidate.n_gpus}x-" if candidate.n_gpus else ""
        where = f"{rental.provider}:{rental.plan}" if rental else "own"
        return MachineOption(
            id=f"{where}:{layout}{hardware.id}/{model.id}-{dtype}",
            tier="self_hosted" if rental is None else "budget_cloud",
            model_id=model.id,
            model=model,
            provider=self.catalogue.providers.get(rental.provider) if rental else None,
            hardware=hardware,
            reference=self.catalogue.hardware(hardware.relative.to) if hardware.relative else None,
            n_gpus=candidate.n_gpus,
            dtype=dtype,
            kv_dtype=candidate.kv_dtype,
            engine=engine,
            rental=rental,
            rental_price=candidate.usd_per_gpu_h,
            speed=candidate.throughput,
            stated=candidate.machine,
            measured=self._measured.get((model.id, hardware.id), ()),
        )

    @property
    def _measured(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        if not hasattr(self, "_measured_by_pair"):
            rows: dict[tuple[str, str], tuple[Any, ...]] = {}
            for row in self.catalogue.throughput:
                rows[row.model, row.hardware] = (*rows.get((row.model, row.hardware), ()), row)
            self._measured_by_pair = rows
        return self._measured_by_pair

    def _rentals_in_force(self, *, named: bool = False) -> list[RentalOffer]:
        """The last row of each provider, instance, machine, region and plan begun by the day.

        Unless the provider is named, a row older than a year is no offer any more (the report says how many).
        """
        latest: dict[tuple[str, ...], RentalOffer] = {}
        for row in self.catalogue.rentals:
            key = (row.provider, row.instance, row.hardware, row.region, row.plan)
            if row.since <= self.as_of and (key not in latest or row.since > latest[key].since):
                latest[key] = row
        if named:
            return list(latest.values())
        fresh = [row for row in latest.values() if (self.as_of - row.since).days <= MAX_RENTAL_AGE_DAYS]
        if len(fresh) < len(latest):
            self.warnings.append(f"{len(latest) - len(fresh)} rental rows older than {MAX_RENTAL_AGE_DAYS} days were left out; name their provider to use them")
        return fresh

    # --- everything else a workload names -------------------------------------------------------------

    def _model_id(self, name: str) -> str:
        model = self._known_model(name)
        return model.id if model else name

    def _known_model(self, name: str) -> Model | None:
        try:
            return self.catalogue.model(name)
        except UnknownNameError:
            return None

    def _try_model(self, name: str, loc: tuple[str | int, ...]) -> Model | None:
        try:
            return self.catalogue.model(name)
        except UnknownNameError as error:
            self._problem(loc, str(error))
            return None

    def _check_own_counts(self) -> None:
        known = {offer.model for offer in self.catalogue.offers}
        for name in self.workload.tokens.per_model:
            if name not in known and self._known_model(name) is None:
                names = {*known, *self.catalogue.names("model_profiles")}
                self._problem(("tokens", "per_model", name), unknown_name("model", name, names, "tco list models"))

    def _electricity(self) -> Figure:
        stated = self.workload.site.electricity
        if isinstance(stated, Figure):
            return stated
        try:
            return tariff_figure(stated, self.catalogue, self.as_of)
        except TcoError as error:
            self._problem(("site", "electricity"), str(error))
            return Figure(value=0.0)

    def _escalation(self) -> dict[str, TokenOffer]:
        found: dict[str, TokenOffer] = {}
        for tier, rule in self.workload.quality.escalation.items():
            provider, _, model = rule.to.rpartition("/")
            offers = [o for o in self.catalogue.offers if o.model == self._model_id(model) and provider in ("", o.provider)]
            if offers:
                found[tier] = offers[0]
            else:
                names = [f"{offer.provider}/{offer.model}" for offer in self.catalogue.offers]
                loc = ("quality", "escalation", tier, "to")
                self._problem(loc, unknown_name("offer", rule.to, names, "tco list prices"))
        return found

    def _problem(self, loc: tuple[str | int, ...], message: str) -> None:
        self.problems.append(self.document.problem(loc, message))


def default_dtype(model: Model, hardware: Hardware, engine: str) -> Dtype:
    """The weights format a model is usually served in: its own, 4-bit on llama.cpp, else FP8 where the GPU has it."""
    if engine in ("llama.cpp", "ollama"):
        return "q4_k_m"
    if model.native_dtype is not None:
        return model.native_dtype
    return "fp8" if "fp8" in hardware.dense_tflops else "bf16" if "bf16" in hardware.dense_tflops else "fp16"


def tariff_figure(tariff: Tariff, catalogue: Catalogue, as_of: date) -> Figure:
    """The tariff of a place in USD per kWh: the last row begun by the day, through the exchange rate of the day.

    Raises MissingDataError when no row fits, naming what there is for the country.
    """
    rows = [
        row for row in catalogue.tariffs
        if row.country.lower() == tariff.country.lower() and row.as_of <= as_of
        and tariff.region in (None, row.region) and tariff.sector in (None, row.sector) and tariff.band in (None, row.band)
    ]  # fmt: skip
    if not rows:
        there = sorted({f"{row.region}/{row.sector}/{row.band or 'any'}" for row in catalogue.tariffs if row.country.lower() == tariff.country.lower()})
        known = sorted({row.country for row in catalogue.tariffs})
        fit = f"for {tariff.country} there are (region/sector/band): {', '.join(there)}" if there else f"countries: {', '.join(known)}"
        raise MissingDataError(f"no electricity price for {tariff.model_dump(exclude_none=True)} by {as_of}; {fit}")
    row = max(rows, key=lambda each: each.as_of)
    usd_per_unit, through = exchange_rate(row.currency, catalogue, as_of)
    return Figure(
        value=row.price_per_kwh * usd_per_unit, unit="USD/kWh", source=row.source + through, as_of=row.as_of, kind=row.kind,
        note=f"{row.country}, {row.region}, {row.sector} {row.band}".strip(),
    )  # fmt: skip


def exchange_rate(currency: str, catalogue: Catalogue, as_of: date) -> tuple[float, str]:
    """USD per unit of a currency on a day and the words that cite it; raises MissingDataError without a row."""
    if currency == "USD":
        return 1.0, ""
    rows = [row for row in catalogue.fx if row.currency == currency and row.since <= as_of]
    if not rows:
        raise MissingDataError(f"no exchange rate for {currency} by {as_of} in pricing/fx.csv; add a row")
    row = max(rows, key=lambda each: each.since)
    return row.usd_per_unit, f"; {row.usd_per_unit:g} USD/{currency} of {row.since} ({row.kind}: {row.source})"


def _stated_offer(candidate: TokenCandidate, price: StatedPrice, tier: Tier) -> TokenOffer:
    def row(usd_per_mtok: dict[Any, Any], when: When) -> RateRow:
        return RateRow(
            since=price.since, when=when, usd_per_mtok=usd_per_mtok, source=price.source, as_of=price.since, kind="assumed"
        )

    rates = [row(price.usd_per_mtok, When())]
    if price.batch_usd_per_mtok:
        rates.append(row(price.batch_usd_per_mtok, When(processing="batch")))
    return TokenOffer(provider=candidate.provider or "stated", model=candidate.model, tier=tier, rates=tuple(rates))


def _stated_rental(candidate: MachineCandidate, hardware: Hardware, price: Figure, as_of: date) -> RentalOffer:
    return RentalOffer(
        provider=candidate.provider or "stated", instance="stated", hardware=hardware.id, n_gpus=candidate.n_gpus or 1,
        plan=candidate.plan or "on_demand", usd_per_gpu_h=price.value, since=price.as_of or as_of,
        source=price.source or "stated in the workload", kind=price.kind,
    )  # fmt: skip


def _distinct(options: list[Option]) -> tuple[Option, ...]:
    """Options with ids made distinct by a counter where a workload states the same layout twice."""
    seen: dict[str, int] = {}
    distinct: list[Option] = []
    for option in options:
        seen[option.id] = seen.get(option.id, 0) + 1
        distinct.append(replace(option, id=f"{option.id}#{seen[option.id]}") if seen[option.id] > 1 else option)
    return tuple(distinct)


def parse_day(text: str) -> date:
    """A day given on the command line; raises InvalidInputError."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise InvalidInputError([Problem("--as-of", 0, 0, "", f"got {text!r}; expected a date such as 2026-11-22")]) from None
