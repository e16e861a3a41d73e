"""Fleets that follow the load: hours by hand, what never gets cheaper, and who waits for a start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.cost.machine import Fleet, Machine, fleet, owned_lines, rental_lines
from tco.cost.scaling import Rule, ignored, missed_cold, rule_of, scaled_fleet, told
from tco.decide.assess import assess
from tco.describe.autoscale import Autoscale
from tco.describe.plan import base_value, draw
from tco.describe.trace import Trace
from tco.perform.load import Slo
from tests.factories import (
    MONTH_OF_ONE,
    a_machine_option,
    a_plan,
    a_rental,
    a_rented_option,
    a_scenario,
    a_workload,
    usd,
)

approx: Any = pytest.approx
RENTED = Machine(gpus_per_replica=1.0, gpus_per_machine=1.0, sold_whole=True, usd_per_gpu_h=2.0)
OWNED = Machine(
    gpus_per_replica=1.0, gpus_per_machine=2.0, sold_whole=False, gpu_usd=3000.0, host_usd=1000.0, gpu_busy_w=400.0,
    gpu_idle_w=50.0, gpu_rated_w=450.0, host_busy_w=100.0, host_idle_w=60.0,
)  # fmt: skip
# Half a day of one request a minute, half a day of three: load 0.5 and 1.5 of the mean.
DAY = Trace(
    "day.csv", np.concatenate([np.arange(0.0, 43_200.0, 60.0), np.arange(43_200.0, 86_401.0, 20.0)]), None, None, 20.0
)


def a_rule(trace: Trace | None = DAY, **changes: Any) -> Rule:
    stated = Autoscale.model_validate({"cold_start": 0, "headroom_frac": 0, **changes})
    return Rule(
        stated=stated, cold_start_s=stated.cold_start.value, headroom_frac=stated.headroom_frac.value,
        keep_alive_s=stated.keep_alive.value, trace=trace,
    )  # fmt: skip


def scaled(rule: Rule, machine: Machine = RENTED, *, per_s: Any = 8.0, peak: float = 1.5, n_spare: int = 0) -> Fleet:
    plan = a_plan(peak_to_mean_ratio=peak).at_volume(per_s * MONTH_OF_ONE)
    known: dict[str, Any] = {"capacity_req_per_s": 1.0, "n_spare": n_spare}
    return scaled_fleet(plan, machine, fleet(plan, machine, **known), rule, **known)


def test_hours_follow_the_load_by_hand() -> None:
    # 8 a second on average: 4 replicas for half the day, 12 for the other half: 8 of 12 on average.
    found = scaled(a_rule())
    assert (found.n_replicas, found.up_frac) == (12.0, approx(8 / 12, abs=0.01))
    (line,) = rental_lines(a_plan(), RENTED, found)
    assert line.quantity == approx(12 * 730 * found.up_frac)
    assert "share of them up" in line.formula
    assert {"autoscale.cold_start", "autoscale.headroom_frac"} <= {part.name for part in line.inputs}
    assert found.paid_utilisation_frac == approx(found.utilisation_frac / found.up_frac)


def test_spares_and_the_least_stay_up() -> None:
    assert scaled(a_rule(), n_spare=1).up_frac == approx((5 + 13) / 2 / 13, abs=0.01)
    assert scaled(a_rule(min_replicas=8)).up_frac == approx((8 + 12) / 2 / 12, abs=0.01)
    assert scaled(a_rule(min_replicas=500)).up_frac == 1.0


def test_machines_come_whole() -> None:
    # Machines of eight: one for half the day, two for the other half.
    assert scaled(a_rule(), replace(RENTED, gpus_per_machine=8.0)).up_frac == approx(0.75, abs=0.01)
    by_card = replace(RENTED, gpus_per_machine=8.0, sold_whole=False)
    assert scaled(a_rule(), by_card).up_frac == approx(8 / 12, abs=0.01)


def test_headroom_and_slow_starts_cost_hours_but_no_more_than_the_peak() -> None:
    base = scaled(a_rule()).up_frac
    assert scaled(a_rule(headroom_frac=0.5)).up_frac == approx((6 + 12) / 2 / 12, abs=0.01)
    assert base < scaled(a_rule(cold_start=7200)).up_frac < 1.0
    assert scaled(a_rule(cold_start=86_400)).up_frac == 1.0


def test_many_volumes_and_draws_at_once() -> None:
    volumes = np.array([0.1, 8.0, 80.0])
    found = scaled(a_rule(), per_s=volumes).up_frac
    assert found == approx([scaled(a_rule(), per_s=float(each)).up_frac for each in volumes])
    option = a_rented_option(autoscale=Autoscale())
    rule = rule_of(option, a_scenario(), draw(n_draws=5, seed=1))
    assert rule is not None
    assert np.shape(rule.cold_start_s) == (5,)
    assert np.shape(scaled(rule).up_frac) == (5,)


def test_a_replay_never_lets_fewer_run_than_carry_the_load() -> None:
    plan = a_plan(peak_to_mean_ratio=1.5).at_volume(8 * MONTH_OF_ONE)
    known: dict[str, Any] = {"capacity_req_per_s": 1.0, "n_spare": 0, "peak_factor": 0.1}
    need = fleet(plan, RENTED, **known)
    assert (need.n_replicas, need.utilisation_frac) == (8.0, approx(1.0))
    assert fleet(plan, RENTED, capacity_req_per_s=1.0, n_spare=0, peak_factor=2.0).n_replicas == 24.0
    following = scaled_fleet(plan, RENTED, need, a_rule(), **known)
    assert following.up_frac == approx((4 + 8) / 2 / 8, abs=0.01)


def test_batch_work_is_spread_evenly() -> None:
    plan = a_plan(peak_to_mean_ratio=1.5, batch_frac=1.0).at_volume(8 * MONTH_OF_ONE)
    known: dict[str, Any] = {"capacity_req_per_s": 1.0, "n_spare": 0}
    assert scaled_fleet(plan, RENTED, fleet(plan, RENTED, **known), a_rule(), **known).up_frac == approx(1.0)


def test_owned_machines_save_idle_power_alone() -> None:
    plan = a_plan(peak_to_mean_ratio=1.5).at_volume(8 * MONTH_OF_ONE)
    always, following = fleet(plan, OWNED, capacity_req_per_s=1.0, n_spare=0), scaled(a_rule(headroom_frac=0.5), OWNED)
    bills = [
        usd(owned_lines(plan, OWNED, need, method="annuity", powered_when_idle=True)) for need in (always, following)
    ]
    differing = {name for name in bills[0] if bills[0][name] != approx(bills[1][name])}
    assert differing == {"energy: idle"}
    # 12 GPUs and 6 hosts, 8 and 4 of them busy, three quarters up: (9 - 8) x 50 W and (4.5 - 4) x 60 W idle.
    assert bills[1]["energy: idle"] == approx(730 * 0.1 * (1 * 50 + 0.5 * 60) / 1000, rel=0.1)
    assert bills[1]["energy: idle"] < bills[0]["energy: idle"]


# --- to zero


def test_the_last_replica_sleeps() -> None:
    # One request in 1,000 s and a stop after 300 s: mostly asleep.
    rule = a_rule(min_replicas=0, cold_start=60)
    quiet = scaled(rule, per_s=0.001)
    assert 0.2 < quiet.up_frac < 0.4
    assert 0.6 < quiet.cold_frac < 0.9
    busy = scaled(rule, per_s=8.0)
    assert busy.cold_frac == approx(0.0, abs=1e-9)
    assert scaled(a_rule(), per_s=0.001).up_frac == 1.0


def test_too_many_cold_starts_miss_the_limit() -> None:
    rule = a_rule(min_replicas=0, cold_start=60)
    quiet = scaled(rule, per_s=0.001)
    (why,) = missed_cold(quiet, rule, (Slo(ttft_s=2.0),))
    assert "wait for a cold start of 60 s; TTFT p95 has a limit of 2 s: keep min_replicas at 1 or more" in why
    assert list(missed_cold(quiet, rule, (Slo(deadline_s=100.0), Slo(itl_s=1.0)))) == []
    assert list(missed_cold(scaled(rule), rule, (Slo(ttft_s=2.0),))) == []


# --- told


def test_what_is_told() -> None:
    slow = a_rule(cold_start=7200)
    texts = list(told(scaled(slow), slow))
    assert texts[0].startswith("autoscaled along day.csv: ")
    assert "a cold start of 7200 s is longer than the headroom of 0% covers" in texts[1]
    assert "capacity is held ahead there, and paid" in texts[1]
    zero = a_rule(None, min_replicas=0)
    texts = list(told(scaled(zero, per_s=0.001), zero))
    assert texts[0].startswith("autoscaled along an assumed day with one peak")
    assert texts[-1].endswith("of the requests wait for a cold start")
    assert len(list(told(scaled(a_rule(headroom_frac=2)), a_rule(headroom_frac=2)))) == 1
    always = scaled(slow, per_s=0.001, n_spare=1)  # one replica and its spare, whatever the hour
    assert list(told(always, slow)) == [
        "autoscale changes nothing: the fleet for the peak is no larger than what is always up"
    ]


def test_a_time_that_is_not_used_is_no_input() -> None:
    assert [held.name for held in a_rule().inputs] == ["autoscale.cold_start", "autoscale.headroom_frac"]
    assert "autoscale.keep_alive" in [held.name for held in a_rule(min_replicas=0).inputs]


def test_which_rule_holds() -> None:
    rule = Autoscale(min_replicas=3)
    site = a_scenario(workload=a_workload(site={"autoscale": {"min_replicas": 7}}))
    own = rule_of(a_rented_option(autoscale=rule), site, base_value)
    of_site = rule_of(a_rented_option(), site, base_value)
    assert own is not None
    assert of_site is not None
    assert (own.stated.min_replicas, of_site.stated.min_replicas) == (3, 7)
    assert rule_of(a_rented_option(), a_scenario(), base_value) is None
    reserved = a_rented_option(a_rental(plan="reserved_1y"), autoscale=rule)
    assert rule_of(reserved, a_scenario(), base_value) is None
    assert list(ignored(reserved, a_scenario())) == ["autoscale changes nothing: a reservation is paid up or not"]
    assert list(ignored(a_rented_option(), a_scenario())) == []
    assert list(ignored(a_rented_option(autoscale=rule), a_scenario())) == []


def test_an_option_end_to_end() -> None:
    workload = a_workload(demand={"requests": 8 * MONTH_OF_ONE, "peak_to_mean": 3})
    plain, following = (
        assess(a_rented_option(autoscale=rule), a_scenario(workload=workload)) for rule in (None, Autoscale())
    )
    assert plain.usd_per_month is not None
    assert following.usd_per_month is not None
    assert following.usd_per_month < plain.usd_per_month
    assert plain.costing is not None
    assert following.costing is not None
    used, more = (each.costing.utilisation(each.plan) for each in (plain, following) if each.costing)
    assert used is not None
    assert more is not None
    assert more > used
    assert any("autoscaled" in note for note in following.notes)
    owned, owned_following = (
        assess(a_machine_option(autoscale=rule), a_scenario(workload=workload)) for rule in (None, Autoscale())
    )
    assert owned.costing is not None
    assert owned_following.costing is not None
    assert owned.costing.utilisation(owned.plan) == owned_following.costing.utilisation(owned_following.plan)
    assert owned.costing.upfront_usd(owned.plan) == owned_following.costing.upfront_usd(owned_following.plan)


def test_a_cold_start_that_misses_the_limit_rules_the_option_out() -> None:
    workload = a_workload(demand={"requests": 100}, slo={"deadline": "30 s"})
    found = assess(a_rented_option(autoscale=Autoscale(min_replicas=0)), a_scenario(workload=workload))
    assert not found.feasible
    assert "wait for a cold start of 180 s" in found.reasons[0]
