"""A run on the CPU, which always works."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tco.bench.device import cpu
from tco.bench.device.energy import EnergyMeter
from tco.bench.device.host import HostFacts, contention, cpu_pressure_percent, free_bytes, package_energy_j
from tco.bench.device.reading import known, missing
from tco.bench.device.shared import Asked, Say, gb, watts, with_host
from tco.bench.device.watch import Pressure
from tco.bench.profile import made
from tco.describe.profile import GbPerS, Gemm, Machine, Micro, Profile, measured
from tco.describe.record import Figure

CPU_S, QUICK_CPU_S = 6.0, 2.1  # of all threads; energy needs a window of 2 s
FILL_S, QUICK_FILL_S = 5.0, 1.0
SINGLE_SHARE = 0.5  # of that for one thread
MIN_CACHE_TIMES = 2


def profile(asked: Asked, host: HostFacts, say: Say, reason: str) -> Profile:
    """Measure one thread and all of them; ``reason`` says why no accelerator was."""
    began = time.perf_counter()
    cache, seconds = cpu.cache_bytes(), QUICK_CPU_S if asked.quick else CPU_S
    size = cpu.array_bytes(cache_bytes=cache, free_bytes=free_bytes())
    size = min(size, cpu.USUAL_ARRAY_BYTES) if asked.quick else size
    before, pressure = cpu_pressure_percent(), Pressure()
    say(f"up to {size / 1e9:.2f} GB of random numbers")
    data = cpu.arrays(size, host.n_cores, seconds=QUICK_FILL_S if asked.quick else FILL_S)
    size = data.held.nbytes
    say("one thread of the CPU")
    single = cpu.rates(data, n_threads=1, seconds=SINGLE_SHARE * seconds)
    say(f"{host.n_cores} threads of the CPU")
    with EnergyMeter(counter_j=package_energy_j, power_w=lambda: missing("no power reading")) as meter:
        every = cpu.rates(data, n_threads=host.n_cores, seconds=seconds) if host.n_cores > 1 else single
    during = pressure.percent()
    flags = [f"energy of the packages: {flag}" for flag in meter.energy.flags]
    if cache is not None and size < MIN_CACHE_TIMES * cache:
        flags.append(f"arrays of {size / 1e6:.0f} MB beside caches of {cache / 1e6:.0f} MB: the memory may be slower")
    if every.read.best < single.read.best:
        flags.append("all threads together read less than one by its CPU time: others used the machine")
    n_threads = max((every, single), key=lambda rates: rates.read.best).n_threads
    micro = Micro(
        duration_s=time.perf_counter() - began, n_threads=n_threads, read_gb_per_s=_rate(every.read, single.read),
        copy_gb_per_s=_rate(every.copy, single.copy),
        triad_gb_per_s=missing("reading predicts decode, a triad does not"),
        gemm=tuple(_gemm(each) for each in dict.fromkeys((single, every))),
        launch_s=missing("a CPU launches nothing"), graph_s=missing("a CPU launches nothing"),
        idle_w=missing("a package counter cannot tell idle from other work"), busy_w=watts(meter.energy.mean_w),
        flags=tuple(flags),
    )  # fmt: skip
    machine = Machine(
        name=known(host.cpu) or "CPU without a name", category="cpu", memory_gb=gb(host.memory_bytes),
        throttling_reason="not read on a CPU",
    )  # fmt: skip
    busy = contention(before, missing("no GPU was measured"), during_percent=during)
    notes = (f"no accelerator measured: {reason}",)
    return made(machine=with_host(machine, host, busy), at=datetime.now(UTC), micro=micro, notes=notes, name="run")


def _rate(every: cpu.Rate, single: cpu.Rate) -> GbPerS:
    """The faster of all threads by the wall and one by its CPU time, with the range of its repeats."""
    held = max((every, single), key=lambda rate: rate.best)
    note = f"all threads {every.best:.1f}, one by its CPU time {single.best:.1f}; fastest and slowest repeat"
    return _figure(held, "GB/s", note)


def _figure(rate: cpu.Rate, unit: str, note: str = "") -> Figure:
    """The fastest repeat, with the range where there was more than one."""
    if rate.worst == rate.best:
        return measured(rate.best, unit, note=note)
    return measured(rate.best, unit, low=rate.worst, high=rate.best, note=note)


def _gemm(rates: cpu.CpuRates) -> Gemm:
    how = f"NumPy, {rates.n_threads} thread{'s' if rates.n_threads > 1 else ' by its CPU time'}"
    return Gemm(dtype="fp32", m=cpu.ROWS_TOK, n=cpu.WIDTH, k=cpu.WIDTH, tflops=_figure(rates.gemm, "TFLOPS"), how=how)
