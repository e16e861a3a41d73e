"""Named systems, section 1: each price the tool must know, on the day and side it was in force.

Rows by number: 1 Opus 4.6, 2 Sonnet 4.6, 3 Sonnet 3.5, 4 Haiku 3 and 3.5, 5 GPT-4o, 6 GPT-4o-mini, 7 GPT-5.2, 8 the
o series, 9 R1, 10 V4, 11 Gemini 2.5 Flash, 12 Gemini 1.5, 13 Gemini Ultra, 14 Qwen 3.5, 15 seats, 16 outcomes, 17 free
quota, 18 provisioned units, 19 caching and batch. Claims against these prices (3,000 times too high, 8.6 times over
list) belong to a check of claims and are left out; only the ratios behind them are asserted.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tco.describe.offer import ProvisionedOffer, TokenOffer
from tco.errors import UnknownNameError
from tco.files.catalogue import Catalogue
from tco.price.rates import Request, effective, select
from tco.report.catalogue import price_row
from tests.reference.workfile import bill, compared, line, priced, scenario_of

approx: Any = pytest.approx
NOW = date(2026, 3, 27)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(None)


def offer_of(catalogue: Catalogue, name: str) -> TokenOffer:
    return next(offer for offer in catalogue.offers if f"{offer.provider}/{offer.model}" == name)


def on_day(catalogue: Catalogue, name: str, day: date) -> tuple[float, float]:
    row = price_row(offer_of(catalogue, name), day)
    return float(row["input_usd_per_mtok"]), float(row["output_usd_per_mtok"])


@pytest.mark.parametrize(
    ("name", "day", "prices"),
    [
        ("anthropic/claude-opus-4.6", NOW, (5.0, 25.0)),  # 1
        ("anthropic/claude-sonnet-4.6", NOW, (3.0, 15.0)),  # 2
        ("anthropic/claude-sonnet-3.5", date(2024, 7, 15), (3.0, 15.0)),  # 3
        ("anthropic/claude-haiku-3", NOW, (0.25, 1.25)),  # 4
        ("anthropic/claude-haiku-3.5", NOW, (0.80, 4.0)),
        ("anthropic/claude-haiku-3.5", date(2024, 11, 20), (1.0, 5.0)),
        ("openai/gpt-4o", date(2024, 6, 1), (5.0, 15.0)),  # 5
        ("openai/gpt-4o", date(2025, 4, 1), (2.5, 10.0)),
        ("openai/gpt-4o-mini", NOW, (0.15, 0.60)),  # 6
        ("openai/gpt-5.2", NOW, (1.75, 14.0)),  # 7
        ("openai/o1-preview", date(2024, 10, 1), (15.0, 60.0)),  # 8
        ("openai/o1-mini", date(2024, 10, 1), (3.0, 12.0)),
        ("openai/o1-mini", date(2025, 6, 1), (1.10, 4.40)),
        ("openai/o3", date(2025, 5, 1), (10.0, 40.0)),
        ("openai/o3", date(2025, 7, 1), (2.0, 8.0)),
        ("deepseek/deepseek-r1", date(2025, 2, 1), (0.55, 2.19)),  # 9
        ("deepseek/deepseek-v4-flash", date(2026, 5, 1), (0.14, 0.28)),  # 10
        ("deepseek/deepseek-v4-pro", date(2026, 5, 4), (0.435, 0.87)),
        ("deepseek/deepseek-v4-pro", date(2026, 5, 5), (1.74, 3.48)),
        ("google/gemini-2.5-flash", NOW, (0.30, 2.50)),  # 11
        ("google/gemini-1.5-pro", date(2024, 11, 1), (1.25, 5.0)),  # 12
        ("google/gemini-1.5-flash", date(2024, 11, 1), (0.075, 0.30)),
    ],
)
def test_price_of_a_day(catalogue: Catalogue, name: str, day: date, prices: tuple[float, float]) -> None:
    assert on_day(catalogue, name, day) == approx(prices)


def test_01_claimed_against_listed(catalogue: Catalogue) -> None:
    assert on_day(catalogue, "anthropic/claude-opus-4.6", NOW)[0] * 3000 == 15_000


def test_02_sonnet_over_opus_is_the_same_on_both_sides(catalogue: Catalogue) -> None:
    opus, sonnet = (on_day(catalogue, f"anthropic/claude-{name}-4.6", NOW) for name in ("opus", "sonnet"))
    assert [own / other for own, other in zip(sonnet, opus, strict=True)] == approx([0.60, 0.60])


def test_04_a_haiku_without_a_version_is_no_name(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(UnknownNameError, match="Claude Haiku"):
        catalogue.model("Claude Haiku")
    names = {alias.lower() for offer in catalogue.offers for alias in (offer.model, *offer.aliases)}
    assert not names & {"claude-haiku", "claude haiku", "haiku"}


def test_06_4o_over_mini(catalogue: Catalogue) -> None:
    mini = on_day(catalogue, "openai/gpt-4o-mini", date(2025, 4, 1))[0]
    assert on_day(catalogue, "openai/gpt-4o", date(2024, 6, 1))[0] / mini == approx(33.3, abs=0.05)
    assert on_day(catalogue, "openai/gpt-4o", date(2025, 4, 1))[0] / mini == approx(16.7, abs=0.05)


def test_07_an_estimate_of_15_is_8_6_times_over_list(catalogue: Catalogue) -> None:
    assert 15 / on_day(catalogue, "openai/gpt-5.2", NOW)[0] == approx(8.6, abs=0.05)


def test_08_thinking_is_billed_as_output(tmp_path: Path) -> None:
    tokens = {"input": 0, "output": 1, "reasoning": 10_000}
    offers = {"api": ["openai/o1-preview"]}
    found = compared(scenario_of(tmp_path, requests=1, tokens=tokens, day=date(2024, 10, 1), candidates=offers))
    assert bill(found["openai/o1-preview"]) == approx(0.60, abs=1e-3)


def test_09_a_long_r1_answer(tmp_path: Path) -> None:
    offers = {"budget_cloud": ["deepseek/deepseek-r1"]}
    asked = scenario_of(
        tmp_path, requests=1, tokens={"input": 0, "output": 23_000}, day=date(2025, 2, 10), candidates=offers
    )
    assert bill(compared(asked)["deepseek/deepseek-r1"]) == approx(0.0504, abs=5e-5)


def test_10_flash_cached(catalogue: Catalogue) -> None:
    row = price_row(offer_of(catalogue, "deepseek/deepseek-v4-flash"), date(2026, 5, 1))
    assert float(row["cache_read_usd_per_mtok"]) == 0.028


def test_10_a_rumour_is_never_used_silently(catalogue: Catalogue) -> None:
    offer = offer_of(catalogue, "deepseek/deepseek-v4")
    assert effective(offer, date(2026, 3, 24)) == []
    (row,) = effective(offer, date(2026, 3, 24), allow_rumoured=True)
    assert row.kind == "rumoured"
    assert float(row.usd_per_mtok["input"]) == 0.10


def test_12_pro_over_flash(catalogue: Catalogue) -> None:
    def ratio(day: date) -> float:
        names = ("google/gemini-1.5-pro", "google/gemini-1.5-flash")
        pro, flash = (on_day(catalogue, name, day)[0] for name in names)
        return pro / flash

    assert ratio(date(2024, 6, 15)) == approx(10.0)
    assert ratio(date(2024, 11, 1)) == approx(16.7, abs=0.05)


@pytest.mark.parametrize(("prompt_tok", "usd_per_mtok"), [(128_000, 1.25), (128_001, 2.50), (200_000, 2.50)])
def test_12_a_long_prompt_pays_the_upper_tier(catalogue: Catalogue, prompt_tok: int, usd_per_mtok: float) -> None:
    rows = effective(offer_of(catalogue, "google/gemini-1.5-pro"), date(2024, 11, 1))
    found = select(rows, "input", Request(prompt_tok=prompt_tok))
    assert found is not None
    assert float(found.usd_per_mtok) == usd_per_mtok


def test_13_an_unpriced_model_says_so(tmp_path: Path, catalogue: Catalogue) -> None:
    row = price_row(offer_of(catalogue, "google/gemini-ultra"), NOW)
    assert row["input_usd_per_mtok"] is None
    assert str(row["kind"]).startswith("no price")
    offers = {"api": ["google/gemini-ultra"]}
    found = compared(scenario_of(tmp_path, requests=1, tokens={"input": 1, "output": 1}, candidates=offers))
    assert found["google/gemini-ultra"].usd_per_month is None
    assert "no price" in found["google/gemini-ultra"].reasons[0]


def test_17_the_free_quota_comes_first(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"tokens": {"input": 1000, "output": 100}, "day": date(2025, 1, 31)}
    offers = {"api": ["google/gemini-1.5-pro"]}
    free = 50 * 730 / 24
    each = (1000 * 1.25 + 100 * 5.0) / 1e6
    below = compared(scenario_of(tmp_path, requests=1500, **asked, candidates=offers))["google/gemini-1.5-pro"]
    above = compared(scenario_of(tmp_path, requests=10_000, **asked, candidates=offers))["google/gemini-1.5-pro"]
    assert bill(below) == 0.0
    assert bill(above) == approx((10_000 - free) * each)


def test_18_provisioned_units_state_fee_and_capacity(catalogue: Catalogue) -> None:
    held = [plan for plan in catalogue.plans.values() if isinstance(plan, ProvisionedOffer)]
    assert {plan.provider for plan in held} >= {"azure", "aws"}
    for plan in held:  # what is not published is said, never taken as zero
        assert plan.usd_per_unit_h is not None or plan.unpriced


def test_19_cache_multipliers(tmp_path: Path) -> None:
    def usd(cached: float, written: float, ttl: str = "5m") -> float:
        tokens = {
            "input": 1000,
            "output": 1,
            "cached_input_frac": cached,
            "cache_write_frac": written,
            "cache_ttl": ttl,
        }
        offers = {"api": ["anthropic/claude-sonnet-4.6"]}
        found = compared(scenario_of(tmp_path, requests=1000, tokens=tokens, candidates=offers))
        (only,) = found.values()
        return bill(only) - line(only, "output")

    plain = usd(0, 0)
    assert plain == approx(3.0)
    assert usd(1, 0) / plain == approx(0.10)
    assert usd(0, 1) / plain == approx(1.25)
    assert usd(0, 1, "1h") / plain == approx(2.0)


def test_stated_prices_need_no_sheet(tmp_path: Path) -> None:
    offers = {"api": [priced("house/gpt-4o", input=1.0, output=2.0)]}
    found = compared(scenario_of(tmp_path, requests=1000, tokens={"input": 1000, "output": 500}, candidates=offers))
    assert bill(found["house/gpt-4o"]) == approx(2.0)
