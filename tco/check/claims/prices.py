"""What the price sheet says about a token price: now, before, on the other side, in another unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import get_args

from tco.check.claims.evidence import Evidence
from tco.check.claims.outcome import Outcome
from tco.check.claims.quantity import Quantity
from tco.check.claims.relation import EXACT_FRAC, SLIPS, relate, slip
from tco.check.claims.vocabulary import USD_PER_TOK
from tco.describe.offer import Meter, RateRow, TokenOffer
from tco.price.rates import instant
from tco.units import TOK_PER_MTOK

MAX_SHOWN = 8
SIDES = ("input", "output")
LEAST_USD_PER_MTOK, MOST_USD_PER_MTOK = 0.001, 1000.0
LEAST_USUAL, MOST_USUAL = 0.01, 200.0
METERS: tuple[Meter, ...] = get_args(Meter)


@dataclass(frozen=True, slots=True)
class Listed:
    """A list price of one meter: ``is_now`` on the claim's date, otherwise earlier.

    ``is_predecessor``: of an older version of the model.
    """

    model: str
    meter: str
    usd_per_mtok: float
    since: date
    is_now: bool
    source: str
    is_rumour: bool = False
    is_predecessor: bool = False

    def __str__(self) -> str:
        held = "since" if self.is_now else "from"
        return f"{self.model} {self.meter} {self.usd_per_mtok:g} USD/Mtok {held} {self.since} [{self.source}]"


def offer_of(evidence: Evidence, model: str, provider: str | None) -> TokenOffer | None:
    """The offer of a model by its vendor, or by whoever is named."""
    prices = evidence.context.prices
    if provider:
        return prices.known(model, provider.lower())
    profile = evidence.profile(model)
    vendor = prices.known(model, profile.vendor.lower().split()[0]) if profile else None
    return vendor or prices.known(model)


def _offers(evidence: Evidence, model: str, provider: str | None) -> list[TokenOffer]:
    """The vendor's offer, or the only one; otherwise those of everyone who sells the model."""
    one = offer_of(evidence, model, provider)
    if one is not None or provider:
        return [one] if one else []
    return [offer for offer in evidence.context.catalogue.offers if offer.model == model]


def listed(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Listed]:
    """Every list price a description may mean, on a day and before it."""
    name = about["model"]
    found = [row for model in evidence.models(name, on) for row in _rows(evidence, model, about, on)]
    if not found:
        return []
    first = min(row.since for row in found)
    known = {row.model for row in found}
    for model in dict.fromkeys((*evidence.predecessors(name, on), *_earlier_versions(evidence, known, about))):
        found += [
            replace(row, is_now=False, is_predecessor=True) for row in _rows(evidence, model, about, on)
            if model not in known and row.since < first
        ]  # fmt: skip
    return found


def _earlier_versions(evidence: Evidence, models: set[str], about: Mapping[str, str]) -> Iterator[str]:
    """Models of the same provider whose names differ only in version numbers: an old article may price one of them."""
    if len(models) == 1:
        (model,) = models
        offer = offer_of(evidence, model, about.get("provider"))
        if offer is not None:
            yield from (other.model for other in evidence.context.prices.family(offer))


def _rows(evidence: Evidence, model: str, about: Mapping[str, str], on: date) -> Iterator[Listed]:
    offers = _offers(evidence, model, about.get("provider"))
    for offer in offers:
        yield from _of_offer(offer, f"{offer.provider}/{model}" if len(offers) > 1 else model, about, on)


def _of_offer(offer: TokenOffer, model: str, about: Mapping[str, str], on: date) -> Iterator[Listed]:
    wanted = "batch" if about.get("processing") == "batch" else None
    for meter in METERS:
        rows = [row for row in offer.rates if meter in row.usd_per_mtok and _standard(row, wanted)]
        started = sorted((row for row in rows if instant(row.since) <= instant(on)), key=lambda row: instant(row.since))
        live = [row for row in started if row.until is None or instant(row.until) > instant(on)]
        for row in started:
            usd = float(row.usd_per_mtok[meter])
            source = row.source.split(" ")[0].rstrip(";,")
            is_now = bool(live) and row is live[-1]
            yield Listed(model, meter, usd, instant(row.since).date(), is_now, source, row.kind == "rumoured")


def _standard(row: RateRow, processing: str | None) -> bool:
    stated = row.when.model_dump(exclude_defaults=True)
    return stated == ({"processing": processing} if processing else {})


def judge(stated: Quantity, about: Mapping[str, str], rows: list[Listed], on: date) -> Outcome:
    """Explain a stated price by the list: as it is, the other side, an earlier price, another unit; in this order."""
    meter = about.get("meter", "")
    current = [row for row in rows if row.is_now and not row.is_rumour]
    past = [row for row in rows if not row.is_now and not row.is_rumour]
    lines = (
        [f"the list on {on}: " + "; ".join(str(row) for row in _sides(current, meter)[:MAX_SHOWN])] if current else []
    )
    if stated.is_range:
        return _band(stated, meter, current, past, lines)
    for found in (
        _exact(stated, meter, current, lines),
        _earlier(stated, meter, past, current, lines),
        _slipped(stated, meter, current, past, lines),
        _between(stated, meter, current, lines),
        _among(stated, meter, current, lines),
    ):
        if found is not None:
            return found
    nearest = min(_sides(current or past, meter), key=lambda row: abs(row.usd_per_mtok - _mtok(stated.low)))
    times = _mtok(stated.low) / nearest.usd_per_mtok if nearest.usd_per_mtok else float("inf")
    return Outcome("contradicts", (*lines, f"{stated} is {times:.3g} times {nearest}"), (nearest.source,), _off(times))


def _sides(rows: list[Listed], meter: str) -> list[Listed]:
    held = [row for row in rows if row.meter == meter] if meter else [row for row in rows if row.meter in SIDES]
    return held or rows


def _mtok(usd_per_tok: float) -> float:
    return usd_per_tok * TOK_PER_MTOK


def _is(stated: Quantity, row: Listed) -> bool:
    usd_per_tok = row.usd_per_mtok / TOK_PER_MTOK
    return relate(stated, usd_per_tok, usd_per_tok, EXACT_FRAC) == "agrees"


def _exact(stated: Quantity, meter: str, current: list[Listed], lines: list[str]) -> Outcome | None:
    same = [row for row in _sides(current, meter) if _is(stated, row)]
    if same and meter:
        if len({row.model for row in current}) > 1 and not all(
            _is(stated, row) for row in current if row.meter == meter
        ):
            return Outcome(
                "needs_assumption",
                (*lines, f"{stated} is {same[0]}; of which model, or by whom, is not said"),
                (same[0].source,),
            )
        return Outcome("consistent", (*lines, f"{stated} is {same[0]}"), (same[0].source,))
    if same:
        note = f"{stated} is the {same[0].meter} price of {same[0].model}; the claim does not say which side it prices"
        return Outcome("needs_assumption", (*lines, note), (same[0].source,))
    other = [row for row in current if _is(stated, row)]
    if meter and other:
        ours = [row for row in current if row.meter == meter]
        times = _mtok(stated.low) / ours[0].usd_per_mtok if ours and ours[0].usd_per_mtok else 1.0
        note = f"side error: {stated} is the {other[0].meter} price, not the {meter} price"
        return Outcome("contradicts", (*lines, note), (other[0].source,), _off(times))
    return None


def _earlier(
    stated: Quantity, meter: str, past: list[Listed], current: list[Listed], lines: list[str]
) -> Outcome | None:
    if stated.bound == "about":  # the price of another version nearby explains nothing
        past = [row for row in past if not row.is_predecessor]
    ours = [row for row in _sides(past, meter) if _is(stated, row)]
    same = ours or [row for row in past if _is(stated, row) and not row.is_predecessor]
    if not same:
        return None
    old = max(same, key=lambda row: row.since)
    side = "" if not meter or old.meter == meter else f", and it was the {old.meter} price, not the {meter} price"
    now = [row for row in current if row.meter == (meter or old.meter)]
    times = _mtok(stated.low) / now[0].usd_per_mtok if now and now[0].usd_per_mtok else 1.0
    note = (
        f"{stated} was {old}{side}; now {now[0].usd_per_mtok:g}: {times:.3g} times"
        if now
        else f"{stated} was {old}{side}"
    )
    return Outcome("stale", (*lines, note), (old.source,), _off(times))


def _slipped(
    stated: Quantity, meter: str, current: list[Listed], past: list[Listed], lines: list[str]
) -> Outcome | None:
    for rows, age in ((current, ""), (past, " (unit + stale)")):
        for row in sorted(_sides(rows, meter), key=lambda row: row.since, reverse=True):
            usd_per_tok = row.usd_per_mtok / TOK_PER_MTOK
            for power in SLIPS:
                if relate(stated.scaled(10.0**-power), usd_per_tok, usd_per_tok, EXACT_FRAC) != "agrees":
                    continue
                found = slip(stated, usd_per_tok, usd_per_tok)
                advice = found.advice if found else ""
                note = f"{stated} = 10^{power} x {row.usd_per_mtok:g}, and that is {row}{age}: {advice}"
                return Outcome("unit_error", (*lines, note), (row.source,), 10.0 ** abs(power))
    return None


def _between(stated: Quantity, meter: str, current: list[Listed], lines: list[str]) -> Outcome | None:
    if meter:
        return None
    for model in dict.fromkeys(row.model for row in current):
        side = {row.meter: row.usd_per_mtok for row in current if row.model == model}
        low, high = side.get("input"), side.get("output")
        if low is not None and high is not None and low < _mtok(stated.low) < high:
            share = (high - _mtok(stated.low)) / (high - low)
            mix = f"the mean at {share:.0%} input tokens ({low:g} and {high:g})"
            note = f"{stated} is no list price; it is {mix}: the mix is missing"
            return Outcome("needs_assumption", (*lines, note), (model,))
    return None


def _among(stated: Quantity, meter: str, current: list[Listed], lines: list[str]) -> Outcome | None:
    """A price that nobody charges, between those that several charge."""
    usd = [row.usd_per_mtok for row in _sides(current, meter)]
    if len({row.model for row in current}) < 2 or not min(usd) < _mtok(stated.low) < max(usd):
        return None
    note = f"{stated} lies among the prices of several sellers or models, {min(usd):g} to {max(usd):g} USD/Mtok"
    return Outcome("needs_assumption", (*lines, note), tuple(row.source for row in current[:1]))


def _band(stated: Quantity, meter: str, current: list[Listed], past: list[Listed], lines: list[str]) -> Outcome:
    inside = [row for row in _sides(current, meter) if _covers(stated, row)]
    ends = [next((row for row in inside if _is(_end(stated, value), row)), None) for value in (stated.low, stated.high)]
    if meter and inside:
        note = f"{stated} holds {'; '.join(map(str, inside[:4]))}"
        whole = len(inside) == len(_sides(current, meter))
        return Outcome("consistent" if whole else "needs_assumption", (*lines, note), (inside[0].source,))
    if inside:
        sides = " .. ".join(f"{row.model} {row.meter}" for row in ends if row) or ", ".join(
            f"{row.model} {row.meter}" for row in inside[:4]
        )
        note = f"{stated} spans {sides}; the claim does not say which side it prices"
        return Outcome("needs_assumption", (*lines, note), (inside[0].source,))
    old = [row for row in _sides(past, meter) if _covers(stated, row)]
    if old:
        return Outcome("stale", (*lines, f"{stated} held {old[0]}"), (old[0].source,))
    for power in SLIPS:
        near = [row for row in _sides(current, meter) if _covers(stated.scaled(10.0**-power), row)]
        if near:
            return Outcome(
                "unit_error",
                (*lines, f"{stated} = 10^{power} x a band with {near[0]}"),
                (near[0].source,),
                10.0 ** abs(power),
            )
    return Outcome(
        "contradicts", (*lines, f"{stated} holds none of these prices"), tuple(row.source for row in current[:1])
    )


def _end(stated: Quantity, value: float) -> Quantity:
    return Quantity(value, value, USD_PER_TOK, stated.unit, stated.factor, stated.step)


def _covers(stated: Quantity, row: Listed) -> bool:
    usd_per_tok = row.usd_per_mtok / TOK_PER_MTOK
    return stated.low * (1 - EXACT_FRAC) <= usd_per_tok <= stated.high * (1 + EXACT_FRAC)


def implausible(stated: Quantity) -> Outcome | None:
    """A price of no named model: a unit error where no token costs that, and a power of 1000 would make it usual."""
    low, high = _mtok(stated.low), _mtok(stated.high)
    if not low or (low >= LEAST_USD_PER_MTOK and high <= MOST_USD_PER_MTOK):
        return None
    power = next((each for each in SLIPS if low / 10**each >= LEAST_USUAL and high / 10**each <= MOST_USUAL), None)
    usual = f"; 10^{power} times {low / 10**power:g} USD/Mtok, which would be usual" if power else ""
    note = f"{stated} is {low:g} USD/Mtok, outside {LEAST_USD_PER_MTOK:g} to {MOST_USD_PER_MTOK:,g}{usual}"
    return Outcome("unit_error", (note,), (), 10.0 ** abs(power or 0))


def _off(times: float) -> float:
    """How far off, as a factor of at least 1."""
    return max(times, 1 / times) if times > 0 else float("inf")


def current(evidence: Evidence, about: Mapping[str, str], on: date) -> list[tuple[Listed, Quantity]]:
    """Prices in force on a day, as quantities."""
    rows = [row for row in listed(evidence, about, on) if row.is_now and not row.is_rumour]
    if meter := about.get("meter"):
        rows = [row for row in rows if row.meter == meter]
    return [
        (row, _end(Quantity(0, 0, USD_PER_TOK, "USD/Mtok", 1 / TOK_PER_MTOK), row.usd_per_mtok / TOK_PER_MTOK))
        for row in rows
    ]
