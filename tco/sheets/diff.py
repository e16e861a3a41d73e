"""What changed between two lists of offers: each meter of each condition, then and now."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tco.describe.offer import RateRow, TokenOffer, When
from tco.price.rates import effective, instant

Key = tuple[str, str, str, str]  # provider, model, condition, meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One price on both sides; ``ratio`` is new over old, None where the old one is 0. ``source`` is of the new one."""

    provider: str
    model: str
    when: str
    meter: str
    old_usd: Decimal
    new_usd: Decimal
    source: str

    @property
    def ratio(self) -> float | None:
        """New over old; None from a price of 0."""
        return float(self.new_usd / self.old_usd) if self.old_usd else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A price that is on one side only, or that starts later."""

    provider: str
    model: str
    when: str
    meter: str
    usd: Decimal
    since: str
    source: str


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that differs: prices in force on the day, and rows announced for later that are new."""

    added: tuple[Priced, ...]
    removed: tuple[Priced, ...]
    changed: tuple[Change, ...]
    announced: tuple[Priced, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.announced)


def diff(old: Iterable[TokenOffer], new: Iterable[TokenOffer], *, on: date | datetime) -> Diff:
    """Prices in force at ``on`` on both sides, by provider, model, condition and meter; exact to the last digit."""
    before, after = tuple(old), tuple(new)
    was, now = in_force(before, on), in_force(after, on)
    known = _future(before, on)
    return Diff(
        added=tuple(_priced(key, now[key]) for key in sorted(now.keys() - was.keys())),
        removed=tuple(_priced(key, was[key]) for key in sorted(was.keys() - now.keys())),
        changed=tuple(
            Change(
                provider=key[0], model=key[1], when=key[2], meter=key[3],
                old_usd=was[key][0], new_usd=now[key][0], source=now[key][1].source,
            )
            for key in sorted(was.keys() & now.keys()) if was[key][0] != now[key][0]
        ),
        announced=tuple(
            _priced(key[:4], (usd, row))
            for key, (usd, row) in sorted(_future(after, on).items(), key=lambda item: item[0])
            if key not in known or known[key][0] != usd
        ),
    )  # fmt: skip


def in_force(offers: Iterable[TokenOffer], on: date | datetime) -> dict[Key, tuple[Decimal, RateRow]]:
    """Every price in force at an instant, with the row it stands in."""
    return {
        (offer.provider, offer.model, condition(row.when), meter): (usd, row)
        for offer in offers
        for row in effective(offer, on)
        for meter, usd in prices(row).items()
    }


def prices(row: RateRow) -> dict[str, Decimal]:
    """All prices of a row by meter: per million tokens, and per event."""
    found: dict[str, Decimal] = {str(meter): usd for meter, usd in row.usd_per_mtok.items()}
    found.update({str(event): usd for event, usd in row.usd_each.items()})
    return found


def condition(when: When) -> str:
    """The conditions of a row in words that fit a table; empty for the standard rate."""
    parts = [str(part) for part in (when.processing, when.service_tier, when.speed) if part]
    if when.region:
        parts.append(f"region {when.region}")
    if when.data_residency:
        parts.append(f"data in {when.data_residency}")
    if when.prompt_tok:
        sign = ">" if when.prompt_tok.gt is not None else ">="
        parts.append(f"prompt {sign} {when.prompt_tok.limit_tok:,}")
    if when.schedule:
        days = "".join(map(str, when.schedule.weekdays))
        hours = ", ".join(f"{start}-{end}" for start, end in when.schedule.windows)
        parts.append(f"{hours} {when.schedule.tz} on days {days}")
    named = when.model_dump(mode="json", exclude_defaults=True)
    extra = {key: held for key, held in named.items() if key not in _SHOWN}
    return ", ".join([*parts, *([json.dumps(extra, sort_keys=True)] if extra else [])])


_SHOWN = {"processing", "service_tier", "speed", "region", "data_residency", "prompt_tok", "schedule"}


def _future(offers: Iterable[TokenOffer], on: date | datetime) -> dict[tuple[str, ...], tuple[Decimal, RateRow]]:
    now = instant(on)
    return {
        (offer.provider, offer.model, condition(row.when), meter, str(row.since)): (usd, row)
        for offer in offers
        for row in offer.rates
        if instant(row.since) > now
        for meter, usd in prices(row).items()
    }


def _priced(key: tuple[str, ...], held: tuple[Decimal, RateRow]) -> Priced:
    usd, row = held
    return Priced(
        provider=key[0], model=key[1], when=key[2], meter=key[3], usd=usd, since=str(row.since), source=row.source
    )
