"""Which matrix products are measured, and their rates from the time of one."""

from __future__ import annotations

from tco.bench.device.reading import missing
from tco.describe.profile import Gemm, NotMeasured, Watts, measured

DECODE_ROWS = (1, 8, 32, 128)
DECODE_SHAPE = (14336, 4096)  # n and k of the largest matrix of an 8B model's layer
PREFILL_SIDE = 8192


def none(held: Gemm, why: NotMeasured) -> Gemm:
    """A product without a number."""
    return held.model_copy(update={"tflops": why, "gb_per_s": why})


def timed(held: Gemm, *, best_s: float, spread: float, read_bytes: float) -> Gemm:
    """A product with its rates: operations 2 m n k over the time, and weights read over it."""
    tflops, reads = 2.0 * held.m * held.n * held.k / best_s / 1e12, read_bytes / best_s / 1e9
    return held.model_copy(
        update={
            "tflops": measured(tflops, "TFLOPS", low=tflops / spread, high=tflops),
            "gb_per_s": measured(reads, "GB/s", low=reads / spread, high=reads),
        }
    )


def sustained(held: Gemm, *, took_s: float, power_w: Watts) -> Gemm:
    """A product repeated without a pause: its mean rate, and its power."""
    rate = measured(2.0 * held.m * held.n * held.k / took_s / 1e12, "TFLOPS")
    none_read = missing("bound by computing")
    return held.model_copy(update={"tflops": rate, "gb_per_s": none_read, "power_w": power_w})
