"""Bytes of weights and of KV cache, and how many sequences fit beside the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model, Shape
from tco.errors import MissingDataError
from tco.units import BYTES_PER_GB, BYTES_PER_GIB, Num

PARAMS_PER_B = 1e9
BYTES_16BIT = 2.0
# Block scales included. k-quants: bits per weight of a whole file, llama.cpp quantize README
# (q4_k_m of Llama 3.1 8B, q2 as q2_k of Llama 2 7B).
BYTES_PER_WEIGHT: dict[Dtype, float] = {
    "fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0 + 4.0 / 128.0**2, "int8": 1.0 + 4.0 / 128.0**2,
    "fp4": 0.5625, "nvfp4": 0.5625, "mxfp4": 17.0 / 32.0, "int4": 0.52,
    "q8_0": 34.0 / 32.0, "q4_0": 18.0 / 32.0, "q4_k_m": 4.89 / 8.0, "q2": 3.35 / 8.0,
}  # fmt: skip
GGUF: frozenset[Dtype] = frozenset({"q8_0", "q4_0", "q4_k_m", "q2"})  # these quantise the embeddings as well
# gpt-oss: quantization_config.modules_to_not_convert lists attention, router, embeddings and head.
EXPERTS_ONLY: frozenset[Dtype] = frozenset({"mxfp4"})

RESERVE_FRAC = 0.08  # vLLM from 0.22 uses 92% of the memory
# llama.cpp takes what it needs: its context and compute buffers, a little left alone (assumed).
LOCAL_RESERVE_FRAC = 0.03
LOCAL_OVERHEAD_BYTES = 1.0 * BYTES_PER_GIB
# Shared with the operating system: assumed, after macOS's default limits for the GPU, 75% or 2/3 up to 36 GB.
SHARED_RESERVE_FRAC = 0.25
SMALL_APPLE_RESERVE_FRAC = 1.0 / 3.0
SMALL_APPLE_GB = 36.0
SHARED_MEMORY = frozenset({"apple", "laptop", "phone", "soc", "cpu"})
# Activations and graphs of vLLM on an 80 GB H100, measured by llm-d-planner; scaled down on smaller cards (assumed).
ACTIVATION_BYTES = 4.8 * BYTES_PER_GIB
MOE_ACTIVATION_BYTES = 7.4 * BYTES_PER_GIB
ACTIVATION_MEMORY_BYTES = 80.0 * BYTES_PER_GB
NON_TORCH_BYTES = 0.13 * BYTES_PER_GIB
NON_TORCH_BYTES_TP = 0.55 * BYTES_PER_GIB
TYPICAL_ASPECT = 100.0  # hidden size over layers of a typical transformer (assumed)


@dataclass(frozen=True, slots=True)
class ParamCount:
    """Parameters by how they are stored and read; counts, not billions."""

    body: float  # quantised unless the format is one of experts alone, read every step
    expert: float  # quantised, all routed experts
    expert_active_frac: float
    router: float  # 16 bit, read every step
    embedding: float  # 16 bit, looked up
    head: float  # 16 bit, read every step
    body_reads: float = 1.0  # a recurrent core is read and computed once a recurrence

    @property
    def total(self) -> float:
        """Parameters in memory."""
        return self.body + self.expert + self.router + self.embedding + self.head

    @property
    def active(self) -> float:
        """Parameters a token computes with: core * steps + fixed if recurrent, the top-k experts if sparse."""
        return self.body * self.body_reads + self.expert * self.expert_active_frac + self.router + self.head


def attention_params(*, shape: Shape) -> float:
    """Weights of one attention layer: d(h+2g)e + hed, or the five projections of latent attention."""
    if shape.mla is None:
        return shape.hidden * shape.head_dim * (2 * shape.n_heads + 2 * shape.n_kv_heads)
    mla, hidden, heads = shape.mla, shape.hidden, shape.n_heads
    query_dim = heads * (mla.nope_dim + mla.rope_dim)
    query = hidden * mla.q_lora + mla.q_lora * query_dim if mla.q_lora else hidden * query_dim
    latent = hidden * (mla.kv_lora + mla.rope_dim) + mla.kv_lora * heads * (mla.nope_dim + mla.v_dim)
    return float(query + latent + heads * mla.v_dim * hidden)


def _shape_params(*, shape: Shape) -> ParamCount:
    per_ffn = shape.hidden * (3 if shape.gated_ffn else 2)
    attention = shape.n_layers * attention_params(shape=shape)
    table = float(shape.vocab * shape.hidden)
    embedding = 0.0 if shape.tied_embeddings else table
    if shape.moe is None:
        return ParamCount(attention + shape.n_layers * per_ffn * shape.ffn, 0.0, 1.0, 0.0, embedding, table)
    moe = shape.moe
    n_sparse = shape.n_layers - moe.n_dense_layers
    body = attention + per_ffn * (moe.n_dense_layers * shape.ffn + n_sparse * moe.shared_ffn)
    expert = float(n_sparse * moe.n_experts * per_ffn * moe.ffn)
    router = float(n_sparse * moe.n_experts * shape.hidden)
    return ParamCount(body, expert, moe.n_active / moe.n_experts, router, embedding, table)


def param_count(*, model: Model) -> ParamCount:
    """Parameters from the recurrence, the shape or the published totals, in this order.

    A sparse model without a shape counts as experts throughout, active/total of them per token (assumed).
    Raises MissingDataError where the model states none of the three.
    """
    if model.recurrence is not None:
        core, fixed = model.recurrence.core_params_b * PARAMS_PER_B, model.recurrence.fixed_params_b * PARAMS_PER_B
        reads = (core * model.recurrence.n_steps + fixed) / (core + fixed)
        return ParamCount(core + fixed, 0.0, 1.0, 0.0, 0.0, 0.0, reads)
    if model.shape is not None:
        return _shape_params(shape=model.shape)
    if model.params_total_b is None:
        raise MissingDataError(f"model {model.id}: no parameter count, so its memory and speed cannot be predicted")
    total = model.params_total_b.value * PARAMS_PER_B
    active = model.params_active_b.value * PARAMS_PER_B if model.params_active_b else total
    if active >= total:
        return ParamCount(total, 0.0, 1.0, 0.0, 0.0, 0.0)
    return ParamCount(0.0, total, active / total, 0.0, 0.0, 0.0)


def weight_bytes_per_param(*, model: Model, dtype: Dtype) -> tuple[float, float]:
    """Bytes of an expert's weight and of an embedding or router weight, scaled to the checkpoint's size if stated."""
    quantised = BYTES_PER_WEIGHT[dtype]
    other = quantised if dtype in GGUF else max(BYTES_16BIT, quantised)
    if dtype not in model.checkpoint_gb:
        return quantised, other
    params = param_count(model=model)
    rest = params.total - params.body - params.expert
    body = params.body * body_bytes_per_param(params=params, dtype=dtype, quantised=quantised, other=other)
    scale = model.checkpoint_gb[dtype] * BYTES_PER_GB / (body + params.expert * quantised + rest * other)
    return quantised * scale, other * scale


def body_bytes_per_param(*, params: ParamCount, dtype: Dtype, quantised: float, other: float) -> float:
    """Bytes of a weight of attention or of a dense layer: quantised, but 16 bit in formats of experts alone."""
    return other if dtype in EXPERTS_ONLY and params.expert > 0 else quantised


def weights_bytes(*, model: Model, dtype: Dtype) -> float:
    """Bytes of all weights: checkpoint size if stated, else parameters times bytes, embeddings and router 16 bit."""
    params = param_count(model=model)
    quantised, other = weight_bytes_per_param(model=model, dtype=dtype)
    body = body_bytes_per_param(params=params, dtype=dtype, quantised=quantised, other=other)
    rest = params.total - params.body - params.expert
    return params.body * body + params.expert * quantised + rest * other


def touched_frac(*, expert_active_frac: Num, n_tok: Num) -> Num:
    """Share of the experts m tokens touch under uniform routing: E(m)/E = 1 - (1 - k/E)^m, for 0 < k/E <= 1."""
    return 1.0 - (1.0 - expert_active_frac) ** n_tok


def touched_weight_bytes(*, always_bytes: Num, expert_bytes: Num, expert_active_frac: Num, n_tok: Num) -> Num:
    """Weight bytes a step of m tokens reads: W_dense + W_experts (1 - (1 - k/E)^m)."""
    return always_bytes + expert_bytes * touched_frac(expert_active_frac=expert_active_frac, n_tok=n_tok)


def typical_shape(*, active_params: float) -> Shape:
    """Assumed dimensions of a model that publishes none: P = 12 L d^2 with d = 100 L, 8 KV heads of 128.

    Against 44 published shapes: layers 0.7 to 1.3 times theirs, cache 0.5 to 3.7 times (p10 to p90; median 1.1);
    high for latent and for hybrid attention.
    """
    layers = max(1.0, (active_params / (12.0 * TYPICAL_ASPECT**2)) ** (1.0 / 3.0))
    hidden = TYPICAL_ASPECT * layers
    heads = max(8, int(hidden // 128))
    return Shape(n_layers=int(layers), hidden=int(hidden), n_heads=heads, n_kv_heads=8, head_dim=128, vocab=1)


def shape_of(*, model: Model) -> Shape:
    """The published dimensions, else typical ones."""
    return model.shape or typical_shape(active_params=param_count(model=model).active)


@dataclass(frozen=True, slots=True)
class KvBytes:
    """Cache of one sequence on one GPU: per token in full and in sliding-window layers, and the constant state."""

    full_bytes_per_tok: float
    window_bytes_per_tok: float
    window_tok: float
    state_bytes: float


def cache_bytes(*, model: Model, shape: Shape, n_gpus: int, kv_dtype: Dtype) -> KvBytes:
    """Cache of a model: as its profile states per token, else from the shape."""
    if model.kv_bytes_per_tok_16bit is None:
        return kv_bytes(shape=shape, n_gpus=n_gpus, kv_dtype=kv_dtype)
    return KvBytes(model.kv_bytes_per_tok_16bit * BYTES_PER_WEIGHT[kv_dtype] / BYTES_16BIT, 0.0, 0.0, 0.0)


def kv_bytes(*, shape: Shape, n_gpus: int, kv_dtype: Dtype) -> KvBytes:
    """Cache per GPU: GQA 2 L e max(1, g/n) b, heads replicated when n > g; MLA L (c + r) b, never divided.

    Linear-attention layers hold a constant state of h/n * e^2 16-bit numbers a layer (assumed size).
    """
    element = BYTES_PER_WEIGHT[kv_dtype]
    cached_layers = shape.n_layers * shape.full_attention_layer_frac
    state = (shape.n_layers - cached_layers) * shape.n_heads * shape.head_dim**2 * BYTES_16BIT / n_gpus
    if shape.mla is not None:
        per_layer = (shape.mla.kv_lora + shape.mla.rope_dim) * element
    else:
        per_layer = 2.0 * shape.head_dim * max(1.0, shape.n_kv_heads / n_gpus) * element
    window_frac = shape.sliding_layer_frac if shape.sliding_window_tok else 0.0
    full, window = cached_layers * (1.0 - window_frac) * per_layer, cached_layers * window_frac * per_layer
    return KvBytes(full, window, float(shape.sliding_window_tok), state)


def kv_bytes_per_tok(*, shape: Shape, n_gpus: int = 1, kv_dtype: Dtype = "bf16") -> float:
    """Cache bytes per token per GPU while the context is shorter than any sliding window."""
    cache = kv_bytes(shape=shape, n_gpus=n_gpus, kv_dtype=kv_dtype)
    return cache.full_bytes_per_tok + cache.window_bytes_per_tok


def reserve_frac(*, hardware: Hardware, is_local: bool = False) -> float:
    """Share of the memory an engine leaves alone: 8%, locally 3%, or 25% (a third of a small Apple) if shared."""
    memory = hardware.memory_gb
    if hardware.category == "apple" and memory is not None and memory.value <= SMALL_APPLE_GB:
        return SMALL_APPLE_RESERVE_FRAC
    if hardware.category in SHARED_MEMORY:
        return SHARED_RESERVE_FRAC
    return LOCAL_RESERVE_FRAC if is_local else RESERVE_FRAC


def overhead_bytes(*, memory_bytes: Num, is_moe: bool, n_gpus: int) -> Num:
    """Activations, graphs and communication buffers: A min(1, M/80 GB) + non-torch; measured at 80 GB, else assumed."""
    activation = MOE_ACTIVATION_BYTES if is_moe else ACTIVATION_BYTES
    non_torch = NON_TORCH_BYTES_TP if n_gpus > 1 else NON_TORCH_BYTES
    return (activation + non_torch) * np.minimum(1.0, memory_bytes / ACTIVATION_MEMORY_BYTES)


def margin_bytes(
    *, memory_bytes: Num, weights_bytes: Num, reserve_frac: Num = RESERVE_FRAC, overhead_bytes: Num = 0.0
) -> Num:
    """Room for the cache on one GPU: (1 - r) M - W - A, negative when the weights do not fit."""
    return memory_bytes * (1.0 - reserve_frac) - weights_bytes - overhead_bytes


def n_cacheable_tok(*, margin_bytes: Num, kv_bytes_per_tok: Num) -> Num:
    """Whole tokens whose cache fits in the margin, 0 when the weights do not fit; cache of at least a byte a token."""
    return np.floor(np.maximum(margin_bytes, 0.0) / kv_bytes_per_tok)


def max_sequences(*, margin_bytes: Num, kv_bytes_per_seq: Num) -> Num:
    """Whole sequences whose cache fits in the margin, 0 when the weights do not fit."""
    return np.floor(np.maximum(margin_bytes, 0.0) / kv_bytes_per_seq)


def n_gpus_for_weights(*, weights_bytes: Num, memory_bytes: Num) -> Num:
    """Fewest GPUs that hold the weights alone: ceil(W / M). A bound: cache and reserve come on top."""
    return np.ceil(weights_bytes / memory_bytes)
