"""A month of token requests as slices: so many requests, under such circumstances, at such rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from tco.describe.offer import Meter, RateRow, TokenOffer
from tco.errors import MissingDataError
from tco.price.rates import Rate, Request, effective, past_threshold, schedules, select, week_share
from tco.units import Num

METERS: tuple[Meter, ...] = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A share of the requests that is billed at one set of rates."""

    label: str
    share_frac: Num
    rates: dict[Meter, Rate]


@dataclass(frozen=True, slots=True)
class Quote:
    """The rates of an offer for one workload on one day. Shares over all slices sum to one."""

    slices: tuple[Slice, ...]
    notes: tuple[str, ...]


def quote(
    offer: TokenOffer, on: date, *, prompt_tok: Num, batch_frac: Num, allow_rumoured: bool = False,
    residency: frozenset[str] = frozenset(),
) -> Quote:  # fmt: skip
    """Slice a month by processing (standard, batch), context threshold and time of day.

    The share of ``batch_frac`` goes to the batch rates where the vendor has some, else it pays the
    standard rate (noted), either way in the cheaper hours of a time-of-day price. The rest is taken as even
    over the week (noted). Past a context threshold the whole request pays the higher rate. Where the data
    must stay in a region, a row of that region wins. ``prompt_tok`` and ``batch_frac`` may be arrays.
    Raises MissingDataError when the offer has no price on that day.
    """
    rows = effective(offer, on, allow_rumoured=allow_rumoured)
    if not rows:
        raise MissingDataError(_why_no_price(offer, on))
    notes: list[str] = []
    slices: list[Slice] = []
    for label, processing, share, may_wait in _processings(rows, batch_frac, notes):
        hours = _cheapest_hours(rows, processing, notes) if may_wait else _hours(rows, notes)
        for time_label, in_hours, hours_frac in hours:
            for tier_label, at_tok, tier_frac in _context_tiers(rows, prompt_tok):
                request = Request(processing=processing, prompt_tok=at_tok, in_schedule=in_hours, residency=residency)
                found = {meter: select(rows, meter, request) for meter in METERS}
                rates = {meter: rate for meter, rate in found.items() if rate is not None}
                name = ", ".join(part for part in (label, time_label, tier_label) if part)
                slices.append(Slice(label=name, share_frac=share * hours_frac * tier_frac, rates=rates))
    used = tuple(part for part in slices if np.any(np.asarray(part.share_frac) > 0))
    for part in used:
        if "input" not in part.rates and "output" not in part.rates:
            raise MissingDataError(
                f"{offer.provider}/{offer.model}: no rate for {part.label or 'standard requests'} on {on}"
            )
    return Quote(used, tuple(notes))


def _why_no_price(offer: TokenOffer, on: date) -> str:
    name = f"{offer.provider}/{offer.model}"
    if offer.unpriced:
        return f"{name}: no price: {offer.unpriced}"
    if any(row.kind == "rumoured" for row in offer.rates):
        return f"{name}: only a rumoured price on {on}; --allow-rumoured uses it, labelled"
    dates = sorted(str(row.since)[:10] for row in offer.rates)
    return f"{name}: no price in force on {on}" + (f"; the sheet has rows since {', '.join(dates)}" if dates else "")


def _processings(rows: list[RateRow], batch_frac: Num, notes: list[str]) -> list[tuple[str, str | None, Num, bool]]:
    """Processing as (label, condition, share of requests, whether they may wait for cheaper hours)."""
    if not np.any(np.asarray(batch_frac) > 0):
        return [("", None, 1.0, False)]
    if any(row.when.processing == "batch" for row in rows):
        return [("", None, 1.0 - batch_frac, False), ("batch", "batch", batch_frac, True)]
    notes.append("no batch price: the batch share pays the standard rate")
    if not any(schedules(rows)):
        return [("", None, 1.0, False)]
    return [("", None, 1.0 - batch_frac, False), ("may wait", None, batch_frac, True)]


def _hours(rows: list[RateRow], notes: list[str]) -> list[tuple[str, bool, float]]:
    found = list(schedules(rows))
    if not found:
        return [("", False, 1.0)]
    if len(found) > 1:
        raise MissingDataError("two different time-of-day schedules in one offer cannot be told apart")
    share = week_share(found[0])
    notes.append(f"time-of-day price: demand taken as even over the week, {share:.0%} of it in the scheduled hours")
    return [("off-peak", False, 1.0 - share), ("peak", True, share)]


def _cheapest_hours(rows: list[RateRow], processing: str | None, notes: list[str]) -> list[tuple[str, bool, float]]:
    """The hours of a time-of-day price in which work that may wait is done: those with the lower output rate."""
    if not any(schedules(rows)):
        return [("", False, 1.0)]
    notes.append("time-of-day price: work that may wait is done in the cheaper hours")
    inside, outside = (
        select(rows, "output", Request(processing=processing, in_schedule=in_hours)) for in_hours in (True, False)
    )
    is_cheaper_inside = inside is not None and outside is not None and inside.usd_per_mtok < outside.usd_per_mtok
    return [("peak", True, 1.0)] if is_cheaper_inside else [("off-peak", False, 1.0)]


def _context_tiers(rows: list[RateRow], prompt_tok: Num) -> list[tuple[str, float, Num]]:
    """The context tiers as (label, a prompt length inside, share of requests whose prompt is inside)."""
    limits = {row.when.prompt_tok.limit_tok: row.when.prompt_tok for row in rows if row.when.prompt_tok}
    ordered = sorted(limits)
    over = [np.where(past_threshold(limits[limit], prompt_tok), 1.0, 0.0)[()] for limit in ordered]
    bounds: list[Num] = [1.0, *over, 0.0]
    labels = ["", *(f"prompt over {limit:,}" for limit in ordered)]
    inside = [0.0, *(limit + 1.0 for limit in ordered)]
    return [(labels[i], inside[i], bounds[i] - bounds[i + 1]) for i in range(len(labels))]
