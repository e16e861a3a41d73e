"""The real NVML bindings against a stand-in for the driver's library, in every state a driver can be in."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from tco.bench.device.nvml import GpuState, Nvml, throttle_reasons
from tco.bench.device.reading import missing
from tco.bench.device.watch import Watch
from tco.describe.profile import NotMeasured

pytestmark = pytest.mark.usefixtures("fake_nvml")


@pytest.fixture
def asked(monkeypatch):
    def facts_and_state(mode, **environment):
        monkeypatch.setenv("FAKE_NVML", mode)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with Nvml() as nvml:
            assert nvml.absent == ""
            card = nvml.gpu(0)
            return card.facts(), card.state(), card.energy_j()

    return facts_and_state


def test_a_healthy_gpu(asked):
    facts, state, energy_j = asked("ok")
    assert (facts.name, facts.driver, facts.memory_bytes) == ("NVIDIA H200", "580.65.06", 150754820096)
    assert (facts.power_limit_w, facts.mig, facts.n_processes, facts.busy_percent) == (700.0, False, 0, 0)
    assert (state.sm_clock_mhz, state.memory_clock_mhz, state.temperature_c) == (1980, 3201, 41)
    assert state.throttle == ()  # idle is no reason
    assert state.power_w == 300.0
    assert energy_j == pytest.approx(5000.0, abs=100.0)


def test_driver_not_loaded_is_a_normal_state(monkeypatch):
    monkeypatch.delenv("FAKE_NVML", raising=False)
    with Nvml() as nvml:
        assert "not loaded" in nvml.absent
        assert isinstance(nvml.n_gpus, NotMeasured)


def test_no_library_is_a_normal_state_with_a_clear_sentence():
    code = "from tco.bench.device.nvml import Nvml\nwith Nvml() as nvml: print(nvml.absent)"
    if sys.platform == "linux":
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "driver" in found.stdout


def test_mig_has_no_energy_or_power_of_its_own(asked):
    facts, state, energy_j = asked("mig")
    assert facts.mig is True
    assert isinstance(energy_j, NotMeasured)
    assert "MIG" in energy_j.not_measured
    assert "MIG" in state.power_w.not_measured  # the driver answers, for the whole GPU


def test_jetson_initialises_and_answers_not_supported(asked):
    facts, state, energy_j = asked("jetson")
    for reading in (facts.memory_bytes, facts.power_limit_w, facts.mig, state.power_w, energy_j):
        assert isinstance(reading, NotMeasured)
        assert "not supported" in reading.not_measured


def test_an_old_driver_cannot_tell_why_it_is_slow(asked):
    _, state, _ = asked("old")
    assert isinstance(state.throttle, NotMeasured)
    assert "too old" in state.throttle.not_measured


def test_power_not_permitted_says_so(asked):
    _, state, _ = asked("locked")
    assert isinstance(state.power_w, NotMeasured)
    assert "not permitted" in state.power_w.not_measured


def test_mean_power_is_used_where_there_is_no_instantaneous_field(asked):
    _, state, _ = asked("noenergy")
    assert state.power_w == 300.0


def test_throttling_is_named(asked):
    _, state, _ = asked("ok", FAKE_NVML_THROTTLE="0x45")
    assert state.throttle == ("software power cap", "hardware thermal slowdown")


@pytest.mark.parametrize(
    ("bits", "named"),
    [(0, ()), (3, ()), (0x20, ("software thermal slowdown",)), (0x1000, ("unknown reason 0x1000",))],
)
def test_bits(bits, named):
    assert throttle_reasons(bits) == named


def test_a_missing_bit_field_stays_missing():
    assert throttle_reasons(missing("x")) == missing("x")


def test_a_gpu_by_its_address(monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "ok")
    monkeypatch.setenv("FAKE_NVML_GPUS", "2")
    with Nvml() as nvml:
        second: Any = nvml.gpu_at("0000:01:00.0", 0)
        assert second.power_w() == 400.0
        monkeypatch.setenv("FAKE_NVML", "jetson")  # has no addresses
        assert nvml.gpu_at("0000:00:00.0", 0) is None
        monkeypatch.setenv("FAKE_NVML_GPUS", "1")
        assert nvml.gpu_at("0000:00:00.0", 0) is not None
    monkeypatch.setenv("FAKE_NVML", "absent")
    with Nvml() as nvml:
        assert nvml.gpu_at("0000:00:00.0", 0) is None


def test_a_watch_keeps_what_it_saw(monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "ok")
    monkeypatch.setenv("FAKE_NVML_THROTTLE", "0x4")
    with Nvml() as nvml, Watch(nvml.gpu(0), every_s=0.01) as watch:
        time.sleep(0.1)
        monkeypatch.setenv("FAKE_NVML_THROTTLE", "0x40")
        monkeypatch.setenv("FAKE_NVML_PROCESSES", "2")
        time.sleep(0.1)
        monkeypatch.setenv("FAKE_NVML", "old")  # from here on it cannot tell
        time.sleep(0.05)
    state: Any = watch.state
    assert state.throttle == ("software power cap", "hardware thermal slowdown")
    assert (state.sm_clock_mhz, state.temperature_c) == (1980, 41)
    assert watch.n_others == 1


def test_a_watch_that_cannot_see_says_so(monkeypatch):
    with Watch(None) as blind:
        pass
    assert blind.state is None
    assert isinstance(blind.n_others, NotMeasured)
    monkeypatch.setenv("FAKE_NVML", "jetson")
    with Nvml() as nvml, Watch(nvml.gpu(0), every_s=0.01) as watch:
        time.sleep(0.05)
    assert isinstance(watch.n_others, NotMeasured)
    dark = missing("x")
    watch._states = [GpuState(dark, dark, dark, dark, dark)]
    state: Any = watch.state
    assert (state.sm_clock_mhz, state.temperature_c, state.throttle) == (dark, dark, dark)


def test_the_number_of_gpus(monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "ok")
    monkeypatch.setenv("FAKE_NVML_GPUS", "4")
    with Nvml() as nvml:
        assert nvml.n_gpus == 4
