"""Whether weights fit a device: bytes at the stated bits a weight against its memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tco.check.claims.evidence import Evidence
from tco.check.claims.known import bits_of, weights
from tco.check.claims.machines import machine_of
from tco.check.claims.outcome import Outcome
from tco.check.claims.quantity import quantity
from tco.units import BYTES_PER_GB


def n_machines(about: Mapping[str, str]) -> float:
    """How many machines a description speaks of."""
    return quantity(about.get("n_gpus", "1")).middle


def fits(evidence: Evidence, stated: str, about: Mapping[str, str], on: date) -> Outcome | None:
    """Weights against memory. Without stated bits, fitting at 4 bits is enough to run; None when a size is missing.

    A device's memory stated by the claim makes a miss its own arithmetic; the profile's memory contradicts it.
    """
    needed = weights(evidence, about, on)
    own = "what" in about
    if own:
        room, source = quantity(about["what"]).middle, "the claim"
    else:
        machine = machine_of(evidence, about)
        if machine is None or machine.memory_gb is None:
            return None
        room, source = n_machines(about) * machine.memory_gb.value * BYTES_PER_GB, f"profile {machine.id}"
    if not needed:
        return None
    least = min(needed, key=lambda each: each[1])
    fit = [each for each in needed if each[1] <= room]
    lines = [f"{each[0]} against {room / BYTES_PER_GB:g} GB [{source}]" for each in needed]
    if (stated == "yes") == bool(fit):
        if fit and bits_of(about) is None and len(fit) < len(needed):
            lines.append(f"it fits at {', '.join(f'{each[2]:g}' for each in fit)} bits")
        return Outcome("consistent", tuple(lines), (source,))
    times = least[1] / room
    lines.append(f"{'does not fit' if stated == 'yes' else 'fits'}: {times:.3g} times the memory, KV cache not counted")
    return Outcome("arithmetic_error" if own else "contradicts", tuple(lines), (source,), max(times, 1 / times))
