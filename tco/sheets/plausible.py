"""Plausibility of prices: what is held for review before anyone is billed by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal

from tco.describe.offer import RateRow, TokenOffer, When
from tco.price.rates import instant

MIN_USD_PER_MTOK, MAX_USD_PER_MTOK = Decimal("0.001"), Decimal(1_000)
MAX_STEP = Decimal("0.8")
MAX_RATIO = Decimal(3)
MAX_APART_DAYS = 45
# Ratios that come of a wrong unit: cents, thousands of tokens, cents per thousand, single tokens.
SLIPS: dict[int, str] = {
    100: "cents taken for dollars",
    1_000: "a price per thousand tokens taken for one per million",
    100_000: "cents per thousand tokens taken for dollars per million",
    1_000_000: "a price per token taken for one per million",
}
SLIP_TOLERANCE = Decimal("0.1")
TYPICAL_USD_PER_MTOK = (Decimal("0.01"), Decimal(200))


def problems(offer: TokenOffer, previous: TokenOffer | None = None) -> list[str]:
    """Why an offer should be held for review; empty when nothing is wrong.

    ``previous`` is the same offer in the sheet before: a step of over 80% from it is held too.
    """
    found = [why for row in offer.rates for why in row_problems(row, free=offer.free)]
    found += long_context(offer.rates)
    if previous is not None:
        found += steps(offer.rates, previous.rates)
    return list(dict.fromkeys(found))


def row_problems(row: RateRow, *, free: bool = False) -> Iterator[str]:
    """What is wrong with one row by itself."""
    prices = row.usd_per_mtok
    for meter, usd in prices.items():
        if usd == 0 and not free:
            yield f"{meter} is 0 and nothing says that it is free"
        elif usd and not MIN_USD_PER_MTOK <= usd <= MAX_USD_PER_MTOK:
            yield f"{meter} of {usd:f} USD/Mtok is outside {MIN_USD_PER_MTOK}-{MAX_USD_PER_MTOK:,}{_slip_by_size(usd)}"
    for event, usd in row.usd_each.items():
        if usd == 0 and not free:
            yield f"{event} is 0 and nothing says that it is free"
    if prices.get("input") and "output" in prices and 0 < prices["output"] < prices["input"]:
        yield f"output of {prices['output']:f} is below input of {prices['input']:f} USD/Mtok"
    if "input" in prices and prices.get("cache_read", Decimal(0)) > prices["input"]:
        yield f"cache_read of {prices['cache_read']:f} is above input of {prices['input']:f} USD/Mtok"


def long_context(rows: Iterable[RateRow]) -> Iterator[str]:
    """Rates past a context threshold that lie below the ones before it: more tokens would cost less."""
    last = latest(rows)
    for when, row in last.items():
        base = last.get(when.model_copy(update={"prompt_tok": None})) if when.prompt_tok else None
        for meter, usd in row.usd_per_mtok.items():
            if base is not None and usd < base.usd_per_mtok.get(meter, usd):
                before = base.usd_per_mtok[meter]
                yield f"{meter} of {usd:f} past the context limit is below {before:f} USD/Mtok before it"


def steps(rows: Iterable[RateRow], before: Iterable[RateRow]) -> Iterator[str]:
    """Changes of over 80% between the last rows of a condition, where a wrong unit would show."""
    last, old = latest(rows), latest(before)
    for when, row in last.items():
        for meter, usd in row.usd_per_mtok.items():
            was = old[when].usd_per_mtok.get(meter) if when in old else None
            if was and abs(usd - was) > MAX_STEP * was:
                yield f"{meter} went from {was:f} to {usd:f} USD/Mtok{_slip(usd, was)}"


def disagreement(chosen: Iterable[RateRow], other: Iterable[RateRow]) -> Iterator[str]:
    """Standard rates that differ by more than 3 times between two sources read within 45 days of each other."""
    mine, theirs = latest(chosen).get(When()), latest(other).get(When())
    if mine is None or theirs is None or abs((mine.as_of - theirs.as_of).days) > MAX_APART_DAYS:
        return
    for meter, usd in mine.usd_per_mtok.items():
        stated = theirs.usd_per_mtok.get(meter)
        if usd and stated and max(usd, stated) > MAX_RATIO * min(usd, stated):
            yield f"{meter} is {usd:f} in {mine.source} and {stated:f} USD/Mtok in {theirs.source}{_slip(usd, stated)}"


def latest(rows: Iterable[RateRow]) -> dict[When, RateRow]:
    """The last begun row of each condition on the day it was read; a row of the future is none."""
    found: dict[When, RateRow] = {}
    for row in rows:
        if instant(row.since) > _read(row) or (row.until is not None and instant(row.until) <= _read(row)):
            continue
        held = found.get(row.when)
        if held is None or instant(held.since) <= instant(row.since):
            found[row.when] = row
    return found


def _read(row: RateRow) -> datetime:
    day: date = row.as_of
    return instant(day)


def _slip(usd: Decimal, other: Decimal) -> str:
    high, low = max(usd, other), min(usd, other)
    if low == 0:
        return ""
    for factor, name in SLIPS.items():
        if abs(high / low / factor - 1) <= SLIP_TOLERANCE:
            return f": {factor:,} times, perhaps {name}"
    return f": {float(high / low):.3g} times"


def _slip_by_size(usd: Decimal) -> str:
    """The slips that would explain a price out of bounds, by bringing it back to what models cost."""
    low, high = TYPICAL_USD_PER_MTOK
    fits = [factor for factor in (1_000, 100_000, 1_000_000) if usd > MAX_USD_PER_MTOK and low <= usd / factor <= high]
    return ": " + ", or ".join(f"{factor:,} times too much, perhaps {SLIPS[factor]}" for factor in fits) if fits else ""
