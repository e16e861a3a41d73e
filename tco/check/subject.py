"""What an item asserts, and what the sheet and the catalogue say about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import get_args

from pydantic import ValidationError

from tco.check.context import Context
from tco.check.item import (
    FacilitySubject,
    HardwareSubject,
    RentalSubject,
    SubjectRecord,
    TariffSubject,
    TokenSubject,
    Topic,
)
from tco.check.prices import in_force, past
from tco.check.value import canonical
from tco.describe.hardware import Hardware
from tco.describe.offer import Event, Meter, TokenOffer, When
from tco.describe.record import Figure
from tco.describe.site import TariffRow
from tco.describe.workload import Tariff
from tco.errors import MissingDataError, UnknownNameError, UsageError
from tco.files import rentals
from tco.files.site import tariff_figure

METERS: tuple[str, ...] = get_args(Meter)
EVENTS: tuple[str, ...] = get_args(Event)
_ALSO = {
    "prompt": "input", "completion": "output", "cached": "cache_read", "cached_input": "cache_read",
    "input_cached": "cache_read", "cache_hit": "cache_read", "cache": "cache_read", "thinking": "reasoning",
}  # fmt: skip
_PRODUCTS = {"batch": "processing", "flex": "service_tier", "priority": "service_tier"}
_FIGURES = ("memory_gb", "bandwidth_gb_per_s", "link_gb_per_s", "idle_w", "busy_w", "max_w")
_UNITS = {"memory_gb": "GB", "bandwidth_gb_per_s": "GB/s", "link_gb_per_s": "GB/s"}
_PREFIXES = ("hardware", "rental", "electricity", "facility")
_WORDS = re.compile(r"[ /:._-]+")
EXAMPLES = (
    "'openai/gpt-4o input', 'anthropic/claude-opus-4.6 output batch', 'hardware/rtx-4090 price', "
    "'rental/h100-sxm runpod', 'electricity/US', 'facility/pue-global-mean'"
)


@dataclass(frozen=True)
class Reference:
    """What is known about a subject: a value (and its range) in a unit, and the row that says so.

    ``others`` are values it may have been mistaken for, each with its name and how it is related.
    """

    value: Decimal
    unit: str
    topic: Topic
    evidence: str
    low: Decimal | None = None
    high: Decimal | None = None
    rumoured: bool = False
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """A neighbouring value: an older price, another meter (``side``), another model of the ``family``."""

    value: Decimal
    name: str
    relation: str = field(default="older")


def parse(stated: str | SubjectRecord) -> SubjectRecord:
    """A subject written as text; raises ValueError with examples."""
    if not isinstance(stated, str):
        return stated
    try:
        return _parsed(stated)
    except ValidationError as error:
        why = "; ".join(str(each["msg"]) for each in error.errors(include_url=False))
        raise ValueError(f"got {stated!r}: {why}; expected text such as {EXAMPLES}") from None


def _parsed(stated: str) -> SubjectRecord:
    head, _, rest = stated.strip().partition("/")
    words = rest.split()
    if head in _PREFIXES and words:
        if head == "hardware" and len(words) == 2:
            return HardwareSubject(hardware=words[0], field=words[1])
        if head == "rental" and len(words) <= 3:
            return RentalSubject.model_validate(dict(zip(("rental", "provider", "plan"), words, strict=False)))
        if head == "electricity":
            return TariffSubject.model_validate(
                dict(zip(("electricity", "region", "sector"), rest.split("/"), strict=False))
            )
        if head == "facility" and len(words) == 1:
            return FacilitySubject(facility=words[0])
    name, *qualifiers = stated.split()
    found = _token(name, qualifiers) if qualifiers else None
    if found is None:
        raise ValueError(f"got {stated!r}; expected text such as {EXAMPLES}")
    return found


def _token(name: str, qualifiers: list[str]) -> TokenSubject | None:
    words = [word.lower() for word in qualifiers]
    products = {_PRODUCTS[word]: word for word in words if word in _PRODUCTS}
    meter = "_".join(word for word in words if word not in _PRODUCTS and word != "standard")
    meter = _ALSO.get(meter, meter)
    if meter not in METERS and meter not in EVENTS:
        return None
    provider, _, model = name.partition("/")
    named = {"provider": provider, "model": model} if model else {"model": provider}
    return TokenSubject.model_validate({**named, "meter": meter, **products})


def of_id(name: str) -> TokenSubject | None:
    """The token price an id names, such as ``openai/gpt-4o.input`` or ``gpt-4o-cache-read-batch``; else None."""
    words = _WORDS.split(name.lower())
    for n_words in (4, 3, 2, 1):
        tail = [word for word in words[-n_words:] if word not in ("price", "usd", "mtok")]
        if len(words) <= n_words or not tail:
            continue
        at = len(name) - sum(len(word) + 1 for word in words[-n_words:])
        found = _token(name[: max(at, 0)].strip(" /:._-") or "?", tail)
        if found is not None and found.meter in METERS:
            return found
    return None


def label(subject: SubjectRecord) -> str:
    """A subject as text."""
    if isinstance(subject, TokenSubject):
        seller = f"{subject.provider}/" if subject.provider else ""
        products = [word for word in (subject.processing, subject.service_tier) if word != "standard"]
        return " ".join((f"{seller}{subject.model}", subject.meter.replace("_", " "), *products))
    stated = subject.model_dump(exclude_none=True, exclude_defaults=True)
    return " ".join((next(iter(stated)), *map(str, stated.values())))


def topic_of(unit: str) -> Topic:
    """What kind of thing a unit is about, for how long it stays fresh."""
    if unit == "USD/Mtok":
        return "price"
    if unit == "USD/kWh":
        return "electricity"
    return "hardware" if unit in ("USD/h", "USD", "GB", "GB/s", "TFLOPS", "W") else "other"


def refer(subject: SubjectRecord, context: Context) -> Reference:
    """What the sheet or the catalogue says; raises TcoError with suggestions where it says nothing."""
    if isinstance(subject, TokenSubject):
        return _of_tokens(subject, context)
    if isinstance(subject, HardwareSubject):
        return _of_hardware(subject, context)
    if isinstance(subject, RentalSubject):
        return _of_rental(subject, context)
    if isinstance(subject, TariffSubject):
        return _of_tariff(subject, context)
    row = context.catalogue.facility.get(subject.facility)
    if row is None:
        raise UnknownNameError("facility row", subject.facility, context.catalogue.facility, "tco list facility")
    return _of_figure(row.figure(), row.unit, "other", f"facility.yaml: {row.name}")


def when_of(subject: TokenSubject) -> When:
    """The conditions of a token price, as the sheet has them."""
    return When.model_validate(
        {
            name: held
            for name, held in (("processing", subject.processing), ("service_tier", subject.service_tier))
            if held != "standard"
        }
    )


def _of_tokens(subject: TokenSubject, context: Context) -> Reference:
    try:
        offer = context.prices.offer(subject.model, subject.provider)
    except UsageError as error:
        raise UsageError(str(error).replace("with --provider", "in the subject")) from None
    when = when_of(subject)
    held = in_force(offer, subject.meter, when, context.as_of, rumoured=context.allow_rumoured)
    name = f"{offer.provider}/{offer.model}"
    if held is None:
        raise MissingDataError(f"{name} has no price for {label(subject)} on {context.as_of} in {context.prices.label}")
    usd, row = held
    unit = "USD/Mtok" if subject.meter in METERS else "USD"
    since = f"since {row.since}" + (f" until {row.until}" if row.until else "")
    return Reference(
        usd, unit, "price",
        f"{context.prices.label}: {name} {subject.meter} {usd:f} {unit} {since}, {row.kind}, {row.source}",
        rumoured=row.kind == "rumoured", others=tuple(_neighbours(offer, subject, when, usd, context)),
    )  # fmt: skip


def _neighbours(
    offer: TokenOffer, subject: TokenSubject, when: When, usd: Decimal, context: Context
) -> Iterator[Other]:
    """Older prices of the same meter, other meters of the same model, the same meter of the family; lazily costly."""
    for price, row in past(offer, subject.meter, when, context.as_of):
        if price != usd:
            yield Other(price, f"{offer.model} {subject.meter} from {row.since}", "older")
    for meter in ("input", "output", "cache_read", "cache_write"):
        held = in_force(offer, meter, when, context.as_of) if meter != subject.meter else None
        if held is not None and held[0] != usd:
            yield Other(held[0], meter, "side")
    if when != When():
        plain = in_force(offer, subject.meter, When(), context.as_of)
        if plain is not None and plain[0] != usd:
            yield Other(plain[0], f"standard {subject.meter}", "side")


def family_of(subject: TokenSubject, context: Context) -> tuple[Other, ...]:
    """Prices of the same meter of the provider's other models of the family, at any time until now."""
    offer = context.prices.known(subject.model, subject.provider)
    return tuple(
        Other(price, f"{other.model} {subject.meter}", "family")
        for other in (context.prices.family(offer) if offer else ())
        for price, _ in past(other, subject.meter, when_of(subject), context.as_of)
    )


def _of_hardware(subject: HardwareSubject, context: Context) -> Reference:
    profile = context.catalogue.hardware(subject.hardware)
    where = f"hardware_profiles/{profile.id}.yaml"
    if subject.field in ("price", "usd"):
        return _purchase(profile, where, context)
    figure: Figure | None = None
    if subject.field in _FIGURES:
        figure = getattr(profile, subject.field)
    elif subject.field.startswith("tflops."):
        figure = {str(name): held for name, held in profile.dense_tflops.items()}.get(subject.field[7:])
    else:
        known = ("price", *_FIGURES, *(f"tflops.{name}" for name in profile.dense_tflops))
        raise UnknownNameError("field of hardware", subject.field, known, f"tco show hardware {profile.id}")
    if figure is None:
        raise MissingDataError(f"{where} has no {subject.field}")
    unit = _UNITS.get(subject.field, "TFLOPS" if subject.field.startswith("tflops") else "W")
    return _of_figure(figure, unit, "hardware", f"{where}: {subject.field}")


def _purchase(profile: Hardware, where: str, context: Context) -> Reference:
    rows = [row for row in profile.prices if row.since <= context.as_of]
    if not rows:
        raise MissingDataError(f"{where} has no price on {context.as_of}")
    row = max(rows, key=lambda each: each.since)
    found = _of_figure(row.usd, "USD", "hardware", f"{where}: price since {row.since}")
    older = tuple(Other(Decimal(repr(each.usd.value)), f"price from {each.since}") for each in rows if each is not row)
    return Reference(found.value, "USD", "hardware", found.evidence, found.low, found.high, others=older)


def _of_rental(subject: RentalSubject, context: Context) -> Reference:
    hardware = context.catalogue.hardware(subject.rental)
    held = rentals.in_force(context.catalogue.rentals, context.as_of)
    provider = context.catalogue.provider_id(subject.provider) if subject.provider else None
    rows = [
        row for row in (*held.fresh, *(held.old if provider else ()))
        if row.hardware == hardware.id and row.plan == subject.plan and provider in (None, row.provider)
    ]  # fmt: skip
    if not rows:
        offered = rentals.offered(context.catalogue.rentals, hardware.id)
        raise MissingDataError(f"no rent of {hardware.id} ({subject.plan}) by {provider or 'anyone'}; {offered}")
    prices = sorted(row.usd_per_gpu_h for row in rows)
    newest = max(rows, key=lambda row: row.since)
    who = provider or f"{len({row.provider for row in rows})} providers"
    return Reference(
        prices[len(prices) // 2], "USD/h", "hardware",
        f"gpu_rental.csv: {hardware.id} {subject.plan} at {who}, {len(rows)} rows, newest {newest.since}",
        prices[0], prices[-1],
    )  # fmt: skip


def _of_tariff(subject: TariffSubject, context: Context) -> Reference:
    """The tariff of a place; the range over its regions, sectors and bands where the subject leaves them open."""
    tariff = Tariff(country=subject.electricity, region=subject.region, sector=subject.sector)
    figure, _ = tariff_figure(tariff, context.catalogue, context.as_of)  # raises where there is none
    rows: dict[tuple[str, str, str], TariffRow] = {}
    for row in context.catalogue.tariffs:
        fits = row.country.lower() == subject.electricity.lower() and row.as_of <= context.as_of
        if fits and subject.region in (None, row.region) and subject.sector in (None, row.sector):
            key = row.region, row.sector, row.band
            rows[key] = max(rows.get(key, row), row, key=lambda each: each.as_of)
    usd = sorted(Decimal(repr(row.price_per_kwh * context.usd_per(row.currency))) for row in rows.values())
    if len(usd) < 2:
        return _of_figure(figure, "USD/kWh", "electricity", f"electricity.csv: {figure.note}")
    newest = max(row.as_of for row in rows.values())
    evidence = f"electricity.csv: {label(subject)}, {len(usd)} rows, newest {newest}"
    return Reference(usd[len(usd) // 2], "USD/kWh", "electricity", evidence, usd[0], usd[-1])


def _of_figure(figure: Figure, stated: str, topic: Topic, where: str) -> Reference:
    unit, factor = canonical(stated)
    low, high = (None if end is None else Decimal(repr(end)) * factor for end in (figure.low, figure.high))
    dated = f" ({figure.as_of})" if figure.as_of else ""
    evidence = f"{where} = {figure.value:g} {stated}, {figure.kind}{dated}, {figure.source}"
    return Reference(Decimal(repr(figure.value)) * factor, unit, topic, evidence, low, high, figure.kind == "rumoured")
