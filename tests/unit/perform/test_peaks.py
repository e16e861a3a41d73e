from __future__ import annotations

from typing import Any

import pytest

from tco.errors import MissingDataError
from tco.perform.constants import OVERHEADS, all_reduce, family
from tco.perform.peaks import peaks
from tests.unit.perform import examples as x

approx: Any = pytest.approx


def test_stated_figures_in_si_units():
    peak = peaks(hardware=x.H100, dtype="fp8")
    assert (peak.memory_bytes, peak.bytes_per_s, peak.link_bytes_per_s) == (80e9, 3350e9, 900e9)
    assert (peak.flop_per_s, peak.flop16_per_s, peak.compute_class) == (1979e12, 989e12, "8bit")
    assert peak.notes == ()


@pytest.mark.parametrize("dtype", ["fp8", "mxfp4", "nvfp4"])
def test_formats_the_hardware_lacks_compute_at_16_bit(dtype):
    peak = peaks(hardware=x.RTX_4090, dtype=dtype)
    assert (peak.flop_per_s, peak.compute_class) == (165.2e12, "16bit")
    assert "computed at 16 bit" in peak.notes[0]


@pytest.mark.parametrize("dtype", ["int4", "q4_k_m", "q8_0", "bf16", "fp16"])
def test_weight_only_formats_compute_at_16_bit(dtype):
    peak = peaks(hardware=x.H100, dtype=dtype)
    assert (peak.flop_per_s, peak.compute_class, peak.notes) == (989e12, "16bit", ())


def test_a_share_of_another_profile():
    frac = {"to": "h100-sxm", "frac": 0.5}
    half = x.a_gpu(id="half", bandwidth_gb_per_s=None, dense_tflops={}, relative=frac)
    peak = peaks(hardware=half, dtype="bf16", reference=x.H100)
    assert (peak.bytes_per_s, peak.flop_per_s) == (1675e9, 494.5e12)
    assert peak.notes == ("half: figures it does not state are 0.5 of h100-sxm's",)
    assert peaks(hardware=half, dtype="int8", reference=x.H100).compute_class == "16bit"
    with pytest.raises(MissingDataError, match="bandwidth"):
        peaks(hardware=half, dtype="bf16")
    with pytest.raises(MissingDataError, match="bandwidth"):
        peaks(hardware=half, dtype="bf16", reference=x.a_gpu(bandwidth_gb_per_s=None))
    complete = x.a_gpu(relative=frac)
    assert peaks(hardware=complete, dtype="bf16").notes == ()


def test_unknown_is_an_error():
    with pytest.raises(MissingDataError, match="no memory size"):
        peaks(hardware=x.a_gpu(memory_gb=None), dtype="bf16")
    with pytest.raises(MissingDataError, match="bandwidth"):
        peaks(hardware=x.a_gpu(bandwidth_gb_per_s=None), dtype="bf16")
    with pytest.raises(MissingDataError, match="TFLOPS"):
        peaks(hardware=x.a_gpu(dense_tflops={}), dtype="bf16")


def test_only_an_unusual_format_stated():
    peak = peaks(hardware=x.a_gpu(dense_tflops={"fp32": 10}), dtype="fp32")
    assert (peak.flop_per_s, peak.flop16_per_s) == (10e12, 10e12)


def test_families():
    assert [family(name) for name in ("h100-pcie", "gh200", "gb300", "rtx-4090")] == ["h100", "h200", "b200", ""]
    assert set(OVERHEADS) == {"vllm", "tensorrt-llm", "sglang", "llama.cpp", "ollama", "other"}


def test_all_reduce_by_link():
    assert all_reduce(gpu="h100", n_gpus=4, link_bytes_per_s=900e9) == approx((4.7e-6, 180e9))
    assert all_reduce(gpu="", n_gpus=2, link_bytes_per_s=450e9) == approx((5.0e-6, 129.5e9))
    assert all_reduce(gpu="h100", n_gpus=16, link_bytes_per_s=64e9) == approx((30e-6, 195 / 900 * 64e9))
