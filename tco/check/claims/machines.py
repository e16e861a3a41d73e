"""Readings of machines: what they hold, move, compute, draw, and cost to buy and to rent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from tco.check.claims.evidence import NEAR, Evidence, Reading, plain
from tco.check.claims.quantity import NONE, Quantity
from tco.describe.hardware import Hardware
from tco.describe.record import Figure
from tco.units import BYTES_PER_GB, FLOPS_PER_TFLOPS, S_PER_H

GB: tuple[str, float] = ("GB", BYTES_PER_GB)

Maker = Callable[[Evidence, Mapping[str, str], date], list[Reading]]


def made(value: float, unit: tuple[str, float], dims: tuple[tuple[str, int], ...] = NONE) -> Quantity:
    """One value with a unit."""
    return Quantity(value, value, dims, unit[0], unit[1])


def machine_of(evidence: Evidence, about: Mapping[str, str]) -> Hardware | None:
    """The profile of the machine a description names, or None."""
    return evidence.machine(about["hardware"]) if "hardware" in about else None


def spec(field: str, unit: tuple[str, float], dims: tuple[tuple[str, int], ...]) -> Maker:
    """Readings of one field of a profile; an assumed or unconfirmed one is no evidence."""

    def make(evidence: Evidence, about: Mapping[str, str], _on: date) -> list[Reading]:
        machine = machine_of(evidence, about)
        figure: Figure | None = getattr(machine, field) if machine else None
        # An assumed or unconfirmed specification is no evidence; nor is a price only the publication gives.
        if machine is None or figure is None or machine.status == "unverified" or figure.kind == "rumoured":
            return []
        if figure.kind == "assumed" and machine.category != "phone":
            return []
        return [_figure(figure, unit, dims, f"{machine.id} {field.split('_')[0]}", machine)]

    return make


def _figure(
    figure: Figure, unit: tuple[str, float], dims: tuple[tuple[str, int], ...], label: str, machine: Hardware
) -> Reading:
    held = made(figure.value * unit[1], unit, dims)
    return Reading(held, label, f"profile {machine.id}", since=None, rank=1)


def compute(evidence: Evidence, about: Mapping[str, str], _on: date) -> list[Reading]:
    """Dense peaks of a profile, for one number format or for all."""
    machine = machine_of(evidence, about)
    if machine is None or machine.status == "unverified":
        return []
    dims, unit = (("flop", 1), ("s", -1)), ("TFLOPS", FLOPS_PER_TFLOPS)
    wanted, sparsity = plain(about.get("dtype", "")), about.get("sparsity")
    factors = [(1.0, "dense")] if sparsity != "sparse" else []
    # Sheets of this maker print twice the dense peak, which holds for matrices with half of each four numbers 0.
    factors += [(2.0, "sparse")] if machine.vendor == "nvidia" and sparsity != "dense" else []
    found = []
    for dtype, figure in machine.dense_tflops.items():
        if figure.kind == "assumed" or wanted not in ("", str(dtype)):
            continue
        for factor, word in factors:
            label = f"{machine.id} {word}" + (", twice the dense peak" if factor > 1 else "")
            opened: tuple[tuple[str, str], ...] = () if wanted else (("dtype", str(dtype)),)
            opened += () if sparsity or word == "dense" else (("sparsity", "sparse"),)
            found.append(Reading(made(factor * figure.value * FLOPS_PER_TFLOPS, unit, dims), label,
                                 f"profile {machine.id}", rank=1, open=opened))  # fmt: skip
    return found


def purchase(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    """What a machine cost up to a day, as the spread of its rows."""
    machine = machine_of(evidence, about)
    if machine is None or machine.status == "unverified":
        return []
    found = []
    for row in machine.prices:
        if row.kind in ("assumed", "rumoured") or row.since > on:
            continue
        low, high = row.usd.low or row.usd.value, row.usd.high or row.usd.value
        held = Quantity(low, high, (("usd", 1),), "USD")
        found.append(Reading(held, f"{machine.id} {row.basis}", row.source[:80], since=row.since, is_spread=True))
    return _together(found)


def rental(evidence: Evidence, about: Mapping[str, str], on: date) -> list[Reading]:
    """What a GPU rents for near a day, as the spread of its rows."""
    machine = evidence.hardware(about["hardware"]) if "hardware" in about else ""
    wanted = plain(about.get("provider", ""))
    found = []
    for row in evidence.context.catalogue.rentals:
        if row.hardware != machine or wanted not in ("", row.provider) or row.kind in ("assumed", "rumoured"):
            continue
        if abs(row.since - on) <= NEAR:
            rate = float(row.usd_per_gpu_h) / S_PER_H
            held = Quantity(rate, rate, (("s", -1), ("usd", 1)), "USD/h", 1 / S_PER_H)
            found.append(Reading(held, f"{machine} {row.provider}", row.source[:80], since=row.since, is_spread=True))
    return _together(found)


def _together(found: list[Reading]) -> list[Reading]:
    """What a market's rows span, as one reading."""
    held = [each.value for each in found if isinstance(each.value, Quantity)]
    if not held:
        return []
    like = held[0]
    span = Quantity(min(each.low for each in held), max(each.high for each in held), like.dims, like.unit, like.factor)
    return [
        Reading(span, f"{found[0].label.split(' ')[0]}, {len(held)} offers", found[0].source, rank=2, is_spread=True)
    ]
