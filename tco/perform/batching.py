"""Continuous batching: latency and throughput of a replica that keeps C sequences running."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from tco.perform.arrivals import Percentile, late_wait_s
from tco.perform.deployment import Deployment
from tco.perform.load import Load
from tco.perform.sampling import longest_ratio
from tco.perform.speculate import decode_step_s, resident_bytes, tokens_of
from tco.units import Flag, Num

# Without waiting: simulated TTFT p99 over mean 1.16 to 1.35; p95 lies between (assumed).
TTFT_OVER_MEAN: dict[Percentile, float] = {50: 1.0, 95: 1.25, 99: 1.35}
# A percentile of the inter-token latency is a prefill step once that share of the tokens waits for one.
PREFILL_STEP_SHARE: dict[Percentile, float] = {50: 0.50, 95: 0.05, 99: 0.01}
MAX_PREFILL_BUSY_FRAC = 0.98  # keeps the wait finite; beyond it the closed loop, not the queue, limits


@dataclass(frozen=True, slots=True)
class Batch:
    """Latencies (means, s) and request rate of a replica at some number of running sequences."""

    ttft_s: Num
    own_ttft_s: Num  # without waiting for other prompts
    reading_frac: Num  # share of the time in which prompts are being read
    itl_s: Num
    decode_step_s: Num
    prefill_step_s: Num
    prefill_step_share: Num  # of the tokens, that which waits for a step with a prompt
    e2e_s: Num
    req_per_s: Num


def n_chunks(*, uncached_tok: Num, chunk_tok: Num) -> Num:
    """Prefill steps of a prompt: ceil(u / budget), at least one for u > 0."""
    return np.ceil(uncached_tok / chunk_tok)


def request_kv_bytes(*, deployment: Deployment, load: Load, output_tok: Num) -> Num:
    """Cache per running sequence on one GPU; samples of one request share the prompt: (K(I) + k (K(I+o) - K(I)))/k."""
    prompt = resident_bytes(deployment=deployment, context_tok=load.running_input_tok)
    whole = resident_bytes(deployment=deployment, context_tok=load.running_input_tok + output_tok)
    return whole - prompt + prompt / load.n_samples


def max_concurrency(*, deployment: Deployment, load: Load) -> Num:
    """Sequences that run at once: min(engine limit, margin / cache at I + O/2); 0 if one of I + O does not fit."""
    mean_bytes = request_kv_bytes(deployment=deployment, load=load, output_tok=load.running_output_tok)
    room = np.maximum(deployment.margin_bytes, 0.0)
    fits_one = resident_bytes(deployment=deployment, context_tok=load.max_context_tok) <= room
    return np.where(fits_one, np.maximum(np.minimum(deployment.max_seqs, np.floor(room / mean_bytes)), 1.0), 0.0)


def batch(*, deployment: Deployment, load: Load, n_seqs: Num) -> Batch:
    """Closed loop of C sequences; every O decode steps each of the others' prompts is prefilled once, in chunks.

    O / T steps where each yields T tokens (speculative decoding); the time of one is then a percentile of the ITL.
    ITL = [max(O - N, 0) tau(C, 0) + N tau(C-1, q)] / O, N = max(C/k - 1, 0) u / q steps with prompt tokens.
    q is a chunk of one prompt; prompts share a step, up to the budget, once there are more chunks than steps.
    TTFT = front end + half a running step + chunks tau(C-1, q) + wait behind other prompts, ``prompt_wait_s``.
    X = C / (k (TTFT - wait + (O-1) ITL)), since who waits is not among the C. A sequence's own prefill is TTFT only.
    """
    uncached_tok, samples = load.uncached_tok, load.n_samples
    chunks = n_chunks(uncached_tok=uncached_tok, chunk_tok=deployment.chunk_tok)
    prompts_tok = np.maximum(n_seqs / samples - 1.0, 0.0) * uncached_tok
    n_steps = load.output_tok / tokens_of(deployment=deployment)
    step_tok = np.clip(prompts_tok / n_steps, uncached_tok / chunks, deployment.chunk_tok)
    n_prefill = prompts_tok / step_tok
    others = np.maximum(n_seqs - 1.0, 0.0)
    decode_s = decode_step_s(deployment=deployment, n_decode=n_seqs, context_tok=load.mean_context_tok)
    mixed = partial(
        decode_step_s, deployment=deployment, n_decode=others, context_tok=load.mean_context_tok,
        prefill_context_tok=load.input_tok - uncached_tok / 2.0,
    )  # fmt: skip
    prefill_s = mixed(n_prefill_tok=step_tok)
    plain_steps = np.maximum(n_steps - n_prefill, 0.0)
    itl_s = (plain_steps * decode_s + n_prefill * prefill_s) / load.output_tok
    own_s = deployment.frontend_s + chunks * prefill_s + 0.5 * decode_s * others / n_seqs
    decode_time_s = (load.output_tok - 1.0) * itl_s
    stay_s = own_s + decode_time_s
    reading_frac = np.minimum(n_prefill * prefill_s / stay_s, 1.0)
    filled_frac = prompts_tok / deployment.chunk_tok * mixed(n_prefill_tok=deployment.chunk_tok) / stay_s
    wait_s = prompt_wait_s(prompt_s=chunks * prefill_s, reading_frac=reading_frac, filled_frac=filled_frac)
    waves = np.maximum(samples / n_seqs, 1.0)  # fewer slots than samples: they follow one another
    longest = longest_ratio(n_samples=samples, output_scv=load.output_scv)
    return Batch(
        ttft_s=own_s + wait_s,
        own_ttft_s=own_s,
        reading_frac=reading_frac,
        itl_s=itl_s,
        decode_step_s=decode_s,
        prefill_step_s=prefill_s,
        prefill_step_share=np.minimum(n_prefill / load.output_tok, 1.0),
        e2e_s=own_s + wait_s + decode_time_s * waves * longest,
        req_per_s=n_seqs / (samples * stay_s),
    )


def prompt_wait_s(*, prompt_s: Num, reading_frac: Num, filled_frac: Num) -> Num:
    """Mean wait for the prompts ahead: r t / 2 / (1 - b), t the time of a prompt.

    r is the share of the time in which prompts are read, b that of their budget they fill: who waits shares a step.
    M/D/1 where a prompt takes the whole budget, r = b. Poisson prompts in a simulation of steps, up to 80% of
    saturation: 0.81 to 1.25 of the mean, and its percentiles (``late_ttft_s``) 0.75 to 1.5 of theirs.
    """
    return 0.5 * prompt_s * reading_frac / (1.0 - np.minimum(filled_frac, MAX_PREFILL_BUSY_FRAC))


def ttft_at(*, state: Batch, percentile: Percentile) -> Num:
    """TTFT at a percentile, the mean for 50: ``late_ttft_s`` of the batch."""
    return late_ttft_s(
        own_s=state.own_ttft_s, wait_s=state.ttft_s - state.own_ttft_s, reading_frac=state.reading_frac,
        percentile=percentile,
    )  # fmt: skip


def late_ttft_s(*, own_s: Num, wait_s: Num, reading_frac: Num, percentile: Percentile) -> Num:
    """Time without waiting by a factor, and the wait of who meets other prompts, exponential; means for 50."""
    if percentile == 50:
        return own_s + wait_s
    some = np.maximum(reading_frac, 1e-9)
    late_s = late_wait_s(late_frac=reading_frac, own_s=wait_s / some, percentile=percentile)
    return own_s * TTFT_OVER_MEAN[percentile] + late_s


def itl_at(*, state: Batch, percentile: Percentile) -> Num:
    """ITL at a percentile: a prefill-carrying step where these are common enough, else a plain decode step.

    The median never falls below the mean, which a target on p50 is read as.
    """
    if percentile == 50:
        return state.itl_s
    common: Flag = state.prefill_step_share > PREFILL_STEP_SHARE[percentile]
    return np.where(common, np.maximum(state.prefill_step_s, state.itl_s), state.decode_step_s)
