"""The parts of a sentence, and what it says about a machine: what it leaves out comes from the profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from tco.check.claims.chunks import Chunk
from tco.check.claims.evidence import Evidence
from tco.check.claims.grammar import Slots
from tco.check.claims.known import weights
from tco.check.claims.quantity import quantity
from tco.units import BYTES_PER_GB

Raw = dict[str, Any]

DTYPE_BITS = {"fp32": "32", "fp16": "16", "bf16": "16", "fp8": "8", "int8": "8", "int4": "4", "fp4": "4"}
SINGLE_STREAM_BITS = 16.0


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of a sentence, what is known, and the day it is held to."""

    slots: Slots
    evidence: Evidence
    on: date


Meaning = Callable[[Told], list[Raw]]


def machines(slots: Slots) -> Chunk | None:
    """The machine of a sentence, with how many of them; raises ValueError for a plural without a number."""
    found = slots.get("CLUSTER") or slots.get("HARDWARE")
    if found and not found.count:
        raise ValueError(f"got {found.words!r} without their number; expected one such as 8 H100s, or an H100")
    return found


def subject(slots: Slots) -> dict[str, str]:
    """The model or size a sentence names, and its bits a weight."""
    about = {"model": slots["MODEL"].value} if "MODEL" in slots else {}
    about |= {"params": slots["PARAMS"].value} if "PARAMS" in slots else {}
    if "BITS" in slots:
        about["bits"] = f"{quantity(slots['BITS'].value).middle * 8:g}"
    elif "DTYPE" in slots:
        about["bits"] = DTYPE_BITS[slots["DTYPE"].value]
    return about


def machine(told: Told) -> list[Raw]:
    """Cost of a token on an owned machine; what the sentence leaves out comes from the profile, or stays unknown."""
    about = {"hardware": told.slots["HARDWARE"].value, **subject(told.slots)}
    given: Raw = {"speed": {"value": told.slots["SPEED"].value}} if "SPEED" in told.slots else {}
    if "USE" in told.slots:
        given["utilisation"] = {"value": told.slots["USE"].value}
    machine = told.evidence.machine(told.slots["HARDWARE"].value)
    if machine is not None:
        priced = [row for row in machine.prices if row.since <= told.on] or list(machine.prices[:1])
        if priced:
            given["capex"] = {"assumed": f"{priced[-1].usd.value:g} USD"}
        watts = _watts(told)
        if watts is not None:
            given["power"] = {"assumed": f"{watts:g} W"}
    return [
        {
            "quantity": "cost",
            "value": told.slots["value"].value,
            "about": about,
            "formula": "machine_cost",
            "from": given,
        }
    ]


def _watts(told: Told) -> float | None:
    """The limit for a single request, the draw under load for more than one request could reach."""
    machine = told.evidence.machine(told.slots["HARDWARE"].value)
    if machine is None:
        return None
    busy, most, wide = machine.busy_w, machine.max_w, machine.bandwidth_gb_per_s
    if most is None or busy is None or wide is None:
        return (busy or most).value if busy or most else None  # type: ignore[union-attr]
    held = weights(told.evidence, {**subject(told.slots), "bits": f"{SINGLE_STREAM_BITS:g}"}, told.on)
    if not held or "SPEED" not in told.slots:
        return busy.value
    ceiling = wide.value * BYTES_PER_GB / held[0][1]
    return most.value if quantity(told.slots["SPEED"].value).high <= ceiling else busy.value


def rented(told: Told) -> list[Raw]:
    """Cost of a token on a rented GPU."""
    given: Raw = {"rental": {"value": told.slots["RATE"].value}, "speed": {"value": told.slots["SPEED"].value}}
    if "USE" in told.slots:
        given["utilisation"] = {"value": told.slots["USE"].value}
    about = {key: told.slots[slot].value for key, slot in (("hardware", "HARDWARE"),) if slot in told.slots}
    about |= subject(told.slots)
    return [
        {
            "quantity": "cost",
            "value": told.slots["value"].value,
            "about": about,
            "formula": "rented_cost",
            "from": given,
        }
    ]
