"""The table of microbenchmarks, and what noise is allowed to do to them between two runs."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from tco.bench.profile import made
from tco.bench.regress import difference
from tco.bench.show_micro import micro, product
from tco.describe.profile import DecodeLoop, Gemm, Machine, Micro, NotMeasured, measured

NOT = NotMeasured(not_measured="no driver")
WHOLE = Micro(
    read_gb_per_s=measured(4321.0, "GB/s", low=4200.0, high=4321.0), copy_gb_per_s=measured(4100.0, "GB/s"),
    launch_s=measured(2.5e-6, "s"), idle_w=NOT, busy_w=NOT, scaling={"copy": 0.97}, flags=("odd",),
    peaks={"gb_per_s": 4800.0, "bf16": 989.0},
    gemm=(
        Gemm(dtype="bf16", m=1, n=14336, k=4096, tflops=measured(4.3, "TFLOPS"), gb_per_s=measured(4320.0, "GB/s")),
        Gemm(dtype="bf16", m=128, n=14336, k=4096, tflops=measured(600.0, "TFLOPS"), gb_per_s=measured(2340.0, "GB/s")),
        Gemm(dtype="fp4", m=8, n=14336, k=4096, tflops=measured(34.0, "TFLOPS"), gb_per_s=measured(2160.0, "GB/s")),
        Gemm(dtype="bf16", m=8192, n=8192, k=8192, tflops=measured(780.0, "TFLOPS"), sustained=True, power_w=NOT),
        Gemm(dtype="bf16", m=4096, n=8192, k=8192, tflops=measured(780.0, "TFLOPS"), sustained=True,
             power_w=measured(690.0, "W")),
        Gemm(dtype="fp8", m=1, n=14336, k=4096, tflops=NOT),
    ),
    decode_loops=(
        DecodeLoop(model="qwen3-8b", dtype="bf16", n_layers=4, n_seqs=1, context_tok=1024,
                   step_s=measured(0.001, "s", low=0.001, high=0.0011), tok_per_s=measured(111.0, "tok/s")),
        DecodeLoop(model="qwen3-8b", dtype="bf16", n_layers=4, n_seqs=8, context_tok=1024, step_s=measured(0.002, "s")),
        DecodeLoop(model="qwen3-8b", dtype="bf16", n_layers=4, n_seqs=32, context_tok=1024, step_s=NOT),
    ),
)  # fmt: skip


@pytest.fixture
def lines() -> list[str]:
    return [each.plain for each in micro(WHOLE, 120)]


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("memory read", ["4,321 GB/s", "90% of 4,800", "2.9%"]),
        ("kernel launch", ["2.50 µs"]),
        ("GEMM bf16 1 x", ["4.30 TFLOPS", "4,320 GB/s", "90% of 4,800"]),  # bound by memory
        ("GEMM bf16 128 x", ["600 TFLOPS", "61% of 989"]),  # 49% of the memory, 61% of the multipliers
        ("GEMM fp4 8 x", ["45% of 4,800"]),  # no peak of its own
        ("GEMM bf16 4096 x", ["79% of 989", "690"]),
        ("decode loop qwen3-8b bf16 x1 ", ["111 tok/s", "10.0%"]),
        ("decode loop qwen3-8b bf16 x8", ["2 ms a step"]),
    ],
)
def test_each_row(lines, label, words):
    (row,) = (each for each in lines if each.startswith(label))
    for word in words:
        assert word in row


def test_what_was_not_measured_is_below_by_reason(lines):
    text = " ".join(" ".join(lines).split())
    assert "copy on all GPUs at once: 97% of one times their number" in text
    (reasons,) = (part for part in text.split(" copy on all ")[1].split(" flagged:")[:1])
    for label in ("idle power, busy power", "GEMM fp8 1 x 4096", "power of GEMM bf16 8192", "qwen3-8b bf16 x32"):
        assert label in reasons
    assert reasons.count("not measured: no driver") == 1
    assert "memory triad" not in text  # not tried
    assert "flagged: odd" in text


def test_nothing_measured_has_no_table():
    assert [each.plain.strip() for each in micro(Micro(read_gb_per_s=NOT), 80)] == [
        "memory read not measured: no driver"
    ]  # fmt: skip


def test_products_of_a_processor_tell_their_threads():
    gemm = Gemm(dtype="fp32", m=512, n=4096, k=4096, how="NumPy, 1 thread by its CPU time")
    assert product(gemm) == "GEMM fp32 512 x 4096 x 4096, 1 thread"
    assert product(gemm.model_copy(update={"how": "NumPy, 64 threads"})).endswith(", 64 threads")


def held(rate: float, low: float | None) -> Any:
    figure = measured(rate, "GB/s", low=low, high=rate if low else None)
    machine = Machine(name="NVIDIA H200", category="datacenter", hardware="h200-sxm")
    return made(machine=machine, at=datetime(2026, 11, 22, tzinfo=UTC), micro=Micro(read_gb_per_s=figure))


@pytest.mark.parametrize(("after", "verdict"), [(3810.0, "within noise"), (3780.0, "worse")])
def test_the_range_of_the_repeats_is_the_noise(after, verdict):
    """Repeats within 4%: s = sqrt((0.04/2.326)^2 + 0.005^2) = 1.79%, limit 2 sqrt(2) s = 5.06%."""
    (change,) = difference(held(4000.0, 3840.0), held(after, 0.96 * after)).changes
    assert change.limit_frac == pytest.approx(2 * math.sqrt(2) * math.hypot(0.04 / 2.326, 0.005))
    assert change.limit_frac == pytest.approx(0.0506, abs=1e-4)
    assert change.verdict == verdict


def test_without_a_range_noise_is_assumed():
    (change,) = difference(held(4000.0, None), held(3900.0, 3880.0)).changes
    assert change.noise == "assumed 2%"
    assert change.limit_frac == pytest.approx(0.0566, abs=1e-4)


def test_decode_loops_and_power_are_compared():
    changes = difference(
        held(4000.0, None).model_copy(update={"micro": WHOLE}), held(4000.0, None).model_copy(update={"micro": WHOLE})
    ).changes
    named = {(each.point, each.metric) for each in changes}
    assert ("decode loop qwen3-8b bf16 x1", "step_s") in named
    assert ("GEMM bf16 4096 x 8192 x 8192, sustained", "power_w") in named
    assert all(each.verdict == "within noise" for each in changes)
