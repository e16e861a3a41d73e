from __future__ import annotations

from typing import Any

import pytest

from tco.errors import MissingDataError
from tco.perform import memory
from tco.perform.batching import batch, itl_at, max_concurrency
from tco.perform.deployment import Deployment, deployment, stack
from tco.perform.load import Load, Slo
from tco.perform.solve import solve
from tco.perform.speculate import (
    decode_step_s,
    drafted,
    own_head,
    resident_bytes,
    tokens_of,
    tokens_per_step,
)
from tco.perform.step import kv_seq_bytes, step_s
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LOAD = Load(input_tok=1000.0, output_tok=200.0)
BIG = deployment(model=x.LLAMA_70B, hardware=x.H100, n_gpus=4)
SMALL = deployment(model=x.LLAMA_8B, hardware=x.H100, n_gpus=4)


def with_draft(n_tok: float = 4.0, accept_frac: float = 0.7) -> Deployment:
    return drafted(deployment=BIG, draft=SMALL, n_tok=n_tok, accept_frac=accept_frac)


def test_tokens_of_a_step_by_hand() -> None:
    # 1 + 0.7 + 0.49 + 0.343 + 0.2401
    assert tokens_per_step(accept_frac=0.7, n_tok=4.0) == approx(2.7731)
    assert tokens_per_step(accept_frac=0.0, n_tok=4.0) == 1.0
    assert tokens_per_step(accept_frac=1.0, n_tok=4.0) == 5.0
    assert tokens_of(deployment=BIG) == 1.0
    assert tokens_of(deployment=with_draft()) == approx(2.7731)


def test_a_step_is_one_verification_and_the_drafts_steps() -> None:
    known = {"n_decode": 8.0, "context_tok": 1000.0}
    verify = step_s(deployment=BIG, **known, tok_per_seq=5.0)
    assert decode_step_s(deployment=with_draft(), **known) == approx(verify + 4 * step_s(deployment=SMALL, **known))
    assert decode_step_s(deployment=BIG, **known) == step_s(deployment=BIG, **known)


def test_the_draft_reads_the_prompt_once() -> None:
    chunk = {"n_prefill_tok": 1000.0, "prefill_context_tok": 500.0}
    alone = {"n_decode": 0.0, "context_tok": 0.0}
    both = step_s(deployment=BIG, **alone, **chunk, tok_per_seq=5.0) + step_s(deployment=SMALL, **alone, **chunk)
    assert decode_step_s(deployment=with_draft(), **alone, **chunk) == approx(both)


def test_verifying_reads_the_cache_once_and_computes_on_every_token() -> None:
    known = {"n_decode": 4.0, "context_tok": 8000.0}
    one, five = (step_s(deployment=BIG, **known, tok_per_seq=n) for n in (1.0, 5.0))
    cache_s = 4.0 * kv_seq_bytes(deployment=BIG, context_tok=8000.0) / BIG.kv_bytes_per_s
    assert one < five < one + 4.0 * cache_s


def test_the_gain_vanishes_at_large_batches() -> None:
    def gain(n_seqs: float) -> float:
        plain, fast = (batch(deployment=held, load=LOAD, n_seqs=n_seqs) for held in (BIG, with_draft()))
        return float(plain.itl_s / fast.itl_s)

    gains = [gain(n) for n in (1.0, 16.0, 128.0, 1024.0)]
    assert gains[0] > 1.5
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] < 1.0


def test_a_percentile_of_the_itl_is_a_whole_step() -> None:
    state = batch(deployment=with_draft(), load=LOAD, n_seqs=1.0)
    assert state.itl_s == approx(state.decode_step_s / 2.7731)
    assert itl_at(state=state, percentile=95) == approx(state.decode_step_s)
    assert itl_at(state=state, percentile=50) == approx(state.itl_s)
    # Prompts stall as many tokens as without a draft, since the rest of a step's tokens come with its first.
    drafted, plain = (batch(deployment=held, load=LOAD, n_seqs=4.0) for held in (with_draft(), BIG))
    assert drafted.prefill_step_share == approx(plain.prefill_step_share)


def test_the_draft_takes_memory_for_its_weights_and_its_cache() -> None:
    held = with_draft()
    assert held.margin_bytes == approx(BIG.margin_bytes - SMALL.weights_bytes)
    one = kv_seq_bytes(deployment=BIG, context_tok=100.0) + kv_seq_bytes(deployment=SMALL, context_tok=100.0)
    assert resident_bytes(deployment=held, context_tok=100.0) == approx(one)
    assert max_concurrency(deployment=held, load=LOAD) < max_concurrency(deployment=BIG, load=LOAD)


def test_drafts_stack_like_everything_else() -> None:
    held = [with_draft(accept_frac=a) for a in (0.5, 0.9)]
    both = solve(deployment=stack(held), load=LOAD, slo=Slo())
    assert both.req_per_s == approx([float(solve(deployment=each, load=LOAD, slo=Slo()).req_per_s) for each in held])
    assert both.req_per_s[0] < both.req_per_s[1]


def test_a_models_own_head_is_one_layer() -> None:
    head = own_head(x.DEEPSEEK_R1)
    shape = x.shape_of(head)
    assert (shape.n_layers, shape.moe and shape.moe.n_dense_layers) == (1, 0)
    whole = memory.param_count(model=x.DEEPSEEK_R1)
    assert memory.param_count(model=head).expert == approx(whole.expert / 58)
    assert x.shape_of(own_head(x.LLAMA_8B)).moe is None
    with pytest.raises(MissingDataError, match="publishes no shape"):
        own_head(x.RUMOURED)
