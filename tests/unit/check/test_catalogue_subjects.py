"""Subjects that the shipped catalogue answers: hardware, rents, electricity, overheads, and real prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tco.check.prices import of_catalogue
from tco.check.run import check_text
from tco.describe.offer import When
from tco.price.rates import effective


@pytest.fixture
def real(context):
    return replace(context, prices=of_catalogue(context.catalogue), baseline=None)


def check(real, subject, value, on=date(2026, 11, 22)):
    text = f'assumptions:\n  - {{id: a, subject: "{subject}", value: "{value}", source: s, verified_at: {on}}}\n'
    return check_text(text, "f.yaml", replace(real, as_of=on))[0]


@pytest.mark.parametrize(
    ("subject", "value"),
    [
        ("anthropic/claude-opus-4.6 input", "5 USD/Mtok"),
        ("openai/gpt-4o input", "2.50 USD/Mtok"),
        ("openai/gpt-4o output batch", "5 USD/Mtok"),
        ("hardware/rtx-4090 price", "1600 USD"),
        ("hardware/rtx-4090 memory_gb", "24 GB"),
        ("hardware/rtx-4090 tflops.bf16", "165.2 TFLOPS"),
        ("hardware/rtx-4090 max_w", "450 W"),
        ("rental/h100-sxm", "2.5 USD/h"),
        ("electricity/US", "0.15 USD/kWh"),
        ("electricity/US/California/commercial", "0.20-0.35 USD/kWh"),
    ],
)
def test_what_the_catalogue_says_is_clean(real, subject, value):
    assert check(real, subject, value) == []


def test_prices_are_those_of_the_day(real):
    # gpt-4o cost 5 / 15 until autumn 2024 and 2.50 / 10 after.
    assert check(real, "openai/gpt-4o input", "5 USD/Mtok", on=date(2024, 6, 1)) == []
    (finding,) = check(real, "openai/gpt-4o input", "5 USD/Mtok")
    assert finding.message.startswith("stale: 5 is the price of gpt-4o input from 2024-05-13")


def test_the_slips_of_the_specification(real):
    on = date(2026, 3, 27)
    found = {each.rule: each for each in check(real, "anthropic/claude-haiku-3.5 input", "800 USD/1M", on)}
    assert found["unit"].message.startswith("unit_error, x1000")
    found = {each.rule: each for each in check(real, "anthropic/claude-opus-4.6 input", "15,000 USD/1M", on)}
    assert "15,000 = 1000 x 15, and 15 is" in found["unit"].message
    assert "claude-opus-4.1 input" in found["unit"].message
    assert found["unit"].message.endswith("unit + stale")
    (side,) = check(real, "deepseek/deepseek-r1 input", "2.19 USD/1M", date(2025, 3, 1))
    assert side.message == "side error: 2.19 is output, not this meter, which is 0.55"


def every_price(real):
    """Every standard price in force of the curated offers, as (subject, decimal text, free)."""
    for offer in real.catalogue.offers:
        for row in effective(offer, real.as_of):
            if row.when == When() and row.kind != "rumoured":
                for meter, usd in row.usd_per_mtok.items():
                    yield f"{offer.provider}/{offer.model} {meter.replace('_', ' ')}", usd, offer.free


ITEM = '  - {{id: "{}", subject: "{}", value: "{:f} USD/Mtok", source: s, verified_at: 2026-11-20, free: {}}}\n'


def test_every_price_of_the_sheet_is_clean_as_an_assumption(real):
    prices = list(every_price(real))
    assert len(prices) > 1000
    text = "assumptions:\n" + "".join(
        ITEM.format(n, subject, usd, str(free).lower()) for n, (subject, usd, free) in enumerate(prices)
    )
    assert check_text(text, "f.yaml", real)[0] == []


@pytest.mark.parametrize("factor", [Decimal(1000), Decimal("0.001"), Decimal(10) ** 6, Decimal(100)])
def test_every_price_of_the_sheet_is_caught_when_it_slips(real, factor):
    prices = [(subject, usd * factor) for subject, usd, _ in every_price(real) if usd]
    text = "assumptions:\n" + "".join(ITEM.format(n, subject, usd, "false") for n, (subject, usd) in enumerate(prices))
    slipped = {each.subject for each in check_text(text, "f.yaml", real)[0] if each.rule == "unit"}
    assert len(slipped) == len(prices)


@pytest.mark.parametrize(
    ("subject", "value", "rule"),
    [
        ("hardware/rtx-4090 price", "16,000 USD", "drift"),
        ("hardware/rtx-4090 memory_gb", "24 TB", "unit"),
        ("hardware/rtx-4090 memory_gb", "24 USD", "unit"),
        ("hardware/rtx-4090 colour", "1 W", "unmatched"),
        ("hardware/rtx-4099 price", "1600 USD", "unmatched"),
        ("rental/h100-sxm", "250 USD/h", "drift"),
        ("rental/h100-sxm nobody", "2.5 USD/h", "unmatched"),
        ("electricity/US", "0.9 USD/kWh", "drift"),
        ("electricity/XX", "0.2 USD/kWh", "unmatched"),
        ("facility/nonsuch", "1.2 ratio", "unmatched"),
        ("openai/gpt-4o citation", "1 USD/Mtok", "unmatched"),
    ],
)
def test_what_it_contradicts(real, subject, value, rule):
    assert rule in [each.rule for each in check(real, subject, value)]


def test_a_facility_row_by_its_id(real):
    name, row = next(iter(real.catalogue.facility.items()))
    assert check(real, f"facility/{name}", f"{row.value} {row.unit}", row.as_of) == []


def test_a_currency_without_a_rate_is_no_clean_result(real):
    text = 'assumptions:\n  - {id: a, value: "5 XXX/Mtok", source: s, verified_at: 2026-11-20}\n'
    assert check_text(text, "f.yaml", real)[0] == []
    (failure,) = real.failures
    assert (failure.exit_code, failure.line) == (3, 2)
    assert "no exchange rate for XXX" in failure.message
