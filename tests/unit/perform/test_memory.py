from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.describe.model import Shape
from tco.errors import MissingDataError
from tco.perform import memory
from tests.unit.perform import examples as x

approx: Any = pytest.approx


@pytest.mark.parametrize(
    ("model", "total_b", "active_b"),
    [(x.LLAMA_8B, 8.030, 7.505), (x.QWEN3_8B, 8.19, 7.568), (x.LLAMA_70B, 70.552, 69.502),
     (x.DEEPSEEK_R1, 671.025, 36.625), (x.GPT_OSS, 116.789, 5.131)],
)  # fmt: skip
def test_parameters_of_published_shapes(model, total_b, active_b):
    count = memory.param_count(model=model)
    assert count.total == approx(total_b * 1e9, rel=1e-3)
    assert count.active == approx(active_b * 1e9, rel=2e-3)


def test_two_matrices_and_tied_embeddings():
    shape = Shape(n_layers=1, hidden=8, n_heads=2, n_kv_heads=1, head_dim=4, ffn=32, vocab=10, gated_ffn=False,
                  tied_embeddings=True)  # fmt: skip
    # attention 8*4*(4+2) = 192, ffn 2*8*32 = 512, one table 80
    assert memory.param_count(model=x.a_model(shape=shape)).total == 192 + 512 + 80


def test_latent_attention_without_query_compression():
    compressed = x.shape_of(x.DEEPSEEK_R1)
    assert compressed.mla is not None
    shape = compressed.model_copy(update={"mla": compressed.mla.model_copy(update={"q_lora": 0})})
    # 7168*128*192 + 7168*576 + 512*128*256 + 128*128*7168
    assert memory.attention_params(shape=shape) == 176_160_768 + 4_128_768 + 16_777_216 + 117_440_512


def test_published_totals_without_a_shape():
    dense = memory.param_count(model=x.a_model(params_total_b=70))
    assert (dense.total, dense.active) == (70e9, 70e9)
    sparse = memory.param_count(model=x.RUMOURED)
    assert (sparse.total, sparse.active) == (1000e9, approx(37e9))


def test_recurrence_computes_more_than_it_stores():  # capability 34: 50B a token, 7 GB of memory
    count = memory.param_count(model=x.HUGINN)
    assert count.active == approx(50e9)
    assert memory.weights_bytes(model=x.HUGINN, dtype="bf16") == approx(7e9)


def test_unknown_parameters_are_an_error():
    with pytest.raises(MissingDataError, match="no parameter count"):
        memory.param_count(model=x.a_model())


def test_embeddings_stay_16_bit_except_in_gguf_files():
    table = 2 * 128256 * 4096
    body = 8_030_000_000 - table
    assert memory.weights_bytes(model=x.LLAMA_8B, dtype="int4") == approx(body * 0.52 + table * 2, rel=1e-3)
    assert memory.weights_bytes(model=x.LLAMA_8B, dtype="q8_0") == approx(8.030e9 * 34 / 32, rel=1e-3)
    assert memory.weights_bytes(model=x.LLAMA_8B, dtype="fp32") == approx(8.030e9 * 4, rel=1e-3)


def test_a_stated_checkpoint_size_wins():
    model = x.LLAMA_8B.model_copy(update={"checkpoint_gb": {"fp8": 9.1}})
    assert memory.weights_bytes(model=model, dtype="fp8") == approx(9.1e9)
    assert memory.weights_bytes(model=model, dtype="bf16") == approx(16.06e9, rel=1e-3)


def test_touched_experts():
    assert memory.touched_frac(expert_active_frac=8 / 256, n_tok=1.0) == approx(8 / 256)
    assert memory.touched_frac(expert_active_frac=8 / 256, n_tok=1e6) == approx(1.0)
    # two tokens: 100 + 640 * (1 - 0.75^2) = 380
    assert (
        memory.touched_weight_bytes(always_bytes=100.0, expert_bytes=640.0, expert_active_frac=0.25, n_tok=2.0) == 380.0
    )


def test_cache_bytes():
    shape = x.shape_of(x.LLAMA_70B)
    assert memory.kv_bytes_per_tok(shape=shape) == 2 * 80 * 8 * 128 * 2
    assert memory.kv_bytes_per_tok(shape=shape, n_gpus=8) == 2 * 80 * 128 * 2
    assert memory.kv_bytes_per_tok(shape=shape, n_gpus=16) == 2 * 80 * 128 * 2  # heads replicate
    assert memory.kv_bytes_per_tok(shape=shape, kv_dtype="fp8") == approx(2 * 80 * 8 * 128, rel=1e-3)
    assert memory.kv_bytes_per_tok(shape=x.shape_of(x.DEEPSEEK_R1), n_gpus=8) == 61 * 576 * 2  # not divided


def test_cache_of_sliding_and_linear_layers():
    cache = memory.kv_bytes(shape=x.shape_of(x.GPT_OSS), n_gpus=1, kv_dtype="bf16")
    assert cache.full_bytes_per_tok == cache.window_bytes_per_tok == 18 * 2 * 8 * 64 * 2
    hybrid = x.LLAMA_8B_SHAPE.model_copy(update={"full_attention_layer_frac": 0.25})
    cache = memory.kv_bytes(shape=hybrid, n_gpus=2, kv_dtype="bf16")
    assert cache.full_bytes_per_tok == 8 * 2 * 4 * 128 * 2
    assert cache.state_bytes == 24 * 16 * 128**2 * 2


def test_typical_shape_is_near_the_llamas():
    for model, layers in ((x.LLAMA_8B, 32), (x.LLAMA_70B, 80)):
        active = memory.param_count(model=model).active
        guess = memory.typical_shape(active_params=active)
        assert guess.n_layers == approx(layers, rel=0.3)
        assert memory.kv_bytes_per_tok(shape=guess) == approx(memory.kv_bytes_per_tok(shape=x.shape_of(model)), rel=0.3)


def test_reserve_and_overhead():
    assert memory.reserve_frac(hardware=x.H100) == 0.08
    assert memory.reserve_frac(hardware=x.H100, is_local=True) == 0.03
    assert memory.reserve_frac(hardware=x.a_gpu(category="apple")) == 0.25
    assert memory.reserve_frac(hardware=x.a_gpu(category="apple", memory_gb=36)) == approx(1 / 3)
    assert memory.reserve_frac(hardware=x.a_gpu(category="cpu", memory_gb=36)) == 0.25
    assert memory.overhead_bytes(memory_bytes=80e9, is_moe=False, n_gpus=1) == approx(4.93 * 1024**3)
    assert memory.overhead_bytes(memory_bytes=141e9, is_moe=True, n_gpus=8) == approx(7.95 * 1024**3)
    assert memory.overhead_bytes(memory_bytes=40e9, is_moe=False, n_gpus=1) == approx(4.93 * 1024**3 / 2)


def test_what_does_not_fit_caches_nothing():
    assert memory.n_cacheable_tok(margin_bytes=-1.0, kv_bytes_per_tok=1.0) == 0
    found = memory.max_sequences(margin_bytes=np.array([-5.0, 10.0]), kv_bytes_per_seq=3.0)
    assert np.asarray(found).tolist() == [0.0, 3.0]
    assert memory.margin_bytes(memory_bytes=10.0, weights_bytes=8.0, reserve_frac=0.1, overhead_bytes=2.0) == approx(
        -1.0
    )
    assert memory.n_gpus_for_weights(weights_bytes=161.0, memory_bytes=80.0) == 3
