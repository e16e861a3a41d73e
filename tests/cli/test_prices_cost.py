"""``tco prices cost``: exact amounts, conditions by name, counts of anything else, and what is refused."""

from __future__ import annotations

import pytest

BASE = ("prices", "cost", "claude-opus-4.6", "--provider", "anthropic", "--input", "10000", "--output", "1000")


def amount(tco, *more, at="2026-11-20"):
    return tco(*BASE, *more, "--at", at, "--json").record["usd"]


def test_amounts_are_exact_text(tco):
    # 10,000 x 5 / 1e6 + 1,000 x 25 / 1e6 = 0.05 + 0.025
    record = tco(*BASE, "--at", "2026-11-20", "--json").record
    assert record["schema"] == "tco.prices.cost/1"
    assert record["usd"] == "0.075"
    assert [(line["meter"], line["usd"]) for line in record["lines"]] == [("input", "0.05"), ("output", "0.025")]


def test_conditions_by_name(tco):
    assert amount(tco, "--batch") == "0.0375"
    assert amount(tco, "--region", "us") == "0.0825"  # x 1.1
    assert amount(tco, "--service-tier", "standard", "--speed", "standard") == "0.075"


def test_writes_of_two_lifetimes_in_one_request(tco):
    # 1,000 x 5 + 2,000 x 6.25 + 7,000 x 10 + 1,000 x 25, over 1e6
    assert amount(tco, "--cache-write", "2000", "--cache-write-1h", "7000") == "0.1125"
    assert amount(tco, "--cache-write", "9000", "--cache-ttl", "1h") == "0.12"


def test_the_day_may_come_from_as_of(tco):
    arguments = ("prices", "cost", "gpt-4o", "--provider", "openai", "--input", "1000000", "--output", "0", "--json")
    assert tco(*arguments, "--as-of", "2024-06-01").record["usd"] == "5"
    assert tco(*arguments, "--as-of", "2025-04-01").record["usd"] == "2.5"


def test_anything_else_by_the_unit(tco):
    left = tco("prices", "cost", "sonar", "--provider", "perplexity", "--input", "1000", "--output", "500", "--unit",
               "web_search=0", "--at", "2026-11-20", "--json")  # fmt: skip
    assert left.code == 0
    heard = tco(*BASE, "--unit", "audio_input=0", "--unit", "citation=0", "--at", "2026-11-20", "--json")
    assert heard.record["usd"] == "0.075"


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--service-tier", "turbo"), 2, "expected one of: standard, flex, priority"),
        (("--speed", "slow"), 2, "expected one of: standard, fast"),
        (("--region", "mars"), 3, "no price for data kept in 'mars'"),
        (("--service-tier", "flex"), 3, "no price of input for flex requests"),
        (("--cache-read", "20000"), 2, "exceed the input"),
        (("--cache-ttl", "2h", "--cache-write", "1"), 2, "expected one of: 5m, 1h, 12h"),
        (("--unit", "imag=1"), 2, "did you mean 'image'"),
        (("--unit", "image=many"), 2, "such as image=3"),
        (("--unit", "audio_input=1.5"), 2, "such as image=3"),
    ],
)
def test_refusals(tco, more, code, words):
    left = tco(*BASE, *more, "--at", "2026-11-20")
    assert left.code == code
    assert words in left.err
    assert left.out == ""
