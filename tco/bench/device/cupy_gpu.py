"""Matrix products through CuPy, for NVIDIA GPUs where cuBLASLt cannot be called by itself. It has no bf16: fp16."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tco.bench.device import gemm, timing
from tco.bench.device.cuda import Device
from tco.bench.device.reading import missing
from tco.bench.device.session import OUT_OF_TIME, Session
from tco.describe.profile import Gemm

SOURCE = "CuPy"
N_WEIGHTS = 4  # 0.5 GB together: more than any L2 cache
FAILURES = (RuntimeError, MemoryError, ImportError, OSError)  # its errors of the driver and of memory are among them


def load() -> Any | None:
    """CuPy, or None where it is not installed or does not start."""
    try:
        import cupy
    except (ImportError, RuntimeError, OSError):
        return None
    return cupy


def products_of(cupy: Any, device: Device, session: Session) -> Iterator[Gemm]:
    """Decode products at several batches and a large one sustained."""
    with cupy.cuda.Device(device.index) as gpu:
        for m in gemm.DECODE_ROWS:
            session.say(f"decode product through CuPy, {m} rows")
            yield _decode(cupy, gpu, session, m)
        session.say("prefill product through CuPy")
        yield _sustained(cupy, gpu, session)
        cupy.get_default_memory_pool().free_all_blocks()


def _random(cupy: Any, *shape: int) -> Any:
    return cupy.random.standard_normal(shape, dtype=cupy.float32).astype(cupy.float16)


def _decode(cupy: Any, gpu: Any, session: Session, m: int) -> Gemm:
    n, k = gemm.DECODE_SHAPE
    held = Gemm(dtype="fp16", m=m, n=n, k=k, how=f"{SOURCE}, {N_WEIGHTS} rotating weights")
    if session.deadline.left_s <= 0:
        return gemm.none(held, OUT_OF_TIME)
    try:
        rows, weights = _random(cupy, m, k), [_random(cupy, k, n) for _ in range(N_WEIGHTS)]
        at = iter(range(1 << 62))
        best_s, spread = timing.best(
            gpu.synchronize, lambda: rows @ weights[next(at) % N_WEIGHTS], session.plan.product_s
        )
    except FAILURES as error:
        return gemm.none(held, missing(f"{SOURCE}: {error}".splitlines()[0]))
    return gemm.timed(held, best_s=best_s, spread=spread, read_bytes=2.0 * n * k)


def _sustained(cupy: Any, gpu: Any, session: Session) -> Gemm:
    side, seconds = gemm.PREFILL_SIDE, session.plan.sustained_s
    held = Gemm(dtype="fp16", m=side, n=side, k=side, sustained=True, how=f"{SOURCE}, {seconds:g} s without a pause")
    if session.deadline.left_s < seconds:
        return gemm.none(held, OUT_OF_TIME)
    try:
        rows, weights = _random(cupy, side, side), _random(cupy, side, side)
        with session.window("sustained fp16 product") as meter:
            took_s = timing.sustained(gpu.synchronize, lambda: rows @ weights, seconds)
    except FAILURES as error:
        return gemm.none(held, missing(f"{SOURCE}: {error}".splitlines()[0]))
    return gemm.sustained(held, took_s=took_s, power_w=session.mean_w(meter))
