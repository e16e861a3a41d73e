"""Bills of what is no text: sound, pictures, film, pages, searches, characters, stored cache."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError, UsageError
from tco.price.bill import Bill, Usage, bill

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROW: dict[str, Any] = {"since": date(2026, 1, 1), "source": "s", "as_of": date(2026, 1, 1), "kind": "published"}
TEXT = {"input": Decimal(1), "output": Decimal(4), "cache_read": Decimal("0.1"), "cache_write": Decimal("1.25")}


def billed(usage: Usage, *, usd_each: Any = None, more: Any = (), offer: Any = None, **asked: Any) -> Bill:
    stated = {**TEXT, **(offer or {}).pop("usd_per_mtok", {})} if offer else TEXT
    rows = ({**ROW, "usd_per_mtok": stated, "usd_each": usd_each or {}}, *more)
    record = {"provider": "p", "model": "m", "tier": "api", "rates": rows, **(offer or {})}
    return bill(TokenOffer.model_validate(record), usage, AT, **asked)


def media(**tokens: int) -> Usage:
    return Usage(input_tok=1_000_000, output_tok=1_000_000, media_tok=tokens)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("meter", "price", "usd"),
    [
        # 5 for a million of text in and out; half of one side at the price of its own
        ("audio_input", 3, "6"),
        ("video_input", 2, "5.5"),
        ("image_input", 5, "7"),
        ("audio_output", 10, "8"),
        ("image_output", 30, "18"),
    ],
)
def test_a_part_is_taken_out_of_its_total(meter: str, price: int, usd: str) -> None:
    assert billed(media(**{meter: 500_000}), offer={"usd_per_mtok": {meter: price}}).usd == Decimal(usd)


def test_cached_sound_is_part_of_the_cache_reads() -> None:
    usage = Usage(input_tok=1_000_000, output_tok=0, cache_read_tok=400_000, media_tok={"audio_cache_read": 100_000})
    # 0.6 x 1 + 0.3 x 0.1 + 0.1 x 0.5
    assert billed(usage, offer={"usd_per_mtok": {"audio_cache_read": "0.5"}}).usd == Decimal("0.68")


def test_a_picture_without_a_price_is_billed_as_text_and_sound_is_an_error() -> None:
    assert billed(media(image_input=500_000)).usd == 5
    with pytest.raises(MissingDataError, match="no price of audio_input"):
        billed(media(audio_input=1))


def test_citations_are_counted_beside_the_output() -> None:
    usage = Usage(input_tok=0, output_tok=1_000_000, citation_tok=500_000)
    assert billed(usage, offer={"usd_per_mtok": {"citation": 2}}).usd == 5


@pytest.mark.parametrize(
    ("event", "count", "price", "usd"),
    [
        ("web_search", "2", "0.01", "0.02"),
        ("page", "100", "0.001", "0.1"),
        ("image", "3", "0.04", "0.12"),
        ("character", "1000", "0.000015", "0.015"),
        ("video_second", "8", "0.1", "0.8"),
        ("cache_storage_mtok_h", "2.5", "1", "2.5"),
        ("tool_call", "1", "0.0025", "0.0025"),
        ("storage_gb_day", "0.5", "0.1", "0.05"),
    ],
)
def test_events_are_priced_each(event: Any, count: str, price: str, usd: str) -> None:
    usage = Usage(input_tok=0, output_tok=0, events={event: Decimal(count)})
    assert billed(usage, usd_each={event: price}).usd == Decimal(usd)


def test_an_event_without_a_price_is_an_error() -> None:
    with pytest.raises(MissingDataError, match="no price of page"):
        billed(Usage(input_tok=0, output_tok=0, events={"page": Decimal(1)}))


@pytest.mark.parametrize(
    ("asked", "count", "stated", "price", "usd"),
    [
        ("audio_second", 1_800, "audio_hour", "0.111", "0.0555"),
        ("audio_minute", 10, "audio_second", "0.0001", "0.06"),
        ("audio_hour", 1, "audio_minute", "0.006", "0.36"),
        ("audio_second", 30, "audio_second", "0.0001", "0.003"),
    ],
)
def test_heard_sound_in_any_unit(asked: Any, count: int, stated: Any, price: str, usd: str) -> None:
    usage = Usage(input_tok=0, output_tok=0, events={asked: Decimal(count)})
    assert billed(usage, usd_each={stated: price}).usd == Decimal(usd)


def test_the_least_that_is_billed() -> None:
    usage = Usage(input_tok=0, output_tok=0, events={"audio_second": Decimal(3)}, n_requests=2)
    offer = {"min_billed": {"audio_second": 10}}
    assert billed(usage, usd_each={"audio_hour": "3.6"}, offer=dict(offer)).usd == Decimal("0.02")
    assert billed(usage, usd_each={"audio_second": "0.001"}, offer=dict(offer)).usd == Decimal("0.02")


def test_the_fee_of_a_request_is_due_unasked_and_from_the_most_specific_row() -> None:
    usage = Usage(input_tok=1_000_000, output_tok=0, n_requests=2)
    assert billed(usage, usd_each={"request": "0.5"}).usd == 3
    batch = {**ROW, "when": {"processing": "batch"}, "usd_per_mtok": {"input": "0.5"}, "usd_each": {"request": "0.1"}}
    assert billed(usage, usd_each={"request": "0.5"}, more=(batch,), processing="batch").usd == Decimal("1.2")


@pytest.mark.parametrize(
    ("when", "residency", "usd"),
    [
        ({"data_residency": "eu"}, {"eu"}, "1.1"),
        ({"data_residency": "eu"}, {"us"}, "1"),
        ({"data_residency": "eu"}, set(), "1"),
        ({"region": "regional"}, {"eu"}, "1.1"),
        ({"region": "regional"}, set(), "1"),
    ],
)
def test_surcharges_for_a_region(when: dict[str, str], residency: set[str], usd: str) -> None:
    extra = {
        **{k: v for k, v in ROW.items() if k != "since"},
        "since": date(2026, 1, 1),
        "when": when,
        "multiplier": 1.1,
    }
    usage = Usage(input_tok=1_000_000, output_tok=0)
    assert billed(usage, offer={"adjustments": (extra,)}, residency=frozenset(residency)).usd == Decimal(usd)


@pytest.mark.parametrize(
    ("usage", "why"),
    [
        (media(audio_input=1_000_001), "exceed the input"),
        (media(audio_input=600_000, video_input=600_000), "exceed the input"),
        (media(audio_cache_read=1), "exceed the cache_read"),
        (media(audio_output=2_000_000), "exceed the output"),
        (media(zzz=1), "expected one of"),
        (Usage(input_tok=-1, output_tok=0), "negative"),
        (Usage(input_tok=0, output_tok=0, events={"page": Decimal(-1)}), "negative"),
    ],
)
def test_counts_that_cannot_be(usage: Usage, why: str) -> None:
    both = {"audio_input": 1, "video_input": 1, "audio_cache_read": 1, "audio_output": 1}
    with pytest.raises(UsageError, match=why):
        billed(usage, offer={"usd_per_mtok": both})


def test_an_offer_without_a_price_in_force_is_never_0() -> None:
    with pytest.raises(
        MissingDataError, match="no price in force at 2026-11-20T12:00:00\\+00:00; there are rows since 2026-12-01"
    ):
        bill(
            TokenOffer.model_validate(
                {"provider": "p", "model": "m", "tier": "api", "rates": ({**ROW, "since": date(2026, 12, 1)},)}
            ),
            Usage(input_tok=0, output_tok=0),
            AT,
        )
