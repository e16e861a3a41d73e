"""One run of the microbenchmarks: which accelerator is here decides who measures it."""

from __future__ import annotations

from tco.bench.device import on_cpu, on_nvidia, on_other
from tco.bench.device.cuda import CudaError, load
from tco.bench.device.host import host_facts
from tco.bench.device.nvml import Nvml
from tco.bench.device.shared import Asked, Recognise, Say
from tco.describe.profile import Profile
from tco.errors import MissingDataError


def run(asked: Asked, *, recognise: Recognise, say: Say) -> Profile:
    """Measure this machine: an accelerator if one answers, the CPU otherwise; the profile says why not.

    Raises MissingDataError when GPUs were asked for and none can be measured.
    """
    host = host_facts()
    if asked.cpu_only:
        return on_cpu.profile(asked, host, say, "the CPU was asked for")
    with Nvml() as nvml:
        reason = _why_no_cuda(nvml)
        if not reason:
            try:
                return on_nvidia.profile(asked, nvml, host, recognise, say)
            except CudaError as error:  # a driver that lacks what every one since 2016 has
                reason = str(error)
    found = on_other.profile(asked, host, recognise, say)
    if found is None and asked.gpus is not None:
        raise MissingDataError(f"--gpu: no GPU can be measured here: {reason}")
    return found or on_cpu.profile(asked, host, say, reason)


def _why_no_cuda(nvml: Nvml) -> str:
    """Why no NVIDIA GPU can be measured, empty when one can. The driver may be there without NVML."""
    try:
        load()
    except CudaError as error:
        return f"{error}; {nvml.absent}" if nvml.absent else str(error)
    return ""
