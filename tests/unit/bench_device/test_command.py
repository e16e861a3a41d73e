"""From options to a profile in its place."""

from __future__ import annotations

import pytest

from tco.bench.device import command, gpu, on_nvidia, torch_gpu
from tco.bench.device.session import Plan
from tco.errors import UsageError
from tco.files import profiles

SHORT = Plan(stream_s=0.01, product_s=0.01, sustained_s=0.05, narrow_sustained_s=0.05, settle_s=0.2)


@pytest.fixture
def short(driver, monkeypatch):
    monkeypatch.setattr(on_nvidia, "FULL", SHORT)
    monkeypatch.setattr(on_nvidia, "QUICK", SHORT)
    monkeypatch.setattr(gpu, "IDLE_S", 0.0)
    monkeypatch.setattr(gpu, "LAUNCHES", 50)
    monkeypatch.setattr(torch_gpu, "load", lambda: None)
    return driver


def asked(**options):
    given = {"quick": False, "gpu": None, "cpu": False, "out": None, "data": None, "say": lambda _: None}
    return command.measured(**{**given, **options})


def test_the_profile_is_of_the_hardware_the_catalogue_knows(short, tmp_path):
    profile, path = asked(data=tmp_path)
    assert profile.machine.hardware == "h200-sxm"
    assert path == tmp_path / "hardware_profiles" / "local" / f"{profile.id}.yaml"
    assert profiles.load(path) == profile
    assert "decode loops not measured: torch is not installed" in profile.notes


def test_a_product_the_catalogue_does_not_know_is_local(short, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "odd")
    profile, path = asked(quick=True, out=tmp_path / "here.yaml")
    assert (profile.machine.hardware, profile.machine.name) == ("local", "NVIDIA Prototype 9")
    assert path == tmp_path / "here.yaml"
    assert profile.notes == ()  # a quick run has no decode loops to miss


@pytest.mark.parametrize(("text", "numbers"), [(None, None), ("all", ()), ("2", (2,)), ("0, 2", (0, 2))])
def test_numbers_of_gpus(text, numbers):
    assert command.gpus_of(text) == numbers


@pytest.mark.parametrize("text", ["zero", "0,0", "-1", "", "1,"])
def test_numbers_that_are_none(text):
    with pytest.raises(UsageError, match="expected a number"):
        command.gpus_of(text)


def test_the_cpu_or_a_gpu():
    with pytest.raises(UsageError, match="expected one of them"):
        asked(cpu=True, gpu="0")


@pytest.mark.parametrize("at", ["idle", "warming", "memory", "decode product, fp8, 8", "prefill", "launch", "copy on"])
def test_an_interrupt_gives_everything_back_and_writes_nothing(short, tmp_path, monkeypatch, at):
    monkeypatch.setenv("FAKE_NVML_GPUS", "2")

    def say(text: str) -> None:
        if text.startswith(at):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(gpu="all", data=tmp_path, say=say)
    assert short() == 0
    assert list(tmp_path.iterdir()) == []
