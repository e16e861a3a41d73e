"""The dated price facts of the catalogue, read from the YAML rows themselves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tco.describe.offer import OutcomeOffer, Provider, ProvisionedOffer, SubscriptionOffer, TokenOffer

PRICING = Path(__file__).parents[2] / "pricing"
TODAY = date(2026, 11, 22)

Row = dict[str, Any]


def frozen(raw: Any) -> Any:
    if isinstance(raw, list):
        return tuple(frozen(part) for part in raw)
    if isinstance(raw, dict):
        return {key: frozen(part) for key, part in raw.items()}
    return raw


@cache
def read(path: Path) -> Any:
    return frozen(yaml.load(path.read_text(), Loader=yaml.CSafeLoader))


@cache
def offers() -> dict[tuple[str, str], Row]:
    found: dict[tuple[str, str], Row] = {}
    for path in sorted((PRICING / "tokens").glob("*.yaml")):
        sheet = read(path)
        for offer in sheet["offers"]:
            found[sheet["provider"], offer["model"]] = offer
    return found


def instant(moment: date | datetime) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def effective(provider: str, model: str, day: date | datetime, *, promo: bool = False, **when: Any) -> Row:
    """The row of exactly this condition with the latest start at or before the day."""
    started = [
        row
        for row in offers()[provider, model].get("rates", ())
        if row.get("when", {}) == when
        and row.get("promo", False) is promo
        and instant(row["since"]) <= instant(day)
        and ("until" not in row or instant(row["until"]) > instant(day))
    ]
    assert started, f"{provider}/{model} has no row {when} on {day}"
    return max(started, key=lambda row: instant(row["since"]))


def usd(row: Row, *meters: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(str(row["usd_per_mtok"][meter])) for meter in meters)


def exact(*prices: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(price) for price in prices)


@pytest.mark.parametrize(
    ("provider", "model", "day", "input_usd", "output_usd"),
    [
        ("openai", "gpt-4o", date(2024, 6, 1), "5", "15"),
        ("openai", "gpt-4o", date(2024, 10, 16), "2.5", "10"),
        ("openai", "gpt-4o", date(2025, 4, 1), "2.5", "10"),
        ("openai", "gpt-4o-mini", date(2024, 8, 1), "0.15", "0.6"),
        ("openai", "gpt-5.2", date(2025, 12, 11), "1.75", "14"),
        ("openai", "o1", date(2025, 1, 1), "15", "60"),
        ("openai", "o1-preview", date(2024, 10, 1), "15", "60"),
        ("openai", "o1-mini", date(2024, 10, 25), "3", "12"),
        ("openai", "o1-mini", date(2025, 2, 1), "1.1", "4.4"),
        ("openai", "o3", date(2025, 6, 1), "10", "40"),
        ("openai", "o3", date(2025, 6, 11), "2", "8"),
        ("anthropic", "claude-sonnet-3.5", date(2024, 7, 1), "3", "15"),
        ("anthropic", "claude-haiku-3", date(2024, 7, 1), "0.25", "1.25"),
        ("anthropic", "claude-haiku-3.5", date(2024, 11, 10), "1", "5"),
        ("anthropic", "claude-haiku-3.5", date(2026, 3, 27), "0.8", "4"),
        ("anthropic", "claude-haiku-4.5", date(2026, 3, 27), "1", "5"),
        ("anthropic", "claude-sonnet-4.6", date(2026, 3, 27), "3", "15"),
        ("anthropic", "claude-opus-4.6", date(2026, 3, 27), "5", "25"),
        ("anthropic", "claude-opus-4", date(2025, 6, 1), "15", "75"),
        ("anthropic", "claude-opus-4.1", date(2026, 3, 27), "15", "75"),
        ("google", "gemini-1.5-pro", date(2024, 6, 1), "3.5", "10.5"),
        ("google", "gemini-1.5-pro", date(2024, 10, 16), "1.25", "5"),
        ("google", "gemini-1.5-flash", date(2024, 6, 30), "0.35", "1.05"),
        ("google", "gemini-1.5-flash", date(2024, 11, 1), "0.075", "0.3"),
        ("google", "gemini-2.5-flash", date(2026, 3, 27), "0.3", "2.5"),
        ("deepseek", "deepseek-r1", date(2026, 3, 27), "0.55", "2.19"),
        ("deepseek", "deepseek-v4-flash", date(2026, 4, 24), "0.14", "0.28"),
        ("deepseek", "deepseek-v4-flash", date(2026, 8, 20), "0.22", "0.66"),
        ("deepseek", "deepseek-v4-flash", TODAY, "0.15", "0.6"),
        ("deepseek", "deepseek-v4-pro", date(2026, 4, 25), "1.74", "3.48"),
        ("deepseek", "deepseek-v4-pro", date(2026, 6, 1), "1.74", "3.48"),
        ("deepseek", "deepseek-v4-pro", date(2026, 7, 1), "0.435", "0.87"),
        ("deepseek", "deepseek-v4-pro", TODAY, "0.66", "1.98"),
        ("together", "llama-3.1-405b", TODAY, "3.5", "3.5"),
        ("fireworks", "deepseek-v4-pro", date(2026, 11, 20), "1.74", "3.48"),
        ("groq", "llama-3.1-8b", TODAY, "0.05", "0.08"),
        ("deepinfra", "llama-3.1-70b", date(2026, 11, 20), "0.4", "0.4"),
        ("novita", "llama-3.1-8b", TODAY, "0.02", "0.05"),
        ("mistral", "mistral-large-4", date(2026, 10, 25), "1.36", "4.18"),
        ("mistral", "mistral-large-4", TODAY, "0.7", "2.1"),
        ("alibaba", "qwen3.5-397b-a17b", date(2026, 3, 1), "0.6", "3.6"),
    ],
)
def test_standard_rate_on_a_day(provider: str, model: str, day: date, input_usd: str, output_usd: str) -> None:
    assert usd(effective(provider, model, day), "input", "output") == exact(input_usd, output_usd)


def test_cached_rates_follow_their_own_dates() -> None:
    assert usd(effective("deepseek", "deepseek-v4-flash", date(2026, 5, 1)), "cache_read") == exact("0.028")
    assert usd(effective("deepseek", "deepseek-v4-flash", date(2026, 8, 1)), "cache_read") == exact("0.0028")
    assert usd(effective("anthropic", "claude-haiku-4.5", TODAY), "cache_read") == exact("0.1")
    assert usd(effective("openai", "o3", date(2025, 6, 1)), "cache_read") == exact("2.5")


def test_anthropic_cache_writes_are_1_25_and_2_times_the_input() -> None:
    for model in ("claude-haiku-4.5", "claude-sonnet-4.6", "claude-opus-4.6", "claude-opus-5.5"):
        base, write, hour = usd(effective("anthropic", model, TODAY), "input", "cache_write", "cache_write_1h")
        assert (write, hour) == (base * Decimal("1.25"), base * 2), model


def test_anthropic_batch_halves_every_meter_and_gemini_leaves_cached_input() -> None:
    base = effective("anthropic", "claude-opus-4.6", TODAY)
    batch = effective("anthropic", "claude-opus-4.6", TODAY, processing="batch")
    for meter in base["usd_per_mtok"]:
        assert usd(batch, meter)[0] * 2 == usd(base, meter)[0], meter
    gemini = effective("google", "gemini-2.5-flash", TODAY, processing="batch")
    assert usd(gemini, "input", "output", "cache_read") == exact("0.15", "1.25", "0.03")


def test_context_thresholds_keep_the_vendor_strictness() -> None:
    grok = effective("xai", "grok-4.20", TODAY, prompt_tok={"gte": 200000})
    assert usd(grok, "input", "output", "cache_read") == exact("2.5", "5", "0.4")
    gemini = effective("google", "gemini-2.5-pro", TODAY, prompt_tok={"gt": 200000})
    assert usd(gemini, "input", "output", "cache_read") == exact("2.5", "15", "0.25")
    old = effective("google", "gemini-1.5-pro", date(2024, 11, 1), prompt_tok={"gt": 128000})
    assert usd(old, "input", "output") == exact("2.5", "10")
    opus = offers()["anthropic", "claude-opus-4.6"]["rates"]
    assert all("until" in row for row in opus if "prompt_tok" in row.get("when", {}))


def test_service_tiers() -> None:
    day = date(2026, 11, 20)
    assert usd(effective("openai", "gpt-5.2", day, service_tier="flex"), "input", "output") == exact("0.875", "7")
    priority = effective("openai", "o3", day, service_tier="priority")
    assert usd(priority, "input", "cache_read", "output") == exact("3.5", "0.875", "14")
    assert usd(effective("google", "gemini-2.5-pro", day, service_tier="priority"), "input", "output") == exact(
        "2.25", "18"
    )
    assert usd(effective("xai", "grok-4.20", day, processing="batch"), "input", "output") == exact("1", "2")


def test_us_residency_costs_a_tenth_more() -> None:
    for model in ("claude-sonnet-4.6", "claude-opus-4.6"):
        (surcharge,) = offers()["anthropic", model]["adjustments"]
        assert (surcharge["when"], surcharge["multiplier"]) == ({"data_residency": "us"}, 1.1)


def test_deepseek_peak_hours_are_weekdays_since_the_first_sunday() -> None:
    peaks = [row for row in offers()["deepseek", "deepseek-v4-pro"]["rates"] if "schedule" in row.get("when", {})]
    first, now = sorted(peaks, key=lambda row: instant(row["since"]))
    assert first["since"] == datetime(2026, 8, 16, 16, tzinfo=UTC)
    assert now["when"]["schedule"]["weekdays"] == (0, 1, 2, 3, 4)
    assert now["when"]["schedule"]["windows"] == (("01:00", "04:00"), ("06:00", "10:00"))
    assert usd(now, "input", "output", "cache_read") == exact("1.32", "3.96", "0.044")
    assert instant(first["until"]) == instant(now["since"])


def test_promotion_and_rumour_are_marked() -> None:
    promo = effective("deepseek", "deepseek-v4-pro", date(2026, 5, 1), promo=True)
    assert usd(promo, "input", "output") == exact("0.435", "0.87")
    assert promo["until"] == date(2026, 5, 5)
    (rumour,) = offers()["deepseek", "deepseek-v4"]["rates"]
    assert rumour["kind"] == "rumoured"
    assert usd(rumour, "input", "output") == exact("0.1", "0.3")


def test_unpriced_models_have_a_reason_and_no_rates() -> None:
    assert offers()["google", "gemini-ultra"]["unpriced"]
    for (provider, model), offer in offers().items():
        assert bool(offer.get("rates")) != bool(offer.get("unpriced")), f"{provider}/{model}"


def test_free_quota_of_gemini() -> None:
    quota = offers()["google", "gemini-1.5-pro"]["free_quota"]
    assert (quota["requests_per_min"], quota["requests_per_day"]) == (2, 50)


def test_open_models_have_several_hosts() -> None:
    hosts = Counter(model for _, model in offers())
    assert hosts["gpt-oss-120b"] >= 8
    assert hosts["llama-3.1-8b"] >= 8
    assert hosts["qwen3-8b"] >= 3
    assert hosts["qwen3.5-397b-a17b"] >= 4


def test_counts_of_current_offers_and_past_changes() -> None:
    current = changes = 0
    for offer in offers().values():
        listed = [row for row in offer.get("rates", ()) if not row.get("when") and not row.get("promo")]
        started = [row for row in listed if instant(row["since"]) <= instant(TODAY)]
        current += bool(started) and "retired" not in offer
        changes += max(0, len(started) - 1)
    assert current >= 150
    assert changes >= 30


def test_each_condition_starts_once_a_day_and_states_the_meters_of_its_base() -> None:
    for (provider, model), offer in offers().items():
        rates = offer.get("rates", ())
        starts = Counter((repr(row.get("when", {})), row.get("promo", False), instant(row["since"])) for row in rates)
        assert max(starts.values(), default=1) == 1, f"{provider}/{model}"
        for row in rates:
            meters = row["usd_per_mtok"]
            assert meters["output"] >= meters["input"], f"{provider}/{model} {row}"
            assert meters.get("cache_read", 0) <= meters["input"], f"{provider}/{model} {row}"
            if row.get("when"):
                base = effective(provider, model, row["since"])
                needed = set(base["usd_per_mtok"]) - {"audio_input", "cache_write_12h"}
                assert needed <= set(meters), f"{provider}/{model} {row}"


def test_an_alias_names_one_model_and_no_family() -> None:
    named: dict[str, str] = {}
    models = {model for _, model in offers()}
    for (_, model), offer in offers().items():
        for alias in offer.get("aliases", ()):
            assert named.setdefault(alias, model) == model, alias
            assert alias not in models or alias == model, alias
    assert not {"claude-haiku", "claude-sonnet", "claude-opus", "gemini", "gpt"} & named.keys()


def test_files_validate_against_their_records() -> None:
    for (provider, _), offer in offers().items():
        TokenOffer(provider=provider, **offer)
    known = {Provider(**row).id for row in read(PRICING / "providers.yaml")["providers"]}
    plans = read(PRICING / "plans.yaml")
    sold = [SubscriptionOffer(**row) for row in plans["subscriptions"]]
    paid = [OutcomeOffer(**row) for row in plans["outcomes"]]
    reserved = [ProvisionedOffer(**row) for row in plans["provisioned"]]
    assert {provider for provider, _ in offers()} <= known
    assert {offer.provider for offer in sold} | {offer.provider for offer in paid} | {
        offer.provider for offer in reserved
    } <= known
    plus = next(offer for offer in sold if offer.plan == "chatgpt-plus")
    assert plus.usd_per_seat_month.value == 20
    assert plus.messages_per_day is not None
    assert plus.messages_per_day.value == 50
    assert next(offer for offer in paid if offer.plan == "pay-per-resolution").usd_per_success.value == 0.01
    assert all(bool(offer.usd_per_unit_h) != bool(offer.unpriced) for offer in reserved)
