"""Configurations a second of the performance model on one core, in blocks of 16,384 rows.

``python -m benchmarks.perform [--blocks N]``. Three depths, each a row:

- a step: one deployment (model, machine, GPUs, format) at one batch and context, to its inter-token latency;
- a closed loop: one deployment at one batch under a load, to TTFT, ITL, whole answer and requests a second;
- solved: one deployment under a load and latency targets, to the highest rate within them. Each looks at 24 batches.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tco.files.catalogue import Catalogue
from tco.perform.batching import batch
from tco.perform.calibrated import calibrated
from tco.perform.deployment import NUM_FIELDS, Deployment, stack
from tco.perform.load import Load, Slo
from tco.perform.solve import N_GRID, solve
from tco.perform.step import step_s

BLOCK = 16_384
N_RUNS = 3
LOAD, SLO = Load(input_tok=1200.0, output_tok=250.0, cached_input_frac=0.6), Slo(ttft_s=1.0, itl_s=0.05)


def a_block(dtype: Any) -> tuple[Deployment, Any, Any]:
    """A block of deployments with a batch and a context each."""
    catalogue = Catalogue()
    held = [
        calibrated(model=catalogue.model(model), hardware=catalogue.hardware(gpu), n_gpus=n, dtype="fp8").deployment
        for model in ("qwen3-8b", "llama-3.1-70b", "gpt-oss-120b", "deepseek-r1")
        for gpu in ("h100-sxm", "h200-sxm", "b200", "rtx-4090")
        for n in (1, 2, 4, 8)
    ]
    stacked, n_times = stack(held), BLOCK // len(held)
    columns: dict[str, Any] = {name: np.tile(getattr(stacked, name), n_times).astype(dtype) for name in NUM_FIELDS}
    rng = np.random.default_rng(0)
    seqs, context = rng.uniform(1, 256, BLOCK).astype(dtype), rng.uniform(128, 8192, BLOCK).astype(dtype)
    return replace(stacked, **columns), seqs, context


def rate_per_s(task: Callable[[], object], n_blocks: int) -> float:
    """Rows per CPU second, the best of three runs."""
    best = np.inf
    for _ in range(N_RUNS):
        start = time.process_time()
        for _ in range(n_blocks):
            task()
        best = min(best, time.process_time() - start)
    return float(n_blocks * BLOCK / best)


def rates(n_blocks: int) -> list[tuple[str, str, float, int]]:
    """What was worked out, the numbers' width, rows a second, and batches looked at for each row."""
    found = []
    for name, dtype, n_solved in (("float64", np.float64, max(n_blocks // 20, 1)), ("float32", np.float32, 0)):
        block, seqs, context = a_block(dtype)
        step = partial(step_s, deployment=block, n_decode=seqs, context_tok=context)
        loop = partial(batch, deployment=block, load=LOAD, n_seqs=seqs)
        found.append(("a step at a batch and context", name, rate_per_s(step, n_blocks), 1))
        found.append(("a closed loop at a batch", name, rate_per_s(loop, n_blocks), 1))
        if n_solved:
            solved = partial(solve, deployment=block, load=LOAD, slo=SLO)
            found.append(("solved for TTFT and ITL at p95", name, rate_per_s(solved, n_solved), N_GRID))
    return found


def report(n_blocks: int) -> str:
    """The rates as a Markdown table."""
    rows = [
        f"| {what} | {width} | {rate / 1e6:,.2f} | {rate * n_batches / 1e6:,.1f} |"
        for what, width, rate, n_batches in rates(n_blocks)
    ]
    head = ["| a deployment | numbers | million a second | million batches a second |", "| --- | --- | ---: | ---: |"]
    return "\n".join([*head, *rows])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=60)
    print(report(arguments.parse_args().blocks))
