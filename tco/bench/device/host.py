"""The machine around the accelerator, as the operating system tells it, and whether others use it meanwhile."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tco.bench.device.reading import Reading, missing
from tco.describe.profile import NotMeasured

PROC = Path("/proc")
RAPL = Path("/sys/class/powercap")
CGROUP = Path("/sys/fs/cgroup")
CONTENDED_PRESSURE_PERCENT = 5.0  # of the last 10 s some task waited for a CPU; assumed limit
J_PER_UJ = 1e-6
S_PER_US = 1e-6


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Processor, memory and operating system."""

    cpu: Reading[str]
    n_cores: int
    memory_bytes: Reading[int]
    system: str
    surroundings: tuple[str, ...]


def host_facts(proc: Path = PROC, cgroup: Path = CGROUP) -> HostFacts:
    """Facts of this host, within the limits of its container; ``surroundings`` names WSL, a container or a board."""
    return HostFacts(
        cpu=_cpu_name(proc), n_cores=_n_cores(cgroup), memory_bytes=_memory_bytes(proc, cgroup),
        system=f"{platform.system()} {platform.release()}", surroundings=_surroundings(proc),
    )  # fmt: skip


def free_bytes(proc: Path = PROC, cgroup: Path = CGROUP) -> int | None:
    """Memory that can be taken now without swapping or being killed for it; None where the system does not say."""
    text, limit, used = _read(proc / "meminfo"), _limit(cgroup / "memory.max"), _limit(cgroup / "memory.current")
    found = [] if limit is None or used is None else [int(limit - used)]
    if not isinstance(text, NotMeasured) and "MemAvailable:" in text:
        found.append(int(text.split("MemAvailable:", 1)[1].split(maxsplit=1)[0]) * 1024)
    return max(min(found), 0) if found else None


def cpu_pressure_percent(proc: Path = PROC) -> Reading[float]:
    """Share of the last ten seconds in which some task waited for a CPU (pressure stall information), in percent."""
    text = _read(proc / "pressure" / "cpu")
    if isinstance(text, NotMeasured):
        return text
    return float(text.split("avg10=", 1)[1].split(maxsplit=1)[0])


def _when(word: str, other: object) -> str:
    return "" if other is None else f" {word}"


def cpu_stalled_s(proc: Path | None = None) -> Reading[float]:
    """Seconds since start in which some task waited for a CPU: the difference of two is that of a stretch of time."""
    text = _read((proc or PROC) / "pressure" / "cpu")
    if isinstance(text, NotMeasured):
        return text
    return float(text.split("total=", 1)[1].split(maxsplit=1)[0]) * S_PER_US


def contention(
    pressure_percent: Reading[float], n_gpu_processes: Reading[int], *,
    during_percent: Reading[float] | None = None, seen: Sequence[str] = (),
) -> Reading[str]:  # fmt: skip
    """Why the run was contended, empty when it was not, or why that cannot be told.

    ``pressure_percent`` is that before the run, ``during_percent`` that while it lasted; ``seen`` is what else tells.
    """
    found = []
    waited = [
        f"{percent:.3g}% of the time{when}"
        for percent, when in ((pressure_percent, _when("before", during_percent)), (during_percent, " meanwhile"))
        if percent is not None and not isinstance(percent, NotMeasured) and percent > CONTENDED_PRESSURE_PERCENT
    ]
    if waited:
        found.append(f"tasks waited for a CPU {' and '.join(waited)}")
    if not isinstance(n_gpu_processes, NotMeasured) and n_gpu_processes > 0:
        found.append(f"{n_gpu_processes} other process{'es' * (n_gpu_processes > 1)} on the GPU")
    found += seen
    if not found and isinstance(pressure_percent, NotMeasured):
        return pressure_percent
    return "; ".join(found)


def package_energy_j(root: Path = RAPL) -> Reading[float]:
    """Energy counters of all processor packages (RAPL) added up; they wrap, so windows must be short."""
    zones = sorted(root.glob("intel-rapl:?")) if root.is_dir() else []
    if not zones:
        return missing("no RAPL counters")
    total = 0.0
    for zone in zones:
        text = _read(zone / "energy_uj")
        if isinstance(text, NotMeasured):
            return text
        total += float(text) * J_PER_UJ
    return total


def _n_cores(cgroup: Path) -> int:
    """Cores this process may use: those it may run on, no more than its container's share of time."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    text = _read(cgroup / "cpu.max")
    quota, period = ("max", "1") if isinstance(text, NotMeasured) else text.split()
    return allowed if quota == "max" else max(min(allowed, math.ceil(float(quota) / float(period))), 1)


def _limit(path: Path) -> float | None:
    """A limit of the container in bytes; None without one."""
    text = _read(path)
    return None if isinstance(text, NotMeasured) or text.strip() == "max" else float(text)


def _read(path: Path) -> Reading[str]:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        return missing(f"{path}: {error.strerror}")


def _cpu_name(proc: Path) -> Reading[str]:
    text = _read(proc / "cpuinfo")
    if not isinstance(text, NotMeasured):
        for line in text.splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    return platform.processor() or missing("the operating system does not name the processor")


def _memory_bytes(proc: Path, cgroup: Path) -> Reading[int]:
    limit = _limit(cgroup / "memory.max")
    text = _read(proc / "meminfo")
    if not isinstance(text, NotMeasured):
        total = int(text.split("MemTotal:", 1)[1].split(maxsplit=1)[0]) * 1024
        return total if limit is None else min(total, int(limit))
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return text


def _surroundings(proc: Path) -> tuple[str, ...]:
    version = _read(proc / "version")
    board = _read(proc / "device-tree" / "model")
    found = []
    if not isinstance(version, NotMeasured) and "microsoft" in version.lower():
        found.append("WSL")
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        found.append("container")
    if not isinstance(board, NotMeasured):
        found.append(board.rstrip("\0"))
    return tuple(found)
