from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tco.perform.capacity import from_stated, missed, predicted
from tco.perform.deployment import deployment
from tco.perform.load import Load, Slo
from tests.unit.perform import examples as x

approx: Any = pytest.approx

HELD = deployment(model=x.LLAMA_8B, hardware=x.H100)
LOAD = Load(input_tok=1000.0, output_tok=200.0)


def test_stated_speed_is_serial():  # 200/40 + 500/1000 = 5.5 s
    load = Load(input_tok=1000.0, output_tok=200.0, cached_input_frac=0.5)
    found = from_stated(decode_tok_per_s=40.0, prefill_tok_per_s=1000.0, load=load, source="me", as_of=date(2026, 1, 1))
    assert found.feasible
    assert found.req_per_s == approx(1 / 5.5)
    assert (found.ttft_s, found.itl_s, found.e2e_s) == (0.5, 0.025, 5.5)
    assert found.output_tok_per_s == approx(200 / 5.5)
    assert (found.basis, found.source) == ("stated", "me")


def test_stated_speed_without_a_prompt_speed():
    load = Load(input_tok=1000.0, output_tok=200.0, n_samples=2.0)
    found = from_stated(decode_tok_per_s=40.0, prefill_tok_per_s=None, load=load)
    assert found.req_per_s == approx(1 / 10)
    assert found.ttft_s is None
    assert "left out" in found.notes[1]
    judged = from_stated(decode_tok_per_s=40.0, prefill_tok_per_s=None, load=load, slo=Slo(ttft_s=1.0))
    assert judged.reasons == ("TTFT p95 is unknown; the limit is 1,000 ms",)
    assert judged.req_per_s == 0


def test_what_is_missed():
    slo = Slo(ttft_s=0.3, ttft_percentile=99, itl_s=0.05, deadline_s=20.0)
    assert missed(slo=slo, ttft_s=0.3, itl_s=0.05, e2e_s=20.0) == ()
    assert missed(slo=slo, ttft_s=0.5, itl_s=0.06, e2e_s=30.0) == (
        "TTFT p99 is 500 ms; the limit is 300 ms",
        "ITL p95 is 60 ms; the limit is 50 ms",
        "whole answer is 30 s; the limit is 20 s",
    )


def test_predicted_capacity():
    found = predicted(deployment=HELD, load=LOAD, slo=Slo(ttft_s=0.5, itl_s=0.05), hardware=x.H100)
    assert found.feasible
    assert found.basis == "predicted"
    assert found.output_tok_per_s == approx(found.req_per_s * 200)
    assert found.busy_w is not None
    assert 0.63 * 700 < found.busy_w < 0.83 * 700
    assert found.margin_gb == approx(52.25, abs=0.01)
    assert found.binding == "headroom"
    assert found.source


def test_both_percentiles_at_the_operating_point():
    slo = Slo(ttft_s=0.5, itl_s=0.05)
    found = predicted(deployment=HELD, load=LOAD, slo=slo)
    held = found.percentiles_s
    assert (held["ttft_p95"], held["itl_p95"]) == (approx(found.ttft_s, rel=0.02), approx(found.itl_s, rel=0.02))
    assert held["ttft_p99"] > held["ttft_p95"]
    assert held["itl_p99"] >= held["itl_p95"]
    bursty = predicted(deployment=HELD, load=replace(LOAD, arrival_scv=9.0), slo=slo)
    assert bursty.percentiles_s["ttft_p95"] == approx(bursty.ttft_s, rel=0.05)
    assert predicted(deployment=HELD, load=LOAD, slo=Slo()).percentiles_s == {}
    assert predicted(deployment=HELD, load=LOAD, slo=Slo(itl_s=1e-6)).percentiles_s == {}


def test_power_is_a_hint():
    assert predicted(deployment=HELD, load=LOAD, slo=Slo()).busy_w is None
    assert predicted(deployment=HELD, load=LOAD, slo=Slo(), hardware=x.a_gpu()).busy_w is None


@pytest.mark.parametrize(
    ("changes", "binding"),
    [({}, "memory"), ({"max_seqs": 8.0}, "engine limit")],
)
def test_what_binds_a_batch_job(changes, binding):
    assert predicted(deployment=replace(HELD, **changes), load=LOAD, slo=Slo()).binding == binding


def test_throughput_may_peak_before_the_limit():
    # long prompts and short answers: more sequences only make each other wait
    found = predicted(deployment=HELD, load=Load(input_tok=20_000.0, output_tok=5.0), slo=Slo())
    assert found.binding == "throughput"


def test_reasons():
    big = deployment(model=x.LLAMA_70B, hardware=x.H100)
    found = predicted(deployment=big, load=LOAD, slo=Slo())
    assert found.reasons[0].startswith("does not fit: 141.1 GB of weights per GPU of 80 GB, ")
    assert (found.req_per_s, found.concurrency, found.ttft_s, found.binding) == (0.0, 0.0, None, "memory")
    tight = replace(HELD, margin_bytes=1e8)
    assert predicted(deployment=tight, load=LOAD, slo=Slo()).reasons == (
        "no room for the cache of 1,200 tokens: 0.1 GB free per GPU",
    )
    long = predicted(deployment=HELD, load=Load(input_tok=150_000.0, output_tok=1.0), slo=Slo())
    assert long.reasons == ("needs a context of 150,001 tokens; the model has 131,072",)
    slow = predicted(deployment=HELD, load=LOAD, slo=Slo(itl_s=0.001))
    assert slow.reasons == ("at one sequence ITL p95 is 7 ms; the limit is 1 ms",)
    assert not slow.feasible
    bursty = replace(LOAD, arrival_scv=5.0)
    crowded = predicted(deployment=replace(HELD, max_seqs=1.0), load=bursty, slo=Slo(ttft_s=2.0))
    assert crowded.reasons == ("at one sequence TTFT p95 is 11 s; the limit is 2,000 ms",)
