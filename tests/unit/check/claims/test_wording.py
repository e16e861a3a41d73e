"""Dates, other words for the same thing, currencies, and names read without opening profiles."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.check.claims.amounts import amount
from tco.check.claims.loose import loose
from tco.check.claims.periods import period
from tco.check.claims.sentence import understand
from tco.check.claims.titles import FOLDERS, titles
from tco.check.claims.wording import in_usd, reworded
from tco.check.context import Context
from tco.errors import UsageError


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("on 2025-06-15 it cost", (2025, 6, 15), (2025, 6, 15)),
        ("August 7, 2024", (2024, 8, 7), (2024, 8, 7)),
        ("On 1 June 2024 it", (2024, 6, 1), (2024, 6, 1)),
        ("in May 2024", (2024, 5, 1), (2024, 5, 31)),
        ("as of Feb. 2024,", (2024, 2, 1), (2024, 2, 29)),
        ("2024-11", (2024, 11, 1), (2024, 11, 30)),
        ("in early 2024", (2024, 1, 1), (2024, 4, 30)),
        ("Q3 2024", (2024, 7, 1), (2024, 9, 30)),
        ("late-2025", (2025, 9, 1), (2025, 12, 31)),
        ("in 2025 it", (2025, 1, 1), (2025, 12, 31)),
        ("costs $5 (2025)", (2025, 1, 1), (2025, 12, 31)),
    ],
)
def test_a_date_is_a_range_of_days(text: str, first: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    held, rest = period(text)
    assert held is not None
    assert (held.first, held.last) == (date(*first), date(*last))
    assert "20" not in rest


@pytest.mark.parametrize(
    "text",
    ["", "since 2024", "it may cost 5", "in 2000 tokens", "2024-13-45", "by 2027", "in 2048 GB"],
)
def test_what_is_no_date_stays(text: str) -> None:
    assert period(text) == (None, text)


def test_a_time_that_has_not_begun_is_refused(context: Context) -> None:
    with pytest.raises(UsageError, match="lies after 2026-11-22"):
        understand("In 2027 GPT-4o costs $2.50 per million input tokens", context)


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("half the price of B", "2x cheaper than B"),
        ("a third of the cost of B", "3x cheaper than B"),
        ("6% of the price of B", "94% cheaper than B"),
        ("twice as expensive as B", "2x more expensive than B"),
        ("6x more than B", "6x more expensive than B"),
        ("two orders of magnitude cheaper", "31.6-316x cheaper"),
        ("it won't fit on a card", "it does not fit in a card"),
        ("15¢ per million", "15 cents per million"),
        ("$5 a million tokens", "$5 a million tokens"),
        ("a million tokens", "1 million tokens"),
    ],
)
def test_other_words_for_the_same(text: str, to: str) -> None:
    assert reworded(text) == to


def test_an_order_of_magnitude_is_what_rounds_to_one() -> None:
    # 10^0.5 = 3.16, 10^1.5 = 31.6
    assert reworded("an order of magnitude cheaper") == "3.16-31.6x cheaper"


def test_money_of_elsewhere_in_dollars() -> None:
    # 2 x 1.16 = 2.32
    text, notes = in_usd("about €2 per million", lambda currency: {"EUR": 1.16}[currency])
    assert text == "~$2.32 per million"
    assert notes == ["about €2 is about 2.32 USD, at 1.16 USD/EUR"]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("10K requests a day", "VOLUME", "10000 request/day"),
        ("50,000 daily queries", "VOLUME", "50000 request/day"),
        ("100M tokens per month", "FLOW", "100000000 tok/month"),
        ("511 kWh per month", "DRAW", "511 kWh/month"),
        ("128K-token context", "CONTEXT", "128000 tok"),
        ("1,500 tokens per second", "SPEED", "1500 tok/s"),
        ("2,000 input tokens", "TOKENS", "2000 tok"),
        ("7 GFLOPs per token", "FLOP", "7 GFLOP/tok"),
        ("128 KiB", "MEMORY", "128 KiB"),
    ],
)
def test_amounts(text: str, kind: str, value: str) -> None:
    found = amount(text, 0)
    assert found is not None
    assert (found.type, found.text) == (kind, value)


def test_free_words_with_money_in_them_are_not_taken() -> None:
    assert loose("Nvidia holds 90% of the AI chip market") is not None
    assert loose("Nvidia holds $90 of the AI chip market") is None
    assert loose("prices of H100s are 90% of the cost") is None


@pytest.mark.parametrize("folder", FOLDERS)
def test_titles_are_those_of_the_profiles(folder: str, context: Context) -> None:
    catalogue = context.catalogue
    held = catalogue.all_hardware if folder == FOLDERS[0] else catalogue.all_models
    assert titles(catalogue, folder) == {name: (each.id, each.name, *each.aliases) for name, each in held.items()}


@given(st.text(max_size=60))
def test_any_text_has_a_period_or_none(text: str) -> None:
    held, rest = period(reworded(text))
    assert held is None or held.first <= held.last
    assert isinstance(rest, str)


@pytest.mark.parametrize(
    "text", ["A 405B model in FP8 fits on H100s", "H100s at $2.50 per hour costs $14,600 per month"]
)
def test_several_machines_without_their_number_are_refused(text: str, context: Context) -> None:
    with pytest.raises(UsageError, match="without their number"):
        understand(text, context)


def test_an_amount_without_a_unit_is_not_called_a_unit_error(context: Context) -> None:
    found = understand("GPT-4 costs $0.03 input, $0.06 output", context)
    assert found.judgement.verdict == "needs_assumption"
    assert "per 1M tokens is not stated" in found.echo


def test_a_number_lost_before_tokens_is_refused(context: Context) -> None:
    with pytest.raises(UsageError, match="not understood"):
        understand("GPT-4o costs $2.50 per tokens", context)


def test_rents_of_other_years_say_nothing(context: Context) -> None:
    found = understand("in 2023 an H100 rented for $2 per hour", context)
    assert not any("h100-rent" in line for line in found.judgement.outcome.lines)
