"""Configurations a second of the step-time model on one core: ``python -m benchmarks.perform [--blocks N]``.

A configuration is one deployment at one batch and context. Blocks of 16,384 rows keep the arrays in the cache;
float32 is what sweeps use, float64 what reports use.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np

from tco.files.catalogue import Catalogue
from tco.perform.calibrated import calibrated
from tco.perform.deployment import NUM_FIELDS, Deployment, stack
from tco.perform.step import step_s

BLOCK = 16_384


def a_block(dtype: Any) -> tuple[Deployment, Any, Any]:
    """A block of deployments with a batch and a context each."""
    catalogue = Catalogue()
    held = [
        calibrated(model=catalogue.model(model), hardware=catalogue.hardware(gpu), n_gpus=n, dtype="fp8").deployment
        for model in ("qwen3-8b", "llama-3.3-70b", "gpt-oss-120b", "deepseek-r1")
        for gpu in ("h100-sxm", "h200-sxm", "b200", "rtx-4090")
        for n in (1, 2, 4, 8)
    ]
    stacked, n_times = stack(held), BLOCK // len(held)
    columns: dict[str, Any] = {name: np.tile(getattr(stacked, name), n_times).astype(dtype) for name in NUM_FIELDS}
    rng = np.random.default_rng(0)
    seqs, context = rng.uniform(1, 256, BLOCK).astype(dtype), rng.uniform(128, 8192, BLOCK).astype(dtype)
    return replace(stacked, **columns), seqs, context


def rate_per_s(dtype: Any, n_blocks: int) -> float:
    """Configurations per CPU second, the best of three runs."""
    block, seqs, context = a_block(dtype)
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        for _ in range(n_blocks):
            step_s(deployment=block, n_decode=seqs, context_tok=context)
        best = min(best, time.process_time() - start)
    return n_blocks * BLOCK / best


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blocks", type=int, default=60)
    n_blocks = arguments.parse_args().blocks
    for name, dtype in (("float64", np.float64), ("float32", np.float32)):
        print(f"{name}: {rate_per_s(dtype, n_blocks) / 1e6:.2f} million configurations a second")
