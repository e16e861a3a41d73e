"""Energy of the server's GPUs over a window that is known only afterwards: counter and power, read all along."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType

from tco.bench.device.energy import Energy, window_energy
from tco.bench.device.nvml import Nvml
from tco.bench.device.reading import Reading, missing
from tco.describe.profile import NotMeasured
from tco.errors import UsageError
from tco.report.text import plural

EVERY_S = 0.1
REMOTE = "the server is not on this machine"

Reader = tuple[Callable[[], Reading[float]], Callable[[], Reading[float]]]  # counter in J, power in W


@dataclass(slots=True)
class Trace:
    """Readings of one GPU over time (s of ``time.perf_counter``): energy counter and power."""

    counted_j: list[tuple[float, float]] = field(default_factory=list)
    power_w: list[tuple[float, float]] = field(default_factory=list)
    why_no_counter: str = ""

    def energy(self, start_s: float, end_s: float) -> Energy:
        """Energy between two instants: the counter's readings nearest to them, checked against the power samples."""
        before, after = (
            _at(self.counted_j, start_s, self.why_no_counter),
            _at(self.counted_j, end_s, self.why_no_counter),
        )
        inside = [(at_s, watts) for at_s, watts in self.power_w if start_s <= at_s <= end_s]
        return window_energy(before_j=before, after_j=after, seconds=end_s - start_s, samples=inside)


def _at(readings: Sequence[tuple[float, float]], at_s: float, why_not: str) -> Reading[float]:
    """The counter at an instant, on the line between the readings around it."""
    if not readings:
        return missing(why_not or "the energy counter was never read")
    for (early_s, early_j), (late_s, late_j) in pairwise(readings):
        if early_s <= at_s <= late_s:
            return early_j + (late_j - early_j) * (at_s - early_s) / max(late_s - early_s, 1e-9)
    return readings[0][1] if at_s < readings[0][0] else readings[-1][1]


class Meter:
    """Context manager around a whole run; ``energy`` answers for any window inside, or says why it cannot.

    ``gpus`` are the numbers of the server's ``n_gpus`` GPUs; without them the machine must have no others.
    """

    def __init__(
        self, *, is_local: bool, n_gpus: int = 1, gpus: Sequence[int] = (), readers: Sequence[Reader] | None = None
    ) -> None:
        self._readers, self._n_gpus, self._gpus = readers, n_gpus, gpus
        self._traces: list[Trace] = []
        self._nvml: Nvml | None = None
        self._reason = "" if is_local else REMOTE
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Meter:
        if self._reason:
            return self
        if self._readers is None:
            self._readers = self._of_driver()
        if self._readers:
            self._traces = [Trace() for _ in self._readers]
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._nvml is not None:
            self._nvml.__exit__(None, None, None)

    def energy(self, start_s: float, end_s: float) -> Energy:
        """Energy of the server's GPUs between two instants; not measured when any of them cannot tell."""
        if not self._traces:
            return Energy(missing(self._reason or "no GPU"), end_s - start_s, "none")
        found = [trace.energy(start_s, end_s) for trace in self._traces]
        absent = [each.joules for each in found if isinstance(each.joules, NotMeasured)]
        if absent:
            return Energy(absent[0], end_s - start_s, "none")
        joules = sum(each.joules for each in found if not isinstance(each.joules, NotMeasured))
        flags = tuple(dict.fromkeys(flag for each in found for flag in each.flags))
        return Energy(joules, end_s - start_s, found[0].method, flags)

    def _of_driver(self) -> list[Reader]:
        self._nvml = Nvml().__enter__()
        found = self._nvml.n_gpus
        if isinstance(found, NotMeasured):
            self._reason = found.not_measured
            return []
        if not self._gpus and found != self._n_gpus:
            self._reason = f"this machine has {found} GPUs, the server {self._n_gpus} (--n-gpus); --gpu says which"
            return []
        if max(self._gpus, default=0) >= found:
            raise UsageError(f"--gpu: got {max(self._gpus)}; this machine has {plural(found, 'GPU')}, from 0")
        gpus = [self._nvml.gpu(index) for index in self._gpus or range(found)]
        return [(gpu.energy_j, gpu.power_w) for gpu in gpus]

    def _sample(self) -> None:
        while True:
            for trace, (counter_j, power_w) in zip(self._traces, self._readers or (), strict=True):
                joules, watts, now_s = counter_j(), power_w(), time.perf_counter()
                if isinstance(joules, NotMeasured):
                    trace.why_no_counter = joules.not_measured
                else:
                    trace.counted_j.append((now_s, joules))
                if not isinstance(watts, NotMeasured):
                    trace.power_w.append((now_s, watts))
            if self._stop.wait(EVERY_S):
                return
