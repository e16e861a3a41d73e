from __future__ import annotations

import pytest

from tco.errors import UnknownNameError
from tco.files.catalogue import Catalogue
from tco.files.validation import resolver


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("H100 80GB SXM", "h100-sxm"), ("Gaudi 3", "gaudi3"), ("AMD Instinct MI300X 192GB", "mi300x"),
        ("Intel Gaudi 2 96GB", "gaudi2"), ("L40S 48GB", "l40s"), ("NVIDIA GeForce RTX 4090 24GB", "rtx-4090"),
        ("Intel Arc A770", "arc-a770"), ("Intel Gaudi 3 128GB HL-325L", "gaudi3"), ("H100-80GB-HBM3", "h100-sxm"),
        ("Apple M4 Max 40-core", "apple-m4-max-40c"), ("MacBook Pro M3 Max", "apple-m3-max-40c"),
        ("Jetson Orin AGX 64GB", "jetson-agx-orin-64gb"), ("NVIDIA RTX A6000", "rtx-a6000"), ("TPU v5e-8", "tpu-v5e"),
        ("A800 80GB", "a100-80gb-sxm"), ("V100 32GB SXM", "v100-32gb-pcie"), ("NVIDIA GH200 480GB", "gh200-96gb"),
        ("Tesla T4", "t4"), ("RTX 3090 Ti", "rtx-3090-ti"), ("H100 PCIe", "h100-pcie"), ("H200 NVL", "h200-nvl"),
    ],
)  # fmt: skip
def test_accelerators_as_benchmarks_call_them(text, name):
    _, hardware = resolver(Catalogue())
    assert hardware(text).id == name


@pytest.mark.parametrize(
    ("text", "name"),
    [("Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b"), ("Phi-3 mini", "phi-3-mini"), ("openai/gpt-oss-20b", "gpt-oss-20b")],
)
def test_models_as_benchmarks_call_them(text, name):
    model, _ = resolver(Catalogue())
    assert model(text).id == name


def test_what_fits_nothing_or_several_stays_unknown():
    model, hardware = resolver(Catalogue())
    for name in ("A100 PCIe 999", "Frontier 9000"):
        with pytest.raises(UnknownNameError):
            hardware(name)
    with pytest.raises(UnknownNameError):
        model("brand new 30b")
