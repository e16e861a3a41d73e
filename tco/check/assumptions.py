"""Checks of one assumption by itself: its value, its dates, its source and its grade."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tco.check import against, order, step
from tco.check.against import Stated
from tco.check.context import Context
from tco.check.finding import ORDER, Finding, of_problem
from tco.check.item import Assumption, TokenSubject, Topic, records
from tco.check.subject import of_id, parse, refer, topic_of
from tco.check.value import EXAMPLE, Value, ValueProblem, plain, read
from tco.errors import TcoError
from tco.files.explain import Loc
from tco.files.marks import Document
from tco.units import TOK_PER_MTOK

DAYS: dict[Topic, str] = {
    "price": "price_days", "hardware": "hardware_days", "electricity": "electricity_days", "other": "other_days",
}  # fmt: skip
WEAK = ("secondary", "estimate", "rumoured")
# Where values of a unit lie, for those that say nothing of their size by themselves; a judgement, not a fact.
USUAL: dict[str, tuple[Decimal, Decimal]] = {
    "USD/kWh": (Decimal("0.005"), Decimal(2)),
    "USD/h": (Decimal("0.01"), Decimal(2000)),
    "USD/GB": (Decimal("0.0001"), Decimal(10)),
    "frac": (Decimal(0), Decimal(1000)),
}
BACK = ((Decimal(10) ** 3, "1,000"), (Decimal(10) ** 6, "1,000,000"), (Decimal(100), "100"))
TYPICAL_USD_PER_MTOK = (Decimal("0.01"), Decimal(200))


def check(document: Document, context: Context) -> tuple[list[Finding], int]:
    """Findings of all assumptions of a document, and how many there are."""
    held, found = records(document, "assumptions", Assumption)
    stated: list[Stated] = []
    unread = {(problem.line, problem.column) for problem in document.problems}
    for loc, item in held:
        try:
            one = _stated(document, loc, item, context)
        except ValueProblem as problem:
            if item.value is None and document.mark((*loc, "value")) in unread:
                continue  # said already, as what cannot be read
            found.append(_wrong_value(problem, document, loc, item, context))
        except ValueError as error:
            found.append(of_problem(document.problem((*loc, "subject"), str(error))))
        except TcoError as error:  # no exchange rate
            context.fail(document, (*loc, "value"), item.id, error)
        else:
            stated.append(one)
        found += _of_source(document, loc, item, context)
        found += _of_dates(document, loc, item, context)
    for one in stated:
        found += _of_value(one, context)
    found += order.check(stated, context)
    found += step.check(stated, context)
    return found, len(held)


def _stated(document: Document, loc: Loc, item: Assumption, context: Context) -> Stated:
    subject = parse(item.subject) if item.subject is not None else of_id(item.id)
    value = read(item.value, item.unit, item.currency, context.usd_per)
    explicit = item.subject is not None
    if not explicit and subject is not None and value.unit != "USD/Mtok":
        subject = None
    return Stated(document, loc, item, value, subject, explicit)


def _of_value(stated: Stated, context: Context) -> list[Finding]:
    """Findings of the size of a value by itself and of the value against what is known.

    A size that a slip of the unit explains is told once, as the slip, unless the settings make less of slips.
    """
    sized = list(_of_size(stated, context))
    if stated.subject is None or not (stated.explicit or _is_sold(stated.subject, context)):
        return sized
    known = list(against.check(stated, context))
    explains = any(each.rule == "unit" for each in known) and all(part > 0 for part in _parts(stated.value))
    heard = context.settings.level("unit") != "off"
    if explains and heard and ORDER.index(context.severity("unit")) >= ORDER.index(context.severity("plausible")):
        return known
    return sized + known


def _is_sold(subject: object, context: Context) -> bool:
    """Whether an id that reads like a token price is one: it names the provider, and that one has the model."""
    named = isinstance(subject, TokenSubject) and subject.provider is not None
    return named and context.prices.sells(subject.provider, subject.model)  # type: ignore[attr-defined]


def _wrong_value(problem: ValueProblem, document: Document, loc: Loc, item: Assumption, context: Context) -> Finding:
    key = "value" if item.value is not None else "id"
    if problem.rule == "unit" and item.unit:
        key = "unit"
    expected = problem.expected.replace(EXAMPLE, _example(item, context))
    return context.finding(problem.rule, document, (*loc, key), item.id, str(problem), expected=expected)


def _example(item: Assumption, context: Context) -> str:
    """A value as it could be written: the item's own number, where there is one, in the unit of its subject."""
    try:
        subject = parse(item.subject) if item.subject is not None else of_id(item.id)
        if subject is None or (item.subject is None and not _is_sold(subject, context)):
            return EXAMPLE
        held = context.reference(subject, refer)
    except (ValueError, TcoError):
        return EXAMPLE
    try:
        stated = plain(read(item.value, held.unit, "", context.usd_per).base)
    except ValueProblem:
        stated = plain(held.value)
    return f"{stated} {held.unit}"


# --- value ------------------------------------------------------------------------------------------


def _of_size(stated: Stated, context: Context) -> Iterator[Finding]:
    value, item = stated.value, stated.item
    parts = _parts(value)
    message = expected = ""
    if any(part < 0 for part in parts):
        message, expected = f"{value.text} is negative", "a value above 0"
    elif any(part == 0 for part in parts) and not item.free:
        message, expected = f"{value.text} is a literal 0: unknown is not zero", "a value above 0, or `free: true`"
    else:
        message, expected = _size(value, context)
    if message:
        yield context.finding(
            "plausible", stated.document, stated.at, item.id, message, expected=expected, found=value.text
        )


def _parts(value: Value) -> list[Decimal]:
    return [part for part in (value.low, value.base, value.high) if part is not None]


def _size(value: Value, context: Context) -> tuple[str, str]:
    """What is wrong with the size of a value in its unit, and what is expected; empty where nothing is."""
    low, high = limits(value.unit, context)
    parts = filter(None, _parts(value))
    out = next((part for part in parts if (low is not None and part < low) or (high is not None and part > high)), None)
    if out is None:
        return "", ""
    message = f"{plain(out)} {value.unit} is outside what is plausible{_back(out, value.unit)}"
    return message, f"{plain(low or Decimal(0))} to {plain(high or Decimal(0))} {value.unit}"


def limits(unit: str, context: Context) -> tuple[Decimal | None, Decimal | None]:
    """Where values of a unit lie; a price of tokens in the bounds of the settings."""
    if unit == "USD/Mtok":
        scale = Decimal(repr(TOK_PER_MTOK))
        bounds = (context.settings.limit("min_usd_per_tok"), context.settings.limit("max_usd_per_tok"))
        return Decimal(repr(bounds[0])) * scale, Decimal(repr(bounds[1])) * scale
    return USUAL.get(unit, (None, None))


def _back(out: Decimal, unit: str) -> str:
    """The slips that would bring a token price back to what models cost."""
    low, high = TYPICAL_USD_PER_MTOK
    if unit != "USD/Mtok":
        return ""
    much = next((name for factor, name in BACK if out > high and low <= out / factor <= high), "")
    little = next((name for factor, name in BACK if out < low and low <= out * factor <= high), "")
    return f": {much or little} times too {'much' if much else 'little'}?" if much or little else ""


# --- source and grade -------------------------------------------------------------------------------


def _of_source(document: Document, loc: Loc, item: Assumption, context: Context) -> Iterator[Finding]:
    if not item.cited.strip():
        yield context.finding(
            "unsourced", document, (*loc, "id"), item.id, "no source", expected="source: {url, quote}"
        )
    if item.grade == "rumoured":
        yield context.finding(
            "rumoured", document, (*loc, "grade"), item.id, "rests on a rumour",
            expected="a published value, or a waiver", found="rumoured",
        )  # fmt: skip
    if item.decision_critical and (item.grade in WEAK or item.grade is None):
        yield context.finding(
            "weak-source", document, (*loc, "grade"), item.id,
            f"decides, and is {'of no stated grade' if item.grade is None else f'only {item.grade}'}",
            expected="official, vendor or quoted", found=item.grade or "none",
        )  # fmt: skip


# --- dates ------------------------------------------------------------------------------------------


def _of_dates(document: Document, loc: Loc, item: Assumption, context: Context) -> Iterator[Finding]:
    if item.valid_until is not None and item.valid_until < context.as_of:
        days = (context.as_of - item.valid_until).days
        yield context.finding(
            "expired", document, (*loc, "valid_until"), item.id, f"expired {days} {'day' if days == 1 else 'days'} ago",
            expected=f"valid on {context.as_of}", found=f"valid until {item.valid_until}",
        )  # fmt: skip
    for name in ("retrieved_at", "verified_at"):
        day = getattr(item, name)
        if day is not None and day > context.as_of:
            yield context.finding(
                "future", document, (*loc, name), item.id, f"{name} {day} is after the day of the check",
                expected=f"at most {context.as_of}", found=str(day),
            )  # fmt: skip
    yield from _of_age(document, loc, item, context)


def _of_age(document: Document, loc: Loc, item: Assumption, context: Context) -> Iterator[Finding]:
    """The age of an assumption: days since it was last verified or, without that, retrieved."""
    topic = item.topic or _topic(item, context)
    limit = item.max_age_days or context.settings.limit(DAYS[topic])
    name = "verified_at" if item.verified_at is not None else "retrieved_at"
    day = item.verified_at or item.retrieved_at
    if day is None:
        yield context.finding(
            "stale", document, (*loc, "id"), item.id, "no day on which it was retrieved or verified: of unknown age",
            expected="retrieved_at or verified_at",
        )  # fmt: skip
        return
    age = (context.as_of - day).days
    if age > limit:
        yield context.finding(
            "stale", document, (*loc, name), item.id, f"{age:,} days old, over {limit:g} for {topic}",
            expected=f"{name} within {limit:g} days of {context.as_of}", found=str(day),
            arithmetic=(f"{context.as_of} - {day} = {age} days",),
        )  # fmt: skip


def _topic(item: Assumption, context: Context) -> Topic:
    try:
        return topic_of(read(item.value, item.unit, item.currency, context.usd_per).unit)
    except (ValueError, TcoError):
        return "other"
