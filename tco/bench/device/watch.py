"""What goes on around the work while it runs: clocks, heat, why a GPU is slowed, and who else uses the machine."""

from __future__ import annotations

import statistics
import threading
import time
from types import TracebackType

from tco.bench.device.host import cpu_stalled_s
from tco.bench.device.nvml import Gpu, GpuFacts, GpuState
from tco.bench.device.reading import Reading, known, missing
from tco.describe.profile import NotMeasured

EVERY_S = 0.1
BUSY_PERCENT = 5  # of the time just before the run some kernel of others ran; assumed limit


class Watch:
    """Context manager around the work: a thread asks the driver ten times a second."""

    def __init__(self, card: Gpu | None, *, every_s: float = EVERY_S) -> None:
        self._card, self._every_s = card, every_s
        self._states: list[GpuState] = []
        self._counts: list[Reading[int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        if self._card is not None:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while self._card is not None:
            self._states.append(self._card.state())
            self._counts.append(self._card.n_processes())
            if self._stop.wait(self._every_s):
                return

    @property
    def state(self) -> GpuState | None:
        """Median clocks, highest temperature and every reason for slowing that was seen; None without a driver."""
        if not self._states:
            return None
        last = self._states[-1]
        return GpuState(
            sm_clock_mhz=_median([each.sm_clock_mhz for each in self._states], last.sm_clock_mhz),
            memory_clock_mhz=_median([each.memory_clock_mhz for each in self._states], last.memory_clock_mhz),
            temperature_c=_highest([each.temperature_c for each in self._states]),
            throttle=_every([each.throttle for each in self._states]),
            power_w=last.power_w,
        )

    @property
    def n_others(self) -> Reading[int]:
        """Most other processes seen on the GPU: all but one, which is this."""
        if not self._counts:
            return missing("the driver was not asked")
        most = _highest(self._counts)
        return most if isinstance(most, NotMeasured) else max(most - 1, 0)


class Pressure:
    """Share of a stretch of time in which some task of the machine waited for a CPU."""

    def __init__(self) -> None:
        self._began_s, self._stalled_s = time.perf_counter(), cpu_stalled_s()

    def percent(self) -> Reading[float]:
        """Percent of the time since it was made."""
        now_s = cpu_stalled_s()
        if isinstance(now_s, NotMeasured) or isinstance(self._stalled_s, NotMeasured):
            return now_s if isinstance(now_s, NotMeasured) else self._stalled_s
        return 100.0 * (now_s - self._stalled_s) / max(time.perf_counter() - self._began_s, 1e-6)


def users(facts: GpuFacts, *, counted: bool = False) -> list[str]:
    """Who used a GPU before this process did: in words, empty when nobody was seen; ``counted``: told elsewhere."""
    count = 0 if counted else known(facts.n_processes)
    found = [f"{count} other process{'es' * (count > 1)} on the GPU before"] if count else []
    return found + busy_before(facts.busy_percent)


def busy_before(percent: Reading[int]) -> list[str]:
    """A sentence where kernels of others ran just before this run."""
    busy = known(percent)
    return [f"the GPU was {busy}% busy before"] if busy is not None and busy > BUSY_PERCENT else []


def _known(readings: list[Reading[int]]) -> list[int]:
    return [each for each in readings if not isinstance(each, NotMeasured)]


def _median(readings: list[Reading[int]], otherwise: Reading[int]) -> Reading[int]:
    found = _known(readings)
    return int(statistics.median(found)) if found else otherwise


def _highest(readings: list[Reading[int]]) -> Reading[int]:
    found = _known(readings)
    return max(found) if found else readings[-1]


def _every(readings: list[Reading[tuple[str, ...]]]) -> Reading[tuple[str, ...]]:
    found = [each for each in readings if not isinstance(each, NotMeasured)]
    return tuple(dict.fromkeys(name for each in found for name in each)) if found else readings[-1]
