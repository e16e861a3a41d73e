"""What sentences about bills, discounts and quotas mean: statements whose prices are looked up on the claim's date."""

from __future__ import annotations

from tco.check.claims.chunks import Chunk
from tco.check.claims.grammar import Slots
from tco.check.claims.quantity import quantity
from tco.check.claims.told import Meaning, Raw, Told, machines

SIDES = ("input", "output")


def price_about(slots: Slots, **more: str) -> dict[str, str]:
    """The description of a price: model, side, seller and processing, as far as the sentence gives them."""
    about = {"model": slots["MODEL"].value}
    for chunk in (slots.get("PRICE"), slots.get("tokens"), slots.get("SIDE")):
        side = (chunk.side or (chunk.value if chunk.type == "SIDE" else "")) if chunk else ""
        if side and "meter" not in about:
            about["meter"] = side
    if "PROVIDER" in slots:
        about["provider"] = slots["PROVIDER"].value
    if "PROCESSING" in slots:
        about["processing"] = "batch"
    return {**about, **more}


def looked_up(about: dict[str, str]) -> Raw:
    """An input that the price list answers."""
    return {"quantity": "price", "about": about}


def tokens_of(chunk: Chunk) -> str:
    """Tokens as a quantity: a bare number beside a side counts them."""
    return chunk.value.replace(" count", " tok")


def price_for(told: Told) -> list[Raw]:
    """So many tokens for so much money: a price of that many tokens."""
    slots = told.slots
    bound, money = _split(slots["MONEY"].value.removesuffix(" USD"))
    n_tok = tokens_of(slots["tokens"]).removesuffix(" tok")
    return [{"quantity": "price", "value": f"{bound}{money} USD/{_short(n_tok)} tokens", "about": price_about(slots)}]


def _split(text: str) -> tuple[str, str]:
    bound, _, number = text.rpartition(" ")
    return (f"{bound} " if bound else ""), number


def _short(n_tok: str) -> str:
    number = quantity(f"{n_tok} tok").middle
    for scale, letter in ((1e6, "M"), (1e3, "K")):
        if number >= scale:
            return f"{number / scale:.12g}{letter}"
    return f"{number:.12g}"


def discount(told: Told) -> list[Raw]:
    """What caching or batches save on a model, each side by itself: the dearer price over the cheaper one."""
    slots = told.slots
    is_share = slots["by"].type == "PERCENT"
    formula = "1 - cheap / dear" if is_share else "dear / cheap"
    base = {key: value for key, value in price_about(slots).items() if key != "processing"}
    stated = base.get("meter", "")
    sides = ["input"] if "CACHING" in slots else [stated] if stated in SIDES else list(SIDES)
    found: list[Raw] = []
    for side in sides:
        dear = {**base, "meter": side}
        cheap = {**dear, "meter": "cache_read"} if "CACHING" in slots else {**dear, "processing": "batch"}
        of = f"{side} price, {'read from the cache' if 'CACHING' in slots else 'in batches'}"
        given = {"cheap": looked_up(cheap), "dear": looked_up(dear)}
        found.append({
            "quantity": "saving", "value": slots["by"].value, "about": {"model": base["model"], "of": of},
            "compare": ({"formula": formula, "from": given},),
        })  # fmt: skip
    return found


def sides(told: Told) -> list[Raw]:
    """One side of a model's price against the other."""
    slots = told.slots
    ends = [slots["left"].value, slots["right"].value]
    dear, cheap = ends if "DEARER" in slots else reversed(ends)
    base = {key: text for key, text in price_about(slots).items() if key != "meter"}
    given = {name: looked_up({**base, "meter": side}) for name, side in (("dear", dear), ("cheap", cheap))}
    if slots["by"].type != "PERCENT":
        formula = "dear / cheap"
    else:
        formula = "dear / cheap - 1" if "DEARER" in slots else "1 - cheap / dear"
    about = {"model": base["model"], "of": f"{dear} price over {cheap} price"}
    derivation = {"formula": formula, "from": given}
    return [{"quantity": "ratio", "value": slots["by"].value, "about": about, "compare": (derivation,)}]


def rented_for(told: Told) -> list[Raw]:
    """The bill of machines rented around the clock; the rate is checked as well."""
    slots = told.slots
    machine = machines(slots)
    assert machine is not None
    rate = {"value": slots["RATE"].value, "quantity": "rental", "about": {"hardware": machine.value}}
    given: Raw = {"machines": {"value": f"{machine.count} count"}, "rental": rate}
    return [{"quantity": "bill", "value": slots["value"].value, "formula": "machines * rental", "from": given}]


def requests(told: Told) -> list[Raw]:
    """The bill of so many requests of so many tokens at the list prices."""
    slots = told.slots
    first, second = slots["in"], slots["out"]
    if first.side == "output" or second.side == "input":
        first, second = second, first
    if first.side == second.side != "" or "cache_read" in (first.side, second.side):
        raise ValueError("got two numbers of tokens of one side; expected input and output tokens of a request")
    volume, value, kind = _value(slots, slots["VOLUME"].value)
    given: Raw = {
        "requests": {"value": volume},
        "input": {"value": f"{tokens_of(first)}/request"},
        "output": {"value": f"{tokens_of(second)}/request"},
        "input_price": looked_up(price_about(slots, meter="input")),
        "output_price": looked_up(price_about(slots, meter="output")),
    }
    formula = "requests * (input * input_price + output * output_price)"
    return [{"quantity": kind, "value": value, "formula": formula, "from": given}]


def flow(told: Told) -> list[Raw]:
    """The bill of so many tokens in a time at the list price."""
    slots = told.slots
    volume, value, kind = _value(slots, slots["FLOW"].value)
    side = slots["FLOW"].side
    about = price_about(slots, **({"meter": side} if side else {}))
    given: Raw = {"tokens": {"value": volume}, "price": looked_up(about)}
    return [{"quantity": kind, "value": value, "formula": "tokens * price", "from": given}]


def _value(slots: Slots, volume: str) -> tuple[str, str, str]:
    """Volume, amount and kind; where one of volume and amount has a time, the other is that of the same time."""
    value = slots["value"]
    counted, _, time = volume.partition("/")
    if value.type == "BILL":
        return volume if time else f"{counted}/{value.value.rpartition('/')[2]}", value.value, "bill"
    return (volume, f"{value.value}/{time}", "bill") if time else (counted, value.value, "spend")


def plan_buys(told: Told) -> list[Raw]:
    """How many tokens the price of a plan would buy."""
    slots = told.slots
    plan = {"value": slots["BILL"].value, "quantity": "plan_price", "about": {"plan": slots["PLAN"].value}}
    n_tok = tokens_of(slots["tokens"])
    value = n_tok if "/" in n_tok else f"{n_tok}/month"
    given: Raw = {"plan": plan, "price": looked_up(price_about(slots))}
    return [{"quantity": "volume", "value": value, "formula": "plan / price", "from": given}]


BILLS: dict[str, Meaning] = {
    "price_for": price_for, "discount": discount, "rented_for": rented_for, "requests": requests, "flow": flow,
    "plan_buys": plan_buys, "sides": sides,
}  # fmt: skip
