"""Several GPUs: whether they are alike and free, and how far work on all of them at once slows each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, BrokenBarrierError

from tco.bench.device import cublas
from tco.bench.device.cuda import CudaError, Device, opened
from tco.bench.device.gemm import PREFILL_SIDE
from tco.bench.device.gpu import STREAM_BYTES, arrays, timed_for
from tco.bench.device.nvml import GpuFacts
from tco.bench.device.session import Session
from tco.bench.device.watch import users
from tco.describe.profile import NotMeasured

TOGETHER_S = 0.5
ALIKE_FRAC = 0.05  # GPUs of a machine differ by less; assumed
WAIT_S = 20.0  # for the others to be ready
NEEDS_S = 3.0
ALIKE = ("name", "memory_bytes", "driver", "power_limit_w", "max_sm_clock_mhz", "mig")


def differences(told: Sequence[GpuFacts]) -> list[str]:
    """Sentences on GPUs that differ from the first, and on those of several that were in use before this run."""
    found = [
        f"GPU {each.index} differs from GPU {told[0].index}: {name} {_text(getattr(each, name))} "
        f"instead of {_text(getattr(told[0], name))}"
        for each in told[1:]
        for name in ALIKE
        if getattr(each, name) != getattr(told[0], name)
    ]
    return found + [f"GPU {each.index}: {text}" for each in told[1:] for text in users(each)]


def _text(reading: object) -> str:
    return reading.not_measured if isinstance(reading, NotMeasured) else f"{reading}"


def scaling(indices: Sequence[int], session: Session) -> dict[str, float]:
    """Rate of all GPUs at once over one alone times their number, for copying and for a large product; 1 is perfect."""
    found = {}
    for name, work in (("copy", _copy), ("gemm", _product)):
        if session.deadline.left_s < NEEDS_S:
            session.flags.append(f"scaling of {name} not measured: out of time")
            continue
        session.say(f"{name} on all {len(indices)} GPUs at once")
        try:
            alone = work(indices[0], _at_once)
            every = _together(indices, work)
        except (CudaError, BrokenBarrierError) as error:
            session.flags.append(f"scaling of {name} not measured: {error or 'a GPU was not ready in time'}")
            continue
        found[name] = sum(every) / (len(indices) * alone)
        session.flags.extend(
            f"{name}: GPU {index} reaches {rate / max(every):.0%} of the fastest, all at once"
            for index, rate in zip(indices, every, strict=True)
            if rate < (1.0 - ALIKE_FRAC) * max(every)
        )
    return found


Work = Callable[[int, Callable[[], object]], float]


def _at_once() -> None:
    """Nobody to wait for."""


def _together(indices: Sequence[int], work: Work) -> list[float]:
    """The rates of all GPUs, begun when the last is ready; one that fails lets none of the others wait."""
    ready = Barrier(len(indices), timeout=WAIT_S)

    def one(index: int) -> float:
        try:
            return work(index, ready.wait)
        except BaseException:
            ready.abort()
            raise

    with ThreadPoolExecutor(len(indices)) as pool:
        jobs = [pool.submit(one, index) for index in indices]
        errors = [error for job in jobs if (error := job.exception()) is not None]
        cause = next((each for each in errors if not isinstance(each, BrokenBarrierError)), next(iter(errors), None))
        if cause is not None:
            raise cause
        return [job.result() for job in jobs]


def _copy(index: int, wait: Callable[[], object]) -> float:
    """Bytes a second."""
    with opened(index) as device, arrays(device, 2, STREAM_BYTES) as (held, n):
        kernel = device.kernel("copy")
        return 32.0 * n / _timed(device, lambda _: device.launch(kernel, (*held, n)), wait)


def _product(index: int, wait: Callable[[], object]) -> float:
    """Products a second."""
    side = PREFILL_SIDE
    dtype: cublas.MatmulDtype = "bf16"
    with (
        opened(index) as device,
        cublas.product(device, cublas.library(), dtype=dtype, m=side, n=side, k=side, n_weights=2) as held,
    ):
        return 1.0 / _timed(device, held.run, wait)


def _timed(device: Device, run: Callable[[int], object], wait: Callable[[], object]) -> float:
    at = count()
    run(next(at))
    device.synchronise()
    wait()
    return timed_for(device, run, TOGETHER_S)
