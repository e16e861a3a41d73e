"""Memory, launches and idle power of an NVIDIA GPU.

Every number is of random data and of the device's own clock. The best of several repeats is the least disturbed
one; how far the slowest was from it is the range.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tco.bench.device.cublas import random_bytes
from tco.bench.device.cuda import CudaError, Device
from tco.bench.device.nvml import Gpu
from tco.bench.device.reading import known, missing
from tco.bench.device.session import OUT_OF_TIME, Session
from tco.describe.profile import GbPerS, Seconds, Watts, measured

IDLE_S = 2.1
SETTLE_MHZ = 15
SETTLE_EVERY_S = 0.1  # drivers renew the clock they report about so often
STREAM_BYTES = 2 << 30
WARM_BYTES = 256 << 20
L2_TIMES = 3  # arrays and rotating weights hold at least this many L2 caches
BATCHES = 5
LAUNCHES = 2000
GRAPH_KERNELS = 200
PAUSE_EVERY_S = 0.05  # the host waits for the device this often, so that it stops in time
MOST_ENQUEUED = 500
SMALLEST_S = 1e-6  # of a batch: the resolution of the device's clock is half of it


def idle_w(session: Session) -> Watts:
    """Mean power with nothing running; the driver holds a context, as it does for an engine without requests."""
    with session.window("idle power") as meter:
        time.sleep(IDLE_S)
    return session.mean_w(meter)


def warm_up(device: Device, card: Gpu | None, session: Session) -> None:
    """Run copies until two readings of the clock agree; a clock that goes on moving is flagged."""
    until, before = time.perf_counter() + session.plan.settle_s, -1.0
    try:
        with arrays(device, 2, WARM_BYTES) as (held, n):
            kernel = device.kernel("copy")
            while time.perf_counter() < until:
                _for(SETTLE_EVERY_S, device, lambda: device.launch(kernel, (*held, n)))
                clock = known(card.state().sm_clock_mhz) if card else None
                if clock is None or abs(clock - before) <= SETTLE_MHZ:
                    return
                before = float(clock)
    except CudaError as error:
        session.flags.append(f"not warmed up: {error}")
        return
    session.flags.append(f"clocks still moved after {session.plan.settle_s:g} s of warming up")


def _for(seconds: float, device: Device, work: Callable[[], None]) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for _ in range(20):
            work()
        device.synchronise()


def stream(device: Device, name: str, *, n_arrays: int, passes: float, session: Session) -> GbPerS:
    """Best rate of one kernel over large arrays; ``passes`` is how often an array's bytes cross the memory bus."""
    if session.deadline.left_s <= 0:
        return OUT_OF_TIME
    try:
        with arrays(device, n_arrays, STREAM_BYTES) as (held, n):
            kernel = device.kernel(name)
            best_s, spread = best(device, lambda: device.launch(kernel, (*held, n)), session.plan.stream_s)
    except CudaError as error:
        return missing(str(error))
    if 16 * n < L2_TIMES * device.l2_bytes:
        session.flags.append(f"{name}: arrays of {16 * n / 1e6:.0f} MB partly fit the cache; the memory may be slower")
    rate = passes * 16.0 * n / best_s / 1e9
    note = f"{name} over {16 * n / 1e9:.2f} GB arrays, random data"
    return measured(rate, "GB/s", low=rate / spread, high=rate, note=note)


def launch_s(device: Device) -> Seconds:
    """Time of one empty kernel launched alone and waited for, by the host's clock; median of many."""
    found = []
    try:
        kernel = device.kernel("empty")
        for _ in range(LAUNCHES):
            began = time.perf_counter()
            device.launch(kernel, n_blocks=1)
            device.synchronise()
            found.append(time.perf_counter() - began)
    except CudaError as error:
        return missing(str(error))
    return measured(statistics.median(found), "s", note="empty kernel, launch to completion, host clock")


def graph_s(device: Device) -> Seconds:
    """Time of a kernel inside a replayed graph: what is left of launching when an engine captures its step."""
    try:
        with device.graph_of(device.kernel("empty"), GRAPH_KERNELS) as graph:
            best_s, _ = best(device, lambda: device.replay(graph), 0.1)
    except CudaError as error:
        return missing(str(error))
    return measured(best_s / GRAPH_KERNELS, "s", note=f"graph of {GRAPH_KERNELS} empty kernels")


def best(device: Device, work: Callable[[], None], seconds: float) -> tuple[float, float]:
    """Least time of one call among batches, and the slowest over the fastest; a first batch sizes them."""

    def batch_s(n: int) -> float:
        with device.events() as (began, ended):
            device.record(began)
            for _ in range(n):
                work()
            device.record(ended)
            return device.elapsed_s(began, ended) / n

    batch_s(1)
    first_s = max(batch_s(3), SMALLEST_S)
    n = max(int(seconds / BATCHES / first_s), 1)
    found = [batch_s(n) for _ in range(BATCHES)]
    if min(found) <= 0.0:
        raise CudaError("the device's clock did not move")
    return min(found), max(found) / min(found)


def timed_for(device: Device, run: Callable[[int], object], seconds: float) -> float:
    """Enqueue work for a while, never far ahead of the device; mean time of one piece by the device's clock."""
    began_s = time.perf_counter()
    run(0)
    device.synchronise()
    n_each = min(max(int(PAUSE_EVERY_S / max(time.perf_counter() - began_s, 1e-6)), 1), MOST_ENQUEUED)
    with device.events() as (began, ended):
        until, n = time.perf_counter() + seconds, 0
        device.record(began)
        while time.perf_counter() < until:
            for _ in range(n_each):
                run(n)
                n += 1
            device.synchronise()
        device.record(ended)
        return device.elapsed_s(began, ended) / max(n, 1)


@contextmanager
def arrays(device: Device, n_arrays: int, n_bytes: int) -> Iterator[tuple[list[int], int]]:
    """Equal arrays of random bf16-sized words and how many 16-byte elements each has."""
    room = device.memory_bytes()[0] // (2 * n_arrays)
    size = min(n_bytes, room) // 16 * 16
    with ExitStack() as held:
        pattern = random_bytes("bf16")
        made = [held.enter_context(device.buffer(size, pattern)) for _ in range(n_arrays)]
        held.callback(device.synchronise)
        yield made, size // 16
