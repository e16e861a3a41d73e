from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.cost.machine import Fleet, Machine, fleet, overhead_lines, owned_lines, rental_lines
from tco.describe.plan import Plan
from tests.factories import MONTH_OF_ONE, a_plan, a_workload, usd

approx: Any = pytest.approx

# 3,000 USD, 400 W, 50 W idle, 450 W rated a GPU; 1,000 USD, 100 W and 60 W a host of two.
MACHINE = Machine(
    gpus_per_replica=1.0, gpus_per_machine=2.0, sold_whole=False, gpu_usd=3000.0, host_usd=1000.0,
    gpu_busy_w=400.0, gpu_idle_w=50.0, gpu_rated_w=450.0, host_busy_w=100.0, host_idle_w=60.0, usd_per_gpu_h=2.0,
)  # fmt: skip
SERVER = replace(MACHINE, gpus_per_machine=8.0, sold_whole=True)


def need(
    machine: Machine = MACHINE, *, per_s: float = 0.5, n_spare: int = 0, capacity: float = 1.0, **plan: Any
) -> Fleet:
    held = a_plan(**plan).at_volume(per_s * MONTH_OF_ONE)
    return fleet(held, machine, capacity_req_per_s=capacity, n_spare=n_spare)


def owned(plan: Plan, bought: Fleet, machine: Machine = MACHINE, **changes: Any) -> dict[str, Any]:
    return usd(owned_lines(plan, machine, bought, **{"method": "straight_line", "powered_when_idle": True, **changes}))


# --- how many


def test_replicas_for_the_peak_and_machines_for_the_replicas() -> None:
    # 1.5 req/s at a peak of twice: 3 replicas at 1 req/s, two hosts of two, half used.
    found = need(per_s=1.5, peak_to_mean_ratio=2.0)
    assert (found.n_replicas, found.n_machines, found.n_gpus) == (3.0, 2.0, 3.0)
    assert (found.utilisation_frac, found.active_gpus) == (approx(0.5), approx(1.5))


def test_an_exact_multiple_needs_no_more() -> None:
    assert need(per_s=3.0).n_replicas == 3.0
    assert need(per_s=3.0001).n_replicas == 4.0
    assert need(per_s=1e-9).n_replicas == 1.0


def test_a_spare_is_one_more_replica() -> None:
    found = need(per_s=3.0, n_spare=1)
    assert (found.n_replicas, found.utilisation_frac) == (4.0, approx(0.75))


def test_a_server_is_bought_whole_and_cards_by_the_card() -> None:
    assert (need(SERVER).n_gpus, need(SERVER).n_machines) == (8.0, 1.0)
    cards = replace(SERVER, sold_whole=False)
    assert (need(cards).n_gpus, need(cards).n_machines) == (1.0, 1.0)
    # Replicas of four on servers of eight: three take one and a half servers, so two.
    fours = replace(SERVER, gpus_per_replica=4.0)
    found = need(fours, per_s=3.0)
    assert (found.n_machines, found.n_gpus, found.active_gpus) == (2.0, 16.0, approx(12.0))


def test_a_replica_may_span_machines() -> None:
    found = need(replace(SERVER, gpus_per_replica=16.0))
    assert (found.n_machines, found.n_gpus) == (2.0, 16.0)


def test_a_spare_may_share_a_machine_with_what_it_stands_in_for() -> None:
    # One replica and its spare fit into a host of two; two and a spare need a second host.
    assert need(per_s=0.5, n_spare=1).spares_share
    assert not need(per_s=2.0, n_spare=1).spares_share
    assert not need(per_s=0.5).spares_share
    shared, apart = (need(per_s=per_s, n_spare=1) for per_s in (0.5, 2.0))
    formulas = [
        line.formula
        for bought in (shared, apart)
        for line in owned_lines(a_plan(), MACHINE, bought, method="straight_line", powered_when_idle=True)
        if line.name == "capital: hosts"
    ]
    assert ["the spare shares a machine" in formula for formula in formulas] == [True, False]


# --- owned


def test_capital_by_hand() -> None:
    # Three GPUs and two hosts over 40 months: 9,000 / 40 + 2,000 / 40; 10% spares of 11,000 over 40.
    found = owned(a_plan(spares_frac=0.1), need(per_s=3.0))
    assert found["capital: accelerators"] == approx(225.0)
    assert found["capital: hosts"] == approx(50.0)
    assert found["capital: spares"] == approx(27.5)


def test_no_spares_by_default_here() -> None:
    assert owned(a_plan(), need())["capital: spares"] == 0.0


def test_energy_by_hand() -> None:
    # 1.5 of 3 GPUs busy and 1 of 2 hosts. PUE 1.5, 0.10 USD/kWh, 730 h.
    # busy (1.5 x 400 + 100) W = 0.7 kW: 730 x 1.5 x 0.7 x 0.1 = 76.65; idle (1.5 x 50 + 60) = 0.135 kW: 14.7825.
    plan = a_plan(pue_ratio=1.5, peak_to_mean_ratio=2.0)
    found = owned(plan, need(per_s=1.5, peak_to_mean_ratio=2.0))
    assert found["energy: busy"] == approx(76.65)
    assert found["energy: idle"] == approx(14.7825)


@pytest.mark.parametrize("per_s", [1e-6, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("machine", [MACHINE, SERVER])
def test_energy_is_the_mean_draw_of_the_whole_fleet(machine: Machine, per_s: float) -> None:
    """Busy plus idle = 730 h x PUE x tariff x sum over machines of idle W (1 - u) + busy W u."""
    bought = need(machine, per_s=per_s, n_spare=1)
    found = owned(a_plan(pue_ratio=1.3), bought, machine)
    used = bought.active_gpus / bought.n_gpus
    gpu_w = bought.n_gpus * (50.0 * (1 - used) + 400.0 * used)
    host_w = bought.n_machines * (60.0 * (1 - used) + 100.0 * used)
    assert found["energy: busy"] + found["energy: idle"] == approx(730 * 1.3 * 0.10 * (gpu_w + host_w) / 1000)


def test_switched_off_when_idle() -> None:
    found = owned(a_plan(), need(), powered_when_idle=False)
    assert found["energy: idle (stated: switched off when idle)"] == 0.0
    assert found["energy: busy"] == owned(a_plan(), need())["energy: busy"]


def test_space_maintenance_and_licences() -> None:
    # Two GPUs in one host: (2 x 450 rated + 100) W = 1 kW x 200; 7,000 x 12% / 12; 2 x 4,500 / 12.
    plan = a_plan(colocation_usd_per_kw_month=200.0, maintenance_frac_per_year=0.12, software_usd_per_gpu_year=4500.0)
    found = owned(plan, need(per_s=2.0))
    assert found["space"] == approx(200.0)
    assert found["maintenance"] == approx(70.0)
    assert found["software licence"] == approx(750.0)


# --- rented


def rented(machine: Machine, bought: Fleet) -> float:
    (line,) = rental_lines(a_plan(), machine, bought)
    return float(line.usd_per_month)


def test_an_always_on_bill_does_not_depend_on_use() -> None:
    # One GPU x 730 h x 2 USD, busy or not.
    one = replace(MACHINE, gpus_per_machine=1.0, sold_whole=True)
    assert rented(one, need(one, per_s=0.01)) == rented(one, need(one, per_s=0.99)) == 1460.0


def test_an_instance_is_rented_whole() -> None:
    # Eight GPUs at 2 USD are rented for the one that is needed; the ninth replica takes a second instance.
    assert rented(SERVER, need(SERVER)) == 8 * 1460.0
    assert rented(SERVER, need(SERVER, per_s=9.0)) == 16 * 1460.0


def test_serverless_bills_busy_time_only_spare_or_not() -> None:
    one = replace(MACHINE, gpus_per_machine=1.0, sold_whole=True, scale_to_zero=True)
    assert rented(one, need(one, per_s=0.25)) == approx(365.0)
    assert rented(one, need(one, per_s=0.25, n_spare=1)) == approx(365.0)


def test_rent_is_the_vendors_price_and_follows_its_trend() -> None:
    (line,) = rental_lines(a_plan(), MACHINE, need())
    assert (line.trend, line.is_price) == ("rental", True)
    assert {each.trend for each in lines_of(a_plan(), 1.0)} == {"none"}
    assert not any(each.is_price for each in lines_of(a_plan(), 1.0))


# --- shared


def overheads(plan: Plan, **changes: Any) -> dict[str, Any]:
    return usd(overhead_lines(plan, **{"one_time_usd": 0.0, "horizon_months": 36, **changes}))


def test_people_egress_and_stated_lines() -> None:
    # 0.1 FTE x 12,500; 1e6 x 100 tokens x 5 bytes = 0.5 GB x 0.09.
    site = {"staff_fte": 0.1, "usd_per_fte_month": 12_500, "egress_usd_per_gb": 0.09, "security_usd_per_month": 7}
    held = a_workload(site=site, constraints={"compliance_usd_per_month": 5})
    found = overheads(a_plan(held))
    assert found["staff"] == approx(1250.0)
    assert found["network egress"] == approx(0.045)
    assert (found["compliance"], found["security hardening"], found["one-time effort"]) == (5.0, 7.0, 0.0)


def test_one_time_effort_is_spread_over_the_horizon() -> None:
    lines = list(overhead_lines(a_plan(), one_time_usd=37_500.0, horizon_months=36))
    assert lines[-1].usd_per_month == approx(1041.6667)
    assert [line.role for line in lines] == ["running"] * 4 + ["one_time"]
    assert lines[-1].source == "stated in the workload"


def test_lines_name_their_inputs_and_the_weakest_kind() -> None:
    lines = {line.name: line for line in overhead_lines(a_plan(), one_time_usd=0.0, horizon_months=1)}
    assert {part.name for part in lines["staff"].inputs} == {"site.staff_fte", "site.usd_per_fte_month"}
    assert lines["staff"].kind == "assumed"


def lines_of(plan: Plan, capacity: Any) -> Iterable[Any]:
    bought = fleet(plan, MACHINE, capacity_req_per_s=capacity, n_spare=1)
    yield from owned_lines(plan, MACHINE, bought, method="annuity", powered_when_idle=True)
    yield from overhead_lines(plan, one_time_usd=0.0, horizon_months=36)


def test_arrays_of_volumes_give_arrays_of_lines() -> None:
    volumes = np.array([1.0, 1e6, 1e7])
    plan = a_plan(wacc_frac=0.1)
    many = usd(lines_of(plan.at_volume(volumes), 1.0))
    for k, volume in enumerate(volumes):
        for name, one in usd(lines_of(plan.at_volume(float(volume)), 1.0)).items():
            assert np.broadcast_to(many[name], 3)[k] == approx(one)
