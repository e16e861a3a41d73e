"""Bills of arrays of requests: dates, conditions and thresholds of offers are compiled into tables to gather from.

The exact path's own choice of rates (``rates.effective`` and ``rates.select``) fills the tables, so that a bill here is
that of ``bill.bill`` up to the rounding of float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import product
from math import ceil
from typing import NamedTuple, NoReturn, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tco.describe.offer import Meter, RateRow, Schedule, TokenOffer, When
from tco.errors import MissingDataError, UsageError
from tco.price.bill import TOK_PER_MTOK
from tco.price.clock import END_S, FIRST_S, Clock, clock
from tco.price.events import event_rate, least_billed
from tco.price.rates import UTC, Request, adjustments_in_force, effective, instant, schedules, select

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Condition: TypeAlias = tuple[str | None, str | None, str | None]


def _named(clause: str) -> tuple[str | None, ...]:
    """What a rate's clause may name, nothing first."""
    optional = get_args(When.model_fields[clause].annotation)
    return (None, *get_args(optional[0]))


CONDITIONS: tuple[Condition, ...] = tuple(product(_named("processing"), _named("service_tier"), _named("speed")))
METERS: tuple[Meter, ...] = (
    "input", "cache_read", "cache_write", "cache_write_1h", "cache_write_12h", "output", "reasoning",
)  # fmt: skip

ANYWHERE: tuple[frozenset[str], ...] = (frozenset(),)
BLOCK = 32_768  # rows whose temporaries stay in the processor's cache
UNPRICED = 1e200  # USD per token: one token of it lifts a bill over all real ones, none of it adds nothing
NEVER_TOK = np.iinfo(np.int64).max
MAX_TOK = 1 << 53  # integers float64 holds
N_SHOWN = 5


class UnpricedError(MissingDataError):
    """Some requests have no price; ``rows`` are the positions of all of them."""

    def __init__(self, message: str, rows: Ints) -> None:
        super().__init__(message)
        self.rows = rows


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates of many offers, by section: an offer between two of its changes; section 0 sells nothing.

    ``section[offer, n]`` holds after ``n`` of all ``changes_s``; ``bounds_tok[:, section]`` are the least prompts of
    its higher context tiers, ``clocks[clock[section]]`` its schedules. A column of ``usd_per_tok[meter]`` and of
    ``usd_per_request`` is found by ``rate[section, condition, residency, tier, inside the schedules]``.
    """

    names: tuple[str, ...]
    residencies: tuple[frozenset[str], ...]
    changes_s: Ints
    section: Ints
    bounds_tok: Ints
    clock: Ints
    clocks: tuple[tuple[Clock, ...], ...]
    rate: Ints
    usd_per_tok: Floats
    usd_per_request: Floats


# ---------------------------------------------------------------- compile
Cell: TypeAlias = tuple[float, ...]
UNSOLD: Cell = (*[UNPRICED] * len(METERS), 0.0)  # USD per token of each meter, USD per request
REFUSED: Cell = (UNPRICED,) * (len(METERS) + 1)


@dataclass(frozen=True, slots=True)
class Section:
    """An offer between two changes: context bounds, schedules, and its rates by all circumstances."""

    bounds_tok: tuple[int, ...]
    schedules: tuple[Schedule, ...]
    cells: dict[tuple[int, int, int, int], Cell]


def compile_rates(
    offers: Sequence[TokenOffer], *, residencies: Sequence[frozenset[str]] = ANYWHERE, allow_rumoured: bool = False
) -> RateTable:
    """The rates of offers at all times. Requests name an offer, a condition and a residency by its position.

    Conditions are those of ``CONDITIONS``: processing, service tier and speed.
    """
    changes = [_changes_s(offer) for offer in offers]
    changes_s = np.array(sorted({at_s for found in changes for at_s in found}), dtype=np.int64)
    section = np.zeros((len(offers), len(changes_s) + 1), dtype=np.int64)
    sections = [Section((), (), {})]
    for n, offer in enumerate(offers):
        for begin_s in changes[n]:
            section[n, np.searchsorted(changes_s, begin_s) + 1 :] = len(sections)
            sections.append(_section(offer, datetime.fromtimestamp(begin_s, UTC), residencies, allow_rumoured))
    n_bounds = max(len(part.bounds_tok) for part in sections)
    bounds = [(*part.bounds_tok, *[NEVER_TOK] * (n_bounds - len(part.bounds_tok))) for part in sections]
    groups = list(dict.fromkeys(part.schedules for part in sections))
    columns = {UNSOLD: 0, REFUSED: 1}
    rate = np.zeros((len(sections), len(CONDITIONS), len(residencies), n_bounds + 1, 2), dtype=np.int64)
    for n, part in enumerate(sections):
        rate[n] = columns[UNSOLD if part.cells else REFUSED]
        for place, cell in part.cells.items():
            rate[(n, *place)] = columns.setdefault(cell, len(columns))
    usd = np.array(list(columns)).T.copy()
    return RateTable(
        names=tuple(f"{offer.provider}/{offer.model}" for offer in offers), residencies=tuple(residencies),
        changes_s=changes_s, section=section, bounds_tok=np.array(bounds, dtype=np.int64).T.copy(),
        clock=np.array([groups.index(part.schedules) for part in sections]),
        clocks=tuple(tuple(clock(schedule) for schedule in group) for group in groups),
        rate=rate, usd_per_tok=usd[:-1], usd_per_request=usd[-1],
    )  # fmt: skip


def _changes_s(offer: TokenOffer) -> list[int]:
    """The first whole seconds of each row and surcharge, and those after each row, in order."""
    periods = [(row.since, row.until) for row in offer.rates]
    periods += [(each.since, each.until) for each in offer.adjustments]
    days = [day for period in periods for day in period if day is not None]
    return sorted({ceil(instant(day).timestamp()) for day in days})


def _section(
    offer: TokenOffer, begin: datetime, residencies: Sequence[frozenset[str]], allow_rumoured: bool
) -> Section:
    rows = effective(offer, begin, allow_rumoured=allow_rumoured)
    limits = [row.when.prompt_tok for row in rows if row.when.prompt_tok]
    bounds = tuple(sorted({limit.limit_tok + (limit.gt is not None) for limit in limits}))
    hours = tuple(schedules(rows))
    sold = {(row.when.processing, row.when.service_tier, row.when.speed) for row in rows}
    cells = {}
    for n, r, t, inside in product(
        range(len(CONDITIONS)), range(len(residencies)), range(len(bounds) + 1), range(2 if hours else 1)
    ):
        if CONDITIONS[n] in sold:
            processing, service_tier, speed = CONDITIONS[n]
            request = Request(
                processing=processing, service_tier=service_tier, speed=speed, residency=residencies[r],
                prompt_tok=(0, *bounds)[t], in_schedule=bool(inside),
            )  # fmt: skip
            cells[n, r, t, inside] = _cell(offer, rows, request, _surcharge(offer, begin, request))
    return Section(bounds, hours, cells)


def _surcharge(offer: TokenOffer, at: datetime, request: Request) -> Decimal:
    """The product of the offer's surcharges in force."""
    factor = Decimal(1)
    for part in adjustments_in_force(offer, at, request.residency):
        factor *= Decimal(str(part.multiplier))
    return factor


def _cell(offer: TokenOffer, rows: list[RateRow], request: Request, factor: Decimal) -> Cell:
    """USD per token of each meter and per request; reasoning without a rate of its own is output."""
    try:
        own_rate = select(rows, "reasoning", request) is not None
        fee = event_rate(rows, "request", request)
    except MissingDataError:
        return REFUSED
    n_billed = max(Decimal(1), least_billed(offer.min_billed, "request"))
    fee_usd = float(fee.usd_each * n_billed * factor) if fee else 0.0
    meters = METERS if own_rate else (*METERS[:-1], METERS[-2])
    return (*(_usd_per_tok(rows, meter, request, factor) for meter in meters), fee_usd)


def _usd_per_tok(rows: list[RateRow], meter: Meter, request: Request, factor: Decimal) -> float:
    try:
        rate = select(rows, meter, request)
    except MissingDataError:
        return UNPRICED
    return float(rate.usd_per_mtok * factor / TOK_PER_MTOK) if rate else UNPRICED


# ---------------------------------------------------------------- bill
class Columns(NamedTuple):
    """Requests as columns, or a block of them; tokens as vendors report them."""

    offer_index: Ints
    condition: Ints
    residency: Ints
    at_s: Ints
    input_tok: Ints
    cache_read_tok: Ints
    cache_write_5m_tok: Ints
    cache_write_1h_tok: Ints
    cache_write_12h_tok: Ints
    output_tok: Ints
    reasoning_tok: Ints


def bulk_usd(
    table: RateTable, *, offer_index: ArrayLike, at_s: ArrayLike, input_tok: ArrayLike, output_tok: ArrayLike,
    cache_read_tok: ArrayLike = 0, cache_write_5m_tok: ArrayLike = 0, cache_write_1h_tok: ArrayLike = 0,
    cache_write_12h_tok: ArrayLike = 0, reasoning_tok: ArrayLike = 0, condition: ArrayLike = 0,
    residency: ArrayLike = 0,
) -> Floats:  # fmt: skip
    """USD of each request: fee + sum over meters of tokens x USD per token, with the surcharges.

    Text only: media, citations and events go through ``bill``. Columns are whole numbers, broadcast against each other;
    ``at_s`` are Unix seconds of 2000 to 2099. Cache reads and writes are parts of the input, reasoning of the output.
    Raises UnpricedError where a request has no rate of a meter in use, and UsageError where parts exceed their whole
    or a column leaves its range. Never NaN.
    """
    given = (
        offer_index, condition, residency, at_s, input_tok, cache_read_tok, cache_write_5m_tok, cache_write_1h_tok,
        cache_write_12h_tok, output_tok, reasoning_tok,
    )  # fmt: skip
    arrays = [np.atleast_1d(values) for values in given]
    for name, values in zip(Columns._fields, arrays, strict=True):
        if values.size and values.dtype.kind not in "iu":
            raise UsageError(f"{name}: got {values.dtype}; expected whole numbers")
    columns = np.broadcast_arrays(*arrays)
    usd = np.empty(len(columns[0]))
    for start in range(0, len(usd), BLOCK):
        block = Columns(*(column[start : start + BLOCK].astype(np.int64, copy=False) for column in columns))
        _check(table, block, start)
        usd[start : start + BLOCK] = _usd(table, block, start)
    unpriced = np.flatnonzero(usd >= UNPRICED)
    if unpriced.size:
        raise UnpricedError(_why(table, Columns(*columns), unpriced), unpriced)
    return usd


def _check(table: RateTable, block: Columns, start: int) -> None:
    ends = {"offer_index": len(table.names), "condition": len(CONDITIONS), "residency": len(table.residencies)}
    for name, values in block._asdict().items():
        low, end = (FIRST_S, END_S) if name == "at_s" else (0, ends.get(name, MAX_TOK))
        if values.min() < low or values.max() >= end:
            _refuse((values < low) | (values >= end), start, f"{name} must be at least {low:,} and below {end:,}")


def _usd(table: RateTable, block: Columns, start: int) -> Floats:
    parts_tok = (block.cache_read_tok, block.cache_write_5m_tok, block.cache_write_1h_tok, block.cache_write_12h_tok)
    rest_tok = block.input_tok - sum(parts_tok)
    said_tok = block.output_tok - block.reasoning_tok
    if rest_tok.min() < 0:
        _refuse(rest_tok < 0, start, "cache reads and writes must not exceed the input, which is their total")
    if said_tok.min() < 0:
        _refuse(said_tok < 0, start, "reasoning must not exceed the output, which includes it")
    rate = _rate(table, block)
    usd: Floats = table.usd_per_request.take(rate)
    for n_tok, usd_per_tok in zip(
        (rest_tok, *parts_tok, said_tok, block.reasoning_tok), table.usd_per_tok, strict=True
    ):
        usd += n_tok * usd_per_tok.take(rate)
    return usd


def _rate(table: RateTable, block: Columns) -> Ints:
    """The column of rates of each request."""
    n_changes = np.searchsorted(table.changes_s, block.at_s, side="right")
    section = table.section.take(block.offer_index * table.section.shape[1] + n_changes)
    tier = np.zeros_like(section)
    for bound_tok in table.bounds_tok:
        tier += block.input_tok >= bound_tok.take(section)
    inside = np.zeros(len(section), dtype=np.bool_)
    for n, clocks in enumerate(table.clocks[1:], start=1):
        rows = np.flatnonzero(table.clock.take(section) == n)
        for each in clocks:
            inside[rows] |= each.holds(block.at_s[rows])
    _, n_conditions, n_residencies, n_tiers, n_inside = table.rate.shape
    cell = ((section * n_conditions + block.condition) * n_residencies + block.residency) * n_tiers + tier
    rate: Ints = table.rate.take(cell * n_inside + inside)
    return rate


def _refuse(wrong: Flags, start: int, rule: str) -> NoReturn:
    rows = np.flatnonzero(wrong) + start
    first = ", ".join(f"{row:,}" for row in rows[:N_SHOWN])
    raise UsageError(f"{rule}; broken by {len(rows):,} or more requests, the first of them {first}")


def _why(table: RateTable, requests: Columns, unpriced: Ints) -> str:
    """The first requests without a price: where, whose offer, asked how, when."""
    lines = [f"no price of {len(unpriced):,} requests, the first of them:"]
    for row in unpriced[:N_SHOWN]:
        offer, condition, residency, at_s = (int(column[row]) for column in requests[:4])
        asked = [part for part in CONDITIONS[condition] if part] or ["standard"]
        where = sorted(table.residencies[residency])
        at = datetime.fromtimestamp(at_s, UTC).isoformat()
        lines.append(f"request {row:,}: {table.names[offer]}, {', '.join((*asked, *where))}, {at}")
    return "\n  ".join(lines)
