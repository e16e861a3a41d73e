from __future__ import annotations

from typing import Any

import pytest

from tco.cost.plans import busy_units, outcome_lines, provisioned_lines, provisioned_units, subscription_lines
from tco.describe.record import Figure
from tco.errors import MissingDataError
from tests.factories import MONTH_OF_ONE, a_plan, a_provisioned, a_subscription, a_workload, an_outcome, usd

approx: Any = pytest.approx


def test_seats_cover_the_messages() -> None:
    # 730 messages a seat: 1,460 need two seats, 1,461 three, at 20 USD.
    assert usd(subscription_lines(a_subscription(), a_plan().at_volume(1460.0))) == {"subscription": 40.0}
    assert usd(subscription_lines(a_subscription(), a_plan().at_volume(1461.0))) == {"subscription": 60.0}


def test_every_sample_is_a_message() -> None:
    held = a_workload(compute={"strategy": "majority_vote", "n": 3})
    assert usd(subscription_lines(a_subscription(), a_plan(held).at_volume(730.0))) == {"subscription": 60.0}


def test_no_cap_is_no_price() -> None:
    with pytest.raises(MissingDataError, match="no message cap is published"):
        subscription_lines(a_subscription(messages_per_day=None), a_plan())


def test_outcomes_pay_for_successes() -> None:
    # A million requests, 60% right, 0.01 USD each: 6,000 USD.
    lines = outcome_lines(an_outcome(), a_plan(), Figure(value=0.6))
    assert usd(lines) == {"outcomes": approx(6000.0)}
    with pytest.raises(MissingDataError, match=r"state quality\.success_frac"):
        outcome_lines(an_outcome(), a_plan(), None)


def test_provisioned_units_run_every_hour_of_the_month() -> None:
    # 1 request/s x 100 out = 100 tok/s over 10 a unit: 10 units x 730 h x 2 USD = 14,600.
    plan = a_plan().at_volume(MONTH_OF_ONE)
    assert usd(provisioned_lines(a_provisioned(), plan)) == {"provisioned units": approx(14_600.0)}


def test_provisioned_units_cover_prompt_and_peak() -> None:
    # Peak 2 requests/s: output 20 units, and 2 x 1,000 / 500 = 4 more for the prompts.
    plan = a_plan(peak_to_mean_ratio=2.0).at_volume(MONTH_OF_ONE)
    assert busy_units(a_provisioned(input_tok_per_s=500), plan) == approx(24.0)
    assert provisioned_units(a_provisioned(input_tok_per_s=500), plan) == 24.0


def test_provisioned_minimum_and_step() -> None:
    plan = a_plan().at_volume(MONTH_OF_ONE)
    assert provisioned_units(a_provisioned(min_units=50), plan) == 50.0
    assert provisioned_units(a_provisioned(min_units=3, unit_step=5), plan) == 13.0  # 3, 8, 13


@pytest.mark.parametrize("missing", ["usd_per_unit_h", "output_tok_per_s"])
def test_unpublished_units_have_no_price(missing: str) -> None:
    with pytest.raises(MissingDataError, match="p: no price: the fee or the capacity of a unit is unknown"):
        provisioned_lines(a_provisioned(**{missing: None}), a_plan())
    with pytest.raises(MissingDataError, match="p: no price: ask sales"):
        provisioned_lines(a_provisioned(**{missing: None}, unpriced="ask sales"), a_plan())


def test_units_of_unknown_capacity() -> None:
    with pytest.raises(MissingDataError, match="the capacity of a unit is unknown"):
        provisioned_units(a_provisioned(output_tok_per_s=None), a_plan())
