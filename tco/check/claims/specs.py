"""What sentences about machines, models and techniques mean."""

from __future__ import annotations

from tco.check.claims.chunks import Chunk
from tco.check.claims.quantity import quantity
from tco.check.claims.told import DTYPE_BITS, Meaning, Raw, Told, machines, subject

FIELDS = {"MEMORY": "memory", "BANDWIDTH": "bandwidth", "FLOPS": "compute", "POWER": "power"}


def specs(told: Told) -> list[Raw]:
    """Every specification a sentence gives of one machine."""
    held = told.slots
    machine = held.get("CLUSTER") or held["HARDWARE"]
    found: list[Raw] = []
    for kind, name in FIELDS.items():
        if kind in held:
            about = {"hardware": machine.value}
            if kind == "FLOPS":
                about |= {"dtype": held["DTYPE"].value} if "DTYPE" in held else {}
                about |= {"sparsity": word} if (word := _sparsity(told)) else {}
            found.append(_all_of(machine, {"quantity": name, "value": held[kind].value, "about": about}))
    if not found:
        raise ValueError("got a machine and no specification of it; expected memory, bandwidth, TFLOPS or watts")
    return found


def _sparsity(told: Told) -> str:
    found = [kind.lower() for kind in ("DENSE", "SPARSE") if kind in told.slots]
    if len(found) > 1:
        raise ValueError("got dense and sparse for one number; expected one of them")
    return found[0] if found else ""


def _all_of(machine: Chunk, raw: Raw) -> Raw:
    """A specification of several machines: as many times that of one."""
    if machine.count < 2:
        return raw
    given = {
        "machines": {"value": f"{machine.count} count"},
        "each": {"quantity": raw["quantity"], "about": raw["about"]},
    }
    derivation = {"formula": "machines * each", "from": given}
    return {**raw, "about": {**raw["about"], "n_gpus": str(machine.count)}, "compare": (derivation,)}


def kv(told: Told) -> list[Raw]:
    """The KV cache of a token, or of a context."""
    slots = told.slots
    about = subject(slots)
    unit = "/tok" if "PER_TOK" in slots else ""
    if "CONTEXT" in slots:
        about["context"] = slots["CONTEXT"].value
    return [{"quantity": "kv_cache", "value": f"{slots['MEMORY'].value}{unit}", "about": about}]


def params_active(told: Told) -> list[Raw]:
    """Total and active parameters."""
    model = told.slots["MODEL"].value
    return [
        {"quantity": "params", "value": told.slots[slot].value, "about": {"model": model, "basis": slot}}
        for slot in ("total", "active") if slot in told.slots
    ]  # fmt: skip


def draw(told: Told) -> list[Raw]:
    """Energy in a time, from a steady draw; the profile's draw under load where none is stated."""
    given: Raw = {"power": {"value": told.slots["POWER"].value}} if "POWER" in told.slots else _watts(told)
    return [{"quantity": "energy", "value": told.slots["DRAW"].value, "formula": _times(told, "power"), "from": given}]


def power(told: Told) -> list[Raw]:
    """The electricity bill of a steady draw."""
    given: Raw = {"power": {"value": told.slots["POWER"].value}} if "POWER" in told.slots else _watts(told)
    given["tariff"] = {"value": told.slots["TARIFF"].value}
    formula = _times(told, "power * tariff")
    return [{"quantity": "cost", "value": told.slots["value"].value, "formula": formula, "from": given}]


def _times(told: Told, formula: str) -> str:
    # Watts stated beside several machines may be of one or of all: nothing tells.
    count = told.slots["CLUSTER"].count if "CLUSTER" in told.slots else 1
    if count > 1 and "POWER" in told.slots:
        raise ValueError("got watts beside several machines; expected the watts of all, without their number")
    return f"{count} * {formula}" if count > 1 else formula


def _watts(told: Told) -> Raw:
    chunk = machines(told.slots)
    machine = told.evidence.machine(chunk.value) if chunk else None
    watts = (machine.busy_w or machine.max_w) if machine else None
    if watts is None:
        raise ValueError("got no watts, and no profile knows them; expected a power such as 700 W")
    return {"power": {"assumed": f"{watts.value:g} W"}}


def marginal(told: Told) -> list[Raw]:
    """Inference at no marginal cost: held against the electricity of a token."""
    about = {"of": "marginal cost", **subject(told.slots)}
    if "HARDWARE" in told.slots:
        about["hardware"] = told.slots["HARDWARE"].value
    return [{"quantity": "cost", "value": "0 USD/1M tokens", "about": about, "formula": "energy_cost", "from": {}}]


def training(told: Told) -> list[Raw]:
    """What training a model cost."""
    about = {"what": f"training {told.slots['MODEL'].value}"}
    return [{"quantity": "spend", "value": told.slots["MONEY"].value, "about": about}]


def samples(told: Told) -> list[Raw]:
    """Tokens of several samples over those of one."""
    given = {"samples": {"value": told.slots["SAMPLES"].value}}
    about = {"of": "tokens"}
    return [{"quantity": "ratio", "value": told.slots["by"].value, "about": about, "formula": "samples", "from": given}]


def narrower(told: Told) -> list[Raw]:
    """Memory saved by fewer bits a weight."""
    given = {}
    for side in ("left", "right"):
        chunk = told.slots[side]
        bits = DTYPE_BITS[chunk.value] if chunk.type == "DTYPE" else f"{quantity(chunk.value).middle * 8:g}"
        given[side] = {"value": f"{bits} bit"}
    formula = "1 - right / left" if told.slots["by"].type == "PERCENT" else "left / right"
    about = {"of": "memory of the weights"}
    return [{"quantity": "saving", "value": told.slots["by"].value, "about": about, "formula": formula, "from": given}]


SPECS: dict[str, Meaning] = {
    "specs": specs, "kv": kv, "params_active": params_active, "draw": draw, "power": power, "marginal": marginal,
    "training": training, "samples": samples, "narrower": narrower,
}  # fmt: skip
