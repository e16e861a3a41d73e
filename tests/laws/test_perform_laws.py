from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tco.perform import memory
from tco.perform.batching import batch, max_concurrency
from tco.perform.calibrated import calibrated
from tco.perform.deployment import deployment
from tco.perform.fleet import replicas
from tco.perform.load import Load, Slo
from tco.perform.peaks import peaks
from tco.perform.solve import solve
from tco.perform.step import kv_seq_bytes, step_s
from tests.unit.perform import examples as x

approx: Any = pytest.approx

MODELS = (x.LLAMA_8B, x.QWEN3_8B, x.LLAMA_70B, x.DEEPSEEK_R1, x.GPT_OSS, x.HUGINN, x.RUMOURED)
models = st.sampled_from(MODELS)
machines = st.sampled_from([x.H100, x.RTX_4090, x.a_gpu(id="a100-80gb-sxm", link_gb_per_s=600)])
dtypes = st.sampled_from(["bf16", "fp8", "int4", "q4_k_m", "mxfp4"])
n_gpus = st.sampled_from([1, 2, 3, 8, 16])
n_seqs = st.floats(1.0, 2048.0)
n_tok = st.floats(1.0, 32_768.0)
more = st.floats(1.0, 8.0)


@given(models, machines, dtypes, n_gpus, n_seqs, n_tok, n_tok)
def test_a_step_is_never_faster_than_the_peaks(model, gpu, dtype, n, seqs, context, prompt):
    held, peak = deployment(model=model, hardware=gpu, n_gpus=n, dtype=dtype), peaks(hardware=gpu, dtype=dtype)
    step = step_s(
        deployment=held, n_decode=seqs, context_tok=context, n_prefill_tok=prompt, prefill_context_tok=context
    )
    touched = memory.touched_weight_bytes(
        always_bytes=held.always_bytes, expert_bytes=held.expert_bytes, expert_active_frac=held.expert_active_frac,
        n_tok=seqs + prompt,
    )  # fmt: skip
    cache = seqs * kv_seq_bytes(deployment=held, context_tok=context)
    assert step >= (touched + held.head_bytes + cache) / peak.bytes_per_s
    assert step >= (seqs + prompt) * held.flop_per_tok / peak.flop_per_s


@given(models, machines, dtypes, n_gpus, n_seqs, n_tok, n_tok, more)
def test_a_step_grows_with_batch_context_and_prompt(model, gpu, dtype, n, seqs, context, prompt, factor):
    held = deployment(model=model, hardware=gpu, n_gpus=n, dtype=dtype)

    def timed(*, seqs=seqs, context=context, prompt=prompt):
        return step_s(
            deployment=held, n_decode=seqs, context_tok=context, n_prefill_tok=prompt, prefill_context_tok=context
        )

    base = timed() * (1.0 - 1e-12)
    assert timed(seqs=seqs * factor) >= base
    assert timed(context=context * factor) >= base
    assert timed(prompt=prompt * factor) >= base


@given(models, n_seqs, n_tok, more)
def test_more_bandwidth_or_compute_is_never_slower(model, seqs, context, factor):
    known = {"n_decode": seqs, "context_tok": context}
    base = step_s(deployment=deployment(model=model, hardware=x.a_gpu()), **known) * (1.0 + 1e-12)
    wide = x.a_gpu(bandwidth_gb_per_s=2000 * factor)
    strong = x.a_gpu(dense_tflops={"bf16": 400 * factor})
    assert step_s(deployment=deployment(model=model, hardware=wide), **known) <= base
    assert step_s(deployment=deployment(model=model, hardware=strong), **known) <= base


@given(models, machines, st.sampled_from([2, 4, 8, 16]), n_seqs, n_tok)
def test_n_gpus_are_never_better_than_n_fold(model, gpu, n, seqs, context):
    one, many = deployment(model=model, hardware=gpu), deployment(model=model, hardware=gpu, n_gpus=n)
    known = {"n_decode": seqs, "context_tok": context}
    assert n * step_s(deployment=many, **known) >= step_s(deployment=one, **known) * (1.0 - 1e-9)


@given(models, dtypes, n_gpus)
def test_weights_and_caches_are_positive(model, dtype, n):
    assert memory.weights_bytes(model=model, dtype=dtype) > 0
    held = deployment(model=model, hardware=x.H100, n_gpus=n, dtype=dtype)
    assert kv_seq_bytes(deployment=held, context_tok=1.0) > 0
    assert held.weights_bytes * n == approx(memory.weights_bytes(model=model, dtype=dtype))


@given(st.floats(1e-3, 1.0), n_seqs, more)
def test_touched_experts_grow_and_never_exceed_all(frac, tokens, factor):
    few = memory.touched_frac(expert_active_frac=frac, n_tok=tokens)
    many = memory.touched_frac(expert_active_frac=frac, n_tok=tokens * factor)
    assert frac * (1 - 1e-9) <= few <= many <= 1.0


@given(st.floats(1.0, 8192.0), st.floats(64.0, 4096.0), machines, dtypes)
def test_throughput_does_not_fall_before_the_memory_limit(prompt, answer, gpu, dtype):
    assume(prompt <= 16.0 * answer)  # beyond, long prompts make each other wait: a few percent
    held, load = deployment(model=x.LLAMA_8B, hardware=gpu, dtype=dtype), Load(input_tok=prompt, output_tok=answer)
    limit = float(max_concurrency(deployment=held, load=load))
    assume(limit >= 2.0)
    rate = np.asarray(batch(deployment=held, load=load, n_seqs=limit ** np.linspace(0.0, 1.0, 24)).req_per_s)
    assert np.all(rate >= np.maximum.accumulate(rate) * (1.0 - 0.03))


@given(st.floats(1.0, 4096.0), st.floats(2.0, 2048.0), st.floats(0.02, 2.0), st.floats(0.005, 0.2), more)
def test_looser_targets_and_more_memory_never_lower_the_rate(prompt, answer, ttft_s, itl_s, factor):
    held, load = deployment(model=x.LLAMA_8B, hardware=x.H100), Load(input_tok=prompt, output_tok=answer)
    base = solve(deployment=held, load=load, slo=Slo(ttft_s=ttft_s, itl_s=itl_s)).req_per_s
    loose = solve(deployment=held, load=load, slo=Slo(ttft_s=ttft_s * factor, itl_s=itl_s * factor)).req_per_s
    free = solve(deployment=held, load=load, slo=Slo()).req_per_s
    roomy = solve(deployment=replace(held, margin_bytes=held.margin_bytes * factor), load=load, slo=Slo()).req_per_s
    assert base <= loose * (1 + 1e-9)
    assert loose <= free
    assert roomy >= free * 0.97  # another grid


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e3), st.integers(0, 3))
def test_replicas_carry_the_peak_and_no_more_than_needed(peak, capacity, spare):
    found = replicas(peak_req_per_s=peak, capacity_req_per_s=capacity, n_spare=float(spare)) - spare
    assert found >= 1
    assert found * capacity >= peak * (1 - 1e-8)
    assert found == 1 or (found - 1) * capacity < peak


# --- the same laws with the constants fitted to measurements

engines = st.sampled_from(["vllm", "sglang", "tensorrt-llm", "llama.cpp", "homemade"])


def fitted_on(model, gpu, dtype, n, engine):
    return calibrated(model=model, hardware=gpu, n_gpus=n, dtype=dtype, engine=engine).deployment


@given(models, machines, dtypes, n_gpus, engines, n_seqs, n_tok, n_tok)
def test_fitted_constants_never_beat_the_peaks(model, gpu, dtype, n, engine, seqs, context, prompt):
    held, peak = fitted_on(model, gpu, dtype, n, engine), peaks(hardware=gpu, dtype=dtype)
    step = step_s(
        deployment=held, n_decode=seqs, context_tok=context, n_prefill_tok=prompt, prefill_context_tok=context
    )
    cache = seqs * kv_seq_bytes(deployment=held, context_tok=context)
    assert step >= (held.always_bytes + held.head_bytes + cache) / peak.bytes_per_s
    assert step >= (seqs + prompt) * held.flop_per_tok / peak.flop_per_s


@given(models, machines, dtypes, n_gpus, engines, n_seqs, n_tok, n_tok, more)
def test_fitted_constants_keep_a_step_growing(model, gpu, dtype, n, engine, seqs, context, prompt, factor):
    held = fitted_on(model, gpu, dtype, n, engine)

    def timed(*, seqs=seqs, context=context, prompt=prompt):
        return step_s(
            deployment=held, n_decode=seqs, context_tok=context, n_prefill_tok=prompt, prefill_context_tok=context
        )

    base = timed() * (1.0 - 1e-12)
    assert timed(seqs=seqs * factor) >= base
    assert timed(context=context * factor) >= base
    assert timed(prompt=prompt * factor) >= base


@given(models, machines, st.sampled_from([2, 4, 8]), engines, n_seqs, n_tok)
def test_fitted_constants_keep_n_gpus_below_n_fold(model, gpu, n, engine, seqs, context):
    one, many = fitted_on(model, gpu, "bf16", 1, engine), fitted_on(model, gpu, "bf16", n, engine)
    known = {"n_decode": seqs, "context_tok": context}
    assert n * step_s(deployment=many, **known) >= step_s(deployment=one, **known) * (1.0 - 1e-9)
