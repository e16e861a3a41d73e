from __future__ import annotations

from typing import Any

import pytest

from tco.decide.assess import Result, assess
from tco.decide.breakeven import CHEAPER, DEARER
from tco.decide.versus import BreakEven, break_even
from tests.factories import (
    MONTH_OF_ONE,
    a_machine_option,
    a_plan_option,
    a_rented_option,
    a_row,
    a_scenario,
    a_subscription,
    a_token_option,
    a_workload,
    an_offer,
)

approx: Any = pytest.approx

# The owned GPU at V requests a month, one replica: 100 USD of capital, 73 USD/kW x (0.11 + 0.39 u) kW.
FIXED_USD, EACH_USD = 108.03, 73 * 0.39 / MONTH_OF_ONE


def by_the_token(usd_per_request: float, **changes: Any) -> Any:
    """An offer that charges for the thousand prompt tokens of a request alone."""
    return a_token_option(an_offer(a_row(usd_per_mtok={"input": usd_per_request * 1000, "output": 0})), **changes)


def against(own: Any, versus: Any, **workload: Any) -> BreakEven:
    scenario = a_scenario(workload=a_workload(**workload))
    return break_even(assess(own, scenario), assess(versus, scenario), scenario)


# --- volume


def test_break_even_of_one_machine_by_hand() -> None:
    # 108.03 / (0.002 - 1.0833e-5) = 54,309 requests a month.
    found = against(a_machine_option(), by_the_token(0.002))
    volume = FIXED_USD / (0.002 - EACH_USD)
    assert found.requests_per_month == approx(volume, rel=1e-12)
    assert found.tok_per_month == approx(volume * 1100)
    assert found.utilisation_frac == approx(volume / MONTH_OF_ONE)
    assert found.n_replicas == 1.0
    assert found.versus_price_as_of == "2026-11-01"
    assert [(each.direction, each.at_step) for each in found.crossings] == [(CHEAPER, False)]
    assert found.cheaper_between == ((found.requests_per_month, 1e9),)
    assert (found.own, found.versus, found.reason) == ("own:gpu/m", "vendor/m", "")


def test_equal_bills_at_break_even() -> None:
    scenario = a_scenario()
    own, versus = assess(a_machine_option(), scenario), assess(by_the_token(0.002), scenario)
    at = break_even(own, versus, scenario).requests_per_month
    assert at is not None
    assert own.costing is not None
    assert versus.costing is not None
    bills = [side.usd_per_month(own.plan.at_volume(at)) for side in (own.costing, versus.costing)]
    assert bills[0] == approx(bills[1], rel=1e-9)


def test_every_whole_machine_may_undo_it() -> None:
    # Rent is 1,460 a replica and the API 0.0006 a request, 1,576.80 at a full replica: cheaper from 2,433,333,
    # dearer again at 2,628,000 when the second is rented, cheaper from 4,866,667, dearer at 5,256,000 …
    found = against(a_rented_option(), by_the_token(0.0006))
    volumes = [each.volume for each in found.crossings[:5]]
    assert volumes == approx([2_433_333.3, 2_628_000.0, 4_866_666.7, 5_256_000.0, 7_300_000.0], rel=1e-7)
    assert [each.direction for each in found.crossings[:4]] == [CHEAPER, DEARER, CHEAPER, DEARER]
    assert [each.at_step for each in found.crossings[:4]] == [False, True, False, True]
    assert found.requests_per_month == approx(1460 / 0.0006)


def test_against_seats_the_competitor_steps() -> None:
    # Owned 108.03 + 1.08e-5 V: dearer than five seats (100 USD, 3,650 requests), cheaper than six.
    found = against(a_machine_option(), a_plan_option(a_subscription()), demand={"requests": 10_000})
    assert found.crossings[0].volume == approx(5 * 730.0)
    assert found.crossings[0].at_step
    assert found.versus_price_as_of == "2026-11-01"


def test_cheaper_everywhere() -> None:
    found = against(a_machine_option(), by_the_token(1.0))
    assert found.requests_per_month is None
    assert found.reason.startswith("own:gpu/m is cheaper at every volume searched")
    assert found.cheaper_between == ((1000.0, 1e9),)
    assert (found.tok_per_month, found.utilisation_frac, found.n_replicas) == (None, None, None)


def test_never_on_energy_alone() -> None:
    # Full machines hold two busy GPUs in a host, 0.9 kW for half a second a request: 0.45 / 3600 x 0.1 = 1.25e-5 USD.
    found = against(a_machine_option(), by_the_token(1e-5))
    assert found.reason.startswith("never: the electricity of a request on own:gpu/m alone is 0.00001251 USD")
    assert found.cheaper_between == ()


def test_never_even_when_full() -> None:
    found = against(a_machine_option(), by_the_token(3e-5))
    assert found.reason.startswith("never: with machines as full as the SLO and the spare allow")


def test_a_spare_moves_the_break_even_up() -> None:
    one, two = (against(a_machine_option(), by_the_token(0.002), finance={"redundancy": r}) for r in ("none", "n+1"))
    assert one.requests_per_month is not None
    assert two.requests_per_month is not None
    assert two.requests_per_month > one.requests_per_month


def test_no_bill_no_break_even() -> None:
    scenario = a_scenario()
    priced, bare = assess(a_machine_option(), scenario), Result(option=a_token_option(), plan=scenario.plan("m"))
    for pair in ((priced, bare), (bare, priced)):
        with pytest.raises(ValueError, match="two priced options"):
            break_even(*pair, scenario)
