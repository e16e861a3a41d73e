"""Matrix products on an NVIDIA GPU: those of decoding at several batches, and a large one sustained with its energy.

Decode products read weights that rotate through more memory than the L2 cache holds, as decoding does. What
multiplies is cuBLASLt, else CuPy, else torch: whichever is present.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tco.bench.device import cublas, cupy_gpu, torch_gpu, with_torch
from tco.bench.device.cuda import CudaError, Device
from tco.bench.device.gemm import DECODE_ROWS, DECODE_SHAPE, PREFILL_SIDE, none, sustained, timed
from tco.bench.device.gpu import L2_TIMES, best, timed_for
from tco.bench.device.reading import missing
from tco.bench.device.session import OUT_OF_TIME, Session
from tco.describe.profile import Gemm, Watts

FIRST_BF16 = (8, 0)  # compute capability of the first products in this format


def products(device: Device, session: Session) -> tuple[Gemm, ...]:
    """Every product, through what is installed."""
    try:
        return tuple(with_cublas(device, cublas.library(), session))
    except CudaError as error:
        why = str(error)
    cupy = cupy_gpu.load()
    if cupy is not None:
        return tuple(cupy_gpu.products_of(cupy, device, session))
    torch = torch_gpu.load()
    if torch is not None and torch_gpu.accelerator(torch) == "cuda":
        return tuple(with_torch.products(torch, "cuda", session, index=device.index))
    absent = missing(f"{why}, and neither CuPy nor a torch with CUDA is")
    n, k = DECODE_SHAPE
    return (Gemm(dtype="bf16", m=1, n=n, k=k, tflops=absent, gb_per_s=absent),)


def with_cublas(device: Device, lib: Any, session: Session) -> Iterator[Gemm]:
    """Products through cuBLASLt in every format; a GPU from before bf16 multiplies in fp16."""
    dtypes: tuple[cublas.MatmulDtype, ...] = session.plan.dtypes
    if device.capability < FIRST_BF16:
        dtypes = ("fp16",)
    n, k = DECODE_SHAPE
    for dtype in dtypes:
        for m in DECODE_ROWS:
            session.say(f"decode product, {dtype}, {m} rows")
            yield _decode(device, lib, session, dtype=dtype, m=m, n=n, k=k)
    for dtype in dtypes:
        seconds = session.plan.sustained_s if dtype == dtypes[0] else session.plan.narrow_sustained_s
        session.say(f"prefill product, {dtype}, {seconds:g} s")
        yield _sustained(device, lib, session, dtype, seconds)


def _decode(
    device: Device, lib: Any, session: Session, *, dtype: cublas.MatmulDtype, m: int, n: int, k: int
) -> Gemm:  # fmt: skip
    read_bytes = n * k * cublas.ELEMENT_BYTES[dtype]
    n_weights = max(L2_TIMES * device.l2_bytes // read_bytes, 1) + 1
    held = Gemm(dtype=dtype, m=m, n=n, k=k, how=f"cuBLASLt, {n_weights} rotating weights")
    if session.deadline.left_s <= 0:
        return none(held, OUT_OF_TIME)
    try:
        with cublas.product(device, lib, dtype=dtype, m=m, n=n, k=k, n_weights=n_weights) as made:
            at = iter(range(1 << 62))
            best_s, spread = best(device, lambda: made.run(next(at)), session.plan.product_s)
    except CudaError as error:
        return none(held, missing(str(error)))
    return timed(held, best_s=best_s, spread=spread, read_bytes=read_bytes)


def _sustained(device: Device, lib: Any, session: Session, dtype: cublas.MatmulDtype, seconds: float) -> Gemm:
    side = PREFILL_SIDE
    held = Gemm(dtype=dtype, m=side, n=side, k=side, sustained=True, how=f"cuBLASLt, {seconds:g} s without a pause")
    if session.deadline.left_s < seconds:
        return none(held, OUT_OF_TIME)
    try:
        with cublas.product(device, lib, dtype=dtype, m=side, n=side, k=side, n_weights=2) as made:
            took_s, power_w = steady(device, made.run, seconds, session, f"sustained {dtype} product")
    except CudaError as error:
        return none(held, missing(str(error)))
    return sustained(held, took_s=took_s, power_w=power_w)


def steady(
    device: Device, run: Callable[[int], object], seconds: float, session: Session, what: str
) -> tuple[float, Watts]:
    """Mean seconds a product over a window, with the power of the same window."""
    run(0)
    device.synchronise()
    with session.window(what) as meter:
        took_s = timed_for(device, run, seconds)
    return took_s, session.mean_w(meter)
