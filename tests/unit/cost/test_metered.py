"""Energy of tokens as measured: the power of the operating point on its own line of the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tco.cost.build import metered
from tco.cost.machine import METERED, Fleet, Machine, owned_lines
from tco.describe.record import Figure
from tco.perform.capacity import Capacity
from tests import factories

approx: Any = pytest.approx
MEASURED = Capacity(
    req_per_s=1.0, concurrency=8.0, output_tok_per_s=1000.0, ttft_s=0.1, itl_s=0.01, e2e_s=1.0, binding="latency",
    basis="measured", band_low_frac=0.9, band_high_frac=1.1, busy_w=1200.0, source="own measurement",
    as_of=factories.TODAY, kind="measured",
)  # fmt: skip


def test_each_accelerator_draws_its_share_of_the_measured_power() -> None:
    option = factories.a_machine_option()
    drawn = metered(option, MEASURED, n_gpus=4).hardware.busy_w
    assert drawn is not None
    assert (drawn.value, drawn.kind, drawn.note, drawn.source) == (300.0, "measured", METERED, "own measurement")
    assert metered(option, MEASURED, n_gpus=4).hardware.prices == option.hardware.prices


@pytest.mark.parametrize("changed", [{"basis": "predicted"}, {"kind": "published"}, {"busy_w": None}])
def test_what_was_not_measured_is_not_metered(changed: dict[str, Any]) -> None:
    option = factories.a_machine_option()
    assert metered(option, replace(MEASURED, **changed), n_gpus=4) is option


@pytest.mark.parametrize("basis", ["interpolated", "measured, scaled by the model"])
def test_near_a_point_the_watts_are_measured_but_the_joules_of_a_token_are_not(basis: Any) -> None:
    drawn = metered(factories.a_machine_option(), replace(MEASURED, basis=basis), n_gpus=4).hardware.busy_w
    assert drawn is not None
    assert (drawn.value, drawn.kind, drawn.note) == (300.0, "measured", "")


def test_tokens_and_hosts_have_lines_of_their_own() -> None:
    """2 busy GPUs of 300 W for 730 h at 0.10 USD/kWh: 438 kWh, 43.80 USD; their half host of 100 W: 36.5 kWh."""
    power = Figure(value=300.0, unit="W", kind="measured", note=METERED)
    machine = Machine(
        gpus_per_replica=1.0, gpus_per_machine=4.0, sold_whole=False, gpu_busy_w=300.0, host_busy_w=100.0,
        figures={"gpu_busy_w": power},
    )  # fmt: skip
    need = Fleet(n_replicas=4.0, n_machines=1.0, n_gpus=4.0, utilisation_frac=0.5, active_gpus=2.0)
    plan = factories.a_plan()
    lines = {
        line.name: line
        for line in owned_lines(plan, machine, need, method="straight_line", powered_when_idle=True)
        if line.unit == "kWh"
    }
    tokens, hosts = lines["energy: tokens, as measured"], lines["energy: busy hosts"]
    assert (tokens.quantity, tokens.usd_per_month, tokens.kind) == (approx(438.0), approx(43.8), "measured")
    assert hosts.quantity == approx(36.5)
    plain = replace(machine, figures={})
    whole = list(owned_lines(plan, plain, need, method="straight_line", powered_when_idle=True))
    busy = next(each for each in whole if each.name == "energy: busy")
    assert busy.quantity == approx(tokens.quantity + hosts.quantity)
