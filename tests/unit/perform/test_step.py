from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tco.perform import step
from tco.perform.deployment import deployment, stack
from tests.unit.perform import examples as x

approx: Any = pytest.approx

H100_8B = deployment(model=x.LLAMA_8B, hardware=x.H100)
R1 = deployment(model=x.DEEPSEEK_R1, hardware=x.H100, n_gpus=16, dtype="fp8", engine="sglang")


def test_roofline_by_hand():  # 3 s of compute, 4 s of memory: 5 s at p = 2
    known = {"flop": 3.0, "flop_per_s": 1.0, "n_bytes": 4.0, "bytes_per_s": 1.0}
    assert step.roofline_s(**known, p_norm=2.0) == approx(5.0)
    assert step.roofline_s(**known, p_norm=200.0) == approx(4.0)


def test_single_stream_ceiling():
    assert step.roofline_tok_per_s(weights_bytes=16.4e9, bytes_per_s=1008e9) == approx(61.46, abs=0.01)


def test_one_sequence_by_hand():
    # weights 13.9586e9/(.88*3350e9) = 4.7350 ms and compute 0.0174 ms; head 1.05067e9/2948e9 = 0.3564 ms;
    # cache 131072*1000/(.87*3350e9) = 0.0450 ms; overheads 32*45 us + 130 us + 50 us = 1.62 ms
    assert step.step_s(deployment=H100_8B, n_decode=1.0, context_tok=1000.0) == approx(6.7564e-3, rel=1e-3)


def test_prefill_attention_by_hand():  # 1000 tokens * 500 pairs * 32 layers * 4*32*128 / (.5 * 989e12)
    found = step.prefill_attention_s(deployment=H100_8B, n_prefill_tok=1000.0, prefill_context_tok=500.0)
    assert found == approx(1000 * 500 * 32 * 4 * 4096 / 494.5e12)


def test_latent_attention_computes_on_one_gpu_and_reads_on_sixteen():
    one = deployment(model=x.DEEPSEEK_R1, hardware=x.H100, dtype="fp8")
    compute_s = 64 * 4000 * 61 * 2 * 128 * 1088 / 494.5e12
    assert step.decode_attention_s(deployment=one, n_decode=64.0, context_tok=4000.0) == approx(compute_s)
    read_s = 64 * 4000 * 61 * 576 * 2 / (0.87 * 3350e9)
    assert step.decode_attention_s(deployment=R1, n_decode=64.0, context_tok=4000.0) == approx(read_s)


def test_sliding_window_caps_the_cache():
    held = deployment(model=x.GPT_OSS, hardware=x.H100, dtype="mxfp4")
    per_layers = 18 * 2 * 8 * 64 * 2
    assert step.kv_seq_bytes(deployment=held, context_tok=1000.0) == per_layers * (1000 + 128)


def test_all_reduce_only_between_gpus():
    two = deployment(model=x.LLAMA_8B, hardware=x.H100, n_gpus=2)
    assert (H100_8B.all_reduce_s, H100_8B.all_reduce_s_per_tok) == (0.0, 0.0)
    assert two.all_reduce_s == approx(64 * 4.3e-6)
    assert two.all_reduce_s_per_tok == approx(64 * 2 * 4096 / 259e9)


def test_mfu():
    assert step.mfu_frac(flop=350e12, flop_per_s=989e12, wall_s=18.0) == approx(0.0197, abs=1e-4)


def test_notes_say_what_was_assumed():
    assert H100_8B.notes == ()
    guess = deployment(model=x.RUMOURED, hardware=x.RTX_4090, n_gpus=16, dtype="fp8", engine="ollama")
    said = " | ".join(guess.notes)
    for part in ("computed at 16 bit", "publishes no shape", "priors", "ollama", "PCIe", "16 GPUs"):
        assert part in said
    assert (guess.band_low_frac, guess.band_high_frac) == (0.5, 1.5)
    assert guess.context_tok == np.inf
    assert guess.margin_bytes < 0


def test_eight_bit_cache_reads_less_efficiently():
    small = deployment(model=x.LLAMA_8B, hardware=x.H100, kv_dtype="fp8")
    assert small.kv_full_bytes_per_tok == approx(H100_8B.kv_full_bytes_per_tok / 2, rel=1e-3)
    assert small.kv_bytes_per_s == approx(0.74 * 3350e9)


def test_a_stack_gives_what_its_parts_give():
    both = stack([H100_8B, R1])
    times = step.step_s(deployment=both, n_decode=8.0, context_tok=500.0, n_prefill_tok=100.0, prefill_context_tok=50.0)
    for held, time in zip((H100_8B, R1), np.asarray(times), strict=True):
        alone = step.step_s(
            deployment=held, n_decode=8.0, context_tok=500.0, n_prefill_tok=100.0, prefill_context_tok=50.0
        )
        assert time == approx(alone)


@pytest.mark.parametrize("engine", ["vllm", "tensorrt-llm", "sglang", "llama.cpp", "ollama", "other"])
def test_every_engine_builds(engine):
    assert deployment(model=x.LLAMA_8B, hardware=x.H100, engine=engine).overhead_s > 0


def test_small_cards_admit_fewer_sequences():
    assert deployment(model=x.QWEN3_8B, hardware=x.RTX_4090).max_seqs == 256
    assert H100_8B.max_seqs == 1024
    assert replace(H100_8B, max_seqs=8.0).max_seqs == 8
