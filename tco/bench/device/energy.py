"""Energy over a window: the counter's difference, checked against power samples taken beside it.

The counter moves in steps of about 100 ms, so windows are at least 2 s, and what is counted is taken between the
first and the last step seen. Where counter and samples part by more than 5% both are told and the window is
flagged. Zero joules are never recorded.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from tco.bench.device.reading import Reading, missing
from tco.describe.profile import NotMeasured

MIN_WINDOW_S = 2.0
SAMPLE_EVERY_S = 0.02
MIN_STEPPED_FRAC = 0.5  # of the window between the first and the last step, to take the rate from them
AGREE_FRAC = 0.05
MIN_SAMPLES = 10

ReadNumber = Callable[[], Reading[float]]


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a window: ``joules`` by counter, or by samples where there is no counter, and what is odd about it."""

    joules: Reading[float]
    seconds: float
    method: str
    flags: tuple[str, ...] = ()

    @property
    def mean_w(self) -> Reading[float]:
        """Mean power of the window."""
        return self.joules if isinstance(self.joules, NotMeasured) else self.joules / self.seconds


class EnergyMeter:
    """Context manager around the work to be measured; ``energy`` holds the result afterwards."""

    def __init__(self, *, counter_j: ReadNumber, power_w: ReadNumber, min_window_s: float = MIN_WINDOW_S) -> None:
        self._counter_j, self._power_w, self._min_window_s = counter_j, power_w, min_window_s
        self._samples: list[tuple[float, float]] = []
        self._steps: list[tuple[float, float]] = []
        self._last_j: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.energy = Energy(missing("the window is still open"), 0.0, "none")

    def __enter__(self) -> EnergyMeter:
        self._thread.start()
        self._before_j, self._began_s = self._counter_j(), time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        ended_s, after_j = time.perf_counter(), self._counter_j()
        self._stop.set()
        self._thread.join()
        self.energy = window_energy(
            before_j=self._before_j, after_j=after_j, seconds=ended_s - self._began_s, samples=self._samples,
            min_window_s=self._min_window_s, steps=self._steps,
        )  # fmt: skip

    def _sample(self) -> None:
        while not self._stop.is_set():
            at_s, power_w, counted_j = time.perf_counter(), self._power_w(), self._counter_j()
            if isinstance(power_w, NotMeasured) and isinstance(counted_j, NotMeasured):
                return
            if not isinstance(power_w, NotMeasured):
                self._samples.append((at_s, power_w))
            if not isinstance(counted_j, NotMeasured) and counted_j != self._last_j:
                self._steps += [(at_s, counted_j)] if self._last_j is not None else []  # the first reading is no step
                self._last_j = counted_j
            self._stop.wait(SAMPLE_EVERY_S)


def window_energy(
    *, before_j: Reading[float], after_j: Reading[float], seconds: float, samples: list[tuple[float, float]],
    min_window_s: float = MIN_WINDOW_S, steps: Sequence[tuple[float, float]] = (),
) -> Energy:  # fmt: skip
    """Energy of a window from its counter and its power samples (time in s, W).

    Counter: after - before; where its ``steps`` (time in s, J) were seen, their rate (J2 - J1)/(t2 - t1) times the
    window, since the last step may lie up to 100 ms before the end. Samples: mean by trapezoids times the window.
    A window shorter than ``min_window_s``, a counter that did not move and too few samples give no number.
    """
    if seconds < min_window_s:
        short = f"the window took {seconds:.2f} s; expected at least {min_window_s:g} s"
        return Energy(missing(short), seconds, "none")
    counted = _counted(before_j, after_j, seconds, steps)
    sampled = _sampled(samples, seconds)
    if isinstance(counted, NotMeasured):
        if isinstance(sampled, NotMeasured):
            return Energy(missing(f"{counted.not_measured}; power: {sampled.not_measured}"), seconds, "none")
        return Energy(sampled, seconds, "power samples", (f"no energy counter ({counted.not_measured})",))
    if isinstance(sampled, NotMeasured):
        return Energy(counted, seconds, "energy counter", (f"not cross-checked ({sampled.not_measured})",))
    apart = abs(sampled / counted - 1.0)
    odd = f"counter {counted:,.1f} J and power samples {sampled:,.1f} J are {apart:.0%} apart"
    return Energy(counted, seconds, "energy counter", (odd,) if apart > AGREE_FRAC else ())


def _counted(
    before_j: Reading[float], after_j: Reading[float], seconds: float, steps: Sequence[tuple[float, float]]
) -> Reading[float]:
    if isinstance(before_j, NotMeasured):
        return before_j
    if isinstance(after_j, NotMeasured):
        return after_j
    used = after_j - before_j
    if used > 0 and len(steps) > 1 and steps[-1][0] - steps[0][0] >= MIN_STEPPED_FRAC * seconds:
        return (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0]) * seconds
    return used if used > 0 else missing("the energy counter did not move")


def _sampled(samples: list[tuple[float, float]], seconds: float) -> Reading[float]:
    if len(samples) < MIN_SAMPLES:
        return missing(f"{len(samples)} samples")
    at_s, power_w = np.array(samples).T
    mean_w = float(np.sum((power_w[1:] + power_w[:-1]) / 2.0 * np.diff(at_s)) / (at_s[-1] - at_s[0]))
    return mean_w * seconds if mean_w > 0 else missing("power samples of zero")
