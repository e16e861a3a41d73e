"""The exact bill of one request: decimal arithmetic from the sheet's own decimals, nothing rounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tco.describe.offer import Event, Meter, RateRow, TokenOffer
from tco.errors import MissingDataError, UsageError
from tco.price.events import event_rate, least_billed
from tco.price.rates import Rate, Request, adjustments_in_force, effective, in_schedule, instant, schedules, select

TOK_PER_MTOK = Decimal(1_000_000)
WRITE_METERS: dict[str, Meter] = {"5m": "cache_write", "1h": "cache_write_1h", "12h": "cache_write_12h"}
# Tokens of sound, pictures and film, and the total each is a part of. A picture without a price of its own
# is billed as the text it stands among, as vendors do; sound and film never are.
MEDIA_METERS: dict[Meter, Meter] = {
    "audio_input": "input", "image_input": "input", "video_input": "input",
    "audio_cache_read": "cache_read", "image_cache_read": "cache_read", "audio_cache_write": "cache_write",
    "audio_output": "output", "image_output": "output", "video_output": "output",
}  # fmt: skip
BILLED_AS_TEXT: frozenset[Meter] = frozenset({"image_input", "image_cache_read"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a request as vendors report them: ``input_tok`` and ``output_tok`` are totals.

    Cache reads and writes (by time to live) are parts of the input, reasoning is part of the output, and
    ``media_tok`` are parts of what their direction says: uncached sound and pictures of the input, cached
    ones of the cache reads. Citations are counted beside the output. ``events`` are counts for one request:
    searches, pages, images, seconds, characters, hours of stored cache.
    """

    input_tok: int
    output_tok: int
    cache_read_tok: int = 0
    cache_write_tok: Mapping[str, int] = field(default_factory=dict)
    reasoning_tok: int = 0
    citation_tok: int = 0
    media_tok: Mapping[Meter, int] = field(default_factory=dict)
    events: Mapping[Event, Decimal] = field(default_factory=dict)
    n_requests: int = 1


@dataclass(frozen=True, slots=True)
class BillLine:
    """One meter of a bill: units, unit price, their product, and the row that says so."""

    meter: str
    quantity: Decimal
    unit: str
    usd_per_unit: Decimal
    usd: Decimal
    row: RateRow | None


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines and their exact sum."""

    lines: tuple[BillLine, ...]

    @property
    def usd(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.usd for line in self.lines), Decimal(0))


def bill(
    offer: TokenOffer,
    usage: Usage,
    at: datetime,
    *,
    processing: str | None = None,
    service_tier: str | None = None,
    speed: str | None = None,
    residency: frozenset[str] = frozenset(),
    allow_rumoured: bool = False,
) -> Bill:
    """What one request costs at an instant: sum of tokens x price / 1e6 and events x price, times surcharges.

    Past a context threshold the whole request pays the higher rates; the threshold counts all prompt
    tokens, cached or not. Raises MissingDataError when the offer has no rate for a meter in use under
    exactly these conditions, and UsageError when parts exceed their whole.
    """
    rows = effective(offer, at, allow_rumoured=allow_rumoured)
    if not rows:
        days = sorted({str(row.since)[:10] for row in offer.rates})
        known = f"; there are rows since {', '.join(days)}" if days else f": {offer.unpriced}" if offer.unpriced else ""
        raise MissingDataError(f"{offer.provider}/{offer.model}: no price in force at {instant(at).isoformat()}{known}")
    request = Request(
        processing=processing, service_tier=service_tier, speed=speed, residency=residency,
        prompt_tok=float(usage.input_tok),
        in_schedule=any(in_schedule(schedule, instant(at)) for schedule in schedules(rows)),
    )  # fmt: skip
    lines = [*_token_lines(offer, usage, rows, request), *_event_lines(offer, usage, rows, request)]
    for adjustment in adjustments_in_force(offer, at, residency):
        base = sum((line.usd for line in lines), Decimal(0))
        extra = Decimal(str(adjustment.multiplier)) - 1
        lines.append(BillLine(adjustment.name, base, "USD", extra, base * extra, None))
    return Bill(tuple(lines))


def _token_lines(offer: TokenOffer, usage: Usage, rows: list[RateRow], request: Request) -> Iterator[BillLine]:
    for meter, n_tok in _meters(usage, rows, request):
        if n_tok == 0:
            continue
        rate = _rate(offer, rows, meter, request)
        mtok = Decimal(n_tok * usage.n_requests) / TOK_PER_MTOK
        yield BillLine(meter, mtok, "Mtok", rate.usd_per_mtok, mtok * rate.usd_per_mtok, rate.row)


def _meters(usage: Usage, rows: list[RateRow], request: Request) -> list[tuple[Meter, int]]:
    """Tokens on each meter, children taken out of their parents."""
    _check(usage)
    own_rate = select(rows, "reasoning", request) is not None
    hidden = usage.reasoning_tok if own_rate else 0
    parts = usage.cache_read_tok + sum(usage.cache_write_tok.values())
    n_tok: dict[Meter, int] = {"input": usage.input_tok - parts, "cache_read": usage.cache_read_tok}
    for ttl, n_written in usage.cache_write_tok.items():
        n_tok[WRITE_METERS[ttl]] = n_tok.get(WRITE_METERS[ttl], 0) + n_written
    n_tok |= {"output": usage.output_tok - hidden, "reasoning": hidden, "citation": usage.citation_tok}
    for meter, n_media in usage.media_tok.items():
        if meter in BILLED_AS_TEXT and select(rows, meter, request) is None:
            continue
        parent = MEDIA_METERS[meter]
        n_tok[parent] = n_tok.get(parent, 0) - n_media
        if n_tok[parent] < 0:
            raise UsageError(f"{meter} ({n_media:,}) and the other parts exceed the {parent} they are part of")
        n_tok[meter] = n_media
    return list(n_tok.items())


def _check(usage: Usage) -> None:
    """Raises UsageError when a part exceeds its total or a name is unknown."""
    totals: tuple[Decimal | int, ...] = (
        usage.input_tok,
        usage.output_tok,
        usage.cache_read_tok,
        usage.reasoning_tok,
        usage.citation_tok,
    )
    parts_of: tuple[Decimal | int, ...] = (
        *usage.media_tok.values(),
        *usage.cache_write_tok.values(),
        *usage.events.values(),
    )
    if any(count < 0 for count in (*totals, *parts_of)):
        raise UsageError("got a negative count of tokens or events; expected 0 or more")
    parts = usage.cache_read_tok + sum(usage.cache_write_tok.values())
    if parts > usage.input_tok:
        raise UsageError(
            f"cache reads and writes ({parts:,}) exceed the input ({usage.input_tok:,}), which is their total"
        )
    if usage.reasoning_tok > usage.output_tok:
        raise UsageError(
            f"reasoning ({usage.reasoning_tok:,}) exceeds the output ({usage.output_tok:,}), which includes it"
        )
    for ttl in usage.cache_write_tok:
        if ttl not in WRITE_METERS:
            raise UsageError(f"--cache-ttl: got {ttl!r}; expected one of: {', '.join(WRITE_METERS)}")
    for meter in usage.media_tok:
        if meter not in MEDIA_METERS:
            raise UsageError(f"got {meter!r}; expected one of: {', '.join(MEDIA_METERS)}")


def _rate(offer: TokenOffer, rows: list[RateRow], meter: Meter, request: Request) -> Rate:
    rate = select(rows, meter, request)
    if rate is None:
        asked = (
            ", ".join(part for part in (request.processing, request.service_tier, request.speed) if part) or "standard"
        )
        raise MissingDataError(
            f"{offer.provider}/{offer.model}: no price of {meter} for {asked} requests at that instant"
        )
    return rate


def _event_lines(offer: TokenOffer, usage: Usage, rows: list[RateRow], request: Request) -> Iterator[BillLine]:
    """Fees of what is counted; the fee of a request is due without being asked for."""
    n_requests = Decimal(usage.n_requests)
    events: dict[Event, Decimal] = {"request": Decimal(1), **usage.events}
    for event, n_events in events.items():
        if n_events == 0:
            continue
        rate = event_rate(rows, event, request)
        if rate is None:
            if event == "request" and event not in usage.events:
                continue
            raise MissingDataError(
                f"{offer.provider}/{offer.model}: no price of {event} for such requests at that instant"
            )
        n_billed = max(n_events * rate.n_units, least_billed(offer.min_billed, event)) * n_requests / rate.n_per
        yield BillLine(event, n_billed, rate.event, rate.usd_each, n_billed * rate.usd_each, rate.row)
