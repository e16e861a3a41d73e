"""What the parts of one run share: how long each takes, when to stop, what to read power from, what was odd."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tco.bench.device.cublas import MatmulDtype
from tco.bench.device.energy import EnergyMeter
from tco.bench.device.reading import missing
from tco.bench.device.sensors import Sensors
from tco.bench.device.shared import Say, watts
from tco.describe.profile import NotMeasured, Watts

OUT_OF_TIME = missing("out of time")
FULL_LIMIT_S, QUICK_LIMIT_S = 28.0, 6.8  # of 30 s and 8 s; starting the program takes the rest


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each part takes, and all of them together at most."""

    stream_s: float
    product_s: float
    sustained_s: float
    narrow_sustained_s: float = 2.5  # of the formats after the first
    settle_s: float = 3.0
    limit_s: float = FULL_LIMIT_S
    dtypes: tuple[MatmulDtype, ...] = ("bf16", "fp8")


FULL = Plan(stream_s=0.6, product_s=0.15, sustained_s=5.0)
QUICK = Plan(
    stream_s=0.2, product_s=0.05, sustained_s=2.1, settle_s=0.6, limit_s=QUICK_LIMIT_S, dtypes=("bf16",)
)  # fmt: skip


class Deadline:
    """A moment after which nothing more is begun."""

    def __init__(self, limit_s: float) -> None:
        self._began_s, self._limit_s = time.perf_counter(), limit_s

    @property
    def left_s(self) -> float:
        """Seconds until then; negative afterwards."""
        return self._limit_s - self.spent_s

    @property
    def spent_s(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self._began_s


@dataclass(frozen=True, slots=True)
class Session:
    """One run: ``flags`` collects what is odd about its numbers."""

    plan: Plan
    deadline: Deadline
    sensors: Sensors
    say: Say
    flags: list[str] = field(default_factory=list)

    @contextmanager
    def window(self, what: str) -> Iterator[EnergyMeter]:
        """Measure the energy of what runs inside, and keep what is odd about it."""
        with EnergyMeter(counter_j=self.sensors.counter_j, power_w=self.sensors.power_w) as meter:
            yield meter
        self.flags.extend(f"{what}: {flag}" for flag in meter.energy.flags)

    def mean_w(self, meter: EnergyMeter) -> Watts:
        """Mean power of a window, with what it is of."""
        found = watts(meter.energy.mean_w)
        return found if isinstance(found, NotMeasured) else found.model_copy(update={"note": self.note_of(meter)})

    def note_of(self, meter: EnergyMeter) -> str:
        """How the power of a window was had."""
        return ", ".join(part for part in (meter.energy.method, self.sensors.note) if part)
