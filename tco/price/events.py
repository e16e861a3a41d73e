"""The price of what is counted: requests, searches, pages, images, characters, seconds, stored cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tco.describe.offer import Event, RateRow
from tco.errors import MissingDataError
from tco.price.rates import Request, matches, specificity

# Heard sound is one thing in three units.
SECONDS: dict[Event, int] = {"audio_second": 1, "audio_minute": 60, "audio_hour": 3_600}


@dataclass(frozen=True, slots=True)
class EventRate:
    """A price each, the event it is stated for, and the conversion: asked x n_units / n_per are billed."""

    usd_each: Decimal
    event: Event
    row: RateRow
    n_units: int = 1
    n_per: int = 1


def event_rate(rows: list[RateRow], event: Event, request: Request) -> EventRate | None:
    """The rate of an event in the most specific matching row that has it, in its own unit or another of sound.

    None when no row has one. Raises MissingDataError when two rows match equally well.
    """
    for stated in (event, *(other for other in SECONDS if event in SECONDS and other != event)):
        matching = [row for row in rows if stated in row.usd_each and matches(row.when, request)]
        if not matching:
            continue
        ranked = sorted(matching, key=lambda row: specificity(row.when), reverse=True)
        if len(ranked) > 1 and specificity(ranked[0].when) == specificity(ranked[1].when):
            raise MissingDataError(
                f"two prices of {stated} match equally well: {ranked[0].source} and {ranked[1].source}"
            )
        n_units, n_per = SECONDS.get(event, 1), SECONDS.get(stated, 1)
        return EventRate(ranked[0].usd_each[stated], stated, ranked[0], n_units, n_per)
    return None


def least_billed(min_billed: Mapping[Event, Decimal], event: Event) -> Decimal:
    """The least quantity of an event that one request is billed for, of sound in seconds; 0 when there is none."""
    same = [name for name in min_billed if name == event or (name in SECONDS and event in SECONDS)]
    return max((min_billed[name] * SECONDS.get(name, 1) for name in same), default=Decimal(0))
