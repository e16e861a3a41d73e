from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from tco.cost.build import machine
from tco.cost.machine import Machine
from tco.describe.candidates import StatedMachine
from tco.describe.option import MachineOption
from tco.describe.plan import base_value, draw
from tco.describe.record import Figure
from tco.errors import MissingDataError
from tests.factories import TODAY, a_gpu, a_machine_option, a_price, a_rental, a_rented_option

approx: Any = pytest.approx


def built(option: MachineOption, n_gpus: int = 1, sampler: Any = base_value) -> Machine:
    return machine(option, n_gpus=n_gpus, on=TODAY, sampler=sampler)


def stated(**figures: Any) -> StatedMachine:
    return StatedMachine.model_validate(figures)


def test_from_the_profile() -> None:
    held = built(a_machine_option(), n_gpus=2)
    assert (held.gpus_per_replica, held.gpus_per_machine, held.sold_whole) == (2.0, 2.0, False)
    assert (held.gpu_usd, held.host_usd) == (3000.0, 1000.0)
    assert (held.gpu_busy_w, held.gpu_idle_w, held.host_busy_w, held.host_idle_w) == (400.0, 50.0, 100.0, 60.0)
    assert {part.name for part in held.inputs("gpu_usd", "usd_per_gpu_h")} == {"machine.gpu_usd"}


def test_a_server_sold_whole() -> None:
    host = {"usd": 1000, "idle_w": 60, "busy_w": 100, "max_gpus": 8, "sold_whole": True}
    held = built(a_machine_option(hardware=a_gpu(host=host)))
    assert (held.gpus_per_machine, held.sold_whole) == (8.0, True)


def test_a_price_that_includes_the_host_adds_none() -> None:
    held = built(a_machine_option(hardware=a_gpu(prices=(a_price(basis="server_share"),))))
    assert (held.gpu_usd, held.host_usd, held.host_busy_w) == (3000.0, 0.0, 100.0)
    alone = built(a_machine_option(hardware=a_gpu(prices=(a_price(basis="machine"),), host=None)))
    assert (alone.gpus_per_machine, alone.host_busy_w, alone.sold_whole) == (1.0, 0.0, False)


def test_the_workload_may_state_the_whole_machine() -> None:
    # 10,000 USD, 1,000 W and 200 W for a machine of four GPUs, its host included.
    held = built(a_machine_option(stated=stated(usd=10_000, busy_w=1000, idle_w=200), n_gpus=4), n_gpus=4)
    assert (held.gpu_usd, held.gpu_busy_w, held.gpu_idle_w) == (2500.0, 250.0, 50.0)
    assert (held.host_usd, held.host_busy_w, held.host_idle_w) == (0.0, 0.0, 0.0)
    assert (held.gpus_per_machine, held.sold_whole) == (4.0, False)


def test_a_stated_machine_costs_the_same_when_the_tool_chose_its_layout() -> None:
    option = a_machine_option(stated=stated(usd=10_000, busy_w=1000, idle_w=200), n_gpus=None)
    held = built(option, n_gpus=4)
    assert held.gpu_usd * held.gpus_per_machine == 10_000.0


def test_a_range_of_a_stated_machine_is_shared_too() -> None:
    option = a_machine_option(stated=stated(usd={"low": 8000, "base": 10_000, "high": 12_000}, busy_w=1, idle_w=1))
    drawn = np.asarray(built(option, n_gpus=4, sampler=draw(n_draws=500, seed=0)).gpu_usd)
    assert drawn.min() >= 2000.0
    assert drawn.max() <= 3000.0


def test_stated_power_replaces_the_profiles() -> None:
    held = built(a_machine_option(stated=stated(busy_w=700)), n_gpus=2)
    assert (held.gpu_busy_w, held.host_busy_w) == (350.0, 0.0)
    assert (held.gpu_idle_w, held.host_idle_w) == (50.0, 60.0)
    assert (held.gpu_usd, held.gpus_per_machine) == (3000.0, 2.0)


def test_stated_power_serves_where_the_profile_has_none() -> None:
    bare = a_gpu(busy_w=None, idle_w=None)
    assert built(a_machine_option(hardware=bare, stated=stated(busy_w=700, idle_w=70))).gpu_idle_w == 70.0


def test_rated_power_is_the_profiles_where_it_states_one() -> None:
    rated = a_gpu(max_w=450)
    assert built(a_machine_option(hardware=rated)).gpu_rated_w == 450.0
    assert built(a_machine_option()).gpu_rated_w == 400.0
    assert built(a_machine_option(hardware=rated, stated=stated(busy_w=700)), n_gpus=2).gpu_rated_w == 350.0


def test_a_drawn_load_stands_for_an_unknown_rating_in_the_same_draws() -> None:
    unsure = a_gpu(busy_w={"value": 400, "low": 300, "high": 500})
    held = built(a_machine_option(hardware=unsure), sampler=draw(n_draws=100, seed=0))
    assert np.array_equal(np.asarray(held.gpu_rated_w), np.asarray(held.gpu_busy_w))


@pytest.mark.parametrize(
    ("hardware", "says"),
    [
        (a_gpu(busy_w=None), r"gpu: busy_w is unknown; state machine\.busy_w"),
        (a_gpu(idle_w=None), r"gpu: idle_w is unknown; state machine\.idle_w"),
        (a_gpu(host=None), r"no host in the profile; state machine\.usd"),
        (a_gpu(prices=()), r"no price: .*; state machine\.usd"),
    ],
)
def test_unknown_is_not_zero(hardware: Any, says: str) -> None:
    with pytest.raises(MissingDataError, match=says):
        built(a_machine_option(hardware=hardware))


def test_a_rental() -> None:
    held = built(a_rented_option(a_rental(n_gpus=8, plan="spot", usd_per_gpu_h="1.5")), n_gpus=2)
    assert (held.gpus_per_replica, held.gpus_per_machine, held.sold_whole) == (2.0, 8.0, True)
    assert (held.usd_per_gpu_h, held.gpu_usd, held.scale_to_zero) == (1.5, 0.0, False)
    (behind,) = held.inputs("usd_per_gpu_h")
    assert behind.as_of == date(2026, 11, 1)


def test_a_serverless_rental_scales_to_zero() -> None:
    assert built(a_rented_option(a_rental(plan="serverless"))).scale_to_zero


def test_a_stated_rent_replaces_the_rows() -> None:
    option = a_rented_option(rental_price=Figure(value=3.0, unit="USD/h"))
    assert built(option).usd_per_gpu_h == 3.0
