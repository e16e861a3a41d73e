"""One value against what the sheet or the catalogue says: agreement, a slip of units, a mix-up, or drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from tco.check.context import Context
from tco.check.finding import Finding
from tco.check.item import Assumption, TokenSubject
from tco.check.subject import Other, Reference, family_of, label, refer
from tco.check.value import Value, percent, plain
from tco.errors import TcoError
from tco.files.explain import Loc
from tco.files.marks import Document

THOUSANDS = (Decimal(10) ** 3, Decimal(10) ** 6, Decimal(10) ** 9)
SLIPS: dict[Decimal, str] = {
    Decimal(10) ** 3: "a price per thousand taken for one per million, or the other way round",
    Decimal(10) ** 6: "a price per token taken for one per million, or the other way round",
    Decimal(10) ** 9: "three powers of 1000",
    Decimal(100): "cents taken for dollars, or the other way round",
    Decimal(10) ** 5: "cents per thousand tokens taken for dollars per million, or the other way round",
}
SLIP_TOLERANCE = Decimal("0.1")  # a slipped price may have drifted, too
SAME = Decimal("0.005")  # of a value that is taken for another one: the digits people round to
MAX_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Stated:
    """An assumption with its value, its subject and the place it stands at."""

    document: Document
    loc: Loc
    item: Assumption
    value: Value
    subject: object = None
    explicit: bool = True

    @property
    def at(self) -> Loc:
        """The place of the value."""
        return (*self.loc, "value")


def check(stated: Stated, context: Context) -> Iterator[Finding]:
    """Findings of ``unit``, ``drift`` and ``unmatched`` of one assumption that has a subject."""
    try:
        held = context.reference(stated.subject, refer)
    except TcoError as error:
        if stated.explicit:
            yield context.finding(
                "unmatched", stated.document, (*stated.loc, "subject"), stated.item.id, str(error),
                expected=f"something that {context.prices.label} or the catalogue has",
            )  # fmt: skip
        return
    value = stated.value
    if value.unit != held.unit:
        yield context.finding(
            "unit", stated.document, stated.at, stated.item.id,
            f"{value.text} is in {value.unit}; {label(stated.subject)} is in {held.unit}",  # type: ignore[arg-type]
            expected=held.unit, found=value.unit, evidence=held.evidence,
        )  # fmt: skip
    elif not agrees(value, held, _tolerance(stated, context)):
        yield _disagreement(stated, held, context)


def agrees(value: Value, held: Reference, tolerance: Decimal) -> bool:
    """Whether the stated value (or range) and the known one (or its range) meet within an absolute tolerance."""
    low, high = (end if end is not None else value.base for end in (value.low, value.high))
    known_low, known_high = (end if end is not None else held.value for end in (held.low, held.high))
    return low - tolerance <= known_high and known_low - tolerance <= high


def _tolerance(stated: Stated, context: Context) -> Decimal:
    """What a value may differ by, in its canonical unit."""
    own, base = stated.item.tolerance, abs(stated.value.base)
    found = [Decimal(repr(own.rel)) * base] if own.rel is not None else []
    if own.abs is not None:
        amount = own.abs if isinstance(own.abs, str) else repr(own.abs)
        found.append(context.amount(amount, stated.value))
    return max(found) if found else Decimal(repr(context.settings.limit("drift_frac"))) * base


def _disagreement(stated: Stated, held: Reference, context: Context) -> Finding:
    """The likeliest reason for a difference: a pure slip, a slip on another price, another price, or drift."""
    value, unit = stated.value.base, held.unit
    shown = f"{plain(value)} {unit}"
    rule, message = "drift", ""
    steps: tuple[str, ...] = ()
    slip = slip_of(value, held.value)
    subject = stated.subject
    family = context.reference(subject, family_of) if isinstance(subject, TokenSubject) else ()
    others = chain(held.others, family)
    if slip is not None:
        rule, message, steps = "unit", *_pure(value, held.value, slip)
    elif held.value and (mixed := _mixed(value, others)):
        rule, message, steps = _mixed_up(value, held.value, mixed)
    if not message:
        message, steps = _drifted(value, held.value)
    return context.finding(
        rule, stated.document, stated.at, stated.item.id, message,
        expected=_expected(held), found=shown, evidence=held.evidence, arithmetic=steps,
    )  # fmt: skip


def slip_of(value: Decimal, known: Decimal, tolerance: Decimal = SLIP_TOLERANCE) -> Decimal | None:
    """The factor of a unit slip between two values; None where no known slip explains their ratio."""
    if not value or not known or (value < 0) != (known < 0):
        return None
    high, low = max(abs(value), abs(known)), min(abs(value), abs(known))
    return next((factor for factor in SLIPS if abs(high / low / factor - 1) <= tolerance), None)


def _pure(value: Decimal, known: Decimal, factor: Decimal) -> tuple[str, tuple[str, ...]]:
    ratio = value / known
    times = f"x{factor:f}" if ratio > 1 else f"x1/{factor:f}"
    return f"unit_error, {times}: {SLIPS[factor]}", (f"{plain(value)} / {plain(known)} = {plain(ratio)}",)


def _mixed(value: Decimal, others: Iterator[Other]) -> list[tuple[Other, Decimal]]:
    """Neighbours that equal the value, by themselves or times a power of 1000; equal ones before slipped ones."""
    equal: list[tuple[Other, Decimal]] = []
    slipped: list[tuple[Other, Decimal]] = []
    for other in others:
        if _same(value, other.value):
            equal += [(other, Decimal(1))] if other.relation != "family" else []
            continue
        for factor in THOUSANDS:
            slipped += [
                (other, scale) for scale in (factor, 1 / factor) if other.value and _same(value, other.value * scale)
            ]
    return (equal or slipped)[:MAX_OTHERS]


def _same(value: Decimal, other: Decimal) -> bool:
    return abs(value - other) <= SAME * abs(other)


def _mixed_up(value: Decimal, known: Decimal, mixed: list[tuple[Other, Decimal]]) -> tuple[str, str, tuple[str, ...]]:
    first, scale = mixed[0]
    ratio = value / known
    was = " and ".join(
        dict.fromkeys(other.name for other, factor in mixed if factor == scale and other.value == first.value)
    )
    if scale == 1 and first.relation == "side":
        return "drift", f"side error: {plain(value)} is {was}, not this meter, which is {plain(known)}", ()
    if scale == 1:
        return "drift", f"stale: {plain(value)} is the price of {was}; now it is {plain(known)}", ()
    times = f"{scale:f} x" if scale > 1 else f"1/{1 / scale:f} x"
    also = "unit and side error" if first.relation == "side" else "unit + stale"
    return (
        "unit",
        f"not a pure power of 1000: {plain(value)} = {times} {plain(first.value)}, "
        f"and {plain(first.value)} is {was}: {also}",
        (f"{plain(value)} / {plain(known)} = {plain(ratio)}", f"{times} {plain(first.value)} = {plain(value)}"),
    )


def _drifted(value: Decimal, known: Decimal) -> tuple[str, tuple[str, ...]]:
    if not known:
        return f"{plain(value)} is stated, and it is 0", ()
    change = (value - known) / known
    side = "above" if change > 0 else "below"
    return (
        f"{percent(abs(change))} {side} what is known",
        (f"({plain(value)} - {plain(known)}) / {plain(known)} = {percent(change)}",),
    )


def _expected(held: Reference) -> str:
    if held.low is not None and held.high is not None and held.low != held.high:
        return f"{plain(held.low)} to {plain(held.high)} {held.unit}"
    return f"{plain(held.value)} {held.unit}"
