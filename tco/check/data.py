"""The project's own kinds of data files: read as the tool reads them, then checked for what a reader lets pass."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from tco.check.against import SLIPS, slip_of
from tco.check.context import Context
from tco.check.finding import Finding
from tco.check.prices import in_force
from tco.check.subject import METERS
from tco.check.value import plain
from tco.describe.hardware import Hardware, Throughput
from tco.describe.model import Model
from tco.describe.offer import (
    Discount,
    OutcomeOffer,
    Provider,
    ProvisionedOffer,
    RentalOffer,
    SubscriptionOffer,
    TokenOffer,
    When,
)
from tco.describe.quality import Score
from tco.describe.site import FacilityRow, FxRow, TariffRow
from tco.errors import InvalidInputError, Problem
from tco.files import lists
from tco.files.explain import Loc
from tco.files.marks import Document, validate
from tco.files.site import exchange_rate
from tco.files.tables import parse_table
from tco.price.rates import instant
from tco.sheets.plausible import long_context, row_problems, steps
from tco.sheets.sheet import read_offers

Found = Iterator[Finding]
LISTS: Mapping[str, type[BaseModel]] = {
    "subscriptions": SubscriptionOffer, "outcomes": OutcomeOffer, "provisioned": ProvisionedOffer,
    "providers": Provider, "discounts": Discount, "facility": FacilityRow,
}  # fmt: skip
PLANS = ("subscriptions", "outcomes", "provisioned")
TABLES: tuple[type[BaseModel], ...] = (RentalOffer, TariffRow, FxRow, Throughput, Score)
USUAL_USD_PER_KWH = (0.002, 2.0)
USUAL_USD_PER_GPU_H = (0.01, 500.0)


def kind_of(data: Mapping[str, Any]) -> str:
    """What kind of our own data files a document is: offers, a list, a profile; empty for anything else."""
    if "offers" in data:
        return "offers"
    listed = next((key for key in LISTS if key in data), "")
    if listed:
        return listed
    if "demand" in data and "tokens" in data:
        return "workload"
    if "id" in data and "weights" in data:
        return "model"
    return "hardware" if "id" in data and ("category" in data or "vendor" in data) else ""


def check(document: Document, kind: str, context: Context) -> tuple[list[Finding], int]:
    """Findings of a data file in YAML, and how many records it holds. Raises InvalidInputError."""
    if kind == "offers":
        return _offers(document, context)
    if kind in LISTS:
        return _lists(document, context)
    if kind == "workload":
        return _workload(document, context)
    record_class: type[Hardware] | type[Model] = Hardware if kind == "hardware" else Model
    profile = validate(document, record_class)
    found: list[Finding] = []
    if isinstance(profile, Hardware):
        found += _old(document, ("as_of",), profile.id, _newest(profile), "hardware_days", context)
        found += _unpaid(document, profile, context)
    return found, 1


# --- token offers -----------------------------------------------------------------------------------


def _offers(document: Document, context: Context) -> tuple[list[Finding], int]:
    for stated in lists.entries(document, "offers", ("provider", "offers")):
        stated.setdefault("provider", document.data.get("provider"))
    offers = lists.records(document, "offers", TokenOffer)
    found: list[Finding] = []
    for index, offer in enumerate(offers):
        found += offer_findings(document, ("offers", index), offer, context)
    return found, len(offers)


def offer_findings(document: Document, loc: Loc, offer: TokenOffer, context: Context) -> Found:
    """Findings of one offer: sizes, order, and the age of its newest row."""
    name = f"{offer.provider}/{offer.model}"
    for row_index, row in enumerate(offer.rates):
        for message in row_problems(row, free=offer.free):
            rule = "order" if message.startswith(("output of", "cache_read of")) and " is " in message else "plausible"
            rule = "plausible" if "outside" in message else rule
            yield context.finding(rule, document, (*loc, "rates", row_index), name, message)
    for message in long_context(offer.rates):
        yield context.finding("order", document, loc, name, message)
    for message in _steps(offer, context):
        yield context.finding("step", document, loc, name, f"held for review: {message}")
    yield from _batch(document, loc, offer, context)
    ended = offer.retired is not None and offer.retired <= context.as_of
    if offer.rates and not ended:
        newest = max(row.as_of for row in offer.rates)
        yield from _old(document, loc, name, newest, "price_days", context)


def _steps(offer: TokenOffer, context: Context) -> Iterator[str]:
    """Changes of over 80% from the baseline; within the file's own history only those by the factor of a slip."""
    before = context.baseline.offers.get((offer.provider, offer.model)) if context.baseline else None
    yield from steps(offer.rates, before.rates) if before else ()
    last: dict[tuple[object, ...], Decimal] = {}
    for row in sorted(offer.rates, key=lambda row: instant(row.since)):
        for meter, usd in row.usd_per_mtok.items():
            was = last.get((row.when, row.promo, meter))
            slip = slip_of(usd, was) if was else None
            if slip:
                yield f"{meter} went from {was:f} to {usd:f} USD/Mtok on {row.since}: {slip:f} times, {SLIPS[slip]}"
            last[row.when, row.promo, meter] = usd


def _batch(document: Document, loc: Loc, offer: TokenOffer, context: Context) -> Found:
    batch = When(processing="batch")
    for meter in METERS:
        mine, theirs = (in_force(offer, meter, when, context.as_of) for when in (batch, When()))
        if mine is not None and theirs is not None and mine[0] > theirs[0]:
            yield context.finding(
                "order", document, loc, f"{offer.provider}/{offer.model}",
                f"batch {meter} is above standard: {plain(mine[0])} against {plain(theirs[0])} USD/Mtok",
                expected=f"at most {plain(theirs[0])} USD/Mtok", found=f"{plain(mine[0])} USD/Mtok",
            )  # fmt: skip


def sheet_file(text: str, path: str, context: Context) -> tuple[list[Finding], int] | None:
    """Findings of a file of the shipped price sheet; None for other JSON. Raises InvalidInputError."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict):
        return None
    if "held" in held and "n_offers" in held:
        return [], 0
    if not isinstance(held.get("offers"), list):
        return None
    try:
        offers = read_offers(held["offers"])
    except (ValidationError, TypeError, ValueError) as error:
        raise InvalidInputError([Problem(path, 0, 0, "offers", f"no price sheet: {error}")]) from None
    document = Document(path, {})
    found = [finding for offer in offers for finding in offer_findings(document, (), offer, context)]
    return found, len(offers)


# --- other lists and profiles -----------------------------------------------------------------------


def _lists(document: Document, context: Context) -> tuple[list[Finding], int]:
    keys = [key for key in LISTS if key in document.data]
    known = PLANS if keys[0] in PLANS else (keys[0],)
    found: list[Finding] = []
    n_items = 0
    for key in keys:
        lists.entries(document, key, known)
        rows: list[Any] = lists.records(document, key, LISTS[key])
        n_items += len(rows)
        if key in PLANS:
            for index, row in enumerate(rows):
                found += _old(document, (key, index), row.plan, row.as_of, "hardware_days", context)
    return found, n_items


def _newest(profile: Hardware) -> date:
    return max([profile.as_of, *(row.as_of for row in profile.prices)])


def _unpaid(document: Document, profile: Hardware, context: Context) -> Found:
    for index, row in enumerate(profile.prices):
        if row.usd.value == 0:
            yield context.finding(
                "plausible", document, ("prices", index, "usd"), profile.id, "a price of 0: unknown is not zero",
                expected="a price, or `unpriced` with the reason",
            )  # fmt: skip


def _workload(document: Document, context: Context) -> tuple[list[Finding], int]:
    """A workload is loaded as ``tco compare`` loads it, names and all; its warnings are notes."""
    from tco.files import scenario

    loaded = scenario.load(document.path, data=context.catalogue.overlay, as_of=context.as_of, today=context.as_of)
    del loaded
    return [], 1


def _old(document: Document, loc: Loc, name: str, newest: date, limit: str, context: Context) -> Found:
    age, days = (context.as_of - newest).days, context.settings.limit(limit)
    if age > days:
        yield context.finding(
            "stale-data", document, loc, name, f"{age:,} days old, over {days:g}", expected=f"within {days:g} days",
            found=str(newest),
        )  # fmt: skip


# --- tables -----------------------------------------------------------------------------------------


def table(text: str, path: str, context: Context) -> tuple[list[Finding], int]:
    """Findings of a CSV table of ours, told by its header. Raises InvalidInputError."""
    header = {name.strip() for name in text.partition("\n")[0].split(",")}
    record_class = max(TABLES, key=lambda each: len(header & set(each.model_fields)))
    if len(header & set(record_class.model_fields)) * 2 < len(header):
        kinds = ", ".join(each.__name__ for each in TABLES)
        raise InvalidInputError([Problem(path, 1, 1, "", f"no table of ours ({kinds}); see docs/data.md")])
    rows = parse_table(text, path, record_class)
    checks: dict[type[BaseModel], Callable[[list[Any], str, Context], Iterable[Finding]]] = {
        RentalOffer: _rentals, TariffRow: _tariffs, FxRow: _rates,
    }  # fmt: skip
    more = checks.get(record_class)
    return list(more(rows, path, context)) if more else [], len(rows)


def _rentals(rows: list[RentalOffer], path: str, context: Context) -> Found:
    for index, row in enumerate(rows):
        name = f"{row.provider}/{row.hardware}/{row.plan}"
        yield from _sized(float(row.usd_per_gpu_h), USUAL_USD_PER_GPU_H, "USD/h", path, index, name, context)
    yield from _old(Document(path, {}), (), "rents", max(row.since for row in rows), "price_days", context)


def _tariffs(rows: list[TariffRow], path: str, context: Context) -> Found:
    codes = {row.currency for row in rows}
    rates = {code: exchange_rate(code, context.catalogue, context.as_of).usd_per_unit for code in codes}
    for index, row in enumerate(rows):
        usd, name = row.price_per_kwh * rates[row.currency], f"{row.country}/{row.region}/{row.sector}"
        yield from _sized(usd, USUAL_USD_PER_KWH, "USD/kWh", path, index, name, context)
    yield from _old(Document(path, {}), (), "tariffs", max(row.as_of for row in rows), "electricity_days", context)


def _rates(rows: list[FxRow], path: str, context: Context) -> Found:
    codes = sorted({row.currency for row in rows} - {"USD"})
    newest = {code: max(row.since for row in rows if row.currency == code) for code in codes}
    old = [code for code, day in newest.items() if (context.as_of - day).days > context.settings.limit("price_days")]
    if old:
        name = f"rates of {', '.join(old)}"
        yield from _old(Document(path, {}), (), name, min(newest[code] for code in old), "price_days", context)


def _sized(
    usd: float, usual: tuple[float, float], unit: str, path: str, index: int, name: str, context: Context
) -> Found:
    low, high = usual
    if low <= usd <= high:
        return
    message = f"{usd:g} {unit} is a literal 0" if usd == 0 else f"{usd:g} {unit} is outside what is plausible"
    yield Finding(
        "plausible", context.severity("plausible"), path, index + 2, 1, name, message,
        expected=f"{low:g} to {high:g} {unit}", found=f"{usd:g} {unit}",
    )  # fmt: skip
