"""A model on a machine, reduced to the numbers the step-time model needs. Fields may be arrays over many pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from tco.describe.hardware import Dtype, Hardware
from tco.describe.model import Model, Shape
from tco.perform import constants, memory
from tco.perform.constants import Engine
from tco.perform.peaks import Peaks, peaks
from tco.units import BYTES_PER_GB, Num

LARGE_CARD_BYTES = 70.0 * BYTES_PER_GB  # vLLM admits 1,024 sequences from here on
ACTIVATION_BYTES_PER_TOK_HIDDEN = 16.0
LOCAL: frozenset[Engine] = frozenset({"llama.cpp", "ollama"})
EIGHT_BIT: frozenset[Dtype] = frozenset({"fp8", "int8", "q8_0"})


@dataclass(frozen=True, slots=True)
class Deployment:
    """One replica: ``n_gpus`` GPUs that share the weights. Byte, FLOP and rate fields are per GPU."""

    n_gpus: Num
    memory_bytes: Num
    weights_bytes: Num
    margin_bytes: Num  # room for the cache; negative when the weights do not fit
    kv_full_bytes_per_tok: Num
    kv_window_bytes_per_tok: Num
    kv_window_tok: Num
    kv_state_bytes: Num
    always_bytes: Num  # weights every step reads, without the head
    expert_bytes: Num
    expert_active_frac: Num
    activation_bytes_per_tok: Num
    flop_per_tok: Num
    head_bytes: Num
    head_flop_per_tok: Num
    flop_per_s: Num  # reached, not peak
    flop16_per_s: Num
    bytes_per_s: Num
    p_norm: Num
    kv_bytes_per_s: Num
    mla_flop_per_tok: Num  # latent attention, per cached token
    mla_flop_per_s: Num
    attention_flop_full: Num  # prefill, per pair of tokens
    attention_flop_window: Num
    attention_flop_per_s: Num
    all_reduce_s: Num  # all layers of a step
    all_reduce_s_per_tok: Num
    overhead_s: Num
    overhead_s_per_seq: Num
    moe_overhead_s: Num  # the part of overhead_s that mixture-of-experts layers add
    step_overhead_s: Num  # the part of overhead_s that a step has without any layer
    frontend_s: Num
    max_seqs: Num
    chunk_tok: Num
    context_tok: Num  # inf when unknown
    band_low_frac: Num
    band_high_frac: Num
    expert_params: Num = 0.0  # of all routed experts
    peak_bytes_per_s: Num = np.inf
    peak_flop_per_s: Num = np.inf
    pad_tok: Num = 0.0  # tokens an expert's tiles compute beyond those routed to it
    routing_spread: Num = 1.0  # share of further tokens that pick experts independently of the first
    n_groups: Num = 1.0  # attention groups that share the experts; batches and tokens are per group
    prefill_cost: Num = 1.0  # time of prompt tokens over what the roofline model gives
    burst_frac: Num = 0.15  # share of requests that wait for a whole wave of prompts
    n_stages: Num = 1.0  # pipeline stages; batches and tokens are per stage, as many batches are under way
    notes: tuple[str, ...] = ()
    host: HostShare | None = None
    draft: Draft | None = None

    @property
    def n_batches(self) -> Num:
        """Batches under way at once: one for each attention group and pipeline stage."""
        return self.n_groups * self.n_stages


@dataclass(frozen=True, slots=True)
class HostShare:
    """The weights that stay in the host's memory, and how they are used; all per GPU."""

    always_bytes: Num
    expert_bytes: Num
    flop_per_tok: Num
    bytes_per_s: Num  # the host reads its memory
    flop_per_s: Num  # the host computes
    link_bytes_per_s: Num  # one direction


@dataclass(frozen=True, slots=True)
class Draft:
    """Speculative decoding: ``n_tok`` tokens are proposed a step; a share of them is accepted, one after the other."""

    deployment: Deployment
    n_tok: Num
    accept_frac: Num


PARTS = ("notes", "host", "draft")
NUM_FIELDS = tuple(field.name for field in fields(Deployment) if field.name not in PARTS)
HOST_FIELDS = tuple(field.name for field in fields(HostShare))


def merged(held: Sequence[Deployment], join: Callable[[list[Num]], Num]) -> Deployment:
    """One deployment whose every number is ``join`` of theirs; all or none have a host share, or a draft. No notes."""
    numbers = {name: join([getattr(each, name) for each in held]) for name in NUM_FIELDS}
    hosts = [each.host for each in held if each.host is not None]
    drafts = [each.draft for each in held if each.draft is not None]
    host, draft = None, None
    if hosts:
        host = HostShare(*(join([getattr(each, name) for each in hosts]) for name in HOST_FIELDS))
    if drafts:
        beside = merged([each.deployment for each in drafts], join)
        draft = Draft(beside, join([each.n_tok for each in drafts]), join([each.accept_frac for each in drafts]))
    return Deployment(**numbers, notes=(), host=host, draft=draft)


def stack(deployments: Sequence[Deployment]) -> Deployment:
    """Many scalar deployments as one whose fields are arrays of that length; notes stay with the scalars."""
    return merged(deployments, np.array)


def _memory_fields(
    *, model: Model, hardware: Hardware, shape: Shape, n_gpus: int, dtype: Dtype, kv_dtype: Dtype, peak: Peaks,
    n_groups: int, engine: Engine,
) -> dict[str, Num]:  # fmt: skip
    params = memory.param_count(model=model)
    quantised, other = memory.weight_bytes_per_param(model=model, dtype=dtype)
    body = memory.body_bytes_per_param(params=params, dtype=dtype, quantised=quantised, other=other)
    n_split = n_gpus // n_groups  # attention, dense layers and head are repeated in each group, experts are not
    shared = memory.weights_bytes(model=model, dtype=dtype) - params.expert * quantised
    resident = shared / n_split + params.expert * quantised / n_gpus
    cache = memory.cache_bytes(model=model, shape=shape, n_gpus=n_split, kv_dtype=kv_dtype)
    is_local = engine in LOCAL
    overhead = memory.overhead_bytes(memory_bytes=peak.memory_bytes, is_moe=params.expert > 0, n_gpus=n_gpus)
    return {
        "n_gpus": float(n_gpus),
        "memory_bytes": peak.memory_bytes,
        "weights_bytes": resident,
        "margin_bytes": memory.margin_bytes(
            memory_bytes=peak.memory_bytes,
            weights_bytes=resident,
            reserve_frac=memory.reserve_frac(hardware=hardware, is_local=is_local),
            overhead_bytes=memory.LOCAL_OVERHEAD_BYTES if is_local else overhead,
        ),
        "kv_full_bytes_per_tok": cache.full_bytes_per_tok,
        "kv_window_bytes_per_tok": cache.window_bytes_per_tok,
        "kv_window_tok": cache.window_tok,
        "kv_state_bytes": cache.state_bytes,
        "always_bytes": (params.body * params.body_reads * body + params.router * other) / n_split,
        "expert_bytes": params.expert * quantised / n_gpus,
        "expert_active_frac": params.expert_active_frac,
        "activation_bytes_per_tok": ACTIVATION_BYTES_PER_TOK_HIDDEN * shape.hidden * shape.n_layers / n_split,
        "flop_per_tok": 2.0 * (params.active - params.head) / n_split,
        "head_bytes": params.head * other / n_split,
        "head_flop_per_tok": 2.0 * params.head / n_split,
        "n_groups": float(n_groups),
        "expert_params": params.expert / n_gpus,
        "pad_tok": constants.PAD_TOK,
        "routing_spread": constants.ROUTING_SPREAD,
    }


def _speed_fields(*, gpu: str, peak: Peaks, kv_dtype: Dtype) -> dict[str, Num]:
    linear = constants.gemm(gpu=gpu, compute_class=peak.compute_class)
    head = constants.gemm(gpu=gpu, compute_class="16bit")
    attention_frac = constants.PREFILL_ATTENTION_FRAC.get(gpu, constants.PRIOR_PREFILL_ATTENTION_FRAC)
    return {
        "flop_per_s": linear.compute_frac * peak.flop_per_s,
        "flop16_per_s": head.compute_frac * peak.flop16_per_s,
        "bytes_per_s": linear.bandwidth_frac * peak.bytes_per_s,
        "p_norm": linear.p_norm,
        "peak_bytes_per_s": peak.bytes_per_s,
        "peak_flop_per_s": peak.flop_per_s,
        "kv_bytes_per_s": constants.kv_frac(gpu=gpu, eight_bit=kv_dtype in EIGHT_BIT) * peak.bytes_per_s,
        "mla_flop_per_s": constants.MLA_COMPUTE_FRAC * peak.flop16_per_s,
        "attention_flop_per_s": attention_frac * peak.flop16_per_s,
    }


def _attention_fields(*, shape: Shape, n_gpus: int) -> dict[str, Num]:
    """FLOP of attention: prefill 4 h e a pair of tokens (MLA 2 h (q + v)); latent decode 2 h (2 c + r) a cached one."""
    layers = shape.n_layers * shape.full_attention_layer_frac
    window_frac = shape.sliding_layer_frac if shape.sliding_window_tok else 0.0
    if shape.mla is None:
        per_pair, latent = 4.0 * shape.n_heads * shape.head_dim, 0.0
    else:
        mla = shape.mla
        per_pair = 2.0 * shape.n_heads * (mla.nope_dim + mla.rope_dim + mla.v_dim)
        latent = 2.0 * shape.n_heads * (2 * mla.kv_lora + mla.rope_dim)
    return {
        "attention_flop_full": layers * (1.0 - window_frac) * per_pair / n_gpus,
        "attention_flop_window": layers * window_frac * per_pair / n_gpus,
        "mla_flop_per_tok": layers * latent / n_gpus,
    }


def _overhead_fields(*, gpu: str, peak: Peaks, shape: Shape, n_gpus: int, engine: Engine) -> dict[str, Num]:
    host = constants.OVERHEADS[engine]
    moe_layers = shape.n_layers - shape.moe.n_dense_layers if shape.moe else 0
    latency_s, all_reduce_bytes_per_s = constants.all_reduce(
        gpu=gpu, n_gpus=n_gpus, link_bytes_per_s=peak.link_bytes_per_s
    )
    n_all_reduces = 2.0 * shape.n_layers if n_gpus > 1 else 0.0
    layer_s = host.layer_s * (constants.LATENT_KERNEL_RATIO if shape.mla is not None else 1.0)
    large = peak.memory_bytes >= LARGE_CARD_BYTES
    return {
        "all_reduce_s": n_all_reduces * latency_s,
        "all_reduce_s_per_tok": n_all_reduces * memory.BYTES_16BIT * shape.hidden / all_reduce_bytes_per_s,
        "overhead_s": shape.n_layers * layer_s + moe_layers * host.moe_layer_s + host.step_s,
        "overhead_s_per_seq": host.seq_s,
        "moe_overhead_s": moe_layers * host.moe_layer_s,
        "step_overhead_s": host.step_s,
        "frontend_s": host.frontend_s,
        "max_seqs": host.max_seqs_large if large else host.max_seqs,
        "chunk_tok": host.chunk_tok,
    }


def _notes(*, model: Model, hardware: Hardware, gpu: str, n_gpus: int, engine: Engine, peak: Peaks) -> tuple[str, ...]:
    found = peak.notes
    if model.shape is None:
        cache = "" if model.kv_bytes_per_tok_16bit else " and cache"
        found += (f"{model.id} publishes no shape: its layers{cache} are those of a typical model (assumed)",)
    if not gpu:
        found += (f"{hardware.id}: efficiencies are priors, not fitted to measurements",)
    if not constants.OVERHEADS[engine].fitted:
        found += (f"{engine}: host overheads are assumed",)
    if n_gpus > 1 and (hardware.link_gb_per_s is None or hardware.link_gb_per_s.value <= 0):
        found += (f"{hardware.id}: GPUs assumed to talk over PCIe 4.0 x16",)
    if n_gpus > constants.ALL_REDUCE_N[-1]:
        found += (f"{n_gpus} GPUs: all-reduce assumed as fast as over {constants.ALL_REDUCE_N[-1]:g}",)
    return found


def deployment(
    *,
    model: Model,
    hardware: Hardware,
    n_gpus: int = 1,
    dtype: Dtype = "bf16",
    kv_dtype: Dtype = "bf16",
    engine: Engine = "vllm",
    reference: Hardware | None = None,
    n_groups: int = 1,
) -> Deployment:
    """Reduce a model on ``n_gpus`` GPUs of a kind to numbers; ``reference`` is what ``hardware.relative`` points to.

    ``n_groups`` attention groups (data parallel) share the experts of a sparse model; it divides ``n_gpus``.
    The constants are the priors of ``constants``; ``effects.scaled`` applies those fitted to measurements.

    Everything assumed on the way is in ``notes``. A deployment that does not fit has a negative margin.
    Raises MissingDataError where parameters, memory, bandwidth or FLOP/s are unknown.
    """
    peak = peaks(hardware=hardware, dtype=dtype, reference=reference)
    gpu = constants.family(hardware.id)
    shape = memory.shape_of(model=model)
    fitted = bool(gpu) and constants.OVERHEADS[engine].fitted and model.shape is not None
    low, high = constants.BAND_FITTED if fitted else constants.BAND_PRIOR
    memory_fields = _memory_fields(
        model=model, hardware=hardware, shape=shape, n_gpus=n_gpus, dtype=dtype, kv_dtype=kv_dtype, peak=peak,
        n_groups=n_groups, engine=engine,
    )  # fmt: skip
    return Deployment(
        **memory_fields,
        **_speed_fields(gpu=gpu, peak=peak, kv_dtype=kv_dtype),
        **_attention_fields(shape=shape, n_gpus=n_gpus // n_groups),
        **_overhead_fields(gpu=gpu, peak=peak, shape=shape, n_gpus=n_gpus, engine=engine),
        context_tok=float(model.context_tok) if model.context_tok else np.inf,
        band_low_frac=low,
        band_high_frac=high,
        notes=_notes(model=model, hardware=hardware, gpu=gpu, n_gpus=n_gpus, engine=engine, peak=peak),
        host=None,
        draft=None,
    )
