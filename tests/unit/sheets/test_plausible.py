"""What is held for review before anyone is billed by it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tco.describe.offer import PromptTok, TokenOffer, When
from tco.sheets.plausible import disagreement, problems


def offer(
    *, free: bool = False, source: str = "s", as_of: date = date(2026, 11, 20), usd_each: Any = None, **usd: float | str
) -> TokenOffer:
    row = {
        "since": date(2026, 1, 1),
        "source": source,
        "as_of": as_of,
        "kind": "published",
        "usd_per_mtok": usd,
        "usd_each": usd_each or {},
    }
    return TokenOffer.model_validate({"provider": "p", "model": "m", "tier": "api", "free": free, "rates": (row,)})


@pytest.mark.parametrize(
    "usd",
    [
        {"input": 1, "output": 4, "cache_read": 1},
        {"input": "0.001", "output": 1_000},
        {"input": 2},
        {"image_output": 120},
    ],
)
def test_nothing_is_wrong(usd: dict[str, Any]) -> None:
    assert problems(offer(**usd)) == []


@pytest.mark.parametrize(
    ("usd", "why"),
    [
        ({"input": 0, "output": 1}, "input is 0 and nothing says that it is free"),
        ({"input": 2, "output": 1}, "output of 1 is below input of 2"),
        ({"input": 1, "output": 2, "cache_read": 3}, "cache_read of 3 is above input of 1"),
        ({"input": 1, "output": "1000.01"}, "outside 0.001-1,000"),
        ({"input": "0.0009"}, "outside 0.001-1,000"),
    ],
)
def test_held(usd: dict[str, Any], why: str) -> None:
    assert any(why in found for found in problems(offer(**usd)))


def test_free_is_said_and_not_guessed() -> None:
    assert problems(offer(free=True, input=0, output=0)) == []
    assert problems(offer(usd_each={"request": 0}, input=1)) == ["request is 0 and nothing says that it is free"]


@pytest.mark.parametrize(
    ("usd", "slip"),
    [
        (3200, "1,000 times too much, perhaps a price per thousand tokens"),
        (150_000, "1,000 times too much"),
        (2_000_000, "100,000 times too much, perhaps cents per thousand"),
    ],
)
def test_a_unit_slip_is_named(usd: int, slip: str) -> None:
    assert slip in problems(offer(input=usd))[0]


@pytest.mark.parametrize(
    ("was", "now", "held"), [(10, 2, False), (10, "1.99", True), (1, "1.8", False), (1, "1.81", True), (1, 1, False)]
)
def test_a_step_over_80_percent(was: int, now: Any, held: bool) -> None:
    assert bool(problems(offer(input=now), offer(input=was))) is held


@pytest.mark.parametrize(
    ("was", "now", "name"),
    [
        ("0.5", 500, "1,000 times, perhaps a price per thousand"),
        (3, 300, "100 times, perhaps cents"),
        (1, 7, "7 times"),
    ],
)
def test_a_step_that_is_a_slip(was: Any, now: int, name: str) -> None:
    assert name in problems(offer(input=now), offer(input=was))[0]


def test_sources_over_3_times_apart() -> None:
    assert not list(disagreement(offer(input=1).rates, offer(input=3, source="t").rates))
    (why,) = disagreement(offer(input=1).rates, offer(input="3.1", source="t").rates)
    assert why.startswith("input is 1 in s and 3.1 USD/Mtok in t")


def test_readings_far_apart_in_time_do_not_contradict() -> None:
    assert not list(disagreement(offer(input=1).rates, offer(input=9, as_of=date(2026, 7, 1)).rates))


def test_a_price_of_the_future_is_no_step() -> None:
    now = offer(input=1)
    later = now.rates[0].model_copy(update={"since": date(2027, 1, 1), "usd_per_mtok": {"input": 9}})
    assert problems(now.model_copy(update={"rates": (*now.rates, later)}), now) == []


def test_more_tokens_do_not_cost_less() -> None:
    base = offer(input=2, output=8)
    cheap = base.rates[0].model_copy(
        update={"when": When(prompt_tok=PromptTok(gt=200_000)), "usd_per_mtok": {"input": Decimal(1)}}
    )
    (why,) = problems(base.model_copy(update={"rates": (*base.rates, cheap)}))
    assert why == "input of 1 past the context limit is below 2 USD/Mtok before it"
    dear = cheap.model_copy(update={"usd_per_mtok": {"input": Decimal(4)}})
    assert problems(base.model_copy(update={"rates": (*base.rates, dear)})) == []
