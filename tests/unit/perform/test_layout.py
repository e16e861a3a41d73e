from __future__ import annotations

from typing import Any

import pytest

from tco.describe.serving import Split
from tco.perform.deployment import Deployment, deployment
from tco.perform.layout import (
    NETWORK_S,
    bubble_ratio,
    exchange_bytes_per_tok,
    hop,
    layered,
    splits,
    spread,
    staged,
)
from tco.perform.load import Load, Slo
from tco.perform.solve import solve
from tco.perform.step import step_s
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LLAMA = deployment(model=x.LLAMA_70B, hardware=x.H100, n_gpus=2)
SPARSE = deployment(model=x.DEEPSEEK_R1, hardware=x.H100, n_gpus=8, dtype="fp8", n_groups=8)
KNOWN = {"n_decode": 16.0, "context_tok": 1000.0}


def a_pipeline(n_stages: int, held: Deployment = LLAMA, n_layers: int = 80) -> Deployment:
    return staged(deployment=held, n_stages=n_stages, n_layers=n_layers, hidden=8192, hop_bytes_per_s=100e9, hop_s=5e-6)


def test_a_bubble_by_hand() -> None:
    # 61 layers over 4 stages: 16 of them in the fullest, 64/61.
    assert bubble_ratio(n_layers=61, n_stages=4) == approx(64 / 61)
    assert bubble_ratio(n_layers=80, n_stages=4) == 1.0
    assert bubble_ratio(n_layers=80, n_stages=1) == 1.0


def test_a_pipeline_holds_a_share_and_takes_the_time_of_all() -> None:
    found = a_pipeline(4)
    assert (found.n_gpus, found.n_stages, found.n_batches) == (8.0, 4.0, 4.0)
    assert found.weights_bytes == approx(LLAMA.weights_bytes / 4)
    assert found.margin_bytes == approx(LLAMA.margin_bytes + LLAMA.weights_bytes * 3 / 4)
    hops = 3 * (5e-6 + 16 * 2 * 8192 / 100e9)
    assert step_s(deployment=found, **KNOWN) == approx(step_s(deployment=LLAMA, **KNOWN) + hops)
    assert a_pipeline(1) is LLAMA


def test_an_uneven_pipeline_is_slower() -> None:
    even, uneven = a_pipeline(3, n_layers=81), a_pipeline(3, n_layers=80)
    assert step_s(deployment=uneven, **KNOWN) > step_s(deployment=even, **KNOWN)


def test_a_pipeline_serves_as_many_batches_as_stages() -> None:
    load = Load(input_tok=100.0, output_tok=100.0)
    found = solve(deployment=a_pipeline(4), load=load, slo=Slo())
    same_room = a_pipeline(4)
    alone = solve(deployment=LLAMA, load=load, slo=Slo())
    assert found.max_seqs == 4.0 * same_room.max_seqs
    assert found.req_per_s > 4.0 * alone.req_per_s  # and each GPU has more room


def test_what_experts_exchange_by_hand() -> None:
    # 58 layers x 8 experts x 7,168 wide x 3 bytes, half of it to other machines.
    shape = x.shape_of(x.DEEPSEEK_R1)
    assert exchange_bytes_per_tok(shape=shape, remote_frac=0.5) == approx(58 * 8 * 7168 * 3 / 2)
    assert exchange_bytes_per_tok(shape=x.LLAMA_8B_SHAPE, remote_frac=0.5) == 0.0


def spread_over(n_ranks: int, skew: float = 1.0, held: Deployment = SPARSE, **changes: Any) -> Deployment:
    known = {"shape": x.shape_of(x.DEEPSEEK_R1), "n_local": 8, "network_bytes_per_s": 50e9, **changes}
    return spread(deployment=held, skew=skew, n_ranks=n_ranks, **known)


def test_within_a_machine_the_fitted_constants_have_it() -> None:
    assert spread_over(8) == SPARSE


def test_between_machines_tokens_cross_the_network() -> None:
    found = spread_over(16)
    crossing = 116 * NETWORK_S + 16 * 58 * 8 * 7168 * 3 * 0.5 / 50e9
    assert step_s(deployment=found, **KNOWN) == approx(step_s(deployment=SPARSE, **KNOWN) + crossing)


def test_the_busiest_rank_sets_the_pace() -> None:
    known = {"n_decode": 0.0, "context_tok": 0.0, "n_prefill_tok": 8192.0, "prefill_context_tok": 4096.0}
    even, skewed = (step_s(deployment=spread_over(8, skew), **known) for skew in (1.0, 2.0))
    assert even < skewed < 2.0 * even
    dense = spread_over(16, 2.0, held=LLAMA, shape=x.shape_of(x.LLAMA_70B))
    assert step_s(deployment=dense, **known) == step_s(deployment=LLAMA, **known)


def test_ways_to_use_eight_gpus() -> None:
    dense = splits(n_gpus=8, n_layers=32, is_sparse=False)
    assert [(each.tensor, each.pipeline) for each in dense] == [(8, 1), (4, 2), (2, 4), (1, 8)]
    sparse = splits(n_gpus=8, n_layers=32, is_sparse=True)
    assert [(each.tensor, each.n_groups) for each in sparse[4:]] == [(1, 8), (2, 4), (4, 2), (8, 1)]
    assert all(each.n_gpus == 8 for each in sparse)
    assert splits(n_gpus=1, n_layers=32, is_sparse=True) == (Split(),)
    assert len(splits(n_gpus=8, n_layers=2, is_sparse=False)) == 2  # of two layers no more than two stages


def test_a_hop_is_one_direction() -> None:
    assert hop(link_bytes_per_s=900e9)[0] == 450e9


def test_whole_layers_on_each_gpu_give_room_and_no_speed() -> None:
    one = deployment(model=x.LLAMA_70B, hardware=x.RTX_4090, dtype="q4_k_m", engine="llama.cpp")
    two = layered(deployment=one, model=x.LLAMA_70B, n_gpus=2, link_bytes_per_s=64e9)
    assert (two.n_gpus, two.n_batches) == (2.0, 1.0)
    assert two.weights_bytes == approx(one.weights_bytes / 2)
    assert two.margin_bytes == approx(one.margin_bytes + one.weights_bytes / 2)
    hop_s = hop(link_bytes_per_s=64e9)[1]
    assert step_s(deployment=two, **KNOWN) == approx(step_s(deployment=one, **KNOWN) + hop_s + 16 * 2 * 8192 / 32e9)
    assert two.notes[-1] == "2 GPUs hold the layers and take turns; power counts all as busy"
    assert layered(deployment=one, model=x.RUMOURED, n_gpus=2, link_bytes_per_s=64e9).n_gpus == 2.0
