"""Laws of the ways to serve beyond plain tensor parallelism: split, draft, host memory, pools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.perform.batching import batch
from tco.perform.deployment import Deployment, deployment
from tco.perform.disaggregate import pooled
from tco.perform.layout import spread, staged
from tco.perform.load import Load, Slo
from tco.perform.offload import offloaded
from tco.perform.peaks import peaks
from tco.perform.speculate import decode_step_s, drafted, tokens_per_step
from tests.unit.perform import examples as x

approx: Any = pytest.approx
MODELS = (x.LLAMA_8B, x.LLAMA_70B, x.DEEPSEEK_R1, x.GPT_OSS)
models = st.sampled_from(MODELS)
n_seqs = st.floats(1.0, 512.0)
n_tok = st.floats(1.0, 32_768.0)
more = st.floats(1.0, 8.0)
fracs = st.floats(0.0, 1.0)
proposals = st.integers(1, 16).map(float)
SLACK = 1.0 + 1e-9


def plain(model: Any, n_gpus: int = 4) -> Deployment:
    return deployment(model=model, hardware=x.H100, n_gpus=n_gpus)


def ways(held: Deployment) -> tuple[Deployment, ...]:
    """The deployment served in each other way."""
    return (
        drafted(deployment=held, draft=plain(x.LLAMA_8B), n_tok=4.0, accept_frac=0.7),
        offloaded(deployment=held, room_bytes=60e9, host_memory_bytes=1e12, host_bytes_per_s=4e11),
        staged(deployment=held, n_stages=3, n_layers=80, hidden=8192, hop_bytes_per_s=5e10, hop_s=5e-6),
        spread(
            deployment=held, shape=x.shape_of(x.DEEPSEEK_R1), skew=1.5, n_ranks=32, n_local=8, network_bytes_per_s=5e10
        ),
    )


@given(models, n_seqs, n_tok, n_tok, more)
def test_a_step_grows_with_batch_context_and_prompt(model, seqs, context, prompt, factor):
    for held in ways(plain(model)):

        def timed(seqs=seqs, context=context, prompt=prompt, held=held):
            return decode_step_s(
                deployment=held, n_decode=seqs, context_tok=context, n_prefill_tok=prompt, prefill_context_tok=context
            )

        base = timed() / SLACK
        assert timed(seqs=seqs * factor) >= base
        assert timed(context=context * factor) >= base
        assert timed(prompt=prompt * factor) >= base


@given(fracs, fracs, proposals)
def test_more_accepted_tokens_are_more_tokens_a_step(one, other, n):
    few, many = (float(tokens_per_step(accept_frac=a, n_tok=n)) for a in sorted((one, other)))
    assert 1.0 <= few <= many * SLACK
    assert many <= (n + 1.0) * SLACK


@given(models, n_seqs, n_tok, fracs, proposals)
def test_a_draft_never_beats_the_roofline_of_its_target(model, seqs, context, accepted, n):
    held, peak = plain(model), peaks(hardware=x.H100, dtype="bf16")
    fast = drafted(deployment=held, draft=plain(x.LLAMA_8B), n_tok=n, accept_frac=accepted)
    step = decode_step_s(deployment=fast, n_decode=seqs, context_tok=context)
    tokens = seqs * tokens_per_step(accept_frac=accepted, n_tok=n)
    assert step >= (held.always_bytes + held.head_bytes) / peak.bytes_per_s
    assert step >= tokens * held.flop_per_tok / peak.flop_per_s


@given(st.sampled_from((x.LLAMA_8B, x.LLAMA_70B)), n_seqs, n_tok, st.floats(0.0, 1e11), st.floats(1e10, 7e11), more)
def test_the_hosts_memory_is_never_faster_than_the_gpus(model, seqs, prompt, room, host_rate, factor):
    held = deployment(model=model, hardware=x.RTX_4090, dtype="int4")
    known: dict[str, Any] = {
        "n_decode": seqs, "context_tok": 100.0, "n_prefill_tok": prompt, "prefill_context_tok": prompt / 2.0,
    }  # fmt: skip

    def timed(room=room, rate=host_rate):
        away = offloaded(deployment=held, room_bytes=room, host_memory_bytes=1e12, host_bytes_per_s=rate)
        return decode_step_s(deployment=away, **known)

    assert timed() * SLACK >= decode_step_s(deployment=held, **known)
    assert timed(room=room * factor) * SLACK >= timed()
    assert timed(rate=host_rate * factor) <= timed() * SLACK


@given(models, st.integers(2, 16), st.integers(16, 126), n_seqs, n_tok)
def test_n_stages_are_never_better_than_n_fold(model, n, n_layers, seqs, context):
    held = plain(model)
    pipeline = staged(deployment=held, n_stages=n, n_layers=n_layers, hidden=4096, hop_bytes_per_s=4.5e11, hop_s=5e-6)
    known = {"n_decode": seqs, "context_tok": context}
    assert pipeline.n_batches == n
    assert decode_step_s(deployment=pipeline, **known) * SLACK >= decode_step_s(deployment=held, **known)
    assert pipeline.weights_bytes * n == approx(held.weights_bytes)


@given(models, n_seqs, n_tok, st.floats(1.0, 8.0), st.integers(8, 64))
def test_skew_and_distance_never_help(model, seqs, context, skew, n_ranks):
    held, known = plain(model), {"n_decode": seqs, "context_tok": context}
    shape = x.shape_of(model)
    base = decode_step_s(deployment=held, **known)
    for ranks, much in ((n_ranks, 1.0), (8, skew), (n_ranks, skew)):
        far = spread(deployment=held, shape=shape, skew=much, n_ranks=ranks, n_local=8, network_bytes_per_s=5e10)
        assert decode_step_s(deployment=far, **known) * SLACK >= base


loads = st.builds(Load, input_tok=st.floats(10.0, 16_384.0), output_tok=st.floats(2.0, 2048.0))
slos = st.sampled_from([Slo(), Slo(ttft_s=1.0), Slo(itl_s=0.05), Slo(deadline_s=60.0)])


@given(loads, slos, st.integers(1, 8), st.integers(1, 8), st.floats(1e9, 1e12), more)
def test_pools_serve_no_more_than_either_and_more_of_anything_never_hurts(load, slo, n_p, n_d, link, factor):
    held = deployment(model=x.LLAMA_8B, hardware=x.H100)

    def at(prefills=float(n_p), decodes=float(n_d), link=link):
        return pooled(
            prefill=held, decode=held, n_prefill=prefills, n_decode=decodes, link_bytes_per_s=link, load=load, slo=slo
        )

    found = at()
    base = float(found.req_per_s) / (1.0 + 1e-6)
    assert base <= min(found.prefill_req_per_s, found.decode_req_per_s)
    assert at(link=link * factor).req_per_s >= base
    assert at(prefills=n_p + 1.0, decodes=n_d + 1.0).req_per_s >= base


@given(loads, n_seqs)
def test_decode_without_prompts_is_never_slower(load, seqs):
    held = deployment(model=x.LLAMA_8B, hardware=x.H100)
    apart = decode_step_s(deployment=held, n_decode=seqs, context_tok=load.mean_context_tok)
    together = batch(deployment=held, load=load, n_seqs=seqs).itl_s
    assert apart <= np.asarray(together) * SLACK + held.overhead_s_per_seq  # a prompt step runs one sequence fewer


@given(st.sampled_from([x.LLAMA_8B, x.LLAMA_70B]), st.floats(1.0, 4096.0), st.floats(64.0, 4096.0))
def test_pipelined_throughput_does_not_fall_before_the_memory_limit(model, prompt, answer):
    held = staged(deployment=plain(model), n_stages=2, n_layers=80, hidden=8192, hop_bytes_per_s=4.5e11, hop_s=5e-6)
    load = Load(input_tok=min(prompt, 16.0 * answer), output_tok=answer)
    rate = np.asarray(batch(deployment=replace(held), load=load, n_seqs=512.0 ** np.linspace(0.0, 1.0, 16)).req_per_s)
    assert np.all(rate >= np.maximum.accumulate(rate) * (1.0 - 0.03))


@given(st.sampled_from([x.DEEPSEEK_R1, x.GPT_OSS]), st.sampled_from([2, 4, 8]), n_seqs, n_tok)
def test_groups_that_share_experts_are_never_better_than_n_fold(model, n, seqs, context):
    one = deployment(model=model, hardware=x.H100, dtype="fp8")
    many = deployment(model=model, hardware=x.H100, dtype="fp8", n_gpus=n, n_groups=n)
    together = decode_step_s(deployment=one, n_decode=seqs * n, context_tok=context)
    apart = decode_step_s(deployment=many, n_decode=seqs, context_tok=context)
    assert n * apart * SLACK >= together
