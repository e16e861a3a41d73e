"""From a machine option to the numbers its ledger needs."""

from __future__ import annotations

from datetime import date

from tco.cost.machine import Machine
from tco.describe.hardware import Hardware
from tco.describe.option import MachineOption
from tco.describe.plan import Sampler
from tco.describe.record import Figure
from tco.errors import MissingDataError
from tco.price.machines import bought_at

NO_HOST = Figure(value=0.0, unit="", source="included in the price or power of the machine", kind="assumed")


def machine(option: MachineOption, *, n_gpus: int, on: date, sampler: Sampler) -> Machine:
    """The machine behind an option through ``sampler``; ``n_gpus`` is the size of one replica.

    Raises MissingDataError when a price or a power figure that the ledger needs is unknown.
    """
    if option.rental is not None:
        return _rented(option, n_gpus=n_gpus, sampler=sampler)
    figures = _stated(option) or _from_profile(option.hardware, on)
    host = option.hardware.host
    numbers = {name: sampler(f"{option.hardware.id}.{name}", figure) for name, figure in figures.items()}
    return Machine(
        gpus_per_replica=float(n_gpus),
        gpus_per_machine=float(n_gpus if option.stated else host.max_gpus if host else 1),
        sold_whole=bool(host and host.sold_whole and not option.stated),
        figures=figures,
        **numbers,
    )


def _rented(option: MachineOption, *, n_gpus: int, sampler: Sampler) -> Machine:
    rental = option.rental
    assert rental is not None
    price = option.rental_price or Figure(
        value=float(rental.usd_per_gpu_h), unit="USD/h", source=rental.source, as_of=rental.since, kind=rental.kind
    )
    return Machine(
        gpus_per_replica=float(n_gpus),
        gpus_per_machine=float(rental.n_gpus),
        sold_whole=True,
        usd_per_gpu_h=sampler(f"{rental.provider}.{rental.hardware}.usd_per_gpu_h", price),
        scale_to_zero=rental.plan == "serverless",
        figures={"usd_per_gpu_h": price},
    )


def _stated(option: MachineOption) -> dict[str, Figure] | None:
    """Figures of a machine the workload states as a whole: GPUs and host in one."""
    stated = option.stated
    if stated is None or stated.usd is None:
        return None
    missing = [name for name in ("busy_w", "idle_w") if getattr(stated, name) is None]
    if missing or stated.busy_w is None or stated.idle_w is None:
        raise MissingDataError(f"{option.id}: machine.usd is stated without {' and '.join(missing)}")
    n = option.n_gpus or 1
    each = {"gpu_usd": stated.usd, "gpu_busy_w": stated.busy_w, "gpu_idle_w": stated.idle_w}
    shared = {name: figure.model_copy(update={"value": figure.value / n}) for name, figure in each.items()}
    return {**shared, "host_usd": NO_HOST, "host_busy_w": NO_HOST, "host_idle_w": NO_HOST}


def _from_profile(hardware: Hardware, on: date) -> dict[str, Figure]:
    price = bought_at(hardware, on)
    if hardware.busy_w is None or hardware.idle_w is None:
        raise MissingDataError(f"{hardware.id}: busy or idle power is unknown; state machine.busy_w and machine.idle_w")
    if hardware.host is None and price.basis == "card":
        raise MissingDataError(f"{hardware.id}: the price is of a bare card and the profile names no host; state machine.usd")
    host = hardware.host
    return {
        "gpu_usd": price.usd,
        "gpu_busy_w": hardware.busy_w,
        "gpu_idle_w": hardware.idle_w,
        "host_usd": host.usd if host and price.basis == "card" else NO_HOST,
        "host_busy_w": host.busy_w if host else NO_HOST,
        "host_idle_w": host.idle_w if host else NO_HOST,
    }
