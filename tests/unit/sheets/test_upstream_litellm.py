"""litellm's price file: fields taken apart, conditions, and a reason for each row left out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tco.describe.offer import TokenOffer
from tco.errors import MissingDataError
from tco.price.bill import Usage, bill
from tco.sheets.upstream.common import Converted
from tco.sheets.upstream.litellm import convert
from tco.sheets.upstream.litellm_keys import Field, parse

DAY = date(2026, 11, 20)
CHAT = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06}


def converted(**entries: dict[str, Any]) -> Converted:
    return convert(json.dumps(entries).encode(), retrieved=DAY, version="1.2.3")


def one(**entry: Any) -> TokenOffer:
    (found,) = converted(m={**CHAT, **entry}).offers
    return found


def row(offer: TokenOffer, **when: Any) -> dict[str, Decimal]:
    (found,) = [r for r in offer.rates if r.when.model_dump(exclude_defaults=True) == when]
    return {str(meter): usd for meter, usd in found.usd_per_mtok.items()}


def test_usd_a_token_becomes_exact_usd_a_million() -> None:
    offer = one(input_cost_per_token=1.5e-07, cache_read_input_token_cost=1.25e-08)
    assert row(offer) == {"input": Decimal("0.15"), "output": Decimal(8), "cache_read": Decimal("0.0125")}


def test_the_noise_of_binary_arithmetic_is_no_price() -> None:
    assert row(one(input_cost_per_token=1.3200000000000002e-07))["input"] == Decimal("0.132")


def test_an_undated_price_is_observed_on_the_day_of_the_snapshot() -> None:
    (rate,) = one().rates
    assert (rate.since, rate.observed, rate.source, rate.as_of) == (DAY, (DAY, DAY), "litellm 1.2.3", DAY)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("input_cost_per_token", Field(meter="input")),
        ("cache_creation_input_token_cost_above_1hr", Field(meter="cache_write_1h")),
        (
            "cache_creation_input_token_cost_above_12hr_above_272k_tokens_flex",
            Field(meter="cache_write_12h", limit_tok=272_000, product="flex"),
        ),
        ("input_cost_per_token_above_200k_tokens_batches", Field(meter="input", limit_tok=200_000, product="batches")),
        ("output_cost_per_image", Field(event="image")),
        ("file_search_cost_per_1k_calls", Field(event="file_search", divisor=1_000)),
        ("max_input_tokens", None),
        ("input_cost_per_token_decisions", "no condition 'decisions'"),
        ("output_cost_per_second_720p", "no meter of this kind"),
    ],
)
def test_a_field_name_taken_apart(name: str, expected: object) -> None:
    assert parse(name, "chat") == expected


@pytest.mark.parametrize(
    ("mode", "name", "event"),
    [
        ("audio_transcription", "input_cost_per_second", "audio_second"),
        ("video_generation", "output_cost_per_second", "video_second"),
        ("audio_speech", "output_cost_per_second", "audio_output_second"),
        ("chat", "input_cost_per_second", "compute_second"),
    ],
)
def test_a_second_of_what(mode: str, name: str, event: str) -> None:
    assert parse(name, mode) == Field(event=event)


def test_batch_flex_priority_and_fast_are_rows_of_their_own() -> None:
    offer = one(
        input_cost_per_token_batches=1e-06,
        input_cost_per_token_flex=1.1e-06,
        input_cost_per_token_priority=4e-06,
        provider_specific_entry={"fast": 2.5},
    )
    assert row(offer, processing="batch") == {"input": Decimal(1)}
    assert row(offer, service_tier="flex") == {"input": Decimal("1.1")}
    assert row(offer, service_tier="priority") == {"input": Decimal(4)}
    assert row(offer, speed="fast") == {"input": Decimal(5), "output": Decimal(20)}


@pytest.mark.parametrize(("seller", "compared"), [("openai", "gt"), ("gemini", "gt"), ("xai", "gte")])
def test_a_prompt_of_exactly_the_limit(seller: str, compared: str) -> None:
    offer = one(litellm_provider=seller, input_cost_per_token_above_200k_tokens=4e-06)
    assert row(offer, prompt_tok={compared: 200_000}) == {"input": Decimal(4)}
    usage = Usage(input_tok=200_000, output_tok=0)
    expected = Decimal("0.8") if compared == "gte" else Decimal("0.4")
    assert bill(offer, usage, datetime(2026, 11, 20, 12, tzinfo=UTC)).usd == expected


def test_a_batch_without_a_long_context_rate_takes_the_standard_step() -> None:
    offer = one(input_cost_per_token_batches=1e-06, input_cost_per_token_above_200k_tokens=3e-06)
    (dear,) = [r for r in offer.rates if r.when.processing and r.when.prompt_tok]
    assert (dear.usd_per_mtok, dear.kind) == ({"input": Decimal("1.5")}, "assumed")


def test_tiers_by_prompt_length() -> None:
    tiers = [{"range": [0, 32e3], "input_cost_per_token": 1e-07}, {"range": [32e3, 1e6], "input_cost_per_token": 3e-07}]
    offer = converted(m={"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": tiers}).offers[0]
    assert offer.provider == "alibaba"
    assert row(offer) == {"input": Decimal("0.1")}
    assert row(offer, prompt_tok={"gt": 32_000}) == {"input": Decimal("0.3")}


def test_off_peak_windows_become_peak_hours() -> None:
    windows = [
        {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
    ]
    offer = one(off_peak_pricing={"input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06, "windows": windows})
    assert row(offer) == {"input": Decimal(1), "output": Decimal(4)}
    (peak,) = [r for r in offer.rates if r.when.schedule]
    assert peak.when.schedule is not None
    assert peak.when.schedule.weekdays == (0, 1, 2, 3, 4)
    assert peak.when.schedule.windows == (("01:00", "04:00"), ("06:00", "10:00"))
    assert peak.usd_per_mtok["input"] == Decimal(2)


def test_weekdays_on_the_vendors_clock() -> None:
    windows = [
        {"hours_utc": ["00:00-01:00", "04:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
    ]
    off_peak = {
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 4e-06,
        "windows": windows,
        "weekday_timezone": "Asia/Shanghai",
    }
    (peak,) = [r.when.schedule for r in one(off_peak_pricing=off_peak).rates if r.when.schedule]
    assert (peak.tz, peak.windows) == ("Asia/Shanghai", (("09:00", "12:00"),))


def test_regional_surcharges() -> None:
    offer = one(regional_processing_uplift_multiplier_eu=1.1, regional_endpoint_uplift_multiplier=1.2)
    assert [(part.when.data_residency, part.when.region, part.multiplier) for part in offer.adjustments] == [
        ("eu", None, 1.1),
        (None, "regional", 1.2),
    ]


def test_events_are_priced_each() -> None:
    sizes = {"search_context_size_low": 0.005, "search_context_size_medium": 0.008, "search_context_size_high": 0.012}
    offer = one(search_context_cost_per_query=sizes, code_interpreter_cost_per_session=0.03)
    assert {k: str(v) for k, v in offer.rates[0].usd_each.items()} == {
        "web_search": "0.008",
        "web_search_low": "0.005",
        "web_search_high": "0.012",
        "session": "0.03",
    }


def test_names_are_the_registrys_own() -> None:
    found = converted(**{"us.anthropic.claude-x-v1:0": {**CHAT, "litellm_provider": "bedrock_converse"}}).offers[0]
    assert (found.provider, found.model) == ("aws", "us.anthropic.claude-x-v1-0")
    assert {"us.anthropic.claude-x-v1:0", "bedrock/us.anthropic.claude-x-v1:0"} <= set(found.aliases)


def test_a_bare_name_has_the_first_claim() -> None:
    dear = {**CHAT, "litellm_provider": "bedrock_mantle", "input_cost_per_token": 3e-06}
    found = converted(**{"bedrock_mantle/openai.x": dear, "openai.x": {**CHAT, "litellm_provider": "bedrock"}})
    prices = {offer.model: offer.rates[0].usd_per_mtok["input"] for offer in found.offers}
    assert prices == {"openai.x": Decimal(2), "bedrock_mantle/openai.x": Decimal(3)}


def test_a_latest_name_is_no_alias_of_an_undated_price() -> None:
    found = converted(**{"mistral/x-latest": {**CHAT, "litellm_provider": "mistral"}}).offers[0]
    assert found.model == "x-latest"
    assert not found.aliases


@pytest.mark.parametrize(
    ("name", "entry", "why"),
    [
        ("sample_spec", {"litellm_provider": "one of https://docs"}, "no model"),
        ("ollama/x", {**CHAT, "litellm_provider": "ollama"}, "own machine"),
        ("github_copilot/x", {**CHAT, "litellm_provider": "github_copilot"}, "by the seat"),
        (
            "bedrock/*/1-month-commitment/x",
            {"litellm_provider": "bedrock", "input_cost_per_second": 0.1},
            "reserved capacity",
        ),
        ("together-ai-21.1b-41b", {**CHAT, "litellm_provider": "together_ai"}, "class of sizes"),
        ("x", {"litellm_provider": "openai"}, "no price"),
        ("x", {**CHAT, "input_cost_per_token": "cheap"}, "expected a price"),
        ("x", {**CHAT, "input_cost_per_token": -1e-06}, "at least 0"),
    ],
)
def test_a_row_left_out_has_a_reason(name: str, entry: dict[str, Any], why: str) -> None:
    found = converted(**{name: entry})
    assert found.offers == ()
    assert [left for left, reason in found.rejected_rows if why in reason] == [name]


def test_a_part_left_out_has_a_reason_and_the_rest_is_kept() -> None:
    found = converted(m={**CHAT, "input_cost_per_token_decisions": 1e-06})
    assert len(found.offers) == 1
    assert found.rejected == (("m#input_cost_per_token_decisions", "no condition 'decisions'"),)
    assert found.rejected_rows == ()


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[]", b"{", b"{}", b'{"a": 1}', b'{"a": NaN}'])
def test_what_is_no_price_file_is_named(raw: bytes) -> None:
    with pytest.raises(MissingDataError, match="litellm"):
        convert(raw, retrieved=DAY, version="1")


def test_the_whole_file(shared_data: Any) -> None:
    raw = (shared_data / "prices" / "litellm_model_prices_1.109.1.json").read_bytes()
    names = json.loads(raw).keys()
    found = convert(raw, retrieved=DAY, version="1.109.1")
    assert len(found.offers) >= 4_200
    known = {alias for offer in found.offers for alias in (offer.model, *offer.aliases)}
    left_out = {name for name, why in found.rejected_rows if why}
    lost = {name for name in names if name not in known and name not in left_out and not name.endswith("latest")}
    assert lost == set()
    assert not [why for _, why in found.rejected if "malformed" in why or not why]
