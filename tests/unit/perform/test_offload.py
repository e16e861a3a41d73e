from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tco.perform.deployment import Deployment, deployment, stack
from tco.perform.layout import layered
from tco.perform.offload import CPU_FLOP_FRAC, HOST_BANDWIDTH_FRAC, LINK_FRAC, offloaded
from tco.perform.step import step_s
from tests.unit.perform import examples as x

approx: Any = pytest.approx
LLAMA = deployment(model=x.LLAMA_70B, hardware=x.RTX_4090, dtype="q4_k_m", engine="llama.cpp")


def moved(held: Deployment, **changes: Any) -> Deployment:
    base = {"room_bytes": 0.5e9, "host_memory_bytes": 64e9, "host_bytes_per_s": 100e9}
    return offloaded(deployment=held, **{**base, **changes})


def one_s(held: Deployment) -> float:
    return float(step_s(deployment=held, n_decode=1.0, context_tok=500.0))


def test_what_stands_in_the_way_moves_to_the_host() -> None:
    found = moved(LLAMA)
    assert found.margin_bytes == approx(0.5e9)
    assert found.host is not None
    assert found.host.always_bytes == approx(0.5e9 - LLAMA.margin_bytes)
    assert found.weights_bytes + found.host.always_bytes == approx(LLAMA.weights_bytes)
    assert found.flop_per_tok + found.host.flop_per_tok == approx(LLAMA.flop_per_tok)


def test_the_host_is_the_slow_part_by_hand() -> None:
    # About 23 GB at 75 of 100 GB/s: 0.3 s on top of what stays on the card.
    found = moved(LLAMA)
    assert found.host is not None
    rest = replace(found, host=None)
    assert one_s(found) - one_s(rest) == approx(found.host.always_bytes / (HOST_BANDWIDTH_FRAC * 100e9))
    assert 2.5 < 1.0 / one_s(found) < 3.5


def test_a_server_with_twelve_channels_reaches_published_speeds() -> None:
    # Published for 70B at 4 bits on 24 GB with offload: 6 to 12 and 17.8 tok/s.
    assert 6.0 < 1.0 / one_s(moved(LLAMA, host_bytes_per_s=460e9)) < 18.0


def test_a_fast_link_streams_instead() -> None:
    found = moved(LLAMA, host_bytes_per_s=400e9, link_bytes_per_s=900e9, cpu_flop_per_s=1e9)
    assert found.host is not None
    rest_s = one_s(replace(found, host=None))
    assert one_s(found) - rest_s == approx(found.host.always_bytes / (HOST_BANDWIDTH_FRAC * 400e9))
    narrow = moved(LLAMA, host_bytes_per_s=400e9, link_bytes_per_s=32e9, cpu_flop_per_s=1e9)
    assert narrow.host is not None
    assert one_s(narrow) - rest_s == approx(narrow.host.always_bytes / (LINK_FRAC * 32e9))


def test_a_weak_processor_limits_prompts() -> None:
    found = moved(LLAMA, cpu_flop_per_s=1e11, link_bytes_per_s=1e9)
    assert found.host is not None
    known: dict[str, Any] = {"n_decode": 0.0, "context_tok": 0.0, "n_prefill_tok": 16.0, "prefill_context_tok": 8.0}
    extra = step_s(deployment=found, **known) - step_s(deployment=replace(found, host=None), **known)
    assert extra == approx(16 * found.host.flop_per_tok / (CPU_FLOP_FRAC * 1e11))


def test_a_host_too_small_leaves_the_model_out() -> None:
    found = moved(LLAMA, host_memory_bytes=10e9)
    assert found.margin_bytes == approx(LLAMA.margin_bytes + 10e9)
    assert found.margin_bytes < 0


def test_nothing_moves_where_the_model_fits() -> None:
    small = deployment(model=x.LLAMA_8B, hardware=x.RTX_4090, dtype="q4_k_m", engine="llama.cpp")
    found = moved(small)
    assert found.weights_bytes == small.weights_bytes
    assert one_s(found) == approx(one_s(small))


def test_experts_move_first_and_only_the_touched_are_read() -> None:
    sparse = deployment(model=x.DEEPSEEK_R1, hardware=x.RTX_4090, dtype="int4", engine="llama.cpp")
    found = moved(sparse, host_memory_bytes=512e9)
    assert found.host is not None
    assert found.host.always_bytes == 0.0
    frac = found.host.expert_bytes / sparse.expert_bytes
    assert found.expert_params == approx(sparse.expert_params * (1.0 - frac))
    extra = one_s(found) - one_s(replace(found, host=None))
    assert extra == approx(found.host.expert_bytes * 8 / 256 / (HOST_BANDWIDTH_FRAC * 100e9))


def test_gpus_share_the_host() -> None:
    two = deployment(model=x.LLAMA_70B, hardware=x.RTX_4090, dtype="int8", n_gpus=2)
    found = moved(two)
    assert found.host is not None
    assert found.host.bytes_per_s == approx(HOST_BANDWIDTH_FRAC * 50e9)
    assert moved(two, host_memory_bytes=10e9).margin_bytes == approx(two.margin_bytes + 5e9)


def test_offloads_stack() -> None:
    held = [moved(LLAMA, host_bytes_per_s=b) for b in (50e9, 100e9)]
    assert step_s(deployment=stack(held), n_decode=1.0, context_tok=500.0) == approx([one_s(each) for each in held])


def test_gpus_in_a_row_share_what_moves_and_take_turns_at_the_host() -> None:
    # 70B at 16 bits is 141 GB: two cards in a row hold twice what one does, and each has half of the rest moved.
    one = deployment(model=x.LLAMA_70B, hardware=x.RTX_4090, engine="llama.cpp")
    two = layered(deployment=one, model=x.LLAMA_70B, n_gpus=2, link_bytes_per_s=64e9)
    single = moved(one, host_memory_bytes=256e9)
    double = moved(two, host_memory_bytes=256e9, n_serial=2.0, n_at_once=1.0)
    assert single.host is not None
    assert double.host is not None
    assert double.host.bytes_per_s == single.host.bytes_per_s
    on_cards = single.weights_bytes, 2.0 * double.weights_bytes
    assert on_cards[1] == approx(2.0 * on_cards[0])
    assert double.host.always_bytes == approx(single.host.always_bytes - on_cards[0])
    assert one_s(double) < one_s(single)
