"""A stated number against the arithmetic it rests on, a missing input solved for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from tco.check.claims.arithmetic import Computed, compute, is_trend, names, trend
from tco.check.claims.formulas import Missing, missing, spelled
from tco.check.claims.outcome import INHERITED, Outcome, Verdict
from tco.check.claims.quantity import Quantity, shown, spell
from tco.check.claims.relation import Slip, relate, slip

N_STEPS = 60
TENS = (3, 6)


@dataclass
class Inputs:
    """Inputs of a formula: ``known`` numbers, ``unknown`` ranges, unstated ``choices``, and what each rests on.

    ``found`` says where numbers that were looked up come from.
    """

    known: dict[str, Quantity] = field(default_factory=dict)
    unknown: dict[str, Quantity] = field(default_factory=dict)
    choices: dict[str, dict[str, Quantity]] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)
    inherited: dict[str, Verdict] = field(default_factory=dict)
    usual: dict[str, Quantity] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    def filled(self) -> dict[str, Quantity]:
        """Every input as a range: an unknown at its plausible one, a choice from its least to its greatest."""
        found = {**self.known, **self.unknown}
        for name, choices in self.choices.items():
            held = list(choices.values())
            like = held[0]
            found[name] = Quantity(
                min(each.low for each in held), max(each.high for each in held), like.dims, like.unit, like.factor
            )
        return found


def complete(formula: str, inputs: Inputs, quantity_of: Mapping[str, Quantity]) -> None:
    """Add what a named formula takes for inputs nobody states: the usual value as assumed, else a range to search."""
    for name in names(spelled(formula)):
        known = name in inputs.known or name in inputs.unknown or name in inputs.choices
        gap: Missing | None = missing(formula, name)
        if known or gap is None:
            continue
        if gap.assumed:
            inputs.known[name] = quantity_of[gap.assumed]
            inputs.assumed[name] = gap.assumed
        else:
            inputs.unknown[name] = quantity_of[gap.plausible]
            if gap.usual:
                inputs.usual[name] = quantity_of[gap.usual]


def judge(stated: Quantity | str, formula: str, inputs: Inputs, label: str = "") -> Outcome:
    """Verdict on a number by its own formula; raises ValueError where the formula cannot be computed."""
    text = spelled(formula)
    if is_trend(text):
        return _trend(stated, text, inputs)
    if isinstance(stated, str):
        raise ValueError("the formula gives a number; the claim states a word")
    held = inputs.filled()
    found = compute(text, held)
    lines = [_arithmetic(text, held, found, stated, label)]
    lines += inputs.found
    lines += [f"assumed: {name} = {value}" for name, value in inputs.assumed.items()]
    if found.dims != stated.dims:
        return _other_dimension(stated, found, lines)
    relation = relate(stated, found.low, found.high)
    times = _factor(stated, found)
    if relation == "misses":
        slipped = slip(stated, found.low, found.high) or _mixed(stated, found, held) or _usual(stated, text, inputs)
        if slipped:
            note = f"{stated} is {slipped.advice}"
            return Outcome("unit_error", (*lines, note), (), 10.0 ** abs(slipped.power))
        return Outcome("arithmetic_error", (*lines, _miss(stated, found, times)), (), times)
    if inputs.unknown or inputs.choices:
        if relation == "agrees" and not inputs.unknown:
            return _inherit(inputs, lines)
        return Outcome("needs_assumption", (*lines, *_solutions(stated, text, inputs)))
    if _mixed(stated, found, held) and relation == "part" and not _is_inside(stated, found):
        return Outcome("unit_error", tuple(lines), (), 1e3)
    if relation == "part":
        return Outcome("needs_assumption", (*lines, f"{stated} holds for a part of the input ranges only"))
    return _inherit(inputs, lines)


def _inherit(inputs: Inputs, lines: list[str]) -> Outcome:
    for verdict in INHERITED:
        sources = [name for name, held in inputs.inherited.items() if held == verdict]
        if sources:
            note = f"the arithmetic is right, on {', '.join(sources)}: {verdict.replace('_', ' ')}"
            return Outcome(verdict, (*lines, note), tuple(sources))
    return Outcome("consistent", tuple(lines))


def _trend(stated: Quantity | str, text: str, inputs: Inputs) -> Outcome:
    word, values = trend(text, inputs.filled())
    line = f"{text} = {', '.join(f'{value:.4g}' for value in values)}: {word}"
    if stated == word:
        return _inherit(inputs, [line])
    return Outcome("arithmetic_error", (line, f"the claim says {stated}"))


def _other_dimension(stated: Quantity, found: Computed, lines: list[str]) -> Outcome:
    digits = "the same digits, " if relate(stated, found.low, found.high) == "agrees" else ""
    note = f"{digits}another dimension: the claim is in {spell(stated.dims)}, the arithmetic gives {spell(found.dims)}"
    if not stated.low and not stated.high and found.low > 0:
        return Outcome(
            "arithmetic_error",
            (*lines, f"the claim says 0; the arithmetic gives more ({spell(found.dims)})"),
            (),
            math.inf,
        )
    return Outcome("unit_error", (*lines, note))


def _arithmetic(text: str, held: Mapping[str, Quantity], found: Computed, stated: Quantity, label: str) -> str:
    used = ", ".join(f"{name} = {held[name]}" for name in names(text))
    like = stated if found.dims == stated.dims else Quantity(0, 0, found.dims, spell(found.dims))
    return f"{label}{text} = {shown(found.low, found.high, like)}{f' with {used}' if used else ''}"


def _mixed(stated: Quantity, found: Computed, held: Mapping[str, Quantity]) -> Slip | None:
    """A slip that only mixed units explain: two inputs per token, written in units 1,000 or 1,000,000 apart."""
    factors = {
        each.factor for each in held.values() if ("tok", -1) in each.dims and each.dims == (("tok", -1), ("usd", 1))
    }
    powers = {abs(power) for left in factors for right in factors if (power := _power(left / right))}
    wanted = tuple(sign * power for power in TENS if power in powers for sign in (1, -1))
    return slip(stated, found.low, found.high, wanted, partly=True) if wanted else None


def _usual(stated: Quantity, text: str, inputs: Inputs) -> Slip | None:
    """A slip that makes a claim hold at a usual value of each missing input."""
    if not inputs.usual or inputs.usual.keys() != inputs.unknown.keys():
        return None
    found = compute(text, {**inputs.filled(), **inputs.usual})
    return slip(stated, found.low, found.high, (3, -3), partly=True)


def _power(ratio: float) -> int:
    power = math.log10(ratio)
    return int(power + 0.5) if power > 0 and abs(power - int(power + 0.5)) < 1e-9 else 0


def _is_inside(stated: Quantity, found: Computed) -> bool:
    return found.low <= stated.low and stated.high <= found.high


def _leaves(stated: Quantity, found: Computed) -> bool:
    return bool(stated.saved) and stated.high < 1 and found.high < 1


def _factor(stated: Quantity, found: Computed) -> float:
    """How many times apart the nearest ends are; of a saving in percent, the nearest ends of what is left."""
    if _leaves(stated, found):
        left, gives = (1 - stated.high, 1 - stated.low), (1 - found.high, 1 - found.low)
        return max(left[0] / gives[1], gives[0] / left[1], 1.0)
    if found.high <= 0 or stated.high <= 0:
        return math.inf if (found.high > 0) != (stated.high > 0) else 1.0
    if found.low > stated.high:
        return found.low / stated.high
    return stated.low / found.high if stated.low > found.high else 1.0


def _miss(stated: Quantity, found: Computed, times: float) -> str:
    gives = shown(found.low, found.high, stated)
    if stated.bound in ("less_than", "more_than") and found.low == found.high == stated.low:
        return f"a tie ({gives}), neither more nor less"
    what = "what is left is " if _leaves(stated, found) else ""
    return f"the claim says {stated}; its own inputs give {gives}" + (
        f" ({what}{times:.3g} times apart)" if 1 < times < math.inf else ""
    )


def _solutions(stated: Quantity, text: str, inputs: Inputs) -> list[str]:
    """What the missing input would have to be for each end of the claim."""
    found = []
    for name, choices in inputs.choices.items():
        for choice, held in choices.items():
            each = compute(text, {**inputs.filled(), name: held})
            like = stated if each.dims == stated.dims else Quantity(0, 0, each.dims, spell(each.dims))
            found.append(f"{name} read as {choice}: {shown(each.low, each.high, like)}")
    if len(inputs.unknown) == 1:
        ((name, plausible),) = inputs.unknown.items()
        solved = _solved(stated, text, inputs, name, plausible)
        if solved:
            found.append(
                f"holds only at {name} = {shown(min(solved), max(solved), plausible)}, which the claim does not state"
            )
    if not found:
        found.append(f"missing: {', '.join((*inputs.unknown, *inputs.choices))}")
    return found


def _solved(stated: Quantity, text: str, inputs: Inputs, name: str, plausible: Quantity) -> list[float]:
    """Every value of the one unknown at which some combination of the ends of the others gives an end of the claim."""
    others = {key: held for key, held in inputs.filled().items() if key != name and key in names(text)}
    found = []
    for corner in product(*({held.low, held.high} for held in others.values())):
        fixed = {key: Quantity(end, end, held.dims) for (key, held), end in zip(others.items(), corner, strict=True)}
        for target in {stated.low, stated.high}:
            value = _solve(target, text, fixed, name, plausible)
            found += [] if value is None else [value]
    return found


def _solve(target: float, text: str, fixed: Mapping[str, Quantity], name: str, plausible: Quantity) -> float | None:
    """The value of the unknown at which the formula gives a target, by bisection; None where it never does."""

    def gap(value: float) -> float:
        return compute(text, {**fixed, name: Quantity(value, value, plausible.dims)}).low - target

    low, high = plausible.low, plausible.high
    rising = gap(high) > 0
    if (gap(low) > 0) == rising:
        return None
    for _ in range(N_STEPS):
        middle = math.sqrt(low * high) if low > 0 else (low + high) / 2
        if (gap(middle) > 0) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2
