"""genai-prices: its three forms, dated and conditional prices, and a reason for each row left out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.sheets.upstream.common import NO_START, Converted
from tco.sheets.upstream.genai import convert

DAY = date(2026, 11, 20)
MODULE = b'''"""DO NOT EDIT"""

import datetime
from decimal import Decimal

from .types import *

providers: list[Provider] = [
    Provider(
        id='openai',
        extractors=[UsageExtractor(root='usage', mappings=[])],
        models=[
            ModelInfo(
                id='m',
                match=ClauseOr(or_=[ClauseEquals(equals='m-2026'), ClauseStartsWith(starts_with='m-')]),
                context_window=1000,
                prices=[
                    ConditionalPrice(
                        prices=ModelPrice(
                            input_mtok=Decimal('2'),
                            output_mtok=TieredPrices(
                                base=Decimal('8'), tiers=[Tier(start=200000, price=Decimal('16'))]
                            ),
                        )
                    ),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2026, 3, 13)),
                        prices=ModelPrice(input_mtok=Decimal('1')),
                    ),
                    ConditionalPrice(
                        constraint=TimeOfDateConstraint(
                            start_time=datetime.time(1, 0, tzinfo=datetime.timezone.utc),
                            end_time=datetime.time(4, 0, tzinfo=datetime.timezone.utc),
                        ),
                        prices=ModelPrice(input_mtok=Decimal('3')),
                    ),
                ],
            )
        ],
    )
]
'''


def converted(prices: Any, ident: str = "m", provider: str = "openai", **more: Any) -> Converted:
    registry = [{"id": provider, "models": [{"id": ident, "match": {"equals": ident}, "prices": prices, **more}]}]
    return convert(json.dumps(registry).encode(), retrieved=DAY, version="0.2.3")


def one(prices: Any, **more: Any) -> TokenOffer:
    (found,) = converted(prices, **more).offers
    return found


def row(offer: TokenOffer, since: date, **when: Any) -> dict[str, Decimal]:
    (found,) = [r for r in offer.rates if r.when.model_dump(exclude_defaults=True) == when and r.since == since]
    return {str(meter): usd for meter, usd in found.usd_per_mtok.items()}


def dated(day: str, **prices: Any) -> dict[str, Any]:
    return {"constraint": {"start_date": day}, "prices": prices}


def test_the_data_module_of_the_wheel_is_read_as_text() -> None:
    (offer,) = convert(MODULE, retrieved=DAY, version="0.2.3").offers
    assert (offer.provider, offer.model, offer.aliases, offer.context_tok) == (
        "openai",
        "m",
        ("openai/m", "m-2026"),
        1000,
    )
    assert row(offer, date(2026, 3, 12), prompt_tok={"gt": 200_000}) == {"output": Decimal(16)}
    assert row(offer, date(2026, 3, 13)) == {"input": Decimal(1)}
    (peak,) = [r.when.schedule for r in offer.rates if r.when.schedule]
    assert peak.windows == (("01:00", "04:00"),)


def test_the_data_module_is_never_executed() -> None:
    with pytest.raises(MissingDataError, match="unexpected call of system"):
        convert(b"providers: list[Provider] = [os.system('true')]", retrieved=DAY, version="1")


def test_the_feed_of_floats_and_the_export_of_text_agree() -> None:
    assert (
        one({"input_mtok": 0.15, "output_mtok": 0.6}).rates == one({"input_mtok": "0.15", "output_mtok": "0.6"}).rates
    )


def test_an_undated_price_is_observed() -> None:
    (rate,) = one({"input_mtok": 1}).rates
    assert (rate.since, rate.observed) == (DAY, (DAY, DAY))


def test_dated_prices_follow_each_other() -> None:
    offer = one([{"prices": {"input_mtok": 3}}, dated("2026-03-13", input_mtok=2), dated("2026-12-01", input_mtok=1)])
    assert [(r.since, r.until, r.usd_per_mtok["input"], r.observed) for r in offer.rates] == [
        (date(2026, 3, 12), date(2026, 3, 13), Decimal(3), None),
        (date(2026, 3, 13), date(2026, 12, 1), Decimal(2), None),
        (date(2026, 12, 1), None, Decimal(1), None),
    ]
    assert offer.rates[0].note == NO_START


def test_a_future_price_leaves_todays_observed() -> None:
    offer = one([{"prices": {"input_mtok": 1}}, dated("2027-01-01", input_mtok=2)])
    assert [(r.since, r.until) for r in offer.rates] == [(DAY, date(2027, 1, 1)), (date(2027, 1, 1), None)]


@pytest.mark.parametrize(("provider", "compared"), [("google", "gt"), ("x-ai", "gte")])
def test_thresholds(provider: str, compared: str) -> None:
    tiers = {"base": 1, "tiers": [{"start": 200_000, "price": 2}]}
    offer = one({"input_mtok": tiers, "output_mtok": 5}, provider=provider)
    assert row(offer, DAY, prompt_tok={compared: 200_000}) == {"input": Decimal(2)}


def test_a_variant_lies_over_the_base_price_of_its_days() -> None:
    base = [{"prices": {"input_mtok": 4, "cache_read_mtok": 1}}, dated("2026-11-01", input_mtok=2, cache_read_mtok=1)]
    batch = {"when": {"processing": "batch"}, "prices": {"input_mtok": 2}, "constraint": {"start_date": "2026-10-14"}}
    offer = one(base, price_variants=[batch])
    assert row(offer, date(2026, 10, 14), processing="batch") == {"input": Decimal(2), "cache_read": Decimal(1)}
    assert row(offer, date(2026, 11, 1), processing="batch") == {"input": Decimal(2), "cache_read": Decimal(1)}


def test_request_contexts_the_registry_knows() -> None:
    variants = [
        {"when": when, "prices": {"input_mtok": 2}}
        for when in ({"service_tier": "fast"}, {"speed": "fast"}, {"service_tier": "default"})
    ]
    assert row(one({"input_mtok": 1}, price_variants=variants[:1]), DAY, speed="fast") == {"input": Decimal(2)}
    assert row(one({"input_mtok": 1}, price_variants=variants[1:2]), DAY, speed="fast") == {"input": Decimal(2)}
    assert len(one({"input_mtok": 1}, price_variants=variants[2:]).rates) == 1


def test_a_context_without_a_condition_is_left_out_with_a_reason() -> None:
    found = converted({"input_mtok": 1}, price_variants=[{"when": {"route": "eu"}, "prices": {"input_mtok": 2}}])
    assert len(found.offers[0].rates) == 1
    assert [why for _, why in found.rejected] == ["no condition of this kind"]


def test_what_is_counted() -> None:
    prices = {
        "web_searches_kcount": 10,
        "input_mchars": 40,
        "input_audio_hours": "0.111",
        "input_document_kpages": 1,
        "input_image_mtok": 3,
    }
    (rate,) = one(prices).rates
    assert {key: str(usd) for key, usd in rate.usd_each.items()} == {
        "web_search": "0.01",
        "character": "0.00004",
        "audio_hour": "0.111",
        "page": "0.001",
    }
    assert rate.usd_per_mtok == {"image_input": Decimal(3)}


def test_an_empty_price_is_free_only_where_the_name_says_so() -> None:
    assert converted({}).rejected_rows == (("openai/m", "no price is stated, which does not make it free"),)
    offer = one({}, ident="m:free")
    assert offer.free
    assert offer.rates[0].usd_per_mtok == {"input": 0, "output": 0}


def test_patterns_are_no_names() -> None:
    match = {"or": [{"equals": "M-1"}, {"starts_with": "m-"}, {"and": [{"equals": "no"}]}, {"equals": "m-latest"}]}
    assert one({"input_mtok": 1}, match=match).aliases == ("openai/m", "M-1")
    assert "m-latest" in one([{"prices": {"input_mtok": 2}}, dated("2026-03-13", input_mtok=1)], match=match).aliases


def test_claude_on_vertex_is_sold_by_google_cloud() -> None:
    assert one({"input_mtok": 1}, provider="google", ident="claude-x").provider == "gcp"
    assert one({"input_mtok": 1}, provider="google", ident="gemini-x").provider == "google"


@pytest.mark.parametrize(
    "raw", [b"", b"<html>", b"[]", b"{}", b"[1]", b"x = 1", b"import os", b"providers: list = 3", b"\x00\x01"]
)
def test_what_is_no_registry_is_named(raw: bytes) -> None:
    with pytest.raises(MissingDataError, match="genai-prices"):
        convert(raw, retrieved=DAY, version="1")


@pytest.mark.parametrize(
    ("file", "least", "future"),
    [("genai_prices_0.2.3_export.json", 2_280, True), ("genai_prices_v2_data_47df840.json", 1_400, True)],
)
def test_the_whole_registry(shared_data: Path, file: str, least: int, future: bool) -> None:
    found = convert((shared_data / "prices" / file).read_bytes(), retrieved=DAY, version="1")
    assert len(found.offers) >= least
    assert all(why and "malformed" not in why for _, why in found.rejected)
    begun = {r.since for offer in found.offers for r in offer.rates}
    assert future == any(not isinstance(day, datetime) and day > DAY for day in begun)
    zeros = [offer for offer in found.offers if not offer.free for r in offer.rates if 0 in r.usd_per_mtok.values()]
    assert zeros == []
    assert datetime(2026, 1, 1, tzinfo=UTC) not in begun
