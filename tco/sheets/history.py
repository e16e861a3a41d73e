"""A model's prices over time, each step with how it is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tco.describe.offer import RateRow, TokenOffer
from tco.price.rates import instant
from tco.sheets.diff import condition, prices

How = Literal["dated", "observed", "versions", "rumoured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From when on which prices held. ``since`` is None where only two versions of a registry bound it."""

    provider: str
    model: str
    when: str
    promo: bool
    since: date | datetime | None
    until: date | datetime | None
    usd: dict[str, Decimal]
    how: How
    known: str
    source: str

    @property
    def day(self) -> date | None:
        """The day it began."""
        return instant(self.since).date() if self.since is not None else None


def history(offers: Iterable[TokenOffer], *, until: date | datetime | None = None) -> list[Step]:
    """The steps of all rows of one model's offers, from the same provider or several, by provider, condition and start.

    A row of several lists counts once, with its first source. Rows that were only observed and repeat the price before
    are no step. With ``until``, later rows are left out.
    """
    found: dict[tuple[object, ...], Step] = {}
    for offer in offers:
        for row in offer.rates:
            if until is not None and instant(row.since) > instant(until):
                continue
            step = _step(offer, row)
            found.setdefault(
                (step.provider, step.when, step.promo, instant(row.since), tuple(sorted(step.usd.items()))), step
            )
    return _without_repeats(sorted(found.values(), key=order))


def order(step: Step) -> tuple[object, ...]:
    """By provider, the standard rate first, then by start; steps without a day last."""
    begun = instant(step.since) if step.since is not None else instant(date.max)
    return step.provider, step.when, begun, step.how != "dated", step.promo, step.known


def _step(offer: TokenOffer, row: RateRow) -> Step:
    how, known = known_by(row)
    return Step(
        provider=offer.provider, model=offer.model, when=condition(row.when), promo=row.promo,
        since=row.since, until=row.until, usd=prices(row), how=how, known=known, source=row.source,
    )  # fmt: skip


def known_by(row: RateRow) -> tuple[How, str]:
    """How the start of a row is known, in words."""
    if row.kind == "rumoured":
        return "rumoured", "rumoured"
    if row.observed is None:
        return "dated", "dated by its source" if row.kind != "vendor" else "dated by the vendor"
    first, last = row.observed
    if first == last:
        return "observed", f"first seen on {last}; may be older"
    return "observed", f"changed between {first} and {last}, seen in two snapshots"


def _without_repeats(steps: Sequence[Step]) -> list[Step]:
    kept: list[Step] = []
    last: dict[tuple[str, str], Step] = {}
    for step in steps:
        group = step.provider, step.when
        before = last.get(group)
        if before is not None and step.how == "observed" and _adds_nothing(before, step):
            continue
        kept.append(step)
        if not step.promo:
            last[group] = step
    return kept


def _adds_nothing(before: Step, step: Step) -> bool:
    if step.day is not None and before.until is not None and instant(before.until).date() <= step.day:
        return False
    return all(before.usd.get(meter) == usd for meter, usd in step.usd.items())
