"""The worked examples 14 to 22 of the capabilities, and the latency-sensitive scenario."""

from __future__ import annotations

from typing import Any

import pytest

from tco.perform import energy, fleet, memory, step
from tco.perform.load import Load, Slo
from tco.perform.points import from_points
from tests.unit.perform import examples as x

approx: Any = pytest.approx

USD_PER_KWH = 0.15
USD_PER_S_4090 = 1600.0 / (3600.0 * 26_280.0)
# concurrency: output tok/s, p99 TTFT in ms of one RTX 4090, Mistral 7B on vLLM, 256 in and 128 out
TABLE_4090 = {4: (210.0, 157.0), 8: (377.0, 268.0), 16: (644.0, 503.0), 32: (975.0, 938.0), 48: (1190.0, 1483.0)}


def test_11_energy_of_a_single_stream():
    assert energy.kwh_per_mtok(power_w=450.0, tok_per_s=40.0) * USD_PER_KWH == approx(0.46875)


def test_14_microbenchmark():
    tok_per_s, power_w = 48_000 / 60, 20_400 / 60
    assert (tok_per_s, power_w) == (800, 340)
    assert energy.joules_per_tok(power_w=power_w, tok_per_s=tok_per_s) == approx(0.425)
    assert energy.kwh_per_mtok(power_w=power_w, tok_per_s=tok_per_s) == approx(0.118, abs=5e-4)
    assert energy.kwh_per_mtok(power_w=power_w, tok_per_s=tok_per_s) * USD_PER_KWH == approx(0.0177, abs=5e-5)


@pytest.mark.parametrize(("tok_per_s", "usd_per_mtok"), [(195.0, 0.1615), (880.0, 0.0358), (1100.0, 0.0286)])
def test_15_throughput_is_a_table(tok_per_s, usd_per_mtok):
    power_usd = energy.kwh_per_mtok(power_w=350.0, tok_per_s=tok_per_s) * USD_PER_KWH
    assert USD_PER_S_4090 / tok_per_s * 1e6 + power_usd == approx(usd_per_mtok, abs=5e-5)


def test_16_single_stream_ceiling():
    ceiling = step.roofline_tok_per_s(weights_bytes=16.4e9, bytes_per_s=1008e9)
    assert ceiling == approx(61.5, abs=0.05)
    assert 40 / ceiling == approx(0.65, abs=5e-3)
    assert ceiling < 120


def test_17_memory_fit():
    weights_bytes = 70e9 * 0.5
    alone = {"reserve_frac": 0.0}
    assert memory.margin_bytes(memory_bytes=24e9, weights_bytes=weights_bytes, **alone) == approx(-11e9)
    assert memory.margin_bytes(memory_bytes=48e9, weights_bytes=weights_bytes, **alone) == approx(13e9)
    assert memory.n_gpus_for_weights(weights_bytes=weights_bytes, memory_bytes=24e9) == 2
    assert memory.margin_bytes(memory_bytes=24e9, weights_bytes=70e9 * 2.4 / 8, **alone) == approx(3e9)


@pytest.mark.parametrize(
    ("weights_gb", "free_gb", "n_tok", "n_seqs"), [(16.4, 5.68, 38_519, 4), (8.2, 13.88, 94_129, 11)]
)
def test_18_cache_sizing(weights_gb, free_gb, n_tok, n_seqs):
    per_tok = memory.kv_bytes_per_tok(shape=x.shape_of(x.QWEN3_8B))
    assert per_tok == 147_456
    margin = memory.margin_bytes(memory_bytes=24e9, weights_bytes=weights_gb * 1e9)
    assert margin == approx(free_gb * 1e9)
    # the example truncates one and rounds the other: 38,519.97 and 94,129.8
    assert memory.n_cacheable_tok(margin_bytes=margin, kv_bytes_per_tok=per_tok) == approx(n_tok, abs=1)
    assert memory.max_sequences(margin_bytes=margin, kv_bytes_per_seq=8192 * per_tok) == n_seqs


def test_19_memory_by_total_compute_by_active():
    weights_bytes = memory.weights_bytes(model=x.RUMOURED, dtype="fp8")
    assert weights_bytes == approx(1000e9, rel=1e-3)
    assert memory.n_gpus_for_weights(weights_bytes=weights_bytes, memory_bytes=80e9) == 13
    assert 2 * memory.param_count(model=x.RUMOURED).active == approx(74e9)
    gpt4 = x.a_model(params_total_b=1800, params_active_b=280)
    assert 2 * memory.param_count(model=gpt4).active == approx(0.56e12)


def test_20_flop_audit():
    flop = 2 * 175e9 * 1000
    assert flop / 989e12 == approx(0.354, abs=5e-4)
    for usd_per_h, mfu in ((2.0, 0.0197), (3.0, 0.0295)):
        assert step.mfu_frac(flop=flop, flop_per_s=989e12, wall_s=0.01 / usd_per_h * 3600) == approx(mfu, abs=5e-5)


def test_22_idle_and_busy_energy():
    busy_kwh = energy.energy_kwh(power_w=550.0, duration_s=13.13 * 3600)
    idle_kwh = energy.energy_kwh(power_w=100.0, duration_s=(730 - 13.13) * 3600)
    assert busy_kwh * USD_PER_KWH == approx(1.08, abs=5e-3)
    assert idle_kwh * USD_PER_KWH == approx(10.75, abs=5e-3)


@pytest.mark.parametrize(("ttft_s", "tok_per_s", "n_replicas"), [(0.3, 377.0, 9), (1.5, 1190.0, 4)])
def test_38_the_latency_target_sizes_the_fleet(ttft_s, tok_per_s, n_replicas):
    rows = [
        x.a_row(concurrency=n, output_tok_per_s=rate, ttft_ms=ttft, input_tok=256.0, output_tok=128.0)
        for n, (rate, ttft) in TABLE_4090.items()
    ]
    found = from_points(
        rows=rows, load=Load(input_tok=1000.0, output_tok=150.0), slo=Slo(ttft_s=ttft_s, ttft_percentile=99)
    )
    assert found.output_tok_per_s == tok_per_s
    needed = fleet.replicas(peak_req_per_s=20.0, capacity_req_per_s=found.req_per_s, n_spare=1.0)
    assert needed == n_replicas
    if n_replicas == 9:
        power_w = energy.power_w(idle_w=100.0, busy_w=450.0 + 100.0, busy_frac=0.221)
        used = fleet.utilisation_frac(mean_req_per_s=5.0, n_replicas=needed, capacity_req_per_s=found.req_per_s)
        assert used == approx(0.221, abs=5e-4)
        assert 9 * energy.energy_kwh(power_w=power_w, duration_s=730 * 3600.0) * USD_PER_KWH == approx(196.58, abs=0.05)
