"""Time of one engine step: linear layers, head, attention, all-reduce and host overheads."""

from __future__ import annotations

import numpy as np

from tco.perform.deployment import Deployment, HostShare
from tco.perform.memory import touched_frac
from tco.units import Num


def roofline_s(*, flop: Num, flop_per_s: Num, n_bytes: Num, bytes_per_s: Num, p_norm: Num) -> Num:
    """Smooth roofline (c^p + b^p)^(1/p) of compute time c and memory time b, for c + b > 0 and p > 0."""
    compute_s, memory_s = flop / flop_per_s, n_bytes / bytes_per_s
    longer, shorter = np.maximum(compute_s, memory_s), np.minimum(compute_s, memory_s)
    return longer * (1.0 + (shorter / longer) ** p_norm) ** (1.0 / p_norm)


def roofline_tok_per_s(*, weights_bytes: Num, bytes_per_s: Num) -> Num:
    """Ceiling of one sequence: every token reads every active weight once, B / W."""
    return bytes_per_s / weights_bytes


def mfu_frac(*, flop: Num, flop_per_s: Num, wall_s: Num) -> Num:
    """Model FLOP utilisation: FLOP over what the peak could have done in the time."""
    return flop / (flop_per_s * wall_s)


def kv_seq_bytes(*, deployment: Deployment, context_tok: Num) -> Num:
    """Cache of one sequence on one GPU: state + full layers at S + sliding layers at min(S, w)."""
    windowed_tok = np.minimum(context_tok, deployment.kv_window_tok)
    full = deployment.kv_full_bytes_per_tok * context_tok
    return deployment.kv_state_bytes + full + deployment.kv_window_bytes_per_tok * windowed_tok


def touched_by(*, deployment: Deployment, n_tok: Num) -> Num:
    """Share of the experts that m tokens of each group touch; a share of them route as the first does."""
    more = np.maximum(n_tok * deployment.n_groups - 1.0, 0.0)
    n_routed = np.minimum(n_tok * deployment.n_groups, 1.0) + more * deployment.routing_spread
    return touched_frac(expert_active_frac=deployment.expert_active_frac, n_tok=n_routed)


def linear_s(*, deployment: Deployment, n_tok: Num, n_prefill_tok: Num = 0.0) -> Num:
    """All projections and feed-forward layers of m > 0 tokens: smooth roofline over weights touched + activations.

    The ``n_prefill_tok`` among them compute at ``prefill_cost`` times the time.
    """
    touched = touched_by(deployment=deployment, n_tok=n_tok)
    weights = deployment.always_bytes + deployment.expert_bytes * touched
    padding = 2.0 * deployment.pad_tok * deployment.expert_params * touched
    return roofline_s(
        flop=(n_tok + n_prefill_tok * (deployment.prefill_cost - 1.0)) * deployment.flop_per_tok + padding,
        flop_per_s=deployment.flop_per_s,
        n_bytes=weights + n_tok * deployment.activation_bytes_per_tok,
        bytes_per_s=deployment.bytes_per_s,
        p_norm=deployment.p_norm,
    )


def decode_attention_s(*, deployment: Deployment, n_decode: Num, context_tok: Num, tok_per_seq: Num = 1.0) -> Num:
    """Reading the caches once a sequence, or computing on latent ones for each token, whichever takes longer."""
    read_s = n_decode * kv_seq_bytes(deployment=deployment, context_tok=context_tok) / deployment.kv_bytes_per_s
    n_tok = n_decode * tok_per_seq
    return np.maximum(read_s, n_tok * context_tok * deployment.mla_flop_per_tok / deployment.mla_flop_per_s)


def host_s(*, host: HostShare, deployment: Deployment, n_tok: Num) -> Num:
    """Weights in the host's memory: the host computes with them, or the GPU streams them, whichever is faster.

    min(max(b / B_host, f / F_host), max(b / min(B_link, B_host), f / F_gpu)), b the bytes m tokens touch, f their FLOP.
    """
    n_bytes = host.always_bytes + host.expert_bytes * touched_by(deployment=deployment, n_tok=n_tok)
    flop = n_tok * host.flop_per_tok
    stream_s = np.maximum(n_bytes / np.minimum(host.link_bytes_per_s, host.bytes_per_s), flop / deployment.flop_per_s)
    return np.minimum(np.maximum(n_bytes / host.bytes_per_s, flop / host.flop_per_s), stream_s)


def prefill_attention_s(*, deployment: Deployment, n_prefill_tok: Num, prefill_context_tok: Num) -> Num:
    """Each prompt token attends to ``prefill_context_tok`` others on average (half the prompt, without a cache)."""
    windowed_tok = np.minimum(prefill_context_tok, deployment.kv_window_tok)
    pairs = deployment.attention_flop_full * prefill_context_tok + deployment.attention_flop_window * windowed_tok
    return n_prefill_tok * pairs * deployment.prefill_cost / deployment.attention_flop_per_s


def step_s(
    *, deployment: Deployment, n_decode: Num, context_tok: Num, n_prefill_tok: Num = 0.0,
    prefill_context_tok: Num = 0.0, tok_per_seq: Num = 1.0,
) -> Num:  # fmt: skip
    """Time of a step of ``n_decode`` sequences at a mean context plus a prefill chunk; at least one token in all.

    t_linear + t_head + max(t_kv, t_mla) + t_prefill_attention + t_all_reduce + overheads, and t_host after it.
    Each sequence decodes ``tok_per_seq`` tokens: more than one where proposed tokens are verified.
    """
    n_tok = n_decode * tok_per_seq + n_prefill_tok
    n_read = np.minimum(n_prefill_tok, 1.0)
    n_sampled = n_decode * tok_per_seq + n_read
    head_compute_s = n_sampled * deployment.head_flop_per_tok / deployment.flop16_per_s
    head_s = np.maximum(deployment.head_bytes / deployment.bytes_per_s, head_compute_s)
    busy_s = (
        linear_s(deployment=deployment, n_tok=n_tok, n_prefill_tok=n_prefill_tok)
        + head_s
        + decode_attention_s(deployment=deployment, n_decode=n_decode, context_tok=context_tok, tok_per_seq=tok_per_seq)
        + prefill_attention_s(
            deployment=deployment, n_prefill_tok=n_prefill_tok, prefill_context_tok=prefill_context_tok
        )
        + deployment.all_reduce_s
        + n_tok * deployment.all_reduce_s_per_tok
        + deployment.overhead_s
        + (n_decode + n_read) * deployment.overhead_s_per_seq
    )
    if deployment.host is None:
        return busy_s
    return busy_s + host_s(host=deployment.host, deployment=deployment, n_tok=n_tok)
