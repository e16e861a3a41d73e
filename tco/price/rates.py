"""Which rate of an offer holds for a request on a day: the most specific one, never a guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from tco.describe.offer import Adjustment, Meter, PromptTok, RateRow, Schedule, TokenOffer, When
from tco.errors import MissingDataError
from tco.units import H_PER_WEEK, Flag, Num

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The circumstances of a request that a price may depend on.

    ``residency`` are the regions in which the data must stay; ``in_schedule`` whether the instant lies
    inside the hours of a schedule.
    """

    processing: str | None = None
    service_tier: str | None = None
    speed: str | None = None
    region: str | None = None
    residency: frozenset[str] = frozenset()
    prompt_tok: float = 0.0
    in_schedule: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one meter and the row it stands in."""

    usd_per_mtok: Decimal
    row: RateRow


def adjustments_in_force(offer: TokenOffer, on: date | datetime, residency: frozenset[str]) -> tuple[Adjustment, ...]:
    """Surcharges and discounts on a bill: of each condition the last one begun and not ended.

    One for a region holds where the data must stay there, a ``regional`` one wherever it must stay at all,
    one without a condition always.
    """
    now = instant(on)
    begun = [
        each for each in offer.adjustments
        if instant(each.since) <= now and (each.until is None or now < instant(each.until))
    ]  # fmt: skip
    begun.sort(key=lambda each: instant(each.since))
    return tuple({each.when: each for each in begun if _concerns(each.when, residency)}.values())


def _concerns(when: When, residency: frozenset[str]) -> bool:
    if when.region == "regional":
        return bool(residency)
    return when == When() or (when.data_residency or "").lower() in residency


def instant(day: date | datetime) -> datetime:
    """A day as its first instant in UTC; an instant as it is, in UTC where it names no zone."""
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=UTC)
    return datetime.combine(day, time(), UTC)


def effective(offer: TokenOffer, on: date | datetime, *, allow_rumoured: bool = False) -> list[RateRow]:
    """The rows in force: of each condition the last one begun, a running promotion before the list price.

    A period is half-open: ``since`` belongs to it, ``until`` does not. Rumoured rows count only when
    asked for, and only where no other row of that condition holds.
    """
    now = instant(on)
    best: dict[When, RateRow] = {}
    for row in offer.rates:
        begun = instant(row.since) <= now and (row.until is None or now < instant(row.until))
        if not begun or (row.kind == "rumoured" and not allow_rumoured):
            continue
        if row.when not in best or _precedence(row) > _precedence(best[row.when]):
            best[row.when] = row
    return list(best.values())


def _precedence(row: RateRow) -> tuple[bool, bool, datetime]:
    return row.kind != "rumoured", row.promo, instant(row.since)


def select(rows: list[RateRow], meter: Meter, request: Request) -> Rate | None:
    """The rate of ``meter`` in the most specific matching row that has it; None when none has.

    A request for batch, flex, priority or fast never falls back to a row without that condition.
    Raises MissingDataError when two rows match equally well and differ in price.
    """
    matching = [row for row in rows if meter in row.usd_per_mtok and matches(row.when, request)]
    if not matching:
        return None
    ranked = sorted(matching, key=lambda row: specificity(row.when), reverse=True)
    tied = [row for row in ranked if specificity(row.when) == specificity(ranked[0].when)]
    if len({row.usd_per_mtok[meter] for row in tied}) > 1:
        raise MissingDataError(f"two rates of {meter} match equally well: {ranked[0].source} and {ranked[1].source}")
    return Rate(ranked[0].usd_per_mtok[meter], ranked[0])


def matches(when: When, request: Request) -> bool:
    """Whether every clause of ``when`` holds; clauses that change the product must be asked for."""
    product = (when.processing, when.service_tier, when.speed)
    if product != (request.processing, request.service_tier, request.speed):
        return False
    if when.region is not None and when.region != request.region:
        return False
    if when.data_residency is not None and when.data_residency not in request.residency:
        return False
    if when.schedule is not None and not request.in_schedule:
        return False
    return when.prompt_tok is None or bool(past_threshold(when.prompt_tok, request.prompt_tok))


def past_threshold(threshold: PromptTok, prompt_tok: Num) -> Flag:
    """Whether prompts are over a context threshold, strictly or inclusively as the vendor bills."""
    return prompt_tok > threshold.gt if threshold.gt is not None else prompt_tok >= threshold.limit_tok


def specificity(when: When) -> tuple[int, int]:
    """Number of clauses, then the height of the context threshold."""
    named = (
        when.processing,
        when.service_tier,
        when.speed,
        when.region,
        when.data_residency,
        when.schedule,
        when.prompt_tok,
    )
    clauses = sum(value is not None for value in named)
    return clauses, when.prompt_tok.limit_tok if when.prompt_tok else 0


def week_share(schedule: Schedule) -> float:
    """Share of the hours of a week that lie inside the schedule's windows."""
    hours = sum(_window_h(start, end) for start, end in schedule.windows)
    return hours * len(schedule.weekdays) / H_PER_WEEK


def _window_h(start: str, end: str) -> float:
    first, last = (time.fromisoformat(text) for text in (start, "00:00" if end == "24:00" else end))
    minutes = (last.hour - first.hour) * 60 + last.minute - first.minute
    return (minutes if minutes > 0 else minutes + 24 * 60) / 60


def in_schedule(schedule: Schedule, at: datetime) -> bool:
    """Whether an instant lies inside the schedule, on the vendor's own clock."""
    local = at.astimezone(ZoneInfo(schedule.tz))
    if local.weekday() not in schedule.weekdays:
        return False
    clock = local.strftime("%H:%M")
    return any(
        start <= clock < end if start < end else clock >= start or clock < end for start, end in schedule.windows
    )


def schedules(rows: list[RateRow]) -> Iterator[Schedule]:
    """The distinct schedules among the rows."""
    seen: list[Schedule] = []
    for row in rows:
        if row.when.schedule is not None and row.when.schedule not in seen:
            seen.append(row.when.schedule)
            yield row.when.schedule
