from __future__ import annotations

from typing import Any

import pytest

from tco.perform.batching import batch, ttft_at
from tco.perform.deployment import deployment
from tco.perform.load import Load, Slo
from tco.perform.points import from_points, length_distance, matching_points
from tests.unit.perform import examples as x

approx: Any = pytest.approx

CHAT = Load(input_tok=1000.0, output_tok=150.0)
WANTED: dict[str, Any] = {"model_id": "mistral-7b", "hardware_id": "rtx-4090", "n_gpus": 1, "dtype": "bf16"}


def test_nearest_lengths_within_a_factor():
    near, far = x.a_row(input_tok=1200.0), x.a_row(input_tok=256.0, output_tok=128.0)
    assert length_distance(row=near, load=CHAT) == approx(1.2)
    assert length_distance(row=far, load=CHAT) == approx(1000 / 256)
    assert matching_points(rows=[near, far], load=CHAT, **WANTED) == (near,)
    assert matching_points(rows=[far], load=CHAT, **WANTED) == ()
    assert matching_points(rows=[far], load=CHAT, length_factor=4.0, **WANTED) == (far,)
    assert matching_points(rows=[], load=CHAT, **WANTED) == ()


def test_other_deployments_do_not_match():
    others = [x.a_row(dtype="fp8"), x.a_row(n_gpus=2), x.a_row(hardware="h100-sxm"), x.a_row(output_tok_per_s=None)]
    assert matching_points(rows=others, load=CHAT, **WANTED) == ()
    row = x.a_row()
    assert matching_points(rows=[row], load=CHAT, engine="sglang", **WANTED) == ()
    assert matching_points(rows=[row], load=CHAT, engine="vllm", **WANTED) == (row,)


def test_a_higher_percentile_judges_a_lower_target():
    found = from_points(rows=[x.a_row()], load=CHAT, slo=Slo(ttft_s=0.16))
    assert found.feasible
    assert found.req_per_s == approx(210 / 150)
    assert "TTFT measured at p99 stands for p95: conservative" in found.notes


def test_a_mean_is_multiplied_by_an_assumed_factor():
    row = x.a_row(ttft_stat="mean", itl_ms=20.0)
    found = from_points(rows=[row], load=CHAT, slo=Slo(ttft_s=0.2, ttft_percentile=99, itl_s=0.04, itl_percentile=99))
    assert found.reasons == (
        "no measured point meets the targets: at concurrency 4, the lightest, TTFT p99 is 723 ms; the limit is 200 ms",
    )
    assert (found.req_per_s, found.output_tok_per_s) == (0.0, 0.0)
    assert found.itl_s == approx(0.03)
    assert found.e2e_s == approx(0.157 * 4.60517 + 149 * 0.02)  # ln 100: without a model all of it is a wait
    assert found.notes == ("TTFT p99 assumed 4.61 times the measured mean", "ITL p99 assumed 1.50 times the mean")


def test_a_model_says_how_much_later_the_last_come():
    row = x.a_row(ttft_stat="mean", hardware="h100-sxm", model="llama-3.1-8b")
    held = deployment(model=x.LLAMA_8B, hardware=x.H100)
    found = from_points(rows=[row], load=CHAT, slo=Slo(ttft_s=1.0, ttft_percentile=95), deployment=held)
    state = batch(deployment=held, load=CHAT, n_seqs=4.0)
    factor = float(ttft_at(state=state, percentile=95) / state.ttft_s)
    assert found.ttft_s == approx(0.157 * factor)
    assert 1.25 < factor < 3.0  # some wait for the prompt of another, most do not
    assert found.notes[0] == f"TTFT p95 assumed {factor:.2f} times the measured mean"
    late = x.a_row(ttft_stat="p95")
    asked = Slo(ttft_s=1.0, ttft_percentile=99)
    assert from_points(rows=[late], load=CHAT, slo=asked).ttft_s == approx(0.157 * 4.60517 / 2.99573)


def test_unmeasured_latencies():
    row = x.a_row(ttft_ms=None)
    free = from_points(rows=[row], load=CHAT, slo=Slo())
    assert (free.ttft_s, free.e2e_s) == (None, None)
    assert free.itl_s == approx(4 / 210)  # Little's law
    assert free.notes == ("mean ITL bounded by concurrency over throughput",)
    assert not from_points(rows=[row], load=CHAT, slo=Slo(ttft_s=1.0)).feasible
    assert not from_points(rows=[row], load=CHAT, slo=Slo(deadline_s=1.0)).feasible


def test_the_highest_rate_that_meets_the_targets():
    rows = [x.a_row(), x.a_row(concurrency=8, output_tok_per_s=377.0, ttft_ms=268.0, busy_w=350.0),
            x.a_row(concurrency=16, output_tok_per_s=644.0, ttft_ms=503.0)]  # fmt: skip
    found = from_points(rows=rows, load=CHAT, slo=Slo(ttft_s=0.3, ttft_percentile=99))
    assert (found.concurrency, found.output_tok_per_s, found.busy_w, found.binding) == (8.0, 377.0, 350.0, "latency")
    assert from_points(rows=rows, load=CHAT, slo=Slo()).binding == "largest measured concurrency"
    peaked = [*rows, x.a_row(concurrency=32, output_tok_per_s=600.0)]
    assert from_points(rows=peaked, load=CHAT, slo=Slo()).binding == "throughput"
    assert found.kind == "published"


def test_lengths_that_differ_are_noted():
    longer = from_points(rows=[x.a_row(input_tok=256.0)], load=CHAT, slo=Slo()).notes[-1]
    assert longer == "measured at 256 in, 150 out; the load has 1000 in, 150 out: longer prompts lower the rate"
    assert from_points(rows=[x.a_row(input_tok=1500.0)], load=CHAT, slo=Slo()).notes[-1].endswith("1000 in, 150 out")


def test_samples_take_output_and_slots():
    vote = Load(input_tok=1000.0, output_tok=150.0, n_samples=8.0)
    found = from_points(rows=[x.a_row(itl_ms=20.0)], load=vote, slo=Slo())
    assert found.req_per_s == approx(210 / 1200)
    assert found.e2e_s == approx(0.157 / 1.0 + 149 * 0.02 * 2)
