"""What the model says about each run of a measurement file: one number per run in the unit of its metric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tco.perform.batching import batch, n_chunks
from tco.perform.deployment import Deployment
from tco.perform.energy import serving_tdp_frac
from tco.perform.load import Load
from tco.perform.runs import Runs
from tco.perform.step import step_s
from tco.units import MS_PER_S, Num

Array = NDArray[np.float64]


def prompt_s(*, deployment: Deployment, load: Load) -> Num:
    """Time to read one prompt alone: chunks of equal length, no other sequence running."""
    chunks = n_chunks(uncached_tok=load.uncached_tok, chunk_tok=deployment.chunk_tok)
    one = step_s(
        deployment=deployment, n_decode=0.0, context_tok=0.0, n_prefill_tok=load.uncached_tok / chunks,
        prefill_context_tok=load.input_tok - load.uncached_tok / 2.0,
    )  # fmt: skip
    return chunks * one


def burst_wait_s(*, deployment: Deployment, load: Load, n_seqs: Num) -> Num:
    """Mean wait of C prompts that arrive at once and are read a full budget at a time: (C - 1)/2 u / q tau(0, q)."""
    full_s = step_s(
        deployment=deployment, n_decode=0.0, context_tok=0.0, n_prefill_tok=deployment.chunk_tok,
        prefill_context_tok=load.input_tok - load.uncached_tok / 2.0,
    )  # fmt: skip
    return 0.5 * np.maximum(n_seqs - 1.0, 0.0) * load.uncached_tok / deployment.chunk_tok * full_s


def gpu_busy_frac(*, deployment: Deployment, n_seqs: Num, itl_s: Num, measured_itl_s: Num | None = None) -> Num:
    """Share of the time a GPU computes, within 0 and 1: (itl - host time of a step) / itl.

    Where the time between tokens was measured, that is what the GPU's part is a share of.
    """
    host_s = deployment.overhead_s + n_seqs * deployment.overhead_s_per_seq
    whole_s = itl_s if measured_itl_s is None else measured_itl_s
    return np.clip((itl_s - host_s) / whole_s, 0.0, 1.0)


def watts(*, runs: Runs, gpu_busy_frac: Num, power: Num = 1.0) -> Array:
    """Power of each run's accelerators while they serve: its share of the rated power, times a fitted multiplier."""
    frac = serving_tdp_frac(n_seqs=runs.n_seqs, gpu_busy_frac=gpu_busy_frac)
    return np.asarray(power * runs.tdp_w * frac)


def watts_at(*, runs: Runs, deployment: Deployment, out_tok_per_s: Array, power: Num = 1.0) -> Array:
    """Power of each run's accelerators where its throughput was measured."""
    state = batch(deployment=deployment, load=runs.load, n_seqs=runs.n_seqs)
    measured_s = runs.n_seqs * runs.n_replicas * runs.n_stages / out_tok_per_s
    busy_frac = gpu_busy_frac(
        deployment=deployment, n_seqs=runs.n_seqs, itl_s=state.itl_s, measured_itl_s=measured_s
    )  # fmt: skip
    return watts(runs=runs, gpu_busy_frac=busy_frac, power=power)


def forecast(*, runs: Runs, deployment: Deployment, power: Num = 1.0) -> Array:
    """Predicted value of every run, with constants already applied to ``deployment``.

    Closed loop of C requests, all arriving at once; those whose cache does not fit wait (asked - running) / X.
    A run of one output token times the prompt alone. Throughput counts output tokens of all replicas.
    A single stream decodes after its prompt, from an empty context where it has none.
    """
    load = runs.load
    state = batch(deployment=deployment, load=load, n_seqs=runs.n_seqs)
    out_tok_per_s = state.req_per_s * load.output_tok * runs.n_replicas * runs.n_stages
    queue_s = np.maximum(runs.n_asked - runs.n_seqs, 0.0) / state.req_per_s
    burst_s = deployment.burst_frac * burst_wait_s(deployment=deployment, load=load, n_seqs=runs.n_seqs)
    alone_s = step_s(deployment=deployment, n_decode=1.0, context_tok=load.mean_context_tok)
    read_s = prompt_s(deployment=deployment, load=load)
    busy_frac = gpu_busy_frac(deployment=deployment, n_seqs=runs.n_seqs, itl_s=state.itl_s)
    values: dict[str, Num] = {
        "itl_ms": state.itl_s * MS_PER_S,
        "output_tok_s_total": out_tok_per_s,
        "decode_tok_s_single": 1.0 / alone_s,
        "prefill_tok_s": load.input_tok / read_s,
        "joules_per_token": watts(runs=runs, gpu_busy_frac=busy_frac, power=power) / out_tok_per_s,
        "ttft_ms": np.where(load.output_tok <= 1.0, read_s, state.own_ttft_s + burst_s + queue_s) * MS_PER_S,
    }
    found = np.full(len(runs.rows), np.nan)
    for metric, chosen in runs.is_metric.items():
        found[chosen] = np.broadcast_to(values[metric], found.shape)[chosen]
    return found
