"""The host's facts and the CPU kernels."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tco.bench.device import cpu, on_cpu, watch
from tco.bench.device.host import (
    contention,
    cpu_pressure_percent,
    cpu_stalled_s,
    free_bytes,
    host_facts,
    package_energy_j,
)  # fmt: skip
from tco.bench.device.reading import missing
from tco.bench.device.run import run
from tco.bench.device.shared import Asked
from tco.describe.profile import NotMeasured


@pytest.fixture
def proc(tmp_path):
    (tmp_path / "pressure").mkdir()
    (tmp_path / "pressure" / "cpu").write_text("some avg10=7.25 avg60=1.00 avg300=0.10 total=12\n")
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: A CPU @ 2 GHz\n")
    (tmp_path / "meminfo").write_text("MemTotal:       16000000 kB\nMemFree: 1 kB\n")
    (tmp_path / "version").write_text("Linux version 6.6 (Microsoft@Microsoft.com)\n")
    return tmp_path


def test_facts(proc):
    facts = host_facts(proc)
    assert (facts.cpu, facts.memory_bytes) == ("A CPU @ 2 GHz", 16_384_000_000)
    assert "WSL" in facts.surroundings
    (proc / "device-tree").mkdir()
    (proc / "device-tree" / "model").write_text("NVIDIA Jetson AGX Orin\0")
    assert "NVIDIA Jetson AGX Orin" in host_facts(proc).surroundings


def test_a_system_that_tells_nothing(tmp_path):
    assert host_facts(tmp_path).n_cores >= 1
    assert isinstance(cpu_pressure_percent(tmp_path), NotMeasured)


def test_pressure_labels_a_contended_run(proc):
    assert cpu_pressure_percent(proc) == 7.25
    assert contention(7.25, missing("no GPU")) == "tasks waited for a CPU 7.25% of the time"
    assert contention(1.0, 0) == ""
    assert contention(1.0, 2) == "2 other processes on the GPU"
    assert isinstance(contention(missing("no pressure file"), 0), NotMeasured)


def test_rapl(tmp_path):
    assert isinstance(package_energy_j(tmp_path / "none"), NotMeasured)
    for i in (0, 1):
        (tmp_path / f"intel-rapl:{i}").mkdir()
        (tmp_path / f"intel-rapl:{i}" / "energy_uj").write_text("2500000\n")
    assert package_energy_j(tmp_path) == pytest.approx(5.0)
    (tmp_path / "intel-rapl:1" / "energy_uj").unlink()
    assert isinstance(package_energy_j(tmp_path), NotMeasured)


def test_pressure_before_and_meanwhile():
    assert contention(7.25, 0, during_percent=30.0) == (
        "tasks waited for a CPU 7.25% of the time before and 30% of the time meanwhile"
    )
    assert contention(1.0, 0, during_percent=30.0) == "tasks waited for a CPU 30% of the time meanwhile"
    assert contention(1.0, 0, during_percent=missing("none"), seen=["busy"]) == "busy"
    assert "while" in str(contention(1.0, 0, during_percent=30.0))


def test_pressure_over_a_stretch(monkeypatch):
    """Half a second of stalls in two seconds."""
    stalled: list[Any] = [1.0, 1.5]
    times = iter([10.0, 12.0])
    monkeypatch.setattr(watch, "cpu_stalled_s", lambda: stalled.pop(0))
    monkeypatch.setattr("time.perf_counter", lambda: next(times))
    assert watch.Pressure().percent() == pytest.approx(25.0)


@pytest.mark.parametrize("stalled", [[missing("x"), 1.0], [1.0, missing("x")]])
def test_pressure_that_cannot_be_told(monkeypatch, stalled):
    monkeypatch.setattr(watch, "cpu_stalled_s", lambda: stalled.pop(0))
    assert watch.Pressure().percent() == missing("x")


def test_stalls_since_start(proc, tmp_path):
    assert cpu_stalled_s(proc) == pytest.approx(12e-6)
    assert isinstance(cpu_stalled_s(tmp_path / "none"), NotMeasured)


def test_a_container_has_less_than_the_machine(proc, tmp_path):
    group = tmp_path / "group"
    group.mkdir()
    cores = host_facts(proc, group).n_cores
    for name, text in (("cpu.max", "50000 100000\n"), ("memory.max", "1000000\n"), ("memory.current", "400000\n")):
        (group / name).write_text(text)
    facts = host_facts(proc, group)
    assert (facts.n_cores, facts.memory_bytes) == (1, 1_000_000)
    assert free_bytes(proc, group) == 600_000
    (group / "cpu.max").write_text("max 100000\n")
    (group / "memory.max").write_text("max\n")
    assert host_facts(proc, group).n_cores == cores
    assert free_bytes(proc, group) is None
    (proc / "meminfo").write_text("MemTotal: 10 kB\nMemAvailable: 5 kB\n")
    assert free_bytes(proc, group) == 5120


@pytest.mark.parametrize(
    ("cache", "free", "size"),
    [
        (32 << 20, 64 << 30, 1 << 30),
        (None, None, 1 << 30),
        (1 << 29, 64 << 30, 2 << 30),
        (1 << 31, 2 << 40, 4 << 30),  # a machine with everything
        (32 << 20, 1 << 29, 64 << 20),
        (32 << 20, 0, 0),
    ],
)
def test_the_array_is_larger_than_the_caches_and_leaves_room(cache, free, size):
    assert cpu.array_bytes(cache_bytes=cache, free_bytes=free) == size


def test_all_last_caches_once_each(tmp_path):
    """Two sockets of two cores: 2 x 105 MB, not four times; what cannot be read is left out."""
    for core, (shared, size) in enumerate((("0-1", "105M"), ("0-1", "105M"), ("2-3", "105M"), ("2-3", "107520K"))):
        for index, (level, which, held) in enumerate(((1, str(core), "48K"), (3, shared, size))):
            folder = tmp_path / f"cpu{core}" / "cache" / f"index{index}"
            folder.mkdir(parents=True)
            for name, text in (("level", level), ("shared_cpu_list", which), ("size", held)):
                (folder / name).write_text(f"{text}\n")
    (tmp_path / "cpu0" / "cache" / "index9").mkdir()
    assert cpu.cache_bytes(tmp_path) == 210 << 20
    assert cpu.cache_bytes(tmp_path / "none") is None
    assert cpu._bytes("512") == 512


def test_the_rate_is_that_of_the_clock():  # each call takes 0.5 s of a clock that counts calls
    ticks = iter(range(10**6))
    rate = cpu.best_rate(lambda: None, amount=3.0, seconds=1e-4, clock=lambda: next(ticks) * 0.5)
    assert rate.best == pytest.approx(6.0)
    assert rate.worst == pytest.approx(6.0)


def test_fastest_and_slowest_repeat():
    times = iter([0.0, 9.0, 10.0, 12.0, 20.0, 21.0, *([30.0] * 100000)])
    rate = cpu.best_rate(lambda: None, amount=4.0, seconds=2e-3, clock=lambda: next(times))
    assert (rate.best, rate.worst) == (4.0, 2.0)


def test_a_clock_too_coarse_is_asked_again():
    times = iter([0.0, 0.0, 0.0, 0.0, 1.0, 3.0])
    assert cpu.best_rate(lambda: None, amount=4.0, seconds=0.0, clock=lambda: next(times)).best == 2.0


def test_work_longer_than_its_time_is_done_once():
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        time.sleep(0.02)

    rate = cpu.best_rate(work, amount=1.0, seconds=0.01, clock=time.perf_counter)
    assert len(calls) == 1
    assert rate.best == rate.worst <= 50.0


@pytest.mark.parametrize("n_threads", [1, 2])
def test_kernels_give_rates(n_threads):
    data = cpu.arrays(16 << 20, n_threads, seconds=10.0)
    found = cpu.rates(data, n_threads=n_threads, seconds=0.03)
    for rate in (found.read, found.copy, found.gemm):
        assert rate.best >= rate.worst > 0
    assert data.held.nbytes % (cpu.WIDTH * 4 * n_threads) == 0
    assert data.held.nbytes == 16 << 20


def test_random_numbers_are_not_zero():
    held = cpu.arrays(32 << 20, 1, seconds=10.0).held
    assert held.std() > 0.2
    assert held.nbytes == 32 << 20
    assert (held != 0).mean() > 0.99


@pytest.mark.parametrize("n_threads", [1, 3])
def test_memory_that_is_slow_to_come_gives_a_smaller_array(n_threads):
    held = cpu.arrays(1 << 30, n_threads, seconds=0.0).held
    assert held.nbytes == n_threads * 8 << 20
    assert cpu.arrays(0, 1, seconds=0.0).held.nbytes == 8 << 20


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr("tco.bench.device.cuda.LIBRARIES", ())
    monkeypatch.setattr(on_cpu, "CPU_S", 0.05)
    monkeypatch.setattr(on_cpu, "QUICK_CPU_S", 0.03)
    monkeypatch.setattr(cpu, "LARGEST_ARRAY_BYTES", 16 << 20)


def cpu_run(**asked: Any) -> Any:
    return run(Asked(**asked), recognise=lambda _: None, say=lambda _: None)


def test_a_cpu_run_says_why_there_is_no_accelerator(small):
    profile = cpu_run()
    assert profile.machine.category == "cpu"
    assert profile.micro.read_gb_per_s.value > 0
    assert profile.micro.read_gb_per_s.low <= profile.micro.read_gb_per_s.value
    assert isinstance(profile.micro.busy_w, NotMeasured)
    assert "libcuda" in profile.notes[0]
    assert "asked for" in cpu_run(cpu_only=True, quick=True).notes[0]


def test_one_core_is_measured_once(small, monkeypatch):
    monkeypatch.setattr(cpu, "cache_bytes", lambda: 64 << 20)
    monkeypatch.setattr("tco.bench.device.host._n_cores", lambda _: 1)
    micro = cpu_run().micro
    assert len(micro.gemm) == 1
    assert any("arrays of 17 MB beside" in each for each in micro.flags)


def test_threads_slower_together_than_one_are_flagged(small, monkeypatch):
    def rates(_data: Any, *, n_threads: int, seconds: float) -> cpu.CpuRates:
        rate = cpu.Rate(10.0 / n_threads, 4.0)
        return cpu.CpuRates(rate, rate, rate, n_threads)

    monkeypatch.setattr(cpu, "rates", rates)
    monkeypatch.setattr("tco.bench.device.host._n_cores", lambda _: 2)
    micro = cpu_run().micro
    assert any("others used the machine" in each for each in micro.flags)
    assert (micro.read_gb_per_s.value, micro.read_gb_per_s.low, micro.n_threads) == (10.0, 4.0, 1)
