"""Profiles for tests: a processor the catalogue does not know, and an H200."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tco.bench import profile as bench
from tco.describe.profile import NOT_TRIED, Gemm, How, Machine, Micro, Profile, ProfileRow, measured

AT = datetime(2026, 11, 22, 8, 0, 0, tzinfo=UTC)
CPU = Machine(name="Xeon 2.8", category="cpu", host_memory_gb=64.0, n_cores=2)
H200 = Machine(hardware="h200-sxm", name="NVIDIA H200", category="datacenter", vendor="nvidia", driver="580.1")


def gemm(dtype: Any, m: int, *, tflops: float, gb_per_s: float | None = None, sustained: bool = False) -> Gemm:
    reads = measured(gb_per_s, "GB/s") if gb_per_s else NOT_TRIED
    return Gemm(
        dtype=dtype, m=m, n=4096, k=4096, tflops=measured(tflops, "TFLOPS"), gb_per_s=reads, sustained=sustained
    )


CPU_MICRO = Micro(read_gb_per_s=measured(12.0, "GB/s"), n_threads=1, gemm=(gemm("fp32", 1024, tflops=0.1),))
H200_MICRO = Micro(
    read_gb_per_s=measured(4400.0, "GB/s"),
    gemm=(
        gemm("bf16", 1, tflops=2.0, gb_per_s=4000.0),
        gemm("bf16", 8192, tflops=790.0),
        gemm("bf16", 8192, tflops=760.0, sustained=True),
        gemm("fp8", 1024, tflops=1200.0),
    ),
    idle_w=measured(120.0, "W"),
)


def row(**more: Any) -> ProfileRow:
    """An operating point of Llama 3.1 8B on an H200."""
    held: dict[str, Any] = {
        "hardware": "h200-sxm", "model": "llama-3.1-8b", "dtype": "bf16", "engine": "vllm", "concurrency": 32,
        "arrival": "closed", "input_tok": 1000.0, "output_tok": 250.0, "output_tok_per_s": 3000.0,
        "ttft_ms": {"mean": 120.0}, "tpot_ms": {"mean": 9.0}, "power_w": 600.0, "joules_per_tok": 0.2,
        "how": How(tool="tco bench endpoint", version="0.1"), "measured_at": AT,
    }  # fmt: skip
    return ProfileRow(**(held | more))


def profile(machine: Machine = CPU, micro: Micro | None = CPU_MICRO, **more: Any) -> Profile:
    """A profile of the processor, or of another machine."""
    return bench.made(machine=machine, at=more.pop("at", AT), micro=micro, **more)
