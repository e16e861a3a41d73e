"""Accelerators that are not NVIDIA's: AMD through amdsmi or torch, Apple through the operating system."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tco.bench.device import torch_gpu
from tco.bench.device.reading import Reading, missing
from tco.bench.device.sensors import Sensors, none
from tco.describe.profile import Category, NotMeasured

NAMELESS = "AMD GPU without a name"
KFD = Path("/dev/kfd")  # the device of AMD's compute driver
MICROWATTS_FROM = 1e6  # a power limit this large is in microwatts, as some versions give it
MIB = 1 << 20
J_PER_UJ = 1e-6


@dataclass(frozen=True, slots=True)
class OtherGpu:
    """An accelerator as its own library tells it."""

    name: str
    vendor: str
    category: Category
    driver: Reading[str]
    memory_bytes: Reading[int]
    power_limit_w: Reading[float]
    sensors: Sensors
    busy_percent: Callable[[], Reading[int]] = lambda: missing("not asked of this vendor's driver")


@contextmanager
def amd_gpus() -> Iterator[Reading[tuple[OtherGpu, ...]]]:
    """AMD GPUs by amdsmi, open as long as their power is read, or why they cannot be asked."""
    try:
        import amdsmi
    except (ImportError, KeyError, OSError):  # its loader raises KeyError and OSError without a driver
        yield missing("the package amdsmi is not installed, or no AMD driver is here")
        return
    try:
        amdsmi.amdsmi_init()
    except amdsmi.AmdSmiException as error:
        yield missing(f"amdsmi: {error}")
        return
    try:
        yield tuple(_amd(amdsmi, handle) for handle in amdsmi.amdsmi_get_processor_handles())
    finally:
        amdsmi.amdsmi_shut_down()


def _amd(lib: Any, handle: Any) -> OtherGpu:
    def ask(name: str, *keys: str) -> Any:
        """The first of some keys that has a value: they differ by version and product."""
        try:
            answer = getattr(lib, name)(handle)
        except (lib.AmdSmiException, AttributeError) as error:
            return missing(f"amdsmi: {error}")
        held = (answer.get(key) for key in keys)
        return next((each for each in held if each not in (None, "", "N/A")), missing(f"amdsmi has no {keys[0]}"))

    def power_w() -> Reading[float]:
        return number(ask("amdsmi_get_power_info", "current_socket_power", "average_socket_power"))

    def energy_j() -> Reading[float]:
        counted = number(ask("amdsmi_get_energy_count", "energy_accumulator", "power"))
        step_uj = number(ask("amdsmi_get_energy_count", "counter_resolution"))
        if isinstance(counted, NotMeasured) or isinstance(step_uj, NotMeasured):
            return missing("amdsmi has no energy counter")
        return counted * step_uj * J_PER_UJ

    def busy_percent() -> Reading[int]:
        found: Reading[int] = ask("amdsmi_get_gpu_activity", "gfx_activity")
        return found

    memory, limit = ask("amdsmi_get_gpu_vram_info", "vram_size"), number(ask("amdsmi_get_power_info", "power_limit"))
    named = ask("amdsmi_get_gpu_asic_info", "market_name")
    return OtherGpu(
        name=NAMELESS if isinstance(named, NotMeasured) else str(named), vendor="AMD", category="datacenter",
        driver=ask("amdsmi_get_gpu_driver_info", "driver_version"),
        memory_bytes=memory if isinstance(memory, NotMeasured) else int(memory) * MIB,
        power_limit_w=limit if isinstance(limit, NotMeasured) or limit < MICROWATTS_FROM else limit * J_PER_UJ,
        sensors=Sensors(energy_j, power_w), busy_percent=busy_percent,
    )  # fmt: skip


def number(reading: Any) -> Reading[float]:
    """A reading as a number."""
    return reading if isinstance(reading, NotMeasured) else float(reading)


def rocm_by_torch(device: Path | None = None) -> tuple[OtherGpu, ...]:
    """AMD GPUs as torch sees them, where their driver is here and amdsmi is not; none without the driver or torch."""
    torch = torch_gpu.load() if (device or KFD).exists() else None
    if torch is None or not torch.cuda.is_available():
        return ()
    why = "the package amdsmi is not installed"
    return tuple(
        OtherGpu(
            name=str(held.name), vendor="AMD", category="datacenter", driver=missing(why),
            memory_bytes=int(held.total_memory), power_limit_w=missing(why), sensors=none(why),
        )
        for held in (torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count()))
    )  # fmt: skip


def apple_gpu(memory_bytes: Reading[int]) -> Reading[OtherGpu]:
    """The GPU of an Apple chip: it shares the machine's memory, and power needs root, so it is not measured."""
    if platform.system() != "Darwin" or platform.machine() != "arm64":
        return missing("not an Apple chip")
    found = subprocess.run(
        ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False, timeout=5
    )
    why = "powermetrics needs root"
    return OtherGpu(
        name=found.stdout.strip() or "Apple chip", vendor="Apple", category="apple", driver=platform.mac_ver()[0],
        memory_bytes=memory_bytes, power_limit_w=missing(why), sensors=none(why),
    )  # fmt: skip
