"""What a shape means: statements in the format of a claims file."""

from __future__ import annotations

from tco.check.claims.bills import BILLS, price_about
from tco.check.claims.chunks import Chunk
from tco.check.claims.grammar import Slots
from tco.check.claims.quantity import quantity
from tco.check.claims.specs import SPECS
from tco.check.claims.told import Meaning, Raw, Told, machine, machines, rented, subject


def _side(slots: Slots, *names: str) -> dict[str, str]:
    """The side a price names, by its own words or by a word beside it."""
    for name in (*names, "SIDE"):
        chunk = slots.get(name)
        side = (chunk.side or (chunk.value if chunk.type == "SIDE" else "")) if chunk else ""
        if side:
            return {"meter": side}
    return {}


def _price(told: Told) -> list[Raw]:
    chunk = told.slots.get("PRICE") or told.slots["MONEY"]
    text = chunk.value if chunk.type == "PRICE" else f"{chunk.value}/1M tokens"
    return [{"quantity": "price", "value": text, "about": price_about(told.slots)}]


def _per_mtok(chunk: Chunk) -> str:
    """A price; an amount beside a side of the prices of a model is for a million tokens, as lists are printed."""
    return chunk.value if chunk.type == "PRICE" else f"{chunk.value}/1M tokens"


def _two_prices(told: Told) -> list[Raw]:
    return [
        {
            "quantity": "price",
            "value": _per_mtok(told.slots[which]),
            "about": {"model": told.slots["MODEL"].value, **_own_side(told.slots, which, word)},
        }
        for which, word in (("first", "side1"), ("second", "side2"), ("third", "side3"))
        if which in told.slots
    ]


def _in_and_out(told: Told) -> list[Raw]:
    """Two prices with a stroke between: input first, then output, as lists are printed."""
    both = _per_mtok(told.slots["second"])
    first = f"{told.slots['first'].value.removesuffix(' USD')} {both.split(' ', 1)[1]}"
    model = told.slots["MODEL"].value
    return [
        {"quantity": "price", "value": value, "about": {"model": model, "meter": meter}}
        for value, meter in ((first, "input"), (both, "output"))
    ]


def _equal(told: Told) -> list[Raw]:
    given = {side: {"value": told.slots[side].value} for side in ("left", "right")}
    return [{"quantity": "ratio", "value": "1 x", "formula": "left / right", "from": given}]


def _own_side(slots: Slots, which: str, word: str) -> dict[str, str]:
    side = slots[which].side or (slots[word].value if word in slots else "")
    return {"meter": side} if side else {}


def _bare_price(told: Told) -> list[Raw]:
    return [{"quantity": "price", "value": told.slots["PRICE"].value, "about": _side(told.slots, "PRICE")}]


def _free(told: Told) -> list[Raw]:
    return [
        {
            "quantity": "price",
            "value": "0 USD/1M tokens",
            "about": {"model": told.slots["MODEL"].value, **_side(told.slots)},
        }
    ]


def _simple(kind: str, slot: str, **about: str) -> Meaning:
    def make(told: Told) -> list[Raw]:
        held = {key: told.slots[name].value for key, name in about.items() if name in told.slots}
        return [{"quantity": kind, "value": told.slots[slot].value, "about": held}]

    return make


def _compared(slots: Slots, cheap: str, dear: str) -> list[Raw]:
    by = slots["by"]
    is_share = by.type == "PERCENT"
    dearer = "DEARER" in slots
    text = (
        f"{dear} / {cheap}" + (" - 1" if is_share else "")
        if dearer
        else (f"1 - {cheap} / {dear}" if is_share else f"{dear} / {cheap}")
    )
    return [{"quantity": "cost_ratio" if dearer else "saving", "value": by.value, "formula": text}]


def _cheaper(told: Told) -> list[Raw]:
    (raw,) = (
        _compared(told.slots, "left", "right") if "DEARER" not in told.slots else _compared(told.slots, "right", "left")
    )
    return [
        {**raw, "from": {"left": {"value": told.slots["left"].value}, "right": {"value": told.slots["right"].value}}}
    ]


def _cheaper_at(told: Told) -> list[Raw]:
    (raw,) = _cheaper(told)
    for side in ("left", "right"):
        about = {
            "model": told.slots[f"{side}model"].value,
            **_own_side(told.slots, side, "side1" if side == "left" else "SIDE"),
        }
        raw["from"][side] = {"quantity": "price", "value": told.slots[side].value, "about": about}
    return [raw]


def _against(told: Told) -> list[Raw]:
    """Two numbers and a ratio, without saying which is cheaper: the greater over the less."""
    ordered = sorted((told.slots["left"], told.slots["right"]), key=lambda chunk: quantity(chunk.value).middle)
    (raw,) = _compared(told.slots, "lower", "higher")
    return [{**raw, "from": {"lower": {"value": ordered[0].value}, "higher": {"value": ordered[1].value}}}]


def _from_to(told: Told) -> list[Raw]:
    cheap, dear = ("left", "right") if "DEARER" in told.slots else ("right", "left")
    (raw,) = _compared(told.slots, cheap, dear)
    left, right = told.slots["left"], told.slots["right"]
    return [{**raw, "from": {"left": {"value": _in_unit_of(left, right)}, "right": {"value": right.value}}}]


def _in_unit_of(left: Chunk, right: Chunk) -> str:
    """`from $30,000 to $18,000 a month`: the unit is said once, at the end."""
    if left.type == "MONEY" and " USD/" in right.value:
        return left.value + right.value.split(" USD", 1)[1]
    return left.value


def _times_of(slots: Slots) -> str:
    """A ratio as written; "67% more expensive" is 1.67 times."""
    by = slots["by"]
    return f"{1 + quantity(by.value).middle:g} x" if "DEARER" in slots and by.type == "PERCENT" else by.value


def _models(cheap: str, dear: str) -> Meaning:
    def make(told: Told) -> list[Raw]:
        ours, theirs = (dear, cheap) if "DEARER" in told.slots else (cheap, dear)
        about = {"model": told.slots[ours].value, "over": told.slots[theirs].value, **_side(told.slots)}
        return [{"quantity": "saving", "value": _times_of(told.slots), "about": about}]

    return make


def _fits(told: Told) -> list[Raw]:
    machine = machines(told.slots)
    where = {"hardware": machine.value} if machine else {"what": told.slots["MEMORY"].value}
    if machine and machine.count > 1:
        where["n_gpus"] = str(machine.count)
    return [
        {
            "quantity": "fits",
            "value": "no" if "NOT_FIT" in told.slots else "yes",
            "about": {**subject(told.slots), **where},
        }
    ]


def _memory(told: Told) -> list[Raw]:
    return [{"quantity": "memory", "value": told.slots["MEMORY"].value, "about": subject(told.slots)}]


def _spec(told: Told) -> list[Raw]:
    kind = {"MEMORY": "memory", "BANDWIDTH": "bandwidth", "FLOPS": "compute", "POWER": "power"}[told.slots["what"].type]
    about = {"hardware": told.slots["HARDWARE"].value}
    if "DTYPE" in told.slots:
        about["dtype"] = told.slots["DTYPE"].value
    return [{"quantity": kind, "value": told.slots["what"].value, "about": about}]


def _energy(told: Told) -> list[Raw]:
    given = {name: {"value": told.slots[name.upper()].value} for name in ("power", "tariff", "speed")}
    return [{"quantity": "cost", "value": told.slots["value"].value, "formula": "energy_cost", "from": given}]


def _payback(told: Told) -> list[Raw]:
    given = {"upfront": {"value": told.slots["upfront"].value}, "saving": {"value": told.slots["saving"].value}}
    return [{"quantity": "payback", "value": told.slots["DURATION"].value, "formula": "payback", "from": given}]


def _payback_bare(told: Told) -> list[Raw]:
    given: Raw = {"saving": {"unknown": "1-1000000 USD/month"}}
    given["upfront"] = (
        {"value": told.slots["upfront"].value} if "upfront" in told.slots else {"unknown": "100-1000000 USD"}
    )
    return [{"quantity": "payback", "value": told.slots["DURATION"].value, "formula": "payback", "from": given}]


def _flop(told: Told) -> list[Raw]:
    text = told.slots["flop"].value
    if "PER_TOK" in told.slots and text.endswith("FLOPS"):
        text = f"{text.removesuffix('S')}/tok"
    return [{"quantity": "flop", "value": text, "about": subject(told.slots)}]


def _params(told: Told) -> list[Raw]:
    about = {"model": told.slots["MODEL"].value, "basis": "total"}
    return [{"quantity": "params", "value": told.slots["PARAMS"].value, "about": about}]


def _speed(told: Told) -> list[Raw]:
    machine = machines(told.slots)
    about = {**subject(told.slots), "hardware": machine.value if machine else ""}
    if machine and machine.count > 1:
        about["n_gpus"] = str(machine.count)
    if "BATCH" in told.slots:
        about["batch"] = told.slots["BATCH"].value
    return [{"quantity": "throughput", "value": told.slots["SPEED"].value, "about": about}]


def _rental(told: Told) -> list[Raw]:
    rate = told.slots.get("RATE") or told.slots["BILL"]
    return [{"quantity": "rental", "value": rate.value, "about": {"hardware": told.slots["HARDWARE"].value}}]


MEANINGS: dict[str, Meaning] = {
    "price": _price, "two_prices": _two_prices, "three_prices": _two_prices, "bare_price": _bare_price,
    "in_and_out": _in_and_out, "equal": _equal, "free": _free,
    "plan": _simple("plan_price", "BILL", plan="PLAN"), "outcome": _simple("outcome_price", "OUTCOME"),
    "rental": _rental, "purchase": _simple("purchase", "MONEY",
    hardware="HARDWARE"),
    "cheaper": _cheaper, "cheaper_models": _models("left", "right"), "cheaper_at": _cheaper_at, "against": _against,
    "from_to": _from_to, "from_to_models": _models("right", "left"), "fits": _fits, "memory": _memory, "spec": _spec,
    "machine": machine, "hosted": machine, "rented": rented, "speed": _speed, "energy": _energy,
    "payback": _payback, "payback_bare": _payback_bare, "flop": _flop, "bill": _simple("bill", "BILL"),
    "params": _params,
    "score": _simple("score", "PERCENT", model="MODEL", benchmark="BENCHMARK", setting="SETTING"),
    **BILLS, **SPECS,
}  # fmt: skip
