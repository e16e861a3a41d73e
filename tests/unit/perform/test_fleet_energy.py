from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.perform import energy, fleet
from tests.unit.perform import examples as x

approx: Any = pytest.approx


def test_replicas():
    assert fleet.replicas(peak_req_per_s=3000.0, capacity_req_per_s=377.0, n_spare=1.0) == 9
    assert fleet.replicas(peak_req_per_s=0.0, capacity_req_per_s=377.0) == 1
    assert fleet.replicas(peak_req_per_s=0.3, capacity_req_per_s=0.1) == 3  # 0.3/0.1 is 2.9999999999999996
    assert fleet.replicas(peak_req_per_s=0.1 * 3, capacity_req_per_s=0.1) == 3  # and this 3.0000000000000004
    found = fleet.replicas(peak_req_per_s=np.array([1.0, 2.0]), capacity_req_per_s=np.array([1.0, 1.5]))
    assert np.asarray(found).tolist() == [1.0, 2.0]


def test_utilisation():
    assert fleet.utilisation_frac(mean_req_per_s=750.0, n_replicas=9.0, capacity_req_per_s=377.0) == approx(
        0.221, abs=1e-3
    )


def test_power_between_idle_and_busy():
    assert energy.power_w(idle_w=100.0, busy_w=450.0, busy_frac=0.221) == approx(177.35)
    assert energy.power_w(idle_w=100.0, busy_w=450.0, busy_frac=0.0) == 100
    assert energy.power_w(idle_w=100.0, busy_w=450.0, busy_frac=1.0) == 450


def test_busy_curve_ends():
    assert energy.busy_tdp_frac(n_seqs=1.0) == approx(0.63)
    assert energy.busy_tdp_frac(n_seqs=16.0) == approx(0.73)
    assert energy.busy_tdp_frac(n_seqs=np.array([256.0, 4096.0])) == approx([0.83, 0.83])


def test_energy_of_tokens():  # 48,000 tokens, 60 s, 20,400 J
    assert energy.joules_per_tok(power_w=340.0, tok_per_s=800.0) == approx(0.425)
    assert energy.kwh_per_mtok(power_w=340.0, tok_per_s=800.0) == approx(0.118, abs=5e-4)
    assert energy.energy_kwh(power_w=340.0, duration_s=60.0) == approx(20_400 / 3.6e6)


def test_busy_power_of_a_replica():
    assert energy.busy_w(hardware=x.a_gpu(busy_w=350, max_w=450), n_gpus=2) == 700
    assert energy.busy_w(hardware=x.a_gpu(max_w=700), n_gpus=2, n_seqs=1.0) == approx(882)
    assert energy.busy_w(hardware=x.a_gpu()) is None


def test_power_of_a_gpu_that_waits_for_its_host():
    # .25 + (.63 - .25) x .5 = .44 of 700 W; with a typical 350 W stated, 350 / .72 stand for the rated power
    assert energy.serving_tdp_frac(n_seqs=1.0, gpu_busy_frac=0.0) == approx(0.25)
    assert energy.serving_tdp_frac(n_seqs=1.0, gpu_busy_frac=1.0) == approx(0.63)
    half: dict[str, Any] = {"n_gpus": 2, "n_seqs": 1.0, "gpu_busy_frac": 0.5}
    assert energy.serving_w(hardware=x.a_gpu(max_w=700), **half) == approx(2 * 0.44 * 700)
    stated = energy.serving_w(hardware=x.a_gpu(busy_w=350, max_w=700), multiplier=1.1, **half)
    assert stated == approx(1.1 * 2 * 350 * 0.44 / 0.72)
    assert energy.serving_w(hardware=x.a_gpu(), **half) is None
