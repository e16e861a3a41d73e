"""Prefill and decode on pools of their own, rate-matched: the slower pool binds.

Source: Zhong et al. 2024 (DistServe), arXiv:2401.09670.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tco.describe.serving import Pools
from tco.perform import constants
from tco.perform.batching import late_ttft_s, max_concurrency, n_chunks, prompt_wait_s
from tco.perform.capacity import Capacity, missed
from tco.perform.deployment import Deployment
from tco.perform.load import Load, Slo
from tco.perform.solve import EXPONENTS, MAX_BUSY_FRAC, at_position, columns, crossing, load_columns
from tco.perform.speculate import decode_step_s, resident_bytes, tokens_of
from tco.units import BYTES_PER_GB, MS_PER_S, Num

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pooled:
    """Two pools at the highest rate that keeps every target; arrays where the load has arrays."""

    feasible: NDArray[np.bool_]
    fits: NDArray[np.bool_]
    req_per_s: Array
    n_seqs: Array  # decoding, in all instances
    ttft_s: Array
    itl_s: Array
    e2e_s: Array
    transfer_s: Array
    prefill_req_per_s: Array  # what each pool, and the links between them, could do at most
    decode_req_per_s: Array
    link_req_per_s: Array


def transfer_s(*, deployment: Deployment, load: Load, link_bytes_per_s: Num) -> Num:
    """Time to move the cache of a prompt between instances: n K(I) / B, K on each of the n GPUs that hold a part of it.

    A latent cache is whole on each GPU and moves once; B is the link of the whole instance.
    """
    n_parts = np.where(deployment.mla_flop_per_tok > 0.0, 1.0, deployment.n_gpus / deployment.n_batches)
    return n_parts * resident_bytes(deployment=deployment, context_tok=load.input_tok) / link_bytes_per_s


def prompt_step_s(*, deployment: Deployment, load: Load, n_tok: Num) -> Num:
    """A step of prompt tokens alone."""
    return decode_step_s(
        deployment=deployment, n_decode=0.0, context_tok=0.0, n_prefill_tok=n_tok,
        prefill_context_tok=load.input_tok - load.uncached_tok / 2.0,
    )  # fmt: skip


def prefill_s(*, deployment: Deployment, load: Load) -> tuple[Num, Num]:
    """Time of one prompt alone, and of one among many that share steps of a full budget."""
    chunks = n_chunks(uncached_tok=load.uncached_tok, chunk_tok=deployment.chunk_tok)
    alone = chunks * prompt_step_s(deployment=deployment, load=load, n_tok=load.uncached_tok / chunks)
    full = prompt_step_s(deployment=deployment, load=load, n_tok=deployment.chunk_tok)
    shared = full * load.uncached_tok / deployment.chunk_tok / deployment.n_batches
    return alone, np.minimum(alone, shared)


def decode_curve(*, deployment: Deployment, load: Load) -> tuple[Array, Array, Array]:
    """Sequences, ITL and request rate of a decode instance on 24 log-spaced batches; the last axis is the batch.

    No prompt interferes: ITL = tau(C, 0) / T, X = C / (k (O - 1) ITL), the first token coming with the prompt.
    """
    limit = np.asarray(max_concurrency(deployment=deployment, load=load))
    n_seqs = np.maximum(limit, 1.0) ** EXPONENTS
    step = decode_step_s(deployment=deployment, n_decode=n_seqs, context_tok=load.mean_context_tok)
    itl_s = np.asarray(step / tokens_of(deployment=deployment))
    answer_s = np.maximum(load.output_tok - 1.0, 1.0) * itl_s
    rate = deployment.n_batches * n_seqs / (load.n_samples * answer_s)
    return n_seqs, itl_s, np.where(limit >= 1.0, np.maximum.accumulate(rate, axis=-1), 0.0)


def best_ratio(*, prefill_gpu_req_per_s: Num, decode_gpu_req_per_s: Num) -> Num:
    """Decode GPUs for each prefill GPU at which both pools saturate together: X_prefill / X_decode, each of one GPU."""
    return prefill_gpu_req_per_s / decode_gpu_req_per_s


def pooled(
    *, prefill: Deployment, decode: Deployment, n_prefill: Num, n_decode: Num, link_bytes_per_s: Num, load: Load,
    slo: Slo, max_busy_frac: float = MAX_BUSY_FRAC,
) -> Pooled:  # fmt: skip
    """Highest rate of ``n_prefill`` and ``n_decode`` instances, at most min(X_prefill, X_decode, X_link).

    An instance has one link: X_link = min(n_p, n_d) / transfer. TTFT = front end + prompt + transfer + wait for those
    ahead, at the prefill instance and at its link (``prompt_wait_s``). Interactive loads keep below ``max_busy_frac``
    of saturation.
    """
    reading, writing, asked = columns(prefill), columns(decode), load_columns(load)
    alone_s, busy_s = prefill_s(deployment=reading, load=asked)
    move_s = transfer_s(deployment=reading, load=asked, link_bytes_per_s=link_bytes_per_s)
    n_seqs, itl_s, one = decode_curve(deployment=writing, load=asked)
    prefill_rate, rate = np.asarray(n_prefill / busy_s), n_decode * one
    link_rate = np.asarray(np.minimum(n_prefill, n_decode) / move_s)
    saturated = np.minimum(np.minimum(prefill_rate, link_rate), rate[..., -1:])
    most = (max_busy_frac if slo.interactive else 1.0) * saturated
    reading_frac = np.minimum(rate / n_prefill * alone_s, 1.0)
    wait_s = prompt_wait_s(prompt_s=alone_s, reading_frac=reading_frac, filled_frac=rate / prefill_rate)
    moving_frac = np.minimum(rate / link_rate, 1.0)
    move_wait_s = prompt_wait_s(prompt_s=move_s, reading_frac=moving_frac, filled_frac=moving_frac)
    own_s = prefill.frontend_s + alone_s + move_s + move_wait_s
    ttft_s = np.asarray(
        late_ttft_s(own_s=own_s, wait_s=wait_s, reading_frac=reading_frac, percentile=slo.ttft_percentile)
    )
    e2e_s = own_s + wait_s + (asked.output_tok - 1.0) * itl_s
    gap_s = itl_s * tokens_of(deployment=writing)
    limits = ((ttft_s, slo.ttft_s), (gap_s, slo.itl_s), (e2e_s, slo.deadline_s))
    places = [np.maximum(crossing(values=rate, limit=most[..., 0]), 0.0)]
    places += [crossing(values=values, limit=limit) for values, limit in limits if limit is not None]
    position = np.min(np.broadcast_arrays(*places), axis=0)
    fits = np.asarray((one[..., -1] > 0.0) & (prefill.margin_bytes > 0.0))
    in_context = np.asarray(load.max_context_tok <= decode.context_tok)
    feasible = fits & in_context & (position >= 0.0)

    def read(values: Num) -> Array:
        return at_position(values=np.broadcast_to(values, rate.shape), position=position)

    return Pooled(
        feasible=feasible,
        fits=fits,
        req_per_s=np.where(feasible, np.minimum(read(rate), most[..., 0]), 0.0),
        n_seqs=read(n_decode * writing.n_batches * n_seqs),
        ttft_s=read(ttft_s),
        itl_s=read(gap_s),
        e2e_s=read(e2e_s),
        transfer_s=np.asarray(move_s)[..., 0],
        prefill_req_per_s=prefill_rate[..., 0],
        decode_req_per_s=rate[..., -1],
        link_req_per_s=link_rate[..., 0],
    )


def from_pools(
    found: Pooled, *, prefill: Deployment, decode: Deployment, load: Load, slo: Slo, pools: Pools
) -> Capacity:
    """What two pools sustain as one replica, and which of them binds."""
    short = [
        f"{name} instance does not fit: {-float(held.margin_bytes) / BYTES_PER_GB:,.1f} GB per GPU short"
        for name, held in (("prefill", prefill), ("decode", decode))
        if float(held.margin_bytes) < 0
    ]
    fits = bool(found.fits) and not short
    ttft_s, itl_s, e2e_s = float(found.ttft_s), float(found.itl_s), float(found.e2e_s)
    reasons = tuple(short) or (() if fits else ("no room for the cache of one request",))
    if not reasons and not bool(found.feasible):
        reasons = missed(slo=slo, ttft_s=ttft_s, itl_s=itl_s, e2e_s=e2e_s) or ("the prompt exceeds the context",)
    rate = float(found.req_per_s)
    return Capacity(
        req_per_s=rate,
        concurrency=float(found.n_seqs) if fits else 0.0,
        output_tok_per_s=rate * float(load.request_output_tok),
        ttft_s=ttft_s if fits else None,
        itl_s=itl_s if fits else None,
        e2e_s=e2e_s if fits else None,
        binding=bound(found),
        basis="predicted",
        band_low_frac=float(decode.band_low_frac),
        band_high_frac=float(decode.band_high_frac),
        margin_gb=float(decode.margin_bytes) / BYTES_PER_GB,
        reasons=reasons,
        notes=(*dict.fromkeys((*prefill.notes, *decode.notes)), *((pool_note(found, pools),) if fits else ())),
        source=constants.SOURCE,
        as_of=constants.AS_OF,
    )


def bound(found: Pooled) -> str:
    """What saturates first."""
    rates = {
        "decode pool": found.decode_req_per_s, "prefill pool": found.prefill_req_per_s,
        "link between the pools": found.link_req_per_s,
    }  # fmt: skip
    return min(rates, key=lambda name: float(rates[name]))


def gpu_ratio(found: Pooled, pools: Pools) -> float:
    """``best_ratio`` of the pools' GPUs."""
    return float(
        best_ratio(
            prefill_gpu_req_per_s=found.prefill_req_per_s / (pools.prefill * pools.prefill_gpus),
            decode_gpu_req_per_s=found.decode_req_per_s / (pools.decode * pools.decode_gpus),
        )
    )


def pool_note(found: Pooled, pools: Pools) -> str:
    """What binds, the best ratio, and what the transfer costs."""
    return (
        f"the {bound(found)} binds: at most {float(found.prefill_req_per_s):,.3g} requests/s of prefill,"
        f" {float(found.decode_req_per_s):,.3g} of decode and {float(found.link_req_per_s):,.3g} over the links; best"
        f" is {gpu_ratio(found, pools):,.2f} decode GPUs for each prefill GPU; moving a cache takes"
        f" {float(found.transfer_s) * MS_PER_S:,.1f} ms"
    )
