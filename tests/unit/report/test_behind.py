"""The words of a payback and of what was solved for."""

from __future__ import annotations

from typing import Any

import pytest

from tco.decide.breakeven import CHEAPER, DEARER, Crossing
from tco.decide.duel import Solved
from tco.decide.versus import BreakEven
from tco.report import behind, versus


def paid(months: float | None, low: float | None, high: float | None, reason: str = "") -> str:
    held: dict[str, Any] = {
        "own": "b", "versus": "a", "versus_price_as_of": "2026-11-01", "requests_per_month": None,
        "tok_per_month": None, "utilisation_frac": None, "n_replicas": None, "crossings": (), "cheaper_between": (),
        "payback_months": months, "payback_discounted_months": months, "payback_reason": reason, "reason": "never",
    }  # fmt: skip
    return behind.payback_text(BreakEven(**held, payback_months_p10=low, payback_months_p90=high))


def test_where_own_is_cheaper_holds_every_interval() -> None:
    held: dict[str, Any] = {
        "own": "b", "versus": "a", "versus_price_as_of": "2026-11-01", "requests_per_month": 300.0,
        "tok_per_month": 3e6, "utilisation_frac": None, "n_replicas": None, "payback_months": None,
        "payback_discounted_months": None, "payback_reason": "", "reason": "",
    }  # fmt: skip
    falls, rises, again = Crossing(200.0, DEARER, False), Crossing(300.0, CHEAPER, True), Crossing(350.0, DEARER, False)
    twice = BreakEven(**held, crossings=(falls, rises, again), cheaper_between=((1.0, 200.0), (300.0, 350.0)))
    assert behind.volume_text(twice) == (
        "cheaper below 200 requests a month and again from 300 requests a month (3 Mtok); machines come whole, so only "
        "below 200 and from 300 to 350"
    )
    once = BreakEven(**held, crossings=(rises, again), cheaper_between=((300.0, 350.0),))
    assert behind.volume_text(once).endswith("machines come whole, so only from 300 to 350")


def test_a_payback_with_the_spread_of_the_trends() -> None:
    discounted = "25.7 months discounted at the WACC"
    assert paid(25.7, 12.0, None) == f"25.7 months (12.0 – never over the trends' range), {discounted}"
    assert paid(25.7, 25.7, 25.7) == f"25.7 months, {discounted}"
    assert paid(None, 31.0, None, "too late") == "too late; 31.0 – never over the trends' range"
    assert paid(None, None, None, "too late") == "too late"


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        ("frac/year", -0.25, "-25 %/year"), ("frac", 0.5, "50 %"), ("USD/Mtok", 2.5, "2.500 USD/Mtok"),
        ("ratio", 4.0, "4 x"),
    ],
)  # fmt: skip
def test_a_solved_value_in_its_unit(unit: str, value: float, shown: str) -> None:
    solved = Solved(field="x", unit=unit, target="equal monthly bills", today=value, value=value, reason="")
    assert versus._solved(solved) == f"x (equal monthly bills): {shown}; today {shown}"
