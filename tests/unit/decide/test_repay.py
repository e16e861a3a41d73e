from __future__ import annotations

import time
from typing import Any

import pytest

from tco.decide.assess import assess
from tco.decide.repay import Repaid, payback, payback_with_range
from tests.factories import (
    MONTH_OF_ONE,
    a_machine_option,
    a_rental,
    a_rented_option,
    a_row,
    a_scenario,
    a_token_option,
    a_workload,
    an_offer,
)

approx: Any = pytest.approx


def by_the_token(usd_per_request: float, **changes: Any) -> Any:
    """An offer that charges for the thousand prompt tokens of a request alone."""
    return a_token_option(an_offer(a_row(usd_per_mtok={"input": usd_per_request * 1000, "output": 0})), **changes)


def repaid(own: Any, versus: Any, **workload: Any) -> Any:
    scenario = a_scenario(workload=a_workload(**workload))
    return payback(assess(own, scenario), assess(versus, scenario), scenario)


def ranged(own: Any, versus: Any, **workload: Any) -> Repaid:
    scenario = a_scenario(workload=a_workload(**workload))
    return payback_with_range(assess(own, scenario), assess(versus, scenario), scenario)


def test_payback_of_a_flat_saving() -> None:
    # 4,000 USD against 2,000 - 18.8633 saved a month.
    found = repaid(a_machine_option(), by_the_token(0.002))
    assert found.months == approx(4000 / (2000 - 18.8633), rel=1e-6)
    assert found.discounted_months == found.months  # no cost of capital
    assert found.reason == ""


GROWING: dict[str, Any] = {
    "demand": {"growth": 1.0},
    "finance": {"life_months": 3, "method": "straight_line", "one_time": ({"name": "tune", "usd": 5000},)},
    "trends": {"api": -0.5, "hardware": -0.5},
}


def test_payback_with_growth_trends_and_a_second_machine_by_hand() -> None:
    # Demand 1, 2, 4 million. API 2,000; 4,000 x 0.5^(1/12); 8,000 x 0.5^(2/12).
    # Energy 73 x (0.11 + 0.39 x 0.380518); 73 x (0.11 + 0.39 x 0.761035); two GPUs: 73 x (0.16 + 0.74 x 0.761035).
    # The second GPU is bought in month 3 at 3,000 x 0.5^(2/12). Upfront 4,000 and 5,000 of effort.
    fall = 0.5 ** (1 / 12)
    used = 1e6 / MONTH_OF_ONE
    first = 2000 - 73 * (0.11 + 0.39 * used)
    second = 4000 * fall - 73 * (0.11 + 0.39 * 2 * used)
    third = 8000 * fall**2 - 73 * (0.16 + 0.74 * 2 * used) - 3000 * fall**2
    assert (first, second, third) == approx((1981.14, 3745.80, 4401.70), abs=0.01)
    found = repaid(a_machine_option(), by_the_token(0.002), **GROWING)
    assert found.months == approx(2 + (9000 - first - second) / third, rel=1e-9)
    assert found.months == approx(2.7436, abs=1e-4)


def test_a_discounted_payback_may_come_too_late() -> None:
    rates = {**GROWING, "finance": {**GROWING["finance"], "wacc_frac": 1.0}}
    found = repaid(a_machine_option(), by_the_token(0.002), **rates)
    assert found.months == approx(2.7436, abs=1e-4)
    assert found.discounted_months is None
    assert found.reason == "not within hardware life (3 months) when discounted at the WACC"


def test_not_within_the_life_of_the_hardware() -> None:
    # Capabilities 26: 3,000 in 2.9 months, with 37,500 of effort in 39.0, longer than 36.
    short = {"finance": {"life_months": 2}}
    found = repaid(a_machine_option(), by_the_token(0.002), **short)
    assert found.months is None
    assert found.reason.startswith(
        "does not pay back within hardware life (2 months): saves 1,981.14 USD in the first month"
    )
    dear = repaid(a_machine_option(), by_the_token(1e-5))
    assert "costs 8.86 USD more to run in the first month, 4,000.00 USD up front" in dear.reason


def test_nothing_bought_nothing_to_repay() -> None:
    found = repaid(a_rented_option(), by_the_token(0.002))
    assert (found.months, found.reason) == (None, "nothing is bought up front")


def test_rent_follows_its_own_trend_and_its_other_lines_do_not() -> None:
    # Rent 1,460 doubles in a year; staff of 100 does not move. Upfront is the effort alone: 1,000.
    held: dict[str, Any] = {
        "finance": {"life_months": 3, "one_time": ({"name": "move", "usd": 1000},)},
        "site": {"staff_fte": 1, "usd_per_fte_month": 100},
        "trends": {"rental": 1.0},
    }  # fmt: skip
    rise = 2 ** (1 / 12)
    savings = [2000 - 100 - 1460 * rise**k for k in range(3)]
    found = repaid(a_rented_option(), by_the_token(0.002), **held)
    assert found.months == approx(2 + (1000 - savings[0] - savings[1]) / savings[2])


def test_what_the_other_side_must_buy_is_spared() -> None:
    # A second owned machine at half the speed needs two GPUs more to carry three times the load of one.
    held: dict[str, Any] = {
        "demand": {"requests": 3 * MONTH_OF_ONE},
        "finance": {"one_time": ({"name": "x", "usd": 1e9},)},
    }
    from tests.factories import a_speed

    slow = a_machine_option(id="own:slow/m", speed=a_speed(decode_tok_per_s=50))
    fast = a_machine_option()
    # fast 3 GPUs, 2 hosts: 11,000; slow 6 GPUs, 3 hosts: 21,000; the effort is the same on both sides.
    assert repaid(fast, slow, **held).reason == "nothing is bought up front"
    assert "10,000.00 USD up front" in repaid(slow, fast, **held).reason


def test_a_rental_against_an_owned_machine_buys_nothing() -> None:
    assert repaid(a_rented_option(a_rental()), a_machine_option()).reason == "nothing is bought up front"


# --- what moves


def test_escalation_follows_the_api_trend_on_an_owned_machine_too() -> None:
    # 20% of the requests go on at 0.0045 USD: 900 a month that halve in a year, as the 5,000 of the API do.
    rule = {"escalation": {"self_hosted": {"frac": 0.2, "to": "vendor/big"}}}
    big = a_token_option(an_offer(a_row(usd_per_mtok={"input": 3, "output": 15}), model="big"))
    held = a_workload(quality=rule, trends={"api": -0.5}, finance={"life_months": 3})
    scenario = a_scenario(workload=held, escalation={"self_hosted": big})
    own, versus = assess(a_machine_option(), scenario), assess(by_the_token(0.005), scenario)
    energy, fall = 73 * (0.11 + 0.39e6 / MONTH_OF_ONE), 0.5 ** (1 / 12)
    first = 5000 - 900 - energy
    assert first > 4000
    assert payback(own, versus, scenario).months == approx(4000 / first)
    costly = a_workload(
        quality=rule, trends={"api": -0.5}, finance={"life_months": 3, "one_time": ({"name": "x", "usd": 3000},)}
    )
    scenario = a_scenario(workload=costly, escalation={"self_hosted": big})
    own, versus = assess(a_machine_option(), scenario), assess(by_the_token(0.005), scenario)
    second = 4100 * fall - energy
    assert payback(own, versus, scenario).months == approx(1 + (7000 - first) / second)


def test_a_saving_that_turns_negative_names_the_month_and_the_trend() -> None:
    # 100 a month falls by half a year; energy is 18.8633: 100 x 0.5^(k/12) < 18.8633 from k = 28.9, month 30.
    found = repaid(a_machine_option(), by_the_token(1e-4), trends={"api": -0.5})
    assert found.months is None
    assert found.reason.endswith("; the saving turns negative in month 30 as API prices fall 50 % a year")
    total = sum(100 * 0.5 ** (k / 12) - 73 * (0.11 + 0.39e6 / MONTH_OF_ONE) for k in range(40))
    assert f"saves 81.14 USD in the first month and saves {total:,.2f} USD by the end of life, 4,000.00" in found.reason


def test_a_saving_that_only_shrinks_names_the_trend() -> None:
    found = repaid(a_machine_option(), by_the_token(1e-4), trends={"api": -0.2})
    assert found.reason.endswith("; the saving shrinks as API prices fall 20 % a year")
    fewer = repaid(a_machine_option(), by_the_token(1e-4), demand={"growth": -0.05})
    assert fewer.reason.endswith("as demand falls 5 % a month")
    steady = repaid(a_machine_option(), by_the_token(1e-4))
    assert steady.reason.endswith("and saves 3,245.47 USD by the end of life, 4,000.00 USD up front")


def test_rents_that_fall_are_named() -> None:
    found = repaid(a_machine_option(), a_rented_option(a_rental(usd_per_gpu_h="0.1")), trends={"rental": -0.6})
    assert "as GPU rents fall 60 % a year" in found.reason


def test_machines_bought_later_are_named() -> None:
    held: dict[str, Any] = {"demand": {"growth": 0.1}, "finance": {"life_months": 20}}
    found = repaid(a_machine_option(), by_the_token(5e-5), **held)
    assert "USD for machines bought later" in found.reason


# --- the range over the trends

FALLING = {"trends": {"api": {"low": -0.9, "base": 0.0, "high": 0.1}}}


def test_without_ranges_all_three_are_one() -> None:
    found = ranged(a_machine_option(), by_the_token(0.002))
    assert (found.p10_months, found.p90_months) == (found.months, found.months)


def test_the_range_holds_the_central_case_and_never() -> None:
    # 150 a month repay 4,000 in 30.5 months at today's prices, a little sooner when they rise, never when they fall.
    found = ranged(a_machine_option(), by_the_token(150e-6), **FALLING)
    assert found.months == approx(4000 / (150 - 18.8633), rel=1e-6)
    assert found.p10_months is not None
    assert found.months is not None
    assert 25 < found.p10_months < found.months
    assert found.p90_months is None
    assert found == ranged(a_machine_option(), by_the_token(150e-6), **FALLING)  # the draws are fixed


def test_hardware_prices_move_later_purchases() -> None:
    held: dict[str, Any] = {
        "demand": {"growth": 0.2},
        "finance": {"one_time": ({"name": "x", "usd": 20_000},)},
        "trends": {"hardware": {"low": -0.8, "base": 0.0, "high": 4.0}},
    }
    found = ranged(a_machine_option(), by_the_token(0.001), **held)
    assert found.p10_months is not None
    assert found.p90_months is not None
    assert found.p10_months < found.p90_months


def test_nothing_bought_has_no_range() -> None:
    found = ranged(a_rented_option(), by_the_token(0.002), **FALLING)
    assert (found.months, found.p10_months, found.p90_months) == (None, None, None)


def test_a_range_is_cheap() -> None:
    scenario = a_scenario(workload=a_workload(**FALLING))
    own, versus = assess(a_machine_option(), scenario), assess(by_the_token(150e-6), scenario)
    begun = time.perf_counter()
    for _ in range(10):
        payback_with_range(own, versus, scenario)
    assert (time.perf_counter() - begun) / 10 < 0.05  # a few ms; the bound allows for a busy machine
