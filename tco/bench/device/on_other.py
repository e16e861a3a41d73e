"""A run on an accelerator of another vendor, through torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from tco.bench.device import gpu, other, torch_gpu, with_torch
from tco.bench.device.host import HostFacts, contention, cpu_pressure_percent
from tco.bench.device.peaks import beyond, peaks_of
from tco.bench.device.reading import known, missing
from tco.bench.device.session import FULL, QUICK, Deadline, Session
from tco.bench.device.shared import Asked, Recognise, Say, category_of, gb, watts, with_host
from tco.bench.device.watch import Pressure, busy_before
from tco.bench.profile import made
from tco.describe.profile import LOCAL, Machine, Micro, NotMeasured, Profile
from tco.errors import UsageError

NO_LIBRARY = "not asked of this vendor's driver"


def profile(asked: Asked, host: HostFacts, recognise: Recognise, say: Say) -> Profile | None:
    """A machine with another vendor's accelerator, measured through torch; None where there is none."""
    with _listed(host) as listed:
        return _profile(asked, listed, host, recognise, say) if listed else None


@contextmanager
def _listed(host: HostFacts) -> Iterator[tuple[other.OtherGpu, ...]]:
    """The accelerators here; their library stays open, since it is what power is read from."""
    apple = other.apple_gpu(host.memory_bytes)
    if not isinstance(apple, NotMeasured):
        yield (apple,)
        return
    with other.amd_gpus() as found:
        yield other.rocm_by_torch() if isinstance(found, NotMeasured) else found


def _profile(
    asked: Asked, listed: tuple[other.OtherGpu, ...], host: HostFacts, recognise: Recognise, say: Say
) -> Profile:  # fmt: skip
    before, pressure = cpu_pressure_percent(), Pressure()
    index, notes = _chosen(asked, len(listed))
    first = listed[index]
    busy_percent = first.busy_percent()
    plan = QUICK if asked.quick else FULL
    session = Session(plan, Deadline(plan.limit_s), first.sensors, say)
    hardware = recognise(first.name)
    micro, why = _measured(asked, first, index, session)
    peaks = peaks_of(hardware)
    micro = micro.model_copy(
        update={"peaks": peaks, "flags": (*session.flags, *beyond(micro, peaks)),
                "duration_s": session.deadline.spent_s}
    )  # fmt: skip
    machine = Machine(
        hardware=hardware.id if hardware else LOCAL, name=first.name, vendor=first.vendor,
        category=hardware.category if hardware else category_of(first.name, first.category),
        memory_gb=gb(first.memory_bytes), driver=known(first.driver) or "", power_limit_w=watts(first.power_limit_w),
        throttling_reason=NO_LIBRARY,
    )  # fmt: skip
    busy = contention(
        before, missing(NO_LIBRARY), during_percent=pressure.percent(), seen=busy_before(busy_percent)
    )  # fmt: skip
    notes += [why] if why else []
    return made(machine=with_host(machine, host, busy), at=datetime.now(UTC), micro=micro, notes=notes, name="run")


def _measured(asked: Asked, first: other.OtherGpu, index: int, session: Session) -> tuple[Micro, str]:
    """The figures, and why there are no decode loops where there are none."""
    session.say("idle power")
    idle = gpu.idle_w(session)
    torch = torch_gpu.load()
    where = torch_gpu.accelerator(torch) if torch is not None else ""
    untimed = missing("torch gives no empty kernel")
    if torch is None or not where:
        why = missing(f"{first.name} is here, and torch with support for it is not installed")
        return Micro(copy_gb_per_s=why, read_gb_per_s=why, idle_w=idle, busy_w=why), ""
    with_torch.choose(torch, where, index)
    session.say("memory bandwidth through torch")
    copy = torch_gpu.copy_rate(torch, where, gpu.STREAM_BYTES, session.plan.stream_s)
    read = torch_gpu.read_rate(torch, where, gpu.STREAM_BYTES, session.plan.stream_s)
    torch_gpu.release(torch, where)
    found = with_torch.products(torch, where, session, index=index)
    decoded, why_none = with_torch.loops(asked.models, session, index=index)
    micro = Micro(
        idle_w=idle, busy_w=found[-1].power_w, gemm=tuple(found), copy_gb_per_s=copy, read_gb_per_s=read,
        decode_loops=tuple(decoded), launch_s=untimed, graph_s=untimed,
    )  # fmt: skip
    return micro, why_none


def _chosen(asked: Asked, n_gpus: int) -> tuple[int, list[str]]:
    """Which accelerator to measure; raises UsageError for one that is not there."""
    gpus = (0,) if asked.gpus is None else asked.gpus or tuple(range(n_gpus))
    beyond_last = [index for index in gpus if index >= n_gpus]
    if beyond_last:
        raise UsageError(f"--gpu: got {beyond_last[0]}; expected 0 to {n_gpus - 1}, or all")
    many = [f"measured one of {len(gpus)} accelerators: scaling over several is not measured for this vendor"]
    return gpus[0], many if len(gpus) > 1 else []
