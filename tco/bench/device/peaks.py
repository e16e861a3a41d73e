"""What the datasheet promises beside what was measured: a share, and a suspicion where it is above one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tco.describe.hardware import Hardware
from tco.describe.profile import Micro, number

MEMORY = "gb_per_s"


def peaks_of(found: Hardware | None) -> dict[str, float]:
    """Memory bandwidth in GB/s and dense TFLOPS by format of the catalogue's hardware; empty where it is not known."""
    if found is None:
        return {}
    memory = {MEMORY: found.bandwidth_gb_per_s.value} if found.bandwidth_gb_per_s else {}
    return memory | {dtype: figure.value for dtype, figure in found.dense_tflops.items()}


def beyond(micro: Micro, peaks: Mapping[str, float]) -> Iterator[str]:
    """A sentence on every measured rate above the datasheet's."""
    rates = [
        (f"{what}", number(getattr(micro, f"{what}_gb_per_s")), MEMORY, "GB/s") for what in ("read", "copy", "triad")
    ]
    for each in micro.gemm:
        name = f"{each.dtype} product of {each.m} rows"
        rates += [(name, number(each.tflops), each.dtype, "TFLOPS"), (name, number(each.gb_per_s), MEMORY, "GB/s")]
    for name, rate, which, unit in rates:
        peak = peaks.get(which)
        if rate is not None and peak is not None and rate > peak:
            yield (
                f"suspicious: {name}, {rate:,.4g} {unit}, is above the datasheet's {peak:,.4g}: "
                "other hardware than its name says, a cache, or clocks above the stated ones"
            )
