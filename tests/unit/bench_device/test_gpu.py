"""The whole GPU sequence against a stand-in whose rates are known, so what is measured can be wrong."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tco.bench.device import (
    cuda,
    cupy_gpu,
    energy,
    gemm,
    gpu,
    kernels,
    many,
    on_nvidia,
    products,
    sensors,
    session,
    torch_gpu,
)  # fmt: skip
from tco.bench.device.cublas import library, random_bytes
from tco.bench.device.cuda import CudaError, load, opened
from tco.bench.device.run import run
from tco.bench.device.session import Plan
from tco.bench.device.shared import Asked
from tco.describe.profile import NotMeasured
from tco.errors import MissingDataError, UsageError
from tco.files.catalogue import Catalogue
from tests.fakes import cupy, torch
from tests.unit.bench_device.boards import board

H200 = Catalogue(None).hardware("h200-sxm")
SHORT = Plan(
    stream_s=0.01, product_s=0.01, sustained_s=0.05, narrow_sustained_s=0.05, settle_s=0.35, limit_s=60.0
)  # fmt: skip


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Windows too short for energy, enough for everything that is timed by the device's own clock."""
    monkeypatch.setattr(on_nvidia, "FULL", SHORT)
    monkeypatch.setattr(gpu, "IDLE_S", 0.0)
    monkeypatch.setattr(gpu, "LAUNCHES", 50)
    monkeypatch.setattr(many, "TOGETHER_S", 0.05)
    monkeypatch.setattr(torch_gpu, "load", lambda: None)
    monkeypatch.setattr(cupy_gpu, "load", lambda: None)


@pytest.fixture
def windows(monkeypatch):
    """Windows of half a second count."""
    monkeypatch.setattr(gpu, "IDLE_S", 0.5)
    monkeypatch.setattr(on_nvidia, "FULL", replace(SHORT, sustained_s=0.6, dtypes=("bf16",)))
    monkeypatch.setattr(session, "EnergyMeter", lambda **how: energy.EnergyMeter(**how, min_window_s=0.4))


def measured(known=None, **asked) -> tuple[Any, list[str]]:
    said: list[str] = []
    profile = run(Asked(**asked), recognise=lambda _: known, say=said.append)
    return profile, said


def test_rates_are_those_of_the_device(driver, monkeypatch):
    monkeypatch.setenv("FAKE_GB_PER_S", "4321")
    monkeypatch.setenv("FAKE_TFLOPS", "780")
    profile, said = measured()
    micro = profile.micro
    assert micro.copy_gb_per_s.value == pytest.approx(4321, rel=1e-3)
    assert micro.triad_gb_per_s.value == pytest.approx(4321, rel=1e-3)
    assert micro.read_gb_per_s.value == pytest.approx(4321, rel=1e-3)
    sustained = {each.dtype: each for each in micro.gemm if each.sustained}
    assert sustained["bf16"].tflops.value == pytest.approx(780, rel=1e-3)
    assert sustained["fp8"].tflops.value == pytest.approx(1560, rel=1e-3)
    decode = {(each.dtype, each.m): each for each in micro.gemm if not each.sustained}
    assert set(decode) == {(dtype, m) for dtype in ("bf16", "fp8") for m in (1, 8, 32, 128)}
    assert decode["bf16", 1].gb_per_s.value == pytest.approx(4321, rel=1e-3)  # one row reads the weights, no more
    assert decode["fp8", 1].gb_per_s.value == pytest.approx(4321, rel=1e-3)
    assert micro.graph_s.value == pytest.approx(1e-6, rel=1e-3)
    assert micro.launch_s.value > 0
    assert any("prefill" in text for text in said)
    assert driver() == 0


def test_facts_of_the_machine(driver):
    machine = measured()[0].machine
    assert (machine.name, machine.driver, machine.vendor, machine.hardware) == (
        "NVIDIA H200", "580.65.06", "NVIDIA", "local",
    )  # fmt: skip
    assert machine.memory_gb.value == pytest.approx(150.754820096)
    assert machine.throttling == ()


def test_a_window_too_short_has_no_power(driver):
    sustained = next(each for each in measured()[0].micro.gemm if each.sustained)
    assert isinstance(sustained.power_w, NotMeasured)
    assert "expected at least 2 s" in sustained.power_w.not_measured


def test_power_idle_and_of_the_sustained_product(driver, windows):
    profile, _ = measured()
    sustained = next(each for each in profile.micro.gemm if each.sustained)
    assert sustained.power_w.value == pytest.approx(300.0, rel=0.06)  # steps are seen every 20 ms
    assert profile.micro.busy_w == sustained.power_w
    assert profile.micro.idle_w.value == pytest.approx(300.0, rel=0.06)
    assert sustained.power_w.note == "energy counter"


def test_power_that_disagrees_with_the_counter_is_flagged(driver, windows, monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "odd")  # 600 W by samples, 300 by the counter
    flags = measured()[0].micro.flags
    assert any(each.startswith("idle power: counter") and "apart" in each for each in flags)
    assert any(each.startswith("sustained bf16 product: counter") for each in flags)


def test_a_jetson_reads_the_monitor_of_its_board(driver, windows, monkeypatch, tmp_path):
    board(tmp_path, VDD_IN=(19000, 500))
    monkeypatch.setattr(sensors, "HWMON", tmp_path)
    monkeypatch.setenv("FAKE_NVML", "jetson")
    profile, _ = measured()
    assert profile.micro.idle_w.value == pytest.approx(9.5)
    assert "power samples" in profile.micro.idle_w.note
    assert "power of the whole module, by the monitor on its board" in profile.notes
    assert profile.machine.category == "soc"


def test_a_jetson_without_a_monitor_has_no_power(driver, windows, monkeypatch, tmp_path):
    monkeypatch.setattr(sensors, "HWMON", tmp_path)
    monkeypatch.setenv("FAKE_NVML", "jetson")
    assert "not supported" in measured()[0].micro.idle_w.not_measured


def test_a_slice_is_no_product_and_has_no_energy(driver, windows, monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "mig")
    monkeypatch.setenv("FAKE_CUDA", "mig")
    profile, _ = measured(known=H200)
    machine = profile.machine
    assert (machine.hardware, machine.name, machine.mig) == ("local", "NVIDIA H200 MIG 1g.18gb", "1g.18gb")
    assert machine.memory_gb.value == pytest.approx(18 * 2**30 / 1e9)
    assert "MIG" in profile.micro.idle_w.not_measured
    assert "MIG" in machine.power_limit_w.not_measured
    assert profile.micro.peaks == {}


def test_mig_that_no_name_tells_is_on(driver, monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "mig")
    assert measured()[0].machine.mig == "on"


def test_the_datasheet_is_beside_what_was_measured(driver, monkeypatch):
    monkeypatch.setenv("FAKE_GB_PER_S", "4320")
    profile, _ = measured(known=H200)
    assert profile.machine.hardware == "h200-sxm"
    assert (profile.micro.peaks["gb_per_s"], profile.micro.peaks["bf16"]) == (4800, 989)
    assert not any("suspicious" in each for each in profile.micro.flags)


def test_more_than_the_datasheet_is_suspicious(driver, monkeypatch):
    monkeypatch.setenv("FAKE_GB_PER_S", "5000")
    monkeypatch.setenv("FAKE_TFLOPS", "1000")
    flags = measured(known=H200)[0].micro.flags
    assert any("suspicious: read, 5,000 GB/s, is above the datasheet's 4,800" in each for each in flags)
    assert any("suspicious: bf16 product of 8192 rows, 1,000 TFLOPS" in each for each in flags)


def test_a_gpu_is_the_same_one_in_both_libraries(driver, windows, monkeypatch):
    """The only visible GPU is the second of the machine: its power is asked for, not the first one's."""
    monkeypatch.setenv("FAKE_NVML_GPUS", "2")
    monkeypatch.setenv("FAKE_CUDA_FIRST", "1")
    assert measured()[0].micro.idle_w.value == pytest.approx(400.0, rel=0.06)
    with pytest.raises(UsageError, match="got 1; expected 0 to 0"):
        measured(gpus=(1,))


def test_others_on_the_gpu_are_counted_but_for_this_process(driver, monkeypatch):
    monkeypatch.setattr("tco.bench.device.host.PROC", Path("nothing"))
    monkeypatch.setenv("FAKE_NVML_PROCESSES", "3")
    machine = measured()[0].machine
    assert machine.contended
    assert "2 other processes on the GPU" in machine.contended_reason


def test_a_process_that_hides_this_one_is_still_told(driver, monkeypatch):
    """In a container the list may lack this process: one before and one meanwhile is another one."""
    monkeypatch.setenv("FAKE_NVML_PROCESSES", "1")
    assert "1 other process on the GPU before" in measured()[0].machine.contended_reason


def test_a_gpu_busy_before_the_run_is_contended(driver, monkeypatch):
    monkeypatch.setenv("FAKE_NVML_BUSY", "40")
    assert "the GPU was 40% busy before" in measured()[0].machine.contended_reason


def test_clocks_that_do_not_settle_are_flagged(driver, monkeypatch):
    monkeypatch.setenv("FAKE_NVML_MHZ_STEP", "30")
    flags = measured()[0].micro.flags
    assert any("clocks still moved" in each for each in flags)


def test_memory_exhausted_leaves_reasons_and_the_rest(driver, monkeypatch):
    monkeypatch.setenv("FAKE_ROOM", str(600 << 20))  # room for products, none for 2 GB arrays
    micro = measured()[0].micro
    assert "CUDA_ERROR_OUT_OF_MEMORY" in micro.read_gb_per_s.not_measured
    assert micro.gemm[0].tflops.value > 0
    assert micro.launch_s.value > 0


def test_nothing_can_be_allocated(driver, monkeypatch):
    monkeypatch.setenv("FAKE_CUDA", "full")
    micro = measured()[0].micro
    assert all("OUT_OF_MEMORY" in each.tflops.not_measured for each in micro.gemm)
    assert micro.graph_s.value > 0
    assert any("not warmed up" in each for each in micro.flags)


def test_a_gpu_that_others_have_filled_makes_no_profile(driver, monkeypatch):
    """Not even a context fits. An empty profile would hide an older one with numbers."""
    monkeypatch.setenv("FAKE_CUDA", "taken")
    with pytest.raises(MissingDataError, match=r"GPU 0, NVIDIA H200: cuDevicePrimaryCtxRetain: CUDA_ERROR_OUT_OF_M"):
        measured()


def test_a_gpu_older_than_bf16_multiplies_in_fp16(driver, monkeypatch):
    monkeypatch.setenv("FAKE_CUDA", "turing")
    gemms = measured()[0].micro.gemm
    assert {each.dtype for each in gemms} == {"fp16"}
    assert next(each for each in gemms if each.sustained).tflops.value == pytest.approx(800, rel=1e-3)


def test_no_time_left_begins_nothing(driver, monkeypatch):
    monkeypatch.setattr(on_nvidia, "FULL", replace(SHORT, limit_s=0.0))
    monkeypatch.setenv("FAKE_NVML_GPUS", "2")
    micro = measured(gpus=())[0].micro
    assert micro.read_gb_per_s.not_measured == "out of time"
    assert all(each.tflops.not_measured == "out of time" for each in micro.gemm)
    assert any("scaling of copy not measured: out of time" in each for each in micro.flags)


def test_cupy_stands_in_for_cublas(driver, monkeypatch):
    no_cublas(monkeypatch)
    monkeypatch.setattr(cupy_gpu, "load", lambda: cupy)
    small_products(monkeypatch)
    gemms = measured()[0].micro.gemm
    assert [each.m for each in gemms] == [1, 8, 32, 128, 64]
    assert all(each.dtype == "fp16" and each.tflops.value > 0 for each in gemms)
    assert "2 s" in gemms[-1].power_w.not_measured
    assert cupy.freed


def test_cupy_that_fails_has_a_reason(driver, monkeypatch):
    no_cublas(monkeypatch)
    small_products(monkeypatch)

    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    broken = SimpleNamespace(**{**vars(cupy), "random": SimpleNamespace(standard_normal=fail)})
    monkeypatch.setattr(cupy_gpu, "load", lambda: broken)
    assert all("no room" in each.tflops.not_measured for each in measured()[0].micro.gemm)
    monkeypatch.setattr(on_nvidia, "FULL", replace(SHORT, limit_s=0.0))
    assert all("out of time" in each.tflops.not_measured for each in measured()[0].micro.gemm)


def test_torch_stands_in_for_both(driver, monkeypatch):
    no_cublas(monkeypatch)
    small_products(monkeypatch)
    chosen: list[int] = []
    cuda = SimpleNamespace(is_available=lambda: True, set_device=chosen.append, synchronize=lambda: None)
    monkeypatch.setattr(torch_gpu, "load", lambda: SimpleNamespace(**{**vars(torch), "cuda": cuda}))
    monkeypatch.setenv("FAKE_NVML_GPUS", "2")
    gemms = measured(gpus=(1,))[0].micro.gemm
    assert chosen == [1]
    assert [each.m for each in gemms] == [1, 8, 32, 128, 64]
    assert all(each.dtype == "bf16" and each.tflops.value > 0 for each in gemms)


def test_a_library_is_looked_for_where_toolkits_put_it(monkeypatch, tmp_path, fake_folder):
    no_cublas(monkeypatch)
    (tmp_path / "lib64").mkdir()
    (tmp_path / "lib64" / "libcublasLt.so.12").symlink_to(fake_folder / "libcuda.so.1")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert library() is not None


def no_cublas(monkeypatch):
    monkeypatch.setattr("tco.bench.device.cublas.LIBRARIES", ())
    monkeypatch.setattr("tco.bench.device.cublas.sys.path", [])
    monkeypatch.setattr("tco.bench.device.cublas.site.getsitepackages", list)
    for name in ("CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)


def small_products(monkeypatch):
    for module in (gemm, products):
        monkeypatch.setattr(module, "DECODE_SHAPE", (64, 32))
        monkeypatch.setattr(module, "PREFILL_SIDE", 64)


def test_throttling_is_a_flag_and_a_reason(driver, monkeypatch):
    monkeypatch.setenv("FAKE_NVML_THROTTLE", "0x40")
    profile, _ = measured()
    assert profile.machine.throttling == ("hardware thermal slowdown",)
    assert "slowed while measured: hardware thermal slowdown" in profile.micro.flags


def test_a_gpu_without_fp8_says_so_and_the_rest_is_measured(driver, monkeypatch):
    monkeypatch.setenv("FAKE_CUDA", "nofp8")
    micro = measured()[0].micro
    narrow = [each for each in micro.gemm if each.dtype == "fp8"]
    assert all("not supported on this GPU" in each.tflops.not_measured for each in narrow)
    assert next(each for each in micro.gemm if each.dtype == "bf16").tflops.value > 0


def test_no_graphs_leaves_that_one_number_out(driver, monkeypatch):
    monkeypatch.setenv("FAKE_CUDA", "nograph")
    micro = measured()[0].micro
    assert isinstance(micro.graph_s, NotMeasured)
    assert micro.copy_gb_per_s.value > 0


def test_products_without_any_library_are_not_measured(driver, monkeypatch):
    no_cublas(monkeypatch)
    micro = measured()[0].micro
    assert "cuBLASLt is not installed" in micro.gemm[0].tflops.not_measured
    assert micro.read_gb_per_s.value > 0


def test_without_nvml_the_device_is_measured_and_the_rest_says_why(driver, monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "absent")
    profile, _ = measured()
    assert (profile.machine.name, profile.machine.runtime) == ("NVIDIA H200", "CUDA 13.0")
    assert profile.machine.throttling is None
    assert profile.machine.throttling_reason
    assert profile.machine.memory_gb.value == pytest.approx(141 * 2**30 / 1e9)
    assert any("NVML" in note for note in profile.notes)
    assert isinstance(profile.micro.idle_w, NotMeasured)


def test_all_gpus_scale_together(driver, monkeypatch):
    monkeypatch.setenv("FAKE_NVML_GPUS", "2")
    profile, _ = measured(gpus=())
    assert profile.machine.n_gpus == 2
    assert profile.micro.scaling == {"copy": pytest.approx(1.0), "gemm": pytest.approx(1.0)}
    assert not any(each.startswith("GPU 1 differs") for each in profile.micro.flags)


def test_a_gpu_that_is_slower_or_another_one_is_named(driver, monkeypatch):
    """One of two at half speed: (1 + 0.5) / 2."""
    for name, value in (("GPUS", "2"), ("ODD_GPU", "1"), ("BUSY", "30"), ("PROCESSES", "1")):
        monkeypatch.setenv(f"FAKE_NVML_{name}", value)
    monkeypatch.setenv("FAKE_SLOW_GPU", "1")
    micro = measured(gpus=())[0].micro
    assert micro.scaling == {"copy": pytest.approx(0.75), "gemm": pytest.approx(0.75)}
    assert "copy: GPU 1 reaches 50% of the fastest, all at once" in micro.flags
    assert "GPU 1 differs from GPU 0: name NVIDIA Prototype 9 instead of NVIDIA H200" in micro.flags
    assert "GPU 1: the GPU was 30% busy before" in micro.flags
    assert "GPU 1: 1 other process on the GPU before" in micro.flags


def test_scaling_that_fails_on_one_gpu_ends_on_all(driver, session, monkeypatch):
    monkeypatch.setenv("FAKE_NVML_GPUS", "2")
    assert many.scaling((0, 7), session) == {}  # the driver has no GPU 7
    assert any("scaling of copy not measured: cuDeviceGet" in each for each in session.flags)


def test_a_gpu_that_is_not_there(driver):
    with pytest.raises(UsageError, match="got 7; expected 0 to 0"):
        measured(gpus=(7,))


def test_memory_that_cannot_be_had_is_an_error_with_the_drivers_name_of_it(driver, monkeypatch):
    with opened(0) as device:
        monkeypatch.setenv("FAKE_CUDA", "full")
        with pytest.raises(CudaError, match="CUDA_ERROR_OUT_OF_MEMORY"), device.buffer(16, b"x"):
            pass  # never reached


def test_a_driver_too_old_to_be_asked_leaves_the_cpu(driver, monkeypatch):
    def fail(_lib: object, _index: int) -> str:
        raise CudaError("cuDeviceGetPCIBusId: the installed driver does not have it")

    monkeypatch.setattr(cuda, "bus_id", fail)
    with pytest.raises(MissingDataError, match="cuDeviceGetPCIBusId"):
        measured(gpus=(0,))


def test_a_driver_that_shows_no_gpu(driver, monkeypatch):
    monkeypatch.setenv("FAKE_CUDA", "none")
    with pytest.raises(CudaError, match="shows no GPU"):
        load()


def test_a_device_clock_that_stands_still_is_no_rate(driver):
    with opened(0) as device, pytest.raises(CudaError, match="did not move"):
        gpu.best(device, lambda: None, 0.01)


def test_arrays_that_fit_the_cache_are_flagged(driver, session, monkeypatch):
    monkeypatch.setattr(gpu, "STREAM_BYTES", 32 << 20)
    with opened(0) as device:
        gpu.stream(device, "copy", n_arrays=2, passes=2.0, session=session)
    assert any("partly fit the cache" in each for each in session.flags)


def test_a_driver_without_a_function_is_named(driver):
    with opened(0) as device, pytest.raises(CudaError, match="cuMissing: the installed driver does not have it"):
        device.call("cuMissing")


def test_a_driver_without_a_gpu(driver, monkeypatch):
    monkeypatch.setenv("FAKE_CUDA", "absent")
    with pytest.raises(CudaError, match="CUDA_ERROR_NO_DEVICE"):
        load()
    with pytest.raises(MissingDataError, match="no GPU can be measured here"):
        measured(gpus=(0,))


def test_random_data_is_never_zero_and_finite_in_its_own_type():
    import numpy as np

    words = np.frombuffer(random_bytes("bf16"), dtype=np.uint16).astype(np.uint32) << 16
    values = words.view(np.float32)
    assert np.isfinite(values).all()
    assert abs(float(values.mean())) < 0.01
    assert 1.0 < float(values.std()) < 1.3  # uniform in -2..2: 4/sqrt(12) = 1.155
    half = np.frombuffer(random_bytes("fp16"), dtype=np.float16).astype(np.float32)
    assert 1.0 < float(half.std()) < 1.3
    narrow = np.frombuffer(random_bytes("fp8"), dtype=np.uint8)
    assert ((narrow & 0x7F) != 0x7F).all()  # no NaN of e4m3
    assert len(np.unique(narrow)) == 128


@pytest.mark.skipif(shutil.which("ptxas") is None, reason="no ptxas to assemble the kernels with")
@pytest.mark.parametrize("architecture", ["sm_75", "sm_90"])
def test_the_kernels_assemble(tmp_path, architecture):
    source = tmp_path / "kernels.ptx"
    source.write_text(kernels.PTX)
    subprocess.run(
        ["ptxas", f"-arch={architecture}", str(source), "-o", str(tmp_path / "kernels.cubin")], check=True
    )  # fmt: skip
