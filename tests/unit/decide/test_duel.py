from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.cost.ledger import total_usd_per_month
from tco.decide.assess import Result, assess
from tco.decide.duel import Solved, solve
from tco.decide.versus import break_even
from tco.describe.plan import FIELDS
from tco.describe.trace import Trace
from tco.errors import UsageError
from tests.factories import (
    MONTH_OF_ONE,
    a_machine_option,
    a_rented_option,
    a_row,
    a_scenario,
    a_token_option,
    a_workload,
    an_offer,
    with_numbers,
)

approx: Any = pytest.approx
PATHS = {path: name for name, path in FIELDS.items()}


def sides(usd_per_request: float = 0.002, **workload: Any) -> tuple[Result, Result, Any]:
    scenario = a_scenario(workload=a_workload(**workload))
    offer = an_offer(a_row(usd_per_mtok={"input": usd_per_request * 1000, "output": 0}))
    return assess(a_machine_option(), scenario), assess(a_token_option(offer), scenario), scenario


def solved(field: str, usd_per_request: float = 0.002, payback_months: float | None = None, **workload: Any) -> Solved:
    own, versus, scenario = sides(usd_per_request, **workload)
    return solve(own, versus, scenario, field=field, payback_months=payback_months)


def test_electricity_by_hand() -> None:
    # 100 + 188.633 x tariff = 2,000: 10.0725 USD/kWh.
    found = solved("site.electricity")
    assert found.value == approx(1900 / (730 * (0.11 + 0.39 * 1e6 / MONTH_OF_ONE)))
    assert (found.unit, found.today, found.target) == ("USD/kWh", 0.10, "equal monthly bills")


def test_volume_by_hand() -> None:
    assert solved("demand.requests").value == approx(108.03 / (0.002 - 73 * 0.39 / MONTH_OF_ONE))


@pytest.mark.parametrize(
    "field",
    [
        "site.electricity", "site.pue", "demand.requests", "tokens.input", "finance.life_months",
        "finance.residual_frac", "site.usd_per_fte_month",
    ],
)  # fmt: skip
def test_both_bills_are_equal_at_the_value(field: str) -> None:
    # The machine costs 118.86 USD; an API at 1,000 or at 112 is met from either side.
    price = 1e-3 if field in ("site.electricity", "site.pue", "site.usd_per_fte_month") else 112e-6
    own, versus, scenario = sides(price, site={"staff_fte": 1})
    found = solve(own, versus, scenario, field=field, payback_months=None)
    assert found.value is not None, found.reason
    bills = []
    for side in (own, versus):
        assert side.costing is not None
        bills.append(total_usd_per_month(side.costing.ledger(with_numbers(side.plan, **{PATHS[field]: found.value}))))
    assert bills[0] == approx(bills[1], rel=1e-9)


def test_a_ratio_is_never_solved_below_one() -> None:
    found = solved("site.pue", 105e-6)  # cheaper than the machine even at a PUE of 1
    assert found.value is None
    assert found.reason == "own is 13.86 USD/month dearer at best, at 1 x (searched 1 x to 100,000 x)"


def test_a_share_stays_a_share() -> None:
    found = solved("finance.residual_frac", 1e-6)
    assert found.value is None
    assert found.reason == "own is 17.86 USD/month dearer at best, at 100 % (searched 0 % to 100 %)"


def test_rates_of_change_and_what_is_zero_today() -> None:
    assert solved("trends.api", payback_months=3.0).unit == "frac/year"
    staff = solved("site.staff_fte", site={"usd_per_fte_month": 100})
    assert staff.value == approx((2000 - 118.8633) / 100, rel=1e-6)


def test_payback_in_a_given_time() -> None:
    # 4,000 in 10 months: 400 a month = 0.002 V - 8.03 - 1.0833e-5 V.
    found = solved("demand.requests", payback_months=10.0)
    assert found.value == approx(408.03 / (0.002 - 73 * 0.39 / MONTH_OF_ONE), rel=1e-6)
    assert found.target == "payback in 10 months"


def test_the_competitors_price() -> None:
    # 118.8633 / 2,000 of 2,000 / 1,100 USD/Mtok.
    found = solved("price")
    assert found.today == approx(2000 / 1100)
    assert found.value == approx(118.8633 / 1100, abs=1e-7)
    assert solved("price", 0.0).value is None
    assert "no factor makes it larger" in solved("price", 0.0).reason


def test_the_throughput_by_hand() -> None:
    # 108.03 + 10.8333 / s = 112: s = 2.7288, at 100 tok/s today.
    found = solved("throughput", 112e-6)
    assert found.value == approx(100 * (28.47e6 / MONTH_OF_ONE) / (112 - 108.03), rel=1e-9)
    assert (found.today, found.unit) == (100.0, "tok/s")
    assert solved("throughput", 100e-6).value is None


def test_the_utilisation() -> None:
    found = solved("utilisation")
    assert found.today == approx(1e6 / MONTH_OF_ONE)
    assert found.value == approx(54_309.0 / MONTH_OF_ONE, rel=1e-4)
    never = solved("utilisation", 1e-5)
    assert never.value is None


def test_what_cannot_be_solved() -> None:
    with pytest.raises(UsageError, match=r"no field 'colour'.*: price, .*machine\.gpu_usd, demand\.requests.*api"):
        solved("colour")
    own, versus, scenario = sides()
    with pytest.raises(UsageError, match="needs a machine as --own, got vendor/m"):
        solve(versus, own, scenario, field="throughput", payback_months=None)
    with pytest.raises(UsageError, match="needs a machine as --own, got vendor/m"):
        solve(versus, own, scenario, field="utilisation", payback_months=None)
    with pytest.raises(UsageError, match="needs a machine that is bought as --own, got vendor/m"):
        solve(versus, own, scenario, field="machine.gpu_usd", payback_months=None)


@pytest.mark.parametrize("field", ["trends.api", "trends.rental", "trends.hardware", "demand.growth"])
def test_what_happens_later_does_not_move_this_months_bill(field: str) -> None:
    with pytest.raises(UsageError, match="does not move this month's bill: add --payback MONTHS"):
        solved(field)


# --- every field knows both targets


def paid_back_in(months: float, field: str, usd_per_request: float = 0.002, **workload: Any) -> Solved:
    return solved(field, usd_per_request, payback_months=months, **workload)


def test_the_price_that_pays_back_in_time_by_hand() -> None:
    # 4,000 in 10 months: a bill of 400 + 18.8633 a month over 1,100 million tokens.
    found = paid_back_in(10.0, "price")
    assert found.value == approx(418.8633 / 1100, rel=1e-6)
    assert (found.today, found.target) == (approx(2000 / 1100), "payback in 10 months")


def test_the_throughput_that_pays_back_in_time_by_hand() -> None:
    # 4,000 in 36 months: 111.1111 saved of 120, so 120 - 111.1111 - 8.03 = 0.8589 USD of busy energy, 10.8333 today.
    found = paid_back_in(36.0, "throughput", 120e-6)
    assert found.value == approx(100 * (28.47e6 / MONTH_OF_ONE) / (120 - 4000 / 36 - 8.03), rel=1e-6)


def test_the_utilisation_that_pays_back_in_time_by_hand() -> None:
    found = paid_back_in(10.0, "utilisation")
    assert found.value == approx(408.03 / (0.002 - 73 * 0.39 / MONTH_OF_ONE) / MONTH_OF_ONE, rel=1e-6)


def test_the_accelerators_price_by_hand() -> None:
    # Bills: 25 of host capital, 18.8633 of energy, the rest of 2,000 is gpu / 40.
    # Payback in 2 months: 2 x 1,981.1367 less the host's 1,000.
    found = solved("machine.gpu_usd")
    assert found.value == approx((2000 - 25 - 18.8633) * 40, rel=1e-6)
    assert (found.today, found.unit) == (3000.0, "USD")
    assert paid_back_in(2.0, "machine.gpu_usd").value == approx(2 * 1981.1367 - 1000, rel=1e-6)


def test_no_payback_says_what_comes_nearest() -> None:
    # At best the machine runs for 8.03 + 10.8333 USD whatever its price: 100 a month repay the host alone in 12.3.
    late = paid_back_in(12.0, "machine.gpu_usd", 100e-6)
    assert late.value is None
    assert late.reason.startswith(
        "pays back in 12.3 months at the soonest, at 0.03 USD (searched 0.03 USD to 300,000,000"
    )
    never = paid_back_in(12.0, "machine.gpu_usd", 1e-5)
    assert never.reason.startswith("no payback at any value; today: does not pay back within hardware life (40 months)")


def test_no_equal_bills_says_by_how_much() -> None:
    cheaper = solved("finance.wacc_frac", 1.0)
    assert cheaper.reason.startswith("own is 999")
    assert "USD/month cheaper at least, at 100 %" in cheaper.reason


def test_a_price_is_whatever_the_competitors_vendor_bills() -> None:
    from tests.factories import a_plan_option, a_subscription

    scenario = a_scenario()
    own, seats = assess(a_machine_option(), scenario), assess(a_plan_option(a_subscription()), scenario)
    found = solve(own, seats, scenario, field="price", payback_months=None)
    assert found.value == approx(118.8633 / 1100, abs=1e-6)
    no_vendor = solve(seats, own, scenario, field="price", payback_months=None)
    assert no_vendor.value is None


def traced_sides() -> tuple[Result, Result, Any]:
    own, versus, scenario = sides()
    trace = Trace("t.csv", np.arange(0.0, 4000.0), None, None, 10.0)
    assert own.sized is not None
    return replace(own, sized=replace(own.sized, is_replayed=True)), versus, replace(scenario, trace=trace)


@pytest.mark.parametrize("field", ["demand.burstiness", "demand.peak_to_mean"])
def test_what_a_trace_sets_is_not_solved_for(field: str) -> None:
    own, versus, scenario = traced_sides()
    with pytest.raises(UsageError, match=r"the trace t\.csv sets it; drop demand\.trace"):
        solve(own, versus, scenario, field=field, payback_months=None)


@pytest.mark.parametrize("field", ["tokens.input", "tokens.output", "tokens.reasoning", "tokens.cached_input_frac"])
def test_a_replay_is_of_todays_lengths(field: str) -> None:
    own, versus, scenario = traced_sides()
    for pair in ((own, versus), (versus, own)):
        with pytest.raises(UsageError, match=r"own:gpu/m is sized by a replay of t\.csv"):
            solve(*pair, scenario, field=field, payback_months=None)


def test_what_a_replay_does_not_change_is_solved_for() -> None:
    own, versus, scenario = traced_sides()
    assert solve(own, versus, scenario, field="site.electricity", payback_months=None).value == approx(10.07, abs=0.01)
    assert own.sized is not None
    plain = replace(own, sized=replace(own.sized, is_replayed=False))
    assert solve(plain, versus, scenario, field="tokens.input", payback_months=None).value is not None


def test_a_volume_is_the_first_that_break_even_finds() -> None:
    # A replica is 1,460 USD for up to 2,628,000 requests, which cost 0.00056 USD each by the token: cheaper between
    # 2,607,143 and 2,628,000, so narrow that 64 volumes step over it.
    scenario = a_scenario()
    offer = an_offer(a_row(usd_per_mtok={"input": 0.56, "output": 0}))
    own, versus = assess(a_rented_option(), scenario), assess(a_token_option(offer), scenario)
    found = solve(own, versus, scenario, field="demand.requests", payback_months=None)
    assert found.value == approx(1460 / 0.00056)
    assert found.value == approx(break_even(own, versus, scenario).requests_per_month)
    used = solve(own, versus, scenario, field="utilisation", payback_months=None)
    assert used.value == approx(1460 / 0.00056 / MONTH_OF_ONE)
