"""The torch path over a stand-in: shapes of the loop, arithmetic of the rates, and reasons where there is no number."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from tco.bench.device import cupy_gpu, gemm, gpu, on_other, other, sensors, timing, torch_gpu, with_torch
from tco.bench.device.reading import missing
from tco.bench.device.run import run
from tco.bench.device.sensors import none
from tco.bench.device.session import Deadline, Plan
from tco.bench.device.shared import Asked
from tco.describe.model import MixtureOfExperts, Model, Shape
from tco.describe.profile import NotMeasured
from tco.errors import UsageError
from tco.files.catalogue import Catalogue
from tests.fakes import cupy, torch
from tests.unit.bench_device.boards import board


@pytest.fixture
def small():
    shape = Shape(hidden=64, n_heads=4, n_kv_heads=2, head_dim=16, ffn=96, n_layers=8, vocab=128)
    return Model(
        id="small", name="Small", vendor="none", weights="open", shape=shape, source="test", as_of=date(2026, 1, 1),
        kind="assumed",
    )  # fmt: skip


@pytest.fixture
def two_ms(monkeypatch):
    """Every call takes two milliseconds, the slowest three."""

    def best(_synchronise, work, _seconds):
        work()
        return 0.002, 1.5

    monkeypatch.setattr(timing, "best", best)


def value(reading: Any) -> float:
    return reading.value


def test_rates_by_hand(two_ms, session, monkeypatch):  # 4 x 32 x 16 products in 2 ms
    monkeypatch.setattr(gemm, "DECODE_SHAPE", (32, 16))
    found: Any = with_torch._decode(torch, "cpu", session, 4)
    assert found.tflops.value == pytest.approx(2 * 4 * 32 * 16 / 0.002 / 1e12)
    assert found.tflops.low == pytest.approx(2 * 4 * 32 * 16 / 0.003 / 1e12)
    assert found.gb_per_s.value == pytest.approx(2 * 32 * 16 / 0.002 / 1e9)
    assert value(torch_gpu.read_rate(torch, "cpu", 1 << 20, 0.1)) == pytest.approx((1 << 20) / 0.002 / 1e9)
    assert value(torch_gpu.copy_rate(torch, "cpu", 1 << 20, 0.1)) == pytest.approx(2 * (1 << 20) / 0.002 / 1e9)


def test_memory_exhausted_is_a_reason(session, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory\nand a long story")

    broken = SimpleNamespace(**{**vars(torch), "randn": full})
    monkeypatch.setattr(gemm, "PREFILL_SIDE", 64)
    why = missing("RuntimeError: out of memory")
    assert torch_gpu.read_rate(broken, "cpu", 1 << 20, 0.1) == why
    assert torch_gpu.copy_rate(broken, "cpu", 1 << 20, 0.1) == why
    assert {each.tflops for each in with_torch.products(broken, "cpu", session, index=0)} == {why}


@pytest.mark.parametrize("dtype", ["bf16", "fp8"])
def test_the_loop_stands_for_the_whole_model(two_ms, small, dtype):  # 4 of 8 layers in 2 ms: 3 / 4 ms = 750 tok/s
    loop: Any = torch_gpu.decode_loop(torch, "cpu", small, dtype=dtype, n_seqs=3, context_tok=5)
    assert loop.step_s.value == 0.002
    assert loop.tok_per_s.value == pytest.approx(750.0)


def test_a_sparse_model_has_no_loop(small):
    moe = MixtureOfExperts(n_experts=8, n_active=2, ffn=64)
    sparse = small.model_copy(update={"shape": small.shape.model_copy(update={"moe": moe})})
    loop: Any = torch_gpu.decode_loop(torch, "cpu", sparse, dtype="bf16", n_seqs=1, context_tok=1)
    assert isinstance(loop.step_s, NotMeasured)


def test_a_failure_of_torch_is_a_reason(small):
    broken = SimpleNamespace(**vars(torch))
    broken.nn = SimpleNamespace(functional=SimpleNamespace(linear=torch.functional.linear))
    loop: Any = torch_gpu.decode_loop(broken, "cpu", small, dtype="bf16", n_seqs=1, context_tok=1)
    assert "AttributeError" in loop.step_s.not_measured


def test_repeats_are_sized_by_the_first():
    calls: list[int] = []
    took_s, spread = timing.best(lambda: None, lambda: calls.append(1), 0.001)
    assert took_s > 0
    assert spread >= 1
    assert len(calls) >= 10


def test_a_sustained_rate_is_of_all_its_calls():
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        time.sleep(0.01)

    took_s = timing.sustained(lambda: None, work, 0.1)
    assert took_s == pytest.approx(0.1 / 10, rel=0.5)
    assert 5 <= len(calls) <= 16


def test_kept_memory_is_given_back():
    emptied: list[int] = []
    torch_gpu.release(SimpleNamespace(cuda=SimpleNamespace(empty_cache=lambda: emptied.append(1))), "cuda")
    torch_gpu.release(SimpleNamespace(cuda=SimpleNamespace()), "cuda")
    torch_gpu.release(SimpleNamespace(), "cpu")
    assert emptied == [1]


def test_torch_that_does_not_start_is_as_good_as_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert torch_gpu.load() is None
    assert cupy_gpu.load() is None
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    loaded: list[Any] = [torch_gpu.load(), cupy_gpu.load()]
    assert loaded == [torch, cupy]


class Graphs:
    """torch.cuda's graphs: a capture runs the step once, a replay again."""

    def __init__(self) -> None:
        self.replayed = 0

    def library(self) -> SimpleNamespace:
        stream = SimpleNamespace(wait_stream=lambda _: None)
        return SimpleNamespace(
            is_available=lambda: True, synchronize=lambda: None, Stream=lambda: stream, current_stream=lambda: stream,
            stream=nullcontext, graph=nullcontext, CUDAGraph=lambda: self, set_device=lambda _: None,
        )  # fmt: skip

    def replay(self) -> None:
        self.replayed += 1


def test_a_cuda_loop_replays_a_graph_in_both_formats(two_ms, small, session, monkeypatch):
    graphs = Graphs()
    held = SimpleNamespace(**{**vars(torch), "cuda": graphs.library()})
    monkeypatch.setattr(torch_gpu, "load", lambda: held)
    found, why = with_torch.loops([small], session, index=0)
    assert [(each.dtype, each.n_seqs) for each in found] == [("bf16", 1), ("bf16", 32), ("fp8", 1), ("fp8", 32)]
    assert (graphs.replayed, why) == (4, "")


def test_loops_end_when_time_does(small, session, monkeypatch):
    monkeypatch.setattr(torch_gpu, "load", lambda: torch)
    late = replace(session, deadline=Deadline(with_torch.LOOP_NEEDS_S - 0.1))
    assert with_torch.loops([small], late, index=0) == ([], "decode loops not measured: out of time")
    monkeypatch.setattr(with_torch, "START_NEEDS_S", 0.0)
    found, _ = with_torch.loops([small], late, index=0)
    assert {each.step_s for each in found} == {missing("out of time")}
    products = with_torch.products(torch, "mps", replace(session, deadline=Deadline(0.0)), index=0)
    assert {each.tflops for each in products} == {missing("out of time")}


def test_no_torch_or_the_wrong_one_is_said(small, session, monkeypatch):
    monkeypatch.setattr(torch_gpu, "load", lambda: None)
    assert "torch is not installed" in with_torch.loops([small], session, index=0)[1]
    nothing = SimpleNamespace(is_available=lambda: False)
    monkeypatch.setattr(torch_gpu, "load", lambda: SimpleNamespace(**{**vars(torch), "mps": nothing}))
    assert "no support" in with_torch.loops([small], session, index=0)[1]


@pytest.mark.parametrize(("available", "named"), [("cuda", "cuda"), ("mps", "mps"), ("xpu", "xpu"), ("nothing", "")])
def test_the_accelerator(available, named):
    parts = {each: SimpleNamespace(is_available=lambda each=each: each == available) for each in ("cuda", "mps", "xpu")}
    assert torch_gpu.accelerator(SimpleNamespace(**parts, backends=SimpleNamespace())) == named


def test_waiting_for_a_device(monkeypatch):
    waited = []
    torch_gpu.synchronise(SimpleNamespace(mps=SimpleNamespace(synchronize=lambda: waited.append(1))), "mps")
    torch_gpu.synchronise(None, "cpu")
    assert waited == [1]


@pytest.fixture
def other_machine(monkeypatch):
    monkeypatch.setattr("tco.bench.device.cuda.LIBRARIES", ())
    monkeypatch.setattr(gpu, "STREAM_BYTES", 1 << 20)
    monkeypatch.setattr(gpu, "IDLE_S", 0.0)
    monkeypatch.setattr(gemm, "DECODE_SHAPE", (64, 32))
    monkeypatch.setattr(gemm, "PREFILL_SIDE", 64)
    monkeypatch.setattr(on_other, "FULL", Plan(stream_s=0.01, product_s=0.01, sustained_s=0.05))


@pytest.fixture
def an_apple(monkeypatch, other_machine):
    found = other.OtherGpu(
        name="Apple M9", vendor="Apple", category="apple", driver="26.1", memory_bytes=64_000_000_000,
        power_limit_w=missing("powermetrics needs root"), sensors=none("powermetrics needs root"),
    )  # fmt: skip
    monkeypatch.setattr(other, "apple_gpu", lambda _: found)


def measured_here(known=None, **asked: Any) -> Any:
    return run(Asked(**asked), recognise=lambda _: known, say=lambda _: None)


def test_an_apple_chip_is_measured_through_torch(an_apple, two_ms, monkeypatch, small):
    monkeypatch.setattr(torch_gpu, "load", lambda: torch)
    monkeypatch.setattr(gpu, "IDLE_S", 2.0)
    profile = measured_here(models=(small,))
    assert (profile.machine.name, profile.machine.category) == ("Apple M9", "apple")
    assert profile.machine.memory_gb.value == 64.0
    assert profile.micro.read_gb_per_s.value == pytest.approx((1 << 20) / 0.002 / 1e9)
    assert {each.m for each in profile.micro.gemm} == {1, 8, 32, 128, 64}
    assert len(profile.micro.decode_loops) == len(with_torch.LOOP_BATCHES)
    assert "root" in profile.micro.idle_w.not_measured


def test_an_apple_chip_without_torch_says_what_is_missing(an_apple, monkeypatch):
    monkeypatch.setattr(torch_gpu, "load", lambda: None)
    assert "torch" in measured_here().micro.read_gb_per_s.not_measured
    with pytest.raises(UsageError, match="got 2; expected 0 to 0"):
        measured_here(gpus=(2,))


def test_a_machine_of_amd(other_machine, two_ms, monkeypatch):
    """Two GPUs: the second one is asked for, its power read, and that the GPU was busy said."""
    lib = amd_library(
        amdsmi_get_gpu_vram_info={"vram_size": 196592}, amdsmi_get_gpu_asic_info={"market_name": "AMD Instinct MI300X"},
        amdsmi_get_power_info={"current_socket_power": 140}, amdsmi_get_gpu_activity={"gfx_activity": 60},
    )  # fmt: skip
    lib.amdsmi_get_processor_handles = lambda: ["gpu0", "gpu1"]
    chosen: list[int] = []
    cuda = SimpleNamespace(is_available=lambda: True, set_device=chosen.append, synchronize=lambda: None)
    monkeypatch.setitem(sys.modules, "amdsmi", lib)
    monkeypatch.setattr(torch_gpu, "load", lambda: SimpleNamespace(**{**vars(torch), "cuda": cuda}))
    mi300x = Catalogue(None).hardware("mi300x")
    profile = measured_here(mi300x, gpus=(1,))
    assert profile.machine.hardware == "mi300x"
    assert set(chosen) == {1}
    assert "the GPU was 60% busy before" in profile.machine.contended_reason
    assert profile.micro.peaks["gb_per_s"] == 5300
    every = measured_here(mi300x, gpus=())
    assert "measured one of 2 accelerators" in every.notes[0]


def test_amd_without_its_library_through_torch(other_machine, two_ms, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "amdsmi", None)
    held = SimpleNamespace(name="AMD Radeon RX 7900 XTX", total_memory=24 << 30)
    cuda = SimpleNamespace(
        is_available=lambda: True, device_count=lambda: 1, get_device_properties=lambda _: held,
        set_device=lambda _: None, synchronize=lambda: None,
    )  # fmt: skip
    monkeypatch.setattr(torch_gpu, "load", lambda: SimpleNamespace(**{**vars(torch), "cuda": cuda}))
    monkeypatch.setattr(other, "KFD", tmp_path)
    profile = measured_here()
    assert profile.machine.name == "AMD Radeon RX 7900 XTX"
    assert profile.machine.memory_gb.value == pytest.approx((24 << 30) / 1e9)
    assert "amdsmi" in profile.machine.power_limit_w.not_measured
    assert other.rocm_by_torch(tmp_path / "none") == ()


class AmdError(Exception):
    """What the library raises."""


def amd_library(**answers):
    def ask(name):
        def answer(_handle):
            held = answers.get(name, {})
            if isinstance(held, Exception):
                raise held
            return held

        return answer

    names = ("amdsmi_get_gpu_vram_info", "amdsmi_get_power_info", "amdsmi_get_gpu_asic_info",
             "amdsmi_get_gpu_driver_info", "amdsmi_get_energy_count", "amdsmi_get_gpu_activity")  # fmt: skip
    return SimpleNamespace(
        AmdSmiException=AmdError, amdsmi_init=lambda: None, amdsmi_shut_down=lambda: None,
        amdsmi_get_processor_handles=lambda: ["gpu0"], **{name: ask(name) for name in names},
    )  # fmt: skip


def only_gpu() -> Any:
    with other.amd_gpus() as listed:
        found: Any = listed
    (first,) = found
    return first


def test_an_amd_gpu(monkeypatch):
    lib = amd_library(
        amdsmi_get_gpu_vram_info={"vram_size": 196592}, amdsmi_get_gpu_asic_info={"market_name": "AMD Instinct MI300X"},
        amdsmi_get_power_info={"current_socket_power": 140, "power_limit": 750_000_000},
        amdsmi_get_gpu_driver_info={"driver_version": "6.14"}, amdsmi_get_gpu_activity={"gfx_activity": 7},
        amdsmi_get_energy_count={"energy_accumulator": 4_000_000, "counter_resolution": 15.3},
    )  # fmt: skip
    monkeypatch.setitem(__import__("sys").modules, "amdsmi", lib)
    found = only_gpu()
    assert (found.name, found.memory_bytes) == ("AMD Instinct MI300X", 196592 << 20)
    assert (found.sensors.power_w(), found.busy_percent()) == (140.0, 7)
    assert found.sensors.counter_j() == pytest.approx(61.2)  # 4 million steps of 15.3 microjoules
    assert (found.power_limit_w, found.driver) == (750.0, "6.14")


def test_what_amd_does_not_tell_has_a_reason(monkeypatch):
    lib = amd_library(
        amdsmi_get_power_info={"current_socket_power": "N/A", "power_limit": 300},
        amdsmi_get_gpu_vram_info=AmdError("busy"),
    )
    monkeypatch.setitem(__import__("sys").modules, "amdsmi", lib)
    found = only_gpu()
    assert "busy" in found.memory_bytes.not_measured
    assert "current_socket_power" in found.sensors.power_w().not_measured
    assert "no energy counter" in found.sensors.counter_j().not_measured
    assert found.power_limit_w == 300.0  # in watts already
    assert found.name == "AMD GPU without a name"


def test_an_amd_driver_that_does_not_start(monkeypatch):
    lib = amd_library()

    def fail():
        raise AmdError("no driver")

    lib.amdsmi_init = fail
    monkeypatch.setitem(__import__("sys").modules, "amdsmi", lib)
    with other.amd_gpus() as listed:
        found: Any = listed
    assert "no driver" in found.not_measured


def test_apple_facts(monkeypatch):
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    monkeypatch.setattr("platform.mac_ver", lambda: ("26.1", ("", "", ""), ""))
    monkeypatch.setattr("subprocess.run", lambda *_, **__: SimpleNamespace(stdout="Apple M4 Max\n"))
    found: Any = other.apple_gpu(64_000_000_000)
    assert (found.name, found.driver, found.memory_bytes) == ("Apple M4 Max", "26.1", 64_000_000_000)


def test_power_of_a_module_by_its_input(tmp_path):  # 19 V x 0.5 A = 9.5 W, whatever flows on
    board(tmp_path, VDD_IN=(19000, 500), VDD_CPU_GPU_CV=(19000, 200))
    assert sensors.jetson_power_w(tmp_path) == pytest.approx(9.5)


def test_power_of_a_module_by_its_rails(tmp_path):  # AGX Orin: 20 + 10 + 5 W over two monitors; the rest is inside
    board(tmp_path, "hwmon1", VDD_GPU_SOC=(20000, 1000), VDD_CPU_CV=(20000, 500), VIN_SYS_5V0=(5000, 1000))
    board(tmp_path, "hwmon2", VDDQ_VDD2_1V8AO=(5000, 100))
    assert sensors.jetson_power_w(tmp_path) == pytest.approx(35.0)


def test_power_of_a_module_by_a_monitor_at_its_input(tmp_path):
    board(tmp_path, "hwmon1", VDD_GPU=(20000, 1000))
    (tmp_path / "hwmon0").mkdir()
    (tmp_path / "hwmon0" / "name").write_text("coretemp\n")
    found: Any = sensors.jetson_power_w(tmp_path)
    assert "VDD_GPU" in found.not_measured  # a part is not the whole
    monitor = tmp_path / "hwmon2"
    monitor.mkdir()
    for name, text in (("name", "ina238\n"), ("power1_input", "42500000\n")):
        (monitor / name).write_text(text)
    assert sensors.jetson_power_w(tmp_path) == pytest.approx(42.5)
    (monitor / "power1_input").unlink()
    found = sensors.jetson_power_w(tmp_path)
    assert "No such file" in found.not_measured


def test_a_board_without_a_monitor(tmp_path):
    assert sensors.jetson_power_w(tmp_path / "none") == missing("no power monitor")
