"""The driver's libraries replaced by stand-ins whose speed is known."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from tco.bench.device import cublas, cuda
from tco.bench.device.sensors import none
from tco.bench.device.session import Deadline, Plan, Session
from tests import fakes


@pytest.fixture(scope="session")
def fake_folder(tmp_path_factory):
    if fakes.compiler() is None:
        pytest.skip("no C compiler to build the stand-ins with")
    return fakes.build(tmp_path_factory.mktemp("fakes"))


@pytest.fixture(scope="session")
def fake_nvml(fake_folder):
    """Loaded by its file, found by its name afterwards: the bindings ask for libnvidia-ml.so.1."""
    return ctypes.CDLL(str(fake_folder / "libnvidia-ml.so.1"))


@pytest.fixture
def driver(fake_folder: Path, fake_nvml, monkeypatch):
    """A GPU that reads 4,000 GB/s and multiplies 800 TFLOPS in bf16; returns how much is still allocated."""
    monkeypatch.setenv("FAKE_NVML", "ok")
    monkeypatch.setenv("FAKE_CUDA", "ok")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    path = str(fake_folder / "libcuda.so.1")
    monkeypatch.setattr(cuda, "LIBRARIES", (path,))
    monkeypatch.setattr(cublas, "LIBRARIES", (path,))
    lib = ctypes.CDLL(path)
    before = lib.fake_live()
    yield lambda: lib.fake_live() - before
    assert lib.fake_live() == before, "something was not given back"


@pytest.fixture
def session() -> Session:
    """A run of short parts that reads no power."""
    plan = Plan(stream_s=0.01, product_s=0.01, sustained_s=0.05, narrow_sustained_s=0.05, settle_s=0.2)
    return Session(plan, Deadline(60.0), none("no sensors"), lambda _: None)
