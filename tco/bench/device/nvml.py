"""What the NVIDIA driver says of its GPUs: identity, clocks, throttling, power and energy.

Every query answers with a value or with the reason it has none, because support differs by product: MIG slices
have no power, Jetson initialises and answers "Not Supported", older drivers lack functions.
Source: NVIDIA NVML API reference, docs.nvidia.com/deploy/nvml-api.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tco.bench.device.reading import Reading, missing
from tco.describe.profile import NotMeasured

INSTANT_POWER_FIELD = 186  # NVML_FI_DEV_POWER_INSTANT; nvmlDeviceGetPowerUsage is a 1 s mean from Ampere on
MJ_PER_J = 1000.0
MW_PER_W = 1000.0
IDLE_REASONS = 0x1 | 0x2  # GPU idle, applications clocks: neither slows a running kernel below what was asked
THROTTLE_REASONS = {
    0x4: "software power cap", 0x8: "hardware slowdown", 0x10: "sync boost", 0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown", 0x80: "hardware power brake", 0x100: "display clock setting",
}  # fmt: skip
PLAIN_REASONS = {
    "NVMLError_LibraryNotFound": "no NVIDIA driver library here (libnvidia-ml); a container needs the GPU passed in, "
    "with the driver capability utility",
    "NVMLError_DriverNotLoaded": "the NVIDIA driver is installed and not loaded",
    "NVMLError_NotSupported": "not supported by this product",
    "NVMLError_FunctionNotFound": "the installed driver is too old to tell",
    "NVMLError_NoPermission": "not permitted for this user",
    "NVMLError_GpuIsLost": "the GPU fell off the bus",
}


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """Identity and limits of one GPU."""

    index: int
    name: Reading[str]
    uuid: Reading[str]
    driver: Reading[str]
    memory_bytes: Reading[int]
    power_limit_w: Reading[float]
    max_sm_clock_mhz: Reading[int]
    max_memory_clock_mhz: Reading[int]
    mig: Reading[bool]
    n_processes: Reading[int]
    busy_percent: Reading[int]


@dataclass(frozen=True, slots=True)
class GpuState:
    """What changes while a GPU works."""

    sm_clock_mhz: Reading[int]
    memory_clock_mhz: Reading[int]
    temperature_c: Reading[int]
    throttle: Reading[tuple[str, ...]]
    power_w: Reading[float]


class Nvml:
    """The driver's library, opened for a while; ``absent`` says why it cannot be, which is a normal state."""

    def __init__(self) -> None:
        self.absent = ""
        self._lib: Any = None

    def __enter__(self) -> Nvml:
        try:
            import pynvml
        except ImportError:  # pragma: no cover - a core dependency
            self.absent = "the package nvidia-ml-py is not installed"
            return self
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            self.absent = plain_reason(error)
            return self
        self._lib = pynvml
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._lib is not None:
            self.ask(self._lib.nvmlShutdown)
            self._lib = None

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The answer of one library function, or why there is none."""
        try:
            return function(*arguments)
        except self._lib.NVMLError as error:
            return missing(plain_reason(error))

    @property
    def n_gpus(self) -> Reading[int]:
        """GPUs the driver shows this process."""
        if self.absent:
            return missing(self.absent)
        count: Reading[int] = self.ask(self._lib.nvmlDeviceGetCount)
        return count

    def gpu(self, index: int) -> Gpu:
        """One GPU by its index."""
        return Gpu(self, self._lib, index, self._lib.nvmlDeviceGetHandleByIndex(index))

    def gpu_at(self, bus_id: str, index: int) -> Gpu | None:
        """The GPU at a PCI address; by its number where addresses are not supported and there is only one."""
        if self.absent:
            return None
        handle = self.ask(self._lib.nvmlDeviceGetHandleByPciBusId, bus_id.encode())
        if not isinstance(handle, NotMeasured):
            return Gpu(self, self._lib, index, handle)
        return self.gpu(0) if self.n_gpus == 1 and index == 0 else None


class Gpu:
    """One GPU of an open library."""

    def __init__(self, nvml: Nvml, lib: Any, index: int, handle: Any) -> None:
        self._ask, self._lib, self._handle, self.index = nvml.ask, lib, handle, index

    def facts(self) -> GpuFacts:
        """Identity and limits."""
        lib, ask, handle = self._lib, self._ask, self._handle
        memory = ask(lib.nvmlDeviceGetMemoryInfo, handle)
        limit_mw = ask(lib.nvmlDeviceGetEnforcedPowerLimit, handle)
        return GpuFacts(
            index=self.index,
            name=_text(ask(lib.nvmlDeviceGetName, handle)),
            uuid=_text(ask(lib.nvmlDeviceGetUUID, handle)),
            driver=_text(ask(lib.nvmlSystemGetDriverVersion)),
            memory_bytes=memory if isinstance(memory, NotMeasured) else int(memory.total),
            power_limit_w=_scaled(limit_mw, MW_PER_W),
            max_sm_clock_mhz=ask(lib.nvmlDeviceGetMaxClockInfo, handle, lib.NVML_CLOCK_SM),
            max_memory_clock_mhz=ask(lib.nvmlDeviceGetMaxClockInfo, handle, lib.NVML_CLOCK_MEM),
            mig=_is_mig(ask(lib.nvmlDeviceGetMigMode, handle)),
            n_processes=self.n_processes(),
            busy_percent=_busy(ask(lib.nvmlDeviceGetUtilizationRates, handle)),
        )

    def state(self) -> GpuState:
        """Clocks, temperature, why it is slowed, and power now."""
        lib, ask, handle = self._lib, self._ask, self._handle
        return GpuState(
            sm_clock_mhz=ask(lib.nvmlDeviceGetClockInfo, handle, lib.NVML_CLOCK_SM),
            memory_clock_mhz=ask(lib.nvmlDeviceGetClockInfo, handle, lib.NVML_CLOCK_MEM),
            temperature_c=ask(lib.nvmlDeviceGetTemperature, handle, lib.NVML_TEMPERATURE_GPU),
            throttle=throttle_reasons(ask(lib.nvmlDeviceGetCurrentClocksEventReasons, handle)),
            power_w=self.power_w(),
        )

    def n_processes(self) -> Reading[int]:
        """Processes that compute on it, this one included once it does; their numbers mean nothing in a container."""
        found = self._ask(self._lib.nvmlDeviceGetComputeRunningProcesses, self._handle)
        return found if isinstance(found, NotMeasured) else len(found)

    def power_w(self) -> Reading[float]:
        """Power now: the instantaneous field where the product has it, else the driver's mean over a second."""
        if self._is_sliced():
            return missing("MIG is on: power is that of the whole GPU, not of this slice")
        fields = self._ask(self._lib.nvmlDeviceGetFieldValues, self._handle, [INSTANT_POWER_FIELD])
        if not isinstance(fields, NotMeasured) and fields[0].nvmlReturn == self._lib.NVML_SUCCESS:
            return float(fields[0].value.uiVal) / MW_PER_W
        return _scaled(self._ask(self._lib.nvmlDeviceGetPowerUsage, self._handle), MW_PER_W)

    def energy_j(self) -> Reading[float]:
        """Energy since the driver was loaded, of the whole GPU: a MIG slice has none of its own."""
        if self._is_sliced():
            return missing("MIG is on: the counter is of the whole GPU, not of this slice")
        return _scaled(self._ask(self._lib.nvmlDeviceGetTotalEnergyConsumption, self._handle), MJ_PER_J)

    def _is_sliced(self) -> bool:
        return _is_mig(self._ask(self._lib.nvmlDeviceGetMigMode, self._handle)) is True


def plain_reason(error: Exception) -> str:
    """A library error in words a reader can act on."""
    return PLAIN_REASONS.get(type(error).__name__, f"NVML: {error}")


def throttle_reasons(bits: Reading[int]) -> Reading[tuple[str, ...]]:
    """Names of the clock event reasons set in a bit field; being idle is none."""
    if isinstance(bits, NotMeasured):
        return bits
    left = bits & ~IDLE_REASONS
    named = tuple(name for bit, name in THROTTLE_REASONS.items() if left & bit)
    unknown = left & ~sum(THROTTLE_REASONS)
    return (*named, f"unknown reason {unknown:#x}") if unknown else named


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _scaled(value: Reading[float], per: float) -> Reading[float]:
    return value if isinstance(value, NotMeasured) else float(value) / per


def _is_mig(modes: Any) -> Any:
    return modes if isinstance(modes, NotMeasured) else bool(modes[0])


def _busy(rates: Any) -> Any:
    return rates if isinstance(rates, NotMeasured) else int(rates.gpu)
