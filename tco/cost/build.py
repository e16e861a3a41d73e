"""From a machine option to the numbers its ledger needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from tco.cost.machine import METERED, Machine
from tco.describe.candidates import StatedMachine
from tco.describe.hardware import Hardware
from tco.describe.option import MachineOption
from tco.describe.plan import Sampler
from tco.describe.record import Figure
from tco.errors import MissingDataError
from tco.perform.capacity import Basis, Capacity
from tco.price.machines import bought_at

FROM_POINTS: tuple[Basis, ...] = (
    "measured", "interpolated", "measured, scaled by the model", "interpolated, scaled by the model",
)  # fmt: skip

NO_HOST = Figure(value=0.0, unit="", source="included in the price or power of the machine", kind="assumed")


def machine(option: MachineOption, *, n_gpus: int, on: date, sampler: Sampler) -> Machine:
    """The machine behind an option through ``sampler``; ``n_gpus`` is the size of one replica.

    Raises MissingDataError when a price or a power figure that the ledger needs is unknown.
    """
    if option.rental is not None:
        return _rented(option, n_gpus=n_gpus, sampler=sampler)
    figures = _owned(option, n_gpus=n_gpus, on=on)
    host = option.hardware.host
    is_stated = option.stated is not None and option.stated.usd is not None
    numbers: dict[str, Any] = {
        name: sampler(f"{option.hardware.id}.{name}", figure) for name, figure in figures.items()
    }
    numbers.setdefault("gpu_rated_w", numbers["gpu_busy_w"])
    figures.setdefault("gpu_rated_w", figures["gpu_busy_w"])
    return Machine(
        gpus_per_replica=float(n_gpus),
        gpus_per_machine=float(n_gpus if is_stated else host.max_gpus if host else 1),
        sold_whole=bool(host and host.sold_whole and not is_stated),
        figures=figures,
        **numbers,
    )


def metered(option: MachineOption, capacity: Capacity, *, n_gpus: int) -> MachineOption:
    """The option with the power a replica's accelerators drew while its operating point was measured: P / n each.

    Between two points, or at other lengths, they draw the same: then the watts are measured, the joules of a token
    are not. Itself where it was not measured; what the workload states of the power still comes first.
    """
    if capacity.basis not in FROM_POINTS or capacity.kind != "measured" or capacity.busy_w is None:
        return option
    drawn = Figure(
        value=capacity.busy_w / n_gpus,
        unit="W",
        source=capacity.source,
        as_of=capacity.as_of,
        kind="measured",
        note=METERED if capacity.basis == "measured" else "",
    )
    return replace(option, hardware=option.hardware.model_copy(update={"busy_w": drawn}))


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


def _owned(option: MachineOption, *, n_gpus: int, on: date) -> dict[str, Figure]:
    """Price and power of a GPU and of its host: the workload's own for the whole machine, else the profile's.

    The rated power is the profile's, and left out where it states none or the workload states the draw.
    """
    stated, hardware = option.stated or StatedMachine(), option.hardware
    figures = _shared("usd", stated.usd, n_gpus) or _price(hardware, on)
    for name, whole in (("busy_w", stated.busy_w), ("idle_w", stated.idle_w)):
        figures |= _shared(name, whole, n_gpus) or _power(name, hardware)
    if stated.busy_w is None and hardware.max_w is not None:
        figures["gpu_rated_w"] = hardware.max_w
    return figures


def _shared(name: str, whole: Figure | None, n_gpus: int) -> dict[str, Figure]:
    """A figure of a whole machine as an equal share of each GPU, range included; empty where none is stated."""
    if whole is None:
        return {}
    parts = {"value": whole.value / n_gpus}
    if whole.low is not None and whole.high is not None:
        parts |= {"low": whole.low / n_gpus, "high": whole.high / n_gpus}
    return {f"gpu_{name}": whole.model_copy(update=parts), f"host_{name}": NO_HOST}


def _price(hardware: Hardware, on: date) -> dict[str, Figure]:
    price, host = bought_at(hardware, on), hardware.host
    if host is None and price.basis == "card":
        raise MissingDataError(f"{hardware.id}: a bare card's price and no host in the profile; state machine.usd")
    return {"gpu_usd": price.usd, "host_usd": host.usd if host and price.basis == "card" else NO_HOST}


def _power(name: str, hardware: Hardware) -> dict[str, Figure]:
    drawn: Figure | None = getattr(hardware, name)
    if drawn is None:
        raise MissingDataError(f"{hardware.id}: {name} is unknown; state machine.{name}")
    return {f"gpu_{name}": drawn, f"host_{name}": getattr(hardware.host, name) if hardware.host else NO_HOST}
