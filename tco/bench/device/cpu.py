"""CPU kernels: what one thread and all cores read, copy and multiply.

Reading a large array once is what decoding does with the weights, so the read rate, not a triad, bounds it. One
thread is timed by its own CPU time, which neighbours disturb least; all cores together by wall time. An engine
reaches a part of it: 0.60-0.67 of the read bound on decode, 0.34 of the GEMM bound on prefill were measured here
with llama.cpp.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Clock = Callable[[], float]
FLOAT_BYTES = 4
CPUS = Path("/sys/devices/system/cpu")
CACHE_TIMES = 4
LARGEST_ARRAY_BYTES = 4 << 30
USUAL_ARRAY_BYTES = 1 << 30  # where the system does not tell its caches
MEMORY_SHARE = 8  # the array takes at most this part of the free memory
WIDTH = 4096  # columns of every matrix
BLOCK_ROWS = 512  # of the array a thread fills at once: 8 MiB
ROWS_TOK = 512  # rows of the GEMM: a chunk of prompt tokens


@dataclass(frozen=True, slots=True)
class Rate:
    """The fastest of several repeats, and the slowest."""

    best: float
    worst: float


@dataclass(frozen=True, slots=True)
class CpuRates:
    """GB/s and TFLOPS of one thread or of all cores."""

    read: Rate
    copy: Rate
    gemm: Rate
    n_threads: int


@dataclass(frozen=True, slots=True)
class Arrays:
    """What is read, and copied from its first half to its second, and a matrix product; random data."""

    held: NDArray[np.float32]
    rows: NDArray[np.float32]
    weights: NDArray[np.float32]


def cache_bytes(cpus: Path = CPUS) -> int | None:
    """All the last caches together, each once however many cores share it; None where the system does not say."""
    found: dict[tuple[int, str], int] = {}
    for index in cpus.glob("cpu[0-9]*/cache/index*"):
        try:
            shared = (index / "shared_cpu_list").read_text().strip()
            found[int((index / "level").read_text()), shared] = _bytes((index / "size").read_text().strip())
        except (OSError, ValueError):
            continue
    last = max((level for level, _ in found), default=0)
    return sum(size for (level, _), size in found.items() if level == last) or None


def array_bytes(*, cache_bytes: int | None, free_bytes: int | None) -> int:
    """Size of the array to read: four times the caches, at least 1 GiB, at most 4 GiB and an eighth of the memory."""
    wanted = max(CACHE_TIMES * cache_bytes, USUAL_ARRAY_BYTES) if cache_bytes else USUAL_ARRAY_BYTES
    room = free_bytes // MEMORY_SHARE if free_bytes is not None else USUAL_ARRAY_BYTES
    return min(wanted, LARGEST_ARRAY_BYTES, room)


def best_rate(work: Callable[[], object], *, amount: float, seconds: float, clock: Clock) -> Rate:
    """``amount`` per second of repeats within ``seconds`` of wall time; the first is warm-up where there is a second.

    The best of several is the least disturbed one.
    """
    began_s, began = time.perf_counter(), clock()
    work()
    first = clock() - began
    if time.perf_counter() - began_s >= seconds and first > 0:
        return Rate(amount / first, amount / first)
    found: list[float] = []
    while not found or time.perf_counter() - began_s < seconds:
        began = clock()
        work()
        took = clock() - began
        found += [amount / took] if took > 0 else []
    return Rate(max(found), min(found))


def arrays(n_bytes: int, n_threads: int, *, seconds: float, seed: int = 0) -> Arrays:
    """Arrays of random numbers, at most ``n_bytes`` and as much as is filled in time: fresh memory can be slow.

    They are filled by as many threads as will read them: memory lies near the core that touches it first.
    """
    chunk = WIDTH * BLOCK_ROWS * n_threads
    held = np.empty(max(n_bytes // (FLOAT_BYTES * chunk), 1) * chunk, dtype=np.float32)
    rng = np.random.default_rng(seed)
    block = rng.random(WIDTH * BLOCK_ROWS, dtype=np.float32)
    until, filled = time.perf_counter() + seconds, 0
    with ThreadPoolExecutor(n_threads) as pool:
        while filled < len(held) and (filled == 0 or time.perf_counter() < until):
            list(pool.map(lambda part: np.copyto(part, block), np.split(held[filled : filled + chunk], n_threads)))
            filled += chunk
    rows = rng.random((ROWS_TOK, WIDTH), dtype=np.float32)
    return Arrays(held[:filled], rows, rng.random((WIDTH, WIDTH), dtype=np.float32))


def rates(data: Arrays, *, n_threads: int, seconds: float) -> CpuRates:
    """Measure reading, copying and multiplying with one thread (CPU time) or several (wall time)."""
    clock: Clock = time.thread_time if n_threads == 1 else time.perf_counter
    parts = np.split(data.held, n_threads)
    sources, targets = (np.split(half, n_threads) for half in np.split(data.held, 2))
    slices = [each for each in np.array_split(data.rows, n_threads) if len(each)]
    third = seconds / 3.0
    with ThreadPoolExecutor(n_threads) as pool:

        def rate(work: Callable[..., object], amount: float, *lists: list[NDArray[np.float32]]) -> Rate:
            def one() -> object:
                return work(*(each[0] for each in lists))

            def every() -> object:
                return list(pool.map(work, *lists))

            return best_rate(one if n_threads == 1 else every, amount=amount, seconds=third, clock=clock)

        read = rate(_read, data.held.nbytes / 1e9, parts)
        copy = rate(_copy, data.held.nbytes / 1e9, targets, sources)
        gemm = rate(lambda part: part @ data.weights, 2.0 * ROWS_TOK * WIDTH * WIDTH / 1e12, slices)
    return CpuRates(read, copy, gemm, n_threads)


def _read(part: NDArray[np.float32]) -> object:
    """Each element once: the product of a matrix and a vector that stays in the cache."""
    return part.reshape(-1, WIDTH) @ _VECTOR


_VECTOR = np.random.default_rng(3).random(WIDTH, dtype=np.float32)


def _copy(target: NDArray[np.float32], part: NDArray[np.float32]) -> object:
    np.copyto(target, part)
    return target


def _bytes(text: str) -> int:
    scale = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * scale[text[-1]] if text[-1:] in scale else int(text)
