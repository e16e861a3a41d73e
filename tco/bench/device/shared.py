"""What every run shares: what was asked, the host around the accelerator, readings as figures of a profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tco.bench.device.host import HostFacts
from tco.bench.device.reading import Reading, known
from tco.describe.hardware import Hardware
from tco.describe.model import Model
from tco.describe.profile import Category, Gb, Machine, NotMeasured, Watts, measured
from tco.units import BYTES_PER_GB

Say = Callable[[str], None]
Recognise = Callable[[str], Hardware | None]  # an accelerator's own name to its profile in the catalogue
CATEGORY_WORDS: tuple[tuple[str, Category], ...] = (
    ("geforce", "consumer"), ("orin", "soc"), ("thor", "soc"), ("xavier", "soc"), ("rtx", "workstation"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure: which GPUs (None: the first; empty: all), the CPU alone, how thoroughly, which model shapes."""

    quick: bool = False
    gpus: tuple[int, ...] | None = None
    cpu_only: bool = False
    models: tuple[Model, ...] = ()


def category_of(name: str, otherwise: Category) -> Category:
    """Category of an accelerator the catalogue does not know, by words of its name."""
    words = name.lower()
    return next((category for word, category in CATEGORY_WORDS if word in words), otherwise)


def with_host(machine: Machine, host: HostFacts, busy: Reading[str]) -> Machine:
    """The machine with what is around it and whether others used it meanwhile (``contention``)."""
    memory = known(host.memory_bytes)
    return machine.model_copy(
        update={
            "os": host.system, "cpu": known(host.cpu) or "", "n_cores": host.n_cores,
            "host_memory_gb": memory / BYTES_PER_GB if memory else None, "container": ", ".join(host.surroundings),
            "contended": None if isinstance(busy, NotMeasured) else bool(busy),
            "contended_reason": busy.not_measured if isinstance(busy, NotMeasured) else busy,
        }
    )  # fmt: skip


def gb(n_bytes: Reading[int]) -> Gb:
    """Bytes as GB."""
    return n_bytes if isinstance(n_bytes, NotMeasured) else measured(n_bytes / BYTES_PER_GB, "GB")


def watts(reading: Reading[float]) -> Watts:
    """Power as a figure."""
    return reading if isinstance(reading, NotMeasured) else measured(reading, "W")
