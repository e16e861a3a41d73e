from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.describe.record import Figure
from tco.describe.serving import Pools
from tco.perform.batching import max_concurrency
from tco.perform.deployment import Deployment, deployment
from tco.perform.disaggregate import (
    Pooled,
    best_ratio,
    bound,
    decode_curve,
    from_pools,
    gpu_ratio,
    pooled,
    prefill_s,
    transfer_s,
)
from tco.perform.load import Load, Slo
from tco.perform.step import step_s
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LOAD = Load(input_tok=4000.0, output_tok=200.0)
ONE = deployment(model=x.LLAMA_8B, hardware=x.H100)
POOLS = Pools(prefill=1, decode=1, link=Figure(value=50, unit="GB/s"))


def at(slo: Slo, load: Load = LOAD, held: Deployment = ONE, n_prefill: float = 1.0, n_decode: float = 1.0) -> Pooled:
    return pooled(
        prefill=held, decode=held, n_prefill=n_prefill, n_decode=n_decode, link_bytes_per_s=50e9, load=load, slo=slo
    )


def test_a_transfer_by_hand() -> None:
    # 131,072 bytes a token of Llama 8B, 4,000 tokens, 50 GB/s: 10.5 ms.
    assert transfer_s(deployment=ONE, load=LOAD, link_bytes_per_s=50e9) == approx(131072 * 4000 / 50e9)
    two = deployment(model=x.LLAMA_8B, hardware=x.H100, n_gpus=2)  # half on each GPU
    assert transfer_s(deployment=two, load=LOAD, link_bytes_per_s=50e9) == approx(131072 * 4000 / 50e9)
    latent = deployment(model=x.DEEPSEEK_R1, hardware=x.H100, n_gpus=8)  # 61 layers of 576 numbers, on each GPU
    assert transfer_s(deployment=latent, load=LOAD, link_bytes_per_s=50e9) == approx(61 * 576 * 2 * 4000 / 50e9)


def test_prompts_share_steps_of_a_full_budget() -> None:
    alone, shared = prefill_s(deployment=ONE, load=replace(LOAD, input_tok=100.0))
    assert shared < alone / 2
    full = step_s(deployment=ONE, n_decode=0.0, context_tok=0.0, n_prefill_tok=8192.0, prefill_context_tok=2000.0)
    assert prefill_s(deployment=ONE, load=LOAD)[1] == approx(full * 4000 / 8192)


def test_decode_is_not_disturbed_by_prompts() -> None:
    n_seqs, itl_s, rate = decode_curve(deployment=ONE, load=LOAD)
    assert itl_s[0] == approx(step_s(deployment=ONE, n_decode=1.0, context_tok=4100.0))
    assert rate[0] == approx(1.0 / (199 * itl_s[0]))
    assert n_seqs[-1] == approx(max_concurrency(deployment=ONE, load=LOAD))


def test_the_slower_pool_binds() -> None:
    found = at(Slo())
    assert found.req_per_s == approx(min(found.prefill_req_per_s, found.decode_req_per_s), rel=1e-3)
    assert bound(found) == "prefill pool"
    assert bound(at(Slo(), n_prefill=8.0)) == "decode pool"
    assert at(Slo(), n_prefill=2.0).prefill_req_per_s == approx(2.0 * found.prefill_req_per_s)


def test_no_more_than_the_links_carry() -> None:
    # 524 MB a prompt over 1 GB/s: 1.9 a second from each of two instances, whatever four could decode.
    held = pooled(
        prefill=ONE, decode=ONE, n_prefill=2.0, n_decode=4.0, link_bytes_per_s=1e9, load=LOAD, slo=Slo(deadline_s=1e9)
    )
    assert held.link_req_per_s == approx(2.0 / (131072 * 4000 / 1e9))
    assert held.req_per_s == approx(0.8 * held.link_req_per_s)
    assert bound(held) == "link between the pools"
    assert held.ttft_s > held.transfer_s + 2.0 * held.transfer_s  # four fifths busy: two transfers of waiting


def test_at_the_best_ratio_both_saturate() -> None:
    assert best_ratio(prefill_gpu_req_per_s=3.0, decode_gpu_req_per_s=1.5) == 2.0
    found = at(Slo())
    ratio = gpu_ratio(found, POOLS)
    even = at(Slo(), n_decode=ratio)
    assert even.prefill_req_per_s == approx(even.decode_req_per_s)


def test_interactive_pools_keep_their_distance_and_their_targets() -> None:
    free, bounded = at(Slo()), at(Slo(deadline_s=1e9))
    assert bounded.req_per_s == approx(0.8 * free.req_per_s, rel=1e-3)
    tight = at(Slo(ttft_s=0.32))
    assert 0 < tight.req_per_s < bounded.req_per_s
    assert tight.ttft_s <= 0.32 * (1 + 1e-9)
    slow = at(Slo(itl_s=0.008), n_prefill=50.0)
    assert slow.itl_s <= 0.008 * (1 + 1e-9)
    assert not at(Slo(itl_s=0.001)).feasible


def test_a_prompt_waits_the_transfer() -> None:
    found = at(Slo(deadline_s=1e9))
    alone_s, _ = prefill_s(deployment=ONE, load=LOAD)
    assert found.ttft_s > 1.25 * (ONE.frontend_s + alone_s + found.transfer_s)


def test_arrays_of_loads() -> None:
    loads = Load(input_tok=np.array([1000.0, 4000.0]), output_tok=np.array([100.0, 200.0]))
    both = at(Slo(ttft_s=1.0), load=loads)
    singles = [
        float(at(Slo(ttft_s=1.0), load=each).req_per_s) for each in (Load(input_tok=1000.0, output_tok=100.0), LOAD)
    ]
    assert both.req_per_s == approx(singles)


def test_the_capacity_of_two_pools() -> None:
    slo = Slo(deadline_s=1e9)
    capacity = from_pools(at(slo), prefill=ONE, decode=ONE, load=LOAD, slo=slo, pools=POOLS)
    assert (capacity.binding, capacity.basis, capacity.feasible) == ("prefill pool", "predicted", True)
    assert capacity.output_tok_per_s == approx(200 * capacity.req_per_s)
    assert "the prefill pool binds" in capacity.notes[-1]


def reasons(held: Deployment, slo: Slo, load: Load = LOAD) -> str:
    found = from_pools(at(slo, load, held), prefill=held, decode=held, load=load, slo=slo, pools=POOLS)
    assert found.req_per_s == 0.0
    return "; ".join(found.reasons)


def test_why_pools_cannot_serve() -> None:
    assert "GB per GPU short" in reasons(deployment(model=x.LLAMA_70B, hardware=x.H100), Slo())
    assert "no room for the cache" in reasons(ONE, Slo(), replace(LOAD, input_tok=1e6))
    assert "ITL p95 is" in reasons(ONE, Slo(itl_s=0.001))
    assert "exceeds the context" in reasons(replace(ONE, context_tok=2000.0), Slo())
