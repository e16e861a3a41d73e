"""A run on NVIDIA GPUs: the driver for kernels, a library for products, NVML for facts and power."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tco.bench.device import cuda, gpu, many
from tco.bench.device.cuda import CudaError, Device, opened
from tco.bench.device.host import HostFacts, contention, cpu_pressure_percent
from tco.bench.device.nvml import Gpu, GpuFacts, GpuState, Nvml
from tco.bench.device.peaks import beyond, peaks_of
from tco.bench.device.products import products
from tco.bench.device.reading import Reading, known, missing
from tco.bench.device.sensors import of_card
from tco.bench.device.session import FULL, QUICK, Deadline, Session
from tco.bench.device.shared import Asked, Recognise, Say, category_of, gb, watts, with_host
from tco.bench.device.watch import Pressure, Watch, users
from tco.bench.device.with_torch import loops
from tco.bench.profile import made
from tco.describe.hardware import Hardware
from tco.describe.profile import LOCAL, Clocks, Machine, Micro, NotMeasured, Profile
from tco.errors import MissingDataError, UsageError

NO_NVML = "NVML is not available"
MIG = " MIG "


@dataclass(frozen=True, slots=True)
class Found:
    """What the device showed: its figures, its state meanwhile, other processes, the memory this process may use."""

    micro: Micro
    state: GpuState | None
    n_others: Reading[int]
    memory_bytes: int
    name: str


def profile(asked: Asked, nvml: Nvml, host: HostFacts, recognise: Recognise, say: Say) -> Profile:
    """Measure the first GPU asked for, and how all of those asked for scale together."""
    lib = cuda.load()
    indices = chosen(asked, cuda.n_devices(lib))
    before, pressure = cpu_pressure_percent(), Pressure()
    cards = [nvml.gpu_at(cuda.bus_id(lib, index), index) for index in indices]
    told = [each.facts() for each in cards if each is not None]
    plan = QUICK if asked.quick else FULL
    session = Session(plan, Deadline(plan.limit_s), of_card(cards[0], NO_NVML), say)
    found = _measured(lib, indices[0], cards[0], session)
    scaling = many.scaling(indices, session) if len(indices) > 1 else {}
    decoded, why = loops(asked.models, session, index=indices[0])
    facts = told[0] if cards[0] is not None else None
    part = _slice(found.name, facts)
    hardware = None if part else recognise((known(facts.name) if facts else None) or found.name)
    peaks = peaks_of(hardware)
    slowed = (known(found.state.throttle) if found.state else None) or ()
    flags = (
        *session.flags, *many.differences(told), *beyond(found.micro, peaks),
        *(f"slowed while measured: {reason}" for reason in slowed),
    )  # fmt: skip
    micro = found.micro.model_copy(
        update={"scaling": scaling, "decode_loops": tuple(decoded), "peaks": peaks, "flags": flags,
                "duration_s": session.deadline.spent_s}
    )  # fmt: skip
    seen = users(facts, counted=bool(known(found.n_others))) if facts else []
    busy = contention(before, found.n_others, during_percent=pressure.percent(), seen=seen)
    machine = _machine(found, facts, hardware, n_gpus=len(indices), part=part, runtime=cuda.runtime(lib))
    notes = [f"NVML: {nvml.absent}; power and clocks were not measured"] if nvml.absent else []
    notes += [each for each in (session.sensors.note, why) if each]
    return made(machine=with_host(machine, host, busy), at=datetime.now(UTC), micro=micro, notes=notes, name="run")


def chosen(asked: Asked, n_gpus: int) -> tuple[int, ...]:
    """Numbers of the GPUs to measure; raises UsageError for one that is not there."""
    if asked.gpus is None:
        return (0,)
    beyond_last = [index for index in asked.gpus if index >= n_gpus]
    if beyond_last:
        raise UsageError(f"--gpu: got {beyond_last[0]}; expected 0 to {n_gpus - 1}, or all")
    return asked.gpus or tuple(range(n_gpus))


def _measured(lib: Any, index: int, card: Gpu | None, session: Session) -> Found:
    """Every figure of one GPU; raises MissingDataError where not even a context fits on it."""
    name = cuda.name_of(lib, index)
    try:
        with opened(index) as device:
            memory_bytes = device.memory_bytes()[1]
            session.say("idle power")
            idle = gpu.idle_w(session)
            with Watch(card) as watch:
                micro = _figures(device, card, session)
    except CudaError as error:
        why = f"GPU {index}, {name}: {error}; nothing was measured. Others may hold its memory; --cpu leaves it alone"
        raise MissingDataError(why) from None
    return Found(micro.model_copy(update={"idle_w": idle}), watch.state, watch.n_others, memory_bytes, name)


def _figures(device: Device, card: Gpu | None, session: Session) -> Micro:
    session.say("warming up")
    gpu.warm_up(device, card, session)
    session.say("memory bandwidth")
    read = gpu.stream(device, "readsum", n_arrays=2, passes=1.0, session=session)
    copy = gpu.stream(device, "copy", n_arrays=2, passes=2.0, session=session)
    triad = gpu.stream(device, "triad", n_arrays=3, passes=3.0, session=session)
    found = products(device, session)
    session.say("launch latency")
    busy = next((each.power_w for each in found if each.sustained), missing("no sustained product ran"))
    return Micro(
        copy_gb_per_s=copy, triad_gb_per_s=triad, read_gb_per_s=read, gemm=found, launch_s=gpu.launch_s(device),
        graph_s=gpu.graph_s(device), busy_w=busy,
    )  # fmt: skip


def _slice(name: str, facts: GpuFacts | None) -> str:
    """Size of the MIG slice the device is, ``on`` where the driver has MIG on and the name tells no size."""
    _, _, size = name.partition(MIG)
    return size or ("on" if facts and known(facts.mig) else "")


def _machine(
    found: Found, facts: GpuFacts | None, hardware: Hardware | None, *, n_gpus: int, part: str, runtime: str
) -> Machine:  # fmt: skip
    """A slice of a GPU is no product of the catalogue: it has a part of the memory, of the units and of the power."""
    state = found.state
    name = found.name if part else (known(facts.name) if facts else None) or found.name
    memory_bytes = (known(facts.memory_bytes) if facts and not part else None) or found.memory_bytes
    limit: Reading[float] = facts.power_limit_w if facts else missing(NO_NVML)
    throttle: Reading[tuple[str, ...]] = state.throttle if state else missing(NO_NVML)
    untold = throttle.not_measured if isinstance(throttle, NotMeasured) else ""
    return Machine(
        hardware=hardware.id if hardware else LOCAL, name=name, vendor="NVIDIA", n_gpus=n_gpus,
        category=hardware.category if hardware else category_of(name, "datacenter"), memory_gb=gb(memory_bytes),
        driver=(known(facts.driver) if facts else None) or "", runtime=runtime, clocks=_clocks(facts, state),
        throttling=known(throttle), throttling_reason=untold,
        temperature_c=known(state.temperature_c) if state else None, mig=part,
        power_limit_w=missing("MIG is on: the limit is that of the whole GPU") if part else watts(limit),
    )  # fmt: skip


def _clocks(facts: GpuFacts | None, state: GpuState | None) -> Clocks:
    if facts is None or state is None:
        return Clocks()
    return Clocks(
        sm_mhz=known(state.sm_clock_mhz), memory_mhz=known(state.memory_clock_mhz),
        max_sm_mhz=known(facts.max_sm_clock_mhz), max_memory_mhz=known(facts.max_memory_clock_mhz),
    )  # fmt: skip
