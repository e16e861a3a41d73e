"""Which rental rows are offers on a day, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from tco.describe.offer import RentalOffer
from tco.files.policy import MAX_RENTAL_AGE_DAYS, REPLACED_AFTER_DAYS

Key = tuple[str, ...]
MAX_SHOWN = 8


@dataclass(frozen=True, slots=True)
class InForce:
    """The rows of a day: ``fresh`` are offers; ``old`` only where their provider is named; ``replaced`` never."""

    day: date
    fresh: tuple[RentalOffer, ...]
    old: tuple[RentalOffer, ...]
    replaced: tuple[RentalOffer, ...]

    def left_out(self) -> Iterator[tuple[str, str]]:
        """Name and reason of every row that is no offer although it is the last of its kind."""
        for row in self.old:
            age = (self.day - row.since).days
            why = f"the price of {row.since} is {age} days old, over {MAX_RENTAL_AGE_DAYS}; name its provider to use it"
            yield named(row), why
        for row in self.replaced:
            why = f"the price of {row.since} is replaced by a later one of {row.provider} for the same machine and plan"
            yield named(row), why


def in_force(rows: Iterable[RentalOffer], day: date) -> InForce:
    """The last row of each provider, instance, machine, region and plan begun by the day.

    A row is replaced when its provider's newest one for the same machine and plan is more than
    REPLACED_AFTER_DAYS later, and old when it began more than MAX_RENTAL_AGE_DAYS before the day.
    """
    latest: dict[Key, RentalOffer] = {}
    newest: dict[Key, date] = {}
    for row in rows:
        if row.since > day:
            continue
        key, seller = (row.provider, row.instance, row.hardware, row.region, row.plan), _seller(row)
        newest[seller] = max(row.since, newest.get(seller, row.since))
        if key not in latest or row.since > latest[key].since:
            latest[key] = row
    fresh, old, replaced = [], [], []
    for row in latest.values():
        if (newest[_seller(row)] - row.since).days > REPLACED_AFTER_DAYS:
            replaced.append(row)
        elif (day - row.since).days > MAX_RENTAL_AGE_DAYS:
            old.append(row)
        else:
            fresh.append(row)
    return InForce(day, tuple(fresh), tuple(old), tuple(replaced))


def too_old(rows: Iterable[RentalOffer]) -> list[str]:
    """A warning that counts the rows left out for their age; none when there are none."""
    n_old = sum(1 for _ in rows)
    if not n_old:
        return []
    few = "1 rental row" if n_old == 1 else f"{n_old} rental rows"
    were = "was" if n_old == 1 else "were"
    return [f"{few} older than {MAX_RENTAL_AGE_DAYS} days {were} left out; name their provider to use them"]


def named(row: RentalOffer) -> str:
    """A rental row by what tells it from the others, in the order of its columns."""
    return "/".join(filter(None, (row.provider, row.instance, row.hardware, row.region, row.plan)))


def offered(rows: Iterable[RentalOffer], hardware: str) -> str:
    """Who rents a machine out, and what to do where nobody does."""
    known = sorted({f"{row.provider} ({row.plan})" for row in rows if row.hardware == hardware})
    more = f" and {len(known) - MAX_SHOWN} more" if len(known) > MAX_SHOWN else ""
    by = f"it is offered by {', '.join(known[:MAX_SHOWN])}{more}" if known else "nobody in the sheet rents it out"
    return f"{by}; state usd_per_gpu_h, or see `tco list rentals`"


def _seller(row: RentalOffer) -> Key:
    return row.provider, row.hardware, row.plan
