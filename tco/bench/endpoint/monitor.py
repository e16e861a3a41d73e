"""How busy this client itself was while it measured: its event loop's lag and its CPU share."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType

import numpy as np

TICK_S = 0.02
MAX_CPU_FRAC = 0.85  # of one core: a loop that busy answers late
MAX_LAG_S = 0.015  # p99; a first token may not be stamped later than this


@dataclass(frozen=True, slots=True)
class Client:
    """Load of this process: lag of its loop, CPU seconds per second of one core."""

    lag_p50_s: float
    lag_p99_s: float
    lag_max_s: float
    cpu_frac: float

    @property
    def bound_reason(self) -> str:
        """Why the client, not the server, may be what was measured; empty when it had time to spare."""
        if self.cpu_frac > MAX_CPU_FRAC:
            return f"the client used {self.cpu_frac:.0%} of a core"
        if self.lag_p99_s > MAX_LAG_S:
            return f"the client's event loop was up to {self.lag_p99_s * 1e3:.0f} ms late (p99)"
        return ""


class Watch:
    """Context manager around a level; ``client`` holds what was seen. Lag: how late a timer of 20 ms fires."""

    def __init__(self) -> None:
        self._lags_s: list[float] = []
        self._timer: asyncio.TimerHandle | None = None
        self.client = Client(0.0, 0.0, 0.0, 0.0)

    def __enter__(self) -> Watch:
        self._loop = asyncio.get_running_loop()
        self._cpu_s, self._wall_s = time.process_time(), time.perf_counter()
        self._arm()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        cpu_s, wall_s = time.process_time() - self._cpu_s, time.perf_counter() - self._wall_s
        lags = np.array(self._lags_s or [0.0])
        p50, p99 = np.percentile(lags, (50, 99))
        self.client = Client(float(p50), float(p99), float(lags.max()), cpu_s / max(wall_s, 1e-9))

    def _arm(self) -> None:
        self._due_s = time.perf_counter() + TICK_S
        self._timer = self._loop.call_later(TICK_S, self._fire)

    def _fire(self) -> None:
        self._lags_s.append(max(time.perf_counter() - self._due_s, 0.0))
        self._arm()
