from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from tco.cost.build import machine
from tco.cost.escalation import residency
from tco.cost.option import (
    MAX_STEPS,
    Costing,
    machine_costing,
    plan_costing,
    staircase,
    success_frac,
    token_costing,
)
from tco.describe.plan import base_value
from tco.describe.workload import Workload
from tco.errors import MissingDataError
from tco.price.rates import adjustments_in_force
from tests.factories import (
    MONTH_OF_ONE,
    SOURCED,
    TODAY,
    a_machine_option,
    a_plan_option,
    a_provisioned,
    a_rental,
    a_rented_option,
    a_row,
    a_scenario,
    a_subscription,
    a_token_option,
    a_workload,
    an_offer,
    an_outcome,
    usd,
)

approx: Any = pytest.approx


def surcharge(multiplier: float, region: str = "eu", since: date = date(2026, 1, 1)) -> dict[str, Any]:
    return {"when": {"data_residency": region}, "multiplier": multiplier, "since": since, **SOURCED}


def on_machines(
    option: Any = None, *, workload: Workload | None = None, capacity: float = 1.0, n_gpus: int = 1
) -> Costing:
    held = option or a_machine_option()
    scenario = a_scenario(held, workload=workload)
    bought = machine(held, n_gpus=n_gpus, on=TODAY, sampler=base_value)
    return machine_costing(held, scenario, bought, lambda _: capacity)


# --- by the token


def test_a_token_option_has_no_fleet_and_no_steps() -> None:
    scenario = a_scenario()
    costing = token_costing(a_token_option(), scenario)
    plan = scenario.plan("m")
    assert costing.usd_per_month(plan) == 2000.0
    assert (costing.n_replicas(plan), costing.utilisation(plan), costing.upfront_usd(plan)) == (0.0, None, 0.0)
    assert costing.steps(plan, 1e9).size == 0


def test_the_quote_follows_the_plan() -> None:
    # Past 2,000 tokens a prompt costs twice: 1e6 x 4,000 x 2 / 1e6.
    offer = an_offer(a_row(), a_row(when={"prompt_tok": {"gt": 2000}}, usd_per_mtok={"input": 2, "output": 10}))
    scenario = a_scenario()
    costing = token_costing(a_token_option(offer), scenario)
    plan = scenario.plan("m")
    assert usd(costing.ledger(plan))["input tokens"] == 1000.0
    assert usd(costing.ledger(replace(plan, input_tok=4000.0)))["input tokens (prompt over 2,000)"] == 8000.0


def test_surcharges_only_where_data_must_stay_and_from_their_day() -> None:
    offer = an_offer(adjustments=(surcharge(1.1), surcharge(1.2, "us"), surcharge(1.3, "uk", date(2027, 1, 1))))

    def multipliers(*regions: str) -> list[float]:
        scenario = a_scenario(workload=a_workload(constraints={"residency": regions}))
        found = adjustments_in_force(offer, scenario.as_of, residency(scenario))
        return [each.multiplier for each in found]

    assert multipliers() == []
    assert multipliers("eu") == [1.1]
    assert multipliers("EU") == [1.1]
    assert multipliers("eu", "us") == [1.1, 1.2]
    assert multipliers("uk") == []


def test_a_later_surcharge_replaces_the_earlier_of_its_region() -> None:
    offer = an_offer(adjustments=(surcharge(1.05, since=date(2026, 6, 1)), surcharge(1.1)))
    scenario = a_scenario(workload=a_workload(constraints={"residency": ("eu",)}))
    bill = token_costing(a_token_option(offer), scenario).usd_per_month(scenario.plan("m"))
    assert bill == approx(2000.0 * 1.05)


def test_a_rate_of_the_region_is_used() -> None:
    offer = an_offer(a_row(), a_row(when={"data_residency": "eu"}, usd_per_mtok={"input": 2, "output": 20}))
    scenario = a_scenario(workload=a_workload(constraints={"residency": ("EU",)}))
    assert token_costing(a_token_option(offer), scenario).usd_per_month(scenario.plan("m")) == 4000.0


# --- seats, successes, units


def test_seats_step_at_each_cap() -> None:
    scenario = a_scenario()
    costing = plan_costing(a_plan_option(a_subscription()), scenario)
    plan = scenario.plan("m")
    assert costing.n_replicas(plan.at_volume(1461.0)) == 3.0
    assert costing.steps(plan, 2200.0) == approx([730.0, 1460.0, 2190.0])
    assert costing.usd_per_month(plan.at_volume(np.array([730.0, 731.0]))) == approx([20.0, 40.0])


def test_units_step_after_the_minimum() -> None:
    # A unit does 10 tok/s: 0.1 requests/s or 262,800 a month. 2 units, then 5, then 8.
    scenario = a_scenario()
    costing = plan_costing(a_plan_option(a_provisioned(min_units=2, unit_step=3)), scenario)
    plan = scenario.plan("m")
    unit = MONTH_OF_ONE / 10
    assert costing.steps(plan, 9 * unit) == approx([2 * unit, 5 * unit, 8 * unit])
    at = np.array([2.0, 2.001, 5.001]) * unit
    assert np.asarray(costing.n_replicas(plan.at_volume(at))).tolist() == [2.0, 5.0, 8.0]
    assert costing.usd_per_month(plan.at_volume(unit)) == 2 * 730 * 2.0


@pytest.mark.parametrize("offer", [a_subscription(), a_provisioned(min_units=2, unit_step=3)])
def test_every_step_is_where_the_bill_jumps(offer: Any) -> None:
    scenario = a_scenario()
    costing = plan_costing(a_plan_option(offer), scenario)
    plan = scenario.plan("m")
    at = costing.steps(plan, 1e7)[:50]
    below, above = (np.asarray(costing.usd_per_month(plan.at_volume(at * side))) for side in (1 - 1e-12, 1 + 1e-12))
    assert (above > below).all()


def test_outcomes_scale_with_volume() -> None:
    scenario = a_scenario(workload=a_workload(quality={"success_frac": 0.6, "success_frac_per_model": {"other": 0.9}}))
    costing = plan_costing(a_plan_option(an_outcome()), scenario)
    plan = scenario.plan("m")
    assert costing.usd_per_month(plan) == approx(6000.0)
    assert (costing.n_replicas(plan), costing.steps(plan, 1e9).size) == (0.0, 0)
    own, other = success_frac(scenario, "other"), success_frac(scenario, "m")
    assert own is not None
    assert other is not None
    assert (own.value, other.value) == (0.9, 0.6)


def test_a_plan_has_a_period_too() -> None:
    ended, ahead = a_subscription(until=TODAY), a_subscription(since=date(2026, 11, 23))
    for offer in (ended, ahead):
        with pytest.raises(MissingDataError, match="p: no price in force on 2026-11-22"):
            plan_costing(a_plan_option(offer), a_scenario())
    plan_costing(a_plan_option(a_subscription(since=TODAY, until=date(2026, 11, 23))), a_scenario())


def test_a_rumoured_plan_is_never_silent() -> None:
    option = a_plan_option(a_subscription(kind="rumoured"))
    with pytest.raises(MissingDataError, match="--allow-rumoured"):
        plan_costing(option, a_scenario())
    plan_costing(option, a_scenario(allow_rumoured=True))


# --- machines


def test_a_machine_by_hand() -> None:
    # One GPU and its host over 40 months: 3,000 / 40 + 1,000 / 40 = 100; at 1e6 of 2,628,000 requests u = 0.380518.
    # Energy: 730 h x 0.1 USD/kWh x (0.11 kW idle + 0.39 kW x u) = 8.03 + 10.8333 = 18.8633.
    costing = on_machines()
    plan = a_scenario().plan("m")
    assert costing.usd_per_month(plan) == approx(118.8633, abs=1e-4)
    assert costing.n_replicas(plan) == 1.0
    assert costing.utilisation(plan) == approx(1e6 / MONTH_OF_ONE)
    assert costing.upfront_usd(plan) == 4000.0


def test_upfront_counts_spares_and_growth_of_the_fleet() -> None:
    # 3 replicas: 3 GPUs, 2 hosts: 11,000; with 10% spares 12,100.
    costing = on_machines(workload=a_workload(finance={"spares_frac": 0.1}))
    plan = replace(a_scenario().plan("m"), spares_frac=0.1)
    assert costing.upfront_usd(plan.at_volume(3 * MONTH_OF_ONE)) == approx(12_100.0)


def test_a_rental_buys_nothing() -> None:
    costing = on_machines(a_rented_option(a_rental(usd_per_gpu_h="2")))
    plan = a_scenario().plan("m")
    assert costing.usd_per_month(plan) == 1460.0
    assert costing.upfront_usd(plan) == 0.0


def test_redundancy_one_time_effort_and_power_from_the_workload() -> None:
    finance = {
        "redundancy": "n+1",
        "horizon_months": 10,
        "one_time": ({"name": "tune", "usd": 500}, {"name": "move", "usd": 500}),
    }
    held = a_workload(finance=finance, site={"powered_when_idle": False})
    found = usd(on_machines(workload=held).ledger(a_scenario(workload=held).plan("m")))
    assert found["capital: accelerators"] == approx(150.0)
    assert found["one-time effort"] == approx(100.0)
    assert found["energy: idle (stated: switched off when idle)"] == 0.0


def test_machines_step_at_each_replicas_capacity() -> None:
    # Peak twice the mean: a replica of 1 req/s carries 1,314,000 requests a month.
    held = a_workload(demand={"peak_to_mean": 2})
    plan = a_scenario(workload=held).plan("m")
    costing = on_machines(workload=held)
    assert costing.steps(plan, 4e6) == approx([1_314_000.0, 2_628_000.0, 3_942_000.0])
    for k, volume in enumerate(costing.steps(plan, 40 * MONTH_OF_ONE), start=1):
        below, above = (float(costing.n_replicas(plan.at_volume(float(volume) * s))) for s in (1 - 1e-12, 1 + 1e-12))
        assert (below, above) == (k, k + 1)


def test_a_faster_replica_is_the_same_machine_with_fewer_of_them() -> None:
    costing = on_machines()
    assert costing.at_speed is not None
    plan = a_scenario().plan("m").at_volume(4 * MONTH_OF_ONE)
    assert (costing.n_replicas(plan), costing.at_speed(2.0).n_replicas(plan)) == (4.0, 2.0)


def test_another_price_of_the_accelerator_is_the_same_machine() -> None:
    # 1,000 USD more on one GPU over 40 months: 25 USD a month.
    costing = on_machines()
    assert costing.at_gpu_usd is not None
    plan = a_scenario().plan("m")
    dearer = costing.at_gpu_usd(4000.0)
    assert (costing.gpu_usd, dearer.gpu_usd, dearer.upfront_usd(plan)) == (3000.0, 4000.0, 5000.0)
    assert dearer.usd_per_month(plan) - costing.usd_per_month(plan) == approx(25.0)
    assert on_machines(a_rented_option()).at_gpu_usd is None


def test_a_vendors_price_scales_what_the_vendor_bills_and_nothing_else() -> None:
    # Tokens and their surcharge double; what is sent on to another vendor does not.
    rule = {"escalation": {"api": {"frac": 0.2, "to": "vendor/big"}}}
    held = a_workload(quality=rule, constraints={"residency": ("eu",)})
    big = an_offer(a_row(usd_per_mtok={"input": 3, "output": 15}), model="big")
    scenario = a_scenario(workload=held, escalation={"api": a_token_option(big)})
    costing = token_costing(a_token_option(an_offer(adjustments=(surcharge(1.1),))), scenario)
    plan = scenario.plan("m")
    assert costing.usd_per_month(plan) == approx(2200.0 + 900.0)
    assert costing.at_price(2.0).usd_per_month(plan) == approx(4400.0 + 900.0)


def test_what_is_bought_by_use_follows_the_api_trend() -> None:
    scenario = a_scenario(workload=a_workload(quality={"success_frac": 0.5}))
    offers: Any = (a_subscription(), a_provisioned(), an_outcome())
    for offer in offers:
        for line in plan_costing(a_plan_option(offer), scenario).ledger(scenario.plan("m")):
            assert (line.trend, line.is_price) == ("api", True)


def test_staircase() -> None:
    assert staircase(first=10.0, step=5.0, up_to=9.0).size == 0
    assert staircase(first=10.0, step=5.0, up_to=20.0) == approx([10.0, 15.0, 20.0])
    assert len(staircase(first=1.0, step=1.0, up_to=1e9)) == MAX_STEPS


# --- escalation


def test_a_share_sent_on_is_a_line_at_the_other_tiers_price() -> None:
    # 20% of 1e6 requests at 1,000 x 3 / 1e6 + 100 x 15 / 1e6 = 0.0045 USD each: 900 USD.
    rule = {"frac": 0.2, "to": "vendor/big"}
    held = a_workload(quality={"escalation": {"self_hosted": rule, "api": rule}})
    big = an_offer(a_row(usd_per_mtok={"input": 3, "output": 15}), model="big")
    scenario = a_scenario(workload=held, escalation={"self_hosted": a_token_option(big)})
    option = a_machine_option()
    bought = machine(option, n_gpus=1, on=TODAY, sampler=base_value)
    ledger = machine_costing(option, scenario, bought, lambda _: 1.0).ledger(scenario.plan("m"))
    assert usd(ledger)["escalation to vendor/big"] == approx(900.0)
    api = token_costing(a_token_option(), scenario).ledger(scenario.plan("m"))
    assert set(usd(api)) == {"input tokens", "output tokens"}  # a rule without an offer adds nothing


def escalated(**changes: Any) -> float:
    """Dollars of the escalation line of the machine, with the plan's answers twice as long."""
    rule = {"escalation": {"self_hosted": {"frac": 0.2, "to": "vendor/big"}}}
    held = a_workload(**{"quality": rule, **changes})
    rows = (
        a_row(usd_per_mtok={"input": 3, "output": 15}),
        a_row(usd_per_mtok={"input": 9, "output": 9}, kind="rumoured"),
    )
    big = an_offer(*rows, model="big", adjustments=(surcharge(1.1),))
    scenario = a_scenario(workload=held, escalation={"self_hosted": a_token_option(big)})
    option = a_machine_option()
    bought = machine(option, n_gpus=1, on=TODAY, sampler=base_value)
    ledger = machine_costing(option, scenario, bought, lambda _: 1.0).ledger
    return float(usd(ledger(replace(scenario.plan("m"), output_tok=200.0)))["escalation to vendor/big"])


def test_escalation_follows_the_plan_unless_a_model_counts_its_own_tokens() -> None:
    # 20% of 1e6 x (0.003 + 200 x 15e-6) = 1,200; the other model's own 100 tokens make it 900.
    assert escalated() == approx(1200.0)
    assert escalated(tokens={"per_model": {"big": {"output": 100}}}) == approx(900.0)


def test_escalation_pays_for_residency_too() -> None:
    assert escalated(constraints={"residency": ("eu",)}) == approx(1320.0)
