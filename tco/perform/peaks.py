"""Peak figures of one machine for one number format, with a stand-in for what its profile leaves out."""

from __future__ import annotations

from dataclasses import dataclass

from tco.describe.hardware import Dtype, Hardware
from tco.describe.record import Figure
from tco.errors import MissingDataError
from tco.perform.constants import PCIE_BYTES_PER_S, ComputeClass
from tco.units import BYTES_PER_GB, FLOPS_PER_TFLOPS

# Formats a weight may be computed in, best first, and the efficiency class of each; 16 bit is the fallback of all.
NATIVE: dict[Dtype, tuple[tuple[Dtype, ...], ComputeClass]] = {
    "fp32": (("fp32",), "16bit"),
    "fp8": (("fp8",), "8bit"),
    "int8": (("int8",), "8bit"),
    "fp4": (("fp4", "nvfp4"), "4bit"),
    "nvfp4": (("nvfp4", "fp4"), "4bit"),
    "mxfp4": (("mxfp4", "fp4"), "4bit"),
}
HALF: tuple[Dtype, ...] = ("bf16", "fp16")


@dataclass(frozen=True, slots=True)
class Peaks:
    """Peak figures of one GPU, SI units, and what was assumed to get them."""

    memory_bytes: float
    bytes_per_s: float
    flop_per_s: float
    flop16_per_s: float
    link_bytes_per_s: float
    compute_class: ComputeClass
    notes: tuple[str, ...]


def stated_tflops(*, hardware: Hardware, dtypes: tuple[Dtype, ...], reference: Hardware | None) -> Figure | None:
    """First stated dense TFLOPS among the formats, the reference's times the share where there is none."""
    for dtype in dtypes:
        if dtype in hardware.dense_tflops:
            return hardware.dense_tflops[dtype]
    if hardware.dense_tflops or hardware.relative is None or reference is None:
        return None
    figure = stated_tflops(hardware=reference, dtypes=dtypes, reference=None)
    return figure.model_copy(update={"value": figure.value * hardware.relative.frac.value}) if figure else None


def _bandwidth_bytes_per_s(*, hardware: Hardware, reference: Hardware | None) -> float:
    if hardware.bandwidth_gb_per_s is not None:
        return hardware.bandwidth_gb_per_s.value * BYTES_PER_GB
    if hardware.relative is not None and reference is not None and reference.bandwidth_gb_per_s is not None:
        return reference.bandwidth_gb_per_s.value * hardware.relative.frac.value * BYTES_PER_GB
    raise MissingDataError(f"hardware {hardware.id}: no memory bandwidth, so its speed cannot be predicted")


def _relative_note(*, hardware: Hardware) -> tuple[str, ...]:
    if hardware.relative is None or (hardware.bandwidth_gb_per_s is not None and hardware.dense_tflops):
        return ()
    share, other = hardware.relative.frac.value, hardware.relative.to
    return (f"{hardware.id}: figures it does not state are {share:g} of {other}'s",)


def peaks(*, hardware: Hardware, dtype: Dtype, reference: Hardware | None = None) -> Peaks:
    """Peak figures for weights of ``dtype``; formats the hardware cannot compute in run at 16 bit, noted.

    ``reference`` is the profile ``hardware.relative`` points to.
    Raises MissingDataError where memory, bandwidth or the FLOP/s of any usable format are unknown.
    """
    if hardware.memory_gb is None:
        raise MissingDataError(f"hardware {hardware.id}: no memory size, so what fits cannot be predicted")
    bytes_per_s = _bandwidth_bytes_per_s(hardware=hardware, reference=reference)
    half = stated_tflops(hardware=hardware, dtypes=HALF, reference=reference)
    formats, compute_class = NATIVE.get(dtype, (HALF, "16bit"))
    native = stated_tflops(hardware=hardware, dtypes=formats, reference=reference)
    tflops = native or half
    if tflops is None:
        raise MissingDataError(f"hardware {hardware.id}: no dense TFLOPS for {dtype} or 16 bit")
    notes = _relative_note(hardware=hardware)
    if native is None:
        compute_class = "16bit"
        notes += (f"{hardware.id} has no {dtype} FLOP/s: {dtype} weights are computed at 16 bit",)
    link_gb = hardware.link_gb_per_s.value if hardware.link_gb_per_s else 0.0
    return Peaks(
        memory_bytes=hardware.memory_gb.value * BYTES_PER_GB,
        bytes_per_s=bytes_per_s,
        flop_per_s=tflops.value * FLOPS_PER_TFLOPS,
        flop16_per_s=(half or tflops).value * FLOPS_PER_TFLOPS,
        link_bytes_per_s=link_gb * BYTES_PER_GB if link_gb > 0 else PCIE_BYTES_PER_S,
        compute_class=compute_class,
        notes=notes,
    )
