"""Errors known in the registries, each with the answer this project gives instead."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError, UnknownNameError
from tco.files.catalogue import Catalogue
from tco.price.bill import Usage, bill
from tco.sheets.merge import merge
from tco.sheets.upstream import CONVERTERS
from tco.sheets.upstream.common import Converted

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MILLION = Usage(input_tok=1_000_000, output_tok=0)


def litellm(name: str, **entry: Any) -> Converted:
    return CONVERTERS["litellm"](json.dumps({name: {"mode": "chat", **entry}}).encode(), retrieved=DAY, version="1")


def genai(provider: str, ident: str, prices: Any, **more: Any) -> TokenOffer:
    registry = [{"id": provider, "models": [{"id": ident, "match": {"equals": ident}, "prices": prices, **more}]}]
    (found,) = CONVERTERS["genai-prices"](json.dumps(registry).encode(), retrieved=DAY, version="1").offers
    return found


@pytest.mark.parametrize("name", ["gpt-99-turbo", "claude-nonesuch-1", "gemini-0.1-pro", "gpt-4o-mni"])
@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", None])
def test_an_unknown_name_costs_an_error_and_not_0(name: str, provider: str | None) -> None:
    """litellm returns 0 for names of OpenAI, Anthropic and Gemini that it does not know."""
    with pytest.raises(UnknownNameError):
        Catalogue(use_sheet=False).offer(name, provider)


def test_a_misspelt_condition_costs_an_error_and_not_the_standard_price() -> None:
    """genai-prices bills the standard price when the key of a request context is misspelt."""
    batch = {"when": {"processing": "batch"}, "prices": {"input_mtok": 1}}
    offer = genai("openai", "m", {"input_mtok": 2}, price_variants=[batch])
    assert bill(offer, MILLION, NOON).usd == 2
    assert bill(offer, MILLION, NOON, processing="batch").usd == 1
    with pytest.raises(MissingDataError, match="no price of input for btach"):
        bill(offer, MILLION, NOON, processing="btach")


def test_batch_before_it_was_listed_is_an_error_and_not_the_full_price() -> None:
    """genai-prices knows batch prices since 2026-10-14 and bills the full price for the days before."""
    batch = {"when": {"processing": "batch"}, "prices": {"input_mtok": 1}, "constraint": {"start_date": "2026-10-14"}}
    base = [{"prices": {"input_mtok": 3}}, {"constraint": {"start_date": "2026-01-01"}, "prices": {"input_mtok": 2}}]
    offer = genai("anthropic", "m", base, price_variants=[batch])
    assert bill(offer, MILLION, datetime(2026, 10, 14, tzinfo=UTC), processing="batch").usd == 1
    assert bill(offer, MILLION, datetime(2026, 10, 13, 23, 59, tzinfo=UTC)).usd == 2
    with pytest.raises(MissingDataError):
        bill(offer, MILLION, datetime(2026, 10, 13, 23, 59, tzinfo=UTC), processing="batch")


@pytest.mark.parametrize(
    ("at", "usd"),
    [
        ("2026-11-20T02:00", "0.3"),
        ("2026-11-21T02:00", "0.15"),
        ("2026-11-22T07:00", "0.15"),
        ("2026-11-23T07:00", "0.3"),
        ("2026-11-20T05:00", "0.15"),
    ],
)
def test_peak_hours_are_monday_to_friday(at: str, usd: str) -> None:
    """genai-prices has no weekdays and bills DeepSeek's weekends at twice the price."""
    windows = [{"start_time": f"{a}:00:00Z", "end_time": f"{b}:00:00Z"} for a, b in (("01", "04"), ("06", "10"))]
    stated = [
        {"prices": {"input_mtok": 0.15}},
        *({"constraint": window, "prices": {"input_mtok": 0.3}} for window in windows),
    ]
    offer = genai("deepseek", "deepseek-flash", stated)
    assert bill(offer, MILLION, datetime.fromisoformat(f"{at}+00:00")).usd == Decimal(usd)


def test_a_row_100_000_times_too_high_is_held() -> None:
    """wandb's rows in litellm 1.80 to 1.99 were 100,000 times too high."""
    converted = litellm(
        "wandb/openai/gpt-oss-120b", litellm_provider="wandb", input_cost_per_token=0.015, output_cost_per_token=0.06
    )
    found = merge([], {"litellm": converted.offers})
    assert found.offers == ()
    assert "100,000 times too much, perhaps cents per thousand tokens" in found.held[0].why


def test_3200_usd_a_million_is_held() -> None:
    """azure_ai/jais-30b-chat is listed at 3,200 USD a million tokens."""
    converted = litellm(
        "azure_ai/jais-30b-chat",
        litellm_provider="azure_ai",
        input_cost_per_token=0.0032,
        output_cost_per_token=0.00971,
    )
    found = merge([], {"litellm": converted.offers})
    assert found.offers == ()
    assert "input of 3200 USD/Mtok is outside 0.001-1,000: 1,000 times too much" in found.held[0].why


def test_a_held_price_is_named_when_asked_for() -> None:
    with pytest.raises(MissingDataError, match=r"held for review: input of 3200 USD/Mtok"):
        Catalogue(use_sheet=False).offer("jais-30b-chat", "azure_ai")


def test_euros_are_no_dollars() -> None:
    """litellm stores OVHcloud's list prices, which are euros, in a field of dollars; so does models.dev."""
    converted = litellm(
        "ovhcloud/Qwen3-32B", litellm_provider="ovhcloud", input_cost_per_token=8e-08, output_cost_per_token=2.3e-07
    )
    assert converted.offers == ()
    assert converted.rejected_rows == (("ovhcloud/Qwen3-32B", "a list price in euros, stated as dollars"),)
    registry = {"ovhcloud": {"models": {"qwen3-32b": {"cost": {"input": 0.08, "output": 0.23}}}}}
    assert CONVERTERS["models.dev"](json.dumps(registry).encode(), retrieved=DAY, version="1").offers == ()


def test_cents_are_no_dollars() -> None:
    """Portkey states cents: read as dollars they are 100 times too much, which the step from before shows."""
    before = litellm("m", litellm_provider="openai", input_cost_per_token=2.5e-06, output_cost_per_token=1e-05).offers
    after = litellm("m", litellm_provider="openai", input_cost_per_token=2.5e-04, output_cost_per_token=1e-03).offers
    from tco.sheets.plausible import problems

    assert "100 times, perhaps cents taken for dollars" in problems(after[0], before[0])[0]


def test_a_search_fee_is_not_added_to_every_request() -> None:
    """genai-prices adds Perplexity's high search fee to every request."""
    offer = genai("perplexity", "sonar-x", {"input_mtok": 1, "output_mtok": 1, "requests_kcount": 12})
    assert bill(offer, Usage(input_tok=1_000, output_tok=500), NOON).usd == Decimal("0.0015")
    assert bill(offer, Usage(input_tok=1_000, output_tok=500, events={"web_search": Decimal(1)}), NOON).usd == Decimal(
        "0.0135"
    )


def test_twelve_hour_cache_writes_have_their_own_price() -> None:
    """genai-prices has one price of cache writes where litellm has a second one for 12 hours."""
    (offer,) = litellm(
        "gpt-5.6-x",
        litellm_provider="openai",
        input_cost_per_token=4e-06,
        output_cost_per_token=2e-05,
        cache_creation_input_token_cost=5e-06,
        cache_creation_input_token_cost_above_12hr=1e-05,
    ).offers
    usage = Usage(input_tok=10_000, output_tok=1_000, cache_write_tok={"12h": 9_000})
    assert bill(offer, usage, NOON).usd == Decimal("0.114")


def test_a_free_cache_write_is_not_believed() -> None:
    """litellm states 0 for DeepSeek's cache writes, which cost as much as any input."""
    (offer,) = litellm(
        "m",
        litellm_provider="deepseek",
        input_cost_per_token=3e-07,
        output_cost_per_token=1e-06,
        cache_creation_input_token_cost=0.0,
    ).offers
    with pytest.raises(MissingDataError, match="no price of cache_write"):
        bill(offer, Usage(input_tok=10, output_tok=0, cache_write_tok={"5m": 10}), NOON)
